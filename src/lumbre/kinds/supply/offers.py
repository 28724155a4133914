"""Views of offers, commitments and goods: what is left to give, what was promised, what it is.

Rules: only what its holder offered, up to the amount and hour they set, is left to give; no
row says who the holder is or who committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from lumbre.kinds.shared import (
    Number,
    Said,
    by_record,
    by_same_person,
    confirmed_refs,
    first_version,
    guests,
    machines_choice,
    persons,
    survivors,
    thing_key,
)
from lumbre.kinds.supply.keys import Amount
from lumbre.kinds.supply.movements import Dispatch, Received
from lumbre.kinds.supply.needs import once, standing_commitments, total
from lumbre.kinds.supply.records import (
    Category,
    Commitment,
    CommitmentWithdrawn,
    Confirmed,
    Good,
    NotArrived,
    Offer,
    OfferWithdrawn,
    Tier,
    Unit,
    Water,
)
from lumbre.record.log import Ref
from lumbre.schema.fields import Code, Name, Note, Quantity, WallTime
from lumbre.schema.kind import Fact, GroupKey, View, ref_key


class GoodLine(msgspec.Struct, array_like=True, frozen=True):
    """One surviving definition of a good."""

    version: Ref
    unit: Unit
    name: Name
    name_en: Note
    category: Category
    tier: Tier
    water: Water
    is_perishable: bool
    note: Note


class GoodRow(msgspec.Struct, array_like=True, frozen=True):
    """What a code stands for. Two units under one code are two goods, never added up."""

    code: Code
    unit: Unit
    name: Name
    name_en: Note
    category: Category
    tier: Tier
    water: Water
    is_perishable: bool
    has_two_units: bool
    versions: tuple[GoodLine, ...]


class OfferRow(msgspec.Struct, array_like=True, frozen=True):
    """An offer and what is left of it. `enters_plan`: not a guest's word alone."""

    offer: Ref
    place: Ref | None
    place_name: Name
    good: Code
    unit: Unit
    quantity: Quantity
    committed: Amount
    taken: Amount
    left: Amount
    spoils_by_s: WallTime | None
    until_s: WallTime | None
    note: Note
    said_s: WallTime
    is_withdrawn: bool
    left_by_guest: bool
    enters_plan: bool
    versions: tuple[Ref, ...]


class CommitmentRow(msgspec.Struct, array_like=True, frozen=True):
    """What was promised, what left for it, and how many say that it did not arrive."""

    commitment: Ref
    need: Ref | None
    offer: Ref | None
    good: Code
    unit: Unit
    quantity: Quantity
    by_s: WallTime | None
    note: Note
    said_s: WallTime
    sent: Amount
    not_arrived: Number
    not_arrived_guests: Number
    is_withdrawn: bool
    stands: bool


def good_groups(body: Good, ref: Ref) -> Iterable[GroupKey]:
    """A definition is a fact of its code."""
    return (("good", body.code.encode()),)


def offer_groups(body: Offer, ref: Ref) -> Iterable[GroupKey]:
    """A version is a fact of its offer."""
    return (("offer", thing_key(body, ref)),)


def withdrawn_groups(body: OfferWithdrawn, ref: Ref) -> Iterable[GroupKey]:
    """A withdrawal is a fact of its offer."""
    return (("offer", ref_key(body.offer)),)


def confirmed_groups(body: Confirmed, ref: Ref) -> Iterable[GroupKey]:
    """A confirmation is a fact of the need or the offer that it stands by."""
    return of_need_and_offer(body)


def commitment_groups(body: Commitment, ref: Ref) -> Iterable[GroupKey]:
    """A commitment is a fact of itself, of the need and of the offer."""
    return (("commitment", ref_key(ref)), *of_need_and_offer(body))


def answer_groups(body: CommitmentWithdrawn | NotArrived, ref: Ref) -> Iterable[GroupKey]:
    """What is said of a commitment is a fact wherever the commitment is one."""
    return (("commitment", ref_key(body.commitment)), *of_need_and_offer(body))


def of_need_and_offer(body: Any) -> Iterable[GroupKey]:
    """The groups of the need and the offer that a record names."""
    for name in ("need", "offer"):
        ref = getattr(body, name, None)
        if ref is not None:
            yield name, ref_key(ref)


def derive_good(key: bytes, facts: Sequence[Fact]) -> GoodRow:
    """What the surviving definitions of a code say."""
    left = survivors(facts)
    body: Good = machines_choice(left).body
    return GoodRow(
        body.code,
        body.unit,
        body.name,
        body.name_en,
        body.category,
        body.tier,
        body.water,
        body.is_perishable,
        len({fact.body.unit for fact in left}) > 1,
        tuple(_good(fact) for fact in left),
    )


def _good(fact: Fact) -> GoodLine:
    body: Good = fact.body
    return GoodLine(
        fact.ref,
        body.unit,
        body.name,
        body.name_en,
        body.category,
        body.tier,
        body.water,
        body.is_perishable,
        body.note,
    )


def derive_offer(key: bytes, facts: Sequence[Fact]) -> OfferRow | None:
    """What is left: the amount less what is committed or was taken without a commitment."""
    said = by_record(facts)
    versions = said.get(Offer)
    if versions is None:
        return None
    confirmed = confirmed_refs(said.get(Confirmed, ()), "version")
    left = survivors(versions, by_same_person, confirmed)
    now = machines_choice(left, confirmed)
    body: Offer = now.body
    first = first_version(versions)
    withdrawn = any(fact.person == first.person for fact in said.get(OfferWithdrawn, ()))
    committed, taken, used = _used(said)
    enters = now.counts or now.ref in confirmed
    return OfferRow(
        first.body.first or first.ref,
        body.place,
        body.place_name,
        body.good,
        body.unit,
        body.quantity,
        committed,
        taken,
        0 if withdrawn else max(0, body.quantity - used),
        body.spoils_by_s,
        body.until_s,
        body.note,
        now.wall_s,
        withdrawn,
        now.is_guest and now.ref not in confirmed,
        enters and not withdrawn,
        tuple([fact.ref for fact in left]),
    )


def _used(said: Said) -> tuple[int, int, int]:
    """(committed, taken, either): what was taken for a commitment is not counted twice."""
    committed = {f.ref: f.body.quantity for f in standing_commitments(said)}
    committed_sum = sum(committed.values())
    received = once(said, Received)
    if not received:
        return committed_sum, 0, committed_sum
    taken: dict[Ref | None, int] = {}
    for fact in received:
        made_for = fact.body.commitment
        taken[made_for] = taken.get(made_for, 0) + fact.body.quantity
    both = set(committed) | set(taken)
    used = sum(max(committed.get(ref, 0), taken.get(ref, 0)) for ref in both if ref is not None)
    return committed_sum, sum(taken.values()), used + taken.get(None, 0)


def derive_commitment(key: bytes, facts: Sequence[Fact]) -> CommitmentRow | None:
    """What became of a commitment."""
    said = by_record(facts)
    if Commitment not in said:
        return None
    made = said[Commitment][0]
    body: Commitment = made.body
    late = said.get(NotArrived, ())
    return CommitmentRow(
        made.ref,
        body.need,
        body.offer,
        body.good,
        body.unit,
        body.quantity,
        body.by_s,
        body.note,
        made.wall_s,
        total(said, Dispatch, Received),
        persons(late),
        guests(late),
        any(fact.person == made.person for fact in said.get(CommitmentWithdrawn, ())),
        bool(standing_commitments(said)),
    )


OFFER_VIEWS = (
    View(name="good", row=GoodRow, derive=derive_good),
    View(name="offer", row=OfferRow, derive=derive_offer),
    View(name="commitment", row=CommitmentRow, derive=derive_commitment),
)
