"""Frontiers: how far a device knows each log of a space, and how it says so.

A head is the last entry of a branch. It is named by its id, never by where its branch begins:
two devices that know a fork may each hold the other branch as the first. A baseline is the
frontier with which the last meeting with a peer ended, equal on both sides; by it logs are
numbers and what was written since are steps.

What this does not do: say what is missing (`missing.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from lumbre.errors import Refused
from lumbre.ledger import Book
from lumbre.record.branch import Branch
from lumbre.record.log import NO_SPACE
from lumbre.sync.frames import DIGEST_BYTES, LADDER_MAX, PREFIX_BYTES, SHORT_BYTES, HeadSaid


class Head(NamedTuple):
    """The last entry of a branch; `first_seq` is not 0 where entries before are missing."""

    log: bytes
    id: bytes
    seq: int
    first_seq: int
    number: int

    def said(self, key: bytes, book: Book | None = None) -> HeadSaid:
        """It as it travels in a round; with `book`, and a ladder of entries before it."""
        ladder = _ladder(book, self, key) if book is not None else []
        prefix = self.log[:PREFIX_BYTES]
        return HeadSaid(prefix, self.seq, short_id(self.id, key), self.first_seq, ladder)


def branches_of(book: Book, space: bytes) -> list[Branch]:
    """Every branch of a space, the founding log's among them."""
    found = [branch for name in book.logs(space) for branch in book.branches(name.id)]
    for name in book.logs(NO_SPACE):
        found += [branch for branch in book.branches(name.id) if branch.first_id == space]
    return found


def heads_of(branches: Sequence[Branch]) -> list[Head]:
    """The frontier: every head, by (log, id).

    A branch that another goes on from at its end, as where a gap filled, has no head of its own.
    """
    continued = {(branch.parent, branch.first_seq) for branch in branches}
    return sorted(
        Head(
            branch.log,
            branch.tip.id,
            branch.tip.seq,
            branch.first_seq if branch.is_above_gap else 0,
            branch.number,
        )
        for branch in branches
        if (branch.number, branch.tip.seq + 1) not in continued
    )


def digest_of(heads: Sequence[Head]) -> bytes:
    """16 bytes over a frontier: equal where the frontiers are."""
    digest = hashlib.sha256()
    for head in heads:
        digest.update(head.log + head.id + head.first_seq.to_bytes(8, "big"))
    return digest.digest()[:DIGEST_BYTES]


def round_key(binding: bytes, number: int) -> bytes:
    """What shortens ids in a round.

    Nobody can prepare two that are alike, and those that are so by chance differ in the next.
    """
    return hashlib.blake2b(bytes((number,)), key=binding, digest_size=32).digest()


def short(head: Head, key: bytes) -> bytes:
    """4 bytes of a head."""
    data = head.id + head.first_seq.to_bytes(8, "big")
    return hashlib.blake2b(data, key=key, digest_size=SHORT_BYTES).digest()


def short_id(id_: bytes, key: bytes) -> bytes:
    """8 bytes of an entry's id."""
    return hashlib.blake2b(id_, key=key, digest_size=PREFIX_BYTES).digest()


def _ladder(book: Book, head: Head, key: bytes) -> list[tuple[int, bytes]]:
    """Entries before a head, 1, 2, 4, 8 ... back: the other side finds where they part."""
    by_number = {branch.number: branch for branch in book.branches(head.log)}
    branch = by_number.get(head.number)
    found: list[tuple[int, bytes]] = []
    back = 1
    while len(found) < LADDER_MAX and head.seq - back >= head.first_seq:
        seq = head.seq - back
        while branch is not None and seq < branch.first_seq and branch.parent is not None:
            branch = by_number.get(branch.parent)
        # Another meeting may have let go of it meanwhile.
        entry = None if branch is None else book.entry(branch.number, seq)
        if entry is None:
            break
        found.append((seq, short_id(entry.id, key)))
        back *= 2
    return found


class Baseline(msgspec.Struct, array_like=True, frozen=True):
    """A frontier that a peer held as well: (branch number, seq) of each head, in its order.

    Branch numbers are this store's own: the value stays on this device.
    """

    digest: bytes
    heads: list[tuple[int, int]]

    @classmethod
    def of(cls, heads: Sequence[Head]) -> Baseline:
        """The baseline that a frontier makes."""
        return cls(digest_of(heads), [(head.number, head.seq) for head in heads])


_BASELINE_DECODER: Final = msgspec.msgpack.Decoder(Baseline)


def read_baseline(stored: bytes | None) -> Baseline | None:
    """A baseline as it was kept; None where there is none, or none that this version reads."""
    if stored is None:
        return None
    try:
        return _BASELINE_DECODER.decode(stored)
    except (msgspec.MsgspecError, ValueError):
        return None


class Steps(NamedTuple):
    """What moved since a baseline: (gap, steps, gap, steps ...), and heads that are new."""

    moved: list[int]
    new: list[Head]


def steps_since(baseline: Baseline, heads: Sequence[Head]) -> Steps | None:
    """One's own frontier as steps; None where a head of the baseline is no longer there."""
    left = {head.number: head for head in heads}
    moved: list[int] = []
    last = -1
    for place, (number, seq) in enumerate(baseline.heads):
        head = left.pop(number, None)
        if head is None or head.seq < seq:
            return None
        if head.seq > seq:
            moved += (place - last - 1, head.seq - seq)
            last = place
    return Steps(moved, sorted(left.values()))


def seqs_after(baseline: Baseline, moved: Sequence[int]) -> dict[int, int]:
    """The other side's frontier: branch number -> seq. Raises `Refused` on what has no sense."""
    seqs = dict(baseline.heads)
    if len(moved) % 2:
        raise Refused("refused.not-a-message")
    place = -1
    for gap, steps in zip(moved[::2], moved[1::2], strict=True):
        place += gap + 1
        if place >= len(baseline.heads):
            raise Refused("refused.not-a-message")
        number, seq = baseline.heads[place]
        seqs[number] = seq + steps
    return seqs
