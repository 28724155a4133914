"""Bytes come in one way: stored first, judged after, whatever else is in the take."""

from __future__ import annotations

import random

import pytest

from lumbre.errors import Locked, NotAllowed, NotFound, Refused
from lumbre.ledger import MemoryBook, MemoryTables
from lumbre.node.intake import COMMIT_ENTRIES
from lumbre.node.node import Node
from lumbre.record import Lane, LogName, Writer
from lumbre.record.canonical import encode
from lumbre.record.segment import read_segment_with_base, write_segment
from lumbre.schema import Role, Via
from lumbre.trust.acts import Grant
from tests.ledger.test_ledger import fresh, history, ledger_of, need, offer, one_by_one
from tests.world import REGISTRY, Device, SeededRandom, ToldClock, World


def locked_copy(world: World) -> Node:
    """A node that nobody has unlocked, holding the same log."""
    return Node(world.founder.log, None, REGISTRY, ToldClock(), SeededRandom("locked"))


def test_p12_a_locked_node_takes_in_stores_and_forwards_and_shows_nothing():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    device = Device("courier")
    device.node.add_space(world.space)
    locked = Node(device.log, None, REGISTRY, ToldClock(), SeededRandom("locked"))
    beto.write(need())
    received = locked.take(beto.node.give(world.space))
    assert received.new > 0
    assert not received.refused
    assert received.past_grant == 0
    space = locked.space(world.space)
    assert locked.is_locked
    assert space.is_locked
    assert list(space.ledger.folds.rows("need")) == []
    passed_on = fresh(world, beto)
    passed_on.node.take(locked.give(world.space))
    assert passed_on.hash() == beto.hash()
    with pytest.raises(Locked):
        locked.authors(world.space)
    with pytest.raises(Locked):
        locked.rebuild()


def test_p12_what_a_locked_node_took_in_is_folded_when_it_is_unlocked():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    beto.write(need())
    locked_copy(world).take(beto.node.give(world.space))
    assert world.founder.rows("need") == []
    reopened = Node(
        world.founder.log, world.founder.private, REGISTRY, ToldClock(), SeededRandom("again")
    )
    assert reopened.space(world.space).ledger.state_hash() == beto.hash()


def test_a_locked_node_knows_whose_logs_to_take_in():
    world, stranger = World(), World("eva")
    locked = locked_copy(world)
    received = locked.take(stranger.founder.node.give(stranger.space))
    assert received.new == 0
    assert received.refused == {
        "refused.unknown-space": len(list(stranger.founder.node.give(stranger.space)))
    }


def test_segments_in_any_order_within_one_take_find_their_place():
    world = history(11)
    world.meet_all()
    parts = one_by_one(world.founder)
    for seed in range(5):
        random.Random(seed).shuffle(parts)
        device = fresh(world, world.founder)
        while device.node.take(parts).new:
            pass
        assert device.hash() == world.founder.hash()


def test_an_author_that_nobody_admitted_is_not_stored():
    world = World()
    stranger = Device("stranger")
    stranger.space = world.space
    stranger.node.add_space(world.space)
    stranger.take_from(world.founder)
    stranger.node.keep_author(world.space, bytes(32))
    with pytest.raises(NotAllowed):
        stranger.write(need())


def test_a_grant_that_grows_lets_in_what_was_past_it():
    world = World()
    desk = world.join("la mesa", Role.GUEST)
    for id_, secret in world.founder.private.secrets("epoch"):
        desk.node.learn_epoch(world.space, id_[32:], secret)
    room = ledger_of(desk).rights.author(desk.key.public).grants
    assert room[Lane.TRUST] == 0
    after = world.founder.node.space(world.space).after()
    more = (0, room[1] * 2, room[2], 0)
    world.founder.write(Grant(Via.OWN_DEVICE, None, after, desk.key.public, more))
    assert ledger_of(world.founder).rights.author(desk.key.public).grants == more


def test_what_is_past_the_grant_is_neither_stored_nor_forwarded(monkeypatch):
    world = World()
    beto = world.join("beto")
    world.meet_all()
    for number in range(6):
        beto.write(offer(number + 1))
    parts = one_by_one(beto)
    third = [
        entries[-1].total_bytes
        for entries in (read_segment_with_base(part)[1] for part in parts)
        if entries[0].name.lane is Lane.ORDINARY
    ][2]
    genuine = type(ledger_of(world.founder)).grant
    monkeypatch.setattr(
        type(ledger_of(world.founder)),
        "grant",
        lambda self, name: third if name.lane is Lane.ORDINARY else genuine(self, name),
    )
    received = world.founder.node.take(parts)
    assert received.past_grant == 3
    assert sorted(row.quantity for row in world.founder.rows("offer")) == [1, 2, 3]
    monkeypatch.undo()
    assert world.founder.node.take(parts).new == 3
    assert world.founder.hash() == beto.hash()


def test_a_take_larger_than_one_commit_loses_nothing(monkeypatch):
    monkeypatch.setattr("lumbre.node.intake.COMMIT_ENTRIES", 3)
    assert COMMIT_ENTRIES == 10_000
    world = history(12)
    world.meet_all()
    device = fresh(world, world.founder)
    device.node.take(one_by_one(world.founder))
    assert device.hash() == world.founder.hash()


def test_too_many_segments_that_hang_on_others_are_refused_and_bounded(monkeypatch):
    monkeypatch.setattr("lumbre.node.intake.POOL_MAX_SEGMENTS", 2)
    world = World()
    for number in range(6):
        world.founder.write(offer(number + 1))
    parts = one_by_one(world.founder)
    device = fresh(world, world.founder)
    trust = [p for p in parts if read_segment_with_base(p)[1][0].name.lane is Lane.TRUST]
    rest = [p for p in parts if p not in trust]
    received = device.node.take([*trust, *reversed(rest)])
    assert received.refused.get("refused.gap", 0) >= 1
    for _ in range(len(parts)):
        device.node.take(parts)
    assert device.hash() == world.founder.hash()


def test_what_is_refused_while_storing_is_no_fault_of_the_segment_at_hand(monkeypatch):
    monkeypatch.setattr("lumbre.node.intake.COMMIT_ENTRIES", 1)
    world = World()
    for number in range(3):
        world.founder.write(offer(number + 1))
    device = fresh(world, world.founder)
    append = device.log.append

    def refuse_once(*_: object) -> None:
        monkeypatch.setattr(device.log, "append", append)
        raise Refused("refused.bad-seal")

    monkeypatch.setattr(device.log, "append", refuse_once)
    with pytest.raises(Refused):
        device.node.take(one_by_one(world.founder))


def test_a_grant_that_comes_amid_a_take_leaves_nothing_stored_that_nobody_judged():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    name = LogName(world.space, beto.key.public, Lane.TRUST)
    writer = Writer(name, beto.key)
    body_bytes = 60_000
    long = [
        writer.append(encode(["future", bytes(body_bytes)]), depth=number, wall_s=1)
        for number in range(1, 12)
    ]
    after = world.founder.node.space(world.space).after()
    room = ledger_of(beto).rights.author(beto.key.public).grants
    assert 5 * body_bytes < room[Lane.TRUST] < len(long) * body_bytes
    more = (2 * room[Lane.TRUST], *room[1:])
    before = list(world.founder.node.give(world.space))
    (act,) = world.founder.write(Grant(Via.OWN_DEVICE, None, after, beto.key.public, more))
    granted = list(world.founder.node.give(world.space))
    devices = []
    for takes in ([before, [*granted, write_segment(long)]], [granted, [write_segment(long)]]):
        device = fresh(world, beto)
        for parts in takes:
            received = device.node.take(parts)
        assert (received.past_grant, received.refused) == (0, {})
        assert device.log.branches(name.id)[0].tip.seq == len(long) - 1
        devices.append(device)
    assert ledger_of(devices[0]).act_ref(act.id) is not None
    assert devices[0].hash() == devices[1].hash()


def test_a_space_that_is_not_here_is_named_so():
    node = Device("nobody").node
    with pytest.raises(NotFound):
        node.space(bytes(32))
    with pytest.raises(NotFound):
        node.give(bytes(32))


def test_nothing_is_written_while_the_private_file_is_shut():
    world = World()
    locked = locked_copy(world)
    before = world.founder.log.last_arrival()
    with pytest.raises(Locked):
        locked.write(world.space, world.founder.key, [need()])
    assert world.founder.log.last_arrival() == before


def test_the_views_of_other_kinds_are_made_anew():
    world = World()
    world.founder.write(need())
    expected = world.founder.hash()
    world.founder.private.put("about", b"kinds", b"of an older version")
    reopened = Node(
        world.founder.log, world.founder.private, REGISTRY, ToldClock(), SeededRandom("again")
    )
    assert reopened.space(world.space).ledger.state_hash() == expected
    assert isinstance(world.founder.log, MemoryBook)
    assert isinstance(world.founder.private, MemoryTables)
