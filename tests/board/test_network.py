"""The network's page, and what lists and today's page say of who holds what (P6)."""

from __future__ import annotations

import msgspec
import pytest

from lumbre.board.render import PAGE_MAX_BYTES
from lumbre.node.census import Census, Holders
from lumbre.node.network import Met, Neighbour
from lumbre.node.said import held_list
from lumbre.node.words import Words
from lumbre.record import SigningKey
from lumbre.schema import Role, Via
from lumbre.sync import census as records
from lumbre.trust.acts import Admit
from tests.board.test_door import Told


@pytest.fixture
def network(browser) -> Told:
    browser.home.network = Told()
    return browser.home.network


def claim(home) -> None:
    """Another device says that it holds what this one does now."""
    space = home.node.spaces()[0]
    own, census = home.node.authors(space.id)[0], Census(home.node, space.id)
    key = SigningKey(bytes([7]) * 32)
    if space.ledger.rights.author(key.public) is None:
        act = Admit(
            Via.OWN_DEVICE, None, space.after(), key.public, b"", Role.MEMBER, None, None, b""
        )
        home.node.write(space.id, own, [act])
    census.own()
    found = records.open_(records.read(census.select()[0]), space.epoch_keys())
    says = msgspec.structs.replace(found, device=bytes([7]) * 8)
    public = space.current_keys()[1].public
    counter = home.clock.now_s() + home.node.changes
    assert census.take(records.write(key, space.id, counter, public, says))


def test_who_is_seen_is_said_with_when_and_why_not(browser, network) -> None:
    now_s = browser.home.clock.now_s()
    network.there = [
        Neighbour("10.0.0.1", 8421, False, None, "not-found.device"),
        Neighbour("10.0.0.2", 8421, False, now_s - 300, ""),
        Neighbour("10.0.0.3", 8421, True, None, ""),
        Neighbour("10.0.0.4", 8421, False, None, ""),
        Neighbour("10.0.0.5", 8421, False, now_s, "sync.not-admitted"),
    ]
    space = browser.home.node.spaces()[0].id
    network.met = [
        Met("10.0.0.2", now_s - 300, space, 3, True, ""),
        Met("", now_s, space, 0, False, "sync.twin"),
        Met("10.0.0.9", now_s, None, 0, False, "sync.no-common-space"),
    ]
    page = browser.get("/network")
    assert "5 devices are seen" in page
    assert "No device answers at 10.0.0.1 (port 8421)" in page
    assert "The last meeting went well, 5 minutes ago" in page
    assert "Meeting it now" in page
    assert "Not met yet" in page
    assert "do not know there that this device was admitted" in page
    assert "3 new records came. Both ended equal." in page
    assert "Another device has the same key" in page
    assert "no community in common" in page
    assert "192.168.4.7:8421" in page


def test_a_crowd_stays_under_the_bound(browser, network) -> None:
    network.there = [
        Neighbour(f"10.0.{n}.1", 8421, False, None, "sync.not-admitted") for n in range(250)
    ]
    page = browser.get("/network")
    assert "250 devices are seen" in page
    assert "and 226 more" in page
    assert len(page.encode()) < PAGE_MAX_BYTES


def test_a_device_is_called_by_address_and_a_wrong_one_comes_back(browser, network) -> None:
    assert browser.post("/network", "/network/call", address="10.0.0.7").status_code == 200
    wrong = browser.post("/network", "/network/call", address="the school")
    assert wrong.status_code == 422
    assert 'value="the school"' in wrong.text
    assert "aria-invalid" in wrong.text
    assert network.called == ["10.0.0.7"]


def test_p06_today_says_what_would_be_lost_until_another_says_it_has_it(browser) -> None:
    count = Census(browser.home.node, browser.home.node.spaces()[0].id).count_at_risk()
    assert f"{count} records are not known to be on another device" in browser.get("/")
    claim(browser.home)
    assert "not known to be on another" not in browser.get("/")
    assert "some other device says that it holds it" in browser.get("/network")
    browser.need()
    page = browser.get("/")
    assert "not known to be on another" in page
    assert 'href="/network#risk"' in page


def test_p06_what_is_at_risk_is_counted_as_it_is_listed(browser) -> None:
    census = Census(browser.home.node, browser.home.node.spaces()[0].id)
    for step in range(3):
        browser.need(place=f"Place {step}")
        assert census.count_at_risk() == len(list(census.at_risk())) > 0
        if step == 1:
            claim(browser.home)
            assert census.count_at_risk() == len(list(census.at_risk()))


def test_p06_a_list_says_of_all_only_what_is_true_of_each(browser) -> None:
    browser.need(place="School")
    assert "Whether others have it is not known" in browser.get("/")
    claim(browser.home)
    assert "1 other device says it holds each of these, last heard" in browser.get("/")
    browser.need(place="Bakery")
    assert "Of these 2, 1 is on this device and not known to be on another" in browser.get("/")


def test_p06_of_a_list_the_least_and_the_oldest_count() -> None:
    words = Words("en")
    rows = [Holders(True, 4, 1000), Holders(True, 2, 5000), Holders(True, 3, 9000)]
    said = held_list(words, rows, 1000 + 3600)
    assert said == "At least 2 other devices say they hold each of these, last heard 1 hour ago."
    assert held_list(words, [], 0) == held_list(words, [Holders(True)], 0)


def test_entries_that_wait_for_a_key_are_said(browser, monkeypatch) -> None:
    assert "for a key" not in browser.get("/")
    ledger = browser.home.node.spaces()[0].ledger
    monkeypatch.setattr(type(ledger), "waiting_for_key", lambda _: [None, None])
    assert "2 entries wait for a key" in browser.get("/")
