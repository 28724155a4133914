"""Joining by files: what is asked, read and refused before anybody is admitted."""

from __future__ import annotations

import copy

import msgspec
import pytest

from lumbre.errors import Invalid, Refused
from lumbre.node import devices, epochs, joining
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


def test_a_key_that_asked_consents_to_who_invited_it_and_nobody_else_can_claim_it():
    world = World()
    ana, eva = world.founder, world.join("eva")
    newcomer = Device("leo")
    invitation = joining.invite(ana.node, world.space)
    request, name = joining.read_request(ana.node, joining.ask(newcomer.node, invitation, "leo"))
    assert joining.consent_in(request, ana.key.public)
    assert joining.consent_in(request, eva.key.public) == b""
    person = ana.node.space(world.space).ledger.rights.author(ana.key.public).person
    assert joining.consent_in(request, ana.key.public, person)
    # Another member saw the request and claims the key as its own device's, first.
    claimed = copy.deepcopy(request)
    devices.device(eva.node, eva.node.space(world.space), claimed, "mine")
    joining.admit(ana.node, ana.key, request, name, Role.MEMBER)
    world.meet(ana, eva)
    for device in (ana, eva):
        right = device.node.space(world.space).ledger.rights.author(request.author)
        own = device.node.space(world.space).ledger.rights.author(eva.key.public)
        assert right.person != own.person


def test_a_request_of_before_consents_is_still_read():
    world = World()
    asked = Device("leo")
    request = joining.ask(asked.node, joining.invite(world.founder.node, world.space), "leo")
    tag, space, author, sealed, *_ = msgspec.msgpack.decode(request)
    signature = asked.node.authors(world.space)[0].sign(
        b"lumbre/request/1\0", space + author + sealed
    )
    older = encode([tag, space, author, sealed, signature])
    read, name = joining.read_request(world.founder.node, older)
    assert (name, read.consents) == ("leo", ())
    joining.admit(world.founder.node, world.founder.key, read, name, Role.MEMBER)
    rights = world.founder.node.space(world.space).ledger.rights
    assert rights.author(read.author).role is Role.MEMBER
