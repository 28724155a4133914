"""The node: bytes in from carriers, entries in from people; views and bytes out.

The way of an entry is one line: bytes -> record -> link -> store -> ledger -> views. The log
file is written first and alone acknowledges; the views follow it by a marker, and a node that
stopped in between folds the rest when it opens.

Rules: everything that stores goes through `Intake.commit`. Locked mode has no private file: it
takes in, checks, stores and forwards, and writes nothing of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from lumbre.errors import Locked, NotFound
from lumbre.ledger import Run, replay
from lumbre.node.bundle_keys import keep_bundle_keys
from lumbre.node.intake import Intake, Read, Received
from lumbre.node.ports import Clock, LogDisk, PrivateDisk, Random
from lumbre.node.segments import Frontier, branches_of, frontier, segments
from lumbre.node.spaces import Space
from lumbre.record import Entry, Lane, Ref, SigningKey, Tip
from lumbre.record.log import NO_SPACE
from lumbre.schema import Body, Registry

# Raised with every change of a view: the views on disk are then made anew.
VIEWS_VERSION: Final = 3

KEPT_MAX_SPACES: Final = 64
"""Spaces whose own signing keys stay derived: more than a device takes part in."""

_SPACES: Final = "spaces"
_ABOUT: Final = "about"
_EPOCHS: Final = "epoch"
_AUTHORS: Final = "author"


def hold_spaces(log: LogDisk, spaces: Iterable[bytes]) -> None:
    """Let a log that no node has open yet hold these spaces from now on."""
    log.set_meta(_SPACES, b"".join(spaces))


class Node:
    """An engine over its stores and ports. Not shared between threads."""

    def __init__(
        self,
        log: LogDisk,
        private: PrivateDisk | None,
        registry: Registry,
        clock: Clock,
        random: Random,
    ) -> None:
        self.registry = registry
        self.log = log
        self.private = private
        self.clock = clock
        self.random = random
        self._spaces: dict[bytes, Space] = {}
        self._authors: dict[bytes, list[SigningKey]] = {}
        self._intake = Intake(log, private, self._spaces)
        for space in self._space_ids():
            self._open_space(space)
        cuts = self._intake.cuts
        if self.private is not None and (
            cuts.is_unfinished or self.private.get(_ABOUT, b"kinds") not in (None, self._kinds())
        ):
            # The last stop fell between the two files, or this version folds otherwise.
            self.rebuild()
        self._catch_up()
        if cuts.is_unfinished:
            self._finish_cuts()

    @property
    def is_locked(self) -> bool:
        """Whether nobody has given a passphrase since the start."""
        return self.private is None

    @property
    def changes(self) -> int:
        """Grows with every change of what is folded: what was read before is stale then."""
        return self._intake.changes

    def _finish_cuts(self) -> None:
        """Let go of what was stored and not yet let go of when the node stopped."""
        cuts = self._intake.cuts
        if cuts.finish() and self.private is not None:
            self.rebuild()
            cuts.is_stale = False
        if self.private is not None:
            cuts.end()

    # Spaces

    def spaces(self) -> list[Space]:
        """Every space that this node takes part in."""
        return list(self._spaces.values())

    def space(self, space: bytes) -> Space:
        """One space, by its id."""
        try:
            return self._spaces[space]
        except KeyError:
            raise NotFound("not-found.space", space=space.hex()) from None

    def add_space(self, space: bytes) -> Space:
        """Begin to hold a space: from now on its entries are taken in."""
        if space not in self._spaces:
            hold_spaces(self.log, [*self._space_ids(), space])
            self._open_space(space)
        return self._spaces[space]

    def _space_ids(self) -> list[bytes]:
        stored = self.log.meta(_SPACES) or b""
        return [stored[i : i + 32] for i in range(0, len(stored), 32)]

    def _open_space(self, space: bytes) -> None:
        opened = Space(space, self.registry, self.log, self.private, self.clock, self.random)
        self._spaces[space] = opened
        for id_, key in self.private.secrets(_EPOCHS) if self.private else ():
            if id_[:32] == space:
                opened.add_epoch(id_[32:], key)
        keep_bundle_keys(self.log, opened)

    def _unlocked(self) -> PrivateDisk:
        if self.private is None:
            raise Locked("locked.needs-passphrase")
        return self.private

    # Keys

    def keep_author(self, space: bytes, seed: bytes) -> SigningKey:
        """Keep a signing key for a space, of 32 random bytes; it is on the disk on return."""
        key = SigningKey(seed)
        self._unlocked().put_secret(_AUTHORS, space + key.public, seed)
        self._authors.pop(space, None)
        return key

    def authors(self, space: bytes) -> list[SigningKey]:
        """This node's own signing keys in a space."""
        private = self._unlocked()
        kept = self._authors.get(space)
        if kept is None:
            found = private.secrets(_AUTHORS)
            kept = [SigningKey(seed) for id_, seed in found if id_[:32] == space]
            if len(self._authors) >= KEPT_MAX_SPACES:
                self._authors.clear()
            self._authors[space] = kept
        return list(kept)

    def keep_secret(self, kind: str, id_: bytes, value: bytes) -> None:
        """Keep in the private file what is nobody else's; it is on the disk on return."""
        self._unlocked().put_secret(kind, id_, value)

    def secret(self, kind: str, id_: bytes) -> bytes | None:
        """What was kept there."""
        return dict(self._unlocked().secrets(kind)).get(id_)

    def learn_epoch(self, space: bytes, epoch: bytes, secret: bytes) -> None:
        """Keep an epoch's secret, and judge what waited for it."""
        private = self._unlocked()
        private.put_secret(_EPOCHS, space + epoch, secret)
        held = self.space(space)
        held.add_epoch(epoch, secret)
        keep_bundle_keys(self.log, held)
        held.ledger.admit_again(held.ledger.waiting_for_key())
        self._intake.flush()

    # In

    def write(
        self, space: bytes, key: SigningKey, bodies: Sequence[Body], *, is_open: bool = False
    ) -> list[Entry]:
        """Sign, seal, store and fold bodies of one lane; when this returns they are safe."""
        self._unlocked()
        base, entries = self.space(space).make(key, bodies, is_open=is_open)
        return self.store(base, entries)

    def store(self, base: Tip, entries: list[Entry]) -> list[Entry]:
        """Store entries that this node made itself."""
        self._intake.store(base, entries)
        self._rebuild_if_stale()
        return entries

    def take(self, parts: Iterable[bytes]) -> Received:
        """Take in segments from a carrier: what is good of them is kept, whatever the rest is."""
        received = self._intake.take(parts)
        self._rebuild_if_stale()
        return received

    def take_read(self, runs: Iterable[Read]) -> Received:
        """The same for entries that a meeting has read and checked."""
        received = self._intake.take_read(runs)
        self._rebuild_if_stale()
        return received

    def _rebuild_if_stale(self) -> None:
        """Make the views anew where something that counted was let go of.

        Others may have referred to it, and nothing lists who did. It takes a forked log with
        more branches than are kept, so it is rare, and once a take.
        """
        if self._intake.cuts.is_stale and self.private is not None:
            self._intake.cuts.is_stale = False
            self.rebuild()

    def rebuild(self) -> int:
        """Make the views anew from the log file; how many entries were folded."""
        private = self._unlocked()
        private.clear()
        count = 0
        for space in self._space_ids():
            self._open_space(space)
            ledger = self._spaces[space].ledger
            branches = branches_of(self.log, space)
            # Marker 0: what is interrupted here is made anew at the next start.
            count += replay(ledger, self.log, branches, lambda: private.commit(0))
        private.put(_ABOUT, b"kinds", self._kinds())
        self._intake.flush()
        return count

    def _kinds(self) -> bytes:
        """What the views hang on beside the entries: views of other kinds are made anew."""
        return hashlib.sha256(repr((VIEWS_VERSION, sorted(self.registry.kinds))).encode()).digest()

    def _catch_up(self) -> None:
        """Fold what was stored after the views last followed; all of the trust lane if locked."""
        if self.private is None:
            for space, held in self._spaces.items():
                acts = [b for b in branches_of(self.log, space) if b.name.lane is Lane.TRUST]
                replay(held.ledger, self.log, acts)
                held.ledger.flush()
            return
        after = self.private.marker()
        if after == 0:
            self.private.put(_ABOUT, b"kinds", self._kinds())
        for arrival in self.log.arrivals(after):
            branch = self.log.branch(arrival.branch)
            if branch is None:
                continue
            entries = list(self.log.entries(branch.number, arrival.first_seq, arrival.last_seq))
            if not entries:
                # Let go of since, with the end of its branch.
                continue
            space = entries[0].id if branch.name.space == NO_SPACE else branch.name.space
            if space in self._spaces:
                self._spaces[space].ledger.admit(Run(branch, entries))
        self._intake.flush()

    # Out

    def give(self, space: bytes, known: Frontier | None = None) -> Iterator[bytes]:
        """Segments of a space that somebody who knows `known` lacks."""
        self.space(space)
        return segments(self.log, space, known or {})

    def frontier(self, space: bytes) -> dict[bytes, int]:
        """How far this node knows each branch of a space."""
        return frontier(self.log, space)

    def find(self, space: bytes, ref: Ref) -> Entry:
        """An entry, by reference."""
        held = self.space(space).ledger.judge.find(ref)
        if held is None:
            raise NotFound("not-found.entry", entry=ref.hash.hex())
        return held[1]

    def find_id(self, space: bytes, id_: bytes) -> Ref:
        """The reference to an act of trust, by its id."""
        ref = self.space(space).ledger.act_ref(id_)
        if ref is None:
            raise NotFound("not-found.entry", entry=id_.hex())
        return ref

    def forget_secrets(self) -> None:
        """Let go of what was derived from secrets and kept in memory."""
        self._authors.clear()
        for space in self._spaces.values():
            space.forget_secrets()

    def close(self) -> None:
        """Let go of the stores."""
        self.forget_secrets()
        if self.private is not None:
            self.private.close()
        self.log.close()
