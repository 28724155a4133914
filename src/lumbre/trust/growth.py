"""Letting acts of ordinary members extend the last result, exactly as a replay would.

A new act may extend it where nothing that was decided can hang on it: an admission that only
adds, a closing that cuts off no act. Where that is not plain all is evaluated anew; how often
one member can bring that about is bounded: `CLOSINGS_MAX` times for two of its keys, once for
each key that consents late, and by devices past the limit that come before those within it.

A closing that cuts off no act is a leaf: no other act hangs on whether it is in effect, under
any set of removals. Acts that come later may hang on it, but it hangs on none of them, so no
ring of closings comes about without an evaluation.

What this does not do: judge proposals and votes. They are evaluated (`removal`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from lumbre.schema.roles import Role
from lumbre.trust.acts import (
    Admit,
    Adopt,
    Appoint,
    Close,
    Device,
    Dismiss,
    Found,
    Grant,
    MovePins,
    Remove,
)
from lumbre.trust.graph import Graph, pins_of
from lumbre.trust.people import DEVICES_MAX, Admission, Admissions, People, cofounder_person
from lumbre.trust.removal import CLOSINGS_MAX, Settled, Settlement
from lumbre.trust.weighty import is_deciding, is_proposal

ANYBODY: Final = b""
_RELEVANT = (Admit, Adopt, Close, Device, Grant)


class Known:
    """The acts of a space by who wrote them and by whom they are about. Grows only."""

    def __init__(self, space: bytes) -> None:
        self.space = space
        self.graph = Graph()
        self.admissions = Admissions(space, self.graph)
        self.by_author: dict[bytes, list[int]] = {}
        self.closings: dict[bytes, list[int]] = {}
        self.moved: set[bytes] = set()
        self.displacing: set[int] = set()
        # Acts that pins named before they came: what was past those pins may not be any more.
        self.late: set[int] = set()
        self._awaited: set[bytes] = set()
        self._claims: dict[bytes, set[bytes]] = {}

    def note(self, number: int) -> list[int]:
        """Take up an act that was added to the graph; what has to be weighed for it."""
        body, entry = self.graph.bodies[number], self.graph.entries[number]
        if isinstance(body, Found):
            self._claim(entry.name.author, entry.id)
            if body.recovery is not None:
                self._claim(body.recovery, entry.id)
            for other in body.cofounders:
                self._claim(other.key, cofounder_person(self.space, other.key))
            return [number]
        self.by_author.setdefault(entry.name.author, []).append(number)
        if entry.id in self._awaited:
            self.late.add(number)
        if isinstance(body, Close | Dismiss | MovePins | Remove):
            self._awaited.update(p.hash for p in body.pins if p.hash not in self.graph.number)
        if isinstance(body, Admit | Device):
            self.admissions.add(number)
            return [number, *self._claim(body.key, body.person or entry.id)]
        if isinstance(body, Close):
            self._close(number, body)
        elif isinstance(body, MovePins):
            self.moved.add(body.removal.hash)
        return [number]

    def _close(self, number: int, body: Close) -> None:
        """Count the first closings of a key by another, in the order, and no more."""
        names, found = self.graph.entries, self.closings.setdefault(body.key, [])
        author = names[number].name.author
        own = [n for n in found if names[n].name.author == author]
        found.append(number)
        if len(own) == CLOSINGS_MAX:
            last = self.graph.in_order([*own, number])[-1]
            found.remove(last)
            if last != number:
                self.displacing.add(number)

    def _claim(self, key: bytes, person: bytes) -> list[int]:
        """Note whose key an act says a key is; the closings that this may give a right to."""
        claims = self._claims.setdefault(key, set())
        if person in claims:
            return []
        closings = [n for n in self._around(key) if not self.may_share(n)]
        claims.add(person)
        return [n for n in closings if self.may_share(n)]

    def is_claimed(self, key: bytes, person: bytes) -> bool:
        """Whether any act says that a key is a person's, or anybody's."""
        claims = self._claims.get(key, set())
        return bool(claims) if person == ANYBODY else person in claims

    def _around(self, key: bytes) -> Iterator[int]:
        """Closings of a key and by it."""
        yield from self.closings.get(key, ())
        for number in self.by_author.get(key, ()):
            if isinstance(self.graph.bodies[number], Close):
                yield number

    def may_share(self, closing: int) -> bool:
        """Whether any act says that a closing's author and what it closes are one person's."""
        body = self.graph.bodies[closing]
        assert isinstance(body, Close)
        author = self.graph.entries[closing].name.author
        nobody: set[bytes] = set()
        return author != body.key and not self._claims.get(author, nobody).isdisjoint(
            self._claims.get(body.key, nobody)
        )


class Growth:
    """The last result, and acts that extend it. Made anew with each evaluation."""

    def __init__(self, known: Known, settlement: Settlement, settled: Settled) -> None:
        self._known = known
        self._graph = known.graph
        self._settlement = settlement
        self._settled = settled
        self._people = settled.people
        weighty = settled.weighty
        self._persons = weighty.candidates - settled.founders
        self._pairs: set[tuple[bytes, bytes]] = set()
        self._find_unknown()
        numbers = (known.graph.number.get(person) for person in self._persons)
        # Whom an act names already, though its author is not admitted yet.
        self._is_somebody_named = any(
            number is not None and number not in weighty.rooted for number in numbers
        ) or any(known.is_claimed(*pair) for pair in self._pairs)
        self.keys: set[bytes] = set()
        self.acts: list[int] = []

    def _find_unknown(self) -> None:
        """Persons and keys whose admission would make a proposal valid after all."""
        for number, why in self._settled.outcome.notes.items():
            body = self._graph.bodies[number]
            if why in {"right.not-admitted", "right.not-a-member"}:
                if isinstance(body, Admit | Appoint | Remove) and body.person is not None:
                    self._persons.add(body.person)
                if isinstance(body, Grant):
                    self._pairs.add((body.key, ANYBODY))
                elif isinstance(body, Remove) and body.key is not None:
                    self._pairs.add((body.key, body.person))

    def start(self) -> None:
        """Forget what the last acts moved."""
        self.keys, self.acts = set(), []

    def take(self, number: int) -> bool:
        """Let an act take effect, and what waited for it; False: all is evaluated anew."""
        if number in self._known.late:
            return False
        fresh, waiting = number, [number]
        while waiting:
            number = waiting.pop()
            body = self._graph.bodies[number]
            if isinstance(body, Close):
                if not self._close(number, body, number == fresh):
                    return False
            elif self._graph.entries[number].name.author in self._people.keys:
                if is_deciding(body) and not self._is_idle(number):
                    return False
                self.acts.append(number)
                if isinstance(body, Grant):
                    self.keys.add(body.key)
            if isinstance(body, Admit | Device):
                more = self._admit(number, body)
                if more is None:
                    return False
                waiting += more
        return True

    def _is_idle(self, number: int) -> bool:
        """Whether a deciding act is by nobody who may ever decide: it then changes nothing."""
        return not self._may_decide(self._graph.entries[number].name.author)

    def _may_decide(self, key: bytes) -> bool:
        candidates = self._settled.weighty.candidates
        return any(a.person in candidates for a in self._people.keys.get(key, ()))

    def _admit(self, number: int, body: Admit | Device) -> Collection[int] | None:
        """Let an act admit its key; the acts that then count, or None: evaluate anew."""
        id_ = self._graph.entries[number].id
        pairs = {(body.key, ANYBODY), (body.key, body.person or id_)}
        if id_ in self._persons or not pairs.isdisjoint(self._pairs):
            return None
        is_barred = self._weigh_all(number)
        offered = self._offer(self._people, number)
        if is_barred is None or offered is None:
            return None if is_barred is None or self._is_somebody_named else ()
        key, made = offered
        others = self._people.keys.get(key, [])
        if any((a.act, a.person) == (made.act, made.person) for a in others):
            return ()
        if is_barred:
            self._people.refused.add(number)
            return ()
        return None if self._is_nearest(key, made, others) else self._join(key, made)

    def _offer(self, people: People, number: int) -> tuple[bytes, Admission] | None:
        stands = self._settled.taken.stands
        return self._known.admissions.offer(people, number, lambda _: False, stands)

    def _weigh_all(self, number: int) -> bool | None:
        """Whether an admission is refused, weighed with those that it brings."""
        waiting, is_barred = [number], False
        while waiting:
            other = waiting.pop()
            found = self._weigh(other, waiting)
            if found is None:
                return None
            if other == number:
                is_barred = found
        return is_barred

    def _weigh(self, number: int, waiting: list[int]) -> bool | None:
        """Whether an admission is refused; None: evaluate anew."""
        people, wide = self._people, self._people.wide
        offered = self._offer(wide, number)
        if offered is None:
            return False
        key, made = offered
        others = wide.keys.get(key, [])
        if any((a.act, a.person) == (made.act, made.person) for a in others):
            return number in people.barred
        is_barred = self._is_claimed(key, made, others)
        if is_barred is False and isinstance(self._graph.bodies[number], Device):
            is_barred = self._is_past_limit(key, made)
        if wide is people:
            # The first that is refused parts those who are admitted from those who would be.
            return None if is_barred else is_barred
        wide.add(key, made)
        waiting += self._known.admissions.by_author.get(key, ())
        if is_barred:
            people.barred.add(number)
        return is_barred

    def _join(self, key: bytes, made: Admission) -> list[int]:
        people, by_author = self._people, self._known.by_author
        # What a steward's key decided is in the result, and stands as it did.
        is_settled = self._may_decide(key)
        people.add(key, made)
        taken = self._settled.taken
        for others in (taken.people, taken.closers):
            if others is not people:
                others.add(key, made)
        self.keys.add(key)
        # What a person's keys closed may stand only now that one of them is admitted again.
        keys = people.persons[made.person] if len(people.keys[key]) > 1 else [key]
        found = [n for own in keys for n in by_author.get(own, ()) if self._closes(n)]
        found += [
            n
            for n in by_author.get(key, ())
            if not (is_settled and is_deciding(self._graph.bodies[n]))
        ]
        return found + self._known.closings.get(key, [])

    def _closes(self, number: int) -> bool:
        return isinstance(self._graph.bodies[number], Close)

    def _is_claimed(self, key: bytes, made: Admission, others: list[Admission]) -> bool | None:
        """Whether an admission is without the consent that others carry; None: evaluate anew."""
        if not others:
            return False
        has_consent = self._known.admissions.has_consent
        is_consented = any(has_consent(key, a) for a in others)
        if has_consent(key, made):
            return False if is_consented or self._are_barred(others) else None
        return is_consented

    def _are_barred(self, admissions: list[Admission]) -> bool:
        return all(a.act in self._people.barred for a in admissions)

    def _is_nearest(self, key: bytes, made: Admission, others: list[Admission]) -> bool:
        """Whether what the others brought may hang on another admission of the key."""
        same_person = [a for a in others if a.person == made.person]
        members = [a for a in others if a.role is Role.MEMBER is made.role]
        return any(self._is_first(key, made, some) for some in (others, same_person, members))

    def _is_first(self, key: bytes, made: Admission, others: list[Admission]) -> bool:
        """Whether some act of the key may stand by this admission rather than by others."""
        taken = self._settled.taken
        always = [a.rank for a in others if not taken.of_key(key, a)]
        least = min(always) if always else max((a.rank for a in others), default=made.rank)
        return made.rank < least

    def _is_past_limit(self, key: bytes, made: Admission) -> bool | None:
        """Whether a device is past its person's limit; None where it takes another's place."""
        people, place = self._people.wide, (made.depth, made.id)
        last = people.full.get(made.person)
        if last is not None:
            return True if place > last else None
        own = self._known.admissions.own_devices(people, made.person)
        if (
            len({key, *people.persons.get(made.person, ())}) <= DEVICES_MAX
            or len(own) < DEVICES_MAX
        ):
            return False
        last = self._graph.order_key(own[-1])
        if place < last or len(own) > DEVICES_MAX:
            return None
        people.full[made.person] = last
        return True

    def _close(self, number: int, body: Close, is_new: bool) -> bool:
        """Let a closing take effect if it has the right; False: all is evaluated anew."""
        settled, known = self._settled, self._known
        is_counted = number in known.closings[body.key]
        if number in settled.taken.acts or not is_counted or not known.may_share(number):
            return True
        is_valid = self._settlement.is_valid(number, settled.taken)
        if not is_valid and not is_new:
            return True
        author = self._graph.entries[number].name.author
        if (
            self._may_decide(author)
            or number in known.displacing
            or not self._settlement.is_decided
            or not self._is_leaf(body)
        ):
            return False
        if is_valid:
            settled.taken.close(number)
            self.keys.add(body.key)
            self.acts.append(number)
        return True

    def _is_leaf(self, body: Close) -> bool:
        """Whether no closing of a key cuts off anything that the key did."""
        graph, known = self._graph, self._known
        all_pins = []
        for other in known.closings[body.key]:
            closing = graph.bodies[other]
            assert isinstance(closing, Close)
            if graph.entries[other].id in known.moved:
                return False
            if known.may_share(other):
                all_pins.append(pins_of(closing.pins))
        acts = [
            n
            for n in known.by_author.get(body.key, ())
            if isinstance(graph.bodies[n], _RELEVANT) or is_proposal(graph.bodies[n])
        ]
        return all(graph.is_within(graph.entries[n], pins) for pins in all_pins for n in acts)
