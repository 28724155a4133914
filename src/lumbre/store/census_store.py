"""What the census asks of the log file: records of devices, frontiers had, bodies not held.

Rules: of each author one record. A body that is not here is found by an index of absent ones,
or among the gaps that a salvage left; either way no body is read.

What it does not do: check records, or know what they say.
"""

from __future__ import annotations

from typing import Final

import msgspec

from lumbre.store.database import Database
from lumbre.store.limits import FRONTIERS_MAX, MOVED_ARRIVALS_MAX, SEQ_BITS
from lumbre.store.rows import entry_key

GAPS: Final = "gaps"
_SEQ_MASK: Final = (1 << SEQ_BITS) - 1
CensusRow = tuple[bytes, int, bytes, int, int]
"""(author, counter, record, when it was taken, which sending was its last)."""
_GapRow = tuple[bytes, int, int, int]


class CensusStore:
    """The census' part of an open log file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Records

    def records(self, space: bytes) -> list[CensusRow]:
        """Every record of a space, by author."""
        sql = (
            "SELECT author, counter, record, taken_s, sent FROM census WHERE space = ?"
            " ORDER BY author"
        )
        return self._database.rows(sql, (space,))

    def record(self, space: bytes, author: bytes) -> CensusRow | None:
        """The record of an author."""
        sql = (
            "SELECT author, counter, record, taken_s, sent FROM census"
            " WHERE space = ? AND author = ?"
        )
        row: CensusRow | None = self._database.row(sql, (space, author))
        return row

    def put(self, space: bytes, row: CensusRow) -> None:
        """Keep a record in the place of the author's last."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO census VALUES (?, ?, ?, ?, ?, ?)", (space, *row)
            )

    def note_sent(self, space: bytes, authors: list[bytes]) -> None:
        """Note that these records were just sent to somebody: they go to the end of the row."""
        with self._database.writing() as connection:
            top = connection.execute(
                "SELECT ifnull(max(sent), 0) FROM census WHERE space = ?", (space,)
            ).fetchone()
            assert top is not None
            connection.executemany(
                "UPDATE census SET sent = ? WHERE space = ? AND author = ?",
                [(top[0] + 1, space, author) for author in authors],
            )

    # Frontiers

    def frontiers(self, space: bytes) -> dict[bytes, int]:
        """Digests of frontiers that were had here: up to which arrival each was all there was."""
        sql = "SELECT digest, arrival FROM frontier WHERE space = ?"
        return dict(self._database.rows(sql, (space,)))

    def note_frontier(self, space: bytes, digest: bytes, arrival: int) -> None:
        """Remember a frontier; the oldest ones are forgotten."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO frontier VALUES (?, ?, ?)"
                " ON CONFLICT (space, digest) DO UPDATE SET arrival = excluded.arrival",
                (space, digest, arrival),
            )
            connection.execute(
                "DELETE FROM frontier WHERE space = ? AND arrival < (SELECT min(arrival) FROM"
                " (SELECT arrival FROM frontier WHERE space = ? ORDER BY arrival DESC LIMIT ?))",
                (space, space, FRONTIERS_MAX),
            )

    # Bodies

    def last_lacking(self, number: int, first_seq: int, last_seq: int) -> int | None:
        """The last seq of a part of a branch whose body is not here; None where all are."""
        key = self._database.value(
            "SELECT max(key) FROM entry WHERE key BETWEEN ? AND ? AND body IS NULL",
            (entry_key(number, first_seq), entry_key(number, last_seq)),
        )
        found = [] if key is None else [key & _SEQ_MASK]
        for _, branch, first, last in self._gaps():
            if branch == number and first <= last_seq and last >= first_seq:
                found.append(min(last, last_seq))
        return max(found, default=None)

    def lacking_branches(self) -> list[int]:
        """Numbers of the branches in which a body is not here."""
        found = {branch for _, branch, _, _ in self._gaps()}
        key = -1
        sql = "SELECT min(key) FROM entry WHERE key > ? AND body IS NULL"
        while (key := self._database.value(sql, (key,))) is not None:
            found.add(key >> SEQ_BITS)
            key |= _SEQ_MASK
        return sorted(found)

    def _gaps(self) -> list[_GapRow]:
        stored = self._database.value("SELECT value FROM meta WHERE name = ?", (GAPS,))
        return [] if stored is None else msgspec.msgpack.decode(stored, type=list[_GapRow])

    # Arrivals

    def moved_lately(self) -> list[int]:
        """Numbers of the branches that moved in the last arrivals; the newest first."""
        sql = "SELECT branch FROM arrival ORDER BY n DESC LIMIT ?"
        rows = self._database.rows(sql, (MOVED_ARRIVALS_MAX,))
        return list(dict.fromkeys(branch for (branch,) in rows))

    def arrived(self, number: int, seq: int, after: int) -> int:
        """The last arrival past `after` that brought a place of a branch; `after` if none did."""
        sql = (
            "SELECT max(n) FROM arrival"
            " WHERE n > ? AND branch = ? AND first_seq <= ? AND last_seq >= ?"
        )
        found = self._database.value(sql, (after, number, seq, seq))
        return after if found is None else int(found)
