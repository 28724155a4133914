"""Entries, views and keys on the disk: encrypted SQLite files in one folder. Does I/O.

Rules: clock and randomness come from outside; everything that fails here is a `StoreError`
(or `Locked`); the log file alone acknowledges.
"""

from lumbre.store.folder import Folder
from lumbre.store.keyring import LIGHT, Cost, Keyring, Unlocked, open_secret, seal_secret
from lumbre.store.log_store import LogStore
from lumbre.store.piece_store import PieceStore
from lumbre.store.private_store import PrivateStore

__all__ = [
    "LIGHT",
    "Cost",
    "Folder",
    "Keyring",
    "LogStore",
    "PieceStore",
    "PrivateStore",
    "Unlocked",
    "open_secret",
    "seal_secret",
]
