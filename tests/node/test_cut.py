"""Letting go of branches past the first 8: the views and the next start know of it."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from lumbre.node.node import Node
from lumbre.record import Lane, LogName, Tip, Writer
from lumbre.record.canonical import encode
from lumbre.record.limits import BRANCHES_MAX
from lumbre.record.segment import write_segment
from tests.attacks.test_row_02_fork import image_of
from tests.ledger.test_ledger import commitment, need
from tests.world import REGISTRY, Device, SeededRandom, ToldClock, World


def opened(device: Device, *, is_locked: bool = False) -> Node:
    """Another start on the same disks."""
    private = None if is_locked else device.private
    return Node(device.log, private, REGISTRY, ToldClock(), SeededRandom("again"))


def test_p2_what_a_locked_node_let_go_of_is_in_no_view_once_it_is_unlocked():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    twins = [image_of(beto) for _ in range(BRANCHES_MAX + 4)]
    for number, twin in enumerate(twins):
        twin.write(need(f"twin {number}"))
    # Those that are let go of lie in the views before the node is locked.
    twins.sort(key=lambda twin: twin.rows("need")[0].need.hash, reverse=True)
    ana, caro = world.founder, world.join("caro")
    for twin in twins:
        caro.take_from(twin)
    for twin in twins[:BRANCHES_MAX]:
        ana.take_from(twin)
    locked = opened(ana, is_locked=True)
    for twin in twins[BRANCHES_MAX:]:
        locked.take(twin.node.give(world.space))
    unlocked = opened(ana)
    unlocked.take(caro.node.give(world.space))
    assert unlocked.space(world.space).ledger.state_hash() == caro.hash()


def test_p1_a_node_opens_after_the_end_of_a_branch_was_let_go_of():
    world = World()
    world.join("beto")
    device = world.founder
    logs = [name for name in device.log.logs(world.space) if name.lane is Lane.TRUST]
    (branch,) = device.log.branches(logs[0].id)
    device.log.cut([(branch.number, branch.tip.seq)])
    locked = opened(device, is_locked=True)
    assert locked.frontier(world.space)[branch.first_id] == branch.tip.seq - 1


def test_p8_a_locked_node_lets_go_of_branches_that_it_never_judged():
    world = World()
    beto = world.join("beto")
    device = world.founder
    name = LogName(world.space, beto.key.public, Lane.ORDINARY)
    parts = []
    for number in range(BRANCHES_MAX + 3):
        body = encode(["nobody.knows", 0, None, number])
        entry = Writer(name, beto.key).append(body, depth=1, wall_s=1)
        parts.append(write_segment([entry]))
    received = opened(device, is_locked=True).take(parts)
    assert received.new == BRANCHES_MAX
    assert received.refused == {}
    assert len(device.log.branches(name.id)) == BRANCHES_MAX


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
@pytest.mark.parametrize("lie", [{"total_bytes": 256}, {"depth": 2}])
def test_p2_what_lies_about_what_came_before_is_let_go_of_in_any_order(order, lie):
    """Above a gap nobody can tell; in its order everybody refuses it."""
    world = World()
    ana, beto = world.founder, world.join("beto")
    world.meet_all()
    name = LogName(world.space, beto.key.public, Lane.URGENT)
    writer = Writer(name, beto.key)
    body = encode(["nobody.knows", 0, None])
    true = [writer.append(body, depth=depth, wall_s=1) for depth in (5, 6)]
    base = msgspec.structs.replace(writer.tip, **lie)
    lying = Writer(name, beto.key, base)
    false = [lying.append(body, depth=base.depth + step, wall_s=1) for step in (1, 2)]
    parts = [
        write_segment(true[:1]),
        write_segment(true[1:], Tip.of(true[0])),
        write_segment(false[:1], base),
        write_segment(false[1:], Tip.of(false[0])),
    ]
    for _ in range(2):
        for number in order:
            ana.node.take([parts[number]])
    for part in parts:
        beto.node.take([part])
    assert ana.hash() == beto.hash()
    # What follows it hangs in the air for ever, and counts for nothing.
    held = {
        entry.id
        for branch in ana.log.branches(name.id)
        for entry in ana.log.entries(branch.number, branch.first_seq, branch.tip.seq)
    }
    assert held == {true[0].id, true[1].id, false[1].id}


def test_what_does_not_fit_may_come_in_one_take_with_what_fills_its_gap():
    world = World()
    ana, beto = world.founder, world.join("beto")
    world.meet_all()
    name = LogName(world.space, beto.key.public, Lane.URGENT)
    writer = Writer(name, beto.key)
    true = writer.append(b"\x90", depth=5, wall_s=1)
    base = msgspec.structs.replace(writer.tip, total_bytes=128)
    false = Writer(name, beto.key, base).append(b"\x90", depth=6, wall_s=1)
    received = ana.node.take([write_segment([false], base), write_segment([true])])
    assert (received.new, received.refused) == (1, {"refused.total": 1})
    (branch,) = ana.log.branches(name.id)
    assert branch.tip == Tip.of(true)


def test_p2_what_refers_to_an_entry_that_is_let_go_of_waits_again():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    twins = [image_of(beto) for _ in range(BRANCHES_MAX + 4)]
    for number, twin in enumerate(twins):
        twin.write(need(f"twin {number}"))
    twins.sort(key=lambda twin: twin.rows("need")[0].need.hash, reverse=True)
    ana = world.founder
    ana.take_from(twins[0])
    ana.write(commitment(twins[0].rows("need")[0].need))
    for twin in twins[1:]:
        ana.take_from(twin)
    before = ana.hash()
    ana.node.rebuild()
    assert ana.hash() == before
