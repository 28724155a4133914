"""The acts known, as a graph: who wrote each, what it follows, and in which order they count.

An act follows the one before it in its log and those that it refers to. The order is by
(depth in this graph, id): every act comes after all that it follows, and the order is the
same whatever arrived first.

What it does not do: judge, or forget. An act whose references are unknown here follows less;
the ledger hands in an entry only after what it refers to.
"""

from __future__ import annotations

from collections.abc import Iterable

from lumbre.record.entry import Entry
from lumbre.record.log import Mention, Ref
from lumbre.schema.fields import Body
from lumbre.trust.acts import Act, Approve, EndMandate, Epoch, MovePins, TrustAct, Wrap

Pin = tuple[bytes, int, bytes]
"""(log, seq, id) of the last entry that counts on one branch of one log."""


class Graph:
    """Acts by number of arrival. Grows only; not shared between threads."""

    def __init__(self) -> None:
        self.number: dict[bytes, int] = {}
        self.entries: list[Entry] = []
        self.bodies: list[Body | None] = []
        self.follows: list[tuple[int, ...]] = []
        self.depths: list[int] = []
        self.branch: list[int] = []
        self._has_next: set[int] = set()
        self._forks: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self.entries)

    def add(self, act: Act) -> int | None:
        """Take an act in; its number, or None where it is known."""
        entry = act.entry
        if entry.id in self.number:
            return None
        number = len(self.entries)
        previous = self.number.get(entry.prev, -1)
        follows = self._known(act, previous)
        depths = self.depths
        self.number[entry.id] = number
        self.entries.append(entry)
        self.bodies.append(act.body)
        self.follows.append(follows)
        depths.append(1 + max((depths[other] for other in follows), default=0))
        if previous >= 0 and previous not in self._has_next:
            self._has_next.add(previous)
            self.branch.append(self.branch[previous])
        else:
            origin = (self.branch[previous], self.entries[previous].seq) if previous >= 0 else None
            self.branch.append(len(self._forks))
            self._forks.append(origin or (-1, -1))
        return number

    def _known(self, act: Act, previous: int) -> tuple[int, ...]:
        found: list[int] = [] if previous < 0 else [previous]
        get = self.number.get
        for ref in refs_of(act):
            other = get(ref.hash)
            if other is not None and other not in found:
                found.append(other)
        return tuple(found)

    def order_key(self, number: int) -> tuple[int, bytes]:
        """Where an act stands in the order."""
        return self.depths[number], self.entries[number].id

    def in_order(self, numbers: Iterable[int]) -> list[int]:
        """Acts in the order."""
        return sorted(numbers, key=self.order_key)

    def is_within(self, entry: Entry, pins: Iterable[Pin]) -> bool:
        """Whether an act is a pinned entry of its log or comes before one."""
        number = self.number[entry.id]
        for log, seq, id_ in pins:
            if log == entry.log and seq >= entry.seq:
                pinned = self.number.get(id_)
                if pinned is not None and self._is_before(number, pinned):
                    return True
        return False

    def _is_before(self, number: int, later: int) -> bool:
        """Whether an act is `later` or before it, in one log."""
        target, branch = self.branch[number], self.branch[later]
        seq = self.entries[later].seq
        while branch >= 0 and branch != target:
            branch, seq = self._forks[branch]
        return branch == target and self.entries[number].seq <= seq


def refs_of(act: Act) -> list[Ref]:
    """What an act stands on, by its fields; for an unknown kind what the ledger found."""
    body = act.body
    refs = list(act.refs)
    if body is None:
        return refs
    if body.speaks_for is not None:
        refs.append(body.speaks_for)
    if isinstance(body, TrustAct):
        refs += body.after
    if isinstance(body, Approve):
        refs.append(body.proposal)
    elif isinstance(body, MovePins):
        refs.append(body.removal)
    elif isinstance(body, EndMandate):
        refs.append(body.mandate)
    elif isinstance(body, Wrap):
        refs.append(body.epoch)
    elif isinstance(body, Epoch) and body.predecessor is not None:
        refs.append(body.predecessor)
    return refs


def pins_of(mentions: Iterable[Mention]) -> tuple[Pin, ...]:
    """Pins as the acts carry them."""
    return tuple((pin.log, pin.seq, pin.hash) for pin in mentions)
