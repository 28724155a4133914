"""Views of pens and of money boxes: who may write a store's movements, and what cash counts.

Rules: a store's pen is with one keeper's device at a time. Where two pens stand, or one wrote
after it had been replaced, that is shown; their movements count, and the stock shows the
overdraft. Cash counts once a second person has marked it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec

from lumbre.kinds.shared import Marks, Number, is_removed, marks_of
from lumbre.kinds.supply import keys
from lumbre.kinds.supply.movements import Cash, CashMark, CashReason, Pen, PenPassed
from lumbre.kinds.supply.stock import slip_key
from lumbre.record.log import Ref
from lumbre.schema.fields import AuthorKey, Code, Note, WallTime, quantity
from lumbre.schema.kind import Fact, GroupKey, View, ref_key

CashTotal = Annotated[int, quantity(unit="cent", low=-(2**53), high=2**53)]


class PenLine(msgspec.Struct, array_like=True, frozen=True):
    """One pen. `replaced_depth`: where its first replacement stands, None while it is good."""

    pen: Ref
    keeper: AuthorKey
    depth: Number
    replaced_depth: Number | None
    from_removed: bool


class PenRow(msgspec.Struct, array_like=True, frozen=True):
    """The pens of a store; more than one that stands is a dispute for its people to settle."""

    store: Ref
    pen: Ref | None
    standing: Number
    pens: tuple[PenLine, ...]


class CashRow(msgspec.Struct, array_like=True, frozen=True):
    """Cash into a box or out of it; it counts where a second person marked it."""

    movement: Ref
    box: Ref
    currency: Code
    change: CashTotal
    reason: CashReason
    note: Note
    said_s: WallTime
    pen: Ref
    counts: bool
    from_removed: bool
    times_written: Number
    counters: Number
    marks: Marks


def pen_groups(body: Pen | PenPassed, ref: Ref) -> Iterable[GroupKey]:
    """A pen is a fact of its store."""
    return (("pen", ref_key(body.store)),)


def cash_groups(body: Cash, ref: Ref) -> Iterable[GroupKey]:
    """Cash is a fact of its slip."""
    return (("cash", slip_key(ref, body.slip)),)


def cash_mark_groups(body: CashMark, ref: Ref) -> Iterable[GroupKey]:
    """A mark is a fact of the slip that it marks."""
    return (("cash", slip_key(body.of, body.slip)),)


def derive_pen(key: bytes, facts: Sequence[Fact]) -> PenRow:
    """The pens of a store, and which of them stand."""
    replaced: dict[Ref, int] = {}
    for fact in facts:
        for ref in _replaces(fact):
            if fact.counts:
                replaced.setdefault(ref, fact.depth)
    lines = tuple(
        PenLine(fact.ref, fact.body.keeper, fact.depth, replaced.get(fact.ref), is_removed(fact))
        for fact in facts
    )
    standing = [line for line in lines if line.replaced_depth is None and not line.from_removed]
    last = standing[-1].pen if standing else None
    return PenRow(facts[0].body.store, last, len(standing), lines)


def _replaces(fact: Fact) -> tuple[Ref, ...]:
    body: Pen | PenPassed = fact.body
    return (body.from_pen,) if isinstance(body, PenPassed) else body.replaces


def wrote_after(line: PenLine, totals: Iterable[tuple[bytes, int]]) -> int:
    """How many movements a pen wrote after it had been replaced, or apart from that.

    `totals` are those of `keys.PEN` under this pen's key.
    """
    if line.replaced_depth is None:
        return 0
    end = keys.pen_key(line.pen, line.replaced_depth)
    return sum(times for key, times in totals if key > end)


def derive_cash(key: bytes, facts: Sequence[Fact]) -> CashRow | None:
    """What a slip of cash moves, and whether two people say so."""
    written = [fact for fact in facts if isinstance(fact.body, Cash)]
    if not written:
        return None
    counting = [fact for fact in written if fact.counts]
    now = (counting or written)[0]
    body: Cash = now.body
    marks = [
        fact
        for fact in facts
        if isinstance(fact.body, CashMark) and fact.counts and fact.person != now.person
    ]
    return CashRow(
        now.ref,
        body.store,
        body.currency,
        body.change,
        body.reason,
        body.note,
        now.wall_s,
        body.pen,
        bool(counting and marks),
        is_removed(now),
        len(written),
        len({now.person} | {fact.person for fact in marks}),
        marks_of([now], marks),
    )


def cash_sums(row: CashRow) -> Iterable[tuple[str, bytes, int]]:
    """What is in the box, by what two people marked."""
    if row.counts:
        yield keys.CASH, keys.cash_key(row.box, row.currency), row.change


PEN_VIEWS = (
    View(name="pen", row=PenRow, derive=derive_pen),
    View(name="cash", row=CashRow, derive=derive_cash, sums=cash_sums),
)
