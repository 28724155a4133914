"""Views of places: what is where, what an open point offers, how many people are counted.

Rules: every surviving version is shown; a row's own fields are the one that machines take.
A count reads unconfirmed until two persons who speak for different organisations gave it, and
only a confirmed count replaces another person's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from lumbre.kinds.shared import (
    FACTS_BY_AUTHOR,
    first_version,
    is_removed,
    machines_choice,
    survivors,
    thing_key,
)
from lumbre.kinds.situation.records import (
    CanServe,
    PeopleCount,
    Place,
    PlaceType,
    Point,
    Service,
)
from lumbre.record.log import Ref
from lumbre.schema.fields import Households, Latitude, Longitude, Name, Note, People, WallTime
from lumbre.schema.kind import Fact, GroupKey, View, ref_key


class PlaceVersion(msgspec.Struct, array_like=True, frozen=True):
    """One surviving version of a place."""

    version: Ref
    name: Name
    place_type: PlaceType
    parent: Ref | None
    latitude: Latitude | None
    longitude: Longitude | None
    note: Note
    from_removed: bool


class PlaceRow(msgspec.Struct, array_like=True, frozen=True):
    """A place as machines take it, and its other surviving versions."""

    place: Ref
    name: Name
    place_type: PlaceType
    parent: Ref | None
    latitude: Latitude | None
    longitude: Longitude | None
    note: Note
    first_name: Name
    from_removed: bool
    versions: tuple[PlaceVersion, ...]


class PointRow(msgspec.Struct, array_like=True, frozen=True):
    """An open point. `others_differ`: somebody else's unreplaced word says otherwise."""

    place: Ref
    is_open: bool
    services: tuple[Service, ...]
    hours: Note
    can_serve: CanServe | None
    note: Note
    said_s: WallTime
    others_differ: bool
    versions: tuple[Ref, ...]


class CountLine(msgspec.Struct, array_like=True, frozen=True):
    """One unreplaced count and whether a second counter of another organisation agrees."""

    count: Ref
    people: People
    households: Households
    under_five: People
    over_seventy: People
    is_confirmed: bool
    from_removed: bool
    said_s: WallTime


class PeopleRow(msgspec.Struct, array_like=True, frozen=True):
    """The count that machines take, and every unreplaced one."""

    place: Ref
    people: People
    is_confirmed: bool
    is_disputed: bool
    from_removed: bool
    counts: tuple[CountLine, ...]


def place_groups(body: Place, ref: Ref) -> Iterable[GroupKey]:
    """A version is a fact of its place."""
    return (("place", thing_key(body, ref)),)


def point_groups(body: Point, ref: Ref) -> Iterable[GroupKey]:
    """What a point offers is a fact of its place."""
    return (("point", ref_key(body.place)),)


def count_groups(body: PeopleCount, ref: Ref) -> Iterable[GroupKey]:
    """A count is a fact of its place."""
    return (("people", ref_key(body.place)),)


def derive_place(key: bytes, facts: Sequence[Fact]) -> PlaceRow:
    """The place that its surviving versions make."""
    left = survivors(facts)
    lines = tuple(_version(fact) for fact in left)
    now = _version(machines_choice(left))
    first = first_version(facts)
    return PlaceRow(
        first.body.first or first.ref,
        now.name,
        now.place_type,
        now.parent,
        now.latitude,
        now.longitude,
        now.note,
        first.body.name,
        now.from_removed,
        lines,
    )


def _version(fact: Fact) -> PlaceVersion:
    body: Place = fact.body
    return PlaceVersion(
        fact.ref,
        body.name,
        body.place_type,
        body.parent,
        body.latitude,
        body.longitude,
        body.note,
        is_removed(fact),
    )


def derive_point(key: bytes, facts: Sequence[Fact]) -> PointRow:
    """What the point offers by the last unreplaced word."""
    left = survivors(facts)
    now = machines_choice(left)
    body: Point = now.body
    offered = {(f.body.is_open, f.body.services, f.body.can_serve) for f in left}
    return PointRow(
        body.place,
        body.is_open,
        body.services,
        body.hours,
        body.can_serve,
        body.note,
        now.wall_s,
        len(offered) > 1,
        tuple(fact.ref for fact in left),
    )


def derive_people(key: bytes, facts: Sequence[Fact]) -> PeopleRow:
    """The counts of a place that nobody who may has replaced."""
    confirmed = _confirmed_counts(facts)
    left = survivors(facts, lambda new, old: new.person == old.person or new.ref in confirmed)
    lines = tuple(_count(fact, fact.ref in confirmed) for fact in left)
    sure = [line for line in lines if line.is_confirmed]
    counting = [line for line in lines if not line.from_removed]
    now = (sure or counting or list(lines))[-1]
    return PeopleRow(
        facts[0].body.place,
        now.people,
        now.is_confirmed,
        len({line.people for line in lines}) > 1,
        now.from_removed,
        lines,
    )


def _confirmed_counts(facts: Sequence[Fact]) -> frozenset[Ref]:
    """Counts with a second counter: another person, who speaks for another organisation."""
    by_ref = {fact.ref: fact for fact in facts}
    found: set[Ref] = set()
    for second in facts:
        first = by_ref.get(second.body.agrees_with)
        if first is not None and _are_two_counters(first, second):
            found |= {first.ref, second.ref}
    return frozenset(found)


def _are_two_counters(one: Fact, other: Fact) -> bool:
    organisations = (one.body.speaks_for, other.body.speaks_for)
    return (
        one.counts
        and other.counts
        and one.person != other.person
        and one.author != other.author
        and None not in organisations
        and organisations[0] != organisations[1]
    )


def _count(fact: Fact, is_confirmed: bool) -> CountLine:
    body: PeopleCount = fact.body
    return CountLine(
        fact.ref,
        body.people,
        body.households,
        body.under_five,
        body.over_seventy,
        is_confirmed,
        is_removed(fact),
        fact.wall_s,
    )


PLACE_VIEWS = (
    View(name="place", row=PlaceRow, derive=derive_place),
    View(name="point", row=PointRow, derive=derive_point, facts_by_author=FACTS_BY_AUTHOR),
    View(name="people", row=PeopleRow, derive=derive_people, facts_by_author=FACTS_BY_AUTHOR),
)
