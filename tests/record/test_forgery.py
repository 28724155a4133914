"""Row 1 of the threats: only a valid signature over the exact bytes enters.

And row 6: an entry of one space is none of another. Each attack ends by showing that nothing
entered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec
import pytest

from lumbre.errors import Refused
from lumbre.record import Lane, LogName, Writer, is_signed, read_segment, write_segment
from lumbre.record.keys import ENTRY_DOMAIN, is_strictly_signed
from tests.record.helpers import SPACE, Forger, body_of, key_of, log_of, run_of, secret, tip_before
from tests.record.second_crypto import verify_strictly

# Numbers of the C2SP/CCTV vectors that the strict rule accepts, of 914 (@1e3d2860).
CCTV_ACCEPTED = frozenset((
    7, 29, 50, 117, 139, 161, 182, 249, 305, 411, 425, 438, 465, 473, 481, 489, 497, 511, 525,
    538, 565, 573, 581, 589, 597, 611, 625, 638, 665, 673, 681, 689, 697, 711, 725, 738, 765,
    773, 781, 789, 797, 832, 899,
))  # fmt: skip

VERIFIERS = pytest.mark.parametrize(
    "verify", [is_strictly_signed, verify_strictly], ids=["libsodium", "second reader"]
)


@VERIFIERS
def test_row_1_wycheproof_ed25519_151_of_151(shared_data, verify) -> None:
    data = json.loads((shared_data / "vectors" / "ed25519_test.json").read_text("utf-8"))
    tests = [
        (bytes.fromhex(group["publicKey"]["pk"]), test)
        for group in data["testGroups"]
        for test in group["tests"]
    ]
    assert len(tests) == 151
    wrong = [
        test["tcId"]
        for public, test in tests
        if verify(bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]), public)
        != (test["result"] == "valid")
    ]
    assert wrong == []


@VERIFIERS
def test_row_1_cctv_914_verdicts_by_the_strict_rule_43_accepted(shared_data, verify) -> None:
    vectors = json.loads((shared_data / "vectors" / "cctv_ed25519vectors.json").read_text("utf-8"))
    assert len(vectors) == 914
    assert len(CCTV_ACCEPTED) == 43
    accepted = {
        vector["number"]
        for vector in vectors
        if verify(
            vector["msg"].encode(), bytes.fromhex(vector["sig"]), bytes.fromhex(vector["key"])
        )
    }
    assert accepted == CCTV_ACCEPTED


def test_a_signature_holds_under_its_domain_only() -> None:
    key = key_of()
    signature = key.sign(ENTRY_DOMAIN, b"message")
    assert is_signed(ENTRY_DOMAIN, b"message", signature, key.public)
    assert not is_signed(b"lumbre/other/1\0", b"message", signature, key.public)
    assert not is_signed(ENTRY_DOMAIN, b"messagf", signature, key.public)
    assert not is_signed(ENTRY_DOMAIN, b"message", signature, key_of(1).public)


@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_signature_of_another_length_does_not_hold(length) -> None:
    assert not is_strictly_signed(b"", (key_of().sign(b"", b"") + b"\0")[:length], key_of().public)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_signs_nothing(length) -> None:
    assert not is_strictly_signed(b"", key_of().sign(b"", b""), (key_of().public + b"\0")[:length])


def small_segments(numbers: range, entries_each: int) -> Iterator[bytes]:
    """Segments from the middle of a log, so that the base's fields are under attack too."""
    for number in numbers:
        writer = Writer(log_of(number), key_of(number))
        entries = [
            writer.append(bytes([i]), depth=2 * i + 1, wall_s=9 * i + 1, is_last=i % 26 == 0)
            for i in range(entries_each + 1)
        ]
        entries[-1:] = [_signed(entries[-1], number)]
        yield write_segment(entries[1:], tip_before(entries[1]))


def _signed(entry, number):
    signature = key_of(number).sign(ENTRY_DOMAIN, entry.id)
    return msgspec.structs.replace(entry, signature=signature)


def flip_every_bit(segments: Iterator[bytes]) -> tuple[int, int]:
    """How many entries were attacked, and with how many flips; all of them were refused."""
    entries = flips = 0
    entered = []
    for segment in segments:
        entries += len(read_segment(segment))
        altered = bytearray(segment)
        for bit in range(8 * len(segment)):
            altered[bit >> 3] ^= 1 << (bit & 7)
            try:
                entered.append((segment, bit, read_segment(bytes(altered))))
            except Refused:
                flips += 1
            altered[bit >> 3] ^= 1 << (bit & 7)
    assert entered == []
    return entries, flips


@pytest.mark.parametrize("part", range(4))
def test_row_1_every_single_bit_flip_of_1000_entries_is_refused(part) -> None:
    """Four parts of 250 entries, so that they can run side by side."""
    entries, flips = flip_every_bit(small_segments(range(10 * part, 10 * part + 10), 25))
    assert entries == 250
    assert flips > 30_000


def test_row_1_every_single_bit_flip_of_a_sealed_urgent_entry_and_an_absent_body_is_refused() -> (
    None
):
    urgent = run_of(1, lane=Lane.URGENT)
    absent = [msgspec.structs.replace(entry, body=None) for entry in run_of(2)]
    assert flip_every_bit(iter([write_segment(urgent), write_segment(absent)]))[0] == 3


def replace_once(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) == 1
    return data.replace(old, new)


ATTACKS = {
    "another author signs": lambda s: s.replace(key_of(0).public, key_of(1).public),
    "another lane": lambda s: s.replace(key_of(0).public + b"\2", key_of(0).public + b"\3"),
    "another volume": lambda s: s.replace(b"\2\0\x95", b"\2\1\x95"),
    "a body is put in place of another": lambda s: replace_once(s, body_of(1), body_of(9)),
    "a signature of another entry": lambda s: replace_once(
        s, run_of(6)[5].signature, run_of(6)[3].signature
    ),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_row_1_a_segment_that_was_changed_is_refused_whole(attack) -> None:
    honest = write_segment(run_of(6))
    forged = attack(honest)
    entered = []
    assert forged != honest
    with pytest.raises(Refused):
        entered += read_segment(forged)
    assert entered == []


def test_row_1_entries_left_out_doubled_or_in_another_order_are_refused() -> None:
    entries = run_of(6, marks=1)
    for order in ([0, 2], [1, 0], [0, 0, 1], [0, 1, 3, 2, 4, 5]):
        forged = write_segment([entries[i] for i in order])
        with pytest.raises(Refused):
            read_segment(forged)


def test_row_1_a_signature_over_a_later_entry_proves_the_ones_before_but_no_other() -> None:
    entries = run_of(4, marks=4)
    other = Forger()
    items = [other.item(content=entry.body, depth=9, sign=False) for entry in entries[:3]]
    forged = other.segment(*items, other.item(sign=entries[3].signature))
    with pytest.raises(Refused):
        read_segment(forged)


def test_row_6_an_entry_of_another_space_has_another_log_and_is_refused() -> None:
    here, there = log_of(), log_of(space=secret("there"))
    assert here.author == there.author
    assert here.id != there.id
    segment = write_segment(run_of(3))
    replayed = replace_once(segment, SPACE, secret("there"))
    entered = []
    with pytest.raises(Refused) as refused:
        entered += read_segment(replayed)
    assert refused.value.message_id == "refused.bad-signature"
    assert entered == []


def test_row_6_the_same_body_in_another_space_is_another_entry() -> None:
    bodies = [
        Writer(log_of(space=space), key_of()).append(body_of(0), depth=1, wall_s=0)
        for space in (SPACE, secret("there"))
    ]
    assert bodies[0].id != bodies[1].id
    assert bodies[0].signature != bodies[1].signature


def test_row_6_reading_twice_gives_the_same_entries() -> None:
    segment = write_segment(run_of(5))
    assert read_segment(segment) == read_segment(segment)


def test_what_is_malleable_gives_the_same_entries() -> None:
    """docs/FORMAT.md, section 5: the base's depth and clock, middle marks, absent bodies."""
    entries = run_of(6, marks=2)[1:]
    tip = tip_before(entries[0])
    honest = read_segment(write_segment(entries, tip))
    assert honest == entries
    earlier = msgspec.structs.replace(tip, depth=tip.depth - 1, wall_s=tip.wall_s - 30)
    entries[2] = msgspec.structs.replace(entries[2], signature=None)
    moved = read_segment(write_segment(entries, earlier))
    assert [entry.id for entry in moved] == [entry.id for entry in honest]
    assert [entry.header for entry in moved] == [entry.header for entry in honest]


def test_logs_have_names_of_their_own() -> None:
    names = [
        LogName(space, key_of(number).public, lane)
        for space in (SPACE, bytes(32))
        for number in range(3)
        for lane in Lane
    ]
    assert len({name.id for name in names}) == len(names)
