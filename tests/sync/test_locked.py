"""Locked devices, couriers, keys that come later, and devices that are cut off."""

from __future__ import annotations

import pytest

from lumbre.node.epochs import collect_keys, renew_epoch
from lumbre.node.meetings import link_of
from lumbre.node.node import Node
from lumbre.schema import Role, Via
from lumbre.sync.frames import Code
from lumbre.trust.acts import Remove
from tests.attacks.test_row_10_removed_member import remove
from tests.ledger.test_ledger import ledger_of, need, offer
from tests.sync.meet import assert_equal, heads, held, meet, new_binding
from tests.world import REGISTRY, Device, SeededRandom, World


def lock(device: Device) -> None:
    """A restart: nobody has given a passphrase yet."""
    assert link_of(device.node, device.space) is not None
    device.node = Node(device.log, None, REGISTRY, device.clock, SeededRandom("locked"))


def unlock(device: Device) -> None:
    source = SeededRandom(f"{device.name} again")
    device.node = Node(device.log, device.private, REGISTRY, device.clock, source)


@pytest.fixture
def world() -> World:
    world = World()
    world.join("beto")
    world.join("caro")
    world.meet_all()
    return world


def test_a_locked_device_takes_in_checks_and_passes_on_what_it_cannot_read(world):
    ana, beto, caro = world.devices
    ana.write(need("Bloque 1"))
    lock(beto)
    taken, _ = meet(beto.node, ana.node, binding=new_binding())
    assert taken.outcomes()[0].new == 1
    assert taken.outcomes()[0].is_equal
    meet(caro.node, beto.node, binding=new_binding())
    assert [row.place_name for row in caro.rows("need")] == ["Bloque 1"]
    unlock(beto)
    assert_equal(ana, beto, caro)


def test_two_locked_devices_meet_and_both_pass_on(world):
    ana, beto, caro = world.devices
    ana.write(need("Bloque 1"))
    caro.write(need("Bloque 2"))
    for device in (ana, beto, caro):
        lock(device)
    for one, other in ((ana, beto), (beto, caro), (ana, beto)):
        caller, _ = meet(one.node, other.node, binding=new_binding())
        assert caller.outcomes()[0].is_equal
    for device in (ana, beto, caro):
        unlock(device)
    assert_equal(ana, beto, caro)
    assert {row.place_name for row in beto.rows("need")} == {"Bloque 1", "Bloque 2"}


def test_a_locked_device_learns_of_a_removal_and_refuses_from_then_on(world):
    ana, beto, caro = world.devices
    remove(world, caro)
    lock(beto)
    meet(beto.node, ana.node, binding=new_binding())
    caller, _ = meet(beto.node, caro.node, binding=new_binding())
    assert caller.outcomes()[0].code is Code.KEY_CLOSED


def test_a_device_that_was_never_unlocked_with_a_key_says_nothing_of_the_space(world):
    ana = world.founder
    fresh = Node(type(ana.log)(), None, REGISTRY, ana.clock, SeededRandom("fresh"))
    fresh.add_space(world.space)
    caller, _ = meet(fresh, ana.node, binding=new_binding())
    assert caller.outcomes() == []


def test_entries_that_wait_for_a_key_are_counted_and_read_when_it_comes(world):
    ana, beto, caro = world.devices
    # Caro is admitted, and her key of the new epoch is boxed only later.
    renew_epoch(ana.node, world.space, ana.key)
    ana.write(need("Bloque 1"))
    ana.write(offer())
    lock(caro)
    meet(caro.node, ana.node, binding=new_binding())
    # Opened before the key is collected: both wait, and are counted.
    unlock(caro)
    assert len(ledger_of(caro).waiting_for_key()) == 2
    assert caro.rows("need") == []
    assert collect_keys(caro.node, world.space) == 1
    assert ledger_of(caro).waiting_for_key() == []
    assert [row.place_name for row in caro.rows("need")] == ["Bloque 1"]
    meet(beto.node, caro.node, binding=new_binding())
    assert_equal(ana, beto, caro)


def test_a_key_that_comes_in_a_meeting_opens_what_waited(world):
    ana, beto, _ = world.devices
    renew_epoch(ana.node, world.space, ana.key)
    ana.write(need("Bloque 1"))
    meet(beto.node, ana.node, binding=new_binding())
    assert ledger_of(beto).waiting_for_key() == []
    assert [row.place_name for row in beto.rows("need")] == ["Bloque 1"]


def test_a_courier_checks_and_passes_on_what_it_cannot_read(world):
    ana, beto, _ = world.devices
    courier = world.join("courier", Role.COURIER)
    meet(beto.node, ana.node, binding=new_binding())
    ana.write(need("Bloque 1"))
    meet(courier.node, ana.node, binding=new_binding())
    assert courier.rows("need") == []
    assert ledger_of(courier).waiting_for_key()
    assert not list(courier.private.secrets("epoch"))
    meet(courier.node, beto.node, binding=new_binding())
    assert [row.place_name for row in beto.rows("need")] == ["Bloque 1"]
    assert heads(courier) == heads(beto) == heads(ana)
    assert set(held(courier)) == set(held(ana))


def test_a_lost_device_is_cut_off_and_cannot_read_what_is_written_after_the_new_epoch(world):
    ana, beto, caro = world.devices
    remove(world, caro)
    renew_epoch(ana.node, world.space, ana.key)
    ana.write(need("Bloque 1"))
    caller, called = meet(caro.node, ana.node, binding=new_binding())
    assert called.outcomes()[0].code is Code.KEY_CLOSED
    assert caller.outcomes()[0].new == 0
    # Who has not heard yet, and a bundle, may still hand it over: sealed to others.
    caro.node.take(ana.node.give(world.space))
    collect_keys(caro.node, world.space)
    assert caro.rows("need") == []
    assert len(ledger_of(caro).waiting_for_key()) == 1
    meet(beto.node, ana.node, binding=new_binding())
    assert [row.place_name for row in beto.rows("need")] == ["Bloque 1"]


def test_who_asked_and_was_not_admitted_yet_is_told_so(world):
    ana = world.founder
    newcomer = Device("eva")
    newcomer.space = world.space
    newcomer.node.add_space(world.space)
    newcomer.node.keep_author(world.space, b"n" * 32)
    caller, called = meet(newcomer.node, ana.node, binding=new_binding())
    assert called.outcomes()[0].code is Code.NOT_ADMITTED
    assert caller.outcomes()[0].other_code == Code.NOT_ADMITTED
    # It learns nothing but that: acts are shown to who calls when it has shown its own.
    assert caller.outcomes()[0].new == 0
    assert heads(newcomer) == set()


@pytest.mark.parametrize("is_caller", [True, False])
def test_two_who_were_admitted_by_acts_that_the_other_lacks_introduce_themselves(world, is_caller):
    _, beto, caro = world.devices
    # Eva by Beto, Leo by Caro; neither act has come to the other.
    eva, leo = world.join("eva", via=beto), world.join("leo", via=caro)
    assert ledger_of(leo).rights.author(eva.key.public) is None
    assert ledger_of(eva).rights.author(leo.key.public) is None
    one, other = (eva, leo) if is_caller else (leo, eva)
    caller, called = meet(one.node, other.node, binding=new_binding())
    assert caller.outcomes()[0].is_equal
    assert called.outcomes()[0].is_equal
    assert_equal(eva, leo)


def test_a_closed_author_s_device_goes_on_with_another_author_s_word(world):
    ana, beto, _ = world.devices
    first = link_of(beto.node, world.space)
    other = world.join("beto again")
    for _, seed in other.private.secrets("author"):
        beto.node.keep_author(world.space, seed)
    right = ledger_of(ana).rights.author(first.author)
    after = ana.node.space(world.space).after()
    ana.write(Remove(Via.OWN_DEVICE, None, after, right.person, None, ()))
    beto.take_from(ana)
    second = link_of(beto.node, world.space)
    assert second.author == other.key.public
    assert second.key.public != first.key.public
    caller, _ = meet(beto.node, ana.node, binding=new_binding())
    assert caller.outcomes()[0].is_equal
