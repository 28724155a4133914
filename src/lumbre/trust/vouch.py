"""Whose admissions are in force: who brings in how many before a steward stands by them.

A person is vouched for who founded the space, was ever a steward, was admitted by a steward or
by the stewards' vote, or whose admission a steward approved (`approve`). A member who is
vouched for brings in up to `BROUGHT_MAX` persons, the first in the order; whoever is not brings
in nobody. So a flood of puppets ends after one generation, and the bytes that it may fill, too.

A steward's acts up to the pins of a dismissal or removal stay a steward's.

What this does not do: touch what the stewards decide. Nobody decides but who was appointed.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Container, Mapping
from typing import Final

from lumbre.trust.acts import Admit, Approve
from lumbre.trust.graph import Pin
from lumbre.trust.people import Admission
from lumbre.trust.removal import Settled

BROUGHT_MAX: Final = 32
"""Persons whom one member brings in before a steward approves any: a stairwell or a block. Each
holds a grant on every device; a hostile member fills 1 GB and a half with them, and no more."""


def is_bringing(body: object) -> bool:
    """Whether a body admits a new person, and no further key of one."""
    return isinstance(body, Admit) and body.person is None


class Vouched:
    """Who is in force among the admitted persons of one result. Grows with it."""

    def __init__(self, settled: Settled, steward_pins: Mapping[bytes, tuple[Pin, ...]]) -> None:
        self.approvals: set[int] = set()
        self._settled = settled
        self._steward_pins = steward_pins
        self._vouched = {*settled.founders, *settled.live, *steward_pins}
        self._brought: dict[bytes, list[tuple[int, bytes]]] = {}
        self._known: set[bytes] = set()
        self._find()

    def __contains__(self, person: object) -> bool:
        """Whether a person's admission is in force."""
        return person in self._vouched or person in self._known

    def waits(self, person: bytes) -> bool:
        """Whether a person is in force by a member's word alone."""
        return person in self._known and person not in self._vouched

    def _find(self) -> None:
        settled, plain = self._settled, list[Admission]()
        approved = self._find_approved()
        for admission in [a for found in settled.people.keys.values() for a in found]:
            if admission.by_vote:
                self._vouched.add(admission.person)
            elif is_bringing(settled.graph.bodies[admission.act]):
                if admission.act in approved or self._is_by_steward(admission.act):
                    self._vouched.add(admission.person)
                elif admission.person not in self._vouched:
                    plain.append(admission)
        for admission in plain:
            self._bring(admission)
        for brought in self._brought.values():
            self._known.update(id_ for _, id_ in brought[:BROUGHT_MAX])

    def _find_approved(self) -> set[int]:
        """The admissions that a steward approved."""
        graph, found = self._settled.graph, set[int]()
        for number, body in enumerate(graph.bodies):
            target = graph.number.get(body.proposal.hash) if isinstance(body, Approve) else None
            if target is None or not is_bringing(graph.bodies[target]):
                continue
            if self._is_by_steward(number):
                self.approvals.add(number)
                found.add(target)
        return found

    def add(self, number: int, fresh: Container[bytes]) -> bool:
        """Take up a further act that admits a key; False: all is evaluated anew.

        Who was admitted before its key was `fresh`, and is in force only now, did more by then.
        """
        settled = self._settled
        entry, body = settled.graph.entries[number], settled.graph.bodies[number]
        if not isinstance(body, Admit) or entry.id in self:
            return True
        for admission in settled.people.keys.get(body.key, ()):
            if admission.act == number:
                if self._is_by_steward(number):
                    self._vouched.add(entry.id)
                    return body.key in fresh
                brought = self._bring(admission)
                first = brought[:BROUGHT_MAX]
                if admission.id in {id_ for _, id_ in first}:
                    self._known.add(entry.id)
                    # Whom it takes the place of had rights until now.
                    return len(brought) <= BROUGHT_MAX and body.key in fresh
        return True

    def _bring(self, admission: Admission) -> list[tuple[int, bytes]]:
        """Count an admission for the member who made it; all that the member made."""
        members = [a for a in self._standing(admission.act) if a.person in self._vouched]
        if not members:
            return []
        brought = self._brought.setdefault(min(members, key=lambda a: a.rank).person, [])
        place = admission.depth, admission.id
        if place not in brought:
            insort(brought, place)
        return brought

    def _standing(self, number: int) -> list[Admission]:
        settled = self._settled
        author = settled.graph.entries[number].name.author
        return [
            a
            for a in settled.people.keys.get(author, ())
            if not a.is_paper and settled.taken.stands(number, author, a)
        ]

    def _is_by_steward(self, number: int) -> bool:
        """Whether an act is a steward's, as one of now or up to the pins of a former one."""
        live, pins = self._settled.live, self._steward_pins
        graph = self._settled.graph
        return any(
            a.person in live
            or (a.person in pins and graph.is_within(graph.entries[number], pins[a.person]))
            for a in self._standing(number)
        )
