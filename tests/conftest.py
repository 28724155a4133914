"""What every test may ask for, and when a skip is a failure.

A test that needs a program says `@pytest.mark.needs("ip")`; the marks browser and netns imply
theirs. Where LUMBRE_REQUIRE_TOOLS=1 (as in .ci/run) every skip is a failure, except one for
absent shared data, whose licences keep it out of the project.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

# Lets tests/house test this very file.
pytest_plugins = ["pytester"]

SHARED_ABSENT = "shared data absent: "

settings.register_profile(
    "default", derandomize=True, deadline=None, database=None, print_blob=True
)
settings.register_profile(
    "soak",
    deadline=None,
    max_examples=int(os.environ.get("LUMBRE_EXAMPLES", "20000")),
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# A failure is all that a mutant asks for: no smaller example is looked for.
settings.register_profile(
    "mutants",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=10,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile("default")


@pytest.fixture(scope="session")
def repo_root(pytestconfig: pytest.Config) -> Path:
    """The folder that holds pyproject.toml."""
    return pytestconfig.rootpath


@pytest.fixture(scope="session")
def shared_data(repo_root: Path) -> Path:
    """The folder of data from elsewhere; skips where it is absent."""
    path = Path(os.environ.get("LUMBRE_SHARED") or repo_root.parent / "shared" / "data")
    if not path.is_dir():
        pytest.skip(f"{SHARED_ABSENT}{path}")
    return path


@pytest.fixture(scope="session")
def count() -> Callable[[str, int], int]:
    """How often a long test repeats: count("KILLS", 20) unless `make soak KILLS=n` says so."""

    def read(name: str, default: int) -> int:
        return int(os.environ.get(f"LUMBRE_{name}", default))

    return read


def _missing(item: pytest.Item) -> str:
    """What this machine lacks for the test, or nothing."""
    programs = [name for mark in item.iter_markers("needs") for name in mark.args]
    if item.get_closest_marker("browser"):
        if importlib.util.find_spec("playwright") is None:
            return "playwright (make test-all installs it)"
        programs.append("chromium")
    if item.get_closest_marker("netns"):
        programs += ["ip", "unshare"]
    for name in programs:
        if shutil.which(name) is None:
            return name
    if item.get_closest_marker("netns") and not _may_make_namespaces():
        return "the right to make network namespaces (root)"
    return ""


def _may_make_namespaces() -> bool:
    probe = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return probe.returncode == 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests that use shared_data its mark, so that `-m shared_data` finds them."""
    for item in items:
        if "shared_data" in getattr(item, "fixturenames", ()):
            item.add_marker("shared_data")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if missing := _missing(item):
        pytest.skip(f"tool missing: {missing}")


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get("LUMBRE_REQUIRE_TOOLS") != "1" or not report.skipped:
        return
    if hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if SHARED_ABSENT in reason:
        return
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid}: a skip is a failure here: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    _refuse_skip(report)
    return report
