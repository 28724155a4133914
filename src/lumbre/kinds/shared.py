"""What the domains share: versions of a thing, rules on targets, who counts as a source. Pure.

A thing that can be edited is a set of versions. The first version names the thing; a later
one says `first` (which thing) and `replaces` (which versions it was made from). Versions that
nobody replaced survive, all of them; machines take the last by (depth, id).

A version of a guest or of a removed member is shown, replaces nothing and enters no plan
until a member confirms it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Annotated, Any, Final

from msgspec import Meta

from lumbre.record.log import Ref
from lumbre.schema.fields import LIST_MAX, PEOPLE_MAX, Body, Shows
from lumbre.schema.kind import Check, Fact, Standing, Targets, ref_key

REPLACES_MAX: Final = 8
"""As many as a fork has branches; who sees more concurrent versions replaces them in turns."""

FACTS_BY_AUTHOR: Final = 64
"""What one author last said of one thing: a day of reports every half hour, and some more."""

ASCII_PATTERN: Final = r"^[ -~]+\Z"
"""Letters of one byte each: what goes by radio."""

Number = Annotated[int, Meta(ge=0, le=2**53 - 1, extra={"unit": "", "shows": Shows.NOTHING})]
"""A count in a row: of entries, of different persons."""
PeopleInNeed = Annotated[
    int, Meta(ge=0, le=PEOPLE_MAX, extra={"unit": "person", "shows": Shows.NEED})
]
HouseholdsServed = Annotated[
    int, Meta(ge=0, le=PEOPLE_MAX, extra={"unit": "household", "shows": Shows.NEED})
]
Listed = Meta(max_length=LIST_MAX)
Replaced = Meta(max_length=REPLACES_MAX)


class Source(IntEnum):
    """How the writer knows."""

    SEEN = 0
    TOLD = 1


class Marks(IntEnum):
    """What two marks on one thing prove of two sides. Only APART is two people, two devices.

    NOT_SHOWN: at least one mark came by a board, a clerk or paper, so both may have been made
    on one device; it reads as ONE_DEVICE does.
    """

    ONE_SIDE = 0
    ONE_DEVICE = 1
    ONE_PERSON = 2
    NOT_SHOWN = 3
    APART = 4


Said = Mapping[type[Body], Sequence[Fact]]
"""The facts of a group by record: a row asks for several, and most groups hold one fact."""

Rule = Callable[[Any, Targets, bytes], str | None]


def rules(*parts: Rule) -> Check:
    """The check of a kind: the first part that complains decides.

    The judge has seen to the kinds of all targets before, so `targets` holds every one.
    """

    def check(body: Body, targets: Targets, author: bytes) -> str | None:
        for part in parts:
            wrong = part(body, targets, author)
            if wrong is not None:
                return wrong
        return None

    return check


def edits_one_thing(body: Any, targets: Targets, author: bytes) -> str | None:
    """A version replaces versions of the very thing that it names."""
    if body.first is None:
        return "content.replaces-other" if body.replaces else None
    if getattr(targets[body.first], "first", None) is not None:
        return "content.not-the-first"
    for ref in body.replaces:
        if ref != body.first and getattr(targets[ref], "first", None) != body.first:
            return "content.replaces-other"
    return None


def thing_key(body: Any, ref: Ref) -> bytes:
    """The group key of the thing that a version is of."""
    return ref_key(body.first or ref)


def by_anyone(new: Fact, old: Fact) -> bool:
    """Any member's version may replace any other."""
    return True


def by_same_person(new: Fact, old: Fact) -> bool:
    """Only who said it may take it back: a need, an offer."""
    return new.person == old.person


def by_record(facts: Iterable[Fact]) -> Said:
    """Facts by the record that their bodies are, each list in the order of the whole."""
    said: dict[type[Body], list[Fact]] = {}
    for fact in facts:
        record = fact.body.__class__
        if record in said:
            said[record].append(fact)
        else:
            said[record] = [fact]
    return said


def confirmed_refs(confirmations: Iterable[Fact], field: str) -> frozenset[Ref]:
    """What those of these confirmations that count say they confirm."""
    return frozenset([getattr(fact.body, field) for fact in confirmations if fact.counts])


def survivors(
    versions: Sequence[Fact],
    may_replace: Callable[[Fact, Fact], bool] = by_anyone,
    confirmed: frozenset[Ref] = frozenset(),
) -> list[Fact]:
    """The versions that no version replaced which counts and may, in (depth, id) order.

    At least one: an entry names entries before it by their hash, so nothing replaces in a ring.
    """
    if len(versions) == 1:
        return list(versions)
    by_ref = {fact.ref: fact for fact in versions}
    replaced = {
        ref
        for new in versions
        if new.counts or new.ref in confirmed
        for ref in getattr(new.body, "replaces", ())
        if (old := by_ref.get(ref)) is not None and may_replace(new, old)
    }
    return [fact for fact in versions if fact.ref not in replaced]


def first_version(versions: Sequence[Fact]) -> Fact:
    """The version that names the thing; the first that is here where that one does not count."""
    for fact in versions:
        if fact.body.first is None:
            return fact
    return versions[0]


def machines_choice(found: Sequence[Fact], confirmed: frozenset[Ref] = frozenset()) -> Fact:
    """What machines take of several survivors: the last that counts, else the last."""
    for fact in reversed(found):
        if fact.counts or fact.ref in confirmed:
            return fact
    return found[-1]


def is_removed(fact: Fact) -> bool:
    """Whether it reads "from a removed member"."""
    return fact.standing is Standing.REMOVED


def persons(facts: Iterable[Fact]) -> int:
    """How many different persons wrote facts that count: forty repeats are one person's."""
    return len({fact.person for fact in facts if fact.counts})


def guests(facts: Iterable[Fact]) -> int:
    """How many facts guests left: shown as a number, no source."""
    return sum([fact.is_guest for fact in facts])


def last_of_each(facts: Iterable[Fact]) -> list[Fact]:
    """Each person's last word, in (depth, id) order; a guest key speaks for several people."""
    last: dict[bytes, Fact] = {}
    for fact in facts:
        last[fact.ref.hash if fact.is_guest else fact.person] = fact
    return sorted(last.values(), key=lambda fact: (fact.depth, fact.ref.hash))


def marks_of(one: Iterable[Fact], other: Iterable[Fact]) -> Marks:
    """What the marks of two sides prove; the strongest pair is taken."""
    left, right = tuple(one), tuple(other)
    return max((_pair(a, b) for a in left for b in right), default=Marks.ONE_SIDE)


def _pair(one: Fact, other: Fact) -> Marks:
    if one.author == other.author:
        return Marks.ONE_DEVICE
    if one.person == other.person:
        return Marks.ONE_PERSON
    if one.body.via != 0 or other.body.via != 0:
        return Marks.NOT_SHOWN
    return Marks.APART
