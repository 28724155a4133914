"""What stays derived or opened in memory: made once, bounded, gone with the secrets."""

from __future__ import annotations

import pytest

from lumbre.errors import Locked
from lumbre.node import node as node_module
from lumbre.node import spaces
from lumbre.node.home import Home
from lumbre.node.names import members
from lumbre.node.node import Node
from lumbre.store.keyring import LIGHT
from tests.world import REGISTRY, SeededRandom, ToldClock, World


class Counted:
    """A function that counts how often it is called."""

    def __init__(self, function) -> None:
        self._function = function
        self.calls = 0

    def __call__(self, *arguments):
        self.calls += 1
        return self._function(*arguments)


@pytest.fixture
def derived(monkeypatch) -> Counted:
    counted = Counted(node_module.SigningKey)
    monkeypatch.setattr(node_module, "SigningKey", counted)
    return counted


@pytest.fixture
def opened(monkeypatch) -> Counted:
    counted = Counted(spaces.open_text)
    monkeypatch.setattr(spaces, "open_text", counted)
    return counted


def test_own_keys_are_derived_once_until_there_is_another(derived) -> None:
    world = World()
    node = world.founder.node
    first = [key.public for key in node.authors(world.space)]
    made = derived.calls
    assert [key.public for key in node.authors(world.space)] == first
    assert derived.calls == made
    more = node.keep_author(world.space, bytes(range(32)))
    assert {key.public for key in node.authors(world.space)} == {*first, more.public}


def test_the_list_of_own_keys_is_the_caller_s() -> None:
    world = World()
    world.founder.node.authors(world.space).clear()
    assert len(world.founder.node.authors(world.space)) == 1


def test_own_keys_of_many_spaces_stay_bounded(monkeypatch) -> None:
    monkeypatch.setattr(node_module, "KEPT_MAX_SPACES", 2)
    node = World().founder.node
    for number in range(5):
        space = bytes([number]) * 32
        key = node.keep_author(space, bytes([number + 1]) * 32)
        assert [one.public for one in node.authors(space)] == [key.public]
        assert len(node._authors) <= 2


def test_names_are_opened_once_and_again_when_a_key_comes(opened) -> None:
    world = World()
    beto = world.join("beto")
    space = beto.node.space(world.space)
    assert [member.name for member in members(space)] == ["ana", "beto"]
    made = opened.calls
    assert [member.name for member in members(space)] == ["ana", "beto"]
    assert opened.calls == made
    keyless = Node(beto.log, beto.private, REGISTRY, ToldClock(), SeededRandom("keyless"))
    space = keyless.space(world.space)
    ((epoch, secret),) = [(id_[32:], key) for id_, key in beto.private.secrets("epoch")]
    space.forget_secrets()
    assert [member.name for member in members(space)] == [None, None]
    space.add_epoch(epoch, secret)
    assert [member.name for member in members(space)] == ["ana", "beto"]


def test_opened_texts_stay_bounded(monkeypatch) -> None:
    monkeypatch.setattr(spaces, "KEPT_MAX_TEXTS", 3)
    world = World()
    space = world.founder.node.space(world.space)
    for number in range(10):
        assert space.text(bytes([number]) * 60) is None
        assert len(space._texts) <= 3


def test_nothing_stays_after_a_wipe_or_a_close(tmp_path) -> None:
    for end in ("wipe", "close"):
        home = Home.create(tmp_path / end, cost=LIGHT)
        space = home.node.add_space(bytes(32))
        space.add_epoch(bytes(32), bytes(32))
        home.node.keep_author(space.id, bytes(range(32)))
        assert home.node.authors(space.id)
        assert space.text(bytes(60)) is None
        getattr(home, end)()
        assert (home.node._authors, space._texts, space.epoch_keys()) == ({}, {}, [])


def test_a_locked_node_gives_no_key_that_was_kept() -> None:
    world = World()
    node = world.founder.node
    assert node.authors(world.space)
    node.private = None
    with pytest.raises(Locked):
        node.authors(world.space)
