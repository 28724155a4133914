# Two commands are enough: `make up` runs lumbre, `make test` checks it.
# Each installs what it lacks into .venv, by hash from requirements/.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
ONLY ?=
UPGRADE ?=
FLOOR ?= ledger trust record schema
MINUTES ?= 20

# Tests read what is no part of the project from here, and are skipped where it is absent.
export LUMBRE_SHARED ?= $(abspath ../shared/data)

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest -n 2

# Every branch of these is covered, or `make test` fails.
COVERED := $(wildcard $(addprefix src/lumbre/,record schema trust ledger))
comma := ,
space := $(subst ,, )

PO := $(wildcard src/lumbre/locale/*/LC_MESSAGES/lumbre.po)
MO := $(PO:.po=.mo)

# A .venv whose Python has gone, or that was moved, is made again.
$(shell [ -x $(BIN)/python ] && [ "$$(cat $(VENV)/where 2>/dev/null)" = "$(CURDIR)" ] \
	|| rm -f $(VENV)/*.stamp)

.PHONY: up test suite test-all pythons soak mutants bench lock wheel clean help
.NOTPARALLEL:

up: $(VENV)/run.stamp $(MO)  ## run lumbre; ARGS="..." go to `lumbre up`
	@exec $(BIN)/lumbre up $(ARGS)

test: $(VENV)/dev.stamp $(MO)  ## format, lint, types, floors, tests, coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) --cov --cov-report=
	$(if $(COVERED),$(BIN)/coverage report --fail-under=100 \
		--include='$(subst $(space),$(comma),$(addsuffix /*,$(COVERED)))')

test-all: test $(VENV)/browser.stamp  ## test, browser, namespaces, kills, wheel, other Pythons
	$(PYTEST) -m "browser or netns or kill or wheel"
	@$(MAKE) --no-print-directory pythons

# Probed by running them: a version manager may leave names on PATH that do not start.
pythons:
	@mine=$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); tried=; \
	for v in 3.11 3.12 3.13 3.14; do \
		[ $$v != $$mine ] || continue; \
		if python$$v --version >/dev/null 2>&1; then \
			echo "== the suite under Python $$v"; tried=1; \
			$(MAKE) --no-print-directory suite PYTHON=python$$v VENV=.venv-$$v || exit 1; \
		else \
			echo "== Python $$v is not on PATH: not tested"; \
		fi; \
	done; \
	[ -n "$$tried" ] || $(MAKE) --no-print-directory suite

# P11: the whole suite with no interface but loopback, where whoever runs it may take the others
# away. The packages are there before.
suite: $(VENV)/dev.stamp $(MO)
	@if unshare -n ip link set lo up 2>/dev/null; then \
		echo "== no interface but loopback"; \
		exec unshare -n sh -c 'ip link set lo up && exec "$$@"' suite $(PYTEST); \
	else \
		echo "== all interfaces: taking them away needs root and iproute2"; \
		exec $(PYTEST); \
	fi

# Every variable given to make reaches the tests: `make soak KILLS=9` sets LUMBRE_KILLS=9.
soak: $(VENV)/dev.stamp $(MO)  ## the long forms: KILLS=n FUZZ=n EXAMPLES=n ..., then mutants
	$(foreach v,$(MAKEOVERRIDES),LUMBRE_$(v)) \
		$(PYTEST) -m "soak or kill" --hypothesis-profile=soak || [ $$? -eq 5 ] # none yet
	@$(MAKE) --no-print-directory mutants FLOOR='ledger trust record schema' MINUTES=120

# One floor after the other; what was stopped goes on where it was.
mutants: $(VENV)/dev.stamp  ## change the code and see which test notices: FLOOR=a MINUTES=n
	@for floor in $(FLOOR); do $(BIN)/python -m tests.mutants $$floor $(MINUTES) || exit 1; done

bench: $(VENV)/dev.stamp $(MO)  ## one JSON line for each figure; ONLY=a,b
	@$(BIN)/python -m bench $(if $(ONLY),ONLY=$(ONLY))

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--fork-strategy fewest --custom-compile-command "make lock" $(UPGRADE)

lock: $(VENV)/dev.stamp  ## resolve requirements/*.txt again; UPGRADE=--upgrade for newer ones
	$(LOCK) pyproject.toml --group build -o requirements/run.txt
	$(LOCK) pyproject.toml --group build --group dev -c requirements/run.txt \
		-o requirements/dev.txt
	$(LOCK) --group browser -c requirements/dev.txt -o requirements/browser.txt

wheel: $(VENV)/dev.stamp  ## build dist/*.whl, twice, and compare the bytes
	@rm -rf build/wheels dist/*.whl; mkdir -p build/wheels
	@for n in 1 2; do \
		SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 1580601600) \
		$(BIN)/python -m build --wheel --no-isolation --outdir build/wheels/$$n . \
			>build/wheel.log 2>&1 || { cat build/wheel.log; exit 1; }; \
	done
	@cmp build/wheels/1/*.whl build/wheels/2/*.whl
	@mkdir -p dist && cp build/wheels/1/*.whl dist/ && sha256sum dist/*.whl

clean:  ## remove all that was made
	rm -rf .venv .venv-* build dist mutants htmlcov .coverage .coverage.* .hypothesis
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache $(MO)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

$(VENV)/venv.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "lumbre needs Python 3.11 or newer: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "lumbre needs Python's venv: apt install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV), once"
	@$(PYTHON) -m venv --clear $(VENV)
	@echo "$(CURDIR)" >$(VENV)/where
	@touch $@

# One stamp for each lock: while no lock is newer, nothing is asked of pip.
$(VENV)/run.stamp: requirements/run.txt pyproject.toml hatch_build.py $(VENV)/venv.stamp
	@echo "Installing requirements/run.txt into $(VENV)"
	@$(PIP) install --require-hashes -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	@echo "Installing requirements/dev.txt into $(VENV)"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/browser.stamp: requirements/browser.txt $(VENV)/dev.stamp
	@echo "Installing requirements/browser.txt into $(VENV)"
	@$(PIP) install --require-hashes -r requirements/browser.txt
	@touch $@

%.mo: %.po | $(VENV)/run.stamp
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@ \
		--locale $(notdir $(patsubst %/LC_MESSAGES/lumbre.po,%,$<))
