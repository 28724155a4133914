"""Row 2: one key writes two branches, by malice or from a restored image.

Both branches count as concurrent, a proof is made, nothing stalls, and all nodes agree.
"""

from __future__ import annotations

import copy
import random

import pytest

from lumbre.node.forks import forked, prove_forks
from lumbre.node.node import Node
from lumbre.record.fork import read_fork
from lumbre.trust.duties import forks
from tests.ledger.test_ledger import ledger_of, need, offer
from tests.world import REGISTRY, Device, SeededRandom, World


def image_of(device: Device) -> Device:
    """The same disks and keys on a second machine."""
    other = copy.copy(device)
    other.log = copy.deepcopy(device.log)
    other.private = copy.deepcopy(device.private)
    other.node = Node(
        other.log, other.private, REGISTRY, device.clock, SeededRandom(device.name + "'s image")
    )
    return other


def forked_world(seed: int) -> tuple[World, Device, Device]:
    """A member's disk is copied, and both copies go on writing."""
    chance = random.Random(seed)
    world = World()
    beto = world.join("beto")
    world.meet_all()
    for number in range(chance.randrange(4)):
        beto.write(need(f"Before {number}"))
    world.meet(beto, world.founder)
    twin = image_of(beto)
    for device, word in ((beto, "one"), (twin, "two")):
        for number in range(chance.randint(1, 4)):
            device.write(need(f"{word} {number}"))
            if chance.random() < 0.5:
                device.write(offer(), offer(7_000))
    return world, beto, twin


def check(seed: int) -> None:
    world, beto, twin = forked_world(seed)
    caro = world.join("caro")
    caro.take_from(beto)
    assert not list(forked(caro.log, world.space))
    received = caro.take_from(twin)
    # Found at the first meeting of the two sides.
    assert received.forks >= 1
    assert list(forked(caro.log, world.space))
    places = {row.place_name for row in caro.rows("need")}
    assert {"one 0", "two 0"} <= places
    assert prove_forks(caro.node, world.space, caro.key) >= 1
    assert prove_forks(caro.node, world.space, caro.key) == 0
    # Nothing stalls: others and the author itself go on.
    caro.write(need("after"))
    devices = [world.founder, caro, beto, twin]
    world.meet_all(devices)
    assert len({device.hash() for device in devices}) == 1
    (_, act), *_ = forks(ledger_of(world.founder).rights)
    assert read_fork(act.left, act.right).name.author == beto.key.public
    # Shown, and by itself it stops nothing.
    assert ledger_of(world.founder).rights.author(beto.key.public).pins is None
    assert {"one 0", "two 0", "after"} <= {row.place_name for row in twin.rows("need")}


def test_row_02_both_branches_of_a_fork_count_and_all_nodes_agree_in_10_seeds():
    for seed in range(10):
        check(seed)


@pytest.mark.soak
def test_row_02_both_branches_of_a_fork_count_and_all_nodes_agree_in_many_seeds(count):
    for seed in range(count("SEEDS", 10_000)):
        check(seed)


def test_row_02_nine_branches_stay_bounded_and_every_node_keeps_the_same():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    twins = [image_of(beto) for _ in range(12)]
    for number, twin in enumerate(twins):
        twin.write(need(f"twin {number}"))
    ana, caro = world.founder, world.join("caro")
    for twin in twins:
        ana.take_from(twin)
    for twin in reversed(twins):
        caro.take_from(twin)
    assert len(ana.rows("need")) == 8
    assert {row.place_name for row in ana.rows("need")} == {
        row.place_name for row in caro.rows("need")
    }
    world.meet(ana, caro)
    assert ana.hash() == caro.hash()
    assert ana.node.rebuild() > 0
    assert ana.hash() == caro.hash()
