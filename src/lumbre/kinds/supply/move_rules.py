"""When a movement makes sense: the pen is the writer's and the store's, both sides agree.

Rules: static, of the body and what it names; whether a pen was passed on meanwhile is not
judged here but shown by the view of pens, since two keepers may have acted apart.
"""

from __future__ import annotations

from typing import Any

from lumbre.kinds.shared import rules
from lumbre.kinds.supply.movements import (
    Adopted,
    Cash,
    CashMark,
    Dispatch,
    Mark,
    Pen,
    PenPassed,
    Receipt,
    Received,
    WayLoss,
)
from lumbre.kinds.supply.records import Commitment
from lumbre.kinds.supply.rules import is_first, is_other_good, serves_need_or_offer
from lumbre.schema.kind import Targets


def _is_first_place(body: Any, targets: Targets, author: bytes) -> str | None:
    return None if is_first(targets[body.store]) else "content.not-the-first"


def _of_this_store(body: Pen, targets: Targets, author: bytes) -> str | None:
    if any(getattr(targets[ref], "store", None) != body.store for ref in body.replaces):
        return "content.other-store"
    return None


def _holds_pen(body: Any, targets: Targets, author: bytes) -> str | None:
    """The pen is of this very store, and its keeper's device is the one that writes."""
    pen: Any = targets[body.from_pen if isinstance(body, PenPassed) else body.pen]
    if pen.store != body.store:
        return "content.other-store"
    return None if pen.keeper == author else "content.not-the-keeper"


def _to_another_store(body: Dispatch, targets: Targets, author: bytes) -> str | None:
    if body.to == body.store:
        return "content.same-store"
    return None if is_first(targets[body.to]) else "content.not-the-first"


def _as_committed(body: Dispatch | Received, targets: Targets, author: bytes) -> str | None:
    if body.commitment is None:
        return None
    made = targets[body.commitment]
    assert isinstance(made, Commitment)
    if is_other_good(body, made):
        return "content.other-good"
    if body.need != made.need or getattr(body, "offer", made.offer) != made.offer:
        return "content.other-need"
    return None


def _as_dispatched(body: Receipt | WayLoss, targets: Targets, author: bytes) -> str | None:
    """What the receiver repeats of the dispatch is what the dispatch says."""
    sent = targets[body.dispatch]
    assert isinstance(sent, Dispatch)
    if is_other_good(body, sent):
        return "content.other-good"
    if (body.sent_from, body.sent_to) != (sent.store, sent.to):
        return "content.other-store"
    if (body.dispatch_slip, body.need) != (sent.slip, sent.need):
        return "content.other-dispatch"
    return None


def _at_an_end_of_the_way(body: WayLoss, targets: Targets, author: bytes) -> str | None:
    return None if body.store in (body.sent_from, body.sent_to) else "content.other-store"


def _changes(body: Cash, targets: Targets, author: bytes) -> str | None:
    return "content.moves-nothing" if body.change == 0 else None


def _same_slip(body: Mark | CashMark | Adopted, targets: Targets, author: bytes) -> str | None:
    marked: Any = targets[body.of]
    return None if marked.slip == body.slip else "content.other-slip"


def _is_other_side(body: Adopted, targets: Targets, author: bytes) -> str | None:
    """A dispatch is adopted by the keeper it was sent to, a receipt by the one who sent."""
    moved: Any = targets[body.of]
    sent: Any = targets[body.dispatch]
    pen: Any = targets[body.pen]
    if pen.keeper != author:
        return "content.not-the-keeper"
    is_receipt = isinstance(moved, Receipt)
    if (moved.dispatch if is_receipt else body.of) != body.dispatch:
        return "content.other-dispatch"
    if sent.slip != body.dispatch_slip:
        return "content.other-slip"
    return None if pen.store == (sent.store if is_receipt else sent.to) else "content.other-store"


check_pen = rules(_is_first_place, _of_this_store)
check_pen_passed = rules(_holds_pen)
check_stocktake = rules(_holds_pen)
check_received = rules(_holds_pen, serves_need_or_offer, _as_committed)
check_dispatch = rules(_holds_pen, _to_another_store, serves_need_or_offer, _as_committed)
check_receipt = rules(_holds_pen, _as_dispatched)
check_handed_out = rules(_holds_pen, serves_need_or_offer)
check_loss = rules(_holds_pen)
check_way_loss = rules(_holds_pen, _as_dispatched, _at_an_end_of_the_way)
check_cash = rules(_holds_pen, _changes)
check_mark = check_cash_mark = rules(_same_slip)
check_adopted = rules(_same_slip, _is_other_side)
