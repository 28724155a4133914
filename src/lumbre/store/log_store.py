"""The log file: headers, bodies as they travel, signatures. What is acknowledged lies here.

Rules: `append` is one transaction; when it returns, its entries survive a power cut (P1).
Entries come in checked (`lumbre.record.read_segment`) and linked; nothing here judges them.
Nothing proportional to the number of entries happens at opening. Branch numbers are never
given twice.

What it does not do: open bodies, fold views, or know what a log means.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import apsw
import msgspec

from lumbre.errors import StoreError
from lumbre.record import Entry, LogName, Tip
from lumbre.record.branch import Arrival, Branch, Write, to_entry
from lumbre.store.census_store import CensusStore
from lumbre.store.database import DISK, Database
from lumbre.store.limits import (
    BRANCH_NUMBER_MAX,
    CACHED_LOGS_MAX,
    READ_ROWS,
    SEQ_BITS,
)
from lumbre.store.migrate import LOG_STEPS, bring_up_to_date
from lumbre.store.rows import (
    BRANCH_COLUMNS,
    entry_key,
    to_branch,
    to_branch_row,
)

_SEQ_MASK: Final = (1 << SEQ_BITS) - 1
# Only what may change is set anew: the indexes stay untouched by an ordinary append.
_PUT_BRANCH: Final = (
    f"INSERT INTO branch ({BRANCH_COLUMNS})"  # noqa: S608 fixed words
    f" VALUES ({', '.join('?' * len(BRANCH_COLUMNS.split(',')))})"
    " ON CONFLICT (number) DO UPDATE SET parent = excluded.parent,"
    " tip_seq = excluded.tip_seq, tip_id = excluded.tip_id, tip_depth = excluded.tip_depth,"
    " tip_wall_s = excluded.tip_wall_s, tip_total_bytes = excluded.tip_total_bytes"
)
_PUT_ARRIVAL: Final = "INSERT INTO arrival (branch, first_seq, last_seq) VALUES (?, ?, ?)"
_RUNNING: Final = "running"
GENERATION: Final = "generation"
RESTORED: Final = "restored"


class LogStore:
    """What this device holds of everybody's logs, by branch and seq."""

    def __init__(self, path: Path, key: bytes, *, vfs: str = DISK) -> None:
        self.database = Database(path, key, vfs=vfs)
        try:
            bring_up_to_date(self.database, LOG_STEPS)
            self.was_clean = self.meta(_RUNNING) is None
            self.set_meta(_RUNNING, b"1")
        except BaseException:
            self.database.close()
            raise
        self.census = CensusStore(self.database)
        self._by_log: OrderedDict[bytes, tuple[Branch, ...]] = OrderedDict()
        self._by_number: dict[int, Branch] = {}

    # Branches

    def branches(self, log: bytes) -> tuple[Branch, ...]:
        """Every branch of a log, in order of number."""
        found = self._by_log.get(log)
        if found is not None:
            self._by_log.move_to_end(log)
            return found
        found = self._branches("log = ? ORDER BY number", (log,))
        self._remember(log, found)
        return found

    def branch(self, number: int) -> Branch | None:
        """A branch by its number."""
        known = self._by_number.get(number)
        if known is None:
            found = self._branches("number = ?", (number,))
            if not found:
                return None
            self.branches(found[0].log)
            known = found[0]
        return known

    def _branches(self, where: str, values: Sequence[object]) -> tuple[Branch, ...]:
        sql = f"SELECT {BRANCH_COLUMNS} FROM branch WHERE {where}"  # noqa: S608 fixed words
        return tuple(to_branch(row) for row in self.database.rows(sql, values))

    def _remember(self, log: bytes, branches: tuple[Branch, ...]) -> None:
        self._forget(log)
        self._by_log[log] = branches
        for branch in branches:
            self._by_number[branch.number] = branch
        while len(self._by_log) > CACHED_LOGS_MAX:
            self._forget(next(iter(self._by_log)))

    def _forget(self, log: bytes) -> None:
        for branch in self._by_log.pop(log, ()):
            self._by_number.pop(branch.number, None)

    def logs(self, space: bytes | None = None) -> Iterator[LogName]:
        """The names of all logs, or of those of one space; their `id`s are the logs'."""
        after = 0
        where = "number > ?" if space is None else "number > ? AND space = ?"
        while True:
            values = (after,) if space is None else (after, space)
            found = self._branches(f"{where} ORDER BY number LIMIT {READ_ROWS}", values)
            if not found:
                return
            for branch in found:
                # A log is named once: by the first of its branches.
                if self.branches(branch.log)[0].number == branch.number:
                    yield branch.name
            after = found[-1].number

    def logs_of(self, author: bytes) -> list[bytes]:
        """Ids of the logs of an author."""
        sql = "SELECT log FROM branch WHERE author = ? GROUP BY log ORDER BY min(number)"
        return [log for (log,) in self.database.rows(sql, (author,))]

    def next_number(self) -> int:
        """A number that no branch of this store ever had."""
        sql = "SELECT seq FROM sqlite_sequence WHERE name = 'branch'"
        number = int(self.database.value(sql) or 0) + 1
        if number > BRANCH_NUMBER_MAX:
            raise StoreError("store.too-many-branches", most=BRANCH_NUMBER_MAX)
        return number

    # Writing

    def append(self, writes: Sequence[Write], bodies: Sequence[tuple[int, Entry]] = ()) -> int:
        """Store entries, and bodies that entries of a branch lacked, in one transaction.

        Returns the last arrival. When it returns, they are on the disk.
        """
        with self.database.writing() as connection:
            for write in writes:
                self._put(connection, write)
            for number, entry in bodies:
                connection.execute(
                    "UPDATE entry SET body = ? WHERE key = ? AND body IS NULL",
                    (entry.body, entry_key(number, entry.seq)),
                )
                connection.execute(_PUT_ARRIVAL, (number, entry.seq, entry.seq))
            last = self._last_arrival(connection)
        for write in writes:
            self._renew(write.branch)
        return last

    @staticmethod
    def _put(connection: apsw.Connection, write: Write) -> None:
        branch, rows = write.branch, write.rows
        assert 0 < branch.number <= BRANCH_NUMBER_MAX
        connection.execute(_PUT_BRANCH, to_branch_row(branch))
        if not rows:
            return
        # The number is part of the statement, so that no tuple is made anew for a row.
        base = entry_key(branch.number, 0)
        put = f"INSERT INTO entry VALUES ({base} | ?, ?, ?, ?)"  # noqa: S608 a number
        connection.executemany(put, rows)
        connection.execute(_PUT_ARRIVAL, (branch.number, rows[0][0], rows[-1][0]))

    def _renew(self, branch: Branch) -> None:
        """Bring what is remembered up to what was stored."""
        known = self._by_log.get(branch.log)
        if known is None:
            return
        others = [other for other in known if other.number != branch.number]
        self._remember(branch.log, tuple(sorted([*others, branch], key=lambda b: b.number)))

    def drop_body(self, number: int, seq: int) -> None:
        """Prune a body; its header stays and proves."""
        with self.database.writing() as connection:
            connection.execute(
                "UPDATE entry SET body = NULL WHERE key = ?", (entry_key(number, seq),)
            )

    def cut(self, cuts: Sequence[tuple[int, int]]) -> None:
        """Forget what is no longer kept of a forked log: (branch number, first seq that goes)."""
        gone = [
            (branch, seq)
            for number, seq in cuts
            if (branch := self.branch(number)) is not None and seq <= branch.tip.seq
        ]
        shorter = [
            msgspec.structs.replace(branch, tip=Tip.of(last))
            for branch, seq in gone
            if (last := self.entry(branch.number, seq - 1)) is not None
        ]
        with self.database.writing() as connection:
            for branch, seq in gone:
                connection.execute(
                    "DELETE FROM entry WHERE key BETWEEN ? AND ?",
                    (entry_key(branch.number, seq), entry_key(branch.number, _SEQ_MASK)),
                )
                connection.execute("DELETE FROM branch WHERE number = ?", (branch.number,))
            for branch in shorter:
                connection.execute(_PUT_BRANCH, to_branch_row(branch))
        for branch, _ in gone:
            self._forget(branch.log)

    # Reading

    def entry(self, number: int, seq: int) -> Entry | None:
        """The entry at a place of a branch."""
        branch = self.branch(number)
        if branch is None:
            return None
        row = self.database.row("SELECT * FROM entry WHERE key = ?", (entry_key(number, seq),))
        return None if row is None else to_entry(branch.name, row)

    def entries(self, number: int, first_seq: int, last_seq: int) -> Iterator[Entry]:
        """Entries of one branch from `first_seq` to `last_seq`, both included."""
        branch = self.branch(number)
        if branch is None:
            return
        key, last = entry_key(number, first_seq), entry_key(number, min(last_seq, _SEQ_MASK))
        sql = "SELECT * FROM entry WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?"
        while True:
            rows = self.database.rows(sql, (key, last, READ_ROWS))
            for row in rows:
                yield to_entry(branch.name, row)
            if len(rows) < READ_ROWS:
                return
            key = rows[-1][0] + 1

    def absent(self, number: int, at_most: int) -> list[int]:
        """Seqs of a branch's entries whose bodies are absent, in order."""
        sql = (
            "SELECT key FROM entry WHERE key BETWEEN ? AND ? AND body IS NULL ORDER BY key LIMIT ?"
        )
        keys = (entry_key(number, 0), entry_key(number, _SEQ_MASK))
        return [key & _SEQ_MASK for (key,) in self.database.rows(sql, (*keys, at_most))]

    def arrivals(self, after: int = 0) -> Iterator[Arrival]:
        """What was stored after the arrival `after`, in the order in which it was."""
        sql = "SELECT * FROM arrival WHERE n > ? ORDER BY n LIMIT ?"
        while rows := self.database.rows(sql, (after, READ_ROWS)):
            for row in rows:
                yield Arrival(*row)
            after = rows[-1][0]

    def last_arrival(self) -> int:
        """The number of the last arrival; 0 before the first."""
        return self._last_arrival(self.database.connection)

    @staticmethod
    def _last_arrival(connection: apsw.Connection) -> int:
        row = connection.execute("SELECT max(n) FROM arrival").fetchone()
        return int(row[0] or 0) if row else 0

    # Facts about the store itself

    def meta(self, name: str) -> bytes | None:
        """A fact about this store, by name."""
        value: bytes | None = self.database.value("SELECT value FROM meta WHERE name = ?", (name,))
        return value

    def set_meta(self, name: str, value: bytes | None) -> None:
        """Note a fact about this store; None forgets it."""
        with self.database.writing() as connection:
            if value is None:
                connection.execute("DELETE FROM meta WHERE name = ?", (name,))
            else:
                connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    @property
    def generation(self) -> bytes:
        """Which file the arrivals count in: another one after a salvage or a restore."""
        return self.meta(GENERATION) or b""

    @property
    def is_restored(self) -> bool:
        """Whether it came from a backup: nothing may be appended under a key from before."""
        return self.meta(RESTORED) is not None

    def tend(self) -> bool:
        """What may be put off: for idle moments."""
        return self.database.tend()

    def close(self) -> None:
        """Note a clean stop and let go of the file."""
        try:
            self.set_meta(_RUNNING, None)
        finally:
            self.database.close()
