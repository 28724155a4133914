"""Readings of rights for screens and writers: persons, mandates, epochs, open proposals.

Plain functions over `Rights`; each looks through the acts when it is asked.

What this does not do: enforce a term. It is shown; a mandate ends by an act.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from lumbre.record.log import Ref
from lumbre.schema.fields import Body
from lumbre.trust.acts import Admit, EndMandate, Epoch, ForkSeen, Mandate, Organisation, Wrap
from lumbre.trust.judge import note_of
from lumbre.trust.rights import Rights
from lumbre.trust.vouch import Vouched, is_bringing

B = TypeVar("B", bound=Body)


class Proposal(msgspec.Struct, frozen=True):
    """A proposal that has not enough votes: who voted, and how many it takes."""

    ref: Ref
    body: Body
    voters: frozenset[bytes]
    electorate: frozenset[bytes]
    need: int


class Held(msgspec.Struct, frozen=True):
    """A mandate and who holds it now: the holder, or the first deputy whose turn is not over."""

    ref: Ref
    body: Mandate
    holder: bytes | None


class EpochKey(msgspec.Struct, frozen=True):
    """A key of the space, named by the entry that made it."""

    ref: Ref
    depth: int
    body: Epoch


def _in_effect(rights: Rights, kind: type[B]) -> Iterator[tuple[int, B]]:
    settled = rights.settled
    if settled is None:
        return
    graph = settled.graph
    found = [n for n, body in enumerate(graph.bodies) if isinstance(body, kind)]
    for number in graph.in_order(found):
        if note_of(settled, number) is None:
            body = graph.bodies[number]
            assert isinstance(body, kind)
            yield number, body


def _ref(rights: Rights, number: int) -> Ref:
    assert rights.settled is not None
    return rights.settled.graph.entries[number].ref


def persons(rights: Rights) -> dict[bytes, tuple[bytes, ...]]:
    """Every person with the keys that stand for it, those taken away too."""
    found: dict[bytes, list[bytes]] = {}
    for key, right in rights.authors():
        found.setdefault(right.person, []).append(key)
    return {person: tuple(sorted(keys)) for person, keys in found.items()}


def closed_keys(rights: Rights) -> frozenset[bytes]:
    """The keys that were taken away."""
    return frozenset(key for key, right in rights.authors() if right.pins is not None)


def organisations(rights: Rights) -> list[tuple[Ref, Organisation]]:
    """The organisations that take part."""
    return [(_ref(rights, number), body) for number, body in _in_effect(rights, Organisation)]


def mandates(rights: Rights) -> list[Held]:
    """Who holds which mandate now."""
    ended: dict[bytes, set[bytes]] = {}
    for _, end in _in_effect(rights, EndMandate):
        ended.setdefault(end.mandate.hash, set()).add(end.person)
    closed = closed_keys(rights)
    present = {p for p, keys in persons(rights).items() if not closed.issuperset(keys)}
    found = []
    for number, body in _in_effect(rights, Mandate):
        ref = _ref(rights, number)
        over = ended.get(ref.hash, set())
        turns = (p for p in (body.holder, *body.deputies) if p not in over and p in present)
        found.append(Held(ref, body, next(turns, None)))
    return found


def epochs(rights: Rights) -> list[EpochKey]:
    """The keys of the space in effect, by (depth, id)."""
    found = []
    for number, body in _in_effect(rights, Epoch):
        assert rights.settled is not None
        entry = rights.settled.graph.entries[number]
        found.append(EpochKey(entry.ref, entry.depth, body))
    return sorted(found, key=lambda epoch: (epoch.depth, epoch.ref.hash))


def current_epoch(rights: Rights) -> bytes | None:
    """The id of the epoch to write under: the greatest that excludes every key taken away.

    None where a key was taken away since the last: the stewards have to make a new one.
    """
    closed = closed_keys(rights)
    fitting = [epoch for epoch in epochs(rights) if closed <= frozenset(epoch.body.excludes)]
    return fitting[-1].ref.hash if fitting else None


def boxes_of(rights: Rights, epoch: Ref, key: bytes) -> list[bytes]:
    """The boxes of an epoch's key for a device: from the epoch itself and later wraps."""
    bodies: list[Epoch | Wrap] = [e.body for e in epochs(rights) if e.ref == epoch]
    bodies += [body for _, body in _in_effect(rights, Wrap) if body.epoch == epoch]
    return [box.box for body in bodies for box in body.boxes if box.key == key]


def forks(rights: Rights) -> list[tuple[Ref, ForkSeen]]:
    """Proofs that a key wrote two branches; they are shown and stop nothing."""
    return [(_ref(rights, number), body) for number, body in _in_effect(rights, ForkSeen)]


def unapproved(rights: Rights) -> list[Proposal]:
    """Admissions by members that no steward stands by yet: one steward's approval is enough.

    Until then who was admitted brings in nobody (adr 0002, rule 9).
    """
    settled = rights.settled
    if settled is None or not isinstance(settled.vouched, Vouched):
        return []
    found = []
    for number, body in _in_effect(rights, Admit):
        ref = _ref(rights, number)
        if is_bringing(body) and settled.vouched.waits(ref.hash):
            found.append(Proposal(ref, body, frozenset(), rights.stewards, 1))
    return found


def open_proposals(rights: Rights) -> list[Proposal]:
    """Proposals without enough votes, with the votes so far."""
    settled = rights.settled
    if settled is None:
        return []
    outcome = settled.outcome
    waiting = outcome.need.keys() - outcome.effective
    found = []
    for number in settled.graph.in_order(waiting):
        body = settled.graph.bodies[number]
        assert body is not None
        found.append(
            Proposal(
                _ref(rights, number),
                body,
                frozenset(outcome.voters[number]),
                outcome.electorate[number],
                outcome.need[number],
            )
        )
    return found
