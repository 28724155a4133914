"""What may go by radio fits, whatever is in it."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumbre.kinds.radio import (
    RADIO_BODY_MAX_BYTES,
    RADIO_REF_BYTES,
    worst_body_bytes,
    worst_radio_bytes,
)
from lumbre.record.log import Ref
from lumbre.schema.fields import QUANTITY_MAX, Body, kind_name, points_to
from lumbre.schema.kind import Kind
from lumbre.schema.roles import Via
from tests.kinds.bodies import body_strategy
from tests.kinds.world import REGISTRY

BY_RADIO = [kind for kind in REGISTRY.kinds.values() if kind.by_radio]


@pytest.mark.parametrize("kind", BY_RADIO, ids=lambda kind: kind.name)
def test_a_kind_that_goes_by_radio_fits_at_worst(kind: Kind) -> None:
    assert worst_radio_bytes(kind.record) <= RADIO_BODY_MAX_BYTES


@given(data=st.data())
def test_no_body_is_longer_than_the_worst(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(BY_RADIO))
    body = data.draw(body_strategy(kind.record, speaks_for=st.none()))
    assert len(REGISTRY.encode(body)) <= worst_body_bytes(kind.record)


class Word(Enum):
    LONG = "ñandú"


class Everything(Body, frozen=True, tag="everything"):
    of: Annotated[Ref, points_to("need")]
    also: Annotated[tuple[Ref, ...], msgspec.Meta(max_length=20)]
    many: tuple[bool, ...]
    word: Word
    low: Annotated[int, msgspec.Meta(ge=-QUANTITY_MAX, le=0)]
    small: Annotated[int, msgspec.Meta(ge=-100, le=300)]
    text: Annotated[str, msgspec.Meta(max_length=10)]
    slip: Annotated[bytes, msgspec.Meta(max_length=16)]


def test_each_form_is_counted_at_its_worst() -> None:
    head = 1 + (1 + len(kind_name(Everything))) + 1 + RADIO_REF_BYTES
    lists = (3 + 20 * RADIO_REF_BYTES) + (3 + 64)
    rest = (1 + 7) + 9 + 3 + (2 + 40) + (1 + 16)
    assert worst_body_bytes(Everything) == head + RADIO_REF_BYTES + lists + rest


def test_a_radio_reference_is_counted_as_it_is_written() -> None:
    form = (bytes(4), 2**40 - 1, bytes(8))
    assert len(msgspec.msgpack.encode(form)) == RADIO_REF_BYTES
    assert Via.OWN_DEVICE == 0
