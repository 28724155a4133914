"""Fields as data: what generators, and the walk that P14 is, are told."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from lumbre.errors import Invalid
from lumbre.record import MediaName, Mention, RadioRef, Ref, Sealed
from lumbre.schema import Body, Shows, Via, fields_of, fits_radio, points_to, radio_body_max_bytes
from lumbre.schema.fields import (
    AuthorKey,
    Code,
    Envelope,
    Name,
    Quantity,
    code,
    extra_of,
    kind_name,
    quantity,
    refs_in,
)
from tests.record.helpers import secret
from tests.schema.samples import Colour, Every, Level, Line, Lines, Short, Small

NAMES = ("via", *Every.__struct_fields__[1:])
FIELDS = {field.name: field for field in fields_of(Every)}


def test_the_fields_of_a_body_come_first() -> None:
    assert list(FIELDS)[:3] == ["via", "speaks_for", "place"]
    assert list(FIELDS) == list(Every.__struct_fields__)
    assert kind_name(Every) == "every"


EXPECTED: dict[str, dict[str, Any]] = {
    "via": {"base": Via, "choices": tuple((via.name, via.value) for via in Via)},
    "speaks_for": {"base": Ref, "points_to": ("organisation", "mandate"), "is_optional": True},
    "place": {"base": Ref, "points_to": ("place",), "is_optional": False, "is_list": False},
    "good": {"base": str, "length_max": 32, "bytes_max": 32, "is_optional": False},
    "amount": {"base": int, "unit": "good", "low": 1, "high": 10**12, "choices": ()},
    "change": {"low": -(10**12), "high": 10**12, "unit": "good"},
    "name": {"base": str, "length_max": 120, "bytes_max": 480, "items_max": None},
    "latitude": {"unit": "1e-5 deg", "shows": Shows.WHERE, "low": -9_000_000, "high": 9_000_000},
    "longitude": {"unit": "1e-5 deg", "shows": Shows.WHERE, "low": -18_000_000},
    "slip": {"base": bytes, "length_max": 16, "bytes_max": 16, "shows": Shows.NOTHING},
    "colour": {"base": Colour, "choices": (("RED", "rojo"), ("GREEN", "verde"))},
    "level": {"base": Level, "choices": (("LOW", 0), ("HIGH", 300))},
    "note": {"length_max": 1000, "is_optional": True, "default": ""},
    "text": {"length_max": 16_000},
    "people": {"unit": "person", "low": 0, "high": 10**7},
    "households": {"unit": "household"},
    "at_s": {"unit": "s", "high": 2**40},
    "lasts_s": {"unit": "s", "high": 10**9},
    "who": {"base": bytes, "shows": Shows.WHO, "length_max": 32, "is_optional": True},
    "flag": {"base": bool, "default": False, "is_optional": True},
    "others": {"base": Ref, "is_list": True, "items_max": 4, "points_to": ("need",)},
    "names": {"base": str, "is_list": True, "items_max": 3, "length_max": 120},
    "mention": {"base": Mention, "parts": ()},
    "media": {"base": MediaName, "parts": ()},
    "inner": {"base": Sealed, "shows": Shows.SEALED, "is_list": False, "parts": ()},
    "radio": {"base": RadioRef, "parts": ()},
}


@pytest.mark.parametrize("name", NAMES)
def test_a_field_says_what_its_annotations_say(name) -> None:
    field = {found.name: found for found in fields_of(Every)}[name]
    expected = {"name": name, **EXPECTED[name]}
    assert {key: getattr(field, key) for key in expected} == expected


def test_the_fields_inside_of_a_struct_are_its_parts() -> None:
    lines, looks = fields_of(Lines)[2:]
    assert (lines.base, lines.is_list, lines.items_max) == (Line, True, 8)
    target, amount = lines.parts
    assert (target.base, target.shows, target.points_to) == (Ref, Shows.NEED, ("need",))
    assert (amount.low, amount.unit) == (1, "good")
    assert looks.is_optional
    assert [part.shows for part in looks.parts] == [Shows.WHO, Shows.NOTHING, Shows.WHO]


def test_an_annotation_outside_does_not_hide_what_the_one_inside_shows() -> None:
    class Told(Body, tag="told"):
        keys: Annotated[tuple[AuthorKey, ...], Meta(max_length=3), points_to("device")]
        key: Annotated[AuthorKey | None, points_to("device")]
        need: Annotated[Ref, points_to("need", shows=Shows.NEED)]

    keys, key, need = fields_of(Told)[2:]
    assert keys.shows is key.shows is Shows.WHO
    assert keys.points_to == key.points_to == ("device",)
    assert need.shows is Shows.NEED


def test_a_default_that_is_made_anew_is_a_default() -> None:
    class Made(Body, tag="made"):
        names: tuple[Name, ...] = msgspec.field(default_factory=lambda: ("a",))

    (names,) = fields_of(Made)[2:]
    assert names.is_optional
    assert names.default == ("a",)


def test_a_required_field_has_no_default() -> None:
    (good,) = fields_of(Small)[2:]
    assert (good.is_optional, good.default) == (False, None)


def record_of(hint: Any) -> type[Body]:
    options = {"tag": "bad", "frozen": True, "array_like": True, "gc": False}
    return msgspec.defstruct("Bad", [("value", hint)], bases=(Body,), **options)


def bodies_of_bad_types() -> list[type[Body]]:
    class Loose(msgspec.Struct):
        a: int

    hints: list[Any] = [
        float, dict[str, int], list[int], tuple[int, str], tuple[int], set[int], Any, object,
        int | str, int | str | None, tuple[tuple[int, ...], ...], Loose, None,
    ]  # fmt: skip
    return [
        msgspec.defstruct(
            "Bad",
            [("value", hint)],
            bases=(Body,),
            tag="bad",
            frozen=True,
            array_like=True,
            gc=False,
        )
        for hint in hints
    ]


@pytest.mark.parametrize("record", bodies_of_bad_types(), ids=lambda r: str(r.__annotations__))
def test_a_field_of_a_type_that_canonical_bytes_lack_is_invalid(record) -> None:
    with pytest.raises(Invalid) as invalid:
        fields_of(record)
    assert (invalid.value.message_id, invalid.value.values) == (
        "invalid.field-type", {"field": "value"},
    )  # fmt: skip


def test_units_and_bounds_go_into_documents() -> None:
    assert extra_of(FIELDS["amount"]) == {"unit": "good", "low": 1, "high": 10**12}
    assert extra_of(FIELDS["people"]) == {"unit": "person", "low": 0, "high": 10**7}
    assert extra_of(FIELDS["names"]) == {"longest": 120, "most": 3}
    assert extra_of(FIELDS["flag"]) == {}


def test_helpers_make_bounds() -> None:
    assert (quantity().ge, quantity().le) == (1, 10**12)
    assert (quantity("L", 0, 5).ge, quantity("L", 0, 5).le) == (0, 5)
    assert quantity("L").extra == {"unit": "L", "shows": Shows.NOTHING}
    assert quantity().extra == {"unit": "good", "shows": Shows.NOTHING}
    assert code().extra == {"unit": "", "shows": Shows.NOTHING, "char_bytes": 1}
    short = msgspec.msgpack.Decoder(Annotated[str, code(8)])
    assert short.decode(b"\xa3a.1") == "a.1"
    for bad in (b"\xa2a\n", b"\xa1A", b"\xa1.", b"\xa0"):
        with pytest.raises(msgspec.ValidationError):
            short.decode(bad)
    assert (code().max_length, code(8).max_length, code().min_length) == (32, 8, 1)
    assert points_to("a", "b").extra == {
        "unit": "", "shows": Shows.NOTHING, "points_to": ("a", "b"),
    }  # fmt: skip


# References by form

A, B = secret("a"), secret("b")


@pytest.mark.parametrize(
    ("value", "refs"),
    [
        ([A, 0, B], [Ref(A, 0, B)]),
        ((A, 5, B), [Ref(A, 5, B)]),
        ([[A, 1, B], [[A, 2, B]]], [Ref(A, 1, B), Ref(A, 2, B)]),
        ([A, 2**40 - 1, B], [Ref(A, 2**40 - 1, B)]),
        ([A, 2**40, B], []),
        ([A, -1, B], []),
        ([A, True, B], []),
        ([A, None, B], []),
        ([A, "1", B], []),
        ([A[:31], 1, B], []),
        ([A, 1, B[:31]], []),
        ([A, 1, B, 0], []),
        ([A, 1], []),
        ([1, A, B], []),
        (["x" * 32, 1, B], []),
        ([A, 1, "x" * 32], []),
        ([A + b"x", 1, B + b"x"], []),
        ("text", []),
        (A, []),
        (None, []),
        ([], []),
    ],
)
def test_references_are_found_by_form(value, refs) -> None:
    assert list(refs_in(value)) == refs


# How large by radio


def test_a_kind_whose_every_body_fits_a_frame_is_known_by_its_fields() -> None:
    """Array 1, kind 2, via 1, speaks for 1, reference 22, code 9, amount 3."""
    assert radio_body_max_bytes(Short) == 39
    assert fits_radio(Short)
    largest = Short(Via.IMPORT, None, RadioRef(b"abcd", 2**32 - 1, bytes(8)), "x" * 8, 65_535)
    assert len(msgspec.msgpack.encode(largest)) == 39
    assert not fits_radio(Lines2)
    assert fits_radio(Exact)
    assert not fits_radio(One)


class Lines2(Body, tag="l"):
    lines: Annotated[tuple[Code, ...], Meta(max_length=2)]


class Exact(Body, tag="e"):
    """1 + 2 + 1 + 1, and 49."""

    text: Annotated[bytes, Meta(max_length=47)]


class One(Body, tag="o"):
    text: Annotated[bytes, Meta(max_length=48)]


class Part(msgspec.Struct, array_like=True, frozen=True):
    amount: Annotated[int, quantity(low=-200, high=100)]
    flag: bool


class Word(Enum):
    SHORT = "a"
    LONG = "palabra"


class Several(Body, tag="several"):
    parts: Annotated[tuple[Part, ...], Meta(max_length=20)]
    word: Word
    text: Annotated[str, Meta(max_length=3)]
    data: Annotated[bytes, Meta(max_length=3)]
    mention: Mention
    media: MediaName | None = None
    name: Annotated[str | None, Meta(max_length=10)] = None
    ref: Ref | None = None


def test_the_bound_is_the_size_of_the_largest_body() -> None:
    largest = Several(
        Via.IMPORT, None, (Part(-200, True),) * 20, Word.LONG, "🔥" * 3, bytes(3),
        Mention(2**40 - 1, bytes(32), bytes(32)), MediaName(bytes(32), 2**32, 2**18), "🔥" * 10,
    )  # fmt: skip
    assert radio_body_max_bytes(Several) == len(msgspec.msgpack.encode(largest))


@pytest.mark.parametrize(("count", "header_bytes"), [(12, 1), (13, 3)])
def test_a_body_of_16_values_has_a_longer_start(count, header_bytes) -> None:
    fields = [(f"f{i}", bool) for i in range(count)]
    options = {"tag": "many", "frozen": True, "array_like": True, "gc": False}
    record = msgspec.defstruct("Many", fields, bases=(Body,), **options)
    largest = record(Via.BOARD, None, *[True] * count)
    assert radio_body_max_bytes(record) == len(msgspec.msgpack.encode(largest))
    assert radio_body_max_bytes(record) == header_bytes + 5 + 2 + count


@pytest.mark.parametrize(
    ("hint", "says"),
    [
        (int, "invalid.field-unbounded"),
        (Annotated[int, Meta(ge=0)], "invalid.field-unbounded"),
        (Annotated[int, Meta(le=0)], "invalid.field-unbounded"),
        (str, "invalid.field-unbounded"),
        (bytes | None, "invalid.field-unbounded"),
        (tuple[Quantity, ...], "invalid.field-unbounded"),
        (Ref, "invalid.field-not-by-radio"),
        (Annotated[tuple[Ref, ...] | None, Meta(max_length=3)], "invalid.field-not-by-radio"),
        (Envelope, "invalid.field-not-by-radio"),
    ],
)
def test_a_field_without_a_bound_or_too_large_for_radio_is_invalid(hint, says) -> None:
    with pytest.raises(Invalid) as invalid:
        radio_body_max_bytes(record_of(hint))
    assert (invalid.value.message_id, invalid.value.values) == (says, {"field": "value"})
