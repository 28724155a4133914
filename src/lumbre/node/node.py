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
from lumbre.node.intake import CUTTING, Intake, Received
from lumbre.node.ports import Clock, LogDisk, PrivateDisk, Random
from lumbre.node.segments import Frontier, branches_of, frontier, segments
from lumbre.node.spaces import Space
from lumbre.record import Entry, Lane, Ref, SigningKey, Tip
from lumbre.record.log import NO_SPACE
from lumbre.schema import Body, Registry

# One commit's worth: about 4 MB in memory, and few enough fsyncs that they do not show.
COMMIT_ENTRIES: Final = 10_000
# Segments without a valid link here, kept while one take lasts: their start may come yet.
POOL_MAX_SEGMENTS: Final = 64

# The founding entry is one header and one small body.
FOUNDING_MAX_BYTES: Final = 4096

# Raised with every change of a view: the views on disk are then made anew.
VIEWS_VERSION: Final = 2

_SPACES: Final = "spaces"
_ABOUT: Final = "about"
_EPOCHS: Final = "epoch"
_AUTHORS: Final = "author"


<<<<<<< HEAD
def hold_spaces(log: LogDisk, spaces: Iterable[bytes]) -> None:
    """Let a log that no node has open yet hold these spaces from now on."""
    log.set_meta(_SPACES, b"".join(spaces))


class Received(msgspec.Struct):
    """What became of bytes that came from somewhere."""

    new: int = 0
    known: int = 0
    without_effect: int = 0
    waiting: int = 0
    past_grant: int = 0
    forks: int = 0
    refused: dict[str, int] = {}

    def refuse(self, message_id: str) -> None:
        """Count a segment that was not taken in."""
        self.refused[message_id] = self.refused.get(message_id, 0) + 1


=======
>>>>>>> main
class Node:
    """An engine over its stores and ports. Not shared between threads.

    `changes` grows with every change of what is folded: what was read before is stale then.
    """

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
        self.changes = 0
        self._spaces: dict[bytes, Space] = {}
        self._intake = Intake(log, private, self._spaces)
        for space in self._space_ids():
            self._open_space(space)
        if self.private is not None and (
            self.log.meta(CUTTING) is not None
            or self.private.get(_ABOUT, b"kinds") not in (None, self._kinds())
        ):
            # The last stop fell between the two files, or this version folds otherwise.
            self.rebuild()
            self.log.set_meta(CUTTING, None)
        self._catch_up()

    @property
    def is_locked(self) -> bool:
        """Whether nobody has given a passphrase since the start."""
        return self.private is None

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

    def _unlocked(self) -> PrivateDisk:
        if self.private is None:
            raise Locked("locked.needs-passphrase")
        return self.private

    # Keys

    def keep_author(self, space: bytes, seed: bytes) -> SigningKey:
        """Keep a signing key for a space, of 32 random bytes; it is on the disk on return."""
        key = SigningKey(seed)
        self._unlocked().put_secret(_AUTHORS, space + key.public, seed)
        return key

    def authors(self, space: bytes) -> list[SigningKey]:
        """This node's own signing keys in a space."""
        found = self._unlocked().secrets(_AUTHORS)
        return [SigningKey(seed) for id_, seed in found if id_[:32] == space]

    def learn_epoch(self, space: bytes, epoch: bytes, secret: bytes) -> None:
        """Keep an epoch's secret, and judge what waited for it."""
        private = self._unlocked()
        private.put_secret(_EPOCHS, space + epoch, secret)
        held = self.space(space)
        held.add_epoch(epoch, secret)
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
        return entries

    def take(self, parts: Iterable[bytes]) -> Received:
        """Take in segments from a carrier: what is good of them is kept, whatever the rest is."""
<<<<<<< HEAD
        received = Received()
        pool: list[bytes] = []
        self._take(parts, received, pool)
        while pool:
            again, pool = pool, []
            before = received.new
            self._take(again, received, pool)
            if received.new == before:
                break
        for _ in pool:
            received.refuse("refused.gap")
        return received

    def _take(self, parts: Iterable[bytes], received: Received, pool: list[bytes]) -> None:
        batch = _Batch(self, received)
        for data in parts:
            try:
                base, entries = read_segment_with_base(data)
                self._check_space(entries)
                batch.add(base, entries)
            except Refused as error:
                if error.message_id == "refused.gap" and len(pool) < POOL_MAX_SEGMENTS:
                    pool.append(data)
                else:
                    received.refuse(error.message_id)
        batch.commit()

    def _check_space(self, entries: Sequence[Entry]) -> None:
        first = entries[0]
        space = first.id if first.name.space == NO_SPACE else first.name.space
        if space not in self._spaces or (first.name.space == NO_SPACE and len(entries) > 1):
            raise Refused("refused.unknown-space")

    def _grant(self, name: LogName) -> int:
        if name.space == NO_SPACE:
            return FOUNDING_MAX_BYTES
        return self._spaces[name.space].ledger.grant(name)

    def new_linker(self) -> Linker:
        """What the next commit gathers."""
        return Linker(self.log, self._grant)

    def commit(self, linker: Linker, linked: Sequence[Linked], received: Received) -> None:
        """Store first, then judge and fold: the one place where entries are stored."""
        self.log.append(linker.writes(), linker.bodies)
        for one in linked:
            received.known += one.known
            received.past_grant += one.past_grant
            received.forks += len(one.forks)
            for run in one.new:
                received.new += len(run.entries)
                if self.private is not None or run.branch.name.lane is Lane.TRUST:
                    self._count(self._ledger_of(run).admit(run), received)
            if one.filled and self.private is not None:
                self._spaces[one.filled[0].name.space].ledger.admit_again(
                    [entry.ref for entry in one.filled]
                )
        self._flush(self._cut({b.log: b for one in linked for b in one.forks}.values()))

    def _cut(self, forked: Iterable[Branch]) -> bool:
        """Let go of the branches of forked logs that are past the first 8."""
        has_cut = False
        for one in forked:
            ledger = self._ledger_of_log(one)
            branches = {branch.number: branch for branch in self.log.branches(one.log)}
            cuts = surplus(
                list(branches.values()), self._id_at, ledger.pins(one.log, one.name.author)
            )
            if not cuts:
                continue
            self.log.set_meta(_CUTTING, b"1")
            has_cut = True
            for number, seq in cuts:
                branch = branches[number]
                ledger.cut(branch, list(self.log.entries(number, seq, branch.tip.seq)))
            self.log.cut(cuts)
        return has_cut

    def _id_at(self, number: int, seq: int) -> bytes:
        entry = self.log.entry(number, seq)
        assert entry is not None
        return entry.id

    def _ledger_of_log(self, branch: Branch) -> Ledger:
        is_founding = branch.name.space == NO_SPACE
        return self._spaces[branch.first_id if is_founding else branch.name.space].ledger

    def _ledger_of(self, run: Run) -> Ledger:
        first = run.entries[0]
        space = first.id if first.name.space == NO_SPACE else first.name.space
        return self._spaces[space].ledger

    @staticmethod
    def _count(verdicts: Iterable[Verdict], received: Received) -> None:
        for verdict in verdicts:
            if verdict is not ACCEPTED:
                if verdict.outcome is Outcome.WAITING:
                    received.waiting += 1
                else:
                    received.without_effect += 1

    def _flush(self, has_cut: bool = False) -> None:
        self.changes += 1
        for held in self._spaces.values():
            held.ledger.flush()
        if self.private is not None:
            self.private.commit(self.log.last_arrival())
        if has_cut:
            self.log.set_meta(_CUTTING, None)
=======
        return self._intake.take(parts)
>>>>>>> main

    def rebuild(self) -> int:
        """Make the views anew from the log file; how many entries were folded."""
        private = self._unlocked()
        private.clear()
        count = 0
        for space in self._space_ids():
            self._open_space(space)
            ledger = self._spaces[space].ledger
            count += replay(ledger, self.log, branches_of(self.log, space))
        private.put(_ABOUT, b"kinds", self._kinds())
        self._intake.flush()
        return count

    def _kinds(self) -> bytes:
        """What the views hang on beside the entries: views of other kinds are made anew."""
        return hashlib.sha256(repr((VIEWS_VERSION, sorted(self.registry.kinds))).encode()).digest()

    def _catch_up(self) -> None:
        """Fold what was stored after the views last followed; all of the trust lane if locked."""
        after = 0 if self.private is None else self.private.marker()
        if self.private is not None and after == 0:
            self.private.put(_ABOUT, b"kinds", self._kinds())
        for arrival in self.log.arrivals(after):
            branch = self.log.branch(arrival.branch)
            if branch is None or (self.private is None and branch.name.lane is not Lane.TRUST):
                continue
            entries = list(self.log.entries(branch.number, arrival.first_seq, arrival.last_seq))
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

    def close(self) -> None:
        """Let go of the stores."""
        if self.private is not None:
            self.private.close()
        self.log.close()
