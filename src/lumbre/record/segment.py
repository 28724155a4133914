"""Segments: how entries of one log travel, and the one way in for bytes.

A segment is a run of consecutive entries of one log that ends at a mark, a header that its
author signed. Headers do not travel: the reader builds each from what the segment says and
from the one before, so a header is canonical by construction and a flipped bit anywhere ends
at the signature.

    segment = [version, [space, author, lane, volume],
               [seq, id, depth, wall_s, total_bytes]          of the entry before,
               [[depth step, wall step, key id or nil, body, signature or nil], ...]]

`body` is bytes, or [length, hash] where it is absent. Between devices that know the name and
hold the entry before, the items travel alone (`read_items`). The base is believed only so far as
the signature over what follows from it holds; whether the entry before is known here is the
ledger's question.

What this does not do: open sealed bodies, judge them, or remember anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated

import msgspec

from lumbre.errors import Invalid, Refused
from lumbre.record.canonical import encode
from lumbre.record.entry import OPEN, START, Entry, Tip, header_bytes, read_header
from lumbre.record.keys import ENTRY_DOMAIN, is_signed
from lumbre.record.limits import (
    BODY_MAX_BYTES,
    DEPTH_MAX,
    FORMAT_VERSION,
    HEADER_COST_BYTES,
    MARK_MAX_BYTES,
    MARK_MAX_ENTRIES,
    SEGMENT_MAX_BYTES,
    SEGMENT_MAX_ENTRIES,
    SEQ_MAX,
    SIGNATURE_BYTES,
    TOTAL_MAX_BYTES,
    WALL_MAX_S,
)
from lumbre.record.log import SIGNED_ALONE, Hash32, KeyId, LogName

_Body = Annotated[bytes, msgspec.Meta(max_length=BODY_MAX_BYTES)]
_Signature = Annotated[bytes, msgspec.Meta(min_length=SIGNATURE_BYTES, max_length=SIGNATURE_BYTES)]


class _Base(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    seq: Annotated[int, msgspec.Meta(ge=-1, le=SEQ_MAX)]
    id: Hash32
    depth: Annotated[int, msgspec.Meta(ge=0, le=DEPTH_MAX)]
    wall_s: Annotated[int, msgspec.Meta(ge=0, le=WALL_MAX_S)]
    total_bytes: Annotated[int, msgspec.Meta(ge=0, le=TOTAL_MAX_BYTES)]


class _Absent(msgspec.Struct, array_like=True, frozen=True, gc=False, forbid_unknown_fields=True):
    body_bytes: Annotated[int, msgspec.Meta(ge=0, le=BODY_MAX_BYTES)]
    body_hash: Hash32


_Item = tuple[
    Annotated[int, msgspec.Meta(ge=1, le=DEPTH_MAX)],
    Annotated[int, msgspec.Meta(ge=-WALL_MAX_S, le=WALL_MAX_S)],
    KeyId | None,
    _Body | _Absent,
    _Signature | None,
]


_Items = Annotated[list[_Item], msgspec.Meta(min_length=1, max_length=SEGMENT_MAX_ENTRIES)]


class _Segment(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    version: Annotated[int, msgspec.Meta(ge=FORMAT_VERSION, le=FORMAT_VERSION)]
    name: LogName
    base: _Base
    items: _Items


_DECODER = msgspec.msgpack.Decoder(_Segment)
_ITEMS_DECODER = msgspec.msgpack.Decoder(_Items)


def write_segment(entries: Sequence[Entry], base: Tip = START) -> bytes:
    """Bytes of consecutive entries of one log that follow `base`; the last must be signed.

    The caller keeps the run under `SEGMENT_MAX_ENTRIES` and `SEGMENT_MAX_BYTES`.
    """
    items = _items(entries, base)
    tip = (base.seq, base.id, base.depth, base.wall_s, base.total_bytes)
    return encode((FORMAT_VERSION, entries[0].name, tip, items))


def write_items(entries: Sequence[Entry], base: Tip) -> bytes:
    """A segment's items alone: for a reader who knows the log's name and holds `base`."""
    return encode(_items(entries, base))


def _items(entries: Sequence[Entry], base: Tip) -> list[object]:
    if not entries or entries[-1].signature is None:
        raise Invalid("invalid.segment-without-mark")
    items: list[object] = []
    depth, wall_s = base.depth, base.wall_s
    for entry in entries:
        body: bytes | tuple[int, bytes]
        if entry.body is None:
            header = read_header(entry.header)
            body = (header.body_bytes, header.body_hash)
        else:
            body = entry.body
        key_id = None if entry.key_id == OPEN else entry.key_id
        items.append((entry.depth - depth, entry.wall_s - wall_s, key_id, body, entry.signature))
        depth, wall_s = entry.depth, entry.wall_s
    return items


def read_segment(data: bytes) -> list[Entry]:
    """Make bytes into checked entries: the one way in.

    Whole or not at all: one bad byte refuses the segment. Raises `Refused` and nothing else,
    after work that is bounded by `len(data)`.
    """
    return read_segment_with_base(data)[1]


def read_segment_with_base(data: bytes) -> tuple[Tip, list[Entry]]:
    """`read_segment`, with what the first entry says it follows."""
    if len(data) > SEGMENT_MAX_BYTES:
        raise Refused("refused.too-large", size_bytes=len(data), max_bytes=SEGMENT_MAX_BYTES)
    try:
        segment = _DECODER.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise Refused("refused.not-a-segment") from error
    if encode(segment) != data:
        raise Refused("refused.not-canonical")
    base = segment.base
    if not _is_possible(base):
        raise Refused("refused.out-of-range")
    tip = Tip(base.seq, base.id, base.depth, base.wall_s, base.total_bytes)
    return tip, _build(segment.name, tip, segment.items)


def read_items(name: LogName, base: Tip, data: bytes) -> list[Entry]:
    """The same for items alone, which follow the entry `base` of the log `name`."""
    if len(data) > SEGMENT_MAX_BYTES:
        raise Refused("refused.too-large", size_bytes=len(data), max_bytes=SEGMENT_MAX_BYTES)
    try:
        items = _ITEMS_DECODER.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise Refused("refused.not-a-segment") from error
    if encode(items) != data:
        raise Refused("refused.not-canonical")
    return _build(name, base, items)


def _is_possible(base: _Base) -> bool:
    if base.seq == START.seq:
        return base == _Base(START.seq, START.id, 0, 0, 0)
    return (
        base.id != START.id
        and base.depth > base.seq
        and base.total_bytes >= HEADER_COST_BYTES * (base.seq + 1)
    )


def _build(name: LogName, base: Tip, items: Sequence[_Item]) -> list[Entry]:
    """Build each header from the one before and check every signature."""
    author = name.author
    log = name.id
    seq, prev, depth, wall_s, total = (
        base.seq,
        base.id,
        base.depth,
        base.wall_s,
        base.total_bytes,
    )
    alone = name.lane in SIGNED_ALONE
    unsigned_entries = unsigned_bytes = 0
    sha256 = hashlib.sha256
    entries: list[Entry] = []
    append = entries.append
    for depth_step, wall_step, key, content, signature in items:
        seq += 1
        depth += depth_step
        wall_s += wall_step
        if content.__class__ is bytes:
            body: bytes | None = content
            body_bytes = len(content)
            body_hash = sha256(content).digest()
        else:
            body, body_bytes, body_hash = None, content.body_bytes, content.body_hash  # type: ignore[union-attr]
        total += HEADER_COST_BYTES + body_bytes
        key_id = OPEN if key is None else key
        # In the loop: steps add up to more than an encoder takes.
        if key == OPEN or depth > DEPTH_MAX or not 0 <= wall_s <= WALL_MAX_S:
            raise Refused("refused.out-of-range")
        header = header_bytes(log, seq, prev, depth, wall_s, total, key_id, body_bytes, body_hash)
        id_ = sha256(header).digest()
        unsigned_entries += 1
        unsigned_bytes += body_bytes
        if signature is not None:
            if not is_signed(ENTRY_DOMAIN, id_, signature, author):
                raise Refused("refused.bad-signature")
            unsigned_entries = unsigned_bytes = 0
        elif alone or unsigned_entries >= MARK_MAX_ENTRIES or unsigned_bytes > MARK_MAX_BYTES:
            raise Refused("refused.mark-too-far")
        append(
            Entry(name, log, seq, id_, prev, depth, wall_s, total, key_id, header, body, signature)
        )
        prev = id_
    if unsigned_entries:
        raise Refused("refused.no-mark")
    if seq > SEQ_MAX or total > TOTAL_MAX_BYTES:
        raise Refused("refused.out-of-range")
    return entries
