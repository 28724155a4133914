"""Persons and their keys: which keys are admitted, for whom, and in what role.

From the founding entry on, each admission by an admitted key that has the right makes a
further key admitted. It does not matter which was seen first: the result is the least set
that holds the founders and what they, and those they admitted, admitted.

- A member admits keys as new persons, up to the role of member.
- A person's own key, or the founder's paper, admits further keys of that person, at most
  `DEVICES_MAX` in all; the stewards admit more.
- If two acts admit one key, those that carry the key's own consent count; else both do.
  A key may so stand for two persons: it then speaks for each as that person.

What this does not do: take keys away (see `pins`), or know of stewards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Container, Sequence
from heapq import heapify, heappop, heappush
from typing import Final

import msgspec

from lumbre.record.keys import is_signed
from lumbre.record.log import NO_SPACE
from lumbre.schema.roles import Role
from lumbre.trust.acts import Admit, Device, Found
from lumbre.trust.graph import Graph

DEVICES_MAX: Final = 32
"""Keys that a person admits on its own in a lifetime: a new phone each quarter for eight
years. Without a bound one stolen key could fill a courier with fresh keys, each with a grant."""

CONSENT_DOMAIN: Final = b"lumbre/consent/1\0"
_PERSON_DOMAIN: Final = b"lumbre/person/1\0"
NEW_PERSON: Final = bytes(32)
_OWN_DEVICES: Final = frozenset({Role.COURIER, Role.READER, Role.MEMBER})


class Admission(msgspec.Struct, frozen=True, gc=False):
    """One act's admission of a key. `act` is the act's number, `steps` how far from a founder.

    `is_paper`: the founder's paper key, which admits and closes keys and nothing else. `vote`:
    the proposal to admit a further key that this rests on, itself or by a key that it admits.
    """

    steps: int
    depth: int
    id: bytes
    act: int
    person: bytes
    role: Role
    vote: int | None = None
    is_paper: bool = False

    @property
    def by_vote(self) -> bool:
        """Whether the act is itself such a proposal."""
        return self.vote == self.act

    @property
    def rank(self) -> tuple[int, int, bytes]:
        """Of several admissions of a key the least is shown."""
        return self.steps, self.depth, self.id


def cofounder_person(space: bytes, key: bytes) -> bytes:
    """The name of a person whom the founding entry admits beside the founder."""
    return hashlib.sha256(_PERSON_DOMAIN + space + key).digest()


def consent_message(space: bytes, admitter: bytes, person: bytes = NEW_PERSON) -> bytes:
    """What a key signs under `CONSENT_DOMAIN` to be admitted by `admitter` (all zero: anew)."""
    return space + admitter + person


Keys = dict[bytes, list[Admission]]
Stands = Callable[[int, bytes, Admission], bool]
"""Whether an act of a key stands by what one admission of the key gives it. Only what is found
from the founders on counts: who was removed does not stay by admitting its own key anew."""


class People:
    """The admitted keys and the persons they stand for.

    `wide` are those before any admission was refused: consents and limits are weighed among
    them. `barred` acts are refused; `refused` are those of them that would else admit.
    """

    __slots__ = ("barred", "full", "keys", "persons", "refused", "wide")

    def __init__(self) -> None:
        self.keys: Keys = {}
        self.persons: dict[bytes, list[bytes]] = {}
        self.wide = self
        self.barred: set[int] = set()
        self.refused: set[int] = set()
        # Where the devices of a person end that are within the limit.
        self.full: dict[bytes, tuple[int, bytes]] = {}

    def add(self, key: bytes, admission: Admission) -> bool:
        """Note an admission; whether it says something new of the key."""
        known = self.keys.setdefault(key, [])
        for place, other in enumerate(known):
            if other.act == admission.act and other.person == admission.person:
                if other.vote is None or admission.vote is not None:
                    return False
                # What rested on a vote rests on none: the same of all that the key admits.
                known[place] = admission
                return True
        known.append(admission)
        keys = self.persons.setdefault(admission.person, [])
        if key not in keys:
            keys.append(key)
        return True


class Admissions:
    """Finds the admitted keys among the acts of a graph."""

    def __init__(self, space: bytes, graph: Graph) -> None:
        self.space = space
        self.graph = graph
        self.by_author: dict[bytes, list[int]] = {}
        self.by_vote: set[int] = set()
        self._consents: dict[int, bool] = {}

    def add(self, number: int) -> None:
        """Note an act that admits a key."""
        author = self.graph.entries[number].name.author
        self.by_author.setdefault(author, []).append(number)
        body = self.graph.bodies[number]
        if isinstance(body, Admit) and body.person is not None:
            self.by_vote.add(number)

    def find(
        self,
        founding: int,
        in_effect: Callable[[int], bool],
        stands: Stands | None = None,
        rooted: Collection[tuple[bytes, Admission]] = (),
    ) -> People:
        """All admitted keys, with the votes that are `in_effect` and the acts that `stands` spares.

        `rooted` keys are admitted whatever became of who admitted them.
        """
        wide = self._grow(founding, in_effect, stands, frozenset(), rooted)
        barred = self._refused(wide)
        if not barred:
            return wide
        people = self._grow(founding, in_effect, stands, barred, rooted)
        people.wide, people.barred, people.full = wide, barred, wide.full
        # What its author has no right to was not refused to it.
        people.refused = {n for n in barred if self.offer(people, n, in_effect, stands) is not None}
        return people

    def _grow(
        self,
        founding: int,
        in_effect: Callable[[int], bool],
        stands: Stands | None,
        refused: Container[int],
        rooted: Collection[tuple[bytes, Admission]],
    ) -> People:
        people = People()
        # The nearest to a founder first: how far a key is does not change once it is known.
        fresh = [(0, key) for key in self._founders(founding, people)]
        for key, admission in [way for way in rooted if way[1].act not in refused]:
            people.add(key, admission)
            fresh.append((admission.steps, key))
        heapify(fresh)
        while fresh:
            _, author = heappop(fresh)
            for number in self.by_author.get(author, ()):
                if number not in refused:
                    offered = self.offer(people, number, in_effect, stands)
                    if offered is not None and people.add(*offered):
                        made = offered[0]
                        heappush(fresh, (min(a.steps for a in people.keys[made]), made))
        return people

    def _founders(self, founding: int, people: People) -> list[bytes]:
        found = self.graph.bodies[founding]
        assert isinstance(found, Found)
        depth, id_ = self.graph.order_key(founding)
        founder = self.graph.entries[founding].name.author
        people.add(founder, Admission(0, depth, id_, founding, id_, Role.MEMBER))
        for other in found.cofounders:
            person = cofounder_person(self.space, other.key)
            people.add(other.key, Admission(0, depth, id_, founding, person, Role.MEMBER))
        if found.recovery is not None:
            paper = Admission(0, depth, id_, founding, id_, Role.COURIER, is_paper=True)
            people.add(found.recovery, paper)
        return list(people.keys)

    def offer(
        self,
        people: People,
        number: int,
        in_effect: Callable[[int], bool],
        stands: Stands | None = None,
    ) -> tuple[bytes, Admission] | None:
        """The key that an act admits among these people, and how; None where it admits none."""
        body = self.graph.bodies[number]
        by = self.graph.entries[number].name.author
        author: Sequence[Admission] = people.keys.get(by, ())
        if stands is not None:
            author = [a for a in author if stands(number, by, a)]
        depth, id_ = self.graph.order_key(number)
        if isinstance(body, Device):
            rights = [
                a
                for a in author
                if a.person == body.person and (a.is_paper or a.role in _OWN_DEVICES)
            ]
            if not rights:
                return None
            own = min(rights, key=lambda a: (a.vote is not None, a.is_paper, a.rank))
            role = Role.MEMBER if own.is_paper else own.role
            made = Admission(own.steps + 1, depth, id_, number, body.person, role, own.vote)
        elif isinstance(body, Admit) and body.role <= Role.MEMBER:
            members = [a for a in author if a.role is Role.MEMBER]
            if not members:
                return None
            own = min(members, key=lambda a: (a.vote is not None, a.rank))
            steps = own.steps + 1
            if body.person is None:
                made = Admission(steps, depth, id_, number, id_, body.role, own.vote)
            elif self._is_known(body.person, people) and in_effect(number):
                made = Admission(steps, depth, id_, number, body.person, body.role, number)
            else:
                return None
        else:
            return None
        return body.key, made

    def _is_known(self, person: bytes, people: People) -> bool:
        """Whether a person can be: a founder, or named by an act that is here."""
        return person in people.persons or person in self.graph.number

    def _refused(self, people: People) -> set[int]:
        """Admissions without consent beside ones with it, and devices past the limit."""
        refused: set[int] = set()
        for key, found in people.keys.items():
            if len(found) > 1:
                without = [a.act for a in found if not self.has_consent(key, a)]
                if len(without) < len(found):
                    refused.update(without)
        for person, keys in people.persons.items():
            if len(keys) > DEVICES_MAX:
                own = self.own_devices(people, person)
                refused.update(own[DEVICES_MAX:])
                if len(own) > DEVICES_MAX:
                    people.full[person] = self.graph.order_key(own[DEVICES_MAX - 1])
        return refused

    def own_devices(self, people: People, person: bytes) -> list[int]:
        """The acts by which a person admitted keys of its own, in the order."""
        return self.graph.in_order(
            {
                a.act
                for key in people.persons.get(person, ())
                for a in people.keys[key]
                if a.person == person and isinstance(self.graph.bodies[a.act], Device)
            }
        )

    def has_consent(self, key: bytes, admission: Admission) -> bool:
        """Whether an admission carries the key's own signature."""
        known = self._consents.get(admission.act)
        if known is None or isinstance(self.graph.bodies[admission.act], Found):
            known = self._consents[admission.act] = self._check_consent(key, admission)
        return known

    def _check_consent(self, key: bytes, admission: Admission) -> bool:
        body = self.graph.bodies[admission.act]
        admitter = self.graph.entries[admission.act].name.author
        if isinstance(body, Found):
            if key == admitter:
                return True
            consents = [other.consent for other in body.cofounders if other.key == key]
            message = consent_message(NO_SPACE, admitter)
            return any(is_signed(CONSENT_DOMAIN, message, c, key) for c in consents)
        if isinstance(body, Admit):
            message = consent_message(self.space, admitter, body.person or NEW_PERSON)
            return is_signed(CONSENT_DOMAIN, message, body.consent, key)
        assert isinstance(body, Device)
        message = consent_message(self.space, admitter, body.person)
        return is_signed(CONSENT_DOMAIN, message, body.consent, key)
