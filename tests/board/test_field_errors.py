"""A form with an error says which field it is about to who cannot see the red line."""

from __future__ import annotations

import re

import pytest

from tests.board.conftest import HOST


def marked(text: str) -> list[str]:
    """The ids of the fields that are marked, each told by the error that is on the page."""
    assert text.count('id="error"') == 1
    found = re.findall(r"<(?:input|select|textarea)[^>]*aria-invalid=\"true\"[^>]*>", text)
    for tag in found:
        described = re.search(r'aria-describedby="([^"]+)"', tag)[1].split()
        assert described[0] == "error"
        assert all(f'id="{hint}"' in text for hint in described)
    return [re.search(r'\bid="([^"]+)"', tag)[1] for tag in found]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"amount": "25"}, "amount"),
        ({"amount": "3 litros"}, "amount"),
        ({"people": "many"}, "people"),
        ({"place": " "}, "place"),
        ({"note": "x" * 1001}, "note"),
        ({"good": "other", "other": ""}, "other"),
        ({"good": "other", "other": "Agua", "amount": "20 litros"}, "other"),
    ],
)
def test_the_field_that_an_error_is_about_is_marked_and_no_other(browser, fields, expected) -> None:
    assert marked(browser.need(**fields).text) == [expected]


def test_each_form_marks_its_own_field(browser, empty_browser) -> None:
    offer = {"good": "diesel", "amount": "40 litros", "place": ""}
    assert marked(browser.post("/offers/new", **offer).text) == ["place"]
    assert marked(browser.post("/places", name="", type="block").text) == ["name"]
    assert marked(browser.post("/places", name="Block", type="castle").text) == ["type"]
    at = browser.need().url.path
    assert marked(browser.post(at, do="commit", amount="3 litros").text) == ["amount"]
    assert marked(browser.post("/community", "/community/admit").text) == []
    start = "/start"
    assert marked(empty_browser.post(start, "/found", name="", person="A").text) == ["name"]
    assert marked(empty_browser.post(start, "/found", name="A", person="").text) == ["person"]
    said = {"name": "A", "person": "B", "passphrase": "four words are enough", "again": "no"}
    assert marked(empty_browser.post(start, "/found", **said).text) == ["pass2"]
    said |= {"passphrase": "abc", "again": "abc"}
    assert marked(empty_browser.post(start, "/found", **said).text) == ["pass1"]


@pytest.mark.parametrize(
    ("form_at", "path", "fields", "file", "expected"),
    [
        ("/start", "/join", {"person": "A"}, b"", "file"),
        ("/start", "/join", {"person": "A"}, b"junk", "file"),
        ("/start", "/join", {"person": " "}, b"junk", "me"),
        ("/carry", "/carry/take", {}, b"junk of some length", "file"),
    ],
)
def test_a_file_that_is_refused_marks_the_field_of_its_form(
    empty_browser, form_at, path, fields, file, expected
) -> None:
    answer = empty_browser.client.post(
        path,
        data=fields | {"slip": empty_browser.slip(form_at)},
        files={"file": ("any.name", file)},
        headers={"origin": HOST},
    )
    assert marked(answer.text) == [expected]


def test_a_page_without_an_error_marks_nothing(browser) -> None:
    for path in ("/needs/new", "/offers/new", "/places", "/community", "/carry", "/start"):
        page = browser.get(path)
        assert "aria-invalid" not in page
        assert 'id="error"' not in page
        for hint in re.findall(r'aria-describedby="([^"]+)"', page):
            assert f'id="{hint}"' in page
