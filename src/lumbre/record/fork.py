"""Forks: the proof that one key wrote two branches.

A proof is two segments of one log without bodies, over the same base, whose first entries
differ, each up to the first header that its author signed. It verifies by itself.

What this does not do: say which branch is right (none is chosen), or which are kept
(`lumbre.ledger.keep`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from lumbre.errors import Invalid, Refused
from lumbre.record.entry import Entry, Tip
from lumbre.record.log import LogName
from lumbre.record.segment import read_segment_with_base, write_segment

PROOF_MAX_BYTES: Final = 60_000
"""Two runs of at most 256 headers of about 55 bytes, inside one body of 64 KiB."""

Place = tuple[int, bytes]
"""(seq, id) of an entry in its log."""


class Fork(msgspec.Struct, frozen=True):
    """What a proof shows: the log, what both branches follow, and the places where they part."""

    name: LogName
    base: Tip
    left: Place
    right: Place


def prove_fork(base: Tip, left: Sequence[Entry], right: Sequence[Entry]) -> tuple[bytes, bytes]:
    """Two segments that prove the fork of `left` and `right`, both following `base`.

    The two are in the order of the ids where they part, so both finders make the same proof.
    """
    first, second = sorted((left, right), key=lambda entries: entries[0].id)
    proof = _thin(base, first), _thin(base, second)
    read_fork(*proof)
    return proof


def _thin(base: Tip, entries: Sequence[Entry]) -> bytes:
    run: list[Entry] = []
    for entry in entries:
        run.append(msgspec.structs.replace(entry, body=None))
        if entry.signature is not None:
            return write_segment(run, base)
    raise Invalid("invalid.fork-unsigned")


def read_fork(left: bytes, right: bytes) -> Fork:
    """What a proof shows, or `Refused` where it does not prove itself."""
    if len(left) + len(right) > PROOF_MAX_BYTES:
        raise Refused("refused.too-large", size_bytes=len(left) + len(right))
    left_base, left_run = read_segment_with_base(left)
    right_base, right_run = read_segment_with_base(right)
    first, second = left_run[0], right_run[0]
    if left_base != right_base or first.name != second.name or first.id >= second.id:
        raise Refused("refused.not-a-fork")
    return Fork(first.name, left_base, (first.seq, first.id), (second.seq, second.id))
