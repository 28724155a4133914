"""What is where, missing, given, on its way: goods, needs, offers, commitments.

A good is its code and its smallest unit, together: the same pair is the same good for
everybody, and two units under one code are two goods that nobody adds up. Urgent and radio
records need no other entry to be read: they carry the code and the place's name.

Rules: no record here names who receives. Movements of stock are in `movements.py`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Final

from msgspec import Meta

from lumbre.kinds.shared import ASCII_PATTERN, PeopleInNeed, Replaced
from lumbre.record.log import Ref
from lumbre.schema.fields import (
    CODE_MAX_CHARS,
    Body,
    Code,
    Name,
    Note,
    Quantity,
    Shows,
    WallTime,
    code,
    points_to,
    quantity,
)

RADIO_CODE_MAX: Final = 14
RADIO_PLACE_MAX: Final = 18
"""Without accents, one byte a letter: with its padding a radio body stays within 56 bytes."""
RADIO_QUANTITY_MAX: Final = 2**32 - 1


class Unit(IntEnum):
    """The smallest unit of a good: stock is a whole number of these."""

    GRAM = 1
    MILLILITRE = 2
    PIECE = 3
    WATT_HOUR = 4
    MILLIMETRE = 5


class Tier(IntEnum):
    """How vital: a plan fills a tier before the next."""

    LIFE = 1
    BASIC = 2
    USEFUL = 3


class Category(IntEnum):
    """What kind of thing a good is: the board's picture."""

    OTHER = 0
    WATER = 1
    FOOD = 2
    MEDICINE = 3
    HYGIENE = 4
    BABY = 5
    FUEL = 6
    POWER = 7
    TOOL = 8
    SHELTER = 9
    CLOTHING = 10
    MATERIAL = 11
    TRANSPORT = 12
    MONEY = 13


class Water(IntEnum):
    """Three goods that are never converted into one another."""

    NOT_WATER = 0
    POTABLE = 1
    TO_BOIL = 2
    WASHING = 3


WATER_CODES: Final = {
    "water.potable": Water.POTABLE,
    "water.to-boil": Water.TO_BOIL,
    "water.washing": Water.WASHING,
}
"""The only codes of water: so that no list can mix them up under another name."""

NeedRef = Annotated[Ref, points_to("need", "need-r")]
OfferRef = Annotated[Ref, points_to("offer")]
CommitmentRef = Annotated[Ref, points_to("commitment")]


class Good(Body, frozen=True, tag="good"):
    """What a code and a unit stand for."""

    code: Code
    unit: Unit
    name: Name
    category: Category
    tier: Tier
    name_en: Annotated[str, Meta(max_length=CODE_MAX_CHARS * 3)] = ""
    water: Water = Water.NOT_WATER
    is_perishable: bool = False
    note: Note = ""
    replaces: Annotated[tuple[Annotated[Ref, points_to("good")], ...], Replaced] = ()


class Need(Body, frozen=True, tag="need"):
    """Something is missing at a place, for so many people. Anyone may say so.

    A later version says `first` and `replaces`; only who asked replaces what they asked.
    """

    place_name: Name
    good: Code
    unit: Unit
    quantity: Quantity
    people: PeopleInNeed
    tier: Tier
    place: Annotated[Ref | None, points_to("place")] = None
    by_s: WallTime | None = None
    note: Note = ""
    first: Annotated[Ref | None, points_to("need", "need-r")] = None
    replaces: Annotated[tuple[NeedRef, ...], Replaced] = ()


class RadioNeed(Body, frozen=True, tag="need-r"):
    """A need in 56 bytes: nothing but words and numbers, and it speaks for nobody else."""

    place_name: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=RADIO_PLACE_MAX,
            pattern=ASCII_PATTERN,
            extra={"char_bytes": 1},
        ),
    ]
    good: Annotated[str, code(RADIO_CODE_MAX)]
    unit: Unit
    quantity: Annotated[int, quantity(high=RADIO_QUANTITY_MAX)]
    people: Annotated[int, Meta(ge=0, le=2**16 - 1, extra={"unit": "person", "shows": Shows.NEED})]
    tier: Tier


class Confirmed(Body, frozen=True, tag="confirmed"):
    """A member stands by a version of a need or an offer that a guest left, or a removed member.

    `need` or `offer` is the thing, `version` what was read.
    """

    version: Annotated[Ref, points_to("need", "need-r", "offer")]
    need: Annotated[Ref | None, points_to("need", "need-r")] = None
    offer: Annotated[Ref | None, points_to("offer")] = None


class NeedClosed(Body, frozen=True, tag="need-closed"):
    """The need is met or over. `still-needed` answers it."""

    need: NeedRef
    is_met: bool
    note: Note = ""


class StillNeeded(Body, frozen=True, tag="still-needed"):
    """It is not over: `closings` no longer hold. Anyone may say so."""

    need: NeedRef
    closings: Annotated[
        tuple[Annotated[Ref, points_to("need-closed")], ...], Meta(min_length=1, max_length=64)
    ]
    note: Note = ""


class Offer(Body, frozen=True, tag="offer"):
    """What its holder gives, up to an amount and an hour of their own choice."""

    good: Code
    unit: Unit
    quantity: Quantity
    place_name: Name
    place: Annotated[Ref | None, points_to("place")] = None
    spoils_by_s: WallTime | None = None
    until_s: WallTime | None = None
    note: Note = ""
    first: Annotated[Ref | None, points_to("offer")] = None
    replaces: Annotated[tuple[OfferRef, ...], Replaced] = ()


class OfferWithdrawn(Body, frozen=True, tag="offer-withdrawn"):
    """The holder keeps it after all; no reason is asked."""

    offer: OfferRef


class Commitment(Body, frozen=True, tag="commitment"):
    """So much will be brought: for a need, out of an offer, or both."""

    good: Code
    unit: Unit
    quantity: Quantity
    need: Annotated[Ref | None, points_to("need", "need-r")] = None
    offer: Annotated[Ref | None, points_to("offer")] = None
    by_s: WallTime | None = None
    note: Note = ""


class CommitmentWithdrawn(Body, frozen=True, tag="commitment-withdrawn"):
    """It will not be brought. A refusal needs no reason and lowers nobody's share."""

    commitment: CommitmentRef
    need: Annotated[Ref | None, points_to("need", "need-r")] = None
    offer: Annotated[Ref | None, points_to("offer")] = None


class NotArrived(Body, frozen=True, tag="not-arrived"):
    """The button "no llegó": what was committed is not here. Anyone may press it."""

    commitment: CommitmentRef
    need: Annotated[Ref | None, points_to("need", "need-r")] = None
    offer: Annotated[Ref | None, points_to("offer")] = None
