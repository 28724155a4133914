"""View of objections: what is disputed, by how many, so that it stands beside it at equal size.

Rules: everybody's objection is shown, a guest's and a removed member's too. Its words are
sealed in the entry; the row only says where.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from lumbre.kinds.shared import Number, guests, is_removed, persons
from lumbre.record.log import Ref
from lumbre.schema.fields import WallTime
from lumbre.schema.kind import Fact, GroupKey, View, ref_key
from lumbre.trust.acts import Objection


class ObjectionLine(msgspec.Struct, array_like=True, frozen=True):
    """One objection."""

    objection: Ref
    said_s: WallTime
    speaks_for: Ref | None
    left_by_guest: bool
    from_removed: bool


class ObjectionRow(msgspec.Struct, array_like=True, frozen=True):
    """What is disputed, and every objection to it."""

    disputes: Ref
    persons: Number
    guests: Number
    objections: tuple[ObjectionLine, ...]


def objection_groups(body: Objection, ref: Ref) -> Iterable[GroupKey]:
    """An objection is a fact of what it disputes."""
    return (("objection", ref_key(body.disputes.ref)),)


def derive_objection(key: bytes, facts: Sequence[Fact]) -> ObjectionRow:
    """The objections to one entry."""
    return ObjectionRow(
        facts[0].body.disputes.ref,
        persons(facts),
        guests(facts),
        tuple(
            ObjectionLine(
                fact.ref, fact.wall_s, fact.body.speaks_for, fact.is_guest, is_removed(fact)
            )
            for fact in facts
        ),
    )


OBJECTIONS_BY_AUTHOR = 256
"""To one entry. All guests of a board share its key: one of them may not push the others out
by a few; the desk's bound by the hour does the rest."""

OBJECTION_VIEW = View(
    name="objection",
    row=ObjectionRow,
    derive=derive_objection,
    facts_by_author=OBJECTIONS_BY_AUTHOR,
)
