"""A disk below the encryption that fails as disks do.

The fault budget, for each named disk:
- the Nth call fails (EIO, full), once or from there on;
- a write that fails may have written a part;
- the disk becomes read-only;
- power is cut after any call of a recorded trace: what was not synced is there, gone, or there
  in part, and a sector that was being written is spoilt, whatever lay in it before;
- bits flip, and a page lands in another's place.

Not in the budget: a disk that says that it synced and did not. No program survives that.
"""

# ruff: noqa: N802 SQLite's names
from __future__ import annotations

import random
from typing import NamedTuple

import apsw

from lumbre.store.memory_disk import MemoryDisk, MemoryFile

FAULTY = "lumbre-faulty"
SECTOR_BYTES = 4096
PAGE_BYTES = 4096


class Op(NamedTuple):
    """One call that changes the disk."""

    kind: str
    path: str
    offset: int = 0
    data: bytes = b""


class FaultyDisk(MemoryDisk):
    """Every file of every test: `reset` first. One for the process, as SQLite keeps it."""

    def reset(self, files=None):
        self.files = {path: bytearray(content) for path, content in (files or {}).items()}
        self.trace = []
        self.calls = 0
        self.fail_at = 0
        self.fails_on = False
        self.error = apsw.IOError
        self.writes_part = False
        self.is_read_only = False
        self.room_bytes = None
        return self

    def call(self, changes=False):
        """Count a call; raise where it is to fail."""
        self.calls += 1
        if self.fail_at and (
            self.calls == self.fail_at or (self.fails_on and self.calls > self.fail_at)
        ):
            raise self.error("injected")
        if changes and self.is_read_only:
            raise apsw.ReadOnlyError("injected")

    def xOpen(self, name, flags):
        self.call()
        file = super().xOpen(name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        return FaultyFile(self, path, file.content)

    def xDelete(self, filename, syncdir):
        self.call(changes=True)
        self.trace.append(Op("delete", filename))
        super().xDelete(filename, syncdir)

    def xAccess(self, pathname, flags):
        self.call()
        return super().xAccess(pathname, flags)


class FaultyFile(MemoryFile):
    def __init__(self, disk, path, content):
        super().__init__(content)
        self.disk = disk
        self.path = path

    def xRead(self, amount, offset):
        self.disk.call()
        return super().xRead(amount, offset)

    def xWrite(self, data, offset):
        disk = self.disk
        try:
            disk.call(changes=True)
        except apsw.Error:
            if disk.writes_part:
                self._write(data[: len(data) // 2], offset)
            raise
        grows = offset + len(data) - len(self.content)
        if disk.room_bytes is not None and grows > 0:
            if grows > disk.room_bytes:
                raise apsw.FullError("injected")
            disk.room_bytes -= grows
        self._write(data, offset)

    def _write(self, data, offset):
        self.disk.trace.append(Op("write", self.path, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size):
        self.disk.call(changes=True)
        self.disk.trace.append(Op("truncate", self.path, size))
        super().xTruncate(size)

    def xSync(self, flags):
        self.disk.call()
        self.disk.trace.append(Op("sync", self.path))


_DISK = FaultyDisk(FAULTY)


def faulty_disk(files=None):
    """The disk, fresh, with these files on it."""
    return _DISK.reset(files)


def after_power_cut(trace, length, how, seed=0):
    """The files as they are found when power went after the first `length` calls.

    `how`: "all" (in order, all of it arrived), "synced" (nothing else), "some" (any part of
    what was not synced, and the sector of the last write is spoilt).
    """
    rng = random.Random(seed)
    files = {}
    synced = {}
    for op in trace[:length]:
        if op.kind == "sync":
            synced[op.path] = bytes(files.get(op.path, b""))
        elif op.kind == "delete":
            files.pop(op.path, None)
            synced.pop(op.path, None)
        else:
            _apply(files.setdefault(op.path, bytearray()), op)
            synced.setdefault(op.path, b"")
    if how == "all":
        return files
    found = {path: bytearray(content) for path, content in synced.items()}
    if how == "some":
        pending = _unsynced(trace[:length])
        for op in pending:
            if rng.random() < 0.5:
                _apply(found[op.path], op)
        if pending and pending[-1].kind == "write" and trace[length - 1] is pending[-1]:
            _spoil(found[pending[-1].path], pending[-1], rng)
    return found


def _unsynced(trace):
    pending = []
    for op in trace:
        if op.kind in ("sync", "delete"):
            pending = [kept for kept in pending if kept.path != op.path]
        else:
            pending.append(op)
    return pending


def _apply(content, op):
    if op.kind == "truncate":
        del content[op.offset :]
        return
    if op.offset > len(content):
        content.extend(bytes(op.offset - len(content)))
    content[op.offset : op.offset + len(op.data)] = op.data


def _spoil(content, op, rng):
    """Power went while this was written: its sectors hold anything."""
    first = op.offset // SECTOR_BYTES * SECTOR_BYTES
    last = -(-(op.offset + len(op.data)) // SECTOR_BYTES) * SECTOR_BYTES
    end = min(last, len(content))
    if end > first:
        at = rng.randrange(first, end)
        content[at:end] = rng.randbytes(end - at)


def flipped(content, bit):
    """A bit of a file, flipped."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return changed


def misdirected(content, page, onto):
    """A page of a file that landed in another's place."""
    changed = bytearray(content)
    piece = content[page * PAGE_BYTES : (page + 1) * PAGE_BYTES]
    changed[onto * PAGE_BYTES : (onto + 1) * PAGE_BYTES] = piece
    return changed
