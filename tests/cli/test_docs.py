"""docs/CLI.md is what the commands say, and README names only what there is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from lumbre.cli.commands import COMMANDS


def test_docs_cli_is_current(repo_root: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "lumbre.cli.document"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"LUMBRE_LANG": "es"},
    ).stdout
    assert (repo_root / "docs" / "CLI.md").read_text() == said


def test_every_command_is_in_the_docs(repo_root: Path) -> None:
    text = (repo_root / "docs" / "CLI.md").read_text()
    for _, name, _ in COMMANDS:
        assert re.search(rf"^### `lumbre {name}[ `]", text, re.MULTILINE), name


def test_readme_names_only_commands_that_there_are(repo_root: Path) -> None:
    names = {name for _, name, _ in COMMANDS}
    text = (repo_root / "README.md").read_text()
    used = set(re.findall(r"^    lumbre ([a-z]+)", text, re.MULTILINE))
    assert used
    assert used <= names
