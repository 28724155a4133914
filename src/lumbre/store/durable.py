"""Small files that are there whole or not at all, and files that are gone.

`write_file` returns when the bytes and the name are on the disk. What was there before is
overwritten after the new file has its name.

What it does not do: promise that overwriting reaches the cells. Flash keeps old pages for a
while, and so do file systems that copy on write; what protects then is that a passphrase is
needed beside the file, or the disk's own encryption.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from lumbre.errors import StoreError
from lumbre.store.faults import told

_SUFFIX: Final = ".part"
_CHUNK_BYTES: Final = 1024 * 1024


def write_file(path: Path, data: bytes) -> None:
    """Write a file that only its owner reads, in place of what was there."""
    part = path.with_name(path.name + _SUFFIX)
    with told(path.name):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        descriptor = os.open(part, flags, 0o600)
        try:
            # os.write may write less than it was given.
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        old = os.open(path, os.O_WRONLY) if path.exists() else -1
        try:
            part.replace(path)
            sync_folder(path.parent)
            if old >= 0:
                _overwrite(old)
        finally:
            if old >= 0:
                os.close(old)


def read_file(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file of at most `max_bytes`."""
    with told(path.name), path.open("rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise StoreError("store.bad-key-file", file=path.name)
    return data


def destroy_file(path: Path, most_bytes: int | None = None) -> None:
    """Overwrite a file, or its first `most_bytes`, and remove it. Absent is well."""
    with told(path.name):
        try:
            descriptor = os.open(path, os.O_WRONLY)
        except FileNotFoundError:
            return
        try:
            _overwrite(descriptor, most_bytes)
        finally:
            os.close(descriptor)
        path.unlink()
        sync_folder(path.parent)


def _overwrite(descriptor: int, most_bytes: int | None = None) -> None:
    size = os.fstat(descriptor).st_size
    left = size if most_bytes is None else min(size, most_bytes)
    os.lseek(descriptor, 0, os.SEEK_SET)
    while left:
        left -= os.write(descriptor, bytes(min(left, _CHUNK_BYTES)))
    os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
