"""Row 10 and P9, P15, on nodes: who was removed goes on, backdates, claims not to have seen it.

The rules of the acts themselves are tested in tests/trust; here is what they do to entries.
"""

from __future__ import annotations

from lumbre.kinds.situation.records import Place, PlaceType
from lumbre.kinds.supply.movements import Pen
from lumbre.ledger import Ledger
from lumbre.record import Lane, Mention, read_segment
from lumbre.schema import Via
from lumbre.trust.acts import Appoint, Approve, Close, Dismiss, Remove
from lumbre.trust.acts import Device as DeviceAct
from tests.attacks.test_row_02_fork import image_of
from tests.ledger.test_ledger import fresh, ledger_of, need, offer, one_by_one
from tests.world import Device, World


def pins_of(world: World, device: Device) -> tuple[Mention, ...]:
    """The last entries of an author that the founder knows, in every lane."""
    log = world.founder.log
    return tuple(
        Mention.of(log.entry(branch.number, branch.tip.seq).ref)
        for id_ in log.logs_of(device.key.public)
        for branch in log.branches(id_)
    )


def remove(world: World, device: Device) -> None:
    founder = world.founder
    person = ledger_of(founder).rights.author(device.key.public).person
    space = founder.node.space(world.space)
    founder.write(Remove(Via.OWN_DEVICE, None, space.after(), person, None, pins_of(world, device)))


def places(device: Device, **how) -> set[str]:
    return {
        row.place_name
        for row in device.rows("need")
        if all(getattr(row, name) is value for name, value in how.items())
    }


def test_row_10_what_a_removed_member_writes_past_the_pin_moves_nothing_on_any_node():
    world = World()
    beto, caro = world.join("beto"), world.join("caro")
    world.meet_all()
    beto.write(need("before"))
    beto.write(offer())
    world.meet_all()
    remove(world, beto)
    # It has not seen the removal, or says so, and goes on.
    beto.write(need("after"))
    beto.write(offer(9_000))
    world.meet_all()
    assert {device.hash() for device in world.devices} == {caro.hash()}
    assert [row.quantity for row in caro.rows("offer")] == [5_000]
    # P15: a need stays shown, as from a removed member, and enters no plan.
    assert places(caro) == {"before", "after"}
    assert places(caro, from_removed=True) == {"after"}
    assert places(caro, enters_plan=True) == {"before"}


def test_row_10_a_fork_below_the_pin_does_not_get_around_it():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    twin = image_of(beto)
    beto.write(offer(1), offer(2))
    world.meet_all()
    remove(world, beto)
    # Backdated: written on a branch that parts before the pin.
    twin.write(offer(3))
    caro = world.join("caro")
    for one in (world.founder, caro):
        one.take_from(twin)
    world.meet(world.founder, caro)
    assert world.founder.hash() == caro.hash()
    assert sorted(row.quantity for row in caro.rows("offer")) == [1, 2]


def test_row_10_entries_come_before_or_after_the_removal_and_end_alike():
    world = World()
    beto, caro, dora = world.join("beto"), world.join("caro"), world.join("dora")
    world.meet_all()
    beto.write(offer(1))
    world.meet(world.founder, beto)
    remove(world, beto)
    beto.write(offer(2), offer(3))
    caro.take_from(beto)
    assert sorted(row.quantity for row in caro.rows("offer")) == [1, 2, 3]
    caro.take_from(world.founder)
    dora.take_from(world.founder)
    dora.take_from(beto)
    assert caro.hash() == dora.hash()
    assert sorted(row.quantity for row in caro.rows("offer")) == [1]
    assert dora.node.rebuild() > 0
    assert dora.hash() == caro.hash()


def test_p4_a_person_closes_its_own_lost_key_with_pins_and_goes_on_with_a_new_one():
    world = World()
    phone, laptop = world.join("beto"), Device("beto's laptop")
    world.meet_all()
    laptop.space = world.space
    laptop.node.add_space(world.space)
    laptop.node.keep_author(world.space, laptop.node.random.bytes(32))
    space = phone.node.space(world.space)
    person = ledger_of(phone).rights.author(phone.key.public).person
    phone.write(DeviceAct(Via.OWN_DEVICE, None, space.after(), person, laptop.key.public, b""))
    for id_, secret in phone.private.secrets("epoch"):
        laptop.node.learn_epoch(world.space, id_[32:], secret)
    phone.write(offer(1))
    world.meet(world.founder, phone)
    laptop.take_from(world.founder)
    # The phone is stolen; who has it goes on writing.
    phone.write(offer(666))
    laptop.write(
        Close(
            Via.OWN_DEVICE,
            None,
            laptop.node.space(world.space).after(),
            phone.key.public,
            pins_of(world, phone),
        )
    )
    laptop.write(offer(2))
    for device in (phone, laptop):
        world.founder.take_from(device)
    rights = ledger_of(world.founder).rights
    assert rights.author(phone.key.public).pins
    assert rights.author(laptop.key.public).pins is None
    counted = sorted(row.quantity for row in world.founder.rows("offer"))
    assert counted == [1, 2]


def test_row_10_a_flood_past_the_pin_costs_no_more_than_anybody_s(monkeypatch):
    """What is past the pin says nothing new of what came before it."""
    world = World()
    ana, beto = world.founder, world.join("beto")
    world.meet_all()
    for number in range(5):
        beto.write(offer(number + 1))
    world.meet_all()
    remove(world, beto)
    for number in range(20):
        beto.write(offer(number + 1))
    stood = []
    genuine = Ledger._stand
    monkeypatch.setattr(
        Ledger, "_stand", lambda self, *entry: stood.append(entry) or genuine(self, *entry)
    )
    for part in one_by_one(beto):
        ana.node.take([part])
    assert len(stood) == 20


def test_row_10_what_a_steward_gave_before_the_dismissal_stands_in_any_order_of_arrival():
    world = World()
    ana, beto = world.founder, world.join("beto")
    person = ledger_of(ana).rights.author(beto.key.public).person
    after = ana.node.space(world.space).after
    ana.write(Appoint(Via.OWN_DEVICE, None, after(), person))
    world.meet_all()
    (store,) = beto.write(Place(Via.OWN_DEVICE, None, "Galpón", PlaceType.STORE))
    for _ in range(3):
        beto.write(Pen(Via.OWN_DEVICE, None, store.ref, ana.key.public))
    world.meet_all()
    (proposal,) = ana.write(Dismiss(Via.OWN_DEVICE, None, after(), person, pins_of(world, beto)))
    world.meet_all()
    heads = beto.node.space(world.space).after()
    beto.write(Approve(Via.OWN_DEVICE, None, heads, proposal.ref))
    world.meet_all()
    late = fresh(world, ana)
    parts = one_by_one(ana)
    lanes = [read_segment(part)[0].name.lane for part in parts]
    late.node.take(part for part, lane in zip(parts, lanes, strict=True) if lane is Lane.TRUST)
    for part in parts:
        late.node.take([part])
    assert ledger_of(late).rights.author(beto.key.public).steward_pins
    assert late.hash() == ana.hash()
    assert len(late.rows("pen")) == 1
