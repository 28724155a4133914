"""One encrypted SQLite file: how it is opened, written and closed.

The cipher is sqlite3mc's ChaCha20-Poly1305. Each page, in the file and in its write-ahead log,
is sealed under a key of its own (file key, page number, random nonce) and carries a Poly1305
tag: a flipped bit or a page in another's place is found when it is read. What that does not
find is an old page that was put back with its own tag (the chain of headers does), nor rot in
the part of the write-ahead log that is not folded yet: there it reads as the end of the log,
like a commit that power cut off, and what is missing comes back from peers. AEGIS is
faster where the processor has AES, and slow on boards that have not.

Rules: the key is 32 random bytes, so none is derived here. Write-ahead log, synchronous=FULL:
what `write` returned from survives a power cut. One process and one connection (exclusive
locking, so there is no -shm file). Temporary tables stay in memory. No mmap.

`vfs` names the disk below the encryption, as SQLite knows it: "unix", or one that tests and
read-only media put there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import apsw

from lumbre.errors import StoreError
from lumbre.record.limits import KEY_BYTES
from lumbre.store.faults import as_store_error, told
from lumbre.store.limits import (
    CACHE_KIB,
    COPY_STEP_PAGES,
    PAGE_BYTES,
    WAL_MOST_PAGES,
    WAL_TEND_PAGES,
)

DISK: Final = "unix"
CIPHER: Final = "chacha20"
_OPEN: Final = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI


class Database:
    """A connection to one encrypted file. Not shared between threads."""

    def __init__(
        self, path: Path, key: bytes, *, vfs: str = DISK, page_bytes: int = PAGE_BYTES
    ) -> None:
        if len(key) != KEY_BYTES:
            raise StoreError("store.bad-key-file", file=path.name)
        self.path = path
        self.file = path.name
        self.vfs = vfs
        self.key = key
        self._wal_pages = 0
        with told(self.file):
            self._connection = self._open(key, page_bytes)

    def _open(self, key: bytes, page_bytes: int) -> apsw.Connection:
        if self.vfs == DISK and not self.path.exists():
            # Made by hand for its mode: nobody else reads it, whatever the umask.
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
        # psow=0: disks that lose power while they write may spoil the sector that they are in,
        # so no commit shares a sector with one that was acknowledged.
        name = f"file:{quote(str(self.path))}?psow=0"
        connection = apsw.Connection(name, flags=_OPEN, vfs=f"multipleciphers-{self.vfs}")
        try:
            connection.pragma("cipher", CIPHER)
            connection.pragma("hexkey", (b"raw:" + key).hex())
            connection.pragma("locking_mode", "exclusive")
            connection.pragma("temp_store", "memory")
            connection.pragma("cache_size", -CACHE_KIB)
            connection.pragma("trusted_schema", False)
            connection.pragma("page_size", page_bytes)
            connection.pragma("journal_mode", "wal")
            connection.pragma("synchronous", "full")
            connection.pragma("wal_autocheckpoint", 0)
            connection.set_wal_hook(self._on_commit)
            # Takes the lock now: a second process learns of it at once.
            connection.execute("BEGIN IMMEDIATE; COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    def _on_commit(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """One transaction: when it ends without an error, all of it is on the disk."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
        except (apsw.Error, OSError) as error:
            raise as_store_error(error, self.file) from error
        if self._wal_pages >= WAL_MOST_PAGES:
            self._fold_wal()

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except apsw.Error:
                # The error that led here says more; the next BEGIN meets what is left.
                return

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Every row of a query: callers bound it."""
        with told(self.file):
            return self._connection.execute(sql, values).fetchall()

    def value(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        with told(self.file):
            row = self._connection.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def row(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first row, or None."""
        with told(self.file):
            return self._connection.execute(sql, values).fetchone()

    @property
    def connection(self) -> apsw.Connection:
        """For backup and doctor; who uses it translates its errors with `told`."""
        return self._connection

    def copy_to(self, path: Path, key: bytes, *, pause: Callable[[], None] = lambda: None) -> None:
        """A copy under `key`, as of the end of the call; writes may happen in `pause`."""
        target = Database(path, key)
        try:
            with (
                told(self.file),
                target.connection.backup("main", self._connection, "main") as backup,
            ):
                while not backup.done:
                    backup.step(COPY_STEP_PAGES)
                    pause()
            target.connection.cache_flush()
        finally:
            target.close()

    def tend(self) -> bool:
        """Fold the write-ahead log into the file if it is due. For idle moments."""
        if self._wal_pages < WAL_TEND_PAGES:
            return False
        return self._fold_wal()

    def _fold_wal(self) -> bool:
        """Whether it was folded; a disk that refuses leaves it as it was, and nothing is lost."""
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.Error:
            return False
        self._wal_pages = 0
        return True

    def close(self) -> None:
        """Fold the write-ahead log and let go of the file. May be called twice."""
        with told(self.file):
            self._connection.close()

    def abandon(self) -> None:
        """Let go of the file without writing to it: for a wipe."""
        with suppress(apsw.Error, OSError):
            self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            self._connection.close(force=True)
