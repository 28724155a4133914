"""Row 2: a key writes more branches than are kept, on nodes that differ in all they may."""

from __future__ import annotations

import copy

from lumbre.kinds.membership.view import OBJECTIONS_BY_AUTHOR
from lumbre.ledger import MemoryBook
from lumbre.node.node import Node
from lumbre.record import START, Entry, Lane, LogName, Mention, Tip, Writer
from lumbre.record.canonical import encode
from lumbre.record.limits import BRANCHES_MAX
from lumbre.record.segment import write_segment
from lumbre.schema import Via
from lumbre.trust.acts import Objection
from tests.attacks.test_row_02_fork import image_of
from tests.ledger.test_ledger import fresh, need, one_by_one
from tests.world import REGISTRY, Device, SeededRandom, ToldClock, World


def log_of(world: World, device: Device, lane: Lane) -> LogName:
    return LogName(world.space, device.key.public, lane)


def chain(name: LogName, device: Device, base: Tip, bodies: list[bytes]) -> list[Entry]:
    writer = Writer(name, device.key, base)
    return [
        writer.append(body, depth=base.depth + number, wall_s=1, is_last=True)
        for number, body in enumerate(bodies, 1)
    ]


def locked_node(world: World) -> Node:
    node = Node(MemoryBook(), None, REGISTRY, ToldClock(), SeededRandom("locked"))
    node.add_space(world.space)
    node.take(one_by_one(world.founder))
    return node


def test_row_02_branches_that_are_let_go_give_back_the_places_of_older_facts():
    world = World()
    beto = world.join("beto")
    (asked,) = world.founder.write(need())
    world.meet_all()

    def objection(word: str) -> Objection:
        return Objection(Via.OWN_DEVICE, None, Mention.of(asked.ref), word.encode())

    beto.write(objection("before"))
    twins = [image_of(beto) for _ in range(BRANCHES_MAX + 2)]
    log = log_of(world, beto, Lane.URGENT).id
    for number, twin in enumerate(twins):
        for step in range(OBJECTIONS_BY_AUTHOR + number):
            twin.write(objection(f"{number} {step}"))
    twins.sort(key=lambda twin: twin.log.entry(twin.log.branches(log)[0].number, 1).id)
    caro = world.join("caro")
    for twin in twins:
        world.founder.take_from(twin)
    for twin in reversed(twins):
        # The branch that ranks first comes last and pushes others out.
        caro.take_from(twin)
    world.meet(world.founder, caro)
    assert caro.hash() == world.founder.hash()
    caro.node.rebuild()
    assert caro.hash() == world.founder.hash()


def test_row_02_a_locked_node_lets_go_of_branches_that_nobody_can_read():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    name = log_of(world, beto, Lane.ORDINARY)
    for bodies in (
        [encode(["future", number]) for number in range(12)],
        [b"\xff%d" % number for number in range(12)],
    ):
        node = locked_node(world)
        received = node.take([write_segment(chain(name, beto, START, [body])) for body in bodies])
        assert received.refused == {}
        assert len(node.log.branches(name.id)) == BRANCHES_MAX


def test_row_02_what_a_locked_node_let_go_is_in_no_view_after_it_is_unlocked():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    caro = world.join("caro")
    twins = [image_of(beto) for _ in range(2 * BRANCHES_MAX)]
    for number, twin in enumerate(twins):
        twin.write(need(f"twin {number}"))
    log = log_of(world, beto, Lane.URGENT).id
    twins.sort(key=lambda twin: twin.log.entry(twin.log.branches(log)[0].number, 0).id)
    for twin in reversed(twins[BRANCHES_MAX:]):
        caro.take_from(twin)
    # The same disks after a restart, before and after somebody gives the passphrase.
    locked = Node(caro.log, None, REGISTRY, caro.clock, SeededRandom("locked"))
    for twin in twins[:BRANCHES_MAX]:
        locked.take(twin.node.give(world.space))
    caro.node = Node(caro.log, caro.private, REGISTRY, caro.clock, SeededRandom("open"))
    for twin in twins:
        world.founder.take_from(twin)
    world.meet(world.founder, caro)
    assert caro.hash() == world.founder.hash()


def test_row_02_a_node_opens_after_a_stop_amid_branches_that_were_let_go():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    name = log_of(world, beto, Lane.TRUST)
    trunk = chain(name, beto, START, [encode(["future", number]) for number in range(30)])
    parts = [write_segment(trunk[:15]), write_segment(trunk[15:], Tip.of(trunk[14]))]
    for at in range(1, 14):
        base = Tip.of(trunk[at])
        other = chain(name, beto, base, [encode(["future", at, step]) for step in range(3)])
        parts.append(write_segment(other, base))
    node = locked_node(world)
    device = fresh(world, world.founder)
    device.take_from(world.founder)
    private = copy.deepcopy(device.private)
    for part in parts:
        node.take([part])
        device.node.take([part])
    Node(node.log, None, REGISTRY, ToldClock(), SeededRandom("locked"))
    expected = device.hash()
    device.node = Node(device.log, private, REGISTRY, ToldClock(), SeededRandom("open"))
    assert device.hash() == expected
