"""A home: made, opened by one process, locked, unlocked, wiped."""

from __future__ import annotations

from pathlib import Path

import pytest

from lumbre.errors import Invalid, Locked, StoreError
from lumbre.node import drafts, founding
from lumbre.node.aloud import six_words
from lumbre.node.home import Home, default_path

PHRASE = "four words are enough"


def test_the_folder_is_the_one_asked_for_else_the_environment_s(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("LUMBRE_HOME", str(tmp_path / "named"))
    assert default_path(tmp_path / "asked") == tmp_path / "asked"
    assert default_path() == tmp_path / "named"
    monkeypatch.delenv("LUMBRE_HOME")
    assert default_path().name == "lumbre"


def test_a_home_is_opened_by_one_process_at_a_time(tmp_path: Path) -> None:
    with Home.create(tmp_path / "h"), pytest.raises(StoreError) as caught:
        Home.open(tmp_path / "h")
    assert caught.value.message_id == "store.in-use"
    Home.open(tmp_path / "h").close()


def test_what_is_no_home_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no-home"):
        Home.open(tmp_path)
    (tmp_path / "letter").write_text("mine")
    with pytest.raises(StoreError, match="not-empty"):
        Home.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter"]


def test_open_mode_starts_alone_and_locked_mode_waits(tmp_path: Path) -> None:
    with Home.create(tmp_path / "h") as home:
        assert home.is_open_mode
        assert not home.has_passphrase
        space = founding.found(home.node, "Space", "Keeper")
        home.set_passphrase(PHRASE)
        assert home.has_passphrase
        assert not home.node.is_locked
    with Home.open(tmp_path / "h") as home:
        assert home.node.is_locked
        assert [held.id for held in home.node.spaces()] == [space]
        assert list(home.node.give(space))
        with pytest.raises(Locked):
            founding.found(home.node, "Other", "Keeper")
        with pytest.raises(Locked):
            home.unlock("another phrase")
        home.unlock(PHRASE)
        assert home.node.authors(space)


def test_a_wrong_passphrase_lets_go_of_the_folder(tmp_path: Path) -> None:
    with Home.create(tmp_path / "h") as home:
        home.set_passphrase(PHRASE)
    with pytest.raises(Locked):
        Home.open(tmp_path / "h", "another phrase")
    Home.open(tmp_path / "h", PHRASE).close()


def test_a_passphrase_that_protects_nothing_changes_nothing(tmp_path: Path) -> None:
    with Home.create(tmp_path / "h") as home:
        with pytest.raises(Invalid):
            home.set_passphrase("abc")
        assert home.is_open_mode
        home.set_passphrase(PHRASE)
        with pytest.raises(Locked):
            home.set_passphrase("a second phrase")
        home.set_passphrase("a second phrase", PHRASE)
    with pytest.raises(Locked):
        Home.open(tmp_path / "h", PHRASE)


def test_drafts_are_bounded_and_the_oldest_go(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(drafts, "DRAFTS_MAX", 3)
    with Home.create(tmp_path / "h") as home:
        for number in range(5):
            drafts.keep(home, drafts.Draft("need", {"place": str(number)}))
        assert len(drafts.listed(home)) == 3


def test_six_words_differ_with_one_bit_and_are_read_alike() -> None:
    one, other = six_words(bytes(32)), six_words(bytes(15) + b"\1" + bytes(16))
    assert len(one) == len(other) == 6
    assert one != other
    assert all(word.isascii() and word.isalpha() for word in one + other)
