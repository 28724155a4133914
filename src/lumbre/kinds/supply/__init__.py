"""What is where, missing, given and on its way. Pure."""

from __future__ import annotations

from typing import Final

from lumbre.kinds.supply import (
    move_rules,
    movements,
    needs,
    offers,
    pens,
    records,
    rules,
    stock,
)
from lumbre.record.log import Lane
from lumbre.schema.fields import Body
from lumbre.schema.kind import Check, Domain, Groups, Kind
from lumbre.schema.roles import ANYONE, STEWARDS

NEEDS: Final = (
    Kind(
        record=records.Good,
        lane=Lane.ORDINARY,
        groups=offers.good_groups,
        check=rules.check_good,
    ),
    Kind(
        record=records.Need,
        lane=Lane.URGENT,
        writers=ANYONE,
        groups=needs.need_groups,
        check=rules.check_need,
        signed_alone=True,
        shown_if_removed=True,
    ),
    Kind(
        record=records.RadioNeed,
        lane=Lane.URGENT,
        writers=ANYONE,
        groups=needs.radio_need_groups,
        check=rules.check_radio_need,
        signed_alone=True,
        by_radio=True,
        shown_if_removed=True,
    ),
    Kind(
        record=records.Confirmed,
        lane=Lane.ORDINARY,
        groups=offers.confirmed_groups,
        check=rules.check_confirmed,
    ),
    Kind(
        record=records.NeedClosed,
        lane=Lane.ORDINARY,
        groups=needs.of_need,
        check=rules.check_need_closed,
    ),
    Kind(
        record=records.StillNeeded,
        lane=Lane.ORDINARY,
        writers=ANYONE,
        groups=needs.of_need,
        check=rules.check_still_needed,
        shown_if_removed=True,
    ),
    Kind(
        record=records.Offer,
        lane=Lane.ORDINARY,
        writers=ANYONE,
        groups=offers.offer_groups,
        check=rules.check_offer,
    ),
    Kind(
        record=records.OfferWithdrawn,
        lane=Lane.ORDINARY,
        writers=ANYONE,
        groups=offers.withdrawn_groups,
        check=rules.check_offer_withdrawn,
    ),
    Kind(
        record=records.Commitment,
        lane=Lane.ORDINARY,
        groups=offers.commitment_groups,
        check=rules.check_commitment,
    ),
    Kind(
        record=records.CommitmentWithdrawn,
        lane=Lane.ORDINARY,
        groups=offers.answer_groups,
        check=rules.check_commitment_withdrawn,
    ),
    Kind(
        record=records.NotArrived,
        lane=Lane.ORDINARY,
        writers=ANYONE,
        groups=offers.answer_groups,
        check=rules.check_not_arrived,
    ),
)

PENS: Final = (
    Kind(
        record=movements.Pen,
        lane=Lane.ORDINARY,
        writers=STEWARDS,
        groups=pens.pen_groups,
        check=move_rules.check_pen,
        signed_alone=True,
    ),
    Kind(
        record=movements.PenPassed,
        lane=Lane.ORDINARY,
        groups=pens.pen_groups,
        check=move_rules.check_pen_passed,
        signed_alone=True,
    ),
)


def _movement(record: type[Body], check: Check, groups: Groups = stock.movement_groups) -> Kind:
    """Movements are signed alone, and stay shown past their author's pin without moving stock."""
    return Kind(
        record=record,
        lane=Lane.ORDINARY,
        groups=groups,
        check=check,
        signed_alone=True,
        shown_if_removed=True,
        adopted_by_kind=True,
    )


MOVEMENTS: Final = (
    _movement(movements.Stocktake, move_rules.check_stocktake),
    _movement(movements.Received, move_rules.check_received),
    _movement(movements.Dispatch, move_rules.check_dispatch),
    _movement(movements.Receipt, move_rules.check_receipt),
    _movement(movements.HandedOut, move_rules.check_handed_out),
    _movement(movements.Loss, move_rules.check_loss),
    _movement(movements.WayLoss, move_rules.check_way_loss),
    _movement(movements.Cash, move_rules.check_cash, pens.cash_groups),
    _movement(movements.Mark, move_rules.check_mark, stock.mark_groups),
    _movement(movements.CashMark, move_rules.check_cash_mark, pens.cash_mark_groups),
    _movement(movements.Adopted, move_rules.check_adopted, stock.adopted_groups),
)

SUPPLY: Final = Domain(
    name="supply",
    kinds=NEEDS + PENS + MOVEMENTS,
    views=needs.NEED_VIEWS + offers.OFFER_VIEWS + stock.STOCK_VIEWS + pens.PEN_VIEWS,
)

__all__ = ["SUPPLY"]
