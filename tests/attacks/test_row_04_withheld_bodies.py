"""Row 4: a relay passes headers on without their bodies; the bodies come later, or a stop does."""

from __future__ import annotations

import copy

import msgspec
import pytest

from lumbre.ledger import MemoryBook
from lumbre.node.node import Node
from lumbre.record.segment import read_segment_with_base, write_segment
from tests.ledger.test_ledger import fresh, ledger_of, need, one_by_one
from tests.world import REGISTRY, SeededRandom, ToldClock, World


def bare(part: bytes) -> bytes:
    """The same entries without their bodies: the signatures still hold."""
    base, entries = read_segment_with_base(part)
    return write_segment([msgspec.structs.replace(entry, body=None) for entry in entries], base)


@pytest.fixture
def world() -> World:
    world = World()
    world.join("beto")
    world.founder.write(need())
    return world


def test_row_04_a_founding_entry_that_came_without_its_body_is_judged_when_that_comes(world):
    device = fresh(world, world.founder)
    parts = one_by_one(world.founder)
    device.node.take([bare(part) for part in parts])
    device.node.take(parts)
    assert device.hash() == world.founder.hash()


def test_row_04_a_locked_node_judges_acts_whose_bodies_come_later(world):
    parts = one_by_one(world.founder)
    node = Node(MemoryBook(), None, REGISTRY, ToldClock(), SeededRandom("locked"))
    ledger = node.add_space(world.space).ledger
    node.take(parts[:1])
    node.take([bare(part) for part in parts[1:]])
    node.take(parts)
    assert set(ledger.rights.authors()) == set(ledger_of(world.founder).rights.authors())


def test_row_04_a_stop_after_a_body_was_stored_leaves_nothing_waiting(world):
    device = fresh(world, world.founder)
    *parts, last = one_by_one(world.founder)
    device.node.take([*parts, bare(last)])
    private = copy.deepcopy(device.private)
    device.node.take([last])
    # The log file has the body; the private file is as it was before.
    again = Node(device.log, private, REGISTRY, device.clock, SeededRandom("again"))
    assert again.space(world.space).ledger.state_hash() == world.founder.hash()
    assert not list(again.space(world.space).ledger.judge.exceptions())
