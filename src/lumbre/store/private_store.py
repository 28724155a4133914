"""The private file: views, indexes over plain text, keys, drafts.

Rules: it holds no fact that the log lacks except keys and drafts; it follows the log by a
marker (the last arrival that its tables have folded) and is never committed with it. Tables
are buffered until `commit`; keys and drafts are on the disk when their call returns. Readers
see what is buffered.

Tables are pairs of bytes, sorted by key; `clear` empties them so that they can be made anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import apsw

from lumbre.errors import StoreError
from lumbre.store.database import DISK, Database
from lumbre.store.limits import READ_ROWS, VALUE_MAX_BYTES
from lumbre.store.migrate import PRIVATE_STEPS, bring_up_to_date

_MARKER: Final = "marker"
_GENERATION: Final = "generation"


class PrivateStore:
    """Sorted tables of bytes, secrets and drafts, in one encrypted file."""

    def __init__(self, path: Path, key: bytes, *, vfs: str = DISK) -> None:
        self.database = Database(path, key, vfs=vfs)
        try:
            bring_up_to_date(self.database, PRIVATE_STEPS)
            rows = self.database.rows("SELECT name, id FROM tab")
        except BaseException:
            self.database.close()
            raise
        self._tabs: dict[str, int] = dict(rows)
        self._pending: dict[str, dict[bytes, bytes | None]] = {}

    # Tables

    def get(self, table: str, key: bytes) -> bytes | None:
        """The value of a key."""
        pending = self._pending.get(table)
        if pending is not None and key in pending:
            return pending[key]
        tab = self._tabs.get(table)
        if tab is None:
            return None
        value: bytes | None = self.database.value(
            "SELECT value FROM pair WHERE tab = ? AND key = ?", (tab, key)
        )
        return value

    def get_many(self, table: str, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values of those of `keys` that have one; quickest where they are sorted."""
        pending = self._pending.get(table, {})
        found = {key: value for key in keys if (value := pending.get(key)) is not None}
        tab = self._tabs.get(table)
        if tab is None:
            return found
        asked = [key for key in keys if key not in pending] if pending else keys
        for start in range(0, len(asked), READ_ROWS):
            part = asked[start : start + READ_ROWS]
            marks = ",".join("?" * len(part))
            sql = f"SELECT key, value FROM pair WHERE tab = ? AND key IN ({marks})"  # noqa: S608
            found.update(self.database.rows(sql, (tab, *part)))
        return found

    def put(self, table: str, key: bytes, value: bytes | None) -> None:
        """Set a value, or delete it with None; on the disk after the next `commit`."""
        self.put_many(table, [(key, value)])

    def put_many(self, table: str, pairs: Sequence[tuple[bytes, bytes | None]]) -> None:
        """Set several values; quickest where they are sorted by key."""
        for _, value in pairs:
            if value is not None and len(value) > VALUE_MAX_BYTES:
                raise StoreError("store.value-too-large", table=table, size_bytes=len(value))
        self._pending.setdefault(table, {}).update(pairs)

    def scan(self, table: str, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Pairs whose key begins with `prefix`, by key, as they stand when the scan begins."""
        pending = {
            key: value
            for key, value in self._pending.get(table, {}).items()
            if key.startswith(prefix)
        }
        changed = sorted(pending)
        position = 0
        for key, value in self._stored(table, prefix):
            while position < len(changed) and changed[position] < key:
                fresh = pending[changed[position]]
                if fresh is not None:
                    yield changed[position], fresh
                position += 1
            if key not in pending:
                yield key, value
        for key in changed[position:]:
            fresh = pending[key]
            if fresh is not None:
                yield key, fresh

    def _stored(self, table: str, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        tab = self._tabs.get(table)
        if tab is None:
            return
        end = _after(prefix)
        start, first = prefix, ">="
        while True:
            sql = f"SELECT key, value FROM pair WHERE tab = ? AND key {first} ?"  # noqa: S608
            values: tuple[object, ...] = (tab, start)
            if end is not None:
                sql, values = sql + " AND key < ?", (*values, end)
            rows = self.database.rows(f"{sql} ORDER BY key LIMIT {READ_ROWS}", values)
            yield from rows
            if len(rows) < READ_ROWS:
                return
            start, first = rows[-1][0], ">"

    def commit(self, marker: int) -> None:
        """Put everything buffered, and how far it follows the log, on the disk at once."""
        tabs = dict(self._tabs)
        with self.database.writing() as connection:
            for table, pairs in self._pending.items():
                if table not in tabs:
                    connection.execute("INSERT INTO tab (name) VALUES (?)", (table,))
                    tabs[table] = connection.last_insert_rowid()
                self._put_all(connection, tabs[table], pairs)
            connection.execute(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)", (_MARKER, b"%d" % marker)
            )
        self._tabs = tabs
        self._pending.clear()

    @staticmethod
    def _put_all(connection: apsw.Connection, tab: int, pairs: dict[bytes, bytes | None]) -> None:
        # The table is part of the statement, so that no tuple is made anew for a pair. An update
        # in its place: a row that is deleted and put again moves what lies after it.
        connection.executemany(
            f"INSERT INTO pair VALUES ({tab}, ?, ?)"  # noqa: S608 a number
            " ON CONFLICT (tab, key) DO UPDATE SET value = excluded.value",
            [pair for pair in pairs.items() if pair[1] is not None],
        )
        connection.executemany(
            f"DELETE FROM pair WHERE tab = {tab} AND key = ?",  # noqa: S608 a number
            [(key,) for key, value in pairs.items() if value is None],
        )

    def marker(self) -> int:
        """The last arrival that the tables have folded; 0 for none."""
        return int(self.database.value("SELECT value FROM meta WHERE name = ?", (_MARKER,)) or 0)

    def follow(self, generation: bytes) -> bool:
        """Empty the tables if they followed another log file (one before a salvage or restore).

        To be called after opening. Returns whether they have to be made anew.
        """
        sql = "SELECT value FROM meta WHERE name = ?"
        if (self.database.value(sql, (_GENERATION,)) or b"") == generation:
            return False
        self.clear()
        with self.database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)", (_GENERATION, generation)
            )
        return True

    def discard(self) -> None:
        """Drop what is buffered."""
        self._pending.clear()

    def clear(self) -> None:
        """Empty every table and set the marker back to 0; secrets and drafts stay.

        What is made anew from the log is not overwritten first: it lies under the same key as
        what takes its place.
        """
        self.database.value("PRAGMA secure_delete = fast")
        try:
            with self.database.writing() as connection:
                connection.execute("DELETE FROM pair")
                connection.execute("DELETE FROM meta WHERE name = ?", (_MARKER,))
        finally:
            self.database.value("PRAGMA secure_delete = on")
        self._pending.clear()

    # Secrets and drafts: on the disk at once

    def put_secret(self, kind: str, id_: bytes, value: bytes) -> None:
        """Keep a secret."""
        with self.database.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO secret VALUES (?, ?, ?)", (kind, id_, value))

    def secret(self, kind: str, id_: bytes) -> bytes | None:
        """A secret."""
        value: bytes | None = self.database.value(
            "SELECT value FROM secret WHERE kind = ? AND id = ?", (kind, id_)
        )
        return value

    def secrets(self, kind: str) -> Iterator[tuple[bytes, bytes]]:
        """Every secret of a kind, by id."""
        yield from self.database.rows(
            "SELECT id, value FROM secret WHERE kind = ? ORDER BY id", (kind,)
        )

    def delete_secret(self, kind: str, id_: bytes) -> None:
        """Destroy a secret: its bytes are overwritten in the file (secure_delete)."""
        with self.database.writing() as connection:
            connection.execute("DELETE FROM secret WHERE kind = ? AND id = ?", (kind, id_))

    def put_draft(self, id_: bytes, value: bytes | None) -> None:
        """Keep what a person typed so far; None once it became an entry or was thrown away."""
        with self.database.writing() as connection:
            if value is None:
                connection.execute("DELETE FROM draft WHERE id = ?", (id_,))
            else:
                connection.execute("INSERT OR REPLACE INTO draft VALUES (?, ?)", (id_, value))

    def drafts(self) -> list[tuple[bytes, bytes]]:
        """Every draft, by id."""
        return self.database.rows("SELECT id, value FROM draft ORDER BY id")

    def tend(self) -> bool:
        """What may be put off: for idle moments."""
        return self.database.tend()

    def close(self) -> None:
        """Let go of the file. What is buffered goes: it can be folded again."""
        self._pending.clear()
        self.database.close()


def _after(prefix: bytes) -> bytes | None:
    """The least key past every key that begins with `prefix`; None where there is none."""
    head = prefix.rstrip(b"\xff")
    return head[:-1] + bytes([head[-1] + 1]) if head else None
