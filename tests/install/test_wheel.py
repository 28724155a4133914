"""The wheel is the same bytes twice, holds what it should, and installs as pipx would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.wheel

PARTS = ("src", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE")


def run(*command: object, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(repo_root: Path, place: Path) -> Path:
    """Build from a copy at `place`, without the catalogues that an earlier build compiled."""
    for part in PARTS:
        source = repo_root / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("*.mo", "__pycache__")
            shutil.copytree(source, place / part, ignore=ignored)
        else:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, place / part)
    command = (sys.executable, "-m", "build", "--wheel", "--no-isolation")
    run(*command, cwd=place, SOURCE_DATE_EPOCH="1700000000")
    (wheel,) = (place / "dist").glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(repo_root, tmp_path_factory) -> Path:
    return build(repo_root, tmp_path_factory.mktemp("wheel") / "first")


def test_the_wheel_is_the_same_bytes_elsewhere(repo_root, wheel, tmp_path) -> None:
    other = build(repo_root, tmp_path / "another place")
    assert other.name == wheel.name
    assert other.read_bytes() == wheel.read_bytes()


def test_the_wheel_holds_the_package_and_its_catalogues_only(repo_root, wheel) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert all(name.startswith(("lumbre/", "lumbre-")) for name in names)
    assert "lumbre/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    catalogues = (repo_root / "src").glob("lumbre/locale/*/LC_MESSAGES/lumbre.po")
    expected = {p.relative_to(repo_root / "src").with_suffix(".mo").as_posix() for p in catalogues}
    assert {name for name in names if name.endswith(".mo")} == expected
    assert not any(name.endswith((".po", ".pot")) for name in names)


def test_it_installs_in_a_clean_environment(wheel, tmp_path) -> None:
    """Resolved by the registry, not by the lock: that is what pipx does."""
    venv.create(tmp_path / "env", with_pip=True)
    bin_path = tmp_path / "env" / "bin"
    run(bin_path / "python", "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    run(bin_path / "python", "-m", "pip", "check", cwd=tmp_path)
    show = "import lumbre; print(lumbre.__version__)"
    version = run(bin_path / "python", "-I", "-c", show, cwd=tmp_path)
    assert version.strip() == wheel.name.split("-")[1]
