"""The registry: a body is decoded by its kind, and every version sees the same references."""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from lumbre.errors import Invalid, Refused
from lumbre.record import Lane, Ref, canonical
from lumbre.record.limits import BODY_MAX_BYTES
from lumbre.schema import Body, Domain, Kind, Registry, Via, View
from lumbre.schema.fields import refs_in
from tests.record.helpers import secret
from tests.schema.samples import (
    DOMAIN,
    EVERY,
    FULL,
    OTHER,
    REF,
    SAMPLES,
    SMALL,
    Colour,
    Every,
    Grown,
    Level,
    Line,
    Lines,
    Looks,
    Short,
    Small,
)

REGISTRY = Registry([DOMAIN])
EMPTY = Registry([])
NEWER = Registry([Domain(name="newer", kinds=(Kind(record=Grown, lane=Lane.ORDINARY),))])


def kind(record: type[Body]) -> Kind:
    return Kind(record=record, lane=Lane.ORDINARY)


def refusal(data: bytes, registry: Registry = REGISTRY) -> str:
    with pytest.raises(Refused) as refused:
        registry.decode(data)
    return refused.value.message_id


@pytest.mark.parametrize("body", SAMPLES, ids=lambda body: type(body).__name__)
def test_a_body_comes_out_as_it_went_in(body) -> None:
    data = REGISTRY.encode(body)
    decoded = REGISTRY.decode(data)
    assert decoded.body == body
    assert decoded.kind is REGISTRY.kind_of(body) is REGISTRY.kinds[decoded.kind.name]
    assert decoded.refs == tuple(refs_in(canonical.decode(data, BODY_MAX_BYTES)))


def test_references_are_found_in_the_order_of_the_fields() -> None:
    assert REGISTRY.decode(REGISTRY.encode(FULL)).refs == (REF, REF, REF, OTHER)
    assert REGISTRY.decode(REGISTRY.encode(SMALL)).refs == ()


def test_references_inside_of_a_struct_are_found() -> None:
    body = Lines(Via.CLERK, OTHER, (Line(REF, 1), Line(OTHER, 2)))
    assert REGISTRY.decode(REGISTRY.encode(body)).refs == (OTHER, REF, OTHER)


def test_what_has_a_references_form_is_one_to_every_version() -> None:
    body = Lines(Via.CLERK, None, (), Looks(secret(1), 5, secret(2)))
    data = REGISTRY.encode(body)
    assert REGISTRY.decode(data).refs == EMPTY.decode(data).refs == (Ref(secret(1), 5, secret(2)),)


REFS = st.builds(
    Ref, st.binary(min_size=32, max_size=32), st.integers(0, 2**40 - 1),
    st.binary(min_size=32, max_size=32),
)  # fmt: skip
BODIES = (
    st.builds(
        Every, via=st.sampled_from(Via), speaks_for=st.none() | REFS, place=REFS,
        good=st.just("agua"), amount=st.integers(1, 10**12), change=st.integers(-9, 9),
        name=st.text(min_size=1, max_size=120), latitude=st.integers(-9_000_000, 9_000_000),
        longitude=st.just(0), slip=st.binary(min_size=16, max_size=16),
        colour=st.sampled_from(Colour), level=st.sampled_from(Level), flag=st.booleans(),
        others=st.lists(REFS, max_size=4).map(tuple), at_s=st.integers(0, 2**40),
    )
    | st.builds(Small, via=st.sampled_from(Via), speaks_for=st.none() | REFS, good=st.just("a"))
    | st.builds(
        Lines, via=st.sampled_from(Via), speaks_for=st.none() | REFS,
        lines=st.lists(st.builds(Line, REFS, st.integers(1, 9)), max_size=8).map(tuple),
    )
)  # fmt: skip
EXTRA = st.lists(
    st.none() | st.integers(0, 9) | st.text(max_size=5) | REFS | st.lists(REFS, max_size=2),
    max_size=3,
)


@given(BODIES, EXTRA)
def test_the_fast_path_and_the_slow_path_see_the_same_body_and_references(body, extra) -> None:
    """Known kind, known kind with more fields, and unknown kind: one set of references."""
    fast = REGISTRY.decode(REGISTRY.encode(body))
    fields = [*canonical.decode(REGISTRY.encode(body), BODY_MAX_BYTES), *extra]
    more = canonical.encode(fields)
    slow = REGISTRY.decode(more)
    unknown = EMPTY.decode(more)
    defaults = len(fields) - len(extra) == len(body.__struct_fields__) + 1
    assert defaults
    assert slow.body == fast.body == body
    assert slow.refs == unknown.refs
    assert slow.refs[: len(fast.refs)] == fast.refs
    assert slow.refs[len(fast.refs) :] == tuple(refs_in(extra_untyped(extra)))
    assert (unknown.body, unknown.kind) == (None, None)


def extra_untyped(extra: list[object]) -> list[object]:
    return canonical.decode(canonical.encode(extra), BODY_MAX_BYTES)


@given(BODIES, st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_what_is_taken_is_canonical(body, at, change) -> None:
    data = REGISTRY.encode(body)
    altered = data[:at] + change + data[at + len(change) :]
    try:
        refs = REGISTRY.decode(altered).refs
    except Refused:
        return
    assert refs == tuple(refs_in(canonical.decode(altered, BODY_MAX_BYTES)))


# Row 24: versions


def test_row_24_a_newer_body_passes_through_an_older_registry_unchanged() -> None:
    newer = Grown(Via.BOARD, None, "agua", 9, REF)
    data = NEWER.encode(newer)
    older = REGISTRY.decode(data)
    assert older.body == SMALL
    assert older.refs == (REF,)
    assert NEWER.decode(data).body == newer


def test_row_24_an_older_body_takes_the_defaults_in_a_newer_registry() -> None:
    data = REGISTRY.encode(SMALL)
    assert NEWER.decode(data).body == Grown(Via.BOARD, None, "agua", 7, None)
    assert NEWER.decode(data).refs == ()


def test_row_24_a_missing_field_without_a_default_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        REGISTRY.decode(canonical.encode(["small", 1, None]))
    assert refused.value.message_id == "refused.bad-field"
    why = "Expected `array` of at least length 4, got 3"
    assert refused.value.values == {"kind": "small", "why": why}


def test_row_24_an_unknown_kind_is_kept_with_its_references() -> None:
    data = canonical.encode(["of tomorrow", 99, list(msgspec.structs.astuple(REF)), [[1], "x"]])
    decoded = REGISTRY.decode(data)
    assert (decoded.body, decoded.kind, decoded.refs) == (None, None, (REF,))


@pytest.mark.parametrize("value", [[], [1], [None], [b"small"], [["small"]], [True]])
def test_a_body_without_a_kind_is_refused(value) -> None:
    assert refusal(canonical.encode(value)) == "refused.no-kind"


def test_an_empty_registry_knows_no_kind() -> None:
    assert EMPTY.decode(canonical.encode(["Body", 0, None])).kind is None
    assert EMPTY.decode(REGISTRY.encode(FULL)).body is None
    with pytest.raises(Invalid):
        EMPTY.encode(SMALL)


# What is refused


@pytest.mark.parametrize(
    "tail",
    [b"\xcb\x7f\xf8" + bytes(6), b"\xca" + bytes(4), b"\x80", b"\xd4\x01x", b"\xd6\xff" + bytes(4)],
    ids=["not a number", "float", "map", "extension", "timestamp"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["small", "unknown"])
def test_a_value_of_another_type_is_refused_in_a_field_after_the_known_ones(name, tail) -> None:
    start = canonical.encode([name, 1, None, "agua"])
    assert refusal(b"\x95" + start[1:] + tail) == "refused.not-canonical"


def test_a_number_that_is_a_float_is_refused_in_a_known_field() -> None:
    fields = canonical.decode(REGISTRY.encode(EVERY), BODY_MAX_BYTES)
    for value in (5.0, float("nan"), float("inf"), {}, msgspec.msgpack.Ext(1, b"")):
        data = canonical.encode([*fields[:5], value, *fields[6:]])
        assert refusal(data) == "refused.not-canonical"


def test_a_body_that_is_not_in_its_shortest_form_is_refused() -> None:
    data = REGISTRY.encode(SMALL)
    assert data[7:8] == b"\x01"
    longer = data[:7] + b"\xcc\x01" + data[8:]
    assert refusal(longer) == "refused.not-canonical"
    assert refusal(data + b"\xc0") == "refused.not-msgpack"


def test_a_body_over_its_cap_is_refused_though_each_field_is_in_bounds() -> None:
    class Big(Body, tag="big"):
        texts: Annotated[tuple[Annotated[str, Meta(max_length=16_000)], ...], Meta(max_length=9)]

    registry = Registry([Domain(name="big", kinds=(kind(Big),))])
    fits = Big(Via.BOARD, None, ("x" * 16_000,) * 4)
    over = Big(Via.BOARD, None, ("x" * 16_000,) * 5)
    assert registry.decode(registry.encode(fits)).body == fits
    assert refusal(canonical.encode(over), registry) == "refused.too-large"
    with pytest.raises(Invalid) as invalid:
        registry.encode(over)
    assert invalid.value.message_id == "invalid.body-too-large"
    size_bytes = len(canonical.encode(over))
    assert invalid.value.values == {"size_bytes": size_bytes, "max_bytes": BODY_MAX_BYTES}
    spare = BODY_MAX_BYTES - len(registry.encode(fits)) - 3
    exact = Big(Via.BOARD, None, (*fits.texts, "x" * spare))
    assert len(registry.encode(exact)) == BODY_MAX_BYTES
    tail = BODY_MAX_BYTES - len(REGISTRY.encode(SMALL)) - 3
    start = canonical.encode(["small", 1, None, "agua", bytes(tail)])
    assert len(start) == BODY_MAX_BYTES
    assert REGISTRY.decode(start).body == SMALL
    with pytest.raises(Refused) as refused:
        REGISTRY.decode(canonical.encode(["small", 1, None, "agua", bytes(tail + 1)]))
    assert refused.value.message_id == "refused.too-large"
    assert refused.value.values == {"size_bytes": 65_537, "max_bytes": BODY_MAX_BYTES}


def test_a_reference_of_four_values_is_refused_in_a_known_kind_and_none_in_another() -> None:
    four = [*msgspec.structs.astuple(REF), 0]
    assert refusal(canonical.encode(["small", 1, four, "agua"])) == "refused.bad-field"
    assert EMPTY.decode(canonical.encode(["small", 1, four, "agua"])).refs == ()


def test_why_a_field_is_bad_never_holds_what_was_typed() -> None:
    fields = canonical.decode(REGISTRY.encode(EVERY), BODY_MAX_BYTES)
    place = Every.__struct_fields__.index("colour") + 1
    for typed in ("secret name", 'it\'s - at `$[1]` "so"', "'", "\n - at x"):
        with pytest.raises(Refused) as refused:
            REGISTRY.decode(canonical.encode([*fields[:place], typed, *fields[place + 1 :]]))
        assert refused.value.message_id == "refused.bad-field"
        assert refused.value.values == {
            "kind": "every",
            "why": f"Invalid enum value - at `$[{place}]`",
        }


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"amount": 0}, "Expected `int` >= 1 - at `$[5]`"),
        ({"amount": 10**12 + 1}, "Expected `int` <= 1000000000000 - at `$[5]`"),
        ({"amount": 5.0}, "Expected `int`, got `float` - at `$[5]`"),
        ({"amount": 2**64}, "OverflowError"),
        ({"amount": object()}, "TypeError"),
        ({"name": "\ud800"}, "UnicodeEncodeError"),
        ({"name": ""}, None),
        ({"name": "x" * 121}, None),
        ({"good": "Agua"}, None),
        ({"good": "agua\n"}, None),
        ({"good": "-agua"}, None),
        ({"good": "x" * 33}, None),
        ({"slip": bytes(15)}, None),
        ({"slip": bytes(17)}, None),
        ({"latitude": 9_000_001}, None),
        ({"colour": "azul"}, "Invalid enum value - at `$[11]`"),
        ({"others": (REF,) * 5}, None),
        ({"place": None}, None),
        ({"note": "x" * 1001}, None),
    ],
)
def test_a_field_out_of_its_bounds_is_not_written(changes, why) -> None:
    body = msgspec.structs.replace(EVERY, **changes)
    with pytest.raises(Invalid) as invalid:
        REGISTRY.encode(body)
    assert invalid.value.message_id == "invalid.field"
    if why is not None:
        assert invalid.value.values == {"why": why}


def test_a_struct_inside_with_more_than_its_fields_is_not_written() -> None:
    more = (*msgspec.structs.astuple(Line(REF, 1)), "more")
    with pytest.raises(Invalid) as invalid:
        REGISTRY.encode(Lines(Via.CLERK, None, (more,)))  # type: ignore[arg-type]
    assert (invalid.value.message_id, invalid.value.values) == (
        "invalid.field",
        {"why": "not canonical"},
    )


def test_bounds_hold_to_the_last_value() -> None:
    for changes in (
        {"amount": 1, "name": "x" * 120, "good": "x" * 32, "others": (REF,) * 4},
        {"amount": 10**12, "name": "€" * 120, "good": "0._-", "latitude": -9_000_000},
    ):
        body = msgspec.structs.replace(EVERY, **changes)
        assert REGISTRY.decode(REGISTRY.encode(body)).body == body


# Names


def test_two_kinds_or_views_of_one_name_are_invalid() -> None:
    kinds = (Kind(record=Grown, lane=Lane.BULK),)
    views = (View(name="nothing", row=Small, derive=lambda key, facts: None),)
    for again, says, values in (
        (Domain(name="again", kinds=kinds), "invalid.kind-twice", {"kind": "small"}),
        (Domain(name="again", kinds=(), views=views), "invalid.view-twice", {"view": "nothing"}),
    ):
        with pytest.raises(Invalid) as invalid:
            Registry([DOMAIN, again])
        assert (invalid.value.message_id, invalid.value.values) == (says, values)


def test_a_registry_holds_what_its_domains_hold() -> None:
    made = Registry([DOMAIN])
    assert made.domains == (DOMAIN,)
    assert set(made.kinds) == {"every", "small", "lines", "s"}
    assert made.views == {"nothing": DOMAIN.views[0]}
    assert [made.decode(made.encode(body)).body for body in SAMPLES] == list(SAMPLES)
    with pytest.raises(Refused):
        Registry([]).decode(b"\x90")
    assert REGISTRY.kind_of(SMALL).record is Small
    assert REGISTRY.kinds["s"].record is Short
    with pytest.raises(Invalid) as invalid:
        REGISTRY.kind_of(Grown(Via.BOARD, None, "agua"))
    assert (invalid.value.message_id, invalid.value.values) == (
        "invalid.unknown-kind",
        {"kind": "Grown"},
    )


def test_a_registry_of_one_kind_refuses_another_kinds_fields() -> None:
    registry = Registry([Domain(name="one", kinds=(kind(Small),))])
    assert registry.decode(REGISTRY.encode(SMALL)).body == SMALL
    assert registry.decode(REGISTRY.encode(FULL)).body is None
