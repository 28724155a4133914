"""Row 13: a key is stolen. After its removal nothing that the thief writes has an effect past the
pin, and the thief's device is refused by whoever knows of the removal, from that moment on.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lumbre.errors import LumbreError
from lumbre.kinds.supply.records import NeedClosed
from lumbre.node.epochs import collect_keys, renew_epoch
from lumbre.node.meetings import link_of
from lumbre.node.node import Node
from lumbre.record import Lane, LogName, Mention, SigningKey
from lumbre.schema import Body, Role, Via
from lumbre.sync.frames import Code
from lumbre.trust.acts import (
    Admit,
    Adopt,
    Appoint,
    Approve,
    Close,
    Dismiss,
    Grant,
    Invite,
    Organisation,
    Remove,
    SetQuorum,
    SetRules,
)
from lumbre.trust.acts import Device as DeviceAct
from lumbre.trust.duties import epochs, organisations
from tests.attacks.test_row_02_fork import image_of
from tests.attacks.test_row_10_removed_member import remove
from tests.ledger.test_ledger import commitment, ledger_of, need, offer
from tests.sync.meet import meet, new_binding
from tests.world import REGISTRY, Device, SeededRandom, World

FRESH = SigningKey(b"f" * 32).public


@pytest.fixture
def theft() -> tuple[World, Device, Device]:
    """Beto's disk and passphrase are stolen; a thief goes on with a copy."""
    world = World()
    beto = world.join("beto")
    world.join("caro")
    world.meet_all()
    beto.write(need("before"))
    beto.write(offer(5))
    world.meet_all()
    assert link_of(beto.node, world.space) is not None
    return world, beto, image_of(beto)


def _acts(thief: Device, world: World) -> dict[str, Callable[[], Body]]:
    """Everything that the key may try: acts of trust for itself and against others, and words."""
    space = thief.node.space(world.space)
    after, rights = space.after(), space.ledger.rights
    ana = rights.author(world.founder.key.public).person
    mine = rights.author(thief.key.public).person
    asked = thief.rows("need")[0].need
    head = (Via.OWN_DEVICE, None, after)
    return {
        "invite": lambda: Invite(*head, bytes(32), Role.STEWARD),
        "admit a member": lambda: Admit(*head, FRESH, b"", Role.MEMBER, None, None),
        "admit a steward": lambda: Admit(*head, FRESH, b"", Role.STEWARD, None, None),
        "admit a key of its own": lambda: DeviceAct(*head, mine, FRESH, b""),
        "close a key": lambda: Close(*head, thief.key.public, ()),
        "remove the founder": lambda: Remove(*head, ana, None, ()),
        "remove its own person": lambda: Remove(*head, mine, None, ()),
        "appoint itself": lambda: Appoint(*head, mine),
        "dismiss the founder": lambda: Dismiss(*head, ana, ()),
        "change the quorum": lambda: SetQuorum(*head, 99),
        "change the rules": lambda: SetRules(*head, 2),
        "more room": lambda: Grant(*head, thief.key.public, (2**25,) * 4),
        "an organisation": lambda: Organisation(*head, b"x" * 40),
        "approve": lambda: Approve(*head, after[0]),
        "adopt": lambda: Adopt(*head, Mention.of(asked)),
        "an offer": lambda: offer(7),
        "a promise": lambda: commitment(asked),
        "a closing": lambda: NeedClosed(Via.OWN_DEVICE, None, asked, is_met=True),
    }


ACTS = [
    "invite", "admit a member", "admit a steward", "admit a key of its own", "close a key",
    "remove the founder", "remove its own person", "appoint itself", "dismiss the founder",
    "change the quorum", "change the rules", "more room", "an organisation", "approve", "adopt",
    "an offer", "a promise", "a closing",
]  # fmt: skip


def effects(device: Device) -> tuple[object, ...]:
    """Who may do what, what enters a plan, and what was promised."""
    rights = ledger_of(device).rights
    people = {key: (right.role, right.pins is None) for key, right in rights.authors()}
    needs = sorted((row.place_name, row.claimed, row.enters_plan) for row in device.rows("need"))
    offers = sorted(row.quantity for row in device.rows("offer"))
    names = [LogName(device.space, key, lane) for key in sorted(people) for lane in Lane]
    room = [ledger_of(device).grant(name) for name in names]
    return people, needs, offers, room, len(organisations(rights)), epochs(rights)


def test_row_13_the_list_of_acts_is_whole(theft):
    world, _, thief = theft
    assert list(_acts(thief, world)) == ACTS


@pytest.mark.parametrize("what", ACTS)
def test_row_13_no_act_of_a_thief_has_an_effect_past_the_pin(theft, what):
    world, _, thief = theft
    caro = world.devices[2]
    remove(world, thief)
    world.meet(world.founder, caro)
    before = effects(caro)
    # The thief has not seen the removal, or says so; somebody carries what it wrote.
    try:
        thief.write(_acts(thief, world)[what]())
    except LumbreError:
        return
    assert caro.take_from(thief).new == 1
    caro.node.rebuild()
    assert effects(caro) == before


def test_row_13_what_the_same_acts_do_before_the_removal_shows_that_the_test_sees_effects(theft):
    world, _, thief = theft
    caro = world.devices[2]
    seen = 0
    for what in ACTS:
        before = effects(caro)
        try:
            thief.write(_acts(thief, world)[what]())
        except LumbreError:
            continue
        caro.take_from(thief)
        seen += effects(caro) != before
    assert seen >= 4


def test_row_13_the_thief_s_device_is_refused_as_soon_as_the_removal_is_known(theft):
    world, _, thief = theft
    remove(world, thief)
    thief.write(need("after"))
    before = world.founder.hash()
    caller, called = meet(thief.node, world.founder.node, binding=new_binding())
    assert called.outcomes()[0].code is Code.KEY_CLOSED
    assert caller.outcomes()[0].other_code == Code.KEY_CLOSED
    assert caller.outcomes()[0].new == called.outcomes()[0].new == 0
    assert world.founder.hash() == before


def test_row_13_also_where_the_removal_comes_in_this_very_meeting(theft):
    world, beto, thief = theft
    remove(world, thief)
    caro = world.devices[2]
    # Somebody fed the stolen device before; it meets one who has not heard of the removal.
    thief.take_from(world.founder)
    thief.write(need("after"))
    caller, called = meet(thief.node, caro.node, binding=new_binding())
    assert called.outcomes()[0].code is Code.KEY_CLOSED
    assert caller.outcomes()[0].other_code == Code.KEY_CLOSED
    assert ledger_of(caro).rights.author(beto.key.public).pins is not None
    again, _ = meet(thief.node, caro.node, binding=new_binding())
    assert again.outcomes()[0].other_code == Code.KEY_CLOSED
    assert again.outcomes()[0].new == 0


def test_row_13_after_a_new_epoch_the_thief_cannot_read_what_it_is_handed(theft):
    world, _, thief = theft
    remove(world, thief)
    ana = world.founder
    renew_epoch(ana.node, world.space, ana.key)
    ana.write(need("secret"))
    thief.take_from(ana)
    collect_keys(thief.node, world.space)
    assert "secret" not in {row.place_name for row in thief.rows("need")}
    assert len(ledger_of(thief).waiting_for_key()) == 1
    caro = world.devices[2]
    meet(ana.node, caro.node, binding=new_binding())
    assert "secret" in {row.place_name for row in caro.rows("need")}


def test_row_13_a_locked_device_refuses_the_thief_as_well(theft):
    world, _, thief = theft
    remove(world, thief)
    ana = world.founder
    assert link_of(ana.node, world.space) is not None
    locked = Node(ana.log, None, REGISTRY, ana.clock, SeededRandom("locked"))
    _, called = meet(thief.node, locked, binding=new_binding())
    assert called.outcomes()[0].code is Code.KEY_CLOSED
