"""What is where, and in what state: places, counts of people, observations, rumours.

Rules: positions stand here only, in `Place`, and the finest is a building; nothing here says
where a person is. A count of people is of a place and has no names.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

from msgspec import Meta

from lumbre.kinds.shared import Listed, Replaced, Source
from lumbre.record.log import Ref
from lumbre.schema.fields import (
    Body,
    Households,
    Latitude,
    Longitude,
    Name,
    Note,
    People,
    Shows,
    WallTime,
    points_to,
)


class PlaceType(IntEnum):
    """What a place is; a building is the finest."""

    OTHER = 0
    COMMUNITY = 1
    BLOCK = 2
    BUILDING = 3
    STORE = 4
    OPEN_POINT = 5
    WATER_POINT = 6
    CLINIC = 7
    SCHOOL = 8
    KITCHEN = 9
    WORKSHOP = 10
    ROAD = 11
    MONEY_BOX = 12


class Service(IntEnum):
    """What may work or be out at a place, or be had there."""

    OTHER = 0
    POWER = 1
    WATER = 2
    GAS = 3
    MOBILE = 4
    INTERNET = 5
    LANDLINE = 6
    RADIO = 7
    ROAD = 8
    HEALTH = 9
    FOOD = 10
    FUEL = 11
    TRANSPORT = 12
    SEWAGE = 13
    SHELTER = 14
    CHARGING = 15
    BUILDING = 16


class State(IntEnum):
    """How a service is."""

    WORKS = 0
    PARTLY = 1
    OUT = 2


class Verdict(IntEnum):
    """What a check of a rumour found."""

    UNKNOWN = 0
    TRUE = 1
    FALSE = 2


Minute = Annotated[int, Meta(ge=0, le=2**40 // 60, extra={"unit": "min", "shows": Shows.NOTHING})]
CanServe = Annotated[int, Meta(ge=0, le=10**7, extra={"unit": "person", "shows": Shows.NOTHING})]
PlaceRef = Annotated[Ref, points_to("place")]


class Place(Body, frozen=True, tag="place"):
    """A community, block, building, store or point. Its first version names it."""

    name: Name
    place_type: PlaceType
    parent: Annotated[Ref | None, points_to("place")] = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    note: Note = ""
    first: Annotated[Ref | None, points_to("place")] = None
    replaces: Annotated[tuple[PlaceRef, ...], Replaced] = ()


class Point(Body, frozen=True, tag="point"):
    """What an open point offers today, until when, and how many it can still serve."""

    place: PlaceRef
    is_open: bool
    services: Annotated[tuple[Service, ...], Listed]
    hours: Note = ""
    can_serve: CanServe | None = None
    note: Note = ""
    replaces: Annotated[tuple[Annotated[Ref, points_to("point")], ...], Replaced] = ()


class PeopleCount(Body, frozen=True, tag="people-count"):
    """How many people live or stay at a place, as its writer counted.

    `agrees_with` makes it the second counter's mark on the same number.
    """

    place: PlaceRef
    people: People
    households: Households = 0
    under_five: People = 0
    over_seventy: People = 0
    agrees_with: Annotated[Ref | None, points_to("people-count")] = None
    replaces: Annotated[tuple[Annotated[Ref, points_to("people-count")], ...], Replaced] = ()


class Observation(Body, frozen=True, tag="observation"):
    """How a service is at a place, seen by the writer or told to them.

    `ends` names earlier reports that this one says are over.
    """

    place: PlaceRef
    service: Service
    state: State
    source: Source
    since_s: WallTime | None = None
    note: Note = ""
    ends: Annotated[tuple[Annotated[Ref, points_to("observation", "probe")], ...], Listed] = ()


class Probe(Body, frozen=True, tag="probe"):
    """What a device itself found. Written when it changed, and else at most hourly."""

    place: PlaceRef
    service: Service
    state: State
    since_s: WallTime
    has_changed: bool = True


class Rumour(Body, frozen=True, tag="rumour"):
    """A claim that goes round. `repeats` names the rumour that this says again."""

    claim: Annotated[Note, Meta(min_length=1)]
    source: Source
    place: Annotated[Ref | None, points_to("place")] = None
    repeats: Annotated[Ref | None, points_to("rumour")] = None


class RumourCheck(Body, frozen=True, tag="rumour-check"):
    """Somebody, or an organisation, went and looked."""

    rumour: Annotated[Ref, points_to("rumour")]
    verdict: Verdict
    source: Source
    note: Note = ""
