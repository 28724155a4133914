"""Entries, views and keys on the disk: two encrypted SQLite files. Does I/O.

Rules: clock and randomness come from outside; everything that fails here is a `StoreError`
(or `Locked`); the log file alone acknowledges.
"""

from lumbre.store.log_store import LogStore
from lumbre.store.private_store import PrivateStore

__all__ = ["LogStore", "PrivateStore"]
