"""Which branches of a forked log are kept: the first 8, the same in any order of arrival.

Headers of a log form a tree. Where children part, the one that leads to a pinned entry, then
the one with the smallest id, goes on; every other is a parting with the rank (leads to no
pin, seq, id), and the first `BRANCHES_MAX - 1` partings whose own branch is kept are kept. A
further entry can only push others out, so what was let go of may be forgotten; pins can bring
it back, and then it is asked for again. One id is read at each point where branches part.

A branch above a gap counts as a parting until the gap fills.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from lumbre.record.branch import Branch
from lumbre.record.fork import Place
from lumbre.record.limits import BRANCHES_MAX

IdAt = Callable[[int, int], bytes]
"""(branch number, seq) -> the id of the entry there."""


class _Part:
    """Entries of one branch between two points where branches part."""

    __slots__ = ("children", "first_id", "first_seq", "is_pinned", "last_seq", "number")

    def __init__(self, number: int, first_seq: int, last_seq: int, first_id: bytes) -> None:
        self.number = number
        self.first_seq = first_seq
        self.last_seq = last_seq
        self.first_id = first_id
        self.children: list[_Part] = []
        self.is_pinned = False

    @property
    def rank(self) -> tuple[bool, int, bytes]:
        return not self.is_pinned, self.first_seq, self.first_id


def surplus(
    branches: Sequence[Branch], id_at: IdAt, pins: Iterable[Place] = ()
) -> list[tuple[int, int]]:
    """What to cut off: (branch number, first seq that goes), at most once a branch."""
    if len(branches) <= BRANCHES_MAX:
        return []
    parts, roots = _parts(branches, id_at)
    for seq, id_ in pins:
        for part in parts:
            if part.first_seq <= seq <= part.last_seq and id_at(part.number, seq) == id_:
                part.is_pinned = True
    for root in roots:
        _pin_ancestors(root)
    kept = _kept(roots)
    cuts: dict[int, int] = {}
    for part in parts:
        if part not in kept:
            cuts[part.number] = min(part.first_seq, cuts.get(part.number, part.first_seq))
    return sorted(cuts.items())


def _parts(branches: Sequence[Branch], id_at: IdAt) -> tuple[list[_Part], list[_Part]]:
    by_branch: dict[int, list[_Part]] = {}
    for branch in branches:
        starts = {b.first_seq for b in branches if b.parent == branch.number}
        starts = {branch.first_seq, *(s for s in starts if s <= branch.tip.seq)}
        edges = [*sorted(starts), branch.tip.seq + 1]
        line = by_branch[branch.number] = [
            _Part(branch.number, first, after - 1, id_at(branch.number, first))
            for first, after in pairwise(edges)
        ]
        for part, following in pairwise(line):
            part.children.append(following)
    roots = []
    for branch in branches:
        first = by_branch[branch.number][0]
        if branch.parent is None:
            roots.append(first)
            continue
        before = branch.first_seq - 1
        for part in by_branch[branch.parent]:
            if part.first_seq <= before <= part.last_seq:
                part.children.append(first)
    return [part for line in by_branch.values() for part in line], roots


def _pin_ancestors(root: _Part) -> bool:
    """Mark every part that leads to a pinned one."""
    order = [root]
    for part in order:
        order.extend(part.children)
    for part in reversed(order):
        part.is_pinned = part.is_pinned or any(child.is_pinned for child in part.children)
    return root.is_pinned


def _kept(roots: list[_Part]) -> set[_Part]:
    kept: set[_Part] = set()
    waiting: list[tuple[tuple[bool, int, bytes], int, _Part]] = []

    def part_from(children: list[_Part]) -> _Part | None:
        ranked = sorted(children, key=lambda part: part.rank)
        for other in ranked[1:]:
            heapq.heappush(waiting, (other.rank, other.number, other))
        return ranked[0] if ranked else None

    def follow(part: _Part | None) -> None:
        while part is not None:
            kept.add(part)
            part = part_from(part.children)

    follow(part_from(roots))
    for _ in range(BRANCHES_MAX - 1):
        if not waiting:
            break
        follow(heapq.heappop(waiting)[2])
    return kept
