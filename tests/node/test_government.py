"""Acts of government built from what a node knows, and what is read back of them."""

from __future__ import annotations

import pytest

from lumbre.errors import Invalid, NotAllowed, NotFound
from lumbre.node import devices, epochs, government, joining, names, proposals
from lumbre.node.desk import own_key
from lumbre.node.proposals import State, effect_of
from lumbre.record import Lane
from lumbre.schema import Role
from tests.attacks.test_row_02_fork import image_of
from tests.ledger.test_ledger import ledger_of, need, offer
from tests.world import Device, World


def space_of(device: Device):
    return device.node.space(device.space)


def person_of(device: Device) -> bytes:
    return ledger_of(device).rights.author(device.key.public).person


def council(*people: str) -> tuple[World, list[Device]]:
    """A world whose stewards are its founder and these people."""
    world = World()
    devices = [world.join(name) for name in people]
    world.meet_all()
    stewards = [world.founder]
    for device in devices:
        act = government.appoint(world.founder.node, space_of(world.founder), person_of(device))
        world.meet_all()
        for other in stewards[1:]:
            if effect_of(space_of(other), act.id).state is State.WAITING:
                government.approve(other.node, space_of(other), act.id)
                world.meet_all()
        stewards.append(device)
    world.meet_all()
    assert len(ledger_of(world.founder).rights.stewards) == len(stewards)
    return world, devices


def effect(device: Device, act: bytes):
    return effect_of(space_of(device), act)


def test_a_lone_steward_s_act_is_in_effect_and_a_member_is_told_that_it_may_not():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    founder = world.founder
    act = government.set_quorum(founder.node, space_of(founder), 60)
    assert effect(founder, act.id) == proposals.Effect(State.IN_EFFECT, 1, 1)
    with pytest.raises(NotAllowed):
        government.set_quorum(beto.node, space_of(beto), 70)
    with pytest.raises(Invalid):
        government.set_quorum(founder.node, space_of(founder), 95)


def test_a_removal_by_two_of_three_waits_for_a_vote_then_a_key_is_due():
    world, (beto, caro) = council("beto", "caro")
    dora = world.join("dora")
    world.meet_all()
    founder = world.founder
    act = government.remove(founder.node, space_of(founder), person_of(dora), reason="a reason")
    assert effect(founder, act.id).missing == 1
    world.meet_all()
    (waiting,) = proposals.waiting(space_of(beto))
    assert proposals.about(space_of(beto), waiting.body) == ("proposal.remove", {"who": "dora"})
    assert proposals.reason_of(space_of(beto), waiting.body) == "a reason"
    with pytest.raises(Invalid):
        government.approve(founder.node, space_of(founder), act.id)
    vote = government.approve(beto.node, space_of(beto), act.id)
    assert effect(beto, vote.id) == proposals.Effect(State.IN_EFFECT, 2, 2)
    assert proposals.waiting(space_of(beto)) == []
    assert space_of(beto).needs_new_epoch
    assert proposals.still_reading(space_of(beto)) == [person_of(dora)]
    world.meet_all()
    # The new key takes a majority too; whoever voted for it last reads by it at once.
    made = government.renew(caro.node, space_of(caro))
    with pytest.raises(Invalid):
        government.renew(caro.node, space_of(caro))
    world.meet_all()
    government.approve(beto.node, space_of(beto), made.id)
    assert space_of(beto).current_keys()[0] == made.id
    beto.write(need("for us alone"))
    world.meet_all()
    for device in world.devices:
        epochs.collect_keys(device.node, world.space)
    assert {row.place_name for row in caro.rows("need")} == {"for us alone"}
    assert dora.rows("need") == []
    assert proposals.still_reading(space_of(founder)) == []
    assert caro.hash() == founder.hash()


def test_pins_are_the_frontier_of_every_lane_and_branch():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    beto.write(need("one"))
    twin = image_of(beto)
    beto.write(need("two"))
    twin.write(need("other two"))
    beto.write(offer(1))
    for device in (beto, twin):
        world.founder.take_from(device)
    founder = world.founder
    found = devices.pins_of(founder.node, space_of(founder), [beto.key.public])
    tips = {
        branch.tip.id
        for name in founder.log.logs(world.space)
        if name.author == beto.key.public
        for branch in founder.log.branches(name.id)
    }
    assert {pin.hash for pin in found} == tips
    assert len(found) >= 3
    government.remove(founder.node, space_of(founder), person_of(beto))
    assert len(founder.rows("need")) == 3
    assert all(not row.from_removed for row in founder.rows("need"))


def test_more_branches_than_pins_keep_the_longest_of_each_log(monkeypatch):
    monkeypatch.setattr(devices, "PINS_MAX", 1)
    world = World()
    beto = world.join("beto")
    world.meet_all()
    twin = image_of(beto)
    beto.write(need("a"))
    twin.write(need("b"))
    twin.write(need("c"))
    for device in (beto, twin):
        world.founder.take_from(device)
    (pin,) = devices.pins_of(world.founder.node, space_of(world.founder), [beto.key.public])
    assert pin.seq == 1


def asked(world: World, name: str) -> tuple[Device, joining.Request]:
    device = Device(name)
    device.space = world.space
    invitation = joining.invite(world.founder.node, world.space)
    said = joining.ask(device.node, invitation, name)
    return device, joining.read_request(world.founder.node, said)[0]


def test_a_person_admits_a_further_device_that_reads_and_closes_the_lost_one():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    beto.write(need("from the phone"))
    laptop, request = asked(world, "beto's laptop")
    devices.device(beto.node, space_of(beto), request, "laptop")
    laptop.take_from(beto)
    epochs.collect_keys(laptop.node, world.space)
    assert [row.place_name for row in laptop.rows("need")] == ["from the phone"]
    assert person_of(laptop) == person_of(beto)
    (member,) = [m for m in names.members(space_of(laptop)) if m.name == "beto"]
    assert len(member.keys) == 2
    with pytest.raises(Invalid):
        devices.close(laptop.node, space_of(laptop), laptop.key.public)
    with pytest.raises(NotAllowed):
        devices.close(laptop.node, space_of(laptop), world.founder.key.public)
    devices.close(laptop.node, space_of(laptop), beto.key.public)
    beto.write(need("by the thief"))
    laptop.take_from(beto)
    assert [row.place_name for row in laptop.rows("need") if row.enters_plan] == ["from the phone"]
    (member,) = [m for m in names.members(space_of(laptop)) if m.name == "beto"]
    assert member.closed == [beto.key.public]
    # The phone is found again: it asks with a fresh key, never with the closed one.
    beto.take_from(laptop)
    again = joining.ask(beto.node, joining.invite(laptop.node, world.space), "phone")
    request, name = joining.read_request(laptop.node, again)
    assert request.author not in member.closed
    devices.device(laptop.node, space_of(laptop), request, name)
    beto.take_from(laptop)
    epochs.collect_keys(beto.node, world.space)
    beto.node.write(world.space, own_key(beto.node, space_of(beto)), [need("mine again")])
    laptop.take_from(beto)
    places = {row.place_name for row in laptop.rows("need") if row.enters_plan}
    assert places == {"from the phone", "mine again"}


def test_the_last_steward_cannot_be_dismissed_and_one_of_two_goes_back_to_being_a_member():
    world, (beto, caro) = council("beto", "caro")
    founder = world.founder
    act = government.dismiss(founder.node, space_of(founder), person_of(beto))
    world.meet_all()
    government.approve(caro.node, space_of(caro), act.id)
    world.meet_all()
    rights = ledger_of(founder).rights
    assert person_of(beto) not in rights.stewards
    assert rights.author(beto.key.public).role is Role.MEMBER
    alone = World()
    act = government.dismiss(alone.founder.node, space_of(alone.founder), alone.space)
    assert effect(alone.founder, act.id).reason == "right.last-steward"


def test_a_proposal_that_can_no_longer_be_decided_or_is_done_is_not_shown_as_open():
    world, (beto, caro) = council("beto", "caro")
    dora = world.join("dora")
    world.meet_all()
    one = government.appoint(beto.node, space_of(beto), person_of(dora))
    two = government.appoint(caro.node, space_of(caro), person_of(dora))
    world.meet_all()
    assert len(proposals.waiting(space_of(world.founder))) == 2
    government.approve(world.founder.node, space_of(world.founder), one.id)
    assert proposals.waiting(space_of(world.founder)) == []
    assert effect(world.founder, two.id).state is State.WAITING


def test_moved_pins_let_later_entries_count():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    founder = world.founder
    act = government.remove(founder.node, space_of(founder), person_of(beto))
    beto.write(offer(7))
    founder.take_from(beto)
    assert founder.rows("offer") == []
    _, body = names.find_act(space_of(founder), act.id.hex())
    government.move_pins(founder.node, space_of(founder), act, body)
    assert [row.quantity for row in founder.rows("offer")] == [7]


def test_a_removed_member_s_need_is_adopted_and_anyone_objects():
    world = World()
    beto, caro = world.join("beto"), world.join("caro")
    world.meet_all()
    founder = world.founder
    government.remove(founder.node, space_of(founder), person_of(beto))
    (entry,) = beto.write(need("after"))
    world.meet_all()
    with pytest.raises(Invalid):
        government.adopt(caro.node, space_of(caro), caro.write(need("own"))[0])
    act = government.adopt(caro.node, space_of(caro), entry)
    assert effect(caro, act.id).state is State.IN_EFFECT
    (row,) = [row for row in caro.rows("need") if row.place_name == "after"]
    assert row.enters_plan
    objection = government.object_to(caro.node, space_of(caro), entry, "it is not so")
    assert objection.name.lane is Lane.URGENT
    with pytest.raises(Invalid):
        government.object_to(caro.node, space_of(caro), entry, "x" * 2000)


def test_mandates_organisations_and_grants():
    world, (beto,) = council("beto")
    caro, guest = world.join("caro"), world.join("visitor", Role.GUEST)
    world.meet_all()
    named = government.organisation(caro.node, space_of(caro), "Bakers' union")
    assert effect(caro, named.id).state is State.IN_EFFECT
    world.meet_all()
    act = government.mandate(
        beto.node,
        space_of(beto),
        "water-round",
        person_of(caro),
        deputies=(person_of(beto),),
        of=named.ref,
    )
    assert effect(beto, act.id).missing == 1
    world.meet_all()
    founder = world.founder
    government.approve(founder.node, space_of(founder), act.id)
    world.meet_all()
    _, body = names.find_act(space_of(caro), act.id.hex())
    end = government.end_mandate(caro.node, space_of(caro), act, body, person_of(caro))
    assert effect(caro, end.id).state is State.IN_EFFECT
    lanes = (0, 8 * 2**20, 8 * 2**20, 0)
    raised = government.grant(caro.node, space_of(caro), guest.key.public, lanes)
    assert effect(caro, raised.id).state is State.IN_EFFECT
    assert ledger_of(caro).rights.author(guest.key.public).grants[1] == lanes[1]
    with pytest.raises(NotAllowed):
        government.grant(caro.node, space_of(caro), beto.key.public, lanes)


def test_people_are_found_by_name_or_id_and_never_one_of_two():
    world = World()
    world.join("beto")
    world.join("Beto")
    caro = world.join("caro")
    space = space_of(world.founder)
    assert names.find_person(space, "Caro").person == person_of(caro)
    assert names.find_person(space, person_of(caro).hex()[:8]).name == "caro"
    with pytest.raises(Invalid, match="which-person"):
        names.find_person(space, "beto")
    with pytest.raises(NotFound):
        names.find_person(space, "zoe")
    with pytest.raises(NotFound):
        names.find_key(space, "00")


def test_who_was_admitted_before_a_new_key_came_gets_it_by_hand():
    world, (beto,) = council("beto")
    founder = world.founder
    made = government.renew(founder.node, space_of(founder))
    world.meet_all()
    caro = world.join("caro", via=beto)
    government.approve(beto.node, space_of(beto), made.id)
    assert devices.lacking_key(space_of(beto)) == [caro.key.public]
    devices.wrap_for(beto.node, space_of(beto), [caro.key.public])
    assert devices.lacking_key(space_of(beto)) == []
    beto.write(need("now"))
    caro.take_from(beto)
    epochs.collect_keys(caro.node, world.space)
    assert [row.place_name for row in caro.rows("need")] == ["now"]


def test_a_steward_stands_by_whom_a_member_brought_in_and_then_they_bring_in_others():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    caro = world.join("caro", via=beto)
    world.meet_all()
    founder = world.founder
    (waits,) = proposals.waiting(space_of(founder))
    assert proposals.about(space_of(founder), waits.body)[0] == "proposal.bring"
    assert proposals.about(space_of(founder), waits.body)[1]["who"] == "caro"
    early = world.join("early", via=caro)
    world.meet_all()
    assert space_of(founder).ledger.rights.author(early.key.public) is None
    with pytest.raises(NotAllowed):
        government.approve(beto.node, space_of(beto), waits.ref.hash)
    act = government.approve(founder.node, space_of(founder), waits.ref.hash)
    assert effect(founder, act.id).state is State.IN_EFFECT
    assert waits.ref not in [one.ref for one in proposals.waiting(space_of(founder))]
    world.meet_all()
    assert space_of(founder).ledger.rights.author(early.key.public) is not None


def test_a_space_whose_acts_have_not_come_has_nobody_to_stand_by():
    world = World()
    asked = Device("leo")
    joining.ask(asked.node, joining.invite(world.founder.node, world.space), "leo")
    assert proposals.waiting(asked.node.space(world.space)) == []
