"""Forks: the proof that one key wrote two branches, and which branches of a log are kept.

A proof is two segments of one log without bodies, over the same base, whose first entries
differ, each up to the first header that its author signed. It verifies by itself.

Branches. Headers of a log form a tree. Where children part, the one that leads to a pinned
entry, then the one with the smallest id, continues its parent's branch; every other child is
a parting with the rank (leads to no pin, seq, id). Kept are the trunk and the first
`BRANCHES_MAX - 1` partings by rank whose containing branch is kept. A further entry can only
push others out, so what was dropped may be forgotten: the same branches are kept in any
order of arrival. Pins can bring a dropped branch back: it is asked for again, and the book is
made anew (`BranchBook.of`) from what is there then.

What this does not do: say which branch is right. None is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from lumbre.errors import Invalid, Refused
from lumbre.record.entry import NO_ENTRY, Entry, Tip
from lumbre.record.limits import BRANCHES_MAX
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
