"""Row 6: bytes that were sent before are sent again, also in another space."""

from __future__ import annotations

import random

import msgspec

from lumbre.record.segment import read_segment_with_base
from tests.ledger.test_ledger import fresh, history, one_by_one
from tests.world import World


def test_row_06_every_second_frame_replayed_leaves_the_same_state():
    world = history(7)
    world.meet_all()
    expected = world.founder.hash()
    parts = one_by_one(world.founder)
    chance = random.Random(7)
    frames = []
    for part in parts:
        frames.append(part)
        if chance.random() < 0.5:
            frames.append(chance.choice(frames))
    device = fresh(world, world.founder)
    received = device.node.take(frames)
    assert received.known > 0
    assert device.hash() == expected
    arrivals = device.log.last_arrival()
    assert device.node.take(frames).new == 0
    assert device.log.last_arrival() == arrivals
    assert device.hash() == expected


def test_row_06_an_entry_of_another_space_is_refused_under_every_name():
    world, other = history(8), World("eva")
    before = other.founder.hash()
    parts = one_by_one(world.founder)
    assert other.founder.node.take(parts).new == 0
    for part in parts:
        _, entries = read_segment_with_base(part)
        renamed = msgspec.msgpack.decode(part)
        renamed[1][0] = other.space
        received = other.founder.node.take([msgspec.msgpack.encode(renamed)])
        assert received.new == 0
        assert sum(received.refused.values()) == 1
        assert entries
    assert other.founder.hash() == before
