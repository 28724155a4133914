"""The door on the board: opening a code, hearing the words, letting in; coming in by a code."""

from __future__ import annotations

import re

import pytest

from lumbre.board.render import PAGE_MAX_BYTES
from lumbre.errors import Invalid, NotFound, Refused
from lumbre.node import founding, joining
from lumbre.node.aloud import six_words
from lumbre.node.codes import GUESSES_MAX, read_code, slot_of
from lumbre.node.home import Home
from lumbre.node.network import Join, JoinState, Met, Neighbour


class Told:
    """A network that says what a test tells it to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.joining: Join | None = None
        self.called: list[str] = []
        self.here = ["192.168.4.7:8421", "[fd00::2]:8421"]
        self.there: list[Neighbour] = []
        self.met: list[Met] = []

    def addresses(self) -> list[str]:
        return self.here

    def neighbours(self) -> list[Neighbour]:
        return self.there

    def last_met(self) -> list[Met]:
        return self.met

    def call(self, address: str) -> None:
        if "." not in address:
            raise Invalid("invalid.address")
        self.called.append(address)

    def join(self, code: str, person: str, address: str) -> None:
        read_code(code)
        self.joining = Join(code, person, address)


@pytest.fixture
def network(browser) -> Told:
    browser.home.network = Told()
    return browser.home.network


@pytest.fixture
def outside(empty_browser) -> Told:
    empty_browser.home.network = Told()
    return empty_browser.home.network


@pytest.fixture
def knock(browser, tmp_path):
    """Somebody comes with the code that is open: their request, as it lies at the door."""
    homes = []

    def come(person: str = "Beto") -> bytes:
        (code,) = browser.home.codes.opened(browser.home.node.spaces()[0].id)
        home = Home.create(tmp_path / f"newcomer-{len(homes)}")
        homes.append(home)
        invitation = browser.home.codes.invitation(slot_of(code))
        request = joining.ask(home.node, invitation, person)
        browser.home.codes.asked(slot_of(code), request)
        return request

    yield come
    for home in homes:
        home.close()


def code_on(page: str) -> str:
    return re.search(r'class="code"><b>(.*?)</b>', page)[1]


def author_on(page: str) -> str:
    return re.search(r'name="author" value="(\w+)"', page)[1]


def test_a_code_is_shown_with_what_a_camera_and_a_person_need(browser, network) -> None:
    page = browser.post("/community", "/community/code").text
    code = code_on(page)
    assert browser.home.codes.is_open(code)
    assert "192.168.4.7:8421" in page
    assert "[fd00::2]:8421" in page
    assert f"after {GUESSES_MAX} guesses" in page
    assert '<meta http-equiv="refresh"' in page
    assert len(page.encode()) < PAGE_MAX_BYTES


def test_the_picture_of_the_link_needs_nothing_that_the_policy_forbids(browser, network) -> None:
    page = browser.post("/community", "/community/code").text
    svg = re.search(r'<svg[^>]*class="qr".*?</svg>', page, re.DOTALL)[0]
    for forbidden in ("style=", "<script", "data:", "href", "on"):
        assert f" {forbidden}" not in svg
    assert "viewBox" in svg
    assert "#fff" in svg


def test_looking_again_opens_no_other_code(browser, network) -> None:
    code = code_on(browser.post("/community", "/community/code").text)
    assert code_on(browser.get("/community/code")) == code
    other = code_on(browser.post("/community", "/community/code").text)
    assert other != code
    assert not browser.home.codes.is_open(code)
    browser.post("/community", "/community/code", do="close")
    assert not browser.home.codes.is_open(other)
    assert "No code is open" in browser.get("/community/code")


def test_a_code_that_was_guessed_at_is_shown_no_longer(browser, network) -> None:
    code = code_on(browser.post("/community", "/community/code").text)
    for _ in range(GUESSES_MAX):
        assert browser.home.codes.code_of(slot_of(code)) == code
    assert code not in browser.get("/community/code")


def test_who_waits_is_let_in_once_the_words_were_heard(browser, network, knock, written) -> None:
    browser.post("/community", "/community/code")
    request = knock("Beto")
    assert "1 person asks to come" in browser.get("/")
    page = browser.get("/community/code")
    assert "Beto asks to join" in page
    words = six_words(joining.words_bytes_of(request))
    assert re.findall(r"<b>([a-z]+)</b> ", page) == words
    assert '<meta http-equiv="refresh"' not in page, "a tick that was made would be lost"
    before, author = written(), author_on(page)
    unheard = browser.post("/community/code", "/community/answer", author=author, do="admit")
    assert unheard.status_code == 422
    assert "aria-invalid" in unheard.text
    assert written() == before
    answer = browser.post(
        "/community/code", "/community/answer", author=author, do="admit", heard="yes"
    )
    assert answer.status_code == 200
    assert "Beto" in answer.text
    assert "Admitted" in answer.text
    assert "asks to come" not in browser.get("/")


def test_who_is_sent_away_is_not_let_in(browser, network, knock, written) -> None:
    browser.post("/community", "/community/code")
    knock("Stranger")
    author = author_on(browser.get("/community/code"))
    before = written()
    browser.post("/community/code", "/community/answer", author=author, do="away", heard="yes")
    assert "Stranger" not in browser.get("/community/code")
    again = browser.post(
        "/community/code", "/community/answer", author=author, do="admit", heard="yes"
    )
    assert again.status_code == 422
    assert written() == before


@pytest.mark.parametrize("author", ["", "zz", "00" * 32, "\u00e9"])
def test_nobody_is_let_in_who_did_not_ask(browser, network, knock, written, author) -> None:
    browser.post("/community", "/community/code")
    knock("Beto")
    before = written()
    answer = browser.post(
        "/community/code", "/community/answer", author=author, do="admit", heard="yes"
    )
    assert answer.status_code == 422
    assert written() == before


def test_who_asks_to_join_one_community_is_not_shown_in_another(browser, network, knock) -> None:
    browser.post("/community", "/community/code")
    knock("Beto")
    other = founding.found(browser.home.node, "Second", "Keeper")
    browser.post("/community", "/community/choose", space=other.hex())
    assert "Beto" not in browser.get("/community/code")
    assert "asks to come" not in browser.get("/")


def test_a_hostile_name_at_the_door_is_text(browser, network, knock) -> None:
    browser.post("/community", "/community/code")
    knock("<script>alert(1)</script>")
    page = browser.get("/community/code")
    assert "<script" not in page
    assert "&lt;script" in page


def test_a_full_door_is_a_page_under_its_bound(browser, network, knock) -> None:
    for number in range(10):
        browser.post("/community", "/community/code")
        knock(f"{number}" + "\N{FIRE}" * 100)
    assert len(browser.get("/community/code").encode()) < PAGE_MAX_BYTES
    assert "10 people ask" in browser.get("/")


def test_a_board_without_the_network_says_so_and_opens_nothing(browser, empty_browser) -> None:
    for path in ("/community", "/community/code", "/network"):
        assert "without the network" in browser.get(path)
    assert browser.post("/community", "/community/code").status_code == 422
    assert browser.home.codes.opened(browser.home.node.spaces()[0].id) == []
    assert "without the network" in empty_browser.get("/start")
    assert (
        empty_browser.post("/start", "/join/code", code="7-tifo-plane", who="Beto").status_code
        == 422
    )
    assert empty_browser.get("/joining")


def test_a_device_on_no_network_says_what_to_do(browser, network) -> None:
    network.here = []
    page = browser.post("/community", "/community/code").text
    assert "on no network now" in page
    assert 'class="qr"' not in page


# Coming in


def ask(browser, **fields: str):
    said = {"code": "7-tifo-plane", "who": "Beto", "address": ""}
    return browser.post("/start", "/join/code", **(said | fields))


def test_coming_in_is_shown_step_by_step(empty_browser, outside) -> None:
    answer = ask(empty_browser, address="192.168.4.7")
    assert answer.url.path == "/joining"
    assert "Looking for the device" in answer.text
    assert '<meta http-equiv="refresh"' in answer.text
    tried = outside.joining
    assert (tried.code, tried.person, tried.address) == ("7-tifo-plane", "Beto", "192.168.4.7")
    tried.said, tried.state = ["uno", "dos", "tres", "cuatro", "cinco", "seis"], JoinState.WAITING
    page = empty_browser.get("/joining")
    assert re.findall(r"<b>([a-z]+)</b> ", page) == tried.said
    assert "not admitted yet" in page
    tried.state = JoinState.ADMITTED
    page = empty_browser.get("/joining")
    assert "You are in the community" in page
    assert '<meta http-equiv="refresh"' not in page


@pytest.mark.parametrize(
    ("fields", "said", "field"),
    [
        ({"code": "tifo"}, "number and two words", "code"),
        ({"code": "7-TIFO-plane<"}, "number and two words", "code"),
        ({"who": "  "}, "Fill in", "who"),
        ({"who": "x" * 121}, "too long", "who"),
    ],
)
def test_what_was_typed_wrong_comes_back_marked(
    empty_browser, outside, fields, said, field
) -> None:
    answer = ask(empty_browser, **({"code": "7-tifo-plane", "address": "10.0.0.9"} | fields))
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="10.0.0.9"' in answer.text
    marked = re.search(r'<input id="([a-z0-9]+)"[^>]*aria-invalid', answer.text)[1]
    assert marked == field
    assert outside.joining is None


@pytest.mark.parametrize(
    ("problem", "said", "field"),
    [
        (Refused("sync.wrong-code"), "not open there", "code"),
        (NotFound("not-found.device", host="10.0.0.9", port=1), "No device answers", "address"),
        (NotFound("not-found.nobody"), "No other device was found", None),
    ],
)
def test_what_failed_keeps_what_was_typed(empty_browser, outside, problem, said, field) -> None:
    ask(empty_browser, address="10.0.0.9")
    outside.joining.problem, outside.joining.state = problem, JoinState.FAILED
    answer = empty_browser.client.get("/joining")
    assert answer.status_code == 422
    assert said in answer.text
    for typed in ("7-tifo-plane", "Beto", "10.0.0.9"):
        assert f'value="{typed}"' in answer.text
    marked = re.search(r'<input id="([a-z0-9]+)"[^>]*aria-invalid', answer.text)
    assert (marked and marked[1]) == field


def test_a_passphrase_can_be_chosen_when_coming_in(empty_browser, outside) -> None:
    differ = ask(empty_browser, passphrase="four words are enough", again="others")
    assert differ.status_code == 422
    assert "four words" not in differ.text
    assert outside.joining is None
    ask(empty_browser, passphrase="four words are enough", again="four words are enough")
    assert not empty_browser.home.is_open_mode


def test_p12_a_locked_board_shows_no_words_of_a_request(browser, network, tmp_path) -> None:
    browser.home.set_passphrase("four words are enough")
    browser.home.close()
    with Home.open(tmp_path / "home") as home:
        home.network = Told()
        home.network.joining = Join("7-tifo-plane", "Beto", "")
        home.network.joining.said = ["secreto"]
        home.network.joining.state = JoinState.WAITING
        locked = type(browser)(home)
        for path in ("/joining", "/network", "/community/code"):
            page = locked.get(path)
            assert "secreto" not in page
            assert "Unlock" in page
