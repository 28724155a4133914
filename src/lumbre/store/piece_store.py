"""Pieces of media, sealed, by hash: a file of its own, opened by the relay key.

One encrypted file and not a file a piece: a seized disk does not tell how many photos there
are or how large, and a piece costs one sync. Apart from the log, so that backups of the log and
its checks stay small.

Rules: a piece is on the disk when `put` returns, so a transfer goes on where it broke off. The
caller has checked that the bytes are what the hash names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from lumbre.errors import StoreError
from lumbre.record.limits import PIECE_MAX_BYTES
from lumbre.store.database import DISK, Database
from lumbre.store.limits import MEDIA_PAGE_BYTES, READ_ROWS
from lumbre.store.migrate import MEDIA_STEPS, bring_up_to_date

_SEAL_MAX_BYTES = 1024


class PieceStore:
    """Sealed pieces of media."""

    def __init__(self, path: Path, key: bytes, *, vfs: str = DISK) -> None:
        self.database = Database(path, key, vfs=vfs, page_bytes=MEDIA_PAGE_BYTES)
        try:
            bring_up_to_date(self.database, MEDIA_STEPS)
        except BaseException:
            self.database.close()
            raise

    def put(self, hash_: bytes, sealed: bytes) -> None:
        """Keep a piece. One that is there already stays as it is."""
        if len(sealed) > PIECE_MAX_BYTES + _SEAL_MAX_BYTES:
            raise StoreError("store.value-too-large", table="piece", size_bytes=len(sealed))
        with self.database.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO piece VALUES (?, ?, ?)", (hash_, len(sealed), sealed)
            )

    def get(self, hash_: bytes) -> bytes | None:
        """A piece."""
        piece: bytes | None = self.database.value(
            "SELECT sealed FROM piece WHERE hash = ?", (hash_,)
        )
        return piece

    def missing(self, hashes: Iterable[bytes]) -> list[bytes]:
        """Those that are not here, in their order."""
        sql = "SELECT 1 FROM piece WHERE hash = ?"
        return [hash_ for hash_ in hashes if self.database.value(sql, (hash_,)) is None]

    def drop(self, hashes: Iterable[bytes]) -> None:
        """Forget pieces."""
        with self.database.writing() as connection:
            connection.executemany(
                "DELETE FROM piece WHERE hash = ?", [(hash_,) for hash_ in hashes]
            )

    def hashes(self) -> Iterator[bytes]:
        """All that are here, by hash."""
        after = b""
        sql = "SELECT hash FROM piece WHERE hash > ? ORDER BY hash LIMIT ?"
        while rows := self.database.rows(sql, (after, READ_ROWS)):
            for (after,) in rows:
                yield after

    def total_bytes(self) -> int:
        """What all of them hold; reads no piece."""
        return int(self.database.value("SELECT sum(bytes) FROM piece") or 0)

    def tend(self) -> bool:
        """What may be put off: for idle moments."""
        return self.database.tend()

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()
