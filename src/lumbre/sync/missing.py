"""What the other side lacks of one's own branches, from what it says that it holds.

A head that is found here says that its whole line is held, back to the log's first entry or
to the gap that it stands above. A head that is not found and is further on than the one branch
here is taken to go on from it: most logs are not forked, and closing digests tell. Else it says
nothing; then a ladder of entries before it tells how far the lines are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lumbre.ledger import Book
from lumbre.record.branch import Branch
from lumbre.sync.frames import PREFIX_BYTES, HeadSaid
from lumbre.sync.frontier import short_id


class Range(NamedTuple):
    """Consecutive entries of one branch, both ends included."""

    branch: Branch
    first_seq: int
    last_seq: int


class Known:
    """What the other side holds of these branches."""

    def __init__(self, book: Book, branches: Sequence[Branch]) -> None:
        self._book = book
        self._branches = {branch.number: branch for branch in branches}
        self._by_log: dict[bytes, list[Branch]] = {}
        for branch in branches:
            self._by_log.setdefault(branch.log[:PREFIX_BYTES], []).append(branch)
        self._spans: dict[int, list[tuple[int, int]]] = {}

    def add(self, number: int, seq: int, first_seq: int = 0) -> None:
        """The line that ends at `seq` of a branch is held, from `first_seq` on."""
        branch = self._branches.get(number)
        while branch is not None and seq >= first_seq:
            start = max(branch.first_seq, first_seq)
            if start <= seq:
                self._spans.setdefault(branch.number, []).append((start, seq))
            seq = min(seq, branch.first_seq - 1)
            branch = None if branch.parent is None else self._branches.get(branch.parent)

    def add_said(self, heads: Iterable[HeadSaid], key: bytes) -> None:
        """The same for heads as they were said, where they or entries before are found here."""
        for head in heads:
            branches = self._by_log.get(head.log)
            for seq, id_ in ((head.seq, head.id), *head.ladder) if branches else ():
                number = self._find(branches or (), seq, id_, key)
                if number is not None:
                    self.add(number, seq, head.first_seq)
                    break
            else:
                self._add_ahead(branches or (), head)

    def _add_ahead(self, branches: Sequence[Branch], head: HeadSaid) -> None:
        """A head that is not here: without a ladder, its log is taken to have moved on there."""
        if len(branches) == 1 and not head.ladder:
            tip = branches[0].tip
            if head.seq > tip.seq:
                self.add(branches[0].number, tip.seq, head.first_seq)

    def _find(self, branches: Sequence[Branch], seq: int, id_: bytes, key: bytes) -> int | None:
        for branch in branches:
            if branch.first_seq <= seq <= branch.tip.seq:
                is_tip = seq == branch.tip.seq
                at = branch.tip if is_tip else self._book.entry(branch.number, seq)
                if at is not None and short_id(at.id, key) == id_:
                    return branch.number
        return None

    def missing(self) -> list[Range]:
        """What is held here and not there."""
        found = []
        for branch in self._branches.values():
            at = branch.first_seq
            for start, last in sorted(self._spans.get(branch.number, ())):
                if start > at:
                    found.append(Range(branch, at, start - 1))
                at = max(at, last + 1)
            if at <= branch.tip.seq:
                found.append(Range(branch, at, branch.tip.seq))
        return found
