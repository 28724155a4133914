"""The phone carrier: downloaded at one board, uploaded at the next, by anybody, in plain http."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumbre.board import upload
from lumbre.board.forms import UPLOAD_MAX_BYTES
from lumbre.board.render import PAGE_MAX_BYTES
from lumbre.board.upload import (
    AT_ONCE_MAX,
    BUNDLE_UPLOAD_MAX_BYTES,
    REFILL_S,
    UPLOADS_MAX,
    Uploads,
    _boundary,
    _parts,
)
from lumbre.errors import Refused
from lumbre.node import joining
from lumbre.node.home import Home
from lumbre.node.todays import RENEW_AFTER_S, TODAYS_MAX_BYTES, Todays
from lumbre.schema import Role
from lumbre.sync.sealed_bundle import SEALED_MAX_BYTES, open_bundle, public_of, seal_bundle
from tests.board.conftest import HOST, Browser
from tests.ledger.test_ledger import fresh, need, offer
from tests.record.helpers import secret
from tests.world import ToldClock, World


def bring(browser: Browser, data: bytes, name: str = "lumbre.lumbre", **more):
    """A phone's upload, as a browser sends it."""
    fields = {"slip": browser.slip("/carry")} | more
    files = {"file": (name, data, "application/octet-stream")}
    return browser.client.post("/carry/take", data=fields, files=files, headers={"origin": HOST})


@pytest.fixture
def next_board(browser, tmp_path):
    """Another device of the same community, whose admission has not reached it yet."""
    with Home.create(tmp_path / "next") as home:
        node, space = browser.home.node, browser.home.node.spaces()[0]
        asked = joining.ask(home.node, joining.invite(node, space.id), "Neighbour")
        request, name = joining.read_request(node, asked)
        joining.admit(node, node.authors(space.id)[0], request, name, Role.MEMBER)
        yield Browser(home)


def files_of(home: Home) -> set[str]:
    return {path.relative_to(home.folder.path).as_posix() for path in home.folder.path.rglob("*")}


def test_p5_a_phone_makes_two_boards_equal(browser, next_board) -> None:
    browser.need(place="School")
    answer = browser.client.get("/carry/bundle")
    name = re.fullmatch(
        r'attachment; filename="(lumbre-[0-9a-f]{8}\.lumbre)"',
        answer.headers["content-disposition"],
    )
    assert name
    assert answer.headers["content-type"] == "application/octet-stream"
    assert int(answer.headers["content-length"]) == len(answer.content)
    page = bring(next_board, answer.content, name[1])
    assert page.status_code == 200
    assert "new entries came" in page.text
    assert "School" in next_board.get("/")
    # And back, with what was said at the other end.
    next_board.need(place="Block 4")
    back = next_board.client.get("/carry/bundle").content
    page = bring(browser, back)
    assert re.search(r"1 new entry came", page.text)
    assert re.search(r"\d+ (?:was|were) here already", page.text)
    hashes = {b.home.node.spaces()[0].ledger.state_hash() for b in (browser, next_board)}
    assert len(hashes) == 1
    page = bring(browser, back)
    assert "0 new entries" in page.text


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_page_says_size_and_age_and_needs_no_script(browser, language) -> None:
    page = Browser(browser.home, language).get("/carry")
    assert "<script" not in page
    assert re.search(r"\d+ kB", page)
    assert 'href="/carry/bundle"' in page
    assert 'width="96"' in page
    assert len(page.encode()) < PAGE_MAX_BYTES


def test_p12_a_locked_board_carries_and_says_nothing(browser, next_board, tmp_path) -> None:
    browser.need(place="Secret corner")
    first = browser.client.get("/carry/bundle").content
    bring(next_board, first)
    next_board.need(place="Block 4")
    back = next_board.client.get("/carry/bundle").content
    browser.home.set_passphrase("four words are enough")
    browser.home.close()
    with Home.open(tmp_path / "home") as home:
        locked = Browser(home)
        page = bring(locked, back).text
        assert re.search(r"1 new entry came", page)
        for word in ("Commune", "Secret", "Block 4", "Keeper"):
            assert word not in page
        data = locked.client.get("/carry/bundle").content
    page = bring(next_board, data)
    assert page.status_code == 200


def test_row_17_what_a_phone_carries_shows_nothing_of_whose_it_is(browser) -> None:
    browser.need(place="Bloque Canario")
    home = browser.home
    space = home.node.spaces()[0]
    answer = browser.client.get("/carry/bundle")
    shown = answer.content + answer.headers["content-disposition"].encode()
    key = home.node.authors(space.id)[0].public
    for hidden in (space.id, key, space.current_keys()[1].public, b"Canari", b"Commune", b"Keeper"):
        for form in (hidden, hidden.hex().encode(), hidden[:4].hex().encode(), hidden[:6]):
            assert form not in shown
    assert list(open_bundle(answer.content, [space.current_keys()[1].bundle]).segments())


def test_a_board_without_a_community_has_nothing_to_carry(empty_browser) -> None:
    assert "/carry/bundle" not in empty_browser.get("/carry")
    assert empty_browser.client.get("/carry/bundle").status_code == 404


def test_another_communitys_bundle_is_refused_in_words(browser, written) -> None:
    before = written()
    page = bring(browser, seal_bundle([b"x"], [public_of(secret("other"))]))
    assert page.status_code == 422
    assert "not sealed to this device" in page.text
    assert written() == before


@pytest.mark.parametrize(
    "name",
    ["../../x.lumbre", "/etc/cron.d/x", "a\x00b", "CON", "x" * 3000, "",
     "<script>alert(1)</script>", '"; filename="../y', "\u202egpj.exe", "$(reboot)"],
)  # fmt: skip
def test_row_21_no_name_that_a_phone_sends_is_used(browser, tmp_path, name) -> None:
    data = browser.client.get("/carry/bundle").content
    before = files_of(browser.home), {p.name for p in tmp_path.iterdir()}
    page = bring(browser, data, name)
    assert page.status_code in (200, 422)
    assert name == "" or "<script>alert" not in page.text
    assert (files_of(browser.home), {p.name for p in tmp_path.iterdir()}) == before


def test_row_21_a_phones_file_lies_on_the_disk_under_no_name(browser, monkeypatch) -> None:
    """Looked at while it is being read."""
    seen = []
    real = upload._parts

    def look(data, boundary):
        seen.append(files_of(browser.home))
        return real(data, boundary)

    monkeypatch.setattr(upload, "_parts", look)
    before = files_of(browser.home)
    bring(browser, b"anything")
    assert seen == [before]


def test_row_22_a_form_of_another_site_brings_nothing(browser, written) -> None:
    data = browser.client.get("/carry/bundle").content
    before = written()
    files = {"file": ("x.lumbre", data)}
    slip = {"slip": browser.slip("/carry")}
    for headers in ({"origin": "http://evil.example"}, {"origin": "null"}, {}):
        answer = browser.client.post("/carry/take", data=slip, files=files, headers=headers)
        assert answer.status_code == 403
    assert bring(browser, data, slip="00" * 32).status_code == 422
    # An old phone says only where its form came from.
    headers = {"referer": f"{HOST}/carry"}
    assert browser.client.post(
        "/carry/take", data=slip, files=files, headers=headers
    ).status_code == 200  # fmt: skip
    assert written() == before


def test_row_08_an_upload_that_is_too_large_ends_before_it_is_stored(browser, monkeypatch) -> None:
    monkeypatch.setattr(upload, "BUNDLE_UPLOAD_MAX_BYTES", 10_000)
    page = bring(browser, bytes(20_000))
    assert page.status_code == 422
    assert "too large" in page.text


def test_row_07_so_many_uploads_at_once_and_so_many_an_hour() -> None:
    clock = ToldClock()
    uploads = Uploads(clock)
    open_ = [uploads.one() for _ in range(AT_ONCE_MAX)]
    for one in open_:
        one.__enter__()
    with pytest.raises(Refused, match=r"refused\.many-phones"), uploads.one():
        pass
    for one in open_:
        one.__exit__(None, None, None)
    for _ in range(UPLOADS_MAX - AT_ONCE_MAX):
        with uploads.one():
            pass
    with pytest.raises(Refused), uploads.one():
        pass
    clock.time_s -= 1_000_000
    with pytest.raises(Refused), uploads.one():
        pass
    clock.time_s += REFILL_S
    with uploads.one():
        pass
    with pytest.raises(Refused), uploads.one():
        pass


def test_a_busy_board_says_so(browser, monkeypatch) -> None:
    monkeypatch.setattr(upload, "AT_ONCE_MAX", 0)
    page = bring(browser, b"x")
    assert page.status_code == 503
    assert "Too many phones" in page.text


@given(st.binary(max_size=300), st.binary(max_size=60))
def test_p8_any_upload_is_read_or_refused(data, content_type) -> None:
    said = content_type.decode("latin-1")
    for header in (
        said,
        f'multipart/form-data; boundary="{said}"',
        "multipart/form-data; boundary=b",
    ):
        try:
            boundary = _boundary(header)
        except Refused:
            continue
        for body in (data, b"--b\r\n" + data, b"--b\r\n\r\n".join([data] * 50)):
            form, file = _parts(body, boundary)
            assert all(isinstance(value, str) for value in form.values())
            assert isinstance(file, bytes)


def test_p8_a_form_of_very_many_parts_is_read_to_a_bound() -> None:
    form, _ = _parts(b"--b\r\n" * 200_000, b"b")
    assert form == {}


def test_what_does_not_fit_a_phone_is_the_oldest(monkeypatch) -> None:
    monkeypatch.setattr("lumbre.node.todays.TODAYS_MAX_BYTES", 20_000)
    world = World()
    for number in range(200):
        world.founder.write(offer(1000 + number))
    world.founder.write(need("the newest"))
    node, space = world.founder.node, world.founder.node.space(world.space)
    key = space.current_keys()[1].bundle
    today = Todays(world.founder.clock).of(node, space)
    assert not today.is_all
    assert len(today.data) < 30_000
    assert TODAYS_MAX_BYTES + 1024 * 1024 < SEALED_MAX_BYTES < BUNDLE_UPLOAD_MAX_BYTES
    assert BUNDLE_UPLOAD_MAX_BYTES < UPLOAD_MAX_BYTES
    device = fresh(world, world.founder)
    device.node.take(open_bundle(today.data, [key]).segments())
    assert {row.place_name for row in device.rows("need")} == {"the newest"}


def test_a_queue_of_phones_costs_what_one_costs(monkeypatch) -> None:
    world = World()
    node, space = world.founder.node, world.founder.node.space(world.space)
    clock = ToldClock()
    todays = Todays(clock)
    first = todays.of(node, space)
    assert first.is_all
    world.founder.write(need("a small one is made anew at once"))
    assert todays.of(node, space) is not first
    monkeypatch.setattr("lumbre.node.todays.SMALL_BYTES", 0)
    first = todays.of(node, space)
    world.founder.write(need("new"))
    clock.time_s += RENEW_AFTER_S - 1
    assert todays.of(node, space) is first
    clock.time_s += 1
    second = todays.of(node, space)
    assert second is not first
    clock.time_s += RENEW_AFTER_S
    assert todays.of(node, space) is second


def test_p8_a_damaged_upload_stores_nothing_that_does_not_prove_itself(browser, next_board) -> None:
    browser.need(place="School")
    data = browser.client.get("/carry/bundle").content
    chance = random.Random(6)
    held = next_board.home.node.log.last_arrival()
    for _ in range(UPLOADS_MAX // 2):
        broken = bytearray(data)
        broken[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        for wrong in (bytes(broken), data[: chance.randrange(len(data))]):
            assert bring(next_board, wrong).status_code in (200, 422)
    assert next_board.home.node.log.last_arrival() == held
