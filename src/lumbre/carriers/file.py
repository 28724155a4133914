"""Bundles in a folder: a stick, a shared directory, a download.

Rules: one safe path for every name that comes from outside; a bundle is written beside its
name and moved into place, so that a stick pulled out leaves the old or the new, never half;
nothing found in a folder is ever run, followed through a link, or read past its cap.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from lumbre.errors import Refused, StoreError
from lumbre.node.carrying import Bundles
from lumbre.sync.sealed_bundle import SEALED_MAX_BYTES

SUFFIX: Final = ".lumbre"
# Names looked at in a folder, whatever they are: so many that a stick full of other files
# hides no bundle, and few enough to be listed in a second.
FOLDER_MAX_FILES: Final = 100_000

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\.[a-z]{1,16}")
_READ_BYTES: Final = 256 * 1024


def safe_path(folder: Path, name: str) -> Path:
    """The path of `name` in `folder`; `Refused` unless it is a plain name directly in it."""
    if not _NAME.fullmatch(name):
        raise Refused("refused.bad-name")
    return folder / name


def write_file(folder: Path, name: str, parts: Iterable[bytes]) -> Path:
    """Write a file whole or not at all, and see it on the disk."""
    path = safe_path(folder, name)
    temporary = path.with_name(f"{path.name}.part")
    try:
        temporary.unlink(missing_ok=True)
        # Made here and nowhere else: what lies there may be a link, a pipe or a device.
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(folder)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StoreError("file.cannot-write", folder=str(folder), why=error.strerror) from error
    return path


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_file(folder: Path, name: str, max_bytes: int) -> Iterator[bytes]:
    """Bytes of a plain file, in parts; `Refused` for links, devices and what is too large."""
    path = safe_path(folder, name)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Refused("file.cannot-read", why=error.strerror) from error
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_size > max_bytes:
        os.close(handle)
        raise Refused("refused.not-a-plain-file")
    with os.fdopen(handle, "rb") as file:
        while part := _read_part(file):
            yield part


def _read_part(file: BinaryIO) -> bytes:
    try:
        return file.read(_READ_BYTES)
    except OSError as error:
        # The stick was pulled out, or is broken.
        raise Refused("file.cannot-read", why=error.strerror) from error


def names_in(folder: Path, suffix: str) -> list[str]:
    """Names of plain files in a folder that end in `suffix`; others are not looked at."""
    try:
        with os.scandir(folder) as found:
            names = [
                item.name
                for item, _ in zip(found, range(FOLDER_MAX_FILES), strict=False)
                if item.name.endswith(suffix)
                and _NAME.fullmatch(item.name)
                and item.is_file(follow_symlinks=False)
            ]
    except OSError as error:
        raise StoreError(
            "file.cannot-read-folder", folder=str(folder), why=error.strerror
        ) from error
    # By length first: what came in several bundles is read in the order of their numbers.
    return sorted(names, key=lambda name: (len(name), name))


def read_whole(folder: Path, name: str, max_bytes: int) -> bytes:
    """A plain file's bytes; `Refused` where it is, or grows while it is read, too large."""
    data = bytearray()
    for part in read_file(folder, name, max_bytes):
        data += part
        if len(data) > max_bytes:
            raise Refused("refused.too-large", max_bytes=max_bytes)
    return bytes(data)


def remove_file(folder: Path, name: str) -> None:
    """Delete a file that is directly in a folder."""
    try:
        safe_path(folder, name).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError("file.cannot-write", folder=str(folder), why=error.strerror) from error


def bundles_in(folder: Path) -> Bundles:
    """The bundles that lie in a folder, by name: those of one giver in the order of giving."""
    read = partial(read_whole, folder, max_bytes=SEALED_MAX_BYTES)
    return Bundles(names_in(folder, SUFFIX), read)
