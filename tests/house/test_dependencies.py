"""Every dependency has its reason written down, and every lock holds hashes."""

from __future__ import annotations

import re

import pytest

from tests.house import tidy

ROW = re.compile(r"^\| `([a-z0-9-]+)` \| (.+) \|$", re.MULTILINE)


def test_every_dependency_has_a_reason(repo_root) -> None:
    text = (repo_root / "docs" / "DEPENDENCIES.md").read_text(encoding="utf-8")
    rows = ROW.findall(text)
    assert {name for name, _ in rows} == tidy.direct_dependencies(tidy.pyproject(repo_root))
    assert len(rows) == len({name for name, _ in rows})
    for name, rest in rows:
        cells = [cell.strip() for cell in rest.split("|")]
        assert len(cells) == 3, name
        assert all(cells), name


def test_all_tables_of_pyproject_are_read() -> None:
    project = {
        "project": {"dependencies": ["Jinja2>=3"]},
        "build-system": {"requires": ["hatchling"]},
        "dependency-groups": {"dev": ["import_linter>=2"], "browser": ["playwright"]},
    }
    named = {"jinja2", "hatchling", "import-linter", "playwright"}
    assert tidy.direct_dependencies(project) == named


@pytest.mark.parametrize("lock", ["run", "dev", "browser"])
def test_a_lock_pins_every_package_with_hashes(repo_root, lock) -> None:
    text = (repo_root / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert blocks
    for block in blocks:
        assert re.match(r"[a-z0-9._-]+==[^ ]+ ", block), block
        assert "--hash=sha256:" in block, block


def test_what_is_needed_to_install_is_in_the_lock_for_running(repo_root) -> None:
    """The project is installed with --no-build-isolation, so its backend is locked too."""
    project = tidy.pyproject(repo_root)
    needed = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    text = (repo_root / "requirements" / "run.txt").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE))
    assert {tidy.requirement_name(one) for one in needed} <= locked


def test_locks_agree(repo_root) -> None:
    pins: dict[str, str] = {}
    for lock in ("run", "dev", "browser"):
        text = (repo_root / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
        for name, version in re.findall(r"^([a-z0-9._-]+)==([^ ]+)", text, re.MULTILINE):
            assert pins.setdefault(name, version) == version, name
