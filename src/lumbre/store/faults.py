"""Faults: what SQLite raises, as `StoreError`s that say what happened.

The one place where the two families meet. After a fault the store stays open for reading: a
full disk takes no entry, and shows every one that it has.

Ids: `store.full`, `store.io`, `store.damaged`, `store.in-use`, `store.read-only`,
`store.missing`, `store.conflict` (a caller's mistake: a row that is there already).
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import apsw

from lumbre.errors import StoreError

_IDS: Final[tuple[tuple[type[apsw.Error], str], ...]] = (
    (apsw.FullError, "store.full"),
    (apsw.BusyError, "store.in-use"),
    (apsw.LockedError, "store.in-use"),
    (apsw.ReadOnlyError, "store.read-only"),
    (apsw.CorruptError, "store.damaged"),
    (apsw.NotADBError, "store.damaged"),
    (apsw.CantOpenError, "store.missing"),
    (apsw.ConstraintError, "store.conflict"),
    (apsw.NoMemError, "store.no-memory"),
)

_ERRNO_IDS: Final = {
    errno.ENOSPC: "store.full",
    errno.EDQUOT: "store.full",
    errno.EROFS: "store.read-only",
    errno.EACCES: "store.not-permitted",
    errno.EPERM: "store.not-permitted",
    errno.ENOENT: "store.missing",
}


def as_store_error(error: apsw.Error | OSError, file: str) -> StoreError:
    """The `StoreError` that says what `error` means for `file`."""
    if isinstance(error, OSError):
        return StoreError(_ERRNO_IDS.get(error.errno or 0, "store.io"), file=file)
    for kind, message_id in _IDS:
        if isinstance(error, kind):
            return StoreError(message_id, file=file)
    code = getattr(error, "extendedresult", 0)
    return StoreError("store.io", file=file, code=code)


@contextmanager
def told(file: str) -> Iterator[None]:
    """Raise what SQLite or the system raises inside as a `StoreError`."""
    try:
        yield
    except (apsw.Error, OSError) as error:
        raise as_store_error(error, file) from error
