"""Versions of a file: ordered steps, each in the same transaction as its number.

`user_version` holds the number of steps done. A file of an older version is copied aside,
still encrypted, before its first step, and the copy goes once the result has been verified and
committed. A file of a newer version is refused and left untouched.

Steps are never edited once a release had them: tests open a frozen store of each version.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import apsw

from lumbre.errors import StoreError
from lumbre.store.database import DISK, Database
from lumbre.store.faults import told

Step = str | Callable[[apsw.Connection], None]
"""What leads from one version to the next: SQL, or a function where SQL is not enough."""

_COPY_SUFFIX: Final = ".before"

LOG_STEPS: Final[tuple[Step, ...]] = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE branch (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        log BLOB NOT NULL,
        space BLOB NOT NULL,
        author BLOB NOT NULL,
        lane INTEGER NOT NULL,
        volume INTEGER NOT NULL,
        parent INTEGER,
        first_seq INTEGER NOT NULL,
        first_id BLOB NOT NULL,
        tip_seq INTEGER NOT NULL,
        tip_id BLOB NOT NULL,
        tip_depth INTEGER NOT NULL,
        tip_wall_s INTEGER NOT NULL,
        tip_total_bytes INTEGER NOT NULL
    );
    CREATE INDEX branch_by_log ON branch (log);
    CREATE INDEX branch_by_author ON branch (author);
    CREATE INDEX branch_by_space ON branch (space);
    CREATE TABLE entry (
        key INTEGER PRIMARY KEY,
        header BLOB NOT NULL,
        body BLOB,
        signature BLOB
    );
    CREATE TABLE arrival (
        n INTEGER PRIMARY KEY,
        branch INTEGER NOT NULL,
        first_seq INTEGER NOT NULL,
        last_seq INTEGER NOT NULL
    );
    """,
    # What each device last said that it holds, and frontiers that this one had. The index holds
    # absent bodies only, so that which ones are held is known without reading them.
    """
    CREATE TABLE census (
        space BLOB NOT NULL,
        author BLOB NOT NULL,
        counter INTEGER NOT NULL,
        record BLOB NOT NULL,
        taken_s INTEGER NOT NULL,
        sent INTEGER NOT NULL,
        PRIMARY KEY (space, author)
    );
    CREATE TABLE frontier (
        space BLOB NOT NULL,
        digest BLOB NOT NULL,
        arrival INTEGER NOT NULL,
        PRIMARY KEY (space, digest)
    ) WITHOUT ROWID;
    CREATE INDEX entry_absent ON entry (key) WHERE body IS NULL;
    """,
)

MEDIA_STEPS: Final[tuple[Step, ...]] = (
    "CREATE TABLE piece (hash BLOB PRIMARY KEY, bytes INTEGER NOT NULL, sealed BLOB NOT NULL);",
)

PRIVATE_STEPS: Final[tuple[Step, ...]] = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE tab (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE pair (
        tab INTEGER NOT NULL,
        key BLOB NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (tab, key)
    );
    CREATE TABLE secret (
        kind TEXT NOT NULL,
        id BLOB NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (kind, id)
    ) WITHOUT ROWID;
    CREATE TABLE draft (id BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    """,
)


def bring_up_to_date(database: Database, steps: Sequence[Step]) -> int:
    """Run the steps that a file lacks. Returns the version that it had; 0 for a new one."""
    version = int(database.value("PRAGMA user_version"))
    if version > len(steps):
        raise StoreError(
            "store.newer-version", file=database.file, version=version, known=len(steps)
        )
    copy = database.path.with_name(database.path.name + _COPY_SUFFIX)
    if 0 < version < len(steps) and database.vfs == DISK:
        _clear(copy)
        database.copy_to(copy, database.key)
    if version < len(steps):
        with database.writing() as connection:
            _run(connection, steps, version)
            _verify(connection, database.file)
    if database.vfs == DISK:
        _clear(copy)
    return version


def _run(connection: apsw.Connection, steps: Sequence[Step], version: int) -> None:
    for step in steps[version:]:
        if isinstance(step, str):
            connection.execute(step)
        else:
            step(connection)
    connection.execute(f"PRAGMA user_version = {len(steps)}")


def _verify(connection: apsw.Connection, file: str) -> None:
    """Inside the transaction: what does not hold together is rolled back."""
    if connection.pragma("quick_check", 1) != "ok":
        raise StoreError("store.migration-failed", file=file)


def _clear(copy: Path) -> None:
    for path in (copy, copy.with_name(copy.name + "-wal")):
        with told(path.name):
            path.unlink(missing_ok=True)
