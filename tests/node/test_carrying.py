"""Who opens a bundle: those who take part, a newcomer by the very bundle that brings its key,
a courier without reading it, a locked device; and nobody who was taken away."""

from __future__ import annotations

import msgspec
import pytest

from lumbre.node import carrying, devices, epochs, founding, joining
from lumbre.node.carrying import Bundles, identities, known_by, sealed_bundles, take_bundles
from lumbre.node.node import Node
from lumbre.record import SigningKey
from lumbre.record.epoch import exchange_public
from lumbre.schema import Role, Via
from lumbre.sync.sealed_bundle import RECIPIENTS_MAX, open_bundle, seal_bundle
from lumbre.trust.acts import Admit, Remove
from tests.ledger.test_ledger import ledger_of, need, offer
from tests.record.helpers import secret
from tests.world import REGISTRY, Device, SeededRandom, ToldClock, World


def given(device: Device, known=None) -> list[bytes]:
    return list(sealed_bundles(device.node, device.node.space(device.space), known))


def bundles(*files: bytes) -> Bundles:
    named = {f"{number:04}": data for number, data in enumerate(files)}
    return Bundles(list(named), named.__getitem__)


def take(device: Device, *files: bytes):
    """(received, keys, the bundles)."""
    found = bundles(*files)
    return (*take_bundles(device.node, found), found)


def asked(world: World, name: str, role: Role = Role.MEMBER) -> Device:
    """A device that was admitted and has received nothing yet."""
    device = Device(name)
    device.space = world.space
    node = world.founder.node
    invitation = joining.invite(node, world.space)
    request, _ = joining.read_request(node, joining.ask(device.node, invitation, name))
    joining.admit(node, world.founder.key, request, name, role)
    return device


def locked(device: Device) -> Node:
    """The same device after a restart that nobody has unlocked."""
    return Node(device.log, None, REGISTRY, ToldClock(), SeededRandom("locked"))


def remove(world: World, device: Device, *, with_epoch: bool) -> None:
    founder = world.founder
    person = ledger_of(founder).rights.author(device.key.public).person
    after = founder.node.space(world.space).after()
    founder.write(Remove(Via.OWN_DEVICE, None, after, person, None, ()))
    if with_epoch:
        epochs.renew_epoch(founder.node, world.space, founder.key)


def test_p5_a_newcomer_opens_the_bundle_that_brings_its_key():
    world = World()
    world.founder.write(need("Block 4"))
    before = given(world.founder)
    newcomer = asked(world, "beto")
    received, keys, found = take(newcomer, *before, *given(world.founder))
    assert (keys, found.sealed, received.waiting) == (1, [], 0)
    assert newcomer.hash() == world.founder.hash()


def test_a_stranger_with_an_invitation_alone_opens_nothing():
    world = World()
    stranger = Device("eva")
    joining.ask(stranger.node, joining.invite(world.founder.node, world.space), "Eva")
    received, keys, found = take(stranger, *given(world.founder))
    assert (received.new, keys) == (0, 0)
    assert found.sealed == found.names
    assert list(stranger.log.logs(world.space)) == []


def test_a_courier_stores_and_hands_on_what_it_cannot_read():
    world = World()
    world.founder.write(need("Block 4"))
    courier = asked(world, "carla", Role.COURIER)
    member = asked(world, "beto")
    received, keys, found = take(courier, *given(world.founder))
    assert (keys, found.sealed, received.refused) == (0, [], {})
    assert courier.rows("need") == []
    assert len(ledger_of(courier).waiting_for_key()) == 1
    _, keys, found = take(member, *given(courier))
    assert (keys, found.sealed) == (1, [])
    assert member.hash() == world.founder.hash()


def test_row_13_a_device_that_was_taken_away_opens_no_bundle_made_after_the_next_epoch():
    world = World()
    beto, caro = world.join("beto"), world.join("caro")
    world.meet_all()
    for device in (beto, caro):
        device.write(offer())
    world.meet_all()
    remove(world, beto, with_epoch=True)
    world.founder.write(need("only for those who are left"))
    held = beto.log.last_arrival()
    received, keys, found = take(beto, *given(world.founder))
    assert (received.new, keys, len(found.sealed)) == (0, 0, 1)
    assert beto.log.last_arrival() == held
    _, keys, found = take(caro, *given(world.founder))
    assert (keys, found.sealed) == (1, [])
    assert caro.hash() == world.founder.hash()
    # Nor one that is made by somebody else, or by a node that is locked.
    for maker in (caro.node, locked(caro)):
        data = list(sealed_bundles(maker, maker.space(world.space)))
        assert take(beto, *data)[2].sealed == ["0000"]


def test_until_there_is_a_new_epoch_nobody_is_kept_from_carrying():
    world = World()
    beto, caro = world.join("beto"), world.join("caro")
    world.meet_all()
    remove(world, beto, with_epoch=False)
    assert take(caro, *given(world.founder))[2].sealed == []
    assert caro.hash() == world.founder.hash()


def test_a_locked_device_takes_in_and_hands_on_bundles():
    world = World()
    beto, caro = world.join("beto"), world.join("caro")
    world.meet_all()
    world.founder.write(need("Block 4"))
    node = locked(beto)
    received, keys = take_bundles(node, bundles(*given(world.founder)))
    assert (received.new, keys, received.refused) == (1, 0, {})
    assert take(caro, *sealed_bundles(node, node.space(world.space)))[0].new == 1
    assert caro.hash() == world.founder.hash()


def test_a_locked_device_has_the_keys_of_bundles_and_no_other():
    world = World()
    space = world.founder.node.space(world.space)
    keys = space.current_keys()[1]
    assert identities(locked(world.founder)) == [keys.bundle]
    for value in world.founder.log._meta.values():
        for hidden in (keys.secret, keys.body, keys.text, keys.private):
            assert hidden not in value


def test_a_device_that_was_away_for_an_epoch_reads_a_bundle_of_today():
    world = World()
    away = world.join("dora")
    beto = world.join("beto")
    world.meet_all()
    away.write(offer())
    world.meet_all()
    remove(world, beto, with_epoch=True)
    world.founder.write(need("Block 4"))
    received, keys, found = take(away, *given(world.founder))
    assert (keys, found.sealed, received.waiting) == (1, [], 0)
    assert away.hash() == world.founder.hash()


def test_who_writes_under_the_newest_epoch_needs_no_line_of_its_own():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    node = world.founder.node
    space = node.space(world.space)
    own = exchange_public(beto.key.public)
    assert own in carrying.recipients(node, space)
    beto.write(need("here I am"))
    world.meet_all()
    assert own not in carrying.recipients(node, space)
    assert take(beto, *given(world.founder))[2].sealed == []


def test_the_paper_opens_every_bundle():
    paper = SigningKey(secret("paper"))
    device = Device("ana")
    device.space = founding.found(device.node, "La Vega", "ana", paper=paper.public)
    device.write(need("Block 4"))
    (data,) = given(device)
    assert list(open_bundle(data, [paper.exchange_private]).segments())


def test_a_crowd_of_admitted_keys_makes_no_bundle_that_is_too_large():
    world = World()
    courier = world.join("carla", Role.COURIER)
    node = world.founder.node
    for number in range(RECIPIENTS_MAX + 10):
        after = node.space(world.space).after()
        key = SigningKey(secret(str(number))).public
        sealed = b""
        world.founder.write(
            Admit(Via.OWN_DEVICE, None, after, key, b"", Role.READER, None, None, sealed)
        )
    assert len(carrying.recipients(node, node.space(world.space))) == RECIPIENTS_MAX
    assert take(courier, *given(world.founder))[2].sealed == []


def test_a_bundle_that_came_back_says_what_its_giver_has():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    author = beto.key.public
    node = world.founder.node
    assert known_by(node, world.space, [author]) is None
    take(world.founder, *given(beto))
    world.founder.write(need("new"))
    known = known_by(node, world.space, [author])
    (data,) = given(world.founder, known)
    received, _, _ = take(beto, data)
    assert (received.new, received.known) == (1, 0)
    assert beto.hash() == world.founder.hash()


def test_row_13_nobody_says_what_another_has():
    """A claim counts by its author's signature, and only from who takes part."""
    world = World()
    beto, caro = world.join("beto"), world.join("caro")
    world.meet_all()
    node = world.founder.node
    honest = carrying._own_claim(caro.node, caro.node.space(world.space))
    forged = msgspec.structs.replace(honest, author=beto.key.public)
    stranger = msgspec.structs.replace(honest, space=secret("elsewhere"))
    for claim in (forged, stranger):
        keys = carrying.recipients(node, node.space(world.space))
        take(world.founder, seal_bundle([], keys, claim))
        assert known_by(node, world.space, [beto.key.public]) is None
    remove(world, caro, with_epoch=False)
    take(world.founder, *given(caro))
    assert known_by(node, world.space, [caro.key.public]) is None


@pytest.mark.parametrize("order", [1, -1])
def test_p5_bundles_in_any_order_end_equal(order):
    world = World()
    newcomer = asked(world, "beto")
    files = []
    last = 0
    for number in range(5):
        world.founder.write(offer(1000 * (number + 1)))
        known = carrying.known_since(world.founder.node, world.space, last)
        files += given(world.founder, known)
        last = world.founder.log.last_arrival()
    take(newcomer, *files[::order])
    assert newcomer.hash() == world.founder.hash()
    held = newcomer.log.last_arrival()
    received, _, _ = take(newcomer, *files, *files)
    assert received.new == 0
    assert newcomer.log.last_arrival() == held


def test_row_06_every_second_bundle_replayed_leaves_the_same_state():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    stale = given(world.founder)
    remove(world, beto, with_epoch=True)
    world.founder.write(need("after"))
    newest = given(world.founder)
    dora = asked(world, "dora")
    take(dora, *given(world.founder), *newest, *stale)
    expected = world.founder.hash()
    assert dora.hash() == expected
    take(world.founder, *stale, *newest, *stale)
    take(dora, *stale, *newest)
    assert (world.founder.hash(), dora.hash()) == (expected, expected)


def test_p5_what_is_too_large_for_one_file_goes_into_several(monkeypatch):
    monkeypatch.setattr(carrying, "CONTAINER_MAX_BYTES", 6000)
    world = World()
    for name in ("bea", "caro", "dora", "elsa"):
        member = world.join(name)
        member.write(*[need(note=secret(f"{name} {n}").hex() * 2) for n in range(12)])
        world.founder.take_from(member)
    newcomer = asked(world, "beto")
    files = given(world.founder)
    assert len(files) >= 3
    assert take(newcomer, *reversed(files))[2].sealed == []
    assert newcomer.hash() == world.founder.hash()


def test_a_bundle_of_another_space_changes_nothing():
    world, other = World(), World("eva")
    before = other.founder.hash()
    _, _, found = take(other.founder, *given(world.founder))
    assert found.sealed == ["0000"]
    keys = carrying.recipients(other.founder.node, other.founder.node.space(other.space))
    received, _, _ = take(other.founder, seal_bundle(world.founder.node.give(world.space), keys))
    assert received.new == 0
    assert other.founder.hash() == before


def test_devices_of_one_person_each_open_it():
    world = World()
    second = Device("ana's board")
    second.space = world.space
    node = world.founder.node
    invitation = joining.invite(node, world.space)
    request, _ = joining.read_request(node, joining.ask(second.node, invitation, "board"))
    devices.device(node, node.space(world.space), request, "board")
    assert take(second, *given(world.founder))[1] == 1
    assert second.hash() == world.founder.hash()
