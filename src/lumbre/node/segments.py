"""Cutting what a book holds into segments, and asking for less where the other knows some.

Order: the founding entry, then the trust lane, then lane by lane, so that what arrives can be
judged as it comes. Each cut falls on a mark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lumbre.ledger import Book
from lumbre.record import START, Entry, Tip
from lumbre.record.branch import Branch
from lumbre.record.entry import body_bytes_of, cost_bytes
from lumbre.record.log import NO_SPACE
from lumbre.record.segment import write_segment

# Room for the marks and the names beside the bodies, under SEGMENT_MAX_BYTES.
CUT_ENTRIES: Final = 1024
CUT_BYTES: Final = 512 * 1024

Frontier = Mapping[bytes, int]
"""How far each branch is known: the id of its first entry -> seq of its last."""


def branches_of(book: Book, space: bytes) -> list[Branch]:
    """Every branch of a space in the order in which it travels."""
    found = [b for name in book.logs(space) for b in book.branches(name.id)]
    for name in book.logs(NO_SPACE):
        found += [b for b in book.branches(name.id) if b.first_id == space]
    return sorted(found, key=lambda b: (b.name.space != NO_SPACE, b.name.lane, b.first_seq, b.log))


def frontier(book: Book, space: bytes) -> dict[bytes, int]:
    """How far this node knows each branch of a space."""
    return {branch.first_id: branch.tip.seq for branch in branches_of(book, space)}


def segments(book: Book, space: bytes, known: Frontier) -> Iterator[bytes]:
    """What somebody who knows `known` lacks of a space."""
    for branch in branches_of(book, space):
        first = max(branch.first_seq, known.get(branch.first_id, -1) + 1)
        if first <= branch.tip.seq:
            yield from _cut(book, branch, first)


def _cut(book: Book, branch: Branch, first_seq: int) -> Iterator[bytes]:
    base = base_of(book, branch, first_seq)
    run: list[Entry] = []
    last_mark = size = 0
    for entry in book.entries(branch.number, first_seq, branch.tip.seq):
        run.append(entry)
        size += len(entry.body or b"")
        if entry.signature is not None:
            last_mark = len(run)
        if last_mark and (len(run) >= CUT_ENTRIES or size >= CUT_BYTES):
            yield write_segment(run[:last_mark], base)
            base, run = Tip.of(run[last_mark - 1]), run[last_mark:]
            last_mark, size = 0, sum(len(e.body or b"") for e in run)
    if last_mark:
        yield write_segment(run[:last_mark], base)


def base_of(book: Book, branch: Branch, first_seq: int) -> Tip:
    """The tip before an entry: in this branch, in its parent, or as its header says."""
    if first_seq == 0:
        return START
    number = branch.number
    if first_seq == branch.first_seq:
        if branch.parent is None:
            return _base_above_gap(book, branch)
        number = branch.parent
    before = book.entry(number, first_seq - 1)
    assert before is not None
    return Tip.of(before)


def _base_above_gap(book: Book, branch: Branch) -> Tip:
    """What is known of the entry before a gap: its id and total, and a depth that it may have."""
    first = book.entry(branch.number, branch.first_seq)
    assert first is not None
    total = first.total_bytes - cost_bytes(body_bytes_of(first))
    return Tip(first.seq - 1, first.prev, first.depth - 1, first.wall_s, total)
