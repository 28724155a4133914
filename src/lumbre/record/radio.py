"""The radio form: one signed entry in a frame of 200 bytes.

    frame = form and lengths (2) | log tag (4) | key id (4) | seq | depth | wall | bodies
            | prev (32) | signature (64) | body as it travels (the rest)

The first four bits are the form (1), then four times three bits say how many bytes each of
the four numbers takes, big-endian and as short as can be. `depth` is sent less `seq` + 1,
which it cannot be below, and `bodies` is the log's running total less what its headers cost.
The receiver takes the log from the tag among those it knows, builds the whole header, and
keeps the log under which the signature holds: tags may collide, signatures do not.

A body refers by `RadioRef`. It is a mention: nothing waits for it and no depth counts it,
so what goes by radio may be taken in before what it speaks of.

What this does not do: choose what goes by radio (a kind says so), seal, send, or find what a
`RadioRef` names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from lumbre.errors import Invalid, Refused
from lumbre.record.entry import Entry, entry_id, header_bytes, is_possible
from lumbre.record.keys import ENTRY_DOMAIN, is_signed
from lumbre.record.limits import (
    DEPTH_MAX,
    HASH_BYTES,
    HEADER_COST_BYTES,
    KEY_ID_BYTES,
    RADIO_FRAME_MAX_BYTES,
    RADIO_HASH_BYTES,
    RADIO_SEQ_MAX,
    RADIO_TAG_BYTES,
    SEQ_MAX,
    SIGNATURE_BYTES,
    TOTAL_MAX_BYTES,
    WALL_MAX_S,
)
from lumbre.record.log import LogName, Ref

_FORM: Final = 1
_NUMBERS: Final = 4
_LENGTH_BITS: Final = 3
_FIXED_BYTES: Final = 2 + RADIO_TAG_BYTES + KEY_ID_BYTES
_PROOF_BYTES: Final = HASH_BYTES + SIGNATURE_BYTES


class RadioRef(msgspec.Struct, array_like=True, frozen=True, gc=False, forbid_unknown_fields=True):
    """Names an entry in 22 bytes at most: tag of its log, seq, first bytes of its id."""

    tag: Annotated[bytes, Meta(min_length=RADIO_TAG_BYTES, max_length=RADIO_TAG_BYTES)]
    seq: Annotated[int, Meta(ge=0, le=RADIO_SEQ_MAX)]
    start: Annotated[bytes, Meta(min_length=RADIO_HASH_BYTES, max_length=RADIO_HASH_BYTES)]

    @classmethod
    def of(cls, ref: Ref) -> RadioRef:
        """The short name of what `ref` refers to."""
        if ref.seq > RADIO_SEQ_MAX:
            raise Invalid("invalid.radio-seq", seq=ref.seq)
        return cls(log_tag(ref.log), ref.seq, ref.hash[:RADIO_HASH_BYTES])

    def resolve(self, known: Iterable[Ref]) -> Ref | None:
        """The one entry of `known` that this names; None where there is none, or several."""
        found = {ref for ref in known if ref.seq == self.seq and RadioRef.of(ref) == self}
        return found.pop() if len(found) == 1 else None


def log_tag(log: bytes) -> bytes:
    """First bytes of a log's id."""
    return log[:RADIO_TAG_BYTES]


def radio_frame_bytes(entry: Entry) -> int:
    """How long the entry's frame is; `Invalid` where it has none. May be over the cap."""
    if entry.body is None or entry.signature is None:
        raise Invalid("invalid.radio-not-whole")
    lengths = sum(_length_bytes(number) for number in _numbers(entry))
    return _FIXED_BYTES + lengths + _PROOF_BYTES + len(entry.body)


def write_frame(entry: Entry) -> bytes:
    """The frame of an entry that is signed and has its body, if it fits."""
    size_bytes = radio_frame_bytes(entry)
    if size_bytes > RADIO_FRAME_MAX_BYTES:
        raise Invalid(
            "invalid.radio-too-large", size_bytes=size_bytes, max_bytes=RADIO_FRAME_MAX_BYTES
        )
    assert entry.body is not None
    assert entry.signature is not None
    first = _FORM
    packed = b""
    for number in _numbers(entry):
        length = _length_bytes(number)
        first = first << _LENGTH_BITS | length
        packed += number.to_bytes(length, "big")
    head = first.to_bytes(2, "big") + log_tag(entry.log) + entry.key_id
    return head + packed + entry.prev + entry.signature + entry.body


def read_frame(data: bytes, logs: Callable[[bytes], Iterable[LogName]]) -> Entry:
    """Make a frame into a checked entry, or raise `Refused` and nothing else.

    `logs` gives the logs that are known under a tag; work is one hash and one signature check
    for each.
    """
    if not _FIXED_BYTES + _PROOF_BYTES <= len(data) <= RADIO_FRAME_MAX_BYTES:
        raise Refused("refused.not-a-frame")
    numbers, at = _read_numbers(data)
    seq, depth_more, wall_s, bodies = numbers
    if len(data) < at + _PROOF_BYTES:
        raise Refused("refused.not-a-frame")
    tag, key_id = data[2 : 2 + RADIO_TAG_BYTES], data[2 + RADIO_TAG_BYTES : _FIXED_BYTES]
    prev = data[at : at + HASH_BYTES]
    signature = data[at + HASH_BYTES : at + _PROOF_BYTES]
    body = data[at + _PROOF_BYTES :]
    depth = seq + 1 + depth_more
    total = HEADER_COST_BYTES * (seq + 1) + bodies
    if (
        seq > SEQ_MAX
        or depth > DEPTH_MAX
        or wall_s > WALL_MAX_S
        or total > TOTAL_MAX_BYTES
        or not is_possible(seq, prev, depth, total, len(body))
    ):
        raise Refused("refused.out-of-range")
    body_hash = hashlib.sha256(body).digest()
    for name in logs(tag):
        log = name.id
        header = header_bytes(log, seq, prev, depth, wall_s, total, key_id, len(body), body_hash)
        id_ = entry_id(header)
        if log_tag(log) == tag and is_signed(ENTRY_DOMAIN, id_, signature, name.author):
            return Entry(
                name, log, seq, id_, prev, depth, wall_s, total, key_id, header, body, signature
            )
    raise Refused("refused.bad-signature")


def _numbers(entry: Entry) -> tuple[int, int, int, int]:
    headers_bytes = HEADER_COST_BYTES * (entry.seq + 1)
    return (
        entry.seq,
        entry.depth - entry.seq - 1,
        entry.wall_s,
        entry.total_bytes - headers_bytes,
    )


def _length_bytes(number: int) -> int:
    return -(-number.bit_length() // 8)


def _read_numbers(data: bytes) -> tuple[list[int], int]:
    """The four numbers, and where they end."""
    first = int.from_bytes(data[:2], "big")
    if first >> _NUMBERS * _LENGTH_BITS != _FORM:
        raise Refused("refused.not-a-frame")
    numbers = []
    at = _FIXED_BYTES
    for place in range(_NUMBERS - 1, -1, -1):
        length = first >> place * _LENGTH_BITS & (1 << _LENGTH_BITS) - 1
        packed = data[at : at + length]
        if packed[:1] == b"\0":
            raise Refused("refused.not-canonical")
        numbers.append(int.from_bytes(packed, "big"))
        at += length
    return numbers, at
