"""`lumbre give` and `take`: what a stick lacks, all of it, or what one receiver lacks."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def two(terminal, stick: Path):
    """Two devices of one community; the second has not taken anything in yet."""
    a, b = terminal("a"), terminal("b")
    a.lines("found", "Commune", "--person", "Ana")
    a.lines("invite", str(stick))
    b.json("ask", str(stick), "--person", "Beto")
    a.json("admit", str(stick), "--yes")
    return a, b


def test_a_second_give_writes_only_what_is_new(two, stick: Path) -> None:
    a, b = two
    (first,) = a.json("give", str(stick))
    assert a.json("give", str(stick)) == []
    assert a.lines("give", str(stick)) == [f"All that this device holds lies in {stick} already."]
    a.lines("need", "flour", "25 kg", "--place", "School")
    (second,) = a.json("give", str(stick))
    assert Path(first["file"]).name < Path(second["file"]).name
    (whole,) = a.json("give", str(stick), "--whole")
    assert [path.name for path in stick.glob("*.lumbre")] == [Path(whole["file"]).name]
    taken = b.json("take", str(stick))
    assert (taken["keys"], taken["refused"], taken["not_for_this_device"]) == (1, {}, [])
    assert a.json("hash") == b.json("hash")


def test_a_receiver_is_given_what_it_lacks_once_it_has_said_what_it_has(two, stick: Path) -> None:
    a, b = two
    assert a("give", str(stick), "--to", "Beto") == 8
    assert "not known yet" in a.err
    a.lines("give", str(stick))
    b.lines("take", str(stick))
    b.lines("give", str(stick))
    a.lines("take", str(stick))
    assert a.lines("give", str(stick), "--to", "Beto") == [
        "Beto has all that this device holds already."
    ]
    a.lines("need", "flour", "25 kg", "--place", "School")
    for path in stick.glob("*.lumbre"):
        path.unlink()
    assert len(a.json("give", str(stick), "--to", "Beto")) == 1
    taken = b.json("take", str(stick))
    assert (taken["known"], taken["refused"]) == (0, {})
    assert taken["new"] > 0
    assert a.json("hash") == b.json("hash")


def test_a_locked_newcomer_opens_its_first_bundle_once_a_person_unlocks_it(
    two, stick: Path, monkeypatch
) -> None:
    a, b = two
    monkeypatch.setenv("LUMBRE_NEW_PASSPHRASE", "four words are enough")
    b.lines("passphrase")
    a.lines("give", str(stick))
    taken = b.json("take", str(stick))
    assert taken["new"] == 0
    assert len(taken["not_for_this_device"]) == 1
    monkeypatch.setenv("LUMBRE_PASSPHRASE", "four words are enough")
    taken = b.json("take", str(stick))
    assert taken["keys"] == 1
    assert taken["not_for_this_device"] == []
    assert a.json("hash") == b.json("hash")


def test_another_communitys_stick_is_said_so(two, terminal, stick: Path) -> None:
    a, _ = two
    a.lines("give", str(stick))
    other = terminal("c")
    other.lines("found", "Another", "--person", "Eva")
    before = other.json("hash")
    lines = other.lines("take", str(stick))
    assert lines[0].startswith("0 new")
    assert "not sealed to this device" in lines[1]
    assert other.json("hash") == before


def test_what_waited_for_something_that_came_along_is_not_said_to_wait(two, stick: Path) -> None:
    a, b = two
    a.lines("need", "tamales", "25 kg", "--place", "School")
    a.lines("offer", "rice", "5 kg", "--place", "Shop")
    a.lines("give", str(stick))
    assert b.json("take", str(stick))["waiting"] == 0
    assert b.json("doubts")["entries"] == []


def test_a_folder_without_bundles_is_said_to_have_none(two, stick: Path) -> None:
    _, b = two
    (said,) = b.lines("take", str(stick))
    assert said.startswith(f"There are no bundles in {stick}")
    assert "lumbre give" in said
