"""What a set of removals takes away: whose acts past which pins are void.

`Taken` answers for one such set, as if exactly those removals were in effect.

- A stewards' removal of a key or its person decides over the person's own closing of it.
- A closing takes the key from the person who closes it, not from another for whom it stands,
  and leaves admitted whom a steward ever proposed as a steward.
- Of removals of which none knew the other the higher pin counts; one that follows another
  cannot raise its pins (a `MovePins` can).
- A dismissal, and a removal of the person, also ends the terms as steward that it did not
  leave out: an appointment that follows it begins a new one.
- No removal voids votes for itself: who signs their own removal means it.
- Between removals that know nothing of one another, one that fewer stewards signed does not
  void a vote for the other; and a closing does not void votes for removing the key that closed.

What this does not do: say which removals are in effect. See `lumbre.trust.removal`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

from lumbre.trust.acts import Close, Dismiss, MovePins, Remove
from lumbre.trust.graph import Graph, Pin, pins_of
from lumbre.trust.people import Admission, Admissions, People
from lumbre.trust.weighty import Weighty

Numbers = tuple[int, ...]


class Taken:
    """The removals `acts`, and who is still admitted under them."""

    def __init__(
        self,
        graph: Graph,
        weighty: Weighty,
        admissions: Admissions,
        everyone: People,
        founding: int,
        acts: frozenset[int],
        support: Mapping[int, int],
    ) -> None:
        self.graph = graph
        self.weighty = weighty
        self.acts = acts
        self.people = everyone
        self._everyone = everyone
        self._support = support
        self._moved: dict[int, int] = {}
        self._on_key: dict[bytes, list[int]] = {}
        self._closing: dict[bytes, list[int]] = {}
        self._on_person: dict[bytes, list[int]] = {}
        self._ends: dict[bytes, list[int]] = {}
        self._is_chain: dict[bytes, bool] = {}
        self._of_key: dict[tuple[bytes, int, bytes], Numbers] = {}
        self._of_term: dict[tuple[bytes, int], Numbers] = {}
        self._pins: dict[int, tuple[Pin, ...]] = {}
        for number in graph.in_order(acts):
            self._note(number)
        self._admissions = admissions
        self._founding = founding
        self._touched = {*self._on_key, *self._closing}
        for person in self._on_person:
            self._touched.update(everyone.persons.get(person, ()))
        # Among whom a closing's author is looked for: whom the closings leave, taken at their word.
        self.closers = everyone
        if self._cuts_off():
            self.people = self.admitted(weighty.granted.__contains__)
            if self._closing:
                self.closers = self.people
                self._of_key.clear()
                self.people = self.admitted(weighty.granted.__contains__)

    def _note(self, number: int) -> None:
        body = self.graph.bodies[number]
        if isinstance(body, MovePins):
            self._moved[self.graph.number[body.removal.hash]] = number
        elif isinstance(body, Close):
            self._closing.setdefault(body.key, []).append(number)
        elif isinstance(body, Dismiss):
            self._ends.setdefault(body.person, []).append(number)
        else:
            assert isinstance(body, Remove)
            if body.key is not None:
                self._on_key.setdefault(body.key, []).append(number)
            else:
                self._on_person.setdefault(body.person, []).append(number)
                self._ends.setdefault(body.person, []).append(number)

    def _cuts_off(self) -> bool:
        """Whether any admission is past the pins of its author."""
        return any(
            not self.stands(number, key, admission)
            for key in self._touched
            for number in self._admissions.by_author.get(key, ())
            for admission in self._everyone.keys.get(key, ())
        )

    def admitted(self, in_effect: Callable[[int], bool]) -> People:
        """Who is admitted by acts that stand, with the votes that are in effect."""
        rooted = [way for number, way in self.weighty.rooted.items() if self._is_kept(number)]
        return self._admissions.find(self._founding, in_effect, self.stands, rooted)

    def stands(self, number: int, key: bytes, admission: Admission) -> bool:
        """Whether an act of a key is not past the pins that one of its admissions has."""
        if key not in self._touched:
            return True
        removals = self.of_key(key, admission)
        return not removals or self.is_within(number, removals)

    def _is_kept(self, number: int) -> bool:
        """Whether nothing but closings would undo the admission of whom a steward proposed."""
        author = self.graph.entries[number].name.author
        return any(
            self.stands(number, author, admission)
            or isinstance(self.graph.bodies[self.of_key(author, admission)[0]], Close)
            for admission in self._everyone.keys.get(author, ())
        )

    def close(self, number: int) -> None:
        """Take a closing in that makes no act void."""
        body = self.graph.bodies[number]
        assert isinstance(body, Close)
        self.acts |= {number}
        self._touched.add(body.key)
        self._closing[body.key] = self.graph.in_order([*self._closing.get(body.key, ()), number])
        for admission in self.people.keys[body.key]:
            self._of_key.pop((body.key, admission.act, admission.person), None)

    def pins(self, removal: int) -> tuple[Pin, ...]:
        """The pins of a removal, where they were last moved."""
        found = self._pins.get(removal)
        if found is None:
            body = self.graph.bodies[self._moved.get(removal, removal)]
            assert isinstance(body, Close | Dismiss | MovePins | Remove)
            found = self._pins[removal] = pins_of(body.pins)
        return found

    def of_key(self, key: bytes, admission: Admission) -> Numbers:
        """The removals that decide which entries of an admitted key count; none: all do."""
        name = (key, admission.act, admission.person)
        found = self._of_key.get(name)
        if found is None:
            numbers = self._on_key.get(key, []) + [
                number
                for number in self._on_person.get(admission.person, ())
                if not (admission.by_vote and self.weighty.is_past(number, admission.act))
            ]
            closings = [n for n in self._closing.get(key, ()) if self._is_for(n, admission.person)]
            found = self._first(self.graph.in_order(numbers) or closings)
            self._of_key[name] = found
        return found

    def _is_for(self, closing: int, person: bytes) -> bool:
        """Whether the author of a closing is a key of the person, who alone loses the other."""
        author = self.graph.entries[closing].name.author
        return any(a.person == person for a in self.closers.keys.get(author, ()))

    def of_term(self, person: bytes, term: int) -> Numbers:
        """The removals that end a term as steward, the first where some follow others."""
        found = self._of_term.get((person, term))
        if found is None:
            found = self._of_term[(person, term)] = self._first(self._ends_after(person, term))
        return found

    def _ends_after(self, person: bytes, term: int) -> Sequence[int]:
        ends = self._ends.get(person, [])
        if not ends or term not in self.weighty.place:
            return ends
        is_past = self.weighty.is_past
        if person not in self._is_chain:
            self._is_chain[person] = all(map(is_past, ends, ends[1:]))
        if self._is_chain[person]:
            first = bisect_left(ends, True, key=lambda end: not is_past(end, term))
            return ends[first : first + 1]
        return [end for end in ends if not is_past(end, term)]

    def _first(self, numbers: Sequence[int]) -> Numbers:
        """Those that follow no other of them; `numbers` are in the order."""
        found: list[int] = []
        for number in numbers:
            if not any(self.weighty.is_past(other, number) for other in found):
                found.append(number)
        return tuple(found)

    def is_within(self, number: int, removals: Numbers) -> bool:
        """Whether an act is at or before a pin of one of the removals."""
        entry = self.graph.entries[number]
        return any(self.graph.is_within(entry, self.pins(removal)) for removal in removals)

    def voids(self, number: int, people: People) -> bool:
        """Whether an act is past the pins of every admission of its author."""
        author = self.graph.entries[number].name.author
        return not any(self.stands(number, author, a) for a in people.keys.get(author, ()))

    def voids_vote(
        self, vote: int, author: bytes, person: bytes, terms: Numbers, proposal: int
    ) -> bool:
        """Whether a steward's vote for a proposal is past the pins of its key or of its terms."""
        keys = [
            self.of_key(author, admission)
            for admission in self.people.keys.get(author, ())
            if admission.person == person
        ]
        return not (
            any(self._spares(vote, removals, proposal) for removals in keys)
            and any(self._spares(vote, self.of_term(person, t), proposal) for t in terms)
        )

    def _spares(self, vote: int, removals: Numbers, proposal: int) -> bool:
        if not removals or self.is_within(vote, removals):
            return True
        return all(self._gives_way(removal, proposal) for removal in removals)

    def _gives_way(self, removal: int, proposal: int) -> bool:
        """Whether a removal does not void votes for another that knows nothing of it."""
        body, other = self.graph.bodies[removal], self.graph.bodies[proposal]
        if removal == proposal:
            return True
        if not isinstance(other, Dismiss | Remove):
            return False
        if not self.weighty.are_concurrent(removal, proposal):
            return False
        if isinstance(body, Close):
            closer = self.graph.entries[removal].name.author
            return isinstance(other, Remove) and other.key == closer
        return self._support.get(removal, 0) < self._support.get(proposal, 0)
