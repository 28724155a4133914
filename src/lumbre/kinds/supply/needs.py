"""View of needs: what is missing, claimed, on its way, arrived.

Rules: no row says who asked, who gives or who brings. A need is closed by a member's word and
is open again by anybody's; it is never gone. What a guest or a removed member left is shown
and enters no plan until a member confirms it. A note that something did not arrive frees what
was claimed as soon as a member says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any, Final

import msgspec

from lumbre.kinds.shared import (
    Number,
    PeopleInNeed,
    Said,
    by_record,
    by_same_person,
    confirmed_refs,
    guests,
    is_removed,
    machines_choice,
    persons,
    survivors,
    thing_key,
)
from lumbre.kinds.supply.keys import Amount
from lumbre.kinds.supply.movements import Dispatch, HandedOut, Receipt, Received, WayLoss
from lumbre.kinds.supply.records import (
    Commitment,
    CommitmentWithdrawn,
    Confirmed,
    Need,
    NeedClosed,
    NotArrived,
    RadioNeed,
    StillNeeded,
    Tier,
    Unit,
)
from lumbre.record.log import Ref
from lumbre.schema.fields import Body, Code, Name, Note, Quantity, WallTime
from lumbre.schema.kind import Fact, GroupKey, View, ref_key

_VERSIONS: Final = (Need, RadioNeed)


class NeedState(IntEnum):
    """How far a need is, by what is known here."""

    OPEN = 0
    CLAIMED = 1
    ON_THE_WAY = 2
    ARRIVED = 3
    CLOSED = 4


class NeedVersion(msgspec.Struct, array_like=True, frozen=True):
    """One surviving version. `enters_plan`: neither a guest's nor a removed member's alone."""

    version: Ref
    quantity: Quantity
    people: PeopleInNeed
    tier: Tier
    by_s: WallTime | None
    note: Note
    said_s: WallTime
    left_by_guest: bool
    from_removed: bool
    enters_plan: bool


class NeedRow(msgspec.Struct, array_like=True, frozen=True):
    """A need as machines take it; quantities in the good's smallest unit."""

    need: Ref
    place: Ref | None
    place_name: Name
    good: Code
    unit: Unit
    quantity: Quantity
    people: PeopleInNeed
    tier: Tier
    by_s: WallTime | None
    note: Note
    asked_s: WallTime
    state: NeedState
    claimed: Amount
    on_the_way: Amount
    arrived: Amount
    handed_out: Amount
    not_arrived: Number
    left_by_guest: bool
    from_removed: bool
    enters_plan: bool
    closed_by_asker: bool
    closed_by: Number
    closings: tuple[Ref, ...]
    by_radio: bool
    versions: tuple[NeedVersion, ...]


def need_groups(body: Need, ref: Ref) -> Iterable[GroupKey]:
    """A version is a fact of its need."""
    return (("need", thing_key(body, ref)),)


def radio_need_groups(body: RadioNeed, ref: Ref) -> Iterable[GroupKey]:
    """A need by radio is a need."""
    return (("need", ref_key(ref)),)


def of_need(body: Any, ref: Ref) -> Iterable[GroupKey]:
    """What names a need is a fact of it."""
    return (("need", ref_key(body.need)),)


def once(said: Said, *records: type[Body]) -> list[Fact]:
    """Movements of these records that count, a slip of one log once: the first by (depth, id)."""
    found = [fact for record in records if record in said for fact in said[record] if fact.counts]
    if len(found) < 2:
        return found
    first: dict[tuple[bytes, bytes], Fact] = {}
    for fact in sorted(found, key=lambda fact: (fact.depth, fact.ref.hash)):
        first.setdefault((fact.ref.log, fact.body.slip), fact)
    return list(first.values())


def total(said: Said, *records: type[Body]) -> int:
    """Their quantities, summed."""
    return sum([fact.body.quantity for fact in once(said, *records)])


def standing_commitments(said: Said) -> list[Fact]:
    """Commitments that count, were not taken back, and of which no member says they are late."""
    made = [fact for fact in said.get(Commitment, ()) if fact.counts]
    if NotArrived not in said and CommitmentWithdrawn not in said:
        return made
    person_of = {fact.ref: fact.person for fact in made}
    off = {fact.body.commitment for fact in said.get(NotArrived, ()) if fact.counts}
    off |= {
        fact.body.commitment
        for fact in said.get(CommitmentWithdrawn, ())
        if fact.counts and person_of.get(fact.body.commitment) == fact.person
    }
    return [fact for fact in made if fact.ref not in off]


def derive_need(key: bytes, facts: Sequence[Fact]) -> NeedRow | None:
    """The need that its versions, answers, movements and closings make."""
    versions = [fact for fact in facts if fact.body.__class__ in _VERSIONS]
    if not versions:
        return None
    said = by_record(facts)
    confirmed = confirmed_refs(said.get(Confirmed, ()), "version")
    left = survivors(versions, by_same_person, confirmed)
    chosen = machines_choice(left, confirmed)
    now = _version(chosen, confirmed)
    first = next((f for f in versions if getattr(f.body, "first", None) is None), versions[0])
    closings = _closings(said)
    late = said.get(NotArrived, ())
    claimed = sum(fact.body.quantity for fact in standing_commitments(said))
    arrived = total(said, Receipt, Received)
    sent = total(said, Dispatch) - total(said, Receipt, WayLoss)
    handed_out = total(said, HandedOut)
    return NeedRow(
        getattr(first.body, "first", None) or first.ref,
        getattr(chosen.body, "place", None),
        chosen.body.place_name,
        chosen.body.good,
        chosen.body.unit,
        now.quantity,
        now.people,
        now.tier,
        now.by_s,
        now.note,
        first.wall_s,
        _state(now.quantity, claimed, sent, max(arrived, handed_out), bool(closings)),
        claimed,
        max(0, sent),
        arrived,
        handed_out,
        persons(late) + guests(late),
        now.left_by_guest,
        now.from_removed,
        now.enters_plan,
        any(fact.person == first.person for fact in closings),
        persons(closings),
        tuple(fact.ref for fact in closings),
        isinstance(first.body, RadioNeed),
        tuple(_version(fact, confirmed) for fact in left),
    )


def _version(fact: Fact, confirmed: frozenset[Ref]) -> NeedVersion:
    body: Need | RadioNeed = fact.body
    is_sure = fact.ref in confirmed
    return NeedVersion(
        fact.ref,
        body.quantity,
        body.people,
        body.tier,
        getattr(body, "by_s", None),
        getattr(body, "note", ""),
        fact.wall_s,
        fact.is_guest and not is_sure,
        is_removed(fact) and not is_sure,
        fact.counts or is_sure,
    )


def _closings(said: Said) -> list[Fact]:
    """Closings of members that nobody has answered with "still needed"."""
    answered = {ref for fact in said.get(StillNeeded, ()) for ref in fact.body.closings}
    return [fact for fact in said.get(NeedClosed, ()) if fact.counts and fact.ref not in answered]


def _state(asked: int, claimed: int, sent: int, arrived: int, is_closed: bool) -> NeedState:
    if is_closed:
        return NeedState.CLOSED
    if arrived >= asked:
        return NeedState.ARRIVED
    if sent > 0:
        return NeedState.ON_THE_WAY
    return NeedState.CLAIMED if claimed > 0 else NeedState.OPEN


NEED_VIEWS = (View(name="need", row=NeedRow, derive=derive_need),)
