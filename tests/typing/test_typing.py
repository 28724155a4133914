"""The public names are typed for who uses them, and importing them costs nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import lumbre


def test_code_of_others_type_checks_against_the_public_names(repo_root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "tests/typing/api.py"],
        cwd=repo_root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_lumbre_imports_no_floor() -> None:
    program = "import sys, lumbre; sys.exit(any(m.startswith('lumbre.') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_every_public_name_is_there_and_no_other() -> None:
    for name in lumbre.__all__:
        assert getattr(lumbre, name) is not None
    assert dir(lumbre) == sorted(lumbre.__all__)
    with pytest.raises(AttributeError):
        _ = lumbre.no_such_name
