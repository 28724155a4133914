"""Letting go of branches: those that do not fit what fills their gap, and those past the first 8.

A branch is stored with the entries beside it, and let go of in a second step; the views lie in
another file still. `CUTTING` is noted in the log file before the first step, so that a node
that stopped in between ends what it began when it opens (`finish`).

It says nothing of which branches are surplus: `lumbre.ledger.surplus` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from lumbre.ledger import Ledger, Linked, surplus
from lumbre.node.ports import LogDisk
from lumbre.node.segments import branches_of
from lumbre.node.spaces import Space
from lumbre.record import Entry
from lumbre.record.branch import Branch
from lumbre.record.log import NO_SPACE

CUTTING: Final = "cutting"
"""Noted in the log file while a branch is let go: the two files cannot be committed at once."""


class Cuts:
    """What one node lets go of. `is_judged`: whether it judges an entry at all."""

    def __init__(
        self,
        log: LogDisk,
        spaces: Mapping[bytes, Space],
        is_judged: Callable[[Entry], bool],
    ) -> None:
        self._log = log
        self._spaces = spaces
        self._is_judged = is_judged
        self.is_stale = False

    def announce(self, linked: Sequence[Linked]) -> bool:
        """Note, before anything is stored, that some of it is to be let go of again."""
        is_due = any(one.void or one.crowded for one in linked)
        if is_due:
            self._log.set_meta(CUTTING, b"1")
        return is_due

    @property
    def is_unfinished(self) -> bool:
        """Whether the last stop may have fallen between storing and letting go."""
        return self._log.meta(CUTTING) is not None

    def end(self) -> None:
        """Forget the note: the views have followed."""
        self._log.set_meta(CUTTING, None)

    def cut(self, linked: Sequence[Linked]) -> bool:
        """Let go of void branches, and of those of forked logs that are past the first 8."""
        void = {branch.number for one in linked for branch in one.void}
        touched = [b for one in linked for b in (*one.void, *one.forks, *one.crowded)]
        has_cut = False
        for branch in {branch.log: branch for branch in touched}.values():
            has_cut = self._cut_log(branch, void) or has_cut
        return has_cut

    def finish(self) -> bool:
        """Let go of what a stop left behind, in any log; whether there was any."""
        found = [branch for space in self._spaces for branch in branches_of(self._log, space)]
        has_cut = False
        for branch in {branch.log: branch for branch in found}.values():
            has_cut = self._cut_log(branch, self._void(branch.log)) or has_cut
        return has_cut

    def _void(self, log: bytes) -> set[int]:
        """Branches above a gap that is filled: what follows from it was joined to it at once."""
        branches = self._log.branches(log)
        void = set()
        for above in branches:
            if not above.is_above_gap:
                continue
            start, before = self._entry(above.number, above.first_seq), above.first_seq - 1
            for below in branches:
                is_there = below.first_seq <= before <= below.tip.seq
                if is_there and self._id_at(below.number, before) == start.prev:
                    void.add(above.number)
        return void

    def _cut_log(self, one: Branch, void: set[int]) -> bool:
        branches = self._log.branches(one.log)
        gone = _with_children(branches, void)
        has_cut = self._let_go(branches, [(b.number, b.first_seq) for b in gone])
        branches = [branch for branch in branches if branch not in gone]
        pins = self._ledger_of(one).pins(one.log, one.name.author)
        return self._let_go(branches, surplus(branches, self._id_at, pins)) or has_cut

    def _let_go(self, branches: Sequence[Branch], cuts: Sequence[tuple[int, int]]) -> bool:
        if not cuts:
            return False
        by_number = {branch.number: branch for branch in branches}
        for number, seq in cuts:
            branch = by_number[number]
            entries = list(self._log.entries(number, seq, branch.tip.seq))
            if entries and self._is_judged(entries[0]):
                ledger = self._ledger_of(branch)
                # What was judged may be referred to by what was judged since.
                self.is_stale = self.is_stale or ledger.judge.judged_seq(branch) >= seq
                ledger.cut(branch, entries)
        self._log.cut(cuts)
        return True

    def _id_at(self, number: int, seq: int) -> bytes:
        return self._entry(number, seq).id

    def _entry(self, number: int, seq: int) -> Entry:
        entry = self._log.entry(number, seq)
        assert entry is not None
        return entry

    def _ledger_of(self, branch: Branch) -> Ledger:
        is_founding = branch.name.space == NO_SPACE
        return self._spaces[branch.first_id if is_founding else branch.name.space].ledger


def _with_children(branches: Sequence[Branch], numbers: set[int]) -> list[Branch]:
    """Branches by number, and all that go on from them."""
    gone = set(numbers)
    for branch in sorted(branches, key=lambda branch: branch.first_seq):
        if branch.parent in gone:
            gone.add(branch.number)
    return [branch for branch in branches if branch.number in gone]
