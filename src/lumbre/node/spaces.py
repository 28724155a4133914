"""One space as a node holds it: its ledger, its epoch keys, its own logs.

It seals what is written and opens what came, by the epoch keys of the private file. In locked
mode there is no private file: then the ledger runs in memory over the trust lane alone, which
is enough to know whose logs to take in and how much of them, and opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from lumbre.errors import Invalid, NotAllowed, Refused
from lumbre.ledger import Book, Ledger, MemoryTables, Tables
from lumbre.node.ports import Clock, Random
from lumbre.record import OPEN, START, Entry, Lane, LogName, Ref, SigningKey, Tip, Writer
from lumbre.record.canonical import decode as untyped
from lumbre.record.epoch import EpochKeys
from lumbre.record.limits import BODY_MAX_BYTES, KEY_ID_BYTES, SALT_BYTES
from lumbre.record.seal import open_body, open_text, seal_body, seal_text
from lumbre.schema import Body, Registry
from lumbre.schema.fields import refs_in
from lumbre.trust.acts import AFTER_MAX
from lumbre.trust.duties import boxes_of, current_epoch, epochs

KEPT_MAX_TEXTS: Final = 4096
"""Names and reasons that stay opened for the next page: a large commune's, under 1 MB."""
_NONCE_BYTES: Final = 24


def sealed_text(text: str, keys: EpochKeys, random: Random) -> bytes:
    """A name or a reason inside an open body, for who holds the epoch's key."""
    return seal_text(text, keys.text, random.bytes(_NONCE_BYTES))


class Space:
    """A space on this node."""

    def __init__(
        self,
        space: bytes,
        registry: Registry,
        book: Book,
        tables: Tables | None,
        clock: Clock,
        random: Random,
    ) -> None:
        self.id = space
        self.is_locked = tables is None
        self._registry = registry
        self._book = book
        self._clock = clock
        self._random = random
        self._epochs: dict[bytes, EpochKeys] = {}
        self._texts: dict[bytes, str | None] = {}
        own = MemoryTables() if tables is None else _OwnTables(space, tables)
        self.ledger = Ledger(space, registry, book, own, self._open)

    # Keys

    def add_epoch(self, epoch: bytes, secret: bytes) -> None:
        """Learn the secret of the epoch that the entry with this id made."""
        self._epochs[epoch] = EpochKeys.of(secret)
        # What no key opened may be opened now.
        self._texts.clear()

    def epoch_keys(self) -> list[EpochKeys]:
        """The keys of every epoch that is known here."""
        return list(self._epochs.values())

    def keys_of(self, epoch: bytes) -> EpochKeys | None:
        """The keys of one epoch, where they are known here."""
        return self._epochs.get(epoch)

    def bundle_keys(self) -> dict[bytes, bytes]:
        """What opens bundles of the epochs that are known here, by epoch."""
        return {epoch: keys.bundle for epoch, keys in self._epochs.items()}

    def current_keys(self) -> tuple[bytes, EpochKeys]:
        """The epoch that writers use now, and its keys.

        Where no epoch excludes every key that was taken away, it is the newest: a person who
        closes a key must not silence a space. `needs_new_epoch` says so on the screens.
        """
        epoch = current_epoch(self.ledger.rights)
        if epoch is None:
            made = epochs(self.ledger.rights)
            epoch = made[-1].ref.hash if made else None
        if epoch is None or epoch not in self._epochs:
            raise NotAllowed("not-allowed.no-epoch-key")
        return epoch, self._epochs[epoch]

    @property
    def needs_new_epoch(self) -> bool:
        """Whether a key that was taken away can still read what is written now."""
        return current_epoch(self.ledger.rights) is None

    def after(self) -> tuple[Ref, ...]:
        """The heads of the trust lane, as a new act names them."""
        return tuple(self.ledger.trust_heads()[-AFTER_MAX:])

    def boxes(self, author: bytes) -> list[tuple[bytes, bytes]]:
        """(epoch, box) of epochs whose keys are not here, boxed for an author."""
        return [
            (epoch.ref.hash, box)
            for epoch in epochs(self.ledger.rights)
            if epoch.ref.hash not in self._epochs
            for box in boxes_of(self.ledger.rights, epoch.ref, author)
        ]

    def text(self, sealed: bytes) -> str | None:
        """A name or a reason inside an open body; None where no key here opens it."""
        if sealed not in self._texts:
            if len(self._texts) >= KEPT_MAX_TEXTS:
                self._texts.clear()
            self._texts[sealed] = open_text(sealed, [keys.text for keys in self._epochs.values()])
        return self._texts[sealed]

    def forget_secrets(self) -> None:
        """Let go of epoch keys, and of what they opened."""
        self._epochs.clear()
        self._texts.clear()

    def _open(self, entry: Entry) -> bytes | None:
        """The plain body; None while no key here opens it.

        Key ids are four bytes: what no key opens may belong to an epoch that is not known yet,
        so it waits, and is never called bad for it.
        """
        for epoch, keys in self._epochs.items():
            if epoch[:KEY_ID_BYTES] != entry.key_id or entry.body is None:
                continue
            try:
                return open_body(
                    entry.body, keys.body, log=entry.log, seq=entry.seq, prev=entry.prev
                )
            except Refused as error:
                if error.message_id != "refused.bad-seal":
                    raise
        return None

    # Writing

    def make(
        self, key: SigningKey, bodies: Sequence[Body], *, is_open: bool = False
    ) -> tuple[Tip, list[Entry]]:
        """Signed entries for one lane of one's own log, and the tip they follow.

        Raises `NotAllowed` where the author has no right or no room left, before anything is
        written.
        """
        kinds = [self._registry.kind_of(body) for body in bodies]
        lane = kinds[0].lane
        if any(kind.lane is not lane for kind in kinds):
            raise Invalid("invalid.several-lanes")
        name = LogName(self.id, key.public, lane)
        base = self.own_tip(name)
        writer = Writer(name, key, base)
        entries = []
        for number, (body, kind) in enumerate(zip(bodies, kinds, strict=True), 1):
            data = self._registry.encode(body)
            depth = self.depth_of(writer.tip, data)
            is_last = kind.signed_alone or number == len(bodies)
            key_id, data = self._seal(data, name, writer.tip, is_open or lane is Lane.TRUST)
            entries.append(
                writer.append(
                    data,
                    depth=depth,
                    wall_s=self._clock.now_s(),
                    key_id=key_id,
                    is_last=is_last,
                )
            )
        if entries[-1].total_bytes > self.ledger.grant(name):
            raise NotAllowed("not-allowed.no-room", lane=int(lane))
        return base, entries

    def own_tip(self, name: LogName) -> Tip:
        """Where one's own log ends here."""
        branches = self._book.branches(name.id)
        return max((b.tip for b in branches), key=lambda tip: tip.seq, default=START)

    def depth_of(self, tip: Tip, data: bytes) -> int:
        """1 + the greatest depth of the entry before and of all that the body refers to."""
        depth = tip.depth
        for ref in refs_in(untyped(data, BODY_MAX_BYTES)):
            target = self.ledger.judge.target(ref)
            if target is None:
                raise Invalid("invalid.unknown-reference", ref=ref.hash.hex())
            depth = max(depth, target.depth)
        return depth + 1

    def _seal(self, data: bytes, name: LogName, tip: Tip, is_open: bool) -> tuple[bytes, bytes]:
        if is_open:
            return OPEN, data
        epoch, keys = self.current_keys()
        sealed = seal_body(
            data,
            keys.body,
            log=name.id,
            seq=tip.seq + 1,
            prev=tip.id,
            salt=self._random.bytes(SALT_BYTES),
        )
        return epoch[:KEY_ID_BYTES], sealed


class _OwnTables:
    """One space's tables among those of all: their names begin with its id."""

    def __init__(self, space: bytes, tables: Tables) -> None:
        self._prefix = space.hex()[:32] + "/"
        self._tables = tables

    def get(self, table: str, key: bytes) -> bytes | None:
        return self._tables.get(self._prefix + table, key)

    def get_many(self, table: str, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        return self._tables.get_many(self._prefix + table, keys)

    def put(self, table: str, key: bytes, value: bytes | None) -> None:
        self._tables.put(self._prefix + table, key, value)

    def put_many(self, table: str, pairs: Sequence[tuple[bytes, bytes | None]]) -> None:
        self._tables.put_many(self._prefix + table, pairs)

    def scan(self, table: str, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        return self._tables.scan(self._prefix + table, prefix)
