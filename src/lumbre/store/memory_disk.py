"""A disk in memory, below the encryption: what lies on it is ciphertext as on any other.

For read-only media: their files are copied here as they are and opened as usual, so that a
write-ahead log that was left behind is read too (opening the medium itself as immutable would
skip it). What is written here is gone with the process.

SQLite's registry keeps a disk for as long as the process lives, so there is one, and each user
has folders of their own on it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import apsw

from lumbre.errors import StoreError
from lumbre.store.faults import told
from lumbre.store.limits import MEMORY_COPY_MAX_BYTES

MEMORY: Final = "lumbre-memory"
_SECTOR_BYTES: Final = 4096


class MemoryFile:
    """One open file: what SQLite asks of a file, over a bytearray."""

    def __init__(self, content: bytearray) -> None:
        self.content = content

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 SQLite's name
        """Read; fewer bytes at the end."""
        return bytes(self.content[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        """Write; a gap before it is zeros."""
        if offset > len(self.content):
            self.content.extend(bytes(offset - len(self.content)))
        self.content[offset : offset + len(data)] = data

    def xTruncate(self, size: int) -> None:  # noqa: N802
        """Cut."""
        del self.content[size:]

    def xFileSize(self) -> int:  # noqa: N802
        """Length in bytes."""
        return len(self.content)

    def xSync(self, flags: int) -> None:  # noqa: N802
        """Nothing to do."""

    def xLock(self, level: int) -> None:  # noqa: N802
        """One connection a file: nothing to do."""

    def xUnlock(self, level: int) -> None:  # noqa: N802
        """As `xLock`."""

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        """Nobody else is there."""
        return False

    def xFileControl(self, op: int, pointer: int) -> bool:  # noqa: ARG002, N802
        """Nothing is known here."""
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        """As on real disks."""
        return _SECTOR_BYTES

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        """No promises."""
        return 0

    def xClose(self) -> None:  # noqa: N802
        """The content stays."""


class MemoryDisk(apsw.VFS):
    """Files by path."""

    def __init__(self, name: str = MEMORY) -> None:
        super().__init__(name, "unix")
        self.files: dict[str, bytearray] = {}

    def xOpen(  # noqa: N802
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> Any:
        """Open, or make."""
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        assert path is not None, "temporary files stay inside SQLite"
        if path not in self.files and not flags[0] & apsw.SQLITE_OPEN_CREATE:
            raise apsw.CantOpenError(path)
        flags[1] = flags[0]
        return MemoryFile(self.files.setdefault(path, bytearray()))

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: ARG002, N802
        """Remove."""
        self.files.pop(filename, None)

    def xAccess(self, pathname: str, flags: int) -> bool:  # noqa: ARG002, N802
        """Whether it is there."""
        return pathname in self.files

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        """Paths are whole already."""
        return name

    def load(self, path: Path) -> None:
        """Copy a file, and the write-ahead log beside it, as they are."""
        for source in (path, path.with_name(path.name + "-wal")):
            with told(source.name):
                if not source.exists():
                    continue
                held = sum(map(len, self.files.values()))
                if source.stat().st_size + held > MEMORY_COPY_MAX_BYTES:
                    raise StoreError("store.too-large-for-memory", file=source.name)
                self.files[str(source)] = bytearray(source.read_bytes())

    def forget(self, folder: Path) -> None:
        """Drop what lies under a folder."""
        for path in [path for path in self.files if Path(path).is_relative_to(folder)]:
            del self.files[path]


_DISKS: dict[str, MemoryDisk] = {}


def memory_disk() -> MemoryDisk:
    """The disk in memory of this process."""
    if MEMORY not in _DISKS:
        _DISKS[MEMORY] = MemoryDisk()
    return _DISKS[MEMORY]
