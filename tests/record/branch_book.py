"""Which branches of a log are kept, the plain way: the whole tree of ids in memory.

What `lumbre.ledger.keep` is held to, which reads one id at each point where branches part.

Headers of a log form a tree. Where children part, the one that leads to a pinned entry, then
the one with the smallest id, continues its parent's branch; every other child is a parting
with the rank (leads to no pin, seq, id). Kept are the trunk and the first `BRANCHES_MAX - 1`
partings by rank whose containing branch is kept. A further entry can only push others out, so
what was dropped may be forgotten. Pins can bring a dropped branch back: the book is then made
anew (`BranchBook.of`).
"""

from __future__ import annotations

from collections.abc import Iterable

from lumbre.record.entry import NO_ENTRY
from lumbre.record.fork import Place
from lumbre.record.limits import BRANCHES_MAX


class _Run:
    """Consecutive entries without a parting inside; `children` part after its last."""

    __slots__ = ("children", "ids", "parent", "start")

    def __init__(self, start: int, ids: list[bytes], parent: _Run | None) -> None:
        self.start = start
        self.ids = ids
        self.parent = parent
        self.children: list[_Run] = []

    def holds(self, seq: int, id_: bytes) -> bool:
        place = seq - self.start
        return 0 <= place < len(self.ids) and self.ids[place] == id_

    @property
    def end(self) -> int:
        return self.start + len(self.ids) - 1


class BranchBook:
    """Which entries of one log are kept. Not shared between threads.

    Adding costs a look at no more than 2 x `BRANCHES_MAX` runs, whatever the log's length.
    """

    def __init__(self, pins: Iterable[Place] = ()) -> None:
        self._root = _Run(-1, [NO_ENTRY], None)
        self._runs = [self._root]
        self._pins = frozenset(pins)

    @classmethod
    def of(cls, entries: Iterable[tuple[int, bytes, bytes]], pins: Iterable[Place]) -> BranchBook:
        """The book of (seq, id, prev), each after its prev, where pins decide.

        A branch may be dropped before the entry that pins it comes, so all are taken in first.
        """
        book = cls(pins)
        for seq, id_, prev in entries:
            book._attach(seq, id_, prev)
        book._prune()
        return book

    def __contains__(self, place: Place) -> bool:
        return self._run_of(*place) is not None

    def _run_of(self, seq: int, id_: bytes) -> _Run | None:
        for run in self._runs:
            if run.holds(seq, id_):
                return run
        return None

    def add(self, seq: int, id_: bytes, prev: bytes) -> bool:
        """Take in an entry; whether it is kept. False too where its `prev` is not kept."""
        run = self._attach(seq, id_, prev)
        if run is not None and run.parent is not None and len(run.parent.children) > 1:
            self._prune()
        return self._run_of(seq, id_) is not None

    def _attach(self, seq: int, id_: bytes, prev: bytes) -> _Run | None:
        """Put an entry into the tree; the run that it begins, if it begins one."""
        run = self._run_of(seq - 1, prev)
        if run is None or self._run_of(seq, id_) is not None:
            return None
        if run.end == seq - 1 and not run.children and run is not self._root:
            run.ids.append(id_)
            return None
        if run.end > seq - 1:
            self._split(run, seq)
        child = _Run(seq, [id_], run)
        run.children.append(child)
        self._runs.append(child)
        return child

    def _split(self, run: _Run, seq: int) -> None:
        """End `run` before `seq`; what follows becomes its only child."""
        rest = _Run(seq, run.ids[seq - run.start :], run)
        del run.ids[seq - run.start :]
        rest.children, run.children = run.children, [rest]
        for child in rest.children:
            child.parent = rest
        self._runs.append(rest)

    def _prune(self) -> None:
        """Drop the branches past the limit, by rank."""
        pinned = self._pinned_runs()
        kept: set[int] = set()
        waiting = self._follow(self._root, pinned, kept)
        for _ in range(BRANCHES_MAX - 1):
            if not waiting:
                break
            waiting.sort(key=lambda run: (id(run) not in pinned, run.start, run.ids[0]))
            waiting += self._follow(waiting.pop(0), pinned, kept)
        self._runs = [run for run in self._runs if id(run) in kept]
        for run in self._runs:
            run.children = [child for child in run.children if id(child) in kept]

    def _follow(self, run: _Run, pinned: set[int], kept: set[int]) -> list[_Run]:
        """Keep the branch that begins with `run`; return the partings from it."""
        partings: list[_Run] = []
        while True:
            kept.add(id(run))
            if not run.children:
                return partings
            first, *others = sorted(
                run.children, key=lambda child: (id(child) not in pinned, child.ids[0])
            )
            partings += others
            run = first

    def _pinned_runs(self) -> set[int]:
        """Runs that hold a pinned entry or lead to one."""
        found: set[int] = set()
        for seq, id_ in self._pins:
            run = self._run_of(seq, id_)
            while run is not None and id(run) not in found:
                found.add(id(run))
                run = run.parent
        return found

    def is_ancestor(self, place: Place, of: Place) -> bool:
        """Whether `place` is `of` or comes before it on its branch; both must be kept."""
        if place[0] > of[0]:
            return False
        target, run = self._run_of(*place), self._run_of(*of)
        while run is not None and run is not target:
            run = run.parent
        return run is not None and target is not None

    def branches(self) -> list[Place]:
        """The last entry of each kept branch, in order."""
        return sorted(
            (run.end, run.ids[-1])
            for run in self._runs
            if not run.children and run is not self._root
        )
