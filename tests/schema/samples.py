"""Kinds that no community uses, with every type of field, for the tests of the schema."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from lumbre.record import Lane, MediaName, Mention, RadioRef, Ref, Sealed
from lumbre.schema import Body, Domain, Kind, Shows, Via, View, code, points_to, quantity
from lumbre.schema.fields import (
    AuthorKey,
    Change,
    Code,
    Duration,
    Envelope,
    Households,
    Latitude,
    Longitude,
    Name,
    Note,
    People,
    Quantity,
    Slip,
    Text,
    WallTime,
)
from tests.record.helpers import secret


class Colour(Enum):
    RED = "rojo"
    GREEN = "verde"


class Level(IntEnum):
    LOW = 0
    HIGH = 300


class Every(Body, tag="every"):
    place: Annotated[Ref, points_to("place")]
    good: Code
    amount: Quantity
    change: Change
    name: Name
    latitude: Latitude
    longitude: Longitude
    slip: Slip
    colour: Colour
    level: Level
    note: Note = ""
    text: Text = ""
    people: People = 0
    households: Households = 0
    at_s: WallTime = 0
    lasts_s: Duration = 0
    who: AuthorKey | None = None
    flag: bool = False
    others: Annotated[tuple[Annotated[Ref, points_to("need")], ...], Meta(max_length=4)] = ()
    names: Annotated[tuple[Name, ...], Meta(max_length=3)] = ()
    mention: Mention | None = None
    media: MediaName | None = None
    inner: Envelope | None = None
    radio: RadioRef | None = None


class Small(Body, tag="small"):
    good: Code


class Grown(Body, tag="small"):
    """What a newer version made of `Small`."""

    good: Code
    amount: Quantity = 7
    because: Ref | None = None


class Line(msgspec.Struct, array_like=True, frozen=True):
    target: Annotated[Ref, points_to("need", shows=Shows.NEED)]
    amount: Quantity


class Looks(msgspec.Struct, array_like=True, frozen=True):
    """Has a reference's form by chance."""

    first: AuthorKey
    amount: Quantity
    second: AuthorKey


class Lines(Body, tag="lines"):
    lines: Annotated[tuple[Line, ...], Meta(max_length=8)]
    looks: Looks | None = None


class Short(Body, tag="s"):
    """A kind that goes by radio."""

    about: Annotated[RadioRef, points_to("need")]
    good: Annotated[str, code(8)]
    amount: Annotated[int, quantity(high=65_535)]


def _no_row(key, facts):
    return None


DOMAIN = Domain(
    name="samples",
    kinds=(
        Kind(record=Every, lane=Lane.ORDINARY),
        Kind(record=Small, lane=Lane.ORDINARY),
        Kind(record=Lines, lane=Lane.ORDINARY),
        Kind(record=Short, lane=Lane.URGENT, by_radio=True),
    ),
    views=(View(name="nothing", row=Small, derive=_no_row),),
)

REF = Ref(secret("log"), 7, secret("entry"))
OTHER = Ref(secret("other"), 2**40 - 1, secret("entry"))
MENTION = Mention.of(REF)

SMALL = Small(Via.BOARD, None, "agua")
EVERY = Every(
    Via.PAPER,
    REF,
    REF,
    "agua-5l",
    10**12,
    -5,
    "Ñandú",
    1_050_000,
    -6_690_000,
    bytes(16),
    Colour.GREEN,
    Level.HIGH,
)
FULL = msgspec.structs.replace(
    EVERY,
    note="x" * 300,
    text="€" * 40,
    who=secret("who"),
    flag=True,
    others=(REF, OTHER),
    names=("a", "b"),
    mention=MENTION,
    media=MediaName(secret("root"), 10, 4),
    inner=(Sealed(b"abcd", b"box"),),
    radio=RadioRef.of(REF),
)
SAMPLES = (
    SMALL,
    EVERY,
    FULL,
    Lines(Via.CLERK, OTHER, (Line(REF, 1), Line(OTHER, 2))),
    Lines(Via.CLERK, None, (), Looks(secret(1), 5, secret(2))),
    Short(Via.OWN_DEVICE, None, RadioRef.of(REF), "agua", 5),
)
