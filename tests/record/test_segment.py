"""Segments: what is written is read again, and a part of one is none."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumbre.errors import Invalid, Refused
from lumbre.record import OPEN, START, Entry, Header, Lane, Tip, Writer, read_header
from lumbre.record.entry import cost_bytes, entry_id, header_bytes
from lumbre.record.limits import (
    BODY_MAX_BYTES,
    HEADER_MAX_BYTES,
    MARK_MAX_ENTRIES,
    SEGMENT_MAX_BYTES,
    SEGMENT_MAX_ENTRIES,
)
from lumbre.record.segment import (
    read_items,
    read_segment,
    read_segment_with_base,
    write_items,
    write_segment,
)
from tests.record.helpers import Forger, body_of, key_of, log_of, run_of, secret, tip_before


@given(
    bodies=st.lists(st.binary(max_size=60), min_size=1, max_size=12),
    lane=st.sampled_from(Lane),
    data=st.data(),
)
def test_what_is_written_is_read_again_from_any_entry_on(bodies, lane, data) -> None:
    writer = Writer(log_of(lane=lane), key_of())
    entries = []
    for body in bodies:
        entries.append(
            writer.append(
                body,
                depth=writer.tip.depth + data.draw(st.integers(1, 2**40)),
                wall_s=data.draw(st.integers(0, 2**40)),
                key_id=data.draw(st.sampled_from([OPEN, b"abcd"])),
                is_last=data.draw(st.booleans()) or len(entries) == len(bodies) - 1,
            )
        )
    start = data.draw(st.integers(0, len(entries) - 1))
    base = Tip.of(entries[start - 1]) if start else START
    segment = write_segment(entries[start:], base)
    assert read_segment_with_base(segment) == (base, entries[start:])
    absent = [msgspec.structs.replace(entry, body=None) for entry in entries[start:]]
    assert read_segment(write_segment(absent, base)) == absent


def test_row_8_a_segment_that_is_cut_anywhere_is_refused() -> None:
    segment = write_segment(run_of(5))
    for end in range(len(segment)):
        with pytest.raises(Refused):
            read_segment(segment[:end])
    for more in (b"\0", b"\xc0", segment):
        with pytest.raises(Refused):
            read_segment(segment + more)


def test_row_8_a_segment_that_comes_byte_by_byte_is_taken_at_its_last_byte_only() -> None:
    segment = write_segment(run_of(5))
    taken = []
    for end in range(len(segment) + 1):
        try:
            taken.append((end, read_segment(bytes(segment[:end]))))
        except Refused:
            continue
    assert taken == [(len(segment), run_of(5))]


LARGE = {"content": [65_536, bytes(32)], "sign": False}


def refusal(segment: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read_segment(segment)
    return refused.value.message_id


def test_a_segment_over_its_cap_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(Refused) as refused:
        read_segment(bytes(SEGMENT_MAX_BYTES + 1))
    assert refused.value.message_id == "refused.too-large"
    assert refused.value.values == {
        "size_bytes": SEGMENT_MAX_BYTES + 1,
        "max_bytes": SEGMENT_MAX_BYTES,
    }
    assert refusal(bytes(SEGMENT_MAX_BYTES)) == "refused.not-a-segment"


def test_an_error_says_what_was_wrong_with_bytes_that_are_none() -> None:
    segment, header = write_segment(run_of(1)), run_of(1)[0].header
    assert refusal(b"\x94\xcc\x01" + segment[2:]) == "refused.not-canonical"
    impossible = msgspec.structs.replace(read_header(header), depth=3, prev=secret("prev"))
    for bad, says in (
        (b"\x9a\xcc\x01" + header[2:], "refused.not-canonical"),
        (msgspec.msgpack.encode(impossible), "refused.out-of-range"),
    ):
        with pytest.raises(Refused) as refused:
            read_header(bad)
        assert refused.value.message_id == says
    with pytest.raises(Refused) as refused:
        read_header(bytes(HEADER_MAX_BYTES + 1))
    sizes = {"size_bytes": HEADER_MAX_BYTES + 1, "max_bytes": HEADER_MAX_BYTES}
    assert refused.value.values == sizes


def test_the_largest_run_of_bodies_fits_a_segment() -> None:
    forger = Forger()
    items = [forger.item(content=bytes(BODY_MAX_BYTES)) for _ in range(15)]
    segment = forger.segment(*items)
    assert len(read_segment(segment)) == 15


def test_as_many_items_as_the_cap_allows_are_taken() -> None:
    forger = Forger()
    some = secret("body")
    count = SEGMENT_MAX_ENTRIES
    items = [forger.item(content=[0, some], sign=i % 256 == 255) for i in range(count)]
    assert len(read_segment(forger.segment(*items))) == count


@pytest.mark.parametrize(
    ("items", "says"),
    [
        ([{"depth": 2**53 - 1}, {"depth": 1}], "refused.out-of-range"),
        ([{"depth": 2**53 - 1}], None),
        ([{"wall": 2**40}], None),
        ([{"wall": 2**40}, {"wall": 1}], "refused.out-of-range"),
        ([{"wall": -1}], "refused.out-of-range"),
        ([{"wall": 0}], None),
        ([{"key_id": bytes(4)}], "refused.out-of-range"),
        ([{"sign": False}], "refused.no-mark"),
        ([{"sign": False}] * 255 + [{}], None),
        ([{"sign": False}] * 256 + [{}], "refused.mark-too-far"),
        ([LARGE, {}], None),
        ([LARGE, {"sign": False}, {}], "refused.mark-too-far"),
        ([LARGE, {"content": b"", "sign": False}, {}], None),
        ([{"sign": bytes(64)}], "refused.bad-signature"),
    ],
)  # fmt: skip
def test_bounds_are_held_to_the_last_value(items, says) -> None:
    forger = Forger()
    segment = forger.segment(*(forger.item(**item) for item in items))
    if says is None:
        assert len(read_segment(segment)) == len(items)
    else:
        assert refusal(segment) == says


@pytest.mark.parametrize("lane", Lane)
def test_each_entry_of_the_trust_and_urgent_lanes_is_signed(lane) -> None:
    forger = Forger(lane=lane)
    segment = forger.segment(forger.item(sign=False), forger.item())
    if lane in (Lane.TRUST, Lane.URGENT):
        assert refusal(segment) == "refused.mark-too-far"
        assert all(entry.signature for entry in run_of(3, lane=lane))
    else:
        assert len(read_segment(segment)) == 2
        assert run_of(2, lane=lane)[0].signature is None


@pytest.mark.parametrize(
    ("base", "says"),
    [
        ([0, secret("id"), 1, 0, 128], None),
        ([3, secret("id"), 4, 0, 512], None),
        ([3, secret("id"), 3, 0, 512], "refused.out-of-range"),
        ([3, secret("id"), 4, 0, 511], "refused.out-of-range"),
        ([3, bytes(32), 4, 0, 512], "refused.out-of-range"),
        ([2**40 - 2, secret("id"), 2**41, 0, 2**50], None),
        ([2**40 - 1, secret("id"), 2**41, 0, 2**50], "refused.out-of-range"),
        ([3, secret("id"), 4, 0, 2**53 - 1 - 128], None),
        ([3, secret("id"), 4, 0, 2**53 - 128], "refused.out-of-range"),
        ([-1, secret("id"), 0, 0, 0], "refused.out-of-range"),
        ([-1, bytes(32), 0, 1, 0], "refused.out-of-range"),
    ],
)
def test_a_base_that_no_log_can_have_is_refused(base, says) -> None:
    forger = Forger()
    forger.base = base
    segment = forger.segment(forger.item(content=b"" if says is None else b"x"))
    if says is None:
        assert read_segment(segment)[0].seq == base[0] + 1
    else:
        assert refusal(segment) == says


def test_a_segment_without_a_mark_at_its_end_is_not_written() -> None:
    for entries in ([], run_of(4)[:1]):
        with pytest.raises(Invalid) as invalid:
            write_segment(entries)
        assert invalid.value.message_id == "invalid.segment-without-mark"


def test_a_writer_marks_every_256_entries_and_64_kib() -> None:
    writer = Writer(log_of(), key_of())
    entries = [
        writer.append(b"", depth=i + 1, wall_s=0, is_last=False)
        for i in range(MARK_MAX_ENTRIES + 1)
    ]
    assert [entry.seq for entry in entries if entry.signature] == [MARK_MAX_ENTRIES - 1]
    writer = Writer(log_of(), key_of())
    entries = [writer.append(bytes(32_768), depth=i + 1, wall_s=0, is_last=False) for i in range(5)]
    assert [entry.seq for entry in entries if entry.signature] == [2]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"body": bytes(BODY_MAX_BYTES + 1)},
            "invalid.body-too-large(max_bytes=65536, size_bytes=65537)",
        ),
        ({"depth": 5}, "invalid.depth(depth=5)"),
        ({"depth": 2**53}, "invalid.depth(depth=9007199254740992)"),
        ({"wall_s": -1}, "invalid.wall(wall_s=-1)"),
        ({"wall_s": 2**40 + 1}, "invalid.wall(wall_s=1099511627777)"),
        ({"key_id": b"abc"}, "invalid.seal"),
        ({"body": bytes(BODY_MAX_BYTES), "depth": 2**53 - 1, "wall_s": 2**40}, None),
        ({"depth": 6, "wall_s": 0}, None),
    ],
)
def test_a_writer_writes_only_what_a_reader_takes(changes, says) -> None:
    writer = Writer(log_of(), key_of(), Tip(4, secret("id"), 5, 0, 700))
    values = {"body": b"", "depth": 6, "wall_s": 0} | changes
    body = values.pop("body")
    before = writer.tip
    if says is None:
        entry = writer.append(body, **values)
        assert read_segment(write_segment([entry], before)) == [entry]
        assert writer.tip == Tip.of(entry)
        return
    with pytest.raises(Invalid) as invalid:
        writer.append(body, **values)
    assert str(invalid.value) == says
    assert writer.tip == before


def test_a_writer_writes_into_its_own_log_only() -> None:
    with pytest.raises(Invalid) as invalid:
        Writer(log_of(1), key_of(0))
    assert invalid.value.message_id == "invalid.not-own-log"


def test_a_header_is_read_as_it_was_written() -> None:
    entry = run_of(2)[1]
    header = read_header(entry.header)
    assert header == Header(
        1, entry.log, 1, entry.prev, entry.depth, entry.wall_s, entry.total_bytes, OPEN,
        len(body_of(1)), header.body_hash,
    )  # fmt: skip
    assert entry_id(entry.header) == entry.id
    assert entry.ref.hash == entry.id
    assert (entry.ref.log, entry.ref.seq) == (entry.log, 1)
    assert entry.total_bytes == cost_bytes(len(body_of(0))) + cost_bytes(len(body_of(1)))
    assert tip_before(entry).id == run_of(2)[0].id


def test_the_largest_header_is_at_its_cap_and_no_header_is_over_it() -> None:
    largest = header_bytes(
        bytes(32), 2**40 - 1, secret("p"), 2**53 - 1, 2**40, 2**53 - 1, b"abcd", 65_536, bytes(32)
    )
    assert len(largest) == HEADER_MAX_BYTES
    read_header(largest)
    for length, says in ((1, "refused.too-large"), (-1, "refused.not-a-header")):
        with pytest.raises(Refused) as refused:
            read_header((largest + b"\0")[: len(largest) + length])
        assert refused.value.message_id == says


@pytest.mark.parametrize("bad", [b"\x9a\xcc\x01", b""])
def test_a_header_that_is_not_canonical_is_refused(bad) -> None:
    entry: Entry = run_of(1)[0]
    with pytest.raises(Refused):
        read_header(bad + entry.header[2:] if bad else bad)


def test_items_alone_are_read_as_strictly_as_a_segment() -> None:
    entries = run_of(3)
    name, data = entries[0].name, write_items(entries, START)
    assert read_items(name, START, data) == entries
    for bad, says in (
        (bytes(SEGMENT_MAX_BYTES + 1), "refused.too-large"),
        (b"\xdc\x00" + data[:1].replace(b"\x93", b"\x03") + data[1:], "refused.not-canonical"),
        (data[:-1], "refused.not-a-segment"),
        (b"\x90", "refused.not-a-segment"),
    ):
        with pytest.raises(Refused) as error:
            read_items(name, START, bad)
        assert error.value.message_id == says
    with pytest.raises(Refused) as error:
        read_items(name, Tip.of(entries[0]), data)
    assert error.value.message_id == "refused.bad-signature"
