"""What this device remembers of sticks: which of its bundles lie there, and what they hold.

A stick is known by random bytes in a file on it. For each space it has a chain of bundles of
this device: the first whole, each further one what had arrived here since. A step says up to
which arrival of the log file it reaches, so forks, filled gaps and bodies that came late are in
it, and a row takes 60 bytes. A chain counts as far as its files lie there as they were written.

A chain begins anew where it would not be read: after a device was admitted that is never given
an epoch's secret (it opens only what is sealed to its own key), after this log file was salvaged
(arrivals count anew), and when it has too many steps.

What this does not do: look at the stick.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Final

import msgspec

from lumbre.node.carrying import known_since, never_readers
from lumbre.node.node import Node
from lumbre.node.ports import LogDisk
from lumbre.node.segments import branches_of
from lumbre.node.spaces import Space
from lumbre.record import Lane
from lumbre.record.canonical import encode

ID_BYTES: Final = 16
# A stick a week for a year; who has more writes some of them whole.
STICKS_MAX: Final = 64
# Two weeks of days; then one whole bundle takes their place.
STEPS_MAX: Final = 14
_STICKS: Final = "sticks"
_GENERATION: Final = "generation"
_DIGEST_BYTES: Final = 16


class Step(msgspec.Struct, array_like=True, frozen=True):
    """One file of a chain; with it and those before it the stick holds all up to `arrival`."""

    name: str
    size_bytes: int
    digest: bytes
    arrival: int


class Chain(msgspec.Struct, array_like=True):
    """The bundles of one space that this device wrote to one stick, and those they replaced."""

    space: bytes
    prefix: str
    carriers: bytes
    steps: list[Step] = []
    replaced: list[Step] = []
    next_number: int = 0


class Stick(msgspec.Struct, array_like=True):
    """One stick. `generation` is that of the log file whose arrivals the steps count in."""

    id: bytes
    generation: bytes
    chains: list[Chain] = []

    def chain(self, space: bytes) -> Chain | None:
        """The chain of a space."""
        return next((chain for chain in self.chains if chain.space == space), None)

    def put(self, chain: Chain) -> None:
        """Set the chain of its space."""
        self.chains = [other for other in self.chains if other.space != chain.space] + [chain]


_Sticks = Annotated[list[Stick], msgspec.Meta(max_length=STICKS_MAX)]


def digest_of(data: bytes) -> bytes:
    """By which a file is known again."""
    return hashlib.sha256(data).digest()[:_DIGEST_BYTES]


def recall(log: LogDisk, id_: bytes) -> Stick:
    """What is remembered of a stick; nothing of one that is new here."""
    generation = log.meta(_GENERATION) or b""
    found = next((stick for stick in _all(log) if stick.id == id_), None)
    if found is None or found.generation != generation:
        return Stick(id_, generation)
    return found


def remember(log: LogDisk, stick: Stick) -> None:
    """Keep what is known of a stick; beyond `STICKS_MAX` the one used longest ago is forgotten."""
    others = [other for other in _all(log) if other.id != stick.id]
    log.set_meta(_STICKS, encode([*others, stick][-STICKS_MAX:]))


def _all(log: LogDisk) -> list[Stick]:
    stored = log.meta(_STICKS)
    return [] if stored is None else msgspec.msgpack.decode(stored, type=_Sticks)


def carriers_of(space: Space) -> bytes:
    """Changes when a device comes or goes that opens only what is sealed to its own key."""
    return digest_of(b"".join(never_readers(space)))


def is_readable(chain: Chain, space: Space) -> bool:
    """Whether all who may open a new bundle can open this chain's as well."""
    return len(chain.steps) < STEPS_MAX and chain.carriers == carriers_of(space)


def known_on(node: Node, space: Space, steps: list[Step]) -> dict[bytes, int]:
    """What the files of a chain hold. Where acts are new, none are counted as held.

    Who was just admitted needs all acts and opens the new bundle alone, until one of the acts
    brings the key to the others.
    """
    if not steps:
        return {}
    known = known_since(node, space.id, steps[-1].arrival)
    acts = [b for b in branches_of(node.log, space.id) if b.name.lane is Lane.TRUST]
    if any(known[branch.first_id] < branch.tip.seq for branch in acts):
        for branch in acts:
            del known[branch.first_id]
    return known
