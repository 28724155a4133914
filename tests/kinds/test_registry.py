"""Every shipped kind and view: bytes, references, bounds, and what a declaration must say."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumbre.errors import Invalid, Refused
from lumbre.kinds.document import views_of
from lumbre.record import canonical
from lumbre.record.log import Lane, Ref
from lumbre.schema.fields import QUANTITY_MAX, Body, fields_of, refs_in
from lumbre.schema.kind import Fact, Kind, Standing
from lumbre.schema.roles import Role
from tests.kinds.bodies import body_strategy
from tests.kinds.world import HERE, REGISTRY

KINDS = tuple(REGISTRY.kinds.values())
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def body_of(kind: Kind, data: st.DataObject) -> Body:
    return data.draw(body_strategy(kind.record))


@every_kind
@settings(max_examples=30)
@given(data=st.data())
def test_a_body_comes_back_from_its_bytes_with_the_references_that_its_form_shows(
    kind: Kind, data: st.DataObject
) -> None:
    body = body_of(kind, data)
    encoded = REGISTRY.encode(body)
    decoded = REGISTRY.decode(encoded)
    assert decoded.body == body
    assert decoded.kind is kind
    assert list(decoded.refs) == list(refs_in(canonical.decode(encoded, 2**17)))


@every_kind
@settings(max_examples=30)
@given(data=st.data())
def test_groups_name_views_that_exist_and_depend_on_the_body_alone(
    kind: Kind, data: st.DataObject
) -> None:
    body = body_of(kind, data)
    ref = Ref(bytes(32), 1, bytes(32))
    groups = list(kind.groups(body, ref))
    assert groups == list(kind.groups(body, ref))
    assert len(groups) == len(set(groups))
    assert {view for view, _ in groups} <= set(REGISTRY.views)


@every_kind
def test_a_kind_is_shown_somewhere(kind: Kind) -> None:
    """What acts of trust do is the rights' to say."""
    assert views_of(kind) or kind.lane is Lane.TRUST


@every_kind
@settings(max_examples=20)
@given(data=st.data())
def test_a_view_takes_any_facts_of_its_group(kind: Kind, data: st.DataObject) -> None:
    """Whatever is in a group, as far as forms allow, gives a row that is read back."""
    body = body_of(kind, data)
    ref = Ref(bytes(32), 1, bytes(32))
    role = data.draw(st.sampled_from(sorted(kind.writers)))
    standing = data.draw(st.sampled_from(Standing))
    fact = Fact(3, ref, bytes(32), bytes(32), role, standing, 0, body)
    for view, key in kind.groups(body, ref):
        row = REGISTRY.views[view].derive(key, [fact])
        if row is not None:
            encoded = canonical.encode(row)
            canonical.decode(encoded, 2**20)
            assert msgspec.msgpack.decode(encoded, type=REGISTRY.views[view].row) == row


@every_kind
def test_urgent_entries_are_signed_alone(kind: Kind) -> None:
    assert kind.signed_alone or kind.lane is not Lane.URGENT


@every_kind
def test_a_number_has_bounds_and_a_text_has_a_longest(kind: Kind) -> None:
    for field in fields_of(kind.record):
        if field.base is int:
            assert field.low is not None, field.name
            assert field.high is not None, field.name
        if field.base in (str, bytes):
            assert field.length_max is not None, field.name
        if field.is_list:
            assert field.items_max is not None, field.name


def number_fields() -> list[tuple[Kind, str, int, int]]:
    return [
        (kind, field.name, field.low, field.high)
        for kind in KINDS
        for field in fields_of(kind.record)
        if field.base is int and field.low is not None and field.high is not None
    ]


@pytest.mark.parametrize(("kind", "name", "low", "high"), number_fields())
@settings(max_examples=10)
@given(data=st.data())
def test_row_26_a_number_outside_its_bounds_is_refused_on_both_sides(
    kind: Kind, name: str, low: int, high: int, data: st.DataObject
) -> None:
    good = data.draw(body_strategy(kind.record))
    outside = st.integers(max_value=low - 1, min_value=-(2**63)) | st.integers(high + 1, 2**64 - 1)
    bad = msgspec.structs.replace(good, **{name: data.draw(outside)})
    with pytest.raises(Invalid):
        REGISTRY.encode(bad)
    with pytest.raises(Refused):
        REGISTRY.decode(canonical.encode(bad))


@every_kind
def test_row_26_no_amount_is_a_float_or_past_what_sums_can_hold(kind: Kind) -> None:
    for field in fields_of(kind.record):
        assert field.base is not float
        if field.unit == "good":
            assert field.high is not None
            assert field.high <= QUANTITY_MAX


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1.5, "3", None, True, 2**70])
def test_row_26_what_is_no_number_is_refused(bad: object) -> None:
    kind = REGISTRY.kinds["loss"]
    sample = [kind.name, 0, None]
    for field in fields_of(kind.record)[2:]:
        ref = [bytes(32), 0, bytes(32)]
        sample.append(
            bad
            if field.name == "quantity"
            else {Ref: ref, str: "x", bytes: bytes(16)}.get(field.base, 1)
        )
    try:
        data = msgspec.msgpack.encode(sample)
    except OverflowError:
        return
    with pytest.raises(Refused):
        REGISTRY.decode(data)


def test_every_writer_set_holds_roles() -> None:
    assert all(isinstance(role, Role) for kind in KINDS for role in kind.writers)


def test_a_body_begins_with_its_kind_then_via_then_whom_it_speaks_for() -> None:
    for kind in KINDS:
        names = [field.name for field in fields_of(kind.record)]
        assert names[: len(HERE)] == list(HERE)
