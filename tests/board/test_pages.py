"""The pages: what they say, what they keep, how large they are."""

from __future__ import annotations

import re
import time

import msgspec
import pytest

from lumbre.board.app import PAGES
from lumbre.board.render import PAGE_MAX_BYTES
from lumbre.errors import StoreError
from lumbre.kinds.supply.records import Need, Tier, Unit
from lumbre.node import founding
from lumbre.node.census import Census
from lumbre.node.home import Home
from lumbre.record import SigningKey
from lumbre.schema import Role, Via
from lumbre.sync import census as records
from lumbre.sync import write_bundle
from lumbre.trust.acts import Admit

HOST = "http://127.0.0.1:8420"
LISTS = [path for path, method, _ in PAGES if method == "GET" and "{" not in path]
HTML = [
    path for path in LISTS if path not in ("/request", "/carry/bundle", "/community/invitation")
]


def test_a_new_device_offers_to_found_or_to_join(empty_browser) -> None:
    for path in HTML:
        assert "Found a community" in empty_browser.get(path) or path == "/carry"


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_page_has_words_and_no_script(browser, language) -> None:
    browser.need()
    browser.client.headers["accept-language"] = language
    for path in HTML:
        page = browser.get(path)
        assert f'<html lang="{language}">' in page
        assert "<script" not in page
        assert " style=" not in page
        assert not re.findall(r">\s*(?:board|cli|good|need-state|role)\.[a-z.-]+\s*<", page)


@pytest.mark.parametrize("letter", ["&", "\N{FIRE}", "g"])
def test_pages_stay_under_their_bound_whatever_they_hold(browser, letter) -> None:
    for number in range(30):
        fields = {"note": letter * 1000, "place": f"{number} " + letter * 110}
        said = f"thing {number} " + letter * 110
        assert browser.need(good="other", other=said, amount="1", **fields).status_code == 200
        fields |= {"good": "flour", "amount": "25 kg"}
        assert browser.post("/offers/new", **fields).status_code == 200
        name = f"{number} " + letter * 110
        assert browser.post("/places", name=name, type="block").status_code == 200
    for path in [*HTML, browser.need(note=letter * 1000).url.path]:
        assert len(browser.get(path).encode()) <= PAGE_MAX_BYTES, path


def test_every_page_of_a_list_can_be_reached(browser) -> None:
    for number in range(20):
        browser.need(place=f"Place {number}")
    pages = browser.get("/") + browser.get("/?p=1")
    assert all(f"Place {number}\n" in pages or f"Place {number}<" in pages for number in range(20))
    assert "Place" in browser.get("/?p=99999")
    assert "Place" in browser.get("/?p=-1")


def test_a_page_of_a_busy_day_is_quick(browser) -> None:
    for number in range(200):
        browser.home.node.write(*_need(browser, number))
    browser.get("/")
    begun = time.perf_counter()
    for _ in range(20):
        browser.get("/")
    assert (time.perf_counter() - begun) / 20 < 0.1


def _need(browser, number: int):
    space = browser.home.node.spaces()[0].id
    body = Need(Via.OWN_DEVICE, None, f"P{number}", "flour", Unit.GRAM, 1000, 3, Tier.LIFE)
    return space, browser.home.node.authors(space)[0], [body]


def test_open_mode_is_said_on_every_page_and_locked_mode_not(browser) -> None:
    for path in HTML:
        assert "Open mode" in browser.get(path), path
    browser.home.set_passphrase("four words are enough")
    assert "Open mode" not in browser.get("/")


def test_p06_a_page_claims_no_more_than_this_device(browser) -> None:
    page = browser.need().text
    assert "Noted on this device" in page
    assert "Whether others have it is not known" in page
    assert "Whether others have it is not known" in browser.get("/")


def test_p06_a_page_says_how_many_devices_say_that_they_hold_it(browser) -> None:
    page = browser.need()
    home, space = browser.home, browser.home.node.spaces()[0]
    own, census = home.node.authors(space.id)[0], Census(home.node, space.id)
    assert census.own() is not None
    found = records.open_(records.read(census.select()[0]), space.epoch_keys())
    # The same words under the device id of two others, signed by keys that the space admitted.
    for number in range(2):
        key = SigningKey(bytes([number + 1]) * 32)
        act = Admit(
            Via.OWN_DEVICE, None, space.after(), key.public, b"", Role.MEMBER, None, None, b""
        )
        home.node.write(space.id, own, [act])
        says = msgspec.structs.replace(found, device=bytes([number]) * 8)
        public = space.current_keys()[1].public
        assert census.take(records.write(key, space.id, 1, public, says))
    page = browser.get(page.url.path)
    assert "It is on this device. 2 other devices say they hold it, last heard" in page


def test_a_double_tap_writes_once(browser, written) -> None:
    slip = browser.slip("/needs/new")
    first = browser.need(slip=slip)
    count = len(written())
    second = browser.need(slip=slip)
    assert first.url == second.url
    assert len(written()) == count


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("amount", "25", "measure is missing"),
        ("amount", "1.500 kg", "not clear"),
        ("amount", "3 litros", "does not fit"),
        ("people", "many", "whole number"),
        ("place", "   ", "Fill in “Where?”"),
        ("place", "x" * 121, "too long"),
        ("amount", "9" * 50 + " kg", "has to be between"),
    ],
)
def test_a_form_with_an_error_comes_back_filled(browser, written, field, value, said) -> None:
    before = written()
    fields = {"amount": "25 kg", "people": "120", "place": "School", "note": "before dark"}
    answer = browser.need(**(fields | {field: value}))
    assert answer.status_code == 422
    assert said in answer.text
    assert "before dark" in answer.text
    for name, kept in fields.items():
        if name not in (field, "note"):
            assert f'value="{kept}"' in answer.text
    assert '<input type="radio" name="good" value="flour" checked' in answer.text
    assert written() == before


def test_a_full_disk_loses_nothing_that_was_typed(browser, written, monkeypatch) -> None:
    before = written()

    def fail(*_: object) -> None:
        raise StoreError("store.full", file="log")

    monkeypatch.setattr(browser.home.node.log, "append", fail)
    answer = browser.need(note="before dark")
    assert "The disk is full" in answer.text
    assert "before dark" in answer.text
    monkeypatch.undo()
    assert written() == before


def test_a_crash_loses_nothing_that_was_typed(browser, monkeypatch) -> None:
    monkeypatch.setattr(browser.home.node, "write", lambda *_: 1 / 0)
    answer = browser.need(note="before dark")
    assert answer.status_code == 422
    assert "before dark" in answer.text
    assert "node.crash.zerodivisionerror" in (browser.home.folder.path / "events.log").read_text()


def test_a_need_is_promised_missed_met_and_still_needed(browser) -> None:
    at = browser.need().url.path
    assert "Promised" in browser.post(at, do="commit", amount="10 kg").text
    page = browser.get(at)
    made = re.search(r'name="commitment" value="([0-9a-f]+)"', page)[1]
    assert "no longer stands" in browser.post(at, do="not-arrived", commitment=made).text
    assert "Closed" in browser.post(at, do="met").text
    assert "Nobody has said" in browser.get("/")
    browser.post(at, do="still")
    assert "School" in browser.get("/")


def test_an_offer_shows_what_is_left(browser) -> None:
    answer = browser.post("/offers/new", good="diesel", amount="40 litros", place="Workshop")
    assert "40\u202fL left" in answer.text


def test_a_good_of_one_s_own_is_there_the_next_time(browser) -> None:
    browser.need(good="other", other="Copper cable", amount="100 m")
    page = browser.get("/needs/new")
    assert 'value="copper-cable"' in page
    assert "Copper cable" in page


def test_the_state_hash_is_on_the_page_about_this_device(browser) -> None:
    found = browser.home.node.spaces()[0].ledger.state_hash().hex()
    page = re.sub(r"<br>|\s", "", browser.get("/about"))
    assert found in page


def test_joining_by_pages_alone(browser, empty_browser) -> None:
    invitation = browser.client.get("/community/invitation").content

    def upload(on, form_at: str, path: str, data: bytes, **fields: str):
        fields["slip"] = on.slip(form_at)
        files = {"file": ("any.name", data, "application/octet-stream")}
        return on.client.post(path, data=fields, files=files, headers={"origin": HOST})

    asked = upload(empty_browser, "/start", "/join", invitation, person="Neighbour")
    words = re.findall(r"<b>(\w+)</b>", asked.text)
    assert len(words) == 6
    request = empty_browser.client.get("/request").content
    seen = upload(browser, "/community", "/community/request", request)
    assert re.findall(r"<b>(\w+)</b> ", seen.text)[:6] == words
    fields = {"request": request.hex()}
    assert browser.post("/community", "/community/admit", **fields).status_code == 422
    answer = browser.post("/community", "/community/admit", heard="yes", **fields)
    assert "Neighbour" in answer.text
    browser.need()
    bundle = browser.client.get("/carry/bundle").content
    taken = upload(empty_browser, "/carry", "/carry/take", bundle)
    assert "new entries came" in taken.text
    assert "School" in empty_browser.get("/")
    hashes = {b.home.node.spaces()[0].ledger.state_hash() for b in (browser, empty_browser)}
    assert len(hashes) == 1


def test_rubbish_as_a_file_is_refused_in_words(browser, written) -> None:
    before = written()
    for data in (b"", b"\0" * 100, b"lumbre\x00\x01" + b"\xff" * 50):
        fields = {"slip": browser.slip("/carry")}
        files = {"file": ("x.lumbre", data)}
        answer = browser.client.post(
            "/carry/take", data=fields, files=files, headers={"origin": HOST}
        )
        assert answer.status_code == 422
    assert written() == before


@pytest.mark.parametrize("harm", [lambda data: data[:-20], lambda data: data[:-1] + b"?"])
def test_of_a_damaged_file_what_came_whole_is_kept_as_the_page_says(
    browser, empty_browser, harm
) -> None:
    empty_browser.home.node.add_space(browser.home.node.spaces()[0].id)
    fields = {"slip": empty_browser.slip("/carry")}
    node = browser.home.node
    bundle = b"".join(write_bundle(node.give(node.spaces()[0].id)))
    files = {"file": ("x.lumbre", harm(bundle))}
    answer = empty_browser.client.post(
        "/carry/take", data=fields, files=files, headers={"origin": HOST}
    )
    assert answer.status_code == 422
    assert "new entries came" in answer.text
    assert "was kept" in answer.text
    given = browser.home.node
    assert empty_browser.home.node.frontier(given.spaces()[0].id) == given.frontier(
        given.spaces()[0].id
    )


def test_p12_a_locked_board_shows_no_content_and_waits(browser, tmp_path) -> None:
    browser.need(place="Secret corner")
    browser.home.set_passphrase("four words are enough")
    browser.home.close()
    with Home.open(tmp_path / "home") as home:
        locked = type(browser)(home)
        for path in HTML:
            page = locked.get(path)
            for word in ("Secret corner", "Commune", "Keeper", "flour"):
                assert word not in page, (path, word)
        wrong = locked.post("/start", "/unlock", passphrase="another phrase")
        assert wrong.status_code == 422
        assert "another phrase" not in wrong.text
        assert (
            "Secret corner"
            in locked.post("/start", "/unlock", passphrase="four words are enough").text
        )


def test_a_passphrase_can_be_chosen_when_founding(empty_browser) -> None:
    fields = {"name": "Commune", "person": "Keeper", "passphrase": "four words are enough"}
    answer = empty_browser.post("/start", "/found", **fields, again="something else")
    assert answer.status_code == 422
    assert 'value="Commune"' in answer.text
    assert "four words" not in answer.text
    assert (
        empty_browser.post("/start", "/found", **fields, again=fields["passphrase"]).status_code
        == 200
    )
    assert not empty_browser.home.is_open_mode


def test_another_space_can_be_chosen(browser) -> None:
    browser.need(place="Only in the first")
    other = founding.found(browser.home.node, "Second", "Keeper")
    browser.post("/community", "/community/choose", space=other.hex())
    assert "Only in the first" not in browser.get("/")


def test_a_need_that_is_not_here_is_a_page_not_a_crash(browser) -> None:
    for wanted in ("0" * 16, "zz", "%00", "é"):
        assert browser.client.get(f"/needs/{wanted}").status_code == 404


@pytest.mark.parametrize("language", ["es", "en"])
def test_an_error_names_a_field_as_the_page_does(browser, language) -> None:
    browser.client.headers["accept-language"] = language
    answer = browser.need(people="many")
    asked = {"es": "¿Para cuántas personas?", "en": "For how many people?"}[language]
    said = re.search(r'role="alert">.*?</svg> (.*?)</p>', answer.text, re.DOTALL)[1]
    assert asked in said
    assert "people:" not in said


def test_water_alone_is_asked_about_and_what_was_typed_stays(browser, written) -> None:
    before = written()
    answer = browser.need(good="other", other="Agua", amount="20 litros")
    assert answer.status_code == 422
    assert "Which water?" in answer.text
    assert 'value="Agua"' in answer.text
    assert written() == before


def test_a_page_that_is_not_there_has_a_heading_and_a_way_back(browser) -> None:
    answer = browser.client.get("/nothing")
    assert answer.status_code == 404
    assert "<h1>That did not work</h1>" in answer.text
    assert 'href="/"' in answer.text


def test_what_was_offered_is_said_to_be_kept_and_how_others_learn_of_it(browser) -> None:
    answer = browser.post("/offers/new", good="diesel", amount="40 litros", place="Workshop")
    assert 'role="status"' in answer.text
    assert "So that others know, carry it" in answer.text


def test_a_locked_page_leads_back_from_carrying(empty_browser) -> None:
    assert 'href="/start"' in empty_browser.get("/carry")
