"""Damage: what can be read is moved to a new file, and what cannot is named.

Every page carries a tag, so damage shows when it is read, and a damaged page takes the few
entries that lie on it (or, an inner page, the many below it). `salvage` reads around it and
writes a new log file; the gaps are kept in it until `repair` fills them with entries that a
peer sent again.

Rules: the damaged file is only read. A repaired entry has to fit the chain on both sides.
Arrivals count anew in the new file, under another generation, so views are folded again.

What it does not do: read a file whose first page is damaged, nor name a log whose own row is
lost: its entries come back as a new log's do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from lumbre.errors import StoreError
from lumbre.record import Entry
from lumbre.record.branch import Branch, to_row
from lumbre.store.census_store import GAPS
from lumbre.store.database import DISK, Database
from lumbre.store.keyring import RandomBytes
from lumbre.store.limits import READ_ROWS
from lumbre.store.log_store import GENERATION, LogStore
from lumbre.store.rows import BRANCH_COLUMNS, entry_key, to_branch, to_branch_row

_GENERATION_BYTES: Final = 16
_StoredEntry = tuple[int, bytes, bytes | None, bytes | None]


class Gap(msgspec.Struct, array_like=True, frozen=True):
    """Entries of a branch that a damaged page took."""

    log: bytes
    branch: int
    first_seq: int
    last_seq: int


class Salvaged(msgspec.Struct, frozen=True):
    """What became of a damaged file."""

    kept: int
    gaps: list[Gap]
    lost_branches: int

    @property
    def missing(self) -> int:
        """How many entries are known to be missing."""
        return sum(gap.last_seq - gap.first_seq + 1 for gap in self.gaps)


def salvage(
    source: Path, target: Path, key: bytes, random_bytes: RandomBytes, *, vfs: str = DISK
) -> Salvaged:
    """Write what can be read of the log file `source` to the new file `target`."""
    damaged = Database(source, key, vfs=vfs)
    try:
        fresh = LogStore(target, key, vfs=vfs)
        try:
            return _move(damaged, fresh, random_bytes(_GENERATION_BYTES))
        finally:
            fresh.close()
    finally:
        # Nothing is folded into a file that is to be read only.
        damaged.abandon()


def _move(damaged: Database, fresh: LogStore, generation: bytes) -> Salvaged:
    for name, value in _try(damaged, "SELECT name, value FROM meta", ()) or ():
        fresh.set_meta(name, value)
    branches, lost = _branches(damaged)
    gaps: list[Gap] = []
    kept = 0
    for branch in branches:
        rows = _rows_around(damaged, branch.number, branch.first_seq, branch.tip.seq)
        moved, missing = _move_branch(fresh, branch, rows)
        kept += moved
        gaps += missing
    fresh.set_meta(GENERATION, generation)
    _set_gaps(fresh, gaps)
    return Salvaged(kept, gaps, lost)


def _try(database: Database, sql: str, values: tuple[object, ...]) -> list[Any] | None:
    """Rows, or None where damage is in the way."""
    try:
        return database.rows(sql, values)
    except StoreError as error:
        if error.message_id != "store.damaged":
            raise
        return None


def _branches(damaged: Database) -> tuple[list[Branch], int]:
    sql = f"SELECT {BRANCH_COLUMNS} FROM branch WHERE number BETWEEN ? AND ?"  # noqa: S608
    last = _last_number(damaged)
    found: list[Branch] = []
    lost = 0
    ranges = [(1, last)]
    while ranges:
        first, end = ranges.pop()
        rows = _try(damaged, sql, (first, end)) if first <= end else []
        if rows is not None:
            found += [to_branch(row) for row in rows]
        elif first == end:
            lost += 1
        else:
            middle = (first + end) // 2
            ranges += [(middle + 1, end), (first, middle)]
    return found, lost


def _last_number(damaged: Database) -> int:
    for sql in (
        "SELECT seq FROM sqlite_sequence WHERE name = 'branch'",
        "SELECT max(number) FROM branch",
        "SELECT max(key) >> 40 FROM entry",
    ):
        rows = _try(damaged, sql, ())
        if rows and rows[0][0]:
            return int(rows[0][0])
    return 0


def _rows_around(
    damaged: Database, number: int, first_seq: int, last_seq: int
) -> Iterator[_StoredEntry]:
    """Rows of a branch by seq; a range that cannot be read is halved until it can."""
    sql = "SELECT * FROM entry WHERE key BETWEEN ? AND ? ORDER BY key"
    ends = list(range(first_seq, last_seq + 1, READ_ROWS))
    ranges = [(seq, min(seq + READ_ROWS - 1, last_seq)) for seq in reversed(ends)]
    while ranges:
        first, last = ranges.pop()
        rows = _try(damaged, sql, (entry_key(number, first), entry_key(number, last)))
        if rows is not None:
            for key, header, body, signature in rows:
                yield key - entry_key(number, 0), header, body, signature
        elif first < last:
            middle = (first + last) // 2
            ranges += [(middle + 1, last), (first, middle)]


def _move_branch(
    fresh: LogStore, branch: Branch, rows: Iterator[_StoredEntry]
) -> tuple[int, list[Gap]]:
    """Write the rows of a branch; runs between gaps are arrivals."""
    gaps: list[Gap] = []
    kept = 0
    expected = run_first = branch.first_seq
    with fresh.database.writing() as connection:
        columns = ", ".join("?" * len(to_branch_row(branch)))
        connection.execute(f"INSERT INTO branch VALUES ({columns})", to_branch_row(branch))  # noqa: S608
        for seq, header, body, signature in rows:
            if seq != expected:
                gaps.append(Gap(branch.log, branch.number, expected, seq - 1))
                _arrive(connection, branch.number, run_first, expected - 1)
                run_first = seq
            key = entry_key(branch.number, seq)
            connection.execute(
                "INSERT INTO entry VALUES (?, ?, ?, ?)", (key, header, body, signature)
            )
            kept += 1
            expected = seq + 1
        _arrive(connection, branch.number, run_first, expected - 1)
    if expected <= branch.tip.seq:
        gaps.append(Gap(branch.log, branch.number, expected, branch.tip.seq))
    return kept, gaps


def _arrive(connection: apsw.Connection, number: int, first_seq: int, last_seq: int) -> None:
    if first_seq <= last_seq:
        connection.execute(
            "INSERT INTO arrival (branch, first_seq, last_seq) VALUES (?, ?, ?)",
            (number, first_seq, last_seq),
        )


def gaps(store: LogStore) -> list[Gap]:
    """What a salvage found missing and nobody has sent again yet."""
    stored = store.meta(GAPS)
    return [] if stored is None else msgspec.msgpack.decode(stored, type=list[Gap])


def _set_gaps(store: LogStore, left: list[Gap]) -> None:
    store.set_meta(GAPS, msgspec.msgpack.encode(left) if left else None)


def repair(store: LogStore, entries: Iterable[Entry]) -> int:
    """Fill gaps with checked entries that a peer sent again. Returns how many were missing.

    Entries are taken from the greatest seq down, as each is proven by the one after it.
    """
    left = gaps(store)
    filled = 0
    for entry in sorted(entries, key=lambda e: (e.log, -e.seq)):
        for gap in left:
            is_inside = gap.log == entry.log and gap.first_seq <= entry.seq <= gap.last_seq
            if is_inside and _is_proven(store, gap.branch, entry):
                _fill(store, gap.branch, entry)
                left.remove(gap)
                left += _around(gap, entry.seq)
                filled += 1
                break
    _set_gaps(store, sorted(left, key=lambda g: (g.branch, g.first_seq)))
    return filled


def _is_proven(store: LogStore, number: int, entry: Entry) -> bool:
    branch = store.branch(number)
    if branch is None:
        return False
    if branch.tip.seq == entry.seq:
        return branch.tip.id == entry.id
    after = store.entry(number, entry.seq + 1)
    return after is not None and after.prev == entry.id


def _fill(store: LogStore, number: int, entry: Entry) -> None:
    _, header, body, signature = to_row(entry)
    with store.database.writing() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?)",
            (entry_key(number, entry.seq), header, body, signature),
        )
        _arrive(connection, number, entry.seq, entry.seq)


def _around(gap: Gap, seq: int) -> list[Gap]:
    before = Gap(gap.log, gap.branch, gap.first_seq, seq - 1)
    after = Gap(gap.log, gap.branch, seq + 1, gap.last_seq)
    return [part for part in (before, after) if part.first_seq <= part.last_seq]
