"""What tests of the command line ask for: a terminal in memory and homes of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lumbre.cli.run import run


class Terminal:
    """Runs commands in this process, in one home."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        self._capsys.readouterr()
        code = run([*arguments, "--home", str(self.home)])
        self.out, self.err = self._capsys.readouterr()
        return code

    def json(self, *arguments: str):
        """What a command prints as JSON; it must succeed."""
        code = self(*arguments, "--json")
        assert code == 0, (arguments, code, self.out, self.err)
        return json.loads(self.out)

    def lines(self, *arguments: str) -> list[str]:
        code = self(*arguments)
        assert code == 0, (arguments, code, self.out, self.err)
        return self.out.splitlines()


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LUMBRE_HOME", "LUMBRE_PASSPHRASE", "LUMBRE_NEW_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LUMBRE_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Makes a terminal for a home by name."""

    def make(name: str) -> Terminal:
        return Terminal(tmp_path / name, capsys)

    return make


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """An empty folder that stands for a stick."""
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder
