"""Who is shown as having written two branches, and who is not."""

from __future__ import annotations

from lumbre.node.forks import forked, prove_forks
from lumbre.node.reading import Reading
from tests.attacks.test_row_02_fork import image_of
from tests.ledger.test_ledger import fresh, need, one_by_one
from tests.world import Device, World


def test_p4_a_gap_that_filled_accuses_nobody():
    world, device = with_a_filled_gap()
    assert list(forked(device.log, world.space)) == []
    assert Reading(device.node).forks(world.space) == []


def test_p4_a_fork_beside_what_stood_above_a_gap_is_found_and_proved():
    world, device = with_a_filled_gap(twin := [])
    device.take_from(twin[0])
    (pair,) = forked(device.log, world.space)
    assert {branch.first_seq for branch in pair} == {2}
    assert Reading(device.node).forks(world.space) == [world.founder.key.public]
    caro = world.join("caro")
    caro.take_from(device)
    assert prove_forks(caro.node, world.space, caro.key) == 1


def with_a_filled_gap(twins: list[Device] | None = None) -> tuple[World, Device]:
    """A device to which the last of three urgent entries came before the second."""
    world = World()
    world.founder.write(need("Bloque 0"))
    world.founder.write(need("Bloque 1"))
    if twins is not None:
        twins.append(image_of(world.founder))
        twins[0].write(need("Bloque 2, too"))
    world.founder.write(need("Bloque 2"))
    parts = one_by_one(world.founder)
    device = fresh(world, world.founder)
    device.node.take([*parts[:-2], parts[-1]])
    device.node.take([parts[-2]])
    return world, device
