"""Claims: how far a device knows each log, also between nodes that know a fork by other sides."""

from __future__ import annotations

import random

import pytest

from lumbre.node.carrying import _keep_claim, _own_claim, known_by
from lumbre.node.segments import segments
from tests.attacks.test_row_02_fork import forked_world
from tests.ledger.test_ledger import need
from tests.world import Device, World


def known(giver: Device, receiver: Device) -> dict[bytes, int]:
    """What the giver may leave out, by the receiver's claim."""
    claim = _own_claim(receiver.node, receiver.node.space(receiver.space))
    _keep_claim(giver.node, claim)
    return known_by(giver.node, giver.space, [receiver.key.public])


def test_what_is_known_is_left_out_and_what_is_lacking_given():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    assert list(segments(world.founder.log, world.space, known(world.founder, beto))) == []
    world.founder.write(need("new"))
    parts = list(segments(world.founder.log, world.space, known(world.founder, beto)))
    assert len(parts) == 1
    received = beto.node.take(parts)
    assert (received.new, received.known) == (1, 0)
    assert beto.hash() == world.founder.hash()


@pytest.mark.parametrize("seed", range(8))
def test_p5_forked_nodes_say_what_they_know_of_one_anothers_branches(seed):
    """Which side of a fork is the parent differs from node to node."""
    world, beto, twin = forked_world(seed)
    caro, dora = world.join("caro"), world.join("dora")
    caro.take_from(beto)
    caro.take_from(twin)
    dora.take_from(twin)
    dora.take_from(beto)
    # The twins share a key, so what one claims is taken for what the other has.
    devices = [caro, dora, beto, world.founder]
    random.Random(seed).shuffle(devices)
    for _ in range(2):
        for giver in devices:
            for receiver in devices:
                if giver is not receiver:
                    leave_out = known(giver, receiver)
                    receiver.node.take(giver.node.give(world.space, leave_out))
    assert {device.hash() for device in devices} == {caro.hash()}
    for giver in devices:
        for receiver in devices:
            assert list(giver.node.give(world.space, known(giver, receiver))) == []
