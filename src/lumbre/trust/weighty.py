"""The acts that decide: proposals and votes by who may ever be a steward, and their pasts.

A person may ever be a steward if it founded the space or one who may proposes it. Only the
acts of such persons that propose, vote or close get a place, (line, count): a line is one
branch of one of their logs. The past of any act is then a short tuple, how many acts of each
line it follows, shared by all acts that follow the same.

What this does not do: say whether a vote counts.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import zip_longest
from typing import Final

from lumbre.trust.acts import (
    Admit,
    Appoint,
    Approve,
    Close,
    Dismiss,
    EndMandate,
    Epoch,
    Grant,
    Mandate,
    MovePins,
    Remove,
    SetQuorum,
    SetRules,
)
from lumbre.trust.graph import Graph
from lumbre.trust.people import Admission, People

CANDIDATES_MAX: Final = 256
"""Persons who are ever proposed as stewards; the first in the order count. Ten years of a
commune name a few dozen; it bounds the pasts that a hostile space can make others compute."""

PROPOSALS: Final = (
    Appoint,
    Remove,
    Dismiss,
    MovePins,
    SetQuorum,
    SetRules,
    Epoch,
    Mandate,
    EndMandate,
    Grant,
)
_DECIDING: Final = (*PROPOSALS, Approve, Close)

Past = tuple[int, ...]
"""How many acts of each line an act follows; lines past the end: none."""


def is_proposal(body: object) -> bool:
    """Whether a body is in effect only once enough stewards approved it."""
    return isinstance(body, PROPOSALS) or (isinstance(body, Admit) and body.person is not None)


def is_deciding(body: object) -> bool:
    """Whether a body can change what proposals decide: then all is evaluated anew."""
    return isinstance(body, _DECIDING) or (isinstance(body, Admit) and body.person is not None)


def join(pasts: Collection[Past]) -> Past:
    """The past of who follows all of these."""
    if len(pasts) < 2:
        return next(iter(pasts), ())
    return tuple(map(max, zip_longest(*pasts, fillvalue=0)))


class Weighty:
    """Places and pasts of the acts of a graph. Built once for each evaluation."""

    def __init__(
        self,
        graph: Graph,
        people: People,
        founders: frozenset[bytes],
        granted: frozenset[int],
    ) -> None:
        self.graph = graph
        self.granted = granted
        self.acts: list[int] = []
        self.lines: list[list[int]] = []
        self.place: dict[int, tuple[int, int]] = {}
        self.before: dict[int, Past] = {}
        self.upto: dict[int, Past] = {}
        self.votes: dict[int, list[int]] = {}
        self.candidates: set[bytes] = set(founders)
        self.signed: dict[bytes, list[int]] = {}
        self.joint: set[int] = set()
        self._line_of: dict[int, int] = {}
        self._persons = {
            key: frozenset(a.person for a in found if not a.is_paper)
            for key, found in people.keys.items()
        }
        self._build()
        self._find_joint()
        self.rooted = self._find_rooted(people)

    def persons_of(self, number: int) -> frozenset[bytes]:
        """For whom the author of an act may speak, before anything was taken away."""
        return self._persons.get(self.graph.entries[number].name.author, frozenset())

    def _build(self) -> None:
        graph = self.graph
        pasts: list[Past] = [()] * len(graph)
        bodies, follows = graph.bodies, graph.follows
        shared: dict[Past, Past] = {}
        for number in graph.in_order(range(len(graph))):
            past = join({pasts[other] for other in follows[number]})
            past = shared.setdefault(past, past)
            body = bodies[number]
            if isinstance(body, _DECIDING) or is_proposal(body):
                self.before[number] = past
                if self.persons_of(number) & self.candidates:
                    past = self._give_place(number, past)
            pasts[number] = past

    def _give_place(self, number: int, past: Past) -> Past:
        branch = self.graph.branch[number]
        line = self._line_of.setdefault(branch, len(self.lines))
        if line == len(self.lines):
            self.lines.append([])
        acts = self.lines[line]
        acts.append(number)
        self.acts.append(number)
        self.place[number] = (line, len(acts))
        past = past[:line] + (0,) * (line - len(past)) + (len(acts),) + past[line + 1 :]
        self.upto[number] = past
        body = self.graph.bodies[number]
        if isinstance(body, Approve):
            target = self.graph.number.get(body.proposal.hash)
            if target is not None and is_proposal(self.graph.bodies[target]):
                self.votes.setdefault(target, []).append(number)
        elif not isinstance(body, Close):
            self.votes.setdefault(number, []).append(number)
            if isinstance(body, Appoint) and len(self.candidates) < CANDIDATES_MAX:
                self.candidates.add(body.person)
        return past

    def _find_joint(self) -> None:
        """What each person signed, and which proposals several persons signed."""
        for number in self.acts:
            signers = [self.persons_of(vote) for vote in self.votes.get(number, ())]
            everyone = frozenset[bytes]().union(*signers) & self.candidates
            if len(everyone) > 1:
                self.joint.add(number)
            for person in everyone:
                self.signed.setdefault(person, []).append(number)

    def _find_rooted(self, people: People) -> dict[int, tuple[bytes, Admission]]:
        """The admissions of persons whom a steward proposed: nobody's closing undoes those."""
        found: dict[int, tuple[bytes, Admission]] = {}
        for person in sorted(self.candidates):
            number = self.graph.number.get(person)
            body = None if number is None else self.graph.bodies[number]
            if isinstance(body, Admit):
                for admission in people.keys.get(body.key, ()):
                    if admission.act == number:
                        found[admission.act] = body.key, admission
        return found

    def is_past(self, number: int, of: int) -> bool:
        """Whether an act with a place is in the past of another that decides."""
        place = self.place.get(number)
        return place is not None and self.holds(self.before.get(of, ()), place)

    @staticmethod
    def holds(past: Past, place: tuple[int, int]) -> bool:
        """Whether a past holds the act at a place."""
        line, count = place
        return line < len(past) and past[line] >= count

    def are_concurrent(self, one: int, other: int) -> bool:
        """Whether neither of two acts is in the other's past."""
        return not self.is_past(one, other) and not self.is_past(other, one)
