"""What comes in: bytes from carriers and entries made here, stored first, then judged.

    segment -> record (checked) -> link (where it belongs) -> log file -> ledger -> views

`commit` is the one place where entries are stored. The log file alone acknowledges; the views
follow. Segments that have no valid link yet, or whose author nobody has admitted yet, are kept
while one take lasts: what they hang on may come later in the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from lumbre.errors import Refused
from lumbre.ledger import ACCEPTED, Ledger, Linked, Linker, Outcome, Run, Verdict
from lumbre.node.cuts import Cuts
from lumbre.node.ports import LogDisk, PrivateDisk
from lumbre.node.spaces import Space
from lumbre.record import Entry, Lane, LogName, Tip
from lumbre.record.log import NO_SPACE
from lumbre.record.segment import read_segment_with_base

# One commit's worth: about 4 MB in memory, and few enough fsyncs that they do not show.
COMMIT_ENTRIES: Final = 10_000
# Segments that hang on others of the same take: about 64 MiB at the very worst.
POOL_MAX_SEGMENTS: Final = 64
# The founding entry is one header and one small body.
FOUNDING_MAX_BYTES: Final = 4096


Read = tuple[Tip, Sequence[Entry]]
"""Checked entries of one log, and the entry that they follow."""


class Received(msgspec.Struct):
    """What became of bytes that came from somewhere.

    `for_key`: of all that is held here, how many entries a missing key keeps waiting.
    """

    new: int = 0
    known: int = 0
    without_effect: int = 0
    waiting: int = 0
    for_key: int = 0
    past_grant: int = 0
    forks: int = 0
    refused: dict[str, int] = {}

    def refuse(self, message_id: str, count: int = 1) -> None:
        """Count segments that were not taken in."""
        self.refused[message_id] = self.refused.get(message_id, 0) + count


class Intake:
    """The way in of one node. `spaces` are the ones that it holds, by id."""

    def __init__(
        self, log: LogDisk, private: PrivateDisk | None, spaces: Mapping[bytes, Space]
    ) -> None:
        self._log = log
        self._private = private
        self._spaces = spaces
        self.cuts = Cuts(log, spaces, self._is_judged)
        self.changes = 0

    def store(self, base: Tip, entries: Sequence[Entry]) -> None:
        """Store entries that were made here."""
        linker = self.new_linker()
        self.commit(linker, [linker.add(base, entries)], Received())

    def take(self, parts: Iterable[bytes]) -> Received:
        """Take in segments from a carrier: what is good of them is kept, whatever the rest is."""
        received = Received()
        self._take(_read(parts, received), received)
        return received

    def take_read(self, runs: Iterable[Read]) -> Received:
        """The same for entries that a meeting has read and checked."""
        received = Received()
        self._take(runs, received)
        return received

    def _take(self, runs: Iterable[Read], received: Received) -> None:
        while True:
            before = received.new
            pool = _Pool()
            batch = _Batch(self, received)
            for base, entries in runs:
                if self._is_of_ours(entries):
                    batch.add(base, entries, pool)
                else:
                    received.refuse("refused.unknown-space")
            batch.finish()
            if not pool.runs or received.new == before:
                break
            runs = pool.runs
        received.past_grant += pool.past_grant
        if pool.gaps:
            received.refuse("refused.gap", pool.gaps)

    def _is_of_ours(self, entries: Sequence[Entry]) -> bool:
        first = entries[0]
        is_founding = first.name.space == NO_SPACE
        space = first.id if is_founding else first.name.space
        return space in self._spaces and not (is_founding and len(entries) > 1)

    def _grant(self, name: LogName) -> int:
        if name.space == NO_SPACE:
            return FOUNDING_MAX_BYTES
        return self._spaces[name.space].ledger.grant(name)

    def new_linker(self) -> Linker:
        """What the next commit gathers."""
        return Linker(self._log, self._grant)

    def commit(
        self,
        linker: Linker,
        linked: Sequence[Linked],
        received: Received,
        *,
        is_more: bool = False,
    ) -> None:
        """Store first, then judge and fold: the one place where entries are stored.

        Where more comes in the same take, views may be derived later, by `flush`.
        """
        is_cutting = self.cuts.announce(linked)
        self._log.append(linker.writes(), linker.bodies)
        void = {branch.number for one in linked for branch in one.void}
        # Before anything is judged: nothing new may come to hang on what is not kept.
        has_cut = self.cuts.cut(linked)
        for one in linked:
            received.known += one.known
            received.forks += len(one.forks)
            for new in one.new:
                if new.branch.number in void:
                    received.refuse("refused.total")
                    continue
                run = self._kept(new) if has_cut else new
                if run is None:
                    continue
                received.new += len(run.entries)
                if self._is_judged(run.entries[0]):
                    self._count(self._ledger_of(run.entries[0]).admit(run), received)
            if one.filled and self._is_judged(one.filled[0]):
                self._ledger_of(one.filled[0]).admit_again([entry.ref for entry in one.filled])
        if is_cutting or not is_more:
            self.flush(is_cutting)

    def _kept(self, run: Run) -> Run | None:
        """What is left of a run after branches were let go of."""
        branch = self._log.branch(run.branch.number)
        if branch is None:
            return None
        entries = [entry for entry in run.entries if entry.seq <= branch.tip.seq]
        return Run(branch, entries) if entries else None

    def _is_judged(self, entry: Entry) -> bool:
        """Whether this node judges an entry: while it is locked, acts of trust alone."""
        return self._private is not None or entry.name.lane is Lane.TRUST

    def _ledger_of(self, entry: Entry) -> Ledger:
        space = entry.id if entry.name.space == NO_SPACE else entry.name.space
        return self._spaces[space].ledger

    @staticmethod
    def _count(verdicts: Iterable[Verdict], received: Received) -> None:
        for verdict in verdicts:
            if verdict is not ACCEPTED:
                if verdict.outcome is Outcome.WAITING:
                    received.waiting += 1
                else:
                    received.without_effect += 1

    def flush(self, is_cutting: bool = False) -> None:
        """Derive the views of what was admitted; they follow the log up to its last arrival."""
        self.changes += 1
        for held in self._spaces.values():
            held.ledger.flush()
        if self._private is not None:
            self._private.commit(self._log.last_arrival())
            if is_cutting:
                # A locked node leaves the note: the views lie in a file that it cannot open.
                self.cuts.end()


def _read(parts: Iterable[bytes], received: Received) -> Iterator[Read]:
    """The good ones of segments; others are counted."""
    for data in parts:
        try:
            run = read_segment_with_base(data)
        except Refused as error:
            received.refuse(error.message_id)
        else:
            yield run


class _Pool:
    """Segments to try again when others of the same take have been admitted."""

    def __init__(self) -> None:
        self.runs: list[Read] = []
        self.gaps = 0
        self.past_grant = 0

    def add(self, run: Read, *, gaps: int = 0, past_grant: int = 0) -> None:
        self.gaps += gaps
        self.past_grant += past_grant
        if len(self.runs) < POOL_MAX_SEGMENTS:
            self.runs.append(run)


class _Batch:
    """Segments of one take, gathered into commits."""

    def __init__(self, intake: Intake, received: Received) -> None:
        self._intake = intake
        self._received = received
        self._unfolded = 0
        self._begin()

    def _begin(self) -> None:
        self._linker = self._intake.new_linker()
        self._linked: list[Linked] = []
        self._count = 0
        self._has_acts = False

    def add(self, base: Tip, entries: Sequence[Entry], pool: _Pool) -> None:
        """Link a segment; what cannot be linked yet goes to the pool."""
        is_act = entries[0].name.lane is Lane.TRUST
        if self._count >= COMMIT_ENTRIES or (self._has_acts and not is_act):
            self.commit()
        run = (base, entries)
        linked = self._link(run, pool)
        if linked is not None and linked.past_grant and self._has_acts:
            # The acts that were just read may admit this very author, or let it write more.
            self.commit()
            within = len(entries) - linked.past_grant
            base = Tip.of(entries[within - 1]) if within else base
            linked = self._link((base, entries[within:]), pool)
        if linked is not None and linked.past_grant:
            pool.add(run, past_grant=linked.past_grant)
        self._has_acts = self._has_acts or is_act
        if self._linker.is_full:
            self.commit()

    def _link(self, run: Read, pool: _Pool) -> Linked | None:
        """Attach entries; None where they have no valid link here."""
        try:
            linked = self._linker.add(*run)
        except Refused as error:
            if error.message_id == "refused.gap":
                pool.add(run, gaps=1)
            else:
                self._received.refuse(error.message_id)
            return None
        self._linked.append(linked)
        self._count += len(run[1])
        self._unfolded += len(run[1])
        return linked

    def commit(self) -> None:
        """Store and judge what was gathered."""
        if self._linked:
            is_more = self._unfolded < COMMIT_ENTRIES
            self._intake.commit(self._linker, self._linked, self._received, is_more=is_more)
            self._unfolded = self._unfolded if is_more else 0
            self._begin()

    def finish(self) -> None:
        """Store and judge the rest, and derive the views."""
        self.commit()
        if self._unfolded:
            self._intake.flush()
