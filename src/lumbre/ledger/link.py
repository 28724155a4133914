"""The first verdict: link. It decides what is stored, and needs neither keys nor views.

A `Linker` gathers the writes of one commit. Each segment is attached where it belongs: to a
tip, to the middle of a branch (a fork: both branches are kept), or, in the urgent lane,
above a gap. What is known already is skipped; bodies that were absent are filled in.

Rules: depth grows along a log; the running total is exact; nothing past the author's grant
is stored, and the cut falls on a mark, so that what is kept can always be handed on. It
knows nothing of kinds or rights beyond the grant that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Final

import msgspec

from lumbre.errors import Refused
from lumbre.ledger.ports import Book
from lumbre.record.branch import Branch, Write, to_row
from lumbre.record.entry import START, Entry, Tip, body_bytes_of, cost_bytes
from lumbre.record.limits import BRANCHES_MAX
from lumbre.record.log import Lane, LogName

CROWD_MAX_BRANCHES: Final = 64
"""Branches of one log that a commit gathers before the store cuts them down to those it keeps:
each further segment of that log looks at all of them."""

Grant = Callable[[LogName], int]
"""Bytes that a log may hold, by the rights that this node knows."""


class Run(msgspec.Struct, frozen=True):
    """Consecutive entries that one branch gained."""

    branch: Branch
    entries: Sequence[Entry]


class Linked(msgspec.Struct):
    """What became of one segment.

    `crowded`: branches past the number that a log keeps; `void`: branches that stood above a
    gap and do not follow from what fills it. The store lets go of both after the commit.
    """

    new: list[Run]
    known: int = 0
    filled: list[Entry] = []
    forks: list[Branch] = []
    crowded: list[Branch] = []
    void: list[Branch] = []
    past_grant: int = 0


class Linker:
    """The writes of one commit, on top of what a book holds."""

    def __init__(self, book: Book, grant: Grant) -> None:
        self._book = book
        self._grant = grant
        self._logs: dict[bytes, dict[int, Branch]] = {}
        self._writes: dict[int, Write] = {}
        self._pending: dict[int, list[Entry]] = {}
        self._filled: dict[tuple[int, int], Entry] = {}
        self._next: int | None = None
        self.bodies: list[tuple[int, Entry]] = []
        self.is_full = False

    def writes(self) -> list[Write]:
        """What to store, in one transaction."""
        return list(self._writes.values())

    def add(self, base: Tip, entries: Sequence[Entry]) -> Linked:
        """Attach a segment. Raises `Refused` where it has no valid link here."""
        allowed = self._within_grant(entries)
        linked = Linked(new=[], past_grant=len(entries) - len(allowed))
        if not allowed:
            return linked
        branches = self._branches(allowed[0].log)
        for branch in branches.values():
            if branch.tip.id == base.id and not self._has_child(branches, branch):
                self._check_step(branch.tip, allowed[0])
                self._extend(branch, allowed, linked)
                return linked
        self._add_slowly(base, allowed, linked)
        return linked

    def _branches(self, log: bytes) -> dict[int, Branch]:
        found = self._logs.get(log)
        if found is None:
            found = {branch.number: branch for branch in self._book.branches(log)}
            self._logs[log] = found
        return found

    def _within_grant(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        grant_bytes = self._grant(entries[0].name)
        if entries[-1].total_bytes <= grant_bytes:
            return entries
        within = list(takewhile(lambda entry: entry.total_bytes <= grant_bytes, entries))
        while within and within[-1].signature is None:
            within.pop()
        return within

    def _check_step(self, tip: Tip, entry: Entry) -> None:
        """What a signature does not prove: that depth grew, and that the total is exact."""
        if entry.depth <= tip.depth:
            raise Refused("refused.depth")
        if entry.total_bytes != tip.total_bytes + cost_bytes(body_bytes_of(entry)):
            raise Refused("refused.total")

    def _extend(self, branch: Branch, entries: Sequence[Entry], linked: Linked) -> Branch:
        last = entries[-1]
        grown = msgspec.structs.replace(branch, tip=Tip.of(last))
        write = self._writes.get(branch.number)
        if write is None:
            write = self._writes[branch.number] = Write(grown, [])
        write.branch = grown
        write.rows.extend([to_row(entry) for entry in entries])
        self._pending.setdefault(branch.number, []).extend(entries)
        linked.new.append(Run(grown, entries))
        branches = self._logs[branch.log]
        branches[branch.number] = grown
        if len(branches) > 1:
            self._join(grown, entries, linked)
        return grown

    def _add_slowly(self, base: Tip, entries: Sequence[Entry], linked: Linked) -> None:
        """Entries one by one: some are known, or the segment forks, or stands above a gap."""
        branches = self._branches(entries[0].log)
        at = self._locate(branches, base.seq, base.id) if base.seq >= 0 else None
        for number, entry in enumerate(entries):
            if all(branch.tip.seq < entry.seq for branch in branches.values()):
                self._attach(branches, at, entries[number:], linked)
                return
            known = self._locate(branches, entry.seq, entry.id)
            if known is not None:
                linked.known += 1
                self._fill(known[0], entry, linked)
                at = known
            else:
                at = self._attach(branches, at, [entry], linked)

    def _attach(
        self,
        branches: dict[int, Branch],
        at: tuple[Branch, Tip] | None,
        entries: Sequence[Entry],
        linked: Linked,
    ) -> tuple[Branch, Tip]:
        """Put entries that are not known on top of `at`: they grow a branch, or begin one."""
        entry = entries[0]
        if at is not None:
            self._check_step(at[1], entry)
            branch = branches[at[0].number]
            if branch.tip.id == at[1].id and not self._has_child(branches, branch):
                return self._extend(branch, entries, linked), Tip.of(entries[-1])
        elif entry.seq == 0:
            self._check_step(START, entry)
        elif entry.name.lane is not Lane.URGENT:
            raise Refused("refused.gap", seq=entry.seq - 1)
        parent = at[0].number if at is not None else None
        branch = Branch(
            self._new_number(),
            entry.name,
            entry.log,
            parent,
            entry.seq,
            entry.id,
            Tip.of(entry),
        )
        starts = [other.first_seq for other in branches.values()]
        if at is not None or (entry.seq == 0 and 0 in starts):
            linked.forks.append(branch)
        branches[branch.number] = branch
        if len(branches) > BRANCHES_MAX:
            linked.crowded.append(branch)
            self.is_full = self.is_full or len(branches) >= CROWD_MAX_BRANCHES
        return self._extend(branch, entries, linked), Tip.of(entries[-1])

    def _new_number(self) -> int:
        number = self._book.next_number() if self._next is None else self._next
        self._next = number + 1
        return number

    def _join(self, below: Branch, entries: Sequence[Entry], linked: Linked) -> None:
        """Give branches that stood above a gap their parent, now that the gap is filled."""
        first = entries[0].seq
        for above in list(self._branches(below.log).values()):
            at = above.first_seq - 1 - first
            if not above.is_above_gap or not 0 <= at < len(entries):
                continue
            start = self._entry(above.number, above.first_seq)
            if start is None or start.prev != entries[at].id:
                continue
            try:
                self._check_step(Tip.of(entries[at]), start)
            except Refused:
                # Above the gap nothing was known to check it against.
                linked.void.append(above)
                continue
            joined = msgspec.structs.replace(above, parent=below.number)
            self._logs[below.log][above.number] = joined
            self._writes.setdefault(above.number, Write(joined, [])).branch = joined
            if at < len(entries) - 1:
                linked.forks.append(joined)

    def _fill(self, branch: Branch, entry: Entry, linked: Linked) -> None:
        if entry.body is None:
            return
        held = self._entry(branch.number, entry.seq)
        if held is not None and held.body is None:
            self.bodies.append((branch.number, entry))
            self._filled[branch.number, entry.seq] = entry
            linked.filled.append(entry)

    def _entry(self, number: int, seq: int) -> Entry | None:
        pending = self._pending.get(number)
        if pending and pending[0].seq <= seq <= pending[-1].seq:
            return pending[seq - pending[0].seq]
        return self._filled.get((number, seq)) or self._book.entry(number, seq)

    def _locate(
        self, branches: dict[int, Branch], seq: int, id_: bytes
    ) -> tuple[Branch, Tip] | None:
        for branch in branches.values():
            if branch.first_seq <= seq <= branch.tip.seq:
                held = self._entry(branch.number, seq)
                if held is not None and held.id == id_:
                    return branch, Tip.of(held)
        return None

    @staticmethod
    def _has_child(branches: dict[int, Branch], branch: Branch) -> bool:
        """Whether another branch goes on from this one's tip."""
        return any(
            other.parent == branch.number and other.first_seq == branch.tip.seq + 1
            for other in branches.values()
        )
