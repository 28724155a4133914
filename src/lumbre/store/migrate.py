"""Versions of a file: ordered steps, each in the same transaction as its number.

`user_version` holds (steps done). A file of an older version is copied aside, still
encrypted, before its first step, and the copy goes once the result has been verified. A file of
a newer version is refused and left untouched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import apsw

from lumbre.errors import StoreError
from lumbre.store.database import Database

Step = str
"""SQL that leads from one version to the next."""

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
    CREATE TABLE piece (hash BLOB PRIMARY KEY, sealed BLOB NOT NULL);
    """,
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
    ) WITHOUT ROWID;
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
    """Run the steps that a file lacks. Returns the version that it had."""
    version = int(database.value("PRAGMA user_version"))
    if version > len(steps):
        raise StoreError(
            "store.newer-version", file=database.file, version=version, known=len(steps)
        )
    if version < len(steps):
        with database.writing() as connection:
            _run(connection, steps, version)
    return version


def _run(connection: apsw.Connection, steps: Sequence[Step], version: int) -> None:
    for step in steps[version:]:
        connection.execute(step)
    connection.execute(f"PRAGMA user_version = {len(steps)}")
