"""Authors and logs for tests of the ledger: from a seed, with forks where a test wants them."""

from __future__ import annotations

import hashlib

from lumbre.record import START, Entry, Lane, LogName, SigningKey, Tip, Writer
from lumbre.record.canonical import encode
from lumbre.record.segment import read_segment_with_base, write_segment

SPACE = hashlib.sha256(b"space").digest()


def key_of(name: str) -> SigningKey:
    """The same key for the same name."""
    return SigningKey(hashlib.sha256(name.encode()).digest())


def log_of(name: str, lane: Lane = Lane.ORDINARY) -> LogName:
    """An author's log."""
    return LogName(SPACE, key_of(name).public, lane)


def write(
    name: str,
    count: int,
    after: Tip = START,
    lane: Lane = Lane.ORDINARY,
    word: str = "x",
    mark_every: int = 1000,
) -> list[Entry]:
    """`count` entries on top of `after`; another `word` makes another branch."""
    writer = Writer(log_of(name, lane), key_of(name), after)
    return [
        writer.append(
            encode(["test", word, after.seq + 1 + i]),
            depth=after.depth + 1 + i,
            wall_s=1_760_000_000 + i,
            is_last=i == count - 1 or (i + 1) % mark_every == 0,
        )
        for i in range(count)
    ]


def carried(entries: list[Entry], base: Tip = START) -> tuple[Tip, list[Entry]]:
    """Entries as they come out of the bytes that carried them."""
    return read_segment_with_base(write_segment(entries, base))
