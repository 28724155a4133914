"""What is held where: this device's own bodies, and what other devices say of theirs.

A claim is turned into ranges of this store's own branches, so that it counts for entries that
are here under the very ids that were meant. A digest counts for what had arrived here when this
device had that frontier.

Rules: what cannot be matched to something stored here claims nothing.

What it does not do: read or check records (see `census`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Final, NamedTuple

from lumbre.node.ports import LogDisk
from lumbre.record.branch import Branch
from lumbre.record.log import Lane
from lumbre.sync.census import (
    PREFIX_BYTES,
    WITHOUT_MAX,
    Chain,
    Row,
    Says,
    fitting,
    frontier_digest,
    left_over,
    row_of,
)

RANGES_MAX: Final = 4
"""Runs of bodies that are claimed of one branch, the newest first: who lacks bodies here and
there would else fill a record with one log."""

Range = tuple[int, int]


class Part(NamedTuple):
    """A run of one branch of this store; both ends are included."""

    branch: Branch
    first_seq: int
    last_seq: int


class Holdings:
    """Branches of one space as they stand now: all of them, or those of one log."""

    def __init__(self, log: LogDisk, branches: Sequence[Branch]) -> None:
        self._disk = log
        self.branches = branches
        self._by_number = {branch.number: branch for branch in branches}
        self._by_prefix: dict[bytes, list[Branch]] = {}
        for branch in branches:
            self._by_prefix.setdefault(branch.log[:PREFIX_BYTES], []).append(branch)

    # This device's own

    def digest(self) -> bytes:
        """The digest of this device's frontier: the same in whatever order it came."""
        joined = {
            branch.parent
            for branch in self.branches
            if (parent := self._parent(branch)) and parent.tip.seq + 1 == branch.first_seq
        }
        return frontier_digest(
            Chain(branch.log, self._down(branch)[-1].first_seq, branch.tip.seq, branch.tip.id)
            for branch in self.branches
            if branch.number not in joined
        )

    def says(self, device: bytes, wall_s: int, digest: bytes) -> Says:
        """What this device can say that it holds; `digest` is its frontier's."""
        lacking = self._by_number.keys() & self._disk.census.lacking_branches()
        logs = {self._by_number[number].log[:PREFIX_BYTES] for number in lacking}
        if len(logs) > WITHOUT_MAX:
            return Says(device, wall_s, b"", (), fitting(self._rows(lacking), ()))
        without = tuple(sorted(logs))
        return Says(device, wall_s, digest, without, fitting(self._rows(lacking), without))

    def _rows(self, lacking: AbstractSet[int]) -> Iterator[Row]:
        numbers = self._disk.census.moved_lately()
        moved = [self._by_number[number] for number in numbers if number in self._by_number]
        for branch in sorted(moved, key=lambda branch: branch.name.lane > Lane.URGENT):
            yield from islice(self._held(branch, lacking), RANGES_MAX)

    def _held(self, branch: Branch, lacking: AbstractSet[int]) -> Iterator[Row]:
        """Runs of bodies that are here, on the way down from a branch's tip."""
        top = branch.tip.seq
        for part in self._down(branch):
            while part.branch.number in lacking and part.first_seq <= top:
                gap = self._disk.census.last_lacking(
                    part.branch.number, part.first_seq, min(part.last_seq, top)
                )
                if gap is None:
                    break
                yield from self._row(branch, gap + 1, top)
                top = gap - 1
        yield from self._row(branch, part.first_seq, top)

    def _row(self, branch: Branch, first: int, last: int) -> Iterator[Row]:
        """The run of a branch's way down, if there is anything in it."""
        if first > last:
            return
        if last == branch.tip.seq:
            yield row_of(branch.log, first, last, branch.tip.id)
            return
        at = next(part for part in self._down(branch) if part.first_seq <= last)
        entry = self._disk.entry(at.branch.number, last)
        if entry is not None:
            yield row_of(branch.log, first, last, entry.id)

    # What others say

    def parts(self, row: Row) -> list[Part]:
        """What a row claims, of what is stored here; nothing where two entries are meant."""
        found = [branch for branch in self._by_prefix.get(row.log, ()) if self._is_at(branch, row)]
        if len(found) != 1:
            return []
        return [
            Part(part.branch, max(part.first_seq, row.first), part.last_seq)
            for part in self._down(found[0], row.seq)
            if part.last_seq >= row.first
        ]

    def _is_at(self, branch: Branch, row: Row) -> bool:
        if not branch.first_seq <= row.seq <= branch.tip.seq:
            return False
        entry = self._disk.entry(branch.number, row.seq)
        return entry is not None and entry.id.startswith(row.id)

    def _parent(self, branch: Branch) -> Branch | None:
        """What a branch goes on from; a salvage may have lost it."""
        return None if branch.parent is None else self._by_number.get(branch.parent)

    def _down(self, branch: Branch, seq: int | None = None) -> list[Part]:
        """The way from a branch's tip, or an earlier seq, down to where its log begins here."""
        last = branch.tip.seq if seq is None else seq
        parts = [Part(branch, branch.first_seq, last)]
        while (parent := self._parent(branch)) is not None:
            last = branch.first_seq - 1
            branch = parent
            if branch.first_seq <= last:
                parts.append(Part(branch, branch.first_seq, last))
        return parts


class Claim(NamedTuple):
    """What one device says, as far as it means something here.

    `arrival`: it had the frontier that this device had after that arrival; None: no such one.
    """

    heard_s: int
    says: Says
    arrival: int | None


def claims_entry(holdings: Holdings, claim: Claim, branch: Branch, seq: int, arrived: int) -> bool:
    """Whether a claim is of this entry; `arrived` is the last arrival that brought it here."""
    prefix = branch.log[:PREFIX_BYTES]
    if claim.arrival is not None and arrived <= claim.arrival and prefix not in claim.says.without:
        return True
    return any(
        part.branch.number == branch.number and part.first_seq <= seq <= part.last_seq
        for row in claim.says.rows
        if row.log == prefix
        for part in holdings.parts(row)
    )


class Unclaimed:
    """Which parts of the space's branches no claim is of."""

    def __init__(self, log: LogDisk, holdings: Holdings, claims: Sequence[Claim]) -> None:
        self._holdings = holdings
        self._rows: dict[int, list[Range]] = {}
        for claim in claims:
            for row in claim.says.rows:
                for part in holdings.parts(row):
                    ranges = self._rows.setdefault(part.branch.number, [])
                    ranges.append((part.first_seq, part.last_seq))
        self._digests = {
            (claim.arrival, frozenset(claim.says.without))
            for claim in claims
            if claim.arrival is not None
        }
        self._later: dict[int, list[tuple[int, Range]]] = {}
        oldest = min((arrival for arrival, _ in self._digests), default=None)
        for one in () if oldest is None else log.arrivals(oldest):
            later = self._later.setdefault(one.branch, [])
            later.append((one.n, (one.first_seq, one.last_seq)))

    def parts(self) -> Iterator[Part]:
        """Every part that nobody else claims, branch by branch."""
        for branch in self._holdings.branches:
            left = [(branch.first_seq, branch.tip.seq)]
            for arrival, without in self._digests:
                if branch.log[:PREFIX_BYTES] not in without:
                    left = self._past(branch, arrival, left)
            taken = self._rows.get(branch.number, ())
            for first, last in left:
                for part in left_over(first, last, taken):
                    yield Part(branch, *part)

    def _past(self, branch: Branch, arrival: int, left: Sequence[Range]) -> list[Range]:
        """What of some ranges came after an arrival."""
        later = [part for n, part in self._later.get(branch.number, ()) if n > arrival]
        before = left_over(branch.first_seq, branch.tip.seq, later)
        return [part for first, last in left for part in left_over(first, last, before)]
