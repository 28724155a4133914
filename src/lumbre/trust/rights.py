"""Rights: the result of a replay. Who is admitted, in what role, and what counts.

Immutable in what it says of authors: a later replay makes new `Rights`, and `changed` names
the authors whose entries must be judged again.

Right is judged without a clock. Lanes 1 to 3 carry no trust heads, so there an author has
the role that it has now, and a former steward's entries up to its pins count as a steward's.

What this does not do: read entries of other lanes, or say whether an adopter was the other
side of a movement (`adopters` lets a kind ask).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Generic, TypeVar

import msgspec

from lumbre.record.entry import Entry
from lumbre.record.log import Lane, LogName
from lumbre.schema.kind import Standing
from lumbre.schema.roles import Role
from lumbre.trust.acts import Found
from lumbre.trust.council import percent_of, version_of
from lumbre.trust.grants import LaneBytes
from lumbre.trust.graph import Pin
from lumbre.trust.judge import note_of
from lumbre.trust.removal import Settled

IsAncestor = Callable[[tuple[int, bytes]], bool]
"""Whether the entry in question is the one at (seq, id) of its log, or comes before it."""
K = TypeVar("K")
V = TypeVar("V")

LAYER_MAX: Final = 512
"""Changes copied with each step before they are folded into a new base."""


class AuthorRight(msgspec.Struct, frozen=True, gc=False):
    """What a key may do. `pins` None: nothing was taken away; else the last entries that count.

    `steward_pins`: where a former steward's acts as one end; None: never was one, or is one.
    """

    person: bytes
    role: Role
    pins: tuple[Pin, ...] | None
    grants: LaneBytes
    steward_pins: tuple[Pin, ...] | None = None


class Layers(Generic[K, V]):
    """An immutable mapping that shares what did not change with the one it was made from."""

    __slots__ = ("base", "top")

    def __init__(self, base: dict[K, V], top: dict[K, V] | None = None) -> None:
        self.base = base
        self.top = {} if top is None else top

    def get(self, key: K) -> V | None:
        """The value, or None."""
        found = self.top.get(key)
        return self.base.get(key) if found is None else found

    def with_items(self, items: Mapping[K, V]) -> Layers[K, V]:
        """The same with some values set."""
        if not items:
            return self
        top = {**self.top, **items}
        if len(top) > LAYER_MAX:
            return Layers({**self.base, **top})
        return Layers(self.base, top)

    def items(self) -> Iterator[tuple[K, V]]:
        """All of it."""
        yield from self.top.items()
        for key, value in self.base.items():
            if key not in self.top:
                yield key, value

    def differing(self, other: Layers[K, V]) -> set[K]:
        """Keys whose values differ."""
        if self.base is other.base:
            keys = self.top.keys() | other.top.keys()
        else:
            keys = {key for key, _ in self.items()} | {key for key, _ in other.items()}
        return {key for key in keys if self.get(key) != other.get(key)}


class Rights:
    """Who may do what, by the acts of one moment."""

    def __init__(
        self,
        space: bytes,
        settled: Settled | None,
        authors: Layers[bytes, AuthorRight],
        adopted: Layers[tuple[bytes, bytes], frozenset[bytes]],
    ) -> None:
        self.space = space
        self.settled = settled
        self.by_author = authors
        self.adopted = adopted
        self.founder: bytes | None = None
        self.stewards: frozenset[bytes] = frozenset()
        self.paper: bytes | None = None
        self.quorum_percent = 50
        self.rules_version = 1
        if settled is not None:
            final, graph = settled.outcome.final, settled.graph
            found = graph.bodies[settled.founding]
            assert isinstance(found, Found)
            self.paper = found.recovery
            self.founder = graph.entries[settled.founding].id
            self.stewards = frozenset(settled.live)
            self.quorum_percent = percent_of(graph, found.quorum_percent, final.quorums)
            self.rules_version = version_of(graph, found.rules_version, final.rules)

    @property
    def quorum(self) -> int:
        """How many stewards it takes for a decision now."""
        return len(self.stewards) * self.quorum_percent // 100 + 1

    def author(self, key: bytes) -> AuthorRight | None:
        """What a key may do; None where it is not admitted."""
        return self.by_author.get(key)

    def authors(self) -> Iterator[tuple[bytes, AuthorRight]]:
        """Every admitted key."""
        return self.by_author.items()

    def adopters(self, log: bytes, id_: bytes) -> frozenset[bytes]:
        """The members who adopted an entry of a removed member."""
        return self.adopted.get((log, id_)) or frozenset()

    def verdict(
        self,
        entry: Entry,
        writers: frozenset[Role],
        is_ancestor: IsAncestor,
        *,
        is_adoptable: bool = True,
    ) -> Standing | str:
        """Whether an entry of lanes 1 to 3 counts, or the message id of why not.

        REMOVED is past its author's pins: shown where its kind says so, else without effect.
        `is_adoptable` False: its kind has records of its own by which the other side adopts.
        """
        right = self.by_author.get(entry.name.author)
        if right is None or entry.name.space != self.space:
            return "right.not-admitted"
        if right.role not in writers:
            if Role.STEWARD not in writers or right.steward_pins is None:
                return "right.role"
            if not _is_within(entry, right.steward_pins, is_ancestor):
                return "right.role"
        if right.pins is None or _is_within(entry, right.pins, is_ancestor):
            return Standing.COUNTS
        if is_adoptable and self.adopted.get((entry.log, entry.id)):
            return Standing.COUNTS
        return Standing.REMOVED

    def act_note(self, id_: bytes) -> str | None:
        """Why an act of trust is without effect, or None where it has effect."""
        if self.settled is None:
            return "right.no-founding"
        number = self.settled.graph.number.get(id_)
        return "right.unknown-act" if number is None else note_of(self.settled, number)

    def changed(self, older: Rights) -> frozenset[bytes]:
        """Author keys whose entries must be judged again."""
        found = self.by_author.differing(older.by_author)
        logs = {log for log, _ in self.adopted.differing(older.adopted)}
        if logs:
            for key, right in self.authors():
                if right.pins is not None:
                    names = (LogName(self.space, key, lane) for lane in Lane)
                    if any(name.id in logs for name in names):
                        found.add(key)
        return frozenset(found)


def _is_within(entry: Entry, pins: tuple[Pin, ...], is_ancestor: IsAncestor) -> bool:
    return any(
        log == entry.log and seq >= entry.seq and is_ancestor((seq, id_)) for log, seq, id_ in pins
    )


def grant_bytes(rights: Rights, key: bytes, lane: Lane) -> int:
    """How many bytes the key's log of a lane may hold; 0 where it is not admitted."""
    right = rights.author(key)
    return 0 if right is None else right.grants[lane]
