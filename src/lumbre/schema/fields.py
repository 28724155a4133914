"""Types of fields: each carries its unit, its bounds and whom it may show.

A record is a frozen msgspec Struct whose annotations are these types, so that decoding
already checks every bound. Forms, columns, CSV and docs are functions over `fields_of`.

Numbers are integers everywhere. A quantity counts the good's smallest unit; coordinates are
in 1e-5 degree (about a metre), and only things have them.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from lumbre.errors import Invalid
from lumbre.record.limits import SEQ_MAX, WALL_MAX_S
from lumbre.record.log import Mention, Ref
from lumbre.record.media import MediaName
from lumbre.record.radio import RadioRef
from lumbre.record.seal import Envelope, Sealed
from lumbre.schema.roles import Via

QUANTITY_MAX: Final = 10**12
"""A million tonnes in grams: more than any community moves; sums of 10^6 stay in 64 bits."""
PEOPLE_MAX: Final = 10**7
"""A metropolis: what is past it is a slip of the finger."""
# msgspec counts code points: of text that is not ASCII a character takes up to four bytes.
UTF8_MAX_BYTES: Final = 4
# Two lines of a phone; half a page; a word to type at night; ten pages, under the 64 KiB of a
# body whatever the script; what one looks through on one screen.
NAME_MAX_CHARS: Final = 120
NOTE_MAX_CHARS: Final = 1000
CODE_MAX_CHARS: Final = 32
TEXT_MAX_CHARS: Final = 16_000
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


def code(chars_max: int = CODE_MAX_CHARS) -> Meta:
    """A short name in plain ASCII. What goes by radio takes one of few characters."""
    pattern = r"^[a-z0-9][a-z0-9._-]*\Z"
    return Meta(min_length=1, max_length=chars_max, pattern=pattern, extra=_meta(char_bytes=1))


Quantity = Annotated[int, quantity()]
Change = Annotated[int, quantity(low=-QUANTITY_MAX)]
Code = Annotated[str, code()]
Name = Annotated[str, Meta(min_length=1, max_length=NAME_MAX_CHARS, extra=_meta())]
Note = Annotated[str, Meta(max_length=NOTE_MAX_CHARS, extra=_meta())]
Text = Annotated[str, Meta(max_length=TEXT_MAX_CHARS, extra=_meta())]
People = Annotated[int, Meta(ge=0, le=PEOPLE_MAX, extra=_meta(unit="person"))]
Households = Annotated[int, Meta(ge=0, le=PEOPLE_MAX, extra=_meta(unit="household"))]
WallTime = Annotated[int, Meta(ge=0, le=WALL_MAX_S, extra=_meta(unit="s"))]
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
    """What generators need to know of one field of a record.

    `low`, `high` and `length_max` are those of one value; `items_min` and
    `items_max` are the list's. `parts`
    are the fields of a Struct inside. `length_max` counts characters or bytes; `bytes_max` is
    what they take at most. A required field has the default None, and so may an
    optional one: `is_optional` tells.
    """

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
    items_min: int | None = None
    items_max: int | None = None
    bytes_max: int | None = None
    parts: tuple[Field, ...] = ()


_REQUIRED: Final = object()


def kind_name(record: type[Body]) -> str:
    """The kind that a record's bodies begin with."""
    tag = record.__struct_config__.tag
    assert isinstance(tag, str)
    return tag


@functools.cache
def fields_of(record: type[msgspec.Struct]) -> tuple[Field, ...]:
    """The fields of a record in their order, the ones of `Body` first.

    `Invalid` where a field has a type that canonical bytes or the walk over them do not know.
    """
    hints = typing.get_type_hints(record, include_extras=True)
    return tuple(
        _field(info.name, hints[info.name], _default(info))
        for info in msgspec.structs.fields(record)
    )


def _default(info: msgspec.structs.FieldInfo) -> object:
    if info.default_factory is not msgspec.NODEFAULT:
        return info.default_factory()
    return _REQUIRED if info.default is msgspec.NODEFAULT else info.default


_SCALARS: Final = (int, str, bytes)
_CLOSED: Final = (Ref, Mention, RadioRef, MediaName, Sealed)
"""Structs with a size and a meaning of their own; any other is the sum of its parts."""


def _field(name: str, hint: Any, default: object) -> Field:
    base, outer, inner, is_list, is_optional = _peel(name, hint)
    metas = outer + inner
    extras = [meta.extra for meta in metas if meta.extra]
    is_envelope = base is Sealed
    length_max = _first(meta.max_length for meta in inner)
    char_bytes = _first(extra.get("char_bytes") for extra in extras) or UTF8_MAX_BYTES
    if not issubclass(base, str):
        char_bytes = 1
    is_struct = issubclass(base, msgspec.Struct) and base not in _CLOSED
    return Field(
        name=name,
        base=base,
        unit=_first(extra.get("unit") for extra in extras) or "",
        # An annotation further out cannot hide what one further in says.
        shows=Shows.SEALED if is_envelope else _shows(extras),
        low=_first(meta.ge for meta in inner),
        high=_first(meta.le for meta in inner),
        length_min=_first(meta.min_length for meta in inner),
        length_max=length_max,
        pattern=_first(meta.pattern for meta in inner),
        points_to=_first(extra.get("points_to") for extra in extras) or (),
        choices=tuple((c.name, c.value) for c in base) if issubclass(base, Enum) else (),
        is_list=is_list and not is_envelope,
        is_optional=is_optional or default is not _REQUIRED,
        default=None if default is _REQUIRED else default,
        items_min=_first(meta.min_length for meta in outer),
        items_max=_first(meta.max_length for meta in outer),
        bytes_max=None if length_max is None else length_max * char_bytes,
        parts=fields_of(base) if is_struct else (),
    )


def _peel(name: str, hint: Any) -> tuple[type, list[Meta], list[Meta], bool, bool]:
    """The type in the middle, the annotations outside and inside of a list, list?, optional?"""
    outer: list[Meta] = []
    metas: list[Meta] = []
    is_list = is_optional = False
    while True:
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if origin is Annotated:
            hint = args[0]
            metas += [found for found in args[1:] if isinstance(found, Meta)]
        elif origin in (typing.Union, types.UnionType):
            is_optional = True
            hint, *others = (arg for arg in args if arg is not type(None))
            if others:
                raise Invalid("invalid.field-type", field=name)
        elif origin is tuple and not is_list and args[1:] == (...,):
            is_list = True
            outer, metas, hint = metas, [], args[0]
        elif origin is tuple and not is_list and len(args) > 1 and len(set(args)) == 1:
            is_list = True
            exactly = Meta(min_length=len(args), max_length=len(args))
            outer, metas, hint = [*metas, exactly], [], args[0]
        else:
            break
    if not isinstance(hint, type) or not (
        issubclass(hint, _SCALARS) or _is_array_struct(hint) or issubclass(hint, Enum)
    ):
        raise Invalid("invalid.field-type", field=name)
    return hint, outer, metas, is_list, is_optional


def _is_array_struct(hint: type) -> bool:
    return issubclass(hint, msgspec.Struct) and hint.__struct_config__.array_like


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def _shows(extras: list[dict[str, Any]]) -> Shows:
    told = (extra.get("shows", Shows.NOTHING) for extra in extras)
    return next((shows for shows in told if shows is not Shows.NOTHING), Shows.NOTHING)


def refs_in(value: object) -> Iterator[Ref]:
    """Every reference in an untyped value: each array of the form [32 bytes, seq, 32 bytes].

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
        and 0 <= value[1] <= SEQ_MAX
    )


def extra_of(field: Field) -> Mapping[str, object]:
    """Unit and bounds of a field, for documents."""
    bounds = {
        "unit": field.unit,
        "low": field.low,
        "high": field.high,
        "longest": field.length_max,
        "most": field.items_max,
    }
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
    "RadioRef",
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
