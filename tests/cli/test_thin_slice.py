"""Founded and stated on a page, carried by a folder, shown on another node: the whole way."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.testclient import TestClient

from lumbre.board import make_app
from lumbre.node.home import Home

HOST = "http://127.0.0.1:8420"


def slip_of(page: str) -> str:
    return re.search(r'name="slip" value="([0-9a-f]+)"', page)[1]


class Browser:
    """A browser in front of one board."""

    def __init__(self, home: Home) -> None:
        self.client = TestClient(
            make_app(home, language="en"), base_url=HOST, headers={"accept-language": "en"}
        )

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def post(self, form_at: str, path: str, **fields: str):
        fields["slip"] = slip_of(self.get(form_at))
        return self.client.post(path, data=fields, headers={"origin": HOST})


def test_two_nodes_end_equal_by_a_stick(tmp_path: Path, stick: Path, terminal) -> None:
    with Home.create(tmp_path / "a") as home:
        browser = Browser(home)
        assert "/found" in browser.get("/")
        answer = browser.post("/start", "/found", name="Commune of the hill", person="Keeper")
        assert answer.status_code == 200
        assert "Commune of the hill" in answer.text
        answer = browser.post(
            "/needs/new",
            "/needs/new",
            good="water.potable",
            amount="20 litros",
            people="40",
            place="Block 4",
        )
        assert answer.status_code == 200
        assert "Noted on this device" in answer.text
        assert "Block 4" in browser.get("/")
    a, b = terminal("a"), terminal("b")
    a.lines("invite", str(stick))
    asked = b.json("ask", str(stick), "--person", "Neighbour")
    (admitted,) = a.json("admit", str(stick), "--yes")
    assert admitted["words"] == asked["words"]
    assert len(asked["words"]) == 6
    a.lines("give", str(stick))
    taken = b.json("take", str(stick))
    assert taken["refused"] == {}
    assert taken["waiting"] == 0
    assert taken["keys"] == 1
    (need,) = b.json("needs")
    assert (need["good"], need["quantity"], need["people"]) == ("water.potable", 20_000, 40)
    assert a.json("hash") == b.json("hash")
    # And back: the second node writes, the first shows it.
    b.lines("need", "flour", "25 kg", "--place", "School", "--people", "120")
    b.lines("give", str(stick))
    a.lines("take", str(stick))
    assert len(a.json("needs")) == 2
    assert a.json("hash") == b.json("hash")
    with Home.open(tmp_path / "b") as home:
        page = Browser(home).get("/")
    assert "Block 4" in page
    assert "School" in page


def test_taking_twice_changes_nothing(stick: Path, terminal) -> None:
    a = terminal("a")
    a.lines("found", "Space", "--person", "Keeper")
    a.lines("need", "flour", "25 kg", "--place", "School")
    before = a.json("hash")
    a.lines("give", str(stick))
    taken = a.json("take", str(stick))
    assert taken["new"] == 0
    assert taken["known"] > 0
    assert a.json("hash") == before
