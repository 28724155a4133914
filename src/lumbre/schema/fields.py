"""Types of fields: each carries its unit, its bounds and whom it may show.

A record is a frozen msgspec Struct whose annotations are these types, so that decoding
already checks every bound. Forms, columns, CSV and docs are functions over `fields_of`.

Numbers are integers everywhere. A quantity counts the good's smallest unit; coordinates are
in 1e-5 degree (about a metre), and only things have them.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from lumbre.record.log import Ref
from lumbre.record.seal import Envelope, Sealed
from lumbre.schema.roles import Via

QUANTITY_MAX: Final = 10**12
"""A million tonnes in grams: more than any community moves; sums of 10^6 stay in 64 bits."""
PEOPLE_MAX: Final = 10**7
NAME_MAX_BYTES: Final = 120
NOTE_MAX_BYTES: Final = 1000
CODE_MAX_BYTES: Final = 32
TEXT_MAX_BYTES: Final = 16_000
LIST_MAX: Final = 64


class Shows(Enum):
    """What a field may tell about people; P14 is a walk over this.

    NOTHING: about things. WHO: leads to a person or an author's key. NEED: that somebody
    needs, receives or is ill. WHERE: a position. SEALED: an inner envelope, never folded.
    """

    NOTHING = "nothing"
    WHO = "who"
    NEED = "need"
    WHERE = "where"
    SEALED = "sealed"


def _meta(shows: Shows = Shows.NOTHING, unit: str = "", **more: Any) -> dict[str, Any]:
    return {"unit": unit, "shows": shows, **more}


def quantity(unit: str = "good", low: int = 1, high: int = QUANTITY_MAX) -> Meta:
    """An amount; unit "good" is the smallest unit of the good that the body names."""
    return Meta(ge=low, le=high, extra=_meta(unit=unit))


def points_to(*kinds: str, shows: Shows = Shows.NOTHING) -> Meta:
    """A reference to an entry of one of these kinds."""
    return Meta(extra=_meta(shows, points_to=kinds))


Quantity = Annotated[int, quantity()]
Change = Annotated[int, quantity(low=-QUANTITY_MAX)]
CODE_PATTERN: Final = r"^[a-z0-9][a-z0-9._-]*$"
Code = Annotated[
    str, Meta(min_length=1, max_length=CODE_MAX_BYTES, pattern=CODE_PATTERN, extra=_meta())
]
Name = Annotated[str, Meta(min_length=1, max_length=NAME_MAX_BYTES, extra=_meta())]
Note = Annotated[str, Meta(max_length=NOTE_MAX_BYTES, extra=_meta())]
Text = Annotated[str, Meta(max_length=TEXT_MAX_BYTES, extra=_meta())]
People = Annotated[int, Meta(ge=0, le=PEOPLE_MAX, extra=_meta(unit="person"))]
Households = Annotated[int, Meta(ge=0, le=PEOPLE_MAX, extra=_meta(unit="household"))]
WallTime = Annotated[int, Meta(ge=0, le=2**40, extra=_meta(unit="s"))]
"""Seconds since 1970 by the writing device's own clock: shown as a claim."""
Duration = Annotated[int, Meta(ge=0, le=10**9, extra=_meta(unit="s"))]
Latitude = Annotated[int, Meta(ge=-9_000_000, le=9_000_000, extra=_meta(Shows.WHERE, "1e-5 deg"))]
Longitude = Annotated[
    int, Meta(ge=-18_000_000, le=18_000_000, extra=_meta(Shows.WHERE, "1e-5 deg"))
]
AuthorKey = Annotated[bytes, Meta(min_length=32, max_length=32, extra=_meta(Shows.WHO))]
Slip = Annotated[bytes, Meta(min_length=16, max_length=16, extra=_meta())]
"""16 random bytes that a form gets when it is opened: a retry carries the same, counts once."""


class Body(msgspec.Struct, array_like=True, frozen=True, gc=False, tag=True):
    """Base of every body: its kind (the Struct's tag) comes first, then who speaks, and how.

    `speaks_for` names the organisation or mandate that the author speaks for, or None.
    """

    via: Via
    speaks_for: Annotated[Ref | None, points_to("organisation", "mandate")]


class Field(msgspec.Struct, frozen=True):
    """What generators need to know of one field of a record."""

    name: str
    base: type
    unit: str
    shows: Shows
    low: int | None
    high: int | None
    length_min: int | None
    length_max: int | None
    pattern: str | None
    points_to: tuple[str, ...]
    choices: tuple[tuple[str, int | str], ...]
    is_list: bool
    is_optional: bool
    default: object


_REQUIRED: Final = object()


def kind_name(record: type[Body]) -> str:
    """The kind that a record's bodies begin with."""
    tag = record.__struct_config__.tag
    assert isinstance(tag, str)
    return tag


def fields_of(record: type[msgspec.Struct]) -> tuple[Field, ...]:
    """The fields of a record (those of `Body` first) or of a view's row, in their order."""
    hints = typing.get_type_hints(record, include_extras=True)
    found = []
    for info in msgspec.structs.fields(record):
        default = info.default if info.default is not msgspec.NODEFAULT else _REQUIRED
        found.append(_field(info.name, hints[info.name], default))
    return tuple(found)


def _field(name: str, hint: Any, default: object) -> Field:
    is_list = is_optional = False
    metas: list[Meta] = []
    while True:
        if typing.get_origin(hint) is Annotated:
            hint, *annotations = typing.get_args(hint)
            metas += [found for found in annotations if isinstance(found, Meta)]
        elif typing.get_origin(hint) in (typing.Union, types.UnionType):
            is_optional = True
            (hint,) = (arg for arg in typing.get_args(hint) if arg is not type(None))
        elif typing.get_origin(hint) is tuple:
            is_list = True
            hint = typing.get_args(hint)[0]
        else:
            break
    extra = _first(metas, "extra") or {}
    is_envelope = hint is Sealed
    return Field(
        name=name,
        base=hint,
        unit=extra.get("unit", ""),
        shows=Shows.SEALED if is_envelope else extra.get("shows", Shows.NOTHING),
        low=_first(metas, "ge"),
        high=_first(metas, "le"),
        length_min=_first(metas, "min_length"),
        length_max=_first(metas, "max_length"),
        pattern=_first(metas, "pattern"),
        points_to=tuple(extra.get("points_to", ())),
        choices=tuple((c.name, c.value) for c in hint) if issubclass(hint, Enum) else (),
        is_list=is_list and not is_envelope,
        is_optional=is_optional or default is not _REQUIRED,
        default=None if default is _REQUIRED else default,
    )


def _first(metas: list[Meta], attribute: str) -> Any:
    return next((v for m in metas if (v := getattr(m, attribute)) is not None), None)


def refs_in(value: object) -> Iterator[Ref]:
    """Every reference in an untyped value: each array of the form [32 bytes, int, 32 bytes].

    By form and not by kind, so that every version sees the same references in a body.
    """
    if isinstance(value, list | tuple):
        if _is_ref(value):
            yield Ref(value[0], value[1], value[2])
        else:
            for part in value:
                yield from refs_in(part)


def _is_ref(value: list[object] | tuple[object, ...]) -> bool:
    return (
        len(value) == 3
        and isinstance(value[0], bytes)
        and isinstance(value[2], bytes)
        and type(value[1]) is int
        and len(value[0]) == len(value[2]) == 32
        and value[1] >= 0
    )


def extra_of(field: Field) -> Mapping[str, object]:
    """Unit and bounds of a field, for documents."""
    bounds = {"unit": field.unit, "low": field.low, "high": field.high, "longest": field.length_max}
    return {name: value for name, value in bounds.items() if value not in (None, "")}


__all__ = [
    "AuthorKey",
    "Body",
    "Change",
    "Code",
    "Duration",
    "Envelope",
    "Field",
    "Households",
    "Latitude",
    "Longitude",
    "Name",
    "Note",
    "People",
    "Quantity",
    "Ref",
    "Shows",
    "Slip",
    "Text",
    "WallTime",
    "fields_of",
    "kind_name",
    "points_to",
    "quantity",
    "refs_in",
]
