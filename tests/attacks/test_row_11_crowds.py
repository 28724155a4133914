"""Row 11: one member, with keys that it admits itself, against what stewards decide."""

from __future__ import annotations

import pytest

from lumbre.node import joining
from lumbre.node.epochs import collect_keys, renew_epoch
from lumbre.record import SigningKey
from lumbre.record.epoch import box_for
from lumbre.schema import Role, Via
from lumbre.trust.acts import (
    AFTER_MAX,
    WRAPS_MAX,
    Admit,
    Appoint,
    Approve,
    Box32,
    Invite,
    Remove,
    Wrap,
)
from lumbre.trust.duties import epochs
from tests.ledger.test_ledger import ledger_of
from tests.world import Device, World


@pytest.fixture
def world() -> World:
    world = World()
    world.join("mallory")
    world.join("caro")
    world.meet_all()
    return world


def admit(world: World, by: Device, key: bytes) -> None:
    after = by.node.space(world.space).after()
    by.write(Admit(Via.OWN_DEVICE, None, after, key, b"", Role.MEMBER, None, None))


def test_row_11_a_crowd_of_heads_keeps_no_appointment_out_of_the_past_of_new_acts(world):
    ana, mallory, caro = world.devices
    crowd = [SigningKey(bytes([number]) * 32) for number in range(1, AFTER_MAX + 5)]
    for key in crowd:
        admit(world, mallory, key.public)

    def shout() -> None:
        for key in crowd:
            act = Invite(Via.OWN_DEVICE, None, (), bytes(32), Role.MEMBER)
            mallory.node.write(world.space, key, [act])

    for _ in range(3):
        shout()
    world.meet_all()
    person = ledger_of(ana).rights.author(caro.key.public).person
    ana.write(Appoint(Via.OWN_DEVICE, None, ana.node.space(world.space).after(), person))
    shout()
    world.meet_all()
    target = ledger_of(caro).rights.author(mallory.key.public).person
    after = caro.node.space(world.space).after()
    (removal,) = caro.write(Remove(Via.OWN_DEVICE, None, after, target, None, ()))
    world.meet_all()
    after = ana.node.space(world.space).after()
    ana.write(Approve(Via.OWN_DEVICE, None, after, removal.ref))
    world.meet_all()
    rights = ledger_of(mallory).rights
    assert rights.act_note(removal.id) is None
    assert rights.author(mallory.key.public).pins is not None


def test_row_11_a_key_that_is_no_key_does_not_keep_a_space_from_renewing_its_epoch(world):
    ana, mallory, caro = world.devices
    admit(world, mallory, b"\xff" * 32)
    world.meet_all()
    made = renew_epoch(ana.node, world.space, ana.key)
    world.meet_all()
    collect_keys(caro.node, world.space)
    assert caro.node.space(world.space).current_keys()[0] == made.id


def test_row_11_a_crowd_of_small_keys_leaves_nobody_without_the_new_epoch(world):
    ana, mallory, caro = world.devices
    wanted = WRAPS_MAX
    number = 0
    while wanted:
        public = SigningKey(number.to_bytes(32, "big")).public
        number += 1
        if public < caro.key.public:
            admit(world, mallory, public)
            wanted -= 1
    ana.take_from(mallory)
    made = renew_epoch(ana.node, world.space, ana.key)
    caro.take_from(ana)
    collect_keys(caro.node, world.space)
    assert caro.node.space(world.space).current_keys()[0] == made.id


def test_row_11_a_box_with_another_secret_silences_no_newcomer(world):
    ana, mallory, _ = world.devices
    device = Device("dora")
    invitation = joining.invite(ana.node, world.space)
    request, name = joining.read_request(ana.node, joining.ask(device.node, invitation, "dora"))
    joining.admit(ana.node, ana.key, request, name, Role.MEMBER)
    world.meet_all()
    space = mallory.node.space(world.space)
    (epoch,) = epochs(ledger_of(mallory).rights)
    wrong = Box32(request.author, box_for(request.author, b"\x07" * 32))
    mallory.write(Wrap(Via.OWN_DEVICE, None, space.after(), epoch.ref, (wrong,)))
    device.space = world.space
    device.take_from(mallory)
    collect_keys(device.node, world.space)
    known = device.node.space(world.space).current_keys()
    assert known == ana.node.space(world.space).current_keys()
