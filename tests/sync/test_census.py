"""Records of the census: their bytes, their bounds, and what a reader makes of bad ones."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumbre.errors import Invalid, Refused
from lumbre.record import SigningKey
from lumbre.record.epoch import EpochKeys
from lumbre.sync import census
from lumbre.sync.census import Chain, Kept, Row, Says

SPACE = bytes(range(32))
KEY = SigningKey(bytes(range(32, 64)))
OTHER = SigningKey(bytes(range(64, 96)))
EPOCH = EpochKeys.of(bytes(range(96, 128)))
ELSEWHERE = EpochKeys.of(bytes(32))
CHANCE = random.Random(5)
ROW = Row(b"logloglo", 0, 2**40 - 1, b"identity")
SAYS = Says(b"device..", 1_760_000_000, b"digest.of.it.all", (b"not this",), (ROW,))


def written(says: Says = SAYS, counter: int = 7, key: SigningKey = KEY) -> bytes:
    return census.write(key, SPACE, counter, EPOCH.public, says)


def many_rows(count: int) -> list[Row]:
    return [Row(CHANCE.randbytes(8), 2**39, 2**40 - 1, CHANCE.randbytes(8)) for _ in range(count)]


def test_a_record_says_to_readers_what_was_written_and_to_others_nothing():
    record = census.read(written())
    assert record.is_signed
    assert (record.space, record.author, record.counter) == (SPACE, KEY.public, 7)
    assert census.open_(record, [ELSEWHERE, EPOCH]) == SAYS
    assert census.open_(record, [ELSEWHERE]) is None
    assert census.open_(record, []) is None


def test_the_common_case_is_small_and_the_largest_fits_4_kib():
    bare = Says(b"device..", 1_760_000_000, b"digest.of.it.all", (), ())
    assert len(written(bare)) < 400
    without = tuple(CHANCE.randbytes(8) for _ in range(census.WITHOUT_MAX))
    rows = many_rows(census.ROWS_MAX)
    for left_out in ((), without):
        fitting = census.fitting(rows, left_out)
        assert 70 < len(fitting) < len(rows)
        assert list(fitting) == rows[: len(fitting)]
        says = Says(b"device..", 2**40, bytes(16), left_out, fitting)
        record = written(says, counter=2**53 - 1)
        assert len(record) <= census.CENSUS_MAX_BYTES
        assert census.open_(census.read(record), [EPOCH]) == says
        one_more = msgspec.structs.replace(says, rows=tuple(rows[: len(fitting) + 2]))
        with pytest.raises(Invalid, match=r"invalid\.body-too-large"):
            written(one_more)


def test_short_rows_are_bounded_by_their_count():
    rows = [Row(bytes(8), 0, 0, bytes(8))] * (census.ROWS_MAX + 9)
    assert len(census.fitting(rows, ())) <= census.ROWS_MAX


def test_row_17_lengths_tell_nothing_but_a_step():
    lengths = {
        len(
            written(
                msgspec.structs.replace(SAYS, rows=census.fitting(many_rows(count), (ROW.log,)))
            )
        )
        for count in range(130)
    }
    assert len(lengths) == len(census.PADDED_BYTES)


def test_every_flipped_bit_is_noticed():
    data = written()
    good = census.read(data)
    for at in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[at] ^= 1 << bit
            try:
                record = census.read(bytes(flipped))
            except Refused:
                continue
            assert record != good
            assert not record.is_signed


@pytest.mark.parametrize("cut", [0, 1, 40, 100, 200, 250])
def test_a_record_that_was_cut_or_grew_is_refused(cut):
    data = written()
    for bad in (data[:cut], data + bytes(1), data + data):
        with pytest.raises(Refused):
            census.read(bad)


def test_what_is_too_large_is_refused_before_it_is_parsed():
    with pytest.raises(Refused, match=r"refused\.too-large"):
        census.read(b"\xc1" * (census.CENSUS_MAX_BYTES + 1))


def test_another_form_of_the_same_values_is_refused():
    values = msgspec.msgpack.decode(written())
    longer = b"\xdc\x00\x07" + msgspec.msgpack.encode(values)[1:]
    with pytest.raises(Refused, match=r"refused\.not-canonical"):
        census.read(longer)
    with pytest.raises(Refused, match=r"refused\.not-a-census"):
        census.read(msgspec.msgpack.encode([*values, 0]))
    with pytest.raises(Refused, match=r"refused\.not-a-census"):
        census.read(msgspec.msgpack.encode([2, *values[1:]]))


def again(record: census.Record, key: SigningKey, **changes: object) -> census.Record:
    """A record with other fields, signed by `key` as if it were its own."""
    made = msgspec.structs.replace(record, author=key.public, **changes)
    fields = (made.version, made.space, made.author, made.counter, made.key_id, made.sealed)
    signature = key.sign(b"lumbre/census/1\0", msgspec.msgpack.encode(fields))
    return msgspec.structs.replace(made, signature=signature)


def test_row_06_a_sealed_part_says_nothing_under_another_author_counter_or_space():
    record = census.read(written())
    for forged in (
        again(record, OTHER),
        again(record, KEY, counter=8),
        again(record, KEY, space=bytes(32)),
    ):
        assert forged.is_signed
        assert census.open_(forged, [EPOCH]) is None
    assert census.open_(again(record, KEY), [EPOCH]) == SAYS


def test_what_opens_and_has_another_form_says_nothing():
    from nacl import bindings

    inside = msgspec.msgpack.encode(
        [
            census._binding(SPACE, KEY.public, 7),
            msgspec.msgpack.decode(msgspec.msgpack.encode(SAYS)),
        ]
    )
    record = census.read(written())

    def sealed(padded: bytes) -> census.Record:
        return again(record, KEY, sealed=bindings.crypto_box_seal(padded, EPOCH.public))

    assert census.open_(sealed(census._pad(inside)), [EPOCH]) == SAYS
    binding, says = msgspec.msgpack.decode(inside)
    newer = msgspec.msgpack.encode([binding, [*says, "more"], "more"])
    assert census.open_(sealed(census._pad(newer)), [EPOCH]) == SAYS
    for bad in (
        b"",
        inside,
        inside + b"\x80",
        bytes(128),
        census._pad(b"\xc1"),
        census._pad(inside) + bytes(16),
        census._pad(msgspec.msgpack.encode([bytes(16), 5])),
        census._pad(inside.replace(b"digest.of.it.all", b"digest.of.it.al\xc0")[:-1]),
    ):
        assert census.open_(sealed(bad), [EPOCH]) is None
    assert census.open_(again(record, KEY, sealed=bytes(200)), [EPOCH]) is None
    short = msgspec.structs.replace(SAYS, digest=b"half")
    assert census.open_(census.read(written(short)), [EPOCH]) is None


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_row_08_any_bytes_end_in_a_record_or_refused(data):
    try:
        census.read(data)
    except Refused:
        return


def test_nobody_seals_to_a_key_that_is_none():
    with pytest.raises(Refused, match=r"refused\.bad-key"):
        census.write(KEY, SPACE, 1, b"short", SAYS)


def kept(number: int, size_bytes: int, sent: int = 0, counter: int = 1) -> Kept:
    return Kept(bytes([number]) * 32, counter, bytes(size_bytes), 0, sent)


def test_a_meeting_takes_64_kib_and_each_record_has_its_turn():
    rows = [kept(number, 4096) for number in range(40)]
    seen: list[bytes] = []
    for meeting in range(1, 4):
        chosen = census.select(rows, census.MEETING_MAX_BYTES)
        assert sum(len(one.record) for one in chosen) <= 64 * 1024
        seen += [one.author for one in chosen]
        authors = {one.author for one in chosen}
        rows = [one._replace(sent=meeting) if one.author in authors else one for one in rows]
    assert len(set(seen)) == 40
    assert len(set(seen[:32])) == 32


def test_what_the_other_side_has_is_not_sent_again():
    rows = [kept(number, 100) for number in range(5)]
    known = frozenset(census.tag(b"salt", one.author, one.counter) for one in rows[:3])
    assert census.select(rows, 9999, known, b"salt") == rows[3:]
    newer = [*rows[:2], rows[2]._replace(counter=2), *rows[3:]]
    assert census.select(newer, 9999, known, b"salt") == newer[2:]
    assert census.select(rows, 9999, known, b"another") == rows
    assert census.summary(rows) == census.summary(reversed(rows)) != census.summary(newer)


def test_frontiers_are_named_alike_in_any_order_and_differ_by_every_part():
    chains = [Chain(bytes([n]) * 32, n, n + 3, bytes([9 - n]) * 32) for n in range(4)]
    named = census.frontier_digest(chains)
    assert len(named) == 16
    assert census.frontier_digest(reversed(chains)) == named
    for change in (
        {"log": bytes(32)},
        {"first_seq": 0},
        {"seq": 9},
        {"id": bytes(32)},
    ):
        other = [*chains[:3], chains[3]._replace(**change)]
        assert census.frontier_digest(other) != named
    assert census.frontier_digest(chains[:3]) != named


@given(
    st.integers(0, 20),
    st.integers(0, 20),
    st.lists(st.tuples(st.integers(-3, 25), st.integers(-3, 25))),
)
def test_what_is_left_over_is_what_no_range_took(first, last, taken):
    ranges = [part for part in taken if part[0] <= part[1]]
    left = census.left_over(first, last, ranges)
    places = [at for low, high in left for at in range(low, high + 1)]
    expected = [
        at for at in range(first, last + 1) if not any(low <= at <= high for low, high in ranges)
    ]
    assert places == expected
