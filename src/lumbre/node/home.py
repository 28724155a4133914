"""A home: the folder in which one device keeps its node, opened by one process at a time.

Open mode: the private file's key lies on the disk and the node starts alone; every page says
that P12 does not hold. Locked mode: after a restart the node takes in, checks and forwards,
and the board waits for a person's passphrase.

A home is made in open mode with nothing in it, under a random passphrase that the private
file keeps; a person's own passphrase takes its place before there is anything to hide.

What this does not do: the files themselves (`lumbre.store.Folder`), the engine (`Node`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Self

from platformdirs import user_data_path

from lumbre.errors import Locked, StoreError
from lumbre.node.codes import Codes
from lumbre.node.events import Events
from lumbre.node.network import Network
from lumbre.node.node import Node, hold_spaces
from lumbre.node.ports import Clock, Random, SystemClock, SystemRandom
from lumbre.node.registry import load_registry
from lumbre.store import Cost, Folder, LogStore, PrivateStore, Unlocked
from lumbre.store.backup import restore
from lumbre.store.keyring import ORDINARY

_HOME: Final = "home"
_PASSPHRASE: Final = b"passphrase"
_RANDOM_PASSPHRASE_BYTES: Final = 32


def default_path(wanted: Path | None = None) -> Path:
    """Where the home is: as asked, else LUMBRE_HOME, else where a system keeps such data."""
    if wanted is not None:
        return wanted
    named = os.environ.get("LUMBRE_HOME")
    return Path(named) if named else user_data_path("lumbre", appauthor=False)


class Home:
    """An opened home. `node` runs in either mode; close it with `close` or `with`."""

    def __init__(
        self, folder: Folder, log: LogStore, private: PrivateStore | None, clock: Clock,
        random: Random,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.clock = clock
        self.random = random
        self.events = Events(folder.path, clock)
        self._unlocked: Unlocked | None = None
        self.log = log
        registry, self.failed_kinds = load_registry()
        self._registry = registry
        self.private = private
        self.node = Node(log, private, registry, clock, random)
        self.codes = Codes(self.node)
        self.network: Network | None = None
        """Filled in by whoever runs a carrier beside the board."""

    @classmethod
    def exists(cls, path: Path) -> bool:
        """Whether there is a home in a folder."""
        return (path / "keys" / "relay.key").exists()

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        clock: Clock | None = None,
        random: Random | None = None,
        cost: Cost = ORDINARY,
    ) -> Home:
        """Make a home in open mode, in a folder that is empty or not there."""
        source = random or SystemRandom()
        passphrase = source.bytes(_RANDOM_PASSPHRASE_BYTES).hex()
        folder, unlocked = Folder.create(path, source.bytes, passphrase, cost=cost)
        folder.set_open_mode(unlocked, is_open=True)
        home = cls._open(folder, clock, source)
        assert home.private is not None
        home.private.put_secret(_HOME, _PASSPHRASE, passphrase.encode())
        return home

    @classmethod
    def open(
        cls,
        path: Path,
        passphrase: str | None = None,
        *,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> Home:
        """Open a home; in locked mode without a passphrase its node is locked."""
        source = random or SystemRandom()
        if not cls.exists(path):
            raise StoreError("store.no-home", folder=str(path))
        home = cls._open(Folder(path, source.bytes), clock, source)
        if home.node.is_locked and passphrase is not None:
            try:
                home.unlock(passphrase)
            except BaseException:
                home.close()
                raise
        return home

    @classmethod
    def restore(cls, path: Path, source: Path, passphrase: str, *, cost: Cost = ORDINARY) -> Home:
        """Make a home from a backup. It holds no signing key: it has to be admitted anew."""
        random = SystemRandom()
        made = random.bytes(_RANDOM_PASSPHRASE_BYTES).hex()
        folder, unlocked = Folder.create(path, random.bytes, made, cost=cost)
        try:
            secrets = restore(source, passphrase, folder, random.bytes)
            folder.set_open_mode(unlocked, is_open=True)
            log, private = folder.open_log(), folder.open_private()
            private.put_secret(_HOME, _PASSPHRASE, made.encode())
            for kind, id_, value in secrets:
                private.put_secret(kind, id_, value)
            hold_spaces(log, sorted({id_[:32] for _, id_, _ in secrets}))
            return cls(folder, log, private, SystemClock(), random)
        except BaseException:
            folder.wipe()
            raise

    @classmethod
    def _open(cls, folder: Folder, clock: Clock | None, random: Random) -> Home:
        try:
            log = folder.open_log()
            private = folder.open_private() if folder.is_open_mode else None
            if private is not None:
                private.follow(log.generation)
            return cls(folder, log, private, clock or SystemClock(), random)
        except BaseException:
            folder.close()
            raise

    # Modes

    @property
    def is_open_mode(self) -> bool:
        """Whether this device starts alone; then P12 does not hold."""
        return self.folder.is_open_mode

    @property
    def has_passphrase(self) -> bool:
        """Whether a person has given this home a passphrase of their own."""
        private = self.private
        return private is None or private.secret(_HOME, _PASSPHRASE) is None

    def unlock(self, passphrase: str) -> None:
        """Let a person in: from now on the node reads and writes."""
        self._unlocked = self.folder.unlock(passphrase)
        if self.node.is_locked:
            self.private = self.folder.open_private(self._unlocked)
            self.private.follow(self.log.generation)
            self.node = Node(self.log, self.private, self._registry, self.clock, self.random)
            self.codes = Codes(self.node)

    def set_passphrase(self, passphrase: str, old: str | None = None) -> None:
        """Give this home another passphrase and put it into locked mode."""
        private = self.private
        if private is None:
            raise Locked("locked.needs-passphrase")
        made = private.secret(_HOME, _PASSPHRASE)
        if made is not None:
            old = made.decode()
        if old is None:
            raise Locked("locked.needs-old-passphrase")
        unlocked = self.folder.unlock(old)
        self.folder.change_passphrase(unlocked, passphrase)
        self._unlocked = unlocked
        self.folder.set_open_mode(unlocked, is_open=False)
        if made is not None:
            private.delete_secret(_HOME, _PASSPHRASE)

    def set_open_mode(self, passphrase: str, *, is_open: bool) -> None:
        """Let the node start alone, or make it wait for a person from the next start on."""
        self.folder.set_open_mode(self.folder.unlock(passphrase), is_open=is_open)

    # The end

    def wipe(self) -> None:
        """Destroy the keys, then the files. There is no way back."""
        self.events.close()
        self.node.forget_secrets()
        self.folder.wipe()

    def close(self) -> None:
        """Let go of the folder. May be called twice."""
        self.events.close()
        self.node.forget_secrets()
        self.folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
