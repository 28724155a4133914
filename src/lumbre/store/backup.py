"""Backups: one file, under a passphrase of its own, taken while the node runs.

    "lumbre-backup/1", length of the seal, seal, zeros up to a page     the key, sealed
    the log file's pages under that key                                 with the epoch keys

It holds the log and the keys of epochs, and no signing key: a device that is restored makes a
new one and is admitted anew, so no log forks (THREATS row 3). It holds no views, drafts, link
keys or care keys either; media pieces come from peers.

A restored log is marked (`LogStore.is_restored`): nothing may be appended under a key from
before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, Final

from lumbre.errors import StoreError
from lumbre.record.limits import KEY_BYTES
from lumbre.store.database import Database
from lumbre.store.durable import destroy_file, sync_folder
from lumbre.store.faults import told
from lumbre.store.folder import Folder
from lumbre.store.keyring import ORDINARY, Cost, RandomBytes, open_secret, seal_secret
from lumbre.store.limits import KEY_FILE_MAX_BYTES, PAGE_BYTES
from lumbre.store.log_store import GENERATION, RESTORED, LogStore
from lumbre.store.private_store import PrivateStore

BACKUP_KINDS: Final = ("epoch",)
"""Kinds of secrets that go into a backup: those that open what was written, none that signs."""

_MAGIC: Final = b"lumbre-backup/1\0"
_LENGTH_BYTES: Final = 4
_CHUNK_BYTES: Final = 1024 * 1024
_GENERATION_BYTES: Final = 16

Secret = tuple[str, bytes, bytes]
"""(kind, id, value), as in `PrivateStore`."""


def back_up(
    log: LogStore,
    private: PrivateStore,
    target: Path,
    passphrase: str,
    random_bytes: RandomBytes,
    *,
    cost: Cost = ORDINARY,
    pause: Callable[[], None] = lambda: None,
) -> None:
    """Write a backup to `target`. `pause` is called between steps, so that a node goes on."""
    key = random_bytes(KEY_BYTES)
    seal = seal_secret(passphrase, key, random_bytes, cost=cost)
    pages = target.with_name(target.name + ".pages")
    part = target.with_name(target.name + ".part")
    try:
        with told(target.name):
            # A link under these names would lead the backup to another place.
            for path in (pages, part):
                path.unlink(missing_ok=True)
        log.database.copy_to(pages, key, pause=pause)
        secrets = [
            (kind, id_, value) for kind in BACKUP_KINDS for id_, value in private.secrets(kind)
        ]
        _enclose(pages, key, secrets)
        with told(target.name):
            with pages.open("rb") as source, part.open("xb") as file:
                head = _MAGIC + len(seal).to_bytes(_LENGTH_BYTES, "big") + seal
                file.write(head + bytes(-len(head) % PAGE_BYTES))
                _pour(source, file)
            part.replace(target)
            sync_folder(target.parent)
    finally:
        # What an earlier attempt left goes too; it is encrypted, so unlinking is enough.
        for path in (pages, pages.with_name(pages.name + "-wal"), part):
            path.unlink(missing_ok=True)


def _enclose(pages: Path, key: bytes, secrets: Iterable[Secret]) -> None:
    copy = Database(pages, key)
    try:
        with copy.writing() as connection:
            connection.execute("DELETE FROM meta")
            connection.execute("CREATE TABLE enclosed (kind TEXT, id BLOB, value BLOB)")
            connection.executemany("INSERT INTO enclosed VALUES (?, ?, ?)", list(secrets))
    finally:
        copy.close()


def restore(
    source: Path, passphrase: str, folder: Folder, random_bytes: RandomBytes
) -> list[Secret]:
    """Make a backup the log of a new, still empty folder. Returns the secrets that it held.

    Raises `Locked` where the passphrase is another, `StoreError` where the file is damaged or
    the folder has a log.
    """
    if folder.log_path.exists():
        raise StoreError("store.not-empty", file=folder.log_path.name)
    pages = folder.log_path.with_name(folder.log_path.name + ".pages")
    try:
        key = _unpack(source, passphrase, pages)
        copy = Database(pages, key)
        try:
            secrets: list[Secret] = copy.rows("SELECT kind, id, value FROM enclosed")
            with copy.writing() as connection:
                connection.execute("DROP TABLE enclosed")
                connection.executemany(
                    "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                    [(RESTORED, b"1"), (GENERATION, random_bytes(_GENERATION_BYTES))],
                )
            _check(copy, source.name)
            copy.copy_to(folder.log_path, folder.relay_key())
        except BaseException:
            destroy_file(folder.log_path)
            raise
        finally:
            copy.close()
    finally:
        pages.unlink(missing_ok=True)
    return secrets


def _check(copy: Database, file: str) -> None:
    if copy.value("PRAGMA integrity_check(1)") != "ok":
        raise StoreError("store.damaged", file=file)


def _unpack(source: Path, passphrase: str, pages: Path) -> bytes:
    if source.exists() and not source.is_file():
        # A pipe or a device might never end.
        raise StoreError("store.not-a-backup", file=source.name)
    with told(source.name), source.open("rb") as file:
        magic = file.read(len(_MAGIC))
        length = int.from_bytes(file.read(_LENGTH_BYTES), "big")
        if magic != _MAGIC or length > KEY_FILE_MAX_BYTES:
            raise StoreError("store.not-a-backup", file=source.name)
        key = open_secret(passphrase, file.read(length))
        file.seek(-(-file.tell() // PAGE_BYTES) * PAGE_BYTES)
        with pages.open("wb") as out:
            _pour(file, out)
    return key


def _pour(source: BinaryIO, target: BinaryIO) -> None:
    while chunk := source.read(_CHUNK_BYTES):
        target.write(chunk)
    target.flush()
    os.fsync(target.fileno())
