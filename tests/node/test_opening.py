"""A node that opens again stands where it stood, and judges nothing twice."""

from __future__ import annotations

from lumbre.kinds.supply.records import Offer, Unit
from lumbre.ledger import Ledger
from lumbre.node.node import Node
from lumbre.schema import Role
from tests.kinds.world import HERE
from tests.world import Device, World


def opened_again(device: Device, *, is_locked: bool = False) -> Node:
    private = None if is_locked else device.private
    return Node(device.log, private, device.node.registry, device.clock, device.node.random)


def commune() -> tuple[World, Device]:
    world = World()
    blas = world.join("blas", Role.MEMBER)
    blas.write(Offer(**HERE, good="flour", unit=Unit.GRAM, quantity=5, place_name="Calle 4"))
    world.meet_all()
    return world, blas


def test_an_opened_node_has_the_rights_and_views_that_it_had(monkeypatch) -> None:
    world, blas = commune()
    before = world.founder.hash()
    monkeypatch.setattr(Ledger, "_stand_again", None)
    ledger = opened_again(world.founder).space(world.space).ledger
    assert ledger.rights.author(blas.key.public).role is Role.MEMBER
    assert ledger.state_hash() == before


def test_a_locked_node_opens_with_the_rights_that_the_trust_lane_gives() -> None:
    world, blas = commune()
    rights = opened_again(world.founder, is_locked=True).space(world.space).ledger.rights
    assert rights.author(blas.key.public).role is Role.MEMBER
    assert rights.stewards == world.founder.node.space(world.space).ledger.rights.stewards
