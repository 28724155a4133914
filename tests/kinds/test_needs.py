"""Needs, offers, commitments, goods: what is missing, what is left to give, what was promised."""

from __future__ import annotations

from typing import Any

import pytest

from lumbre.kinds.supply.needs import NeedState
from lumbre.kinds.supply.records import (
    Category,
    Commitment,
    CommitmentWithdrawn,
    Confirmed,
    Good,
    Need,
    NeedClosed,
    NotArrived,
    Offer,
    OfferWithdrawn,
    RadioNeed,
    StillNeeded,
    Tier,
    Unit,
    Water,
)
from lumbre.kinds.supply.rules import check_radio_need
from lumbre.record.log import Ref
from lumbre.schema.kind import Standing
from lumbre.schema.roles import Role
from tests.kinds.stores import FLOUR, Stores
from tests.kinds.world import HERE, shuffled

GUEST = {"who": "guests", "role": Role.GUEST}
REMOVED = Standing.REMOVED


@pytest.fixture
def world() -> Stores:
    return Stores()


def need(quantity: int = 100, **more: Any) -> Need:
    fields = {"place_name": "Bloque 5", "people": 30, "tier": Tier.LIFE, **FLOUR, **more}
    return Need(**HERE, quantity=quantity, **fields)


def offer(quantity: int = 100, **more: Any) -> Offer:
    return Offer(**HERE, quantity=quantity, place_name="panadería", **{**FLOUR, **more})


def commitment(quantity: int = 60, **more: Any) -> Commitment:
    return Commitment(**HERE, quantity=quantity, **{**FLOUR, **more})


def test_a_need_goes_from_open_to_closed(world: Stores) -> None:
    asked = world.write(need(), "eva", wall_s=500)
    row = world.fold().one("need")
    assert (row.state, row.asked_s, row.enters_plan) == (NeedState.OPEN, 500, True)
    made = world.write(commitment(need=asked), "ana")
    row = world.fold().one("need")
    assert (row.state, row.claimed) == (NeedState.CLAIMED, 60)
    sent = world.write(world.dispatch("ana", "blas", 100, need=asked), "ana")
    row = world.fold().one("need")
    assert (row.state, row.on_the_way) == (NeedState.ON_THE_WAY, 100)
    world.write(world.way_loss("blas", sent, 1), "blas")
    world.write(world.receipt("blas", sent, 99), "blas")
    row = world.fold().one("need")
    assert (row.state, row.on_the_way, row.arrived) == (NeedState.CLAIMED, 0, 99)
    world.write(world.received("blas", 1, need=asked), "blas")
    assert world.fold().one("need").state is NeedState.ARRIVED
    world.write(world.handed_out("blas", 100, need=asked), "blas")
    assert world.fold().one("need").handed_out == 100
    world.write(NeedClosed(**HERE, need=asked, is_met=True), "eva")
    row = world.fold().one("need")
    assert (row.state, row.closed_by_asker, row.closed_by) == (NeedState.CLOSED, True, 1)
    assert world.fold().one("commitment").commitment == made


def test_p15_a_guests_need_is_shown_and_enters_no_plan_until_a_member_confirms(
    world: Stores,
) -> None:
    asked = world.write(need(), **GUEST)
    row = world.fold().one("need")
    assert (row.left_by_guest, row.enters_plan) == (True, False)
    world.write(Confirmed(**HERE, version=asked, need=asked), "ana")
    row = world.fold().one("need")
    assert (row.left_by_guest, row.enters_plan) == (False, True)


def test_p15_a_removed_members_need_is_shown_and_enters_no_plan_until_adopted(
    world: Stores,
) -> None:
    asked = world.write(need(), "eva", standing=REMOVED)
    row = world.fold().one("need")
    assert (row.from_removed, row.enters_plan) == (True, False)
    world.write(Confirmed(**HERE, version=asked, need=asked), "ana")
    assert world.fold().one("need").enters_plan


def test_row_29_who_holds_the_laptop_cannot_shrink_or_close_a_need_for_good(
    world: Stores,
) -> None:
    steward = {"who": "mala", "role": Role.STEWARD}
    asked = world.write(need(), "eva")
    world.write(need(1, people=0, first=asked, replaces=(asked,)), **steward)
    row = world.fold().one("need")
    assert [version.quantity for version in row.versions] == [100, 1]
    closing = world.write(NeedClosed(**HERE, need=asked, is_met=True), **steward)
    row = world.fold().one("need")
    assert (row.state, row.closed_by_asker, row.closings) == (NeedState.CLOSED, False, (closing,))
    world.write(StillNeeded(**HERE, need=asked, closings=(closing,)), **GUEST)
    row = world.fold().one("need")
    assert (row.state, row.closed_by) == (NeedState.OPEN, 0)
    world.write(NeedClosed(**HERE, need=asked, is_met=True), "blas", standing=REMOVED)
    assert world.fold().one("need").state is NeedState.OPEN
    other = world.write(need(5), "eva")
    world.write(
        StillNeeded(**HERE, need=other, closings=(closing,)), **GUEST, expect="content.other-need"
    )


def test_only_who_asked_replaces_what_they_asked(world: Stores) -> None:
    asked = world.write(need(), "eva")
    world.write(need(80, first=asked, replaces=(asked,)), "eva", device="2")
    row = world.fold().one("need")
    assert (row.need, row.quantity, len(row.versions)) == (asked, 80, 1)
    second = row.versions[0].version
    world.write(
        need(8, good="rice", first=asked, replaces=(asked,)), "eva", expect="content.other-good"
    )
    world.write(commitment(need=second), "ana", expect="content.not-the-first")
    world.write(NeedClosed(**HERE, need=second, is_met=True), expect="content.not-the-first")


def test_a_need_by_radio_is_a_need(world: Stores) -> None:
    body = RadioNeed(
        **HERE, place_name="LA VEGA 3", quantity=100, people=30, tier=Tier.LIFE, **FLOUR
    )
    asked = world.write(body, **GUEST)
    world.write(commitment(need=asked), "ana")
    row = world.fold().one("need")
    assert (row.by_radio, row.place, row.claimed, row.place_name) == (True, None, 60, "LA VEGA 3")
    world.write(need(50, first=asked, replaces=(asked,)), **GUEST)
    row = world.fold().one("need")
    assert (row.need, row.by_radio, row.quantity) == (asked, True, 50)
    anyone = Ref(bytes(32), 0, bytes(32))
    assert world.fold().one("need").left_by_guest
    spoken = RadioNeed(
        via=body.via, speaks_for=anyone, place_name="x", quantity=1, people=1, tier=Tier.LIFE,
        **FLOUR,
    )  # fmt: skip
    assert check_radio_need(spoken, {}, b"") == "content.no-room"


def test_no_llego_frees_what_was_claimed_once_a_member_says_it(world: Stores) -> None:
    asked = world.write(need(), "eva")
    made = world.write(commitment(need=asked), "ana")
    late = NotArrived(**HERE, commitment=made, need=asked)
    world.write(late, **GUEST)
    folded = world.fold()
    assert (folded.one("need").claimed, folded.one("need").not_arrived) == (60, 1)
    row = folded.one("commitment")
    assert (row.stands, row.not_arrived, row.not_arrived_guests) == (True, 0, 1)
    world.write(late, "eva")
    world.write(late, "eva")
    folded = world.fold()
    assert (folded.one("need").state, folded.one("need").not_arrived) == (NeedState.OPEN, 2)
    assert not folded.one("commitment").stands
    world.write(NotArrived(**HERE, commitment=made), "eva", expect="content.other-need")


def test_only_who_committed_takes_it_back(world: Stores) -> None:
    asked = world.write(need(), "eva")
    made = world.write(commitment(need=asked), "ana")
    back = CommitmentWithdrawn(**HERE, commitment=made, need=asked)
    world.write(back, "mala")
    assert world.fold().one("need").claimed == 60
    world.write(back, "ana", device="2")
    folded = world.fold()
    assert folded.one("need").claimed == 0
    assert folded.one("commitment").is_withdrawn


def test_what_is_left_of_an_offer(world: Stores) -> None:
    asked = world.write(need(), "eva")
    given = world.write(offer(spoils_by_s=900), "rosa")
    made = world.write(commitment(need=asked, offer=given), "ana")
    row = world.fold().one("offer")
    assert (row.committed, row.taken, row.left, row.spoils_by_s) == (60, 0, 40, 900)
    world.write(world.received("blas", 70, offer=given, commitment=made, need=asked), "blas")
    world.write(world.received("blas", 20, offer=given), "blas")
    row = world.fold().one("offer")
    assert (row.committed, row.taken, row.left) == (60, 90, 10)
    assert world.fold().one("commitment").sent == 70
    world.write(world.received("blas", 900, offer=given), "blas")
    assert world.fold().one("offer").left == 0


def test_an_offer_is_its_holders(world: Stores) -> None:
    given = world.write(offer(), "rosa")
    world.write(OfferWithdrawn(**HERE, offer=given), "mala")
    world.write(offer(1, first=given, replaces=(given,)), "mala")
    row = world.fold().one("offer")
    assert not row.is_withdrawn
    assert len(row.versions) == 2
    world.write(offer(50, first=given, replaces=(given,)), "rosa")
    world.write(OfferWithdrawn(**HERE, offer=given), "rosa")
    row = world.fold().one("offer")
    assert (row.offer, row.is_withdrawn, row.left, row.enters_plan) == (given, True, 0, False)


def test_a_guests_offer_waits_for_a_member(world: Stores) -> None:
    given = world.write(offer(), **GUEST)
    row = world.fold().one("offer")
    assert (row.left_by_guest, row.enters_plan) == (True, False)
    world.write(Confirmed(**HERE, version=given, offer=given), "ana")
    assert world.fold().one("offer").enters_plan
    asked = world.write(need(), "eva")
    both = {"expect": "content.answers-nothing"}
    world.write(Confirmed(**HERE, version=given, offer=given, need=asked), **both)
    world.write(Confirmed(**HERE, version=given), **both)
    world.write(Confirmed(**HERE, version=given, need=asked), expect="content.replaces-other")
    second = world.write(offer(9, first=given, replaces=(given,)), **GUEST)
    world.write(Confirmed(**HERE, version=second, offer=second), expect="content.not-the-first")


def test_commitments_and_movements_are_of_the_good_they_serve(world: Stores) -> None:
    asked = world.write(need(), "eva")
    water = {"good": "water.potable", "unit": Unit.MILLILITRE}
    other_good = {"expect": "content.other-good"}
    world.write(commitment(need=asked, **water), "ana", **other_good)
    world.write(commitment(), "ana", expect="content.answers-nothing")
    world.write(world.dispatch("ana", "blas", 1, need=asked, **water), "ana", **other_good)
    made = world.write(commitment(need=asked), "ana")
    world.write(
        world.dispatch("ana", "blas", 1, commitment=made), "ana", expect="content.other-need"
    )
    world.write(world.dispatch("ana", "blas", 1, commitment=made, **water), "ana", **other_good)
    given = world.write(offer(), "rosa")
    world.write(
        world.received("ana", 1, commitment=made, need=asked, offer=given), "ana",
        expect="content.other-need",
    )  # fmt: skip


def good(code: str = "flour", unit: Unit = Unit.GRAM, **more: Any) -> Good:
    fields = {"name": "harina", "category": Category.FOOD, "tier": Tier.BASIC, **more}
    return Good(**HERE, code=code, unit=unit, **fields)


def test_two_units_under_one_code_are_two_goods_and_say_so(world: Stores) -> None:
    first = world.write(good())
    row = world.fold().one("good")
    assert (row.unit, row.has_two_units) == (Unit.GRAM, False)
    world.write(good(unit=Unit.PIECE), "blas")
    assert world.fold().one("good").has_two_units
    world.write(good(name="harina de trigo", replaces=(first,)))
    assert {line.name for line in world.fold().one("good").versions} == {
        "harina",
        "harina de trigo",
    }
    world.write(good("rice", replaces=(first,)), expect="content.other-good")


def test_water_is_three_goods_and_none_passes_as_another(world: Stores) -> None:
    def water(code: str, use: Water, **more: Any) -> Good:
        fields = {"category": Category.WATER, "unit": Unit.MILLILITRE, **more}
        return good(code, name="agua", water=use, **fields)

    for code, use in (
        ("water.potable", Water.POTABLE),
        ("water.to-boil", Water.TO_BOIL),
        ("water.washing", Water.WASHING),
    ):
        world.write(water(code, use))
    wrong = {"expect": "content.water-code"}
    world.write(water("water.potable", Water.WASHING), **wrong)
    world.write(water("water.good", Water.POTABLE), **wrong)
    world.write(water("water.potable", Water.POTABLE, category=Category.FOOD), **wrong)
    world.write(water("cistern", Water.NOT_WATER), **wrong)
    world.write(water("water.potable", Water.POTABLE, unit=Unit.PIECE), expect="content.water-unit")


def test_p2_the_order_of_arrival_changes_nothing(world: Stores) -> None:
    asked = world.write(need(), **GUEST)
    given = world.write(offer(), "rosa")
    made = world.write(commitment(need=asked, offer=given), "ana")
    world.write(need(80, first=asked, replaces=(asked,)), **GUEST)
    world.write(NotArrived(**HERE, commitment=made, need=asked, offer=given), **GUEST)
    closing = world.write(NeedClosed(**HERE, need=asked, is_met=True), "ana")
    world.write(StillNeeded(**HERE, need=asked, closings=(closing,)), **GUEST)
    digest = world.fold().digest()
    assert all(world.fold(shuffled(world.facts, n)).digest() == digest for n in range(50))
