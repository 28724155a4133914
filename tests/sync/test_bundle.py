"""Bundles: what is written is read, whole, and none is too large to be read."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumbre.errors import Invalid, Refused
from lumbre.sync import BundleReader, write_bundle, write_bundles

CAP_BYTES = 200
SEGMENTS = st.lists(st.binary(min_size=1, max_size=100), max_size=30)


def written(segments, max_bytes=CAP_BYTES) -> list[bytes]:
    return [b"".join(bundle) for bundle in write_bundles(iter(segments), max_bytes)]


def read(bundle: bytes) -> list[bytes]:
    reader = BundleReader()
    found = list(reader.feed(bundle))
    assert reader.is_whole
    return found


@given(SEGMENTS)
def test_several_bundles_hold_all_in_order_each_whole_and_none_over_the_cap(segments):
    bundles = written(segments)
    assert [segment for bundle in bundles for segment in read(bundle)] == segments
    assert all(len(bundle) <= CAP_BYTES for bundle in bundles)


@given(SEGMENTS)
def test_no_two_neighbouring_bundles_would_fit_into_one(segments):
    bundles = written(segments)
    for one, other in pairwise(bundles):
        assert len(one) + 4 + len(read(other)[0]) > CAP_BYTES


def test_what_fits_is_one_bundle_and_nothing_is_one_too():
    assert written([b"a" * 100]) == [b"".join(write_bundle([b"a" * 100]))]
    assert written([]) == [b"".join(write_bundle([]))]
    around = len(written([])[0])
    assert len(written([b"a"], around + 5)) == 1
    assert len(written([b"a", b"b"], around + 9)) == 2


def test_one_bundle_that_would_be_too_large_is_not_written():
    with pytest.raises(Invalid):
        list(write_bundle([b"a" * 100, b"b" * 100], CAP_BYTES))
    with pytest.raises(Invalid):
        written([b"a" * CAP_BYTES])


def test_a_bundle_that_comes_byte_by_byte_is_read_and_more_after_it_is_refused():
    (bundle,) = written([b"one", b"two"])
    reader = BundleReader()
    found = [part for at in range(len(bundle)) for part in reader.feed(bundle[at : at + 1])]
    assert (found, reader.is_whole) == ([b"one", b"two"], True)
    with pytest.raises(Refused):
        list(reader.feed(b"x"))
