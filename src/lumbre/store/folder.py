"""A node's folder: which files lie in it, who may open which, and the lock.

    lock                one process at a time
    log.lumbre          headers, bodies as sealed, signatures      opened by keys/relay.key
    media.lumbre        pieces of media, sealed                    opened by keys/relay.key
    private.lumbre      views, keys, drafts                        opened by a passphrase
    keys/relay.key      so that a node takes in and forwards while it is locked
    keys/sensor.key     so that it writes probes while it is locked
    keys/slots          the private file's key, under each person's passphrase
    keys/private.key    only in open mode: the node starts alone, P12 does not hold
    week/*.key          care keys of a week, each destroyed by itself, in no backup
    events.log          what happened, in ids and numbers

Names of files say nothing of persons or places. On read-only media the files are copied to
memory and opened there; nothing is kept then, and `is_read_only` says so.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Final

from lumbre.errors import Locked, StoreError
from lumbre.record.limits import KEY_BYTES
from lumbre.store.database import DISK
from lumbre.store.durable import destroy_file, read_file, sync_folder, write_file
from lumbre.store.faults import told
from lumbre.store.keyfiles import WeekKeys, read_key_file, write_key_file
from lumbre.store.keyring import ORDINARY, Cost, Keyring, RandomBytes, Unlocked
from lumbre.store.limits import KEY_FILE_MAX_BYTES
from lumbre.store.log_store import LogStore
from lumbre.store.memory_disk import MEMORY, memory_disk
from lumbre.store.piece_store import PieceStore
from lumbre.store.private_store import PrivateStore
from lumbre.store.salvage import Salvaged, salvage

LOG: Final = "log.lumbre"
MEDIA: Final = "media.lumbre"
PRIVATE: Final = "private.lumbre"
EVENTS: Final = "events.log"
_LOCK: Final = "lock"
_KEYS: Final = "keys"
_WEEK: Final = "week"
_DATABASES: Final = (LOG, MEDIA, PRIVATE)
_READ_ONLY: Final = (errno.EROFS, errno.EACCES, errno.EPERM)


class Folder:
    """An opened folder. Holds its lock until `close` or `wipe`."""

    def __init__(self, path: Path, random_bytes: RandomBytes, *, vfs: str = DISK) -> None:
        self.path = path
        self.vfs = vfs
        self.is_read_only = False
        self._random_bytes = random_bytes
        self._opened: list[LogStore | PieceStore | PrivateStore] = []
        if not self._key("relay").exists():
            raise StoreError("store.missing", file=path.name)
        self._lock = self._take_lock()

    @classmethod
    def create(
        cls,
        path: Path,
        random_bytes: RandomBytes,
        passphrase: str,
        *,
        cost: Cost = ORDINARY,
        vfs: str = DISK,
    ) -> tuple[Folder, Unlocked]:
        """Make a folder with fresh keys, for the person whose passphrase this is."""
        with told(path.name):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise StoreError("store.not-empty", file=path.name)
            (path / _KEYS).mkdir(mode=0o700)
        ring, unlocked = Keyring.create(passphrase, random_bytes, cost=cost)
        write_file(path / _KEYS / "slots", ring.to_bytes())
        write_key_file(path / _KEYS / "sensor.key", random_bytes(KEY_BYTES))
        # Last: a folder with a relay key is a whole one.
        write_key_file(path / _KEYS / "relay.key", random_bytes(KEY_BYTES))
        with told(path.name):
            sync_folder(path)
        return cls(path, random_bytes, vfs=vfs), unlocked

    def _key(self, name: str) -> Path:
        return self.path / _KEYS / f"{name}.key"

    def _take_lock(self) -> int:
        try:
            descriptor = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            if error.errno not in _READ_ONLY:
                raise StoreError("store.io", file=_LOCK) from error
            self._copy_to_memory()
            return -1
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise StoreError("store.in-use", file=self.path.name) from error
        return descriptor

    def _copy_to_memory(self) -> None:
        self.is_read_only = True
        self.vfs = MEMORY
        for name in _DATABASES:
            memory_disk().load(self.path / name)

    # Locked: what the relay and sensor keys open

    def open_log(self) -> LogStore:
        """The log; needs no person."""
        store = LogStore(self.log_path, self.relay_key(), vfs=self.vfs)
        self._opened.append(store)
        return store

    @property
    def log_path(self) -> Path:
        """The log file."""
        return self.path / LOG

    def relay_key(self) -> bytes:
        """What opens the log and the media."""
        return read_key_file(self._key("relay"))

    def salvage_log(self) -> Salvaged:
        """Put what can be read of a damaged log in its place; the damaged one stays beside it.

        The log must not be open.
        """
        fresh = self.path / (LOG + ".salvaged")
        found = salvage(self.log_path, fresh, self.relay_key(), self._random_bytes, vfs=self.vfs)
        with told(LOG):
            for end in ("-wal", ""):
                old = self.path / (LOG + end)
                if old.exists():
                    old.replace(self.path / (LOG + ".damaged" + end))
            fresh.replace(self.log_path)
            sync_folder(self.path)
        return found

    def open_pieces(self) -> PieceStore:
        """The pieces of media; needs no person."""
        store = PieceStore(self.path / MEDIA, self.relay_key(), vfs=self.vfs)
        self._opened.append(store)
        return store

    def sensor_key(self) -> bytes:
        """The seed of the key that signs probes; it can write nothing else."""
        return read_key_file(self._key("sensor"))

    # Unlocked: what a passphrase opens

    def _ring(self) -> Keyring:
        return Keyring(read_file(self.path / _KEYS / "slots", KEY_FILE_MAX_BYTES))

    def slots(self) -> tuple[bytes, ...]:
        """The ids of the slots: one for each person who may unlock."""
        return self._ring().slots

    def unlock(self, passphrase: str) -> Unlocked:
        """What a person's passphrase opens; `Locked` where it opens nothing."""
        return self._ring().unlock(passphrase)

    def add_person(self, by: Unlocked, passphrase: str) -> Unlocked:
        """Let one more person unlock this device."""
        ring = self._ring()
        unlocked = ring.add(by, passphrase, self._random_bytes)
        write_file(self.path / _KEYS / "slots", ring.to_bytes())
        return unlocked

    def change_passphrase(self, by: Unlocked, passphrase: str) -> None:
        """Another passphrase for a person."""
        ring = self._ring()
        ring.change(by, passphrase, self._random_bytes)
        write_file(self.path / _KEYS / "slots", ring.to_bytes())

    def remove_person(self, slot: bytes) -> None:
        """Let a person unlock this device no longer; the last one stays."""
        ring = self._ring()
        ring.remove(slot)
        write_file(self.path / _KEYS / "slots", ring.to_bytes())

    def open_private(self, unlocked: Unlocked | None = None) -> PrivateStore:
        """The private file: by who unlocked, or, in open mode, by the key on the disk."""
        store = PrivateStore(self.path / PRIVATE, self._file_key(unlocked), vfs=self.vfs)
        self._opened.append(store)
        return store

    def week_keys(self, unlocked: Unlocked | None = None) -> WeekKeys:
        """Care keys of a week."""
        return WeekKeys(self.path / _WEEK, self._file_key(unlocked), self._random_bytes)

    def _file_key(self, unlocked: Unlocked | None) -> bytes:
        if unlocked is not None:
            return unlocked.file_key
        if not self.is_open_mode:
            raise Locked("locked.passphrase-needed")
        return read_key_file(self._key("private"))

    @property
    def is_open_mode(self) -> bool:
        """Whether the private file's key lies on the disk: then P12 does not hold."""
        return self._key("private").exists()

    def set_open_mode(self, unlocked: Unlocked, *, is_open: bool) -> None:
        """Let the node start alone, or no longer."""
        if is_open:
            write_key_file(self._key("private"), unlocked.file_key)
        else:
            destroy_file(self._key("private"))

    # The end

    def close(self) -> None:
        """Close what was opened and let go of the lock. May be called twice."""
        try:
            while self._opened:
                self._opened.pop().close()
        finally:
            if self._lock >= 0:
                os.close(self._lock)
                self._lock = -1
            if self.is_read_only:
                memory_disk().forget(self.path)

    def wipe(self) -> None:
        """Destroy every key, then the files: what is left is noise without a key.

        Keys go first, so that a wipe that is interrupted has done what matters. The large files
        are unlinked and not overwritten: that would take minutes, and gain nothing.
        """
        if self.is_read_only:
            raise StoreError("store.read-only", file=self.path.name)
        for keys in (self.path / _KEYS, self.path / _WEEK):
            if keys.is_dir():
                for path in sorted(keys.iterdir()):
                    destroy_file(path)
        # They cannot write any more; that they complain changes nothing.
        for store in self._opened:
            store.database.abandon()
        self._opened.clear()
        with told(self.path.name):
            for path in self.path.iterdir():
                if path.is_file():
                    path.unlink()
                elif path.name in (_KEYS, _WEEK):
                    path.rmdir()
            sync_folder(self.path)
        self.close()
