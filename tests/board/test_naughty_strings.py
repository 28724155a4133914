"""P8 for forms: whatever is typed is shown as text, runs nowhere and crashes nothing."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

# What the board's pages are made of.
# fmt: off
TAGS = {
    "html", "head", "meta", "title", "link", "body", "a", "header", "main", "form",
    "input", "button", "nav", "span", "svg", "use", "p", "h1", "h2", "section", "div",
    "ul", "li", "label", "b", "dl", "dt", "dd", "details", "summary", "textarea",
    "select", "option", "datalist", "fieldset", "legend", "footer", "code", "br",
}
# fmt: on


class Tags(HTMLParser):
    """What a browser would make of a page: its elements and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("href", "src", "action"):
                self.links.add(value or "")


def check(page: str) -> None:
    found = Tags()
    found.feed(page)
    assert found.tags <= TAGS, found.tags - TAGS
    assert not [name for name in found.attributes if name.startswith("on") or name == "style"]
    assert not [link for link in found.links if not re.match(r"(?:/(?!/)|#)", link)]


@pytest.fixture(scope="module")
def naughty(shared_data: Path) -> list[str]:
    path = shared_data / "web" / "blns.json"
    return json.loads(path.read_text())


# `make test` takes every so manyth string, other ones in each field; `make soak` takes all.
SAMPLE = 23

FORMS = [
    ("/needs/new", {"good": "flour", "amount": "25 kg", "people": "3", "place": "x", "note": ""}),
    ("/needs/new", {"good": "other", "other": "x", "amount": "1", "people": "3", "place": "x"}),
    ("/offers/new", {"good": "flour", "amount": "25 kg", "place": "x", "note": ""}),
    ("/places", {"name": "x", "type": "block"}),
    ("/start", {"name": "", "person": "x"}),
]


@pytest.mark.parametrize("step", [SAMPLE, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize(("path", "fields"), FORMS)
def test_p08_naughty_strings_in_every_field_are_text(browser, naughty, path, fields, step) -> None:
    target = "/found" if path == "/start" else path
    slip = browser.slip(path)
    for number, field in enumerate(fields):
        for text in naughty[number::step]:
            answer = browser.post(path, target, **(fields | {field: text, "slip": slip}))
            assert answer.status_code in (200, 422), (field, text, answer.status_code)
            assert "lumbre" in answer.text
            check(answer.text)
            if answer.status_code == 200:
                slip = browser.slip(path)
    for page in ("/", "/offers", "/places", "/needs/new", "/community"):
        check(browser.get(page))
    events = (browser.home.folder.path / "events.log").read_text(errors="replace")
    assert "node.crash" not in events


def test_what_was_typed_comes_back_as_it_was(browser, naughty) -> None:
    for text in naughty[::10]:
        answer = browser.need(amount="", place=text)
        kept = re.search(r'id="place" name="place"[^>]*? value="([^"]*)"', answer.text)[1]
        plain = "".join(c for c in text.replace("\r\n", "\n") if c in "\n\t" or ord(c) >= 32)
        assert html.unescape(kept).replace("\r", "\n") == plain.encode("utf-8", "replace").decode()
