"""Entries: a header that proves, and a body that says.

The header is an array of ten fields; its SHA-256 is the entry's id, and the next header of
the log carries that id as `prev`. A body may be absent: its header still proves its length
and hash.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from lumbre.errors import Refused
from lumbre.record.canonical import encode
from lumbre.record.limits import (
    BODY_MAX_BYTES,
    DEPTH_MAX,
    FORMAT_VERSION,
    HASH_BYTES,
    HEADER_COST_BYTES,
    HEADER_MAX_BYTES,
    KEY_ID_BYTES,
    TOTAL_MAX_BYTES,
    WALL_MAX_S,
)
from lumbre.record.log import Hash32, KeyId, LogName, Ref, Seq

NO_ENTRY: Final = bytes(HASH_BYTES)
"""`prev` of a log's first entry."""

OPEN: Final = bytes(KEY_ID_BYTES)
"""Key id of a body that is not sealed."""


class Header(msgspec.Struct, array_like=True, frozen=True, gc=False, forbid_unknown_fields=True):
    """The signed part of an entry.

    `depth` counts from the founding entry through everything this entry knows; `wall_s` is
    the writing device's own claim, in seconds since 1970; `total_bytes` is the log's running
    cost up to and with this entry (`HEADER_COST_BYTES` a header, and the bodies).
    """

    version: Annotated[int, Meta(ge=FORMAT_VERSION, le=FORMAT_VERSION)]
    log: Hash32
    seq: Seq
    prev: Hash32
    depth: Annotated[int, Meta(ge=1, le=DEPTH_MAX)]
    wall_s: Annotated[int, Meta(ge=0, le=WALL_MAX_S)]
    total_bytes: Annotated[int, Meta(ge=HEADER_COST_BYTES, le=TOTAL_MAX_BYTES)]
    key_id: KeyId
    body_bytes: Annotated[int, Meta(ge=0, le=BODY_MAX_BYTES)]
    body_hash: Hash32


_HEADER_DECODER: Final = msgspec.msgpack.Decoder(Header)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A checked entry: its chain and signature hold.

    Made by `read_segment`, `read_frame` and `Writer` only.
    `body` is as it travels (sealed if `key_id` is not `OPEN`), or None where it is absent.
    `signature` is there where the author signed this very header.
    """

    name: LogName
    log: bytes
    seq: int
    id: bytes
    prev: bytes
    depth: int
    wall_s: int
    total_bytes: int
    key_id: bytes
    header: bytes
    body: bytes | None
    signature: bytes | None

    @property
    def ref(self) -> Ref:
        """How other entries name this one."""
        return Ref(self.log, self.seq, self.id)


class Tip(msgspec.Struct, frozen=True, gc=False):
    """What the next entry of a branch stands on. `START` is where a log begins."""

    seq: int
    id: bytes
    depth: int
    wall_s: int
    total_bytes: int

    @classmethod
    def of(cls, entry: Entry) -> Tip:
        """The tip that `entry` makes."""
        return cls(entry.seq, entry.id, entry.depth, entry.wall_s, entry.total_bytes)


START: Final = Tip(-1, NO_ENTRY, 0, 0, 0)


def header_bytes(
    log: bytes,
    seq: int,
    prev: bytes,
    depth: int,
    wall_s: int,
    total_bytes: int,
    key_id: bytes,
    body_bytes: int,
    body_hash: bytes,
) -> bytes:
    """Canonical bytes of a header."""
    return encode(
        (
            FORMAT_VERSION,
            log,
            seq,
            prev,
            depth,
            wall_s,
            total_bytes,
            key_id,
            body_bytes,
            body_hash,
        )
    )


def read_header(data: bytes) -> Header:
    """Make the bytes of one header into its fields, or raise `Refused`.

    It says nothing of a signature: entries come in by `read_segment`, and only what proves
    something about two headers (a fork) needs this.
    """
    if len(data) > HEADER_MAX_BYTES:
        raise Refused("refused.too-large", size_bytes=len(data), max_bytes=HEADER_MAX_BYTES)
    try:
        header = _HEADER_DECODER.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise Refused("refused.not-a-header") from error
    if encode(header) != data:
        raise Refused("refused.not-canonical")
    if not is_possible(
        header.seq, header.prev, header.depth, header.total_bytes, header.body_bytes
    ):
        raise Refused("refused.out-of-range")
    return header


def is_possible(seq: int, prev: bytes, depth: int, total_bytes: int, body_bytes: int) -> bool:
    """Whether a log can hold this: each entry before it took a step and cost a header."""
    before_bytes = total_bytes - cost_bytes(body_bytes)
    if seq == 0:
        return prev == NO_ENTRY and before_bytes == 0
    return prev != NO_ENTRY and depth > seq and before_bytes >= HEADER_COST_BYTES * seq


def cost_bytes(body_bytes: int) -> int:
    """What an entry with a body of this length adds to its log's running total."""
    return HEADER_COST_BYTES + body_bytes


def entry_id(header: bytes) -> bytes:
    """SHA-256 of a header."""
    return hashlib.sha256(header).digest()


def body_bytes_of(entry: Entry) -> int:
    """The length of an entry's body, also where it is absent."""
    return len(entry.body) if entry.body is not None else read_header(entry.header).body_bytes
