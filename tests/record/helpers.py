"""What the tests of the record share: keys and logs by number, runs of entries, and forgers.

A forger has a key and keeps no rule: it signs whatever header it is told, so that a test can
show which rule refuses it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from lumbre.record import OPEN, START, Entry, Lane, LogName, SigningKey, Tip, Writer
from lumbre.record.entry import NO_ENTRY
from lumbre.record.keys import ENTRY_DOMAIN

SPACE = hashlib.sha256(b"space").digest()


def secret(*parts: object) -> bytes:
    """32 bytes that look random and are the same in every run."""
    return hashlib.sha256(repr(parts).encode()).digest()


def key_of(number: int = 0) -> SigningKey:
    return SigningKey(secret("key", number))


def log_of(number: int = 0, lane: Lane = Lane.ORDINARY, space: bytes = SPACE) -> LogName:
    return LogName(space, key_of(number).public, lane)


def body_of(number: int) -> bytes:
    return msgspec.msgpack.encode(["nota", 0, None, f"cuerpo {number}"])


def run_of(
    count: int, *, number: int = 0, lane: Lane = Lane.ORDINARY, marks: int = 4, tip: Tip = START
) -> list[Entry]:
    """`count` entries of one log; each `marks`-th, and the last, is signed."""
    writer = Writer(log_of(number, lane), key_of(number), tip)
    return [
        writer.append(
            body_of(i),
            depth=writer.tip.depth + 1 + i % 3,
            wall_s=1_790_000_000 + 60 * i,
            is_last=i % marks == marks - 1 or i == count - 1,
        )
        for i in range(count)
    ]


def tip_before(entry: Entry) -> Tip:
    """A base that fits `entry`, whatever the one before said of its depth and clock."""
    if entry.seq == 0:
        return START
    body_bytes = len(entry.body or b"")
    return Tip(
        entry.seq - 1,
        entry.prev,
        entry.depth - 1,
        entry.wall_s,
        entry.total_bytes - 128 - body_bytes,
    )


class Forger:
    """Writes segments field by field. Values replace those of an honest first entry."""

    def __init__(self, number: int = 0, lane: int = Lane.ORDINARY) -> None:
        self.key = key_of(number)
        self.name: list[Any] = [SPACE, self.key.public, int(lane), 0]
        self.version: Any = 1
        self.base: list[Any] = [-1, NO_ENTRY, 0, 0, 0]

    def log(self) -> bytes:
        return hashlib.sha256(b"lumbre/log/1\0" + msgspec.msgpack.encode(self.name)).digest()

    def item(self, content: Any = b"\x91\xa1a", **changes: Any) -> dict[str, Any]:
        return {"depth": 1, "wall": 5, "key_id": None, "content": content, "sign": True} | changes

    def segment(self, *items: dict[str, Any]) -> bytes:
        """Signed as the headers that a reader would build, were it to accept them."""
        seq, prev, depth, wall_s, total = self.base[:5]
        written = []
        for item in items or (self.item(),):
            content = item["content"]
            if isinstance(content, bytes):
                size, digest = len(content), hashlib.sha256(content).digest()
            else:
                size, digest = content
            seq, depth, wall_s = seq + 1, depth + item["depth"], wall_s + item["wall"]
            total += 128 + size
            header = [
                self.version, self.log(), seq, prev, depth, wall_s, total,
                item["key_id"] or OPEN, size, digest,
            ]  # fmt: skip
            prev = hashlib.sha256(_wide(header)).digest()
            signature = self.key.sign(ENTRY_DOMAIN, prev) if item["sign"] else None
            if isinstance(item["sign"], bytes):
                signature = item["sign"]
            written.append([item["depth"], item["wall"], item["key_id"], content, signature])
        return msgspec.msgpack.encode([self.version, self.name, self.base, written])


def _wide(header: Sequence[Any]) -> bytes:
    """Canonical bytes; a number too great for the format is signed as text."""
    try:
        return msgspec.msgpack.encode(header)
    except OverflowError:
        return repr(header).encode()
