"""What a node hands on is what another takes in, gaps and forks too."""

from __future__ import annotations

from tests.ledger.test_ledger import fresh, ledger_of, need, one_by_one
from tests.world import World


def test_urgent_entries_above_a_gap_are_handed_on():
    world = World()
    for number in range(3):
        world.founder.write(need(f"Bloque {number}"))
    parts = one_by_one(world.founder)
    first, second = fresh(world, world.founder), fresh(world, world.founder)
    first.node.take([*parts[:-2], parts[-1]])
    received = second.node.take(first.node.give(world.space))
    assert received.refused == {}
    assert [body.place_name for _, body in ledger_of(second).above_gap()] == ["Bloque 2"]
    second.node.take([parts[-2]])
    assert second.hash() == world.founder.hash()
