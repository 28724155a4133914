"""What may go by radio fits, whatever is in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumbre.schema.kind import Kind
from lumbre.schema.radio import fits_radio, radio_body_max_bytes
from tests.kinds.bodies import body_strategy
from tests.kinds.world import REGISTRY

BY_RADIO = [kind for kind in REGISTRY.kinds.values() if kind.by_radio]


@pytest.mark.parametrize("kind", BY_RADIO, ids=lambda kind: kind.name)
def test_a_kind_that_goes_by_radio_fits_at_worst(kind: Kind) -> None:
    assert fits_radio(kind.record)


@given(data=st.data())
def test_no_body_is_longer_than_the_worst(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(BY_RADIO))
    body = data.draw(body_strategy(kind.record, speaks_for=st.none()))
    assert len(REGISTRY.encode(body)) <= radio_body_max_bytes(kind.record)
