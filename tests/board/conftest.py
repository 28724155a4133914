"""What tests of the board ask for: a home with one space, and a browser in front of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from lumbre.board import make_app
from lumbre.node import founding
from lumbre.node.home import Home
from lumbre.record import Entry

HOST = "http://127.0.0.1:8420"


class Browser:
    """A browser that looks at one board."""

    def __init__(self, home: Home, language: str = "en") -> None:
        self.home = home
        self.client = TestClient(
            make_app(home, language=language),
            base_url=HOST,
            headers={"accept-language": language},
        )

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.text

    def slip(self, form_at: str) -> str:
        return re.search(r'name="slip" value="([0-9a-f]+)"', self.get(form_at))[1]

    def post(self, form_at: str, path: str | None = None, **fields: str):
        fields.setdefault("slip", self.slip(form_at))
        return self.client.post(path or form_at, data=fields, headers={"origin": HOST})

    def need(self, **fields: str):
        said = {"good": "flour", "amount": "25 kg", "people": "3", "place": "School"}
        return self.post("/needs/new", **(said | fields))


@pytest.fixture
def home(tmp_path: Path):
    with Home.create(tmp_path / "home") as made:
        founding.found(made.node, "Commune", "Keeper")
        yield made


@pytest.fixture
def browser(home: Home) -> Browser:
    return Browser(home)


@pytest.fixture
def empty_browser(tmp_path: Path):
    with Home.create(tmp_path / "empty") as made:
        yield Browser(made)


@pytest.fixture
def written(home: Home):
    """Everything that is written: to assert that nothing was."""

    def entries() -> list[Entry]:
        log = home.node.log
        space = home.node.spaces()[0].id
        return [
            entry
            for name in log.logs(space)
            for branch in log.branches(name.id)
            for entry in log.entries(branch.number, branch.first_seq, branch.tip.seq)
        ]

    return entries
