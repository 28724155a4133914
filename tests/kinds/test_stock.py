"""P7: stock moves only by movements, a retry counts once, every unit is accounted for."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from lumbre.kinds.shared import Marks
from lumbre.kinds.supply import keys
from lumbre.kinds.supply.movements import Cash, CashMark, CashReason, Mark
from lumbre.kinds.supply.pens import wrote_after
from lumbre.kinds.supply.records import Unit
from lumbre.record import canonical
from lumbre.record.log import Ref
from lumbre.schema.fields import QUANTITY_MAX
from lumbre.schema.kind import Standing, ref_key
from lumbre.schema.roles import Role, Via
from tests.kinds.stores import FLOUR, Stores, adopted, assert_nothing_is_lost_or_made
from tests.kinds.world import HERE, Folded, shuffled

REMOVED = Standing.REMOVED


@pytest.fixture
def world() -> Stores:
    return Stores()


def stock(folded: Folded, store: Ref, **good: Any) -> int:
    named = {**FLOUR, **good}
    return folded.totals(keys.STOCK).get(keys.stock_key(store, named["good"], named["unit"]), 0)


def test_p7_stock_moves_when_each_side_writes_its_own(world: Stores) -> None:
    ana, blas = world.store["ana"], world.store["blas"]
    world.write(world.received("ana", 100), "ana")
    sent = world.write(world.dispatch("ana", "blas", 40), "ana")
    folded = world.fold()
    assert (stock(folded, ana), stock(folded, blas)) == (60, 0)
    (way,) = folded.totals(keys.TRANSIT).items()
    assert keys.transit_line(*way) == keys.TransitLine(ana, blas, "flour", Unit.GRAM, 40, False)
    world.write(world.receipt("blas", sent, 38), "blas")
    folded = world.fold()
    assert (stock(folded, ana), stock(folded, blas), folded.total(keys.TRANSIT)) == (60, 38, 2)
    row = folded.one("hand-over")
    assert (row.sent, row.received, row.difference, row.receipts) == (40, 38, 2, 1)
    world.write(world.way_loss("blas", sent, 2), "blas")
    folded = world.fold()
    assert folded.total(keys.TRANSIT) == folded.one("hand-over").difference == 0
    assert_nothing_is_lost_or_made(folded)


def test_p7_a_retry_counts_once_three_times(world: Stores) -> None:
    body = world.dispatch("ana", "blas", 40)
    refs = [world.write(body, "ana") for _ in range(3)]
    receipt = world.receipt("blas", refs[2], 40)
    for _ in range(3):
        world.write(receipt, "blas")
    for number in range(20):
        folded = world.fold(shuffled(world.facts, number))
        assert stock(folded, world.store["ana"]) == -40
        assert stock(folded, world.store["blas"]) == 40
        assert folded.total(keys.TRANSIT) == 0
        row = folded.one("hand-over")
        assert (row.dispatch, row.sent, row.received) == (refs[0], 40, 40)
        assert {row.times_written for row in folded.all("movement")} == {3}


def test_p7_somebody_elses_slip_is_not_a_retry(world: Stores) -> None:
    slip = world.slip()
    world.write(world.received("ana", 10, slip=slip), "ana")
    world.write(world.received("blas", 10, slip=slip), "blas")
    assert world.fold().total(keys.STOCK) == 20


def test_p7_two_keepers_who_act_apart_leave_an_overdraft_that_is_shown(world: Stores) -> None:
    ana = world.store["ana"]
    world.write(world.received("ana", 10), "ana")
    old = world.pen["ana"]
    first = world.dispatch("ana", "blas", 8)
    new = world.pen["ana"] = world.give_pen("ana", "caro", replaces=(old,))
    world.write(world.dispatch("ana", "blas", 8), "caro")
    world.write(first, "ana")
    folded = world.fold()
    (line,) = [keys.stock_line(*item) for item in folded.totals(keys.STOCK, ref_key(ana)).items()]
    assert (line.quantity, line.is_overdraft) == (-6, True)
    row = next(row for row in folded.all("pen") if row.store == ana)
    assert (row.pen, row.standing) == (new, 1)
    late = {
        pen.pen: wrote_after(pen, folded.totals(keys.PEN, ref_key(pen.pen)).items())
        for pen in row.pens
    }
    assert late == {old: 0, new: 0}, "apart: only the overdraft tells"
    assert_nothing_is_lost_or_made(folded)


def test_p7_a_pen_that_was_passed_on_and_still_writes_is_shown(world: Stores) -> None:
    ana, old = world.store["ana"], world.pen["ana"]
    world.write(world.received("ana", 10), "ana")
    new = world.pass_pen("ana", "caro", by="ana")
    world.write(world.received("ana", 5, pen=old), "ana")
    folded = world.fold()
    row = next(row for row in folded.all("pen") if row.store == ana)
    assert row.pen == new
    lines = {line.pen: line for line in row.pens}
    totals = folded.totals(keys.PEN, ref_key(old)).items()
    assert wrote_after(lines[old], totals) == 1
    assert wrote_after(lines[new], folded.totals(keys.PEN, ref_key(new)).items()) == 0


def test_two_pens_that_stand_are_both_shown(world: Stores) -> None:
    world.give_pen("ana", "caro")
    row = next(row for row in world.fold().all("pen") if row.store == world.store["ana"])
    assert row.standing == 2


def test_only_the_pens_keeper_writes_for_its_store(world: Stores) -> None:
    world.write(world.received("ana", 1), "blas", expect="content.not-the-keeper")
    world.write(world.received("ana", 1), "ana", device="2", expect="content.not-the-keeper")
    world.write(
        world.received("ana", 1, store=world.store["blas"]), "ana", expect="content.other-store"
    )
    with pytest.raises(AssertionError, match=r"not-the-keeper"):
        world.pass_pen("ana", "caro", by="blas")


def test_a_stocktake_moves_by_the_difference_and_reverts_nobody(world: Stores) -> None:
    ana = world.store["ana"]
    world.write(world.received("ana", 100), "ana")
    count = world.stocktake("ana", 97, -3)
    sent = world.write(world.dispatch("ana", "blas", 40), "ana")
    world.write(count, "ana")
    world.write(world.receipt("blas", sent, 40), "blas")
    folded = world.fold()
    assert stock(folded, ana) == 57
    row = next(row for row in folded.all("movement") if row.kind == "stocktake")
    assert (row.counted, row.change) == (97, -3)
    (lost,) = [keys.stock_line(*item) for item in folded.totals(keys.LOST).items()]
    assert (lost.quantity, lost.reason) == (3, keys.COUNTED)
    world.write(world.stocktake("ana", 60, 3), "ana")
    world.write(world.stocktake("ana", 60, 0), "ana")
    folded = world.fold()
    assert stock(folded, ana) == 60
    assert_nothing_is_lost_or_made(folded)


def test_both_sides_agree_on_what_was_sent(world: Stores) -> None:
    sent = world.write(world.dispatch("ana", "blas", 40), "ana")
    for wrong, reason in (
        ({"unit": Unit.MILLILITRE}, "content.other-good"),
        ({"good": "water.potable"}, "content.other-good"),
        ({"sent_to": world.store["ana"]}, "content.other-store"),
        ({"dispatch_slip": bytes(15) + b"\1"}, "content.other-dispatch"),
    ):
        body = msgspec.structs.replace(world.receipt("blas", sent, 40), **wrong)
        world.write(body, "blas", expect=reason)
    world.write(world.dispatch("ana", "ana", 1), "ana", expect="content.same-store")
    third = Stores("ana", "blas", "caro")
    sent = third.write(third.dispatch("ana", "blas", 40), "ana")
    third.write(third.way_loss("caro", sent, 1), "caro", expect="content.other-store")


def test_goods_that_were_turned_to_another_store_are_received_there() -> None:
    world = Stores("ana", "blas", "caro")
    sent = world.write(world.dispatch("ana", "blas", 40), "ana")
    world.write(world.receipt("caro", sent, 40), "caro")
    folded = world.fold()
    assert stock(folded, world.store["caro"]) == 40
    assert folded.total(keys.TRANSIT) == 0


def test_more_received_than_sent_is_shown_below_zero(world: Stores) -> None:
    sent = world.write(world.dispatch("ana", "blas", 40), "ana")
    for quantity in (40, 40):
        world.write(world.receipt("blas", sent, quantity), "blas")
    folded = world.fold()
    (way,) = folded.totals(keys.TRANSIT).items()
    assert keys.transit_line(*way).is_overdraft
    assert folded.one("hand-over").difference == -40


def test_row_26_receipts_far_beyond_what_was_sent_leave_a_row_that_can_be_read(
    world: Stores,
) -> None:
    sent = world.write(world.dispatch("ana", "blas", 1), "ana")
    for _ in range(3):
        world.write(world.receipt("blas", sent, QUANTITY_MAX), "blas")
    row = world.fold().one("hand-over")
    assert row.difference == 1 - 3 * QUANTITY_MAX
    assert msgspec.msgpack.decode(canonical.encode(row), type=type(row)) == row


def test_a_removed_members_movement_counts_once_the_other_side_adopts_it(world: Stores) -> None:
    ana = world.store["ana"]
    body = world.dispatch("ana", "blas", 40)
    sent = world.write(body, "ana", standing=REMOVED)
    retry = world.write(body, "ana", standing=REMOVED)
    receipt = world.write(world.receipt("blas", sent, 40), "blas")
    folded = world.fold()
    assert stock(folded, ana) == 0
    row = folded.one("hand-over")
    assert (row.from_removed, row.sent, row.difference) == (True, 0, -40)
    assert_nothing_is_lost_or_made(folded)
    for of in (sent, retry, sent):
        world.write(adopted(world, "blas", of, of), "blas")
    for number in range(20):
        folded = world.fold(shuffled(world.facts, number))
        assert stock(folded, ana) == -40
        row = folded.one("hand-over")
        assert (row.from_removed, row.is_adopted, row.sent, row.difference) == (
            False,
            True,
            40,
            0,
        )
        assert_nothing_is_lost_or_made(folded)
    movement = next(row for row in folded.all("movement") if row.kind == "dispatch")
    assert (movement.is_adopted, movement.from_removed, movement.times_written) == (True, True, 2)
    world.write(adopted(world, "ana", receipt, sent), "ana")


def test_only_the_other_side_adopts(world: Stores) -> None:
    sent = world.write(world.dispatch("ana", "blas", 40), "ana", standing=REMOVED)
    other = world.write(world.dispatch("ana", "blas", 7), "ana")
    receipt = world.write(world.receipt("blas", sent, 40), "blas", standing=REMOVED)
    for body, who, reason in (
        (adopted(world, "ana", sent, sent), "ana", "content.other-store"),
        (adopted(world, "blas", receipt, sent), "blas", "content.other-store"),
        (adopted(world, "blas", sent, sent), "ana", "content.not-the-keeper"),
        (adopted(world, "blas", sent, other), "blas", "content.other-dispatch"),
        (adopted(world, "blas", sent, sent, slip=bytes(16)[:15] + b"\x7f"), "blas",
         "content.other-slip"),
        (adopted(world, "blas", sent, sent, dispatch_slip=bytes(15) + b"\x7f"), "blas",
         "content.other-slip"),
    ):  # fmt: skip
        world.write(body, who, expect=reason)


def test_a_hand_out_is_a_tally_that_a_second_counter_marks(world: Stores) -> None:
    body = world.handed_out("ana", 30, households=12, people=40)
    out = world.write(body, "ana")
    mark = Mark(**HERE, of=out, slip=body.slip)
    world.write(mark, "ana", device="2")
    row = world.fold().one("movement")
    assert (row.counters, row.marks, row.households, row.people) == (1, Marks.ONE_SIDE, 12, 40)
    world.write(mark, "blas")
    folded = world.fold()
    row = folded.one("movement")
    assert (row.counters, row.marks) == (2, Marks.APART)
    assert (folded.total(keys.HANDED_OUT), folded.total(keys.HOUSEHOLDS)) == (30, 12)
    world.write(Mark(**HERE, of=out, slip=bytes([9] * 16)), "blas", expect="content.other-slip")


def test_cash_counts_once_a_second_person_has_marked_it(world: Stores) -> None:
    fields = world.side("ana")
    for name in FLOUR:
        del fields[name]
    body = Cash(**fields, currency="usd", change=-250, reason=CashReason.BOUGHT_GOODS)
    moved = world.write(body, "ana")
    world.write(body, "ana")
    mark = CashMark(**HERE, of=moved, slip=body.slip)
    world.write(mark, "ana", device="2")
    assert world.fold().total(keys.CASH) == 0
    assert not world.fold().one("cash").counts
    world.write(mark, "blas")
    folded = world.fold()
    assert folded.totals(keys.CASH) == {keys.cash_key(world.store["ana"], "usd"): -250}
    assert folded.one("cash").times_written == 2
    nothing = msgspec.structs.replace(body, change=0)
    world.write(nothing, "ana", expect="content.moves-nothing")
    gone = [msgspec.structs.replace(f, standing=REMOVED) for f in world.facts]
    assert world.fold(gone).total(keys.CASH) == 0
    assert world.fold(gone).one("cash").from_removed


@pytest.mark.parametrize(
    ("receiver", "device", "via", "marks"),
    [
        ("ana", "1", Via.OWN_DEVICE, Marks.ONE_DEVICE),
        ("ana", "2", Via.OWN_DEVICE, Marks.ONE_PERSON),
        ("blas", "1", Via.BOARD, Marks.NOT_SHOWN),
        ("blas", "1", Via.CLERK, Marks.NOT_SHOWN),
        ("blas", "1", Via.PAPER, Marks.NOT_SHOWN),
        ("blas", "1", Via.OWN_DEVICE, Marks.APART),
    ],
)
def test_row_30_two_marks_of_one_device_never_read_as_two_sides(
    receiver: str, device: str, via: Via, marks: Marks
) -> None:
    world = Stores("ana", "blas")
    sent = world.write(world.dispatch("ana", "blas", 40), "ana")
    receipt = msgspec.structs.replace(world.receipt("blas", sent, 40), via=via)
    fact = world.facts[-1]
    world.write(receipt, "blas")
    written = msgspec.structs.replace(
        world.facts[-1],
        author=fact.author if (receiver, device) == ("ana", "1") else world.facts[-1].author,
        person=fact.person if receiver == "ana" else world.facts[-1].person,
    )
    row = world.fold([*world.facts[:-1], written]).one("hand-over")
    assert row.marks is marks
    assert row.same_author == (marks is Marks.ONE_DEVICE)
    assert row.same_person == (receiver == "ana")


def test_a_hand_over_with_one_side_says_so(world: Stores) -> None:
    world.write(world.dispatch("ana", "blas", 40), "ana")
    row = world.fold().one("hand-over")
    assert (row.marks, row.receipts, row.received_s) == (Marks.ONE_SIDE, 0, None)


def test_a_receipt_whose_dispatch_is_not_here_still_shows_what_it_says(world: Stores) -> None:
    sent = world.write(world.dispatch("ana", "blas", 40), "ana")
    world.write(world.receipt("blas", sent, 40), "blas")
    row = world.fold([fact for fact in world.facts if fact.ref != sent]).one("hand-over")
    assert (row.dispatch, row.sent_from, row.sent_to) == (
        sent,
        world.store["ana"],
        world.store["blas"],
    )


def test_the_card_of_a_good_lists_its_changes_in_causal_order(world: Stores) -> None:
    for amount in (100, 20):
        world.write(world.received("ana", amount), "ana")
    world.write(world.loss("ana", 5), "ana")
    prefix = keys.stock_key(world.store["ana"], "flour", Unit.GRAM)
    card = world.fold().totals(keys.CARD, prefix)
    assert [card[key] for key in sorted(card)] == [100, 20, -5]


def test_stewards_alone_give_out_a_pen(world: Stores) -> None:
    with pytest.raises(AssertionError, match="may not write"):
        world.write(world.body(world.pen["ana"]), "ana", role=Role.MEMBER)
    other = world.pen["blas"]
    with pytest.raises(AssertionError, match="other-store"):
        world.give_pen("ana", "caro", replaces=(other,))
