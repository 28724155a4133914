"""Movements: the only records that change stock, each written by the side it belongs to.

Each movement is written under the store's pen, names its good, and carries a slip: 16 random
bytes that a form gets when it is opened, so that a retry counts once. A store is a place.

    received  + at the store            in from outside
    dispatch  - at the giver's store    onto the way
    receipt   + at the receiver's store off the way
    handed-out  loss  - at the store
    way-loss                            off the way
    stocktake +- what was counted, less what the keeper's book said

Rules: nothing here sets a quantity, names a carrier, a driver or a recipient.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

from msgspec import Meta

from lumbre.kinds.shared import HouseholdsServed, PeopleInNeed
from lumbre.kinds.supply.records import Unit
from lumbre.record.log import Ref
from lumbre.schema.fields import (
    QUANTITY_MAX,
    AuthorKey,
    Body,
    Change,
    Code,
    Note,
    Quantity,
    Slip,
    WallTime,
    points_to,
    quantity,
)


class Origin(IntEnum):
    """Where goods came from that no store of this space sent."""

    OTHER = 0
    DONATION = 1
    BOUGHT = 2
    PUBLIC_SUPPLY = 3
    COLLECTED = 4
    FIRST_COUNT = 5


class Reason(IntEnum):
    """Why goods are gone without having been handed out."""

    UNKNOWN = 0
    SPOILED = 1
    SPILLED = 2
    BROKEN = 3
    STOLEN = 4
    TAKEN = 5
    BURNT = 6
    FLOODED = 7
    USED_UP = 8


class ShareRule(IntEnum):
    """How a hand-out was shared, as it was announced at the door."""

    OTHER = 0
    PER_HOUSEHOLD = 1
    PER_PERSON = 2
    MOST_URGENT_FIRST = 3
    WHO_CAME = 4
    COMMON_POT = 5


class CashReason(IntEnum):
    """Why cash went into a box or out of it."""

    OTHER = 0
    COLLECTED = 1
    BOUGHT_GOODS = 2
    PAID_BACK = 3
    MOVED = 4
    COUNTED = 5


StoreRef = Annotated[Ref, points_to("place")]
PenRef = Annotated[Ref, points_to("pen", "pen-passed")]
DispatchRef = Annotated[Ref, points_to("dispatch")]
Counted = Annotated[int, quantity(low=0)]
CashChange = Annotated[int, Meta(ge=-QUANTITY_MAX, le=QUANTITY_MAX, extra={"unit": "cent"})]


class Pen(Body, frozen=True, tag="pen"):
    """A steward gives a store's pen to one keeper's device; `replaces` names the pens before."""

    store: StoreRef
    keeper: AuthorKey
    replaces: Annotated[tuple[PenRef, ...], Meta(max_length=8)] = ()


class PenPassed(Body, frozen=True, tag="pen-passed"):
    """The holder passes the pen on, or takes a new one for the same store."""

    store: StoreRef
    keeper: AuthorKey
    from_pen: PenRef


class Stocktake(Body, frozen=True, tag="stocktake"):
    """What was counted, and the difference to the book as the keeper knew it.

    The stock moves by `difference`; other people's movements are never reverted.
    """

    pen: PenRef
    store: StoreRef
    good: Code
    unit: Unit
    counted: Counted
    difference: Change
    slip: Slip
    note: Note = ""


class Received(Body, frozen=True, tag="received"):
    """In from outside, without a dispatch: a donation, a purchase, the first count."""

    pen: PenRef
    store: StoreRef
    good: Code
    unit: Unit
    quantity: Quantity
    slip: Slip
    origin: Origin
    offer: Annotated[Ref | None, points_to("offer")] = None
    commitment: Annotated[Ref | None, points_to("commitment")] = None
    need: Annotated[Ref | None, points_to("need", "need-r")] = None
    spoils_by_s: WallTime | None = None
    note: Note = ""


class Dispatch(Body, frozen=True, tag="dispatch"):
    """The giver's side: it left the store for `to`."""

    pen: PenRef
    store: StoreRef
    to: StoreRef
    good: Code
    unit: Unit
    quantity: Quantity
    slip: Slip
    need: Annotated[Ref | None, points_to("need", "need-r")] = None
    commitment: Annotated[Ref | None, points_to("commitment")] = None
    spoils_by_s: WallTime | None = None
    note: Note = ""


class Receipt(Body, frozen=True, tag="receipt"):
    """The receiver's side of a dispatch: what really arrived. `sent_*` repeat the dispatch."""

    pen: PenRef
    store: StoreRef
    dispatch: DispatchRef
    sent_from: StoreRef
    sent_to: StoreRef
    good: Code
    unit: Unit
    quantity: Quantity
    slip: Slip
    dispatch_slip: Slip
    need: Annotated[Ref | None, points_to("need", "need-r")] = None
    note: Note = ""


class HandedOut(Body, frozen=True, tag="handed-out"):
    """Given out at the door by a tally without names. A second counter's `mark` follows."""

    pen: PenRef
    store: StoreRef
    good: Code
    unit: Unit
    quantity: Quantity
    slip: Slip
    households: HouseholdsServed
    rule: ShareRule
    people: PeopleInNeed = 0
    need: Annotated[Ref | None, points_to("need", "need-r")] = None
    note: Note = ""


class Loss(Body, frozen=True, tag="loss"):
    """Gone from a store."""

    pen: PenRef
    store: StoreRef
    good: Code
    unit: Unit
    quantity: Quantity
    slip: Slip
    reason: Reason
    note: Note = ""


class WayLoss(Body, frozen=True, tag="way-loss"):
    """Gone on the way, by the word of the side that sent or was to receive it."""

    pen: PenRef
    store: StoreRef
    dispatch: DispatchRef
    sent_from: StoreRef
    sent_to: StoreRef
    good: Code
    unit: Unit
    quantity: Quantity
    slip: Slip
    dispatch_slip: Slip
    reason: Reason
    need: Annotated[Ref | None, points_to("need", "need-r")] = None
    note: Note = ""


class Cash(Body, frozen=True, tag="cash"):
    """Cash into a box or out of it. It counts once a second person has marked it."""

    pen: PenRef
    store: StoreRef
    currency: Code
    change: CashChange
    slip: Slip
    reason: CashReason
    note: Note = ""


class Mark(Body, frozen=True, tag="mark"):
    """A second counter's mark on a hand-out: I counted it too."""

    of: Annotated[Ref, points_to("handed-out")]
    slip: Slip


class CashMark(Body, frozen=True, tag="cash-mark"):
    """A second person's mark on cash: I counted it too."""

    of: Annotated[Ref, points_to("cash")]
    slip: Slip


class Adopted(Body, frozen=True, tag="adopted"):
    """The other side stands by a removed member's movement, by name; it counts once."""

    pen: PenRef
    of: Annotated[Ref, points_to("dispatch", "receipt")]
    slip: Slip
    dispatch: DispatchRef
    dispatch_slip: Slip
