"""What a book holds as segments, and less where the other side knows some.

Order: the founding entry, then the trust lane, then lane by lane and by depth, so that what
arrives can be judged as it comes. The cutting is `sync.runs`', the same as in a meeting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lumbre.ledger import Book
from lumbre.record.branch import Branch
from lumbre.record.log import NO_SPACE
from lumbre.sync import frontier as sync
from lumbre.sync.missing import Range
from lumbre.sync.runs import whole_segments

Frontier = Mapping[bytes, int]
"""How far each branch of this store is known: the id of its first entry -> seq of its last."""


def branches_of(book: Book, space: bytes) -> list[Branch]:
    """Every branch of a space in the order in which it travels."""
    found = sync.branches_of(book, space)
    return sorted(found, key=lambda b: (b.name.space != NO_SPACE, b.name.lane, b.first_seq, b.log))


def frontier(book: Book, space: bytes) -> dict[bytes, int]:
    """How far this node knows each branch of a space."""
    return {branch.first_id: branch.tip.seq for branch in branches_of(book, space)}


def segments(book: Book, space: bytes, known: Frontier) -> Iterator[bytes]:
    """What somebody who knows `known` lacks of a space."""
    ranges = [
        Range(branch, max(branch.first_seq, known.get(branch.first_id, -1) + 1), branch.tip.seq)
        for branch in branches_of(book, space)
    ]
    return whole_segments(book, [one for one in ranges if one.first_seq <= one.last_seq])
