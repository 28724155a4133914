"""How far somebody knows each log, said between nodes that number their branches differently."""

from __future__ import annotations

import random

import pytest

from lumbre.node.segments import branches_of, segments
from lumbre.sync.tips import KnownTip, digest, known_seqs, tips_of
from tests.attacks.test_row_02_fork import forked_world
from tests.ledger.test_ledger import fresh, need, one_by_one
from tests.world import Device, World


def known(giver: Device, receiver: Device) -> dict[bytes, int]:
    """What the giver may leave out, by the receiver's tips."""
    branches = branches_of(giver.log, giver.space)
    tips = tips_of(branches_of(receiver.log, receiver.space))
    seqs = known_seqs(giver.log, branches, [tip.short() for tip in tips])
    by_number = {branch.number: branch.first_id for branch in branches}
    return {by_number[number]: seq for number, seq in seqs.items()}


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
    caro, dora = fresh(world, beto), fresh(world, beto)
    caro.take_from(beto)
    caro.take_from(twin)
    dora.take_from(twin)
    dora.take_from(beto)
    devices = [caro, dora, beto, twin, world.founder]
    random.Random(seed).shuffle(devices)
    for _ in range(2):
        for giver in devices:
            for receiver in devices:
                if giver is not receiver:
                    leave_out = known(giver, receiver)
                    receiver.node.take(giver.node.give(world.space, leave_out))
    hashes = {digest(tips_of(branches_of(d.log, d.space))) for d in (caro, dora)}
    assert {d.hash() for d in devices} == {caro.hash()}
    assert len(hashes) == 1
    for giver in devices:
        for receiver in devices:
            assert list(giver.node.give(world.space, known(giver, receiver))) == []


def test_who_stands_above_a_gap_is_given_what_fills_it():
    world = World()
    for number in range(3):
        world.founder.write(need(f"Block {number}"))
    parts = one_by_one(world.founder)
    device = fresh(world, world.founder)
    device.node.take([*parts[:-2], parts[-1]])
    above = [tip for tip in tips_of(branches_of(device.log, world.space)) if tip.first]
    assert [(tip.first, tip.seq) for tip in above] == [(2, 2)]
    device.node.take(world.founder.node.give(world.space, known(world.founder, device)))
    assert device.hash() == world.founder.hash()


def test_a_tip_that_is_not_known_or_of_another_log_says_nothing():
    world = World()
    world.founder.write(need("one"))
    branches = branches_of(world.founder.log, world.space)
    tips = tips_of(branches)
    for tip in tips:
        for lie in (
            KnownTip(tip.log, tip.first, tip.seq, bytes(32)),
            KnownTip(tip.log, tip.first, tip.seq + 1, tip.id),
            KnownTip(bytes(32), tip.first, tip.seq, tip.id),
            KnownTip(tip.log[:8] + bytes(24), tip.first, tip.seq, tip.id),
        ):
            assert known_seqs(world.founder.log, branches, [lie]) == {}
    everything = known_seqs(world.founder.log, branches, tips)
    assert everything == {branch.number: branch.tip.seq for branch in branches}
