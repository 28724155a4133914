"""Letting go of branches past the first 8: the views and the next start know of it."""

from __future__ import annotations

from lumbre.node.node import Node
from lumbre.record import Lane, LogName, Writer
from lumbre.record.canonical import encode
from lumbre.record.limits import BRANCHES_MAX
from lumbre.record.segment import write_segment
from tests.attacks.test_row_02_fork import image_of
from tests.ledger.test_ledger import need
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
    assert received.new == len(parts)
    assert received.refused == {}
    assert len(device.log.branches(name.id)) == BRANCHES_MAX
