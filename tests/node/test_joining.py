"""Joining by files: what is asked, read and refused before anybody is admitted."""

from __future__ import annotations

import pytest

from lumbre.errors import Invalid, Refused
from lumbre.node import epochs, joining
from lumbre.record.canonical import encode
from lumbre.schema import Role
from tests.world import Device, World


def test_a_request_that_somebody_changed_is_refused():
    world = World()
    device = Device("beto")
    invitation = joining.invite(world.founder.node, world.space)
    request = bytearray(joining.ask(device.node, invitation, "beto"))
    request[-1] ^= 1
    with pytest.raises(Refused):
        joining.read_request(world.founder.node, bytes(request))
    with pytest.raises(Refused):
        joining.read_request(world.founder.node, b"\x90")
    with pytest.raises(Refused):
        joining.ask(device.node, bytes(600), "beto")


def test_who_asks_twice_hands_in_the_same_request_with_the_same_words():
    world = World()
    device = Device("beto")
    invitation = joining.invite(world.founder.node, world.space)
    first = joining.ask(device.node, invitation, "beto")
    assert joining.pending(device.node, world.space) == first
    assert joining.ask(device.node, invitation, "  beto ") == first
    assert len(device.node.authors(world.space)) == 1


def test_another_name_or_a_renewed_key_makes_another_request_that_counts_alone():
    world = World()
    device = Device("beto")
    invitation = joining.invite(world.founder.node, world.space)
    first = joining.ask(device.node, invitation, "beto")
    second = joining.ask(device.node, invitation, "Beto Ruiz")
    assert joining.pending(device.node, world.space) == second != first
    epochs.renew_epoch(world.founder.node, world.space, world.founder.key)
    renewed = joining.invite(world.founder.node, world.space)
    assert renewed != invitation
    third = joining.ask(device.node, renewed, "Beto Ruiz")
    assert joining.pending(device.node, world.space) == third != second
    assert joining.read_request(world.founder.node, third)[1] == "Beto Ruiz"
    assert len(device.node.authors(world.space)) == 1


def test_a_request_is_pending_until_somebody_answers_it():
    world = World()
    device = Device("beto")
    node = world.founder.node
    invitation = joining.invite(node, world.space)
    asked = joining.ask(device.node, invitation, "beto")
    joining.admit(node, world.founder.key, *joining.read_request(node, asked), Role.MEMBER)
    assert joining.pending(device.node, world.space) == asked
    device.node.take(node.give(world.space))
    assert joining.pending(device.node, world.space) is None
    assert joining.pending(node, world.space) is None


@pytest.mark.parametrize("public", [bytes(32), b"\1" + bytes(31)])
def test_row_08_an_invitation_that_cannot_be_sealed_to_leaves_nothing_behind(public):
    device = Device("beto")
    bad = encode(joining.Invitation(b"s" * 32, b"e" * 32, public))
    with pytest.raises(Refused):
        joining.ask(device.node, bad, "beto")
    with pytest.raises(Invalid):
        joining.ask(device.node, joining.invite(World().founder.node, World().space), " ")
    assert device.node.spaces() == []
