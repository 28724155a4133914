"""The radio form: a frame of 200 bytes holds an entry, whose signature holds after it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumbre.errors import Invalid, Refused
from lumbre.record import (
    OPEN,
    Lane,
    LogName,
    Ref,
    Tip,
    Writer,
    limits,
    read_segment,
    write_segment,
)
from lumbre.record.keys import ENTRY_DOMAIN
from lumbre.record.radio import RadioRef, log_tag, radio_frame_bytes, read_frame, write_frame
from lumbre.record.seal import RADIO_PAD_BYTES, seal_body, sealed_bytes
from tests.record import radio as air
from tests.record.helpers import Forger, key_of, log_of, run_of, secret, tip_before

NAME = log_of(1, Lane.URGENT)
KNOWN = [log_of(i, lane) for i in range(3) for lane in Lane]


def known(tag: bytes) -> list[LogName]:
    return [name for name in KNOWN if log_tag(name.id) == tag]


def entry_after(tip: Tip, body: bytes = b"body", *, depth: int | None = None, wall_s: int = 9):
    writer = Writer(NAME, key_of(1), tip)
    return writer.append(body, depth=depth or tip.depth + 1, wall_s=wall_s, key_id=b"abcd")


def tips() -> st.SearchStrategy[Tip]:
    """Any place in a log that the frame's four numbers can say."""
    return st.builds(
        lambda seq, more, bodies: Tip(
            seq, secret("prev", seq), seq + 1 + more, 0, 128 * (seq + 1) + bodies
        ),
        st.integers(0, 2**24 - 3),
        st.integers(0, 2**30),
        st.integers(0, 2**22),
    )


@given(tips(), st.binary(max_size=80), st.integers(0, 2**32 - 1), st.integers(1, 2**30))
def test_an_entry_comes_out_of_its_frame_as_it_went_in(tip, body, wall_s, step) -> None:
    entry = entry_after(tip, body, depth=tip.depth + step, wall_s=wall_s)
    frame = write_frame(entry)
    assert len(frame) == radio_frame_bytes(entry) <= 200
    assert read_frame(frame, known) == entry
    assert read_segment(write_segment([entry], tip)) == [entry]


def test_the_budget_of_200_bytes_is_64_32_24_24_56() -> None:
    assert (
        limits.RADIO_FRAME_MAX_BYTES
        == 200
        == (
            limits.SIGNATURE_BYTES
            + limits.HASH_BYTES
            + limits.SALT_BYTES
            + 16
            + limits.RADIO_HEADER_MAX_BYTES
            + limits.RADIO_PADDED_MAX_BYTES
        )
    )
    largest = sealed_bytes(limits.RADIO_BODY_MAX_BYTES, RADIO_PAD_BYTES)
    assert largest == 24 + limits.RADIO_PADDED_MAX_BYTES
    assert sealed_bytes(limits.RADIO_BODY_MAX_BYTES + 1, RADIO_PAD_BYTES) > largest


def test_the_largest_header_and_the_largest_body_of_the_budget_fill_the_frame() -> None:
    seq = 2**24 - 1
    tip = Tip(seq - 1, secret("prev"), 2**32, 0, 128 * seq + 2**24 - 81)
    at = {"log": NAME.id, "seq": seq, "prev": tip.id, "salt": bytes(8)}
    noise = (secret("one") + secret("two"))[:54]
    body = seal_body(noise, secret("epoch"), **at, pad_bytes=RADIO_PAD_BYTES)
    entry = entry_after(tip, body, depth=seq + 2**32, wall_s=2**32 - 1)
    assert radio_frame_bytes(entry) == 200
    assert read_frame(write_frame(entry), known) == entry
    over = entry_after(tip, body, depth=seq + 2**32 + 1, wall_s=2**32 - 1)
    assert radio_frame_bytes(over) == 201
    with pytest.raises(Invalid) as invalid:
        write_frame(over)
    assert invalid.value.message_id == "invalid.radio-too-large"
    assert invalid.value.values == {"size_bytes": 201, "max_bytes": 200}


def test_the_first_entry_of_a_log_has_a_frame() -> None:
    entry = Writer(NAME, key_of(1)).append(b"x", depth=1, wall_s=0, key_id=OPEN)
    frame = write_frame(entry)
    assert read_frame(frame, known) == entry
    assert len(frame) == 2 + 4 + 4 + 1 + 32 + 64 + 1


def test_the_shortest_frame_has_no_numbers_and_no_body() -> None:
    entry = Writer(NAME, key_of(1)).append(b"", depth=1, wall_s=0)
    assert len(write_frame(entry)) == 106
    assert read_frame(write_frame(entry), known) == entry


def test_a_frame_whose_numbers_say_more_than_is_there_is_none() -> None:
    for frame in (b"\x1f\xff" + b"\1" * 131, bytes(105), bytes(201)):
        with pytest.raises(Refused) as refused:
            read_frame(frame, known)
        assert refused.value.message_id == "refused.not-a-frame"


def test_an_entry_without_body_or_signature_has_no_frame() -> None:
    entry = run_of(1, lane=Lane.URGENT)[0]
    for lacking in ({"body": None}, {"signature": None}):
        with pytest.raises(Invalid) as invalid:
            radio_frame_bytes(msgspec.structs.replace(entry, **lacking))
        assert invalid.value.message_id == "invalid.radio-not-whole"


def test_logs_whose_tags_collide_are_told_apart_by_the_signature() -> None:
    entry = entry_after(Tip(0, secret("p"), 1, 0, 128))
    frame = write_frame(entry)
    others = [log_of(7), log_of(1, Lane.TRUST), log_of(1, Lane.URGENT, secret("there"))]
    assert read_frame(frame, lambda tag: [*others, NAME]) == entry
    with pytest.raises(Refused) as refused:
        read_frame(frame, lambda tag: others)
    assert refused.value.message_id == "refused.bad-signature"


def test_a_tag_that_is_not_the_logs_own_is_refused_though_the_signature_holds() -> None:
    frame = write_frame(entry_after(Tip(0, secret("p"), 1, 0, 128)))
    with pytest.raises(Refused):
        read_frame(frame[:2] + b"tagg" + frame[6:], lambda tag: [NAME])


def test_row_1_every_single_bit_flip_of_a_frame_is_refused() -> None:
    frame = write_frame(entry_after(Tip(300, secret("p"), 900, 0, 128 * 301 + 900)))
    entered = []
    for bit in range(8 * len(frame)):
        altered = bytearray(frame)
        altered[bit >> 3] ^= 1 << (bit & 7)
        with pytest.raises(Refused):
            entered.append(read_frame(bytes(altered), lambda tag: [NAME]))
    assert entered == []


def test_row_8_a_frame_that_is_cut_anywhere_or_goes_on_is_refused() -> None:
    frame = write_frame(entry_after(Tip(300, secret("p"), 900, 0, 128 * 301 + 900)))
    for end in range(len(frame)):
        with pytest.raises(Refused):
            read_frame(frame[:end], known)
    for more in (1, 200):
        with pytest.raises(Refused):
            read_frame(frame + bytes(more), known)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, None),
        ({"seq": 0}, "refused.out-of-range"),
        ({"seq": 2**40 - 1}, None),
        ({"seq": 2**40}, "refused.out-of-range"),
        ({"prev": bytes(32)}, "refused.out-of-range"),
        ({"prev": bytes(32), "seq": 0, "bodies": 4}, None),
        ({"prev": bytes(32), "seq": 0, "bodies": 5}, "refused.out-of-range"),
        ({"bodies": 4}, None),
        ({"bodies": 3}, "refused.out-of-range"),
        ({"wall_s": 2**40}, None),
        ({"wall_s": 2**40 + 1}, "refused.out-of-range"),
        ({"depth_more": 2**53 - 2 - 5}, None),
        ({"depth_more": 2**53 - 1 - 5}, "refused.out-of-range"),
        ({"bodies": 2**53 - 1 - 128 * 6}, None),
        ({"bodies": 2**53 - 128 * 6}, "refused.out-of-range"),
        ({"form": 2}, "refused.not-a-frame"),
        ({"form": 0}, "refused.not-a-frame"),
        ({"zero": "seq"}, "refused.not-canonical"),
        ({"zero": "bodies"}, "refused.not-canonical"),
    ],
)
def test_a_frame_that_its_author_forged_is_held_to_the_bounds(changes, says) -> None:
    frame = air.forge(NAME, key_of(1), changes)
    if says is None:
        assert read_frame(frame, known).body == b"body"
        return
    entered = []
    with pytest.raises(Refused) as refused:
        entered.append(read_frame(frame, known))
    assert refused.value.message_id == says
    assert entered == []


def test_what_a_frame_gives_a_segment_gives_too() -> None:
    """Both ways in hold a header to the same rules, or nodes would differ."""
    forger = Forger(1, Lane.URGENT)
    entry = read_segment(forger.segment(forger.item(), forger.item()))[1]
    assert read_frame(write_frame(entry), known) == entry
    assert tip_before(entry).seq == 0


# References by radio


def test_a_reference_by_radio_is_22_bytes_at_most_and_found_among_the_known() -> None:
    entry = run_of(3)[2]
    short = RadioRef.of(entry.ref)
    assert short == RadioRef(entry.log[:4], 2, entry.id[:8])
    assert short.resolve([other.ref for other in run_of(3)]) == entry.ref
    assert short.resolve([entry.ref, entry.ref]) == entry.ref
    assert short.resolve([]) is None
    assert short.resolve([other.ref for other in run_of(2)]) is None
    largest = RadioRef(b"abcd", limits.RADIO_SEQ_MAX, bytes(8))
    assert len(msgspec.msgpack.encode(largest)) == 22


def test_a_reference_by_radio_that_fits_two_entries_names_neither() -> None:
    ref = run_of(1)[0].ref
    alike = Ref(ref.log, ref.seq, ref.hash[:8] + bytes(24))
    assert RadioRef.of(ref).resolve([ref, alike]) is None


def test_a_seq_that_radio_cannot_say_is_invalid_and_resolves_to_nothing() -> None:
    far = Ref(bytes(32), limits.RADIO_SEQ_MAX + 1, bytes(32))
    with pytest.raises(Invalid) as invalid:
        RadioRef.of(far)
    assert invalid.value.message_id == "invalid.radio-seq"
    assert invalid.value.values == {"seq": limits.RADIO_SEQ_MAX + 1}
    last = Ref(bytes(32), limits.RADIO_SEQ_MAX, bytes(32))
    assert RadioRef.of(last).resolve([last]) == last
    near = RadioRef(bytes(4), 0, bytes(8))
    assert near.resolve([far]) is None


def test_an_entrys_frame_is_the_same_each_time() -> None:
    entry = entry_after(Tip(0, secret("p"), 1, 0, 128))
    assert write_frame(entry) == write_frame(entry)
    assert entry.signature == key_of(1).sign(ENTRY_DOMAIN, entry.id)
