"""View of movements, and the totals that they add up to: stock, transit, handed out, lost, in.

Rules: a group is one slip of one log, so a retry counts once: the first by (depth, id). Every
unit is somewhere: what came in is in a store, on the way, handed out or lost, in any set of
entries, since each row moves one amount between two of these. A removed member's movement is
shown and moves nothing until the other side adopts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final

import msgspec

from lumbre.kinds.shared import HouseholdsServed, Marks, Number, PeopleInNeed, is_removed, marks_of
from lumbre.kinds.supply import keys
from lumbre.kinds.supply.keys import Amount
from lumbre.kinds.supply.movements import (
    Adopted,
    Dispatch,
    HandedOut,
    Loss,
    Mark,
    Receipt,
    Received,
    ShareRule,
    Stocktake,
    WayLoss,
)
from lumbre.kinds.supply.records import Unit
from lumbre.record.log import Ref
from lumbre.schema.fields import Body, Change, Code, Note, WallTime, kind_name, quantity
from lumbre.schema.kind import Fact, GroupKey, View, ref_key

MOVEMENTS: Final[tuple[type[Body], ...]] = (
    Received,
    Dispatch,
    Receipt,
    HandedOut,
    Loss,
    WayLoss,
    Stocktake,
)


class MovementRow(msgspec.Struct, array_like=True, frozen=True):
    """A movement. `change` is what it does to the store's stock; `quantity` how much it moves.

    `counters` and `marks`: how many different persons counted a hand-out, and what that proves.
    """

    movement: Ref
    kind: Code
    store: Ref
    good: Code
    unit: Unit
    change: Change
    quantity: Amount
    sent_from: Ref | None
    sent_to: Ref | None
    reason: Number | None
    households: HouseholdsServed
    people: PeopleInNeed
    rule: ShareRule | None
    counted: Amount | None
    spoils_by_s: WallTime | None
    note: Note
    said_s: WallTime
    depth: Number
    pen: Ref
    counts: bool
    from_removed: bool
    is_adopted: bool
    times_written: Number
    counters: Number
    marks: Marks


Difference = Annotated[int, quantity(low=-(2**63), high=2**63 - 1)]
"""Of sums: many receipts of one dispatch go far below what one movement may say."""


class HandOverRow(msgspec.Struct, array_like=True, frozen=True):
    """Both sides of a dispatch. `difference`: what was sent less what arrived or was lost."""

    dispatch: Ref
    sent_from: Ref
    sent_to: Ref
    good: Code
    unit: Unit
    sent: Amount
    received: Amount
    lost: Amount
    difference: Difference
    receipts: Number
    sent_s: WallTime
    received_s: WallTime | None
    from_removed: bool
    is_adopted: bool
    marks: Marks
    same_author: bool
    same_person: bool


def slip_key(ref: Ref, slip: bytes) -> bytes:
    """One slip of one log."""
    return ref.log + slip


def movement_groups(body: Any, ref: Ref) -> Iterable[GroupKey]:
    """A movement is a fact of its slip, of its dispatch and of the need and offer it serves."""
    yield "movement", slip_key(ref, body.slip)
    if isinstance(body, Dispatch):
        yield "hand-over", slip_key(ref, body.slip)
    if isinstance(body, Receipt | WayLoss):
        yield "hand-over", slip_key(body.dispatch, body.dispatch_slip)
    for name in ("need", "offer", "commitment"):
        target = getattr(body, name, None)
        if target is not None:
            yield name, ref_key(target)


def mark_groups(body: Mark, ref: Ref) -> Iterable[GroupKey]:
    """A mark is a fact of the slip that it marks."""
    return (("movement", slip_key(body.of, body.slip)),)


def adopted_groups(body: Adopted, ref: Ref) -> Iterable[GroupKey]:
    """An adoption is a fact of the slip and of the hand-over."""
    yield "movement", slip_key(body.of, body.slip)
    yield "hand-over", slip_key(body.dispatch, body.dispatch_slip)


def _adopted(facts: Sequence[Fact]) -> frozenset[Ref]:
    return frozenset(f.body.of for f in facts if isinstance(f.body, Adopted) and f.counts)


def derive_movement(key: bytes, facts: Sequence[Fact]) -> MovementRow | None:
    """What a slip moves: its first entry that counts."""
    written = [fact for fact in facts if type(fact.body) in MOVEMENTS]
    if not written:
        return None
    adopted = _adopted(facts)
    counting = [fact for fact in written if fact.counts or fact.ref in adopted]
    now = (counting or written)[0]
    body = now.body
    marks = [
        fact
        for fact in facts
        if isinstance(fact.body, Mark) and fact.counts and fact.person != now.person
    ]
    return MovementRow(
        now.ref,
        kind_name(type(body)),
        body.store,
        body.good,
        body.unit,
        _change(body),
        abs(_change(body)) or getattr(body, "quantity", 0),
        body.store if isinstance(body, Dispatch) else getattr(body, "sent_from", None),
        body.to if isinstance(body, Dispatch) else getattr(body, "sent_to", None),
        _reason(body),
        getattr(body, "households", 0),
        getattr(body, "people", 0),
        getattr(body, "rule", None),
        getattr(body, "counted", None),
        getattr(body, "spoils_by_s", None),
        body.note,
        now.wall_s,
        now.depth,
        body.pen,
        bool(counting),
        is_removed(now),
        now.ref in adopted,
        len(written),
        len({now.person} | {fact.person for fact in marks}),
        marks_of([now], marks),
    )


def _change(body: Any) -> int:
    """What a movement does to its store's stock."""
    if isinstance(body, Stocktake):
        return body.difference
    if isinstance(body, Received | Receipt):
        return body.quantity
    return 0 if isinstance(body, WayLoss) else -int(body.quantity)


def _reason(body: Any) -> int | None:
    """Why goods came in or were lost."""
    if isinstance(body, Stocktake):
        return keys.COUNTED
    if isinstance(body, Received):
        return int(body.origin)
    return int(body.reason) if isinstance(body, Loss | WayLoss) else None


def movement_sums(row: MovementRow) -> Iterable[tuple[str, bytes, int]]:
    """Where the amount goes; nothing while the movement does not count."""
    if not row.counts:
        return
    store, good, unit = row.store, row.good, row.unit
    if row.change:
        yield keys.STOCK, keys.stock_key(store, good, unit), row.change
    yield keys.CARD, keys.card_key(store, good, unit, row.depth, row.movement), row.change
    yield keys.PEN, keys.pen_key(row.pen, row.depth), 1
    if row.sent_from is not None and row.sent_to is not None:
        sign = 1 if row.kind == kind_name(Dispatch) else -1
        way = keys.transit_key(row.sent_from, row.sent_to, good, unit)
        yield keys.TRANSIT, way, sign * row.quantity
    if row.kind == kind_name(HandedOut):
        yield keys.HANDED_OUT, keys.stock_key(store, good, unit), row.quantity
        yield keys.HOUSEHOLDS, keys.stock_key(store, good, unit), row.households
    if row.reason is not None:
        came = row.change > 0
        name = keys.IN if came else keys.LOST
        lost_at = row.sent_from or store
        why = keys.stock_key(store if came else lost_at, good, unit, row.reason)
        yield name, why, abs(row.change) or row.quantity


def derive_hand_over(key: bytes, facts: Sequence[Fact]) -> HandOverRow | None:
    """What was sent against what arrived, and whether two people on two devices say so."""
    adopted = _adopted(facts)
    moved = [fact for fact in facts if type(fact.body) in MOVEMENTS]
    if not moved:
        return None
    counting: dict[bytes, Fact] = {}
    for fact in moved:
        if fact.counts or fact.ref in adopted:
            counting.setdefault(slip_key(fact.ref, fact.body.slip), fact)
    sent = [fact for fact in counting.values() if isinstance(fact.body, Dispatch)]
    receipts = [fact for fact in counting.values() if isinstance(fact.body, Receipt)]
    lost = sum(f.body.quantity for f in counting.values() if isinstance(f.body, WayLoss))
    sent_total = sum(fact.body.quantity for fact in sent)
    received = sum(fact.body.quantity for fact in receipts)
    said = (sent or [f for f in moved if isinstance(f.body, Dispatch)] or moved)[0]
    is_dispatch = isinstance(said.body, Dispatch)
    return HandOverRow(
        said.ref if is_dispatch else said.body.dispatch,
        said.body.store if is_dispatch else said.body.sent_from,
        said.body.to if is_dispatch else said.body.sent_to,
        said.body.good,
        said.body.unit,
        sent_total,
        received,
        lost,
        sent_total - received - lost,
        len(receipts),
        said.wall_s,
        receipts[-1].wall_s if receipts else None,
        any(is_removed(fact) and fact.ref not in adopted for fact in moved),
        any(fact.ref in adopted for fact in counting.values()),
        marks_of(sent, receipts),
        any(one.author == other.author for one in sent for other in receipts),
        any(one.person == other.person for one in sent for other in receipts),
    )


STOCK_VIEWS = (
    View(name="movement", row=MovementRow, derive=derive_movement, sums=movement_sums),
    View(name="hand-over", row=HandOverRow, derive=derive_hand_over),
)
