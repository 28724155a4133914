"""What the meetings of the benches are about: a space whose authors carry the peers' body.

- An entry is an `offer` with the information of `bench.peers.body`: its time is the entry's, its
  number the quantity, its coordinates the place, its words, tags and last number the note. So
  views of supply fold it.
- Every author writes a log of its own, in runs that end at a signed mark. Nothing refers to
  anything, so that nothing waits, whatever comes first.
- The first two authors are the devices that meet: each node keeps one of their keys.

It runs the shipping node for founding and admitting; runs are written by the record's writer.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from bench.commune import HERE, REGISTRY, WALL_S, FixedClock, SeededRandom
from bench.peers.bodies import body
from bench.store import KEY
from lumbre.kinds.supply.records import Offer, Unit
from lumbre.ledger import MemoryBook, MemoryTables
from lumbre.node import founding
from lumbre.node.meetings import link_of
from lumbre.node.node import Node
from lumbre.record import OPEN, Entry, Lane, LogName, Ref, SigningKey, Writer
from lumbre.record.limits import KEY_ID_BYTES, SALT_BYTES
from lumbre.record.seal import seal_body
from lumbre.record.segment import write_segment
from lumbre.schema import Body, Role
from lumbre.store import LogStore, PrivateStore
from lumbre.trust.acts import Admit

SOURCE: Final = 0
RECEIVER: Final = 1
"""Which author's key a node keeps."""

_ADMITTED_AT_ONCE: Final = 500
_TAKEN_AT_ONCE: Final = 100


def open_node(folder: Path, number: int, *, is_locked: bool = False) -> Node:
    """The node of a folder, over files with `synchronous=FULL`; `number` is whose random it has."""
    folder.mkdir(parents=True, exist_ok=True)
    private = None if is_locked else PrivateStore(folder / "private", KEY)
    log = LogStore(folder / "log", KEY)
    return Node(log, private, REGISTRY, FixedClock(), SeededRandom(10 + number))


def offer(number: int) -> Offer:
    """The peers' body of this number, as lumbre says it."""
    said = body(number)
    tags = " ".join(f"#{tag}" for tag in said["tags"])
    return Offer(
        **HERE,
        good="water",
        unit=Unit.MILLILITRE,
        quantity=said["id"] + 1,
        place_name=f"{said['lat']} {said['lon']}",
        note=f"{said['txt']} {tags} {said['n']}",
    )


class Material:
    """A space, its acts of trust, and what its authors write: the same from a seed each time."""

    def __init__(
        self, authors: int, *, is_sealed: bool = False, signed_every: int = 100, seed: int = 1
    ) -> None:
        """`signed_every`: one entry in so many has a signature; the last of a run always does."""
        self._rng = random.Random(seed)
        self._is_sealed = is_sealed
        self._signed_every = signed_every
        self._seeds = [self._rng.randbytes(32) for _ in range(authors)]
        keys = [SigningKey(one) for one in self._seeds]
        founder = Node(MemoryBook(), MemoryTables(), REGISTRY, FixedClock(), SeededRandom(seed + 1))
        self.space = founding.found(founder, "La Vega", "ana")
        held = founder.space(self.space)
        self._epoch, self._keys = held.current_keys()
        steward = founder.authors(self.space)[0]
        for start in range(0, authors, _ADMITTED_AT_ONCE):
            some = keys[start : start + _ADMITTED_AT_ONCE]
            founder.write(self.space, steward, [_admit(one, held.after()) for one in some])
        self.acts = list(founder.give(self.space))
        self._writers = [
            Writer(LogName(self.space, key.public, Lane.ORDINARY), key) for key in keys
        ]

    def make_node(self, folder: Path, number: int, *, knows_acts: bool) -> Node:
        """A new unlocked node of the device `number`, with its link key and the epoch's key.

        Without the acts it holds nothing but the space's name: others introduce themselves.
        """
        node = open_node(folder, number)
        node.add_space(self.space)
        node.keep_author(self.space, self._seeds[number])
        node.learn_epoch(self.space, self._epoch, self._keys.secret)
        if knows_acts:
            node.take(self.acts)
        assert link_of(node, self.space) is not None
        return node

    def author(self, number: int) -> bytes:
        """The author's key of a device."""
        return self._writers[number].name.author

    def segments(self, numbers: Sequence[int], authors: int) -> Iterator[bytes]:
        """What the first `authors` write next: the bodies of these numbers, shared evenly."""
        share = len(numbers) // authors
        assert share * authors == len(numbers), "shared evenly"
        for at, writer in enumerate(self._writers[:authors]):
            yield from self._runs(writer, numbers[at * share : (at + 1) * share])

    def segments_of(self, shares: Iterable[tuple[int, Sequence[int]]]) -> Iterator[bytes]:
        """What some authors write next: (author, numbers)."""
        for at, numbers in shares:
            yield from self._runs(self._writers[at], numbers)

    def _runs(self, writer: Writer, numbers: Sequence[int]) -> Iterator[bytes]:
        every = max(self._signed_every, 100)
        for start in range(0, len(numbers), every):
            base, run = writer.tip, []
            some = numbers[start : start + every]
            for place, number in enumerate(some, 1):
                is_mark = place % self._signed_every == 0 or place == len(some)
                run.append(self._entry(writer, offer(number), number, is_mark=is_mark))
            yield write_segment(run, base)

    def _entry(self, writer: Writer, what: Body, number: int, *, is_mark: bool) -> Entry:
        data, key_id = REGISTRY.encode(what), OPEN
        tip = writer.tip
        if self._is_sealed:
            key_id = self._epoch[:KEY_ID_BYTES]
            data = seal_body(
                data,
                self._keys.body,
                log=writer.name.id,
                seq=tip.seq + 1,
                prev=tip.id,
                salt=self._rng.randbytes(SALT_BYTES),
            )
        return writer.append(
            data, depth=tip.depth + 1, wall_s=WALL_S + number, key_id=key_id, is_last=is_mark
        )


def take(node: Node, segments: Iterable[bytes]) -> int:
    """Take all of it in, every entry with effect; how many there were."""
    count = 0
    batch: list[bytes] = []

    def take_batch() -> int:
        received = node.take(batch)
        assert not received.refused, received
        assert not received.waiting, received
        assert not received.without_effect, received
        batch.clear()
        return received.new

    for segment in segments:
        batch.append(segment)
        if len(batch) == _TAKEN_AT_ONCE:
            count += take_batch()
    return count + take_batch()


def _admit(key: SigningKey, after: tuple[Ref, ...]) -> Admit:
    return Admit(
        **HERE,
        after=after,
        key=key.public,
        consent=b"",
        role=Role.MEMBER,
        person=None,
        invite=None,
    )
