"""Which removals are in effect where they void one another's votes.

`settle` looks for the set of removals that keep their majorities when exactly they make the
later acts of their targets void. From below come those that hold in any case, from above
those that hold in some; almost always the two meet at once. Where they do not, each person's
last word counts, and what is then still undecided is in effect: both sides go.

Last comes the promise that somebody may act: removals that would leave no steward with a key
are dropped, the undecided first, then from the end of the order.

What this does not do: use a clock, or prefer who is senior.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from itertools import permutations
from typing import Final

from lumbre.trust.acts import Close, Dismiss, MovePins, Remove
from lumbre.trust.council import Council, Outcome
from lumbre.trust.graph import Graph, pins_of
from lumbre.trust.people import Admission, Admissions, People
from lumbre.trust.pins import Taken
from lumbre.trust.weighty import Weighty

ROUNDS_MAX: Final = 12
"""Removals that void one another in a chain longer than this are undecided. Each link needs
a majority of its own, so honest histories have one or two."""

GRANTS_MAX: Final = 64
"""Keys admitted by vote, each with the voice of the one before, in a chain: further ones have no
effect. A community where one steward after another loses all devices has a handful."""
CLOSINGS_MAX: Final = 4
"""How often a key closes another: to set pins right. Each may let all be evaluated anew."""

_NONE: Final[frozenset[int]] = frozenset()


class Settled:
    """The outcome: proposals in effect, removals, admitted keys, and the living terms."""

    __slots__ = (
        "approvals",
        "founders",
        "founding",
        "graph",
        "live",
        "outcome",
        "people",
        "taken",
        "vouched",
        "weighty",
    )

    def __init__(
        self,
        graph: Graph,
        weighty: Weighty,
        outcome: Outcome,
        taken: Taken,
        people: People,
        live: dict[bytes, tuple[int, ...]],
        founding: int,
        founders: frozenset[bytes],
    ) -> None:
        self.founders = founders
        self.graph = graph
        self.weighty = weighty
        self.outcome = outcome
        self.taken = taken
        self.people = people
        self.live = live
        self.founding = founding
        self.vouched: Container[bytes] = founders
        self.approvals: Container[int] = ()

    def shown(self, key: bytes) -> Admission | None:
        """The admission by which a key is shown: the nearest to a founder that is in force."""
        found = [a for a in self.people.keys.get(key, ()) if a.person in self.vouched]
        return min(found, key=lambda a: a.rank) if found else None


class Settlement:
    """Finds the removals in effect. Made for one evaluation and dropped after it."""

    def __init__(
        self, graph: Graph, admissions: Admissions, founding: int, closings: Iterable[int]
    ) -> None:
        self.is_decided = False
        self.graph = graph
        self.admissions = admissions
        self.founding = founding
        self._look(_NONE)
        self._grant_votes()
        self._closings = [number for number in closings if self._stands(number, self.everyone)]

    def _look(self, granted: frozenset[int]) -> None:
        """Who is admitted where these votes are in effect, before anything is taken away."""
        graph, founding = self.graph, self.founding
        self.everyone = self.admissions.find(founding, granted.__contains__)
        self._founders = founders = frozenset(
            a.person for found in self.everyone.keys.values() for a in found if a.act == founding
        )
        self.weighty = Weighty(graph, self.everyone, founders, granted)
        self.council = Council(graph, self.weighty, self.everyone, founding, founders)
        self._support: dict[int, int] = {}
        self._known: dict[tuple[frozenset[int], ...], Outcome] = {}
        self._takens: dict[frozenset[int], Taken] = {}
        self._muted = _NONE
        self._barred = _NONE

    def _grant_votes(self) -> None:
        """Find the further keys of a person for which the stewards voted; no others are known.

        Anyone may claim a key for anyone: what was not granted speaks, signs and closes for
        nobody, and nothing is admitted by it.
        """
        claims, granted = self.admissions.by_vote, _NONE
        for _ in range(GRANTS_MAX if claims else 0):
            more = self._decide(self._taken(_NONE)).effective & claims
            if more <= granted:
                break
            granted |= more
            self._look(granted)

    def is_valid(self, number: int, taken: Taken) -> bool:
        """Whether a closing has an effect, among the keys that are admitted by now."""
        return self._stands(number, self.everyone, taken.people) and self._is_valid_closing(
            number, taken
        )

    def _stands(self, number: int, *known: People) -> bool:
        """Whether a closing leaves its own author admitted: none cuts the branch it sits on."""
        graph = self.graph
        body = graph.bodies[number]
        assert isinstance(body, Close)
        pins = pins_of(body.pins)
        ways, seen = [graph.entries[number].name.author], set[bytes]()
        while ways:
            key = ways.pop()
            if key in seen:
                continue
            seen.add(key)
            for admission in (a for people in known for a in people.keys.get(key, ())):
                entry = graph.entries[admission.act]
                if admission.act == self.founding:
                    return True
                if entry.name.author != body.key or graph.is_within(entry, pins):
                    ways.append(entry.name.author)
        return False

    def settle(self) -> Settled:
        """The one result for this set of acts."""
        self._support = {
            number: len(voters)
            for number, voters in self._decide(self._taken(_NONE)).voters.items()
        }
        sure, possible = self._bounds()
        self.is_decided = sure == possible
        if sure != possible:
            self._muted = self._not_last_words(possible - sure)
            sure, possible = self._bounds()
        settled = self._result(possible, possible - sure)
        if not self._somebody_may_act(settled):
            self.is_decided = False
            settled = self._keep_somebody(sure, possible)
        return settled

    def _taken(self, acts: frozenset[int]) -> Taken:
        found = self._takens.get(acts)
        if found is None:
            found = self._takens[acts] = Taken(
                self.graph,
                self.weighty,
                self.admissions,
                self.everyone,
                self.founding,
                acts,
                self._support,
            )
        return found

    def _decide(self, taken: Taken, forced: frozenset[int] = _NONE) -> Outcome:
        name = (taken.acts, forced, self._barred, self._muted)
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self.council.decide(
                taken, forced=forced, barred=self._barred, muted=self._muted
            )
        return found

    def _is_removal(self, number: int) -> bool:
        return isinstance(self.graph.bodies[number], Dismiss | MovePins | Remove)

    def _holding(self, acts: frozenset[int]) -> frozenset[int]:
        """The removals that hold if exactly `acts` take away."""
        taken = self._taken(acts)
        effective = self._decide(taken).effective
        votes = {number for number in effective if self._is_removal(number)}
        votes.update(number for number in self._closings if self._is_valid_closing(number, taken))
        return frozenset(votes)

    def _is_valid_closing(self, number: int, taken: Taken) -> bool:
        body = self.graph.bodies[number]
        assert isinstance(body, Close)
        author = self.graph.entries[number].name.author
        keys = taken.people.keys
        own = {a.person for a in keys.get(author, ())}
        shared = any(a.person in own for a in keys.get(body.key, ()))
        return (
            shared
            and author != body.key
            and number not in self._barred
            and not taken.voids(number, taken.people)
        )

    def _bounds(self) -> tuple[frozenset[int], frozenset[int]]:
        """(removals that hold in any case, removals that hold in some)."""
        sure, possible = _NONE, self._holding(_NONE)
        for _ in range(ROUNDS_MAX):
            lower = self._holding(possible)
            upper = lower if lower == possible else self._holding(lower)
            if lower == upper or (lower, upper) == (sure, possible):
                return lower & upper, lower | upper
            sure, possible = lower, upper
        return sure & possible, sure | possible

    def _not_last_words(self, undecided: frozenset[int]) -> frozenset[int]:
        """Votes of who signed both of two undecided removals, except the last where there is one.

        Two majorities always share somebody: who gets each side to sign against the other
        would else be left alone. A removal that was in effect before the other is no side.
        """
        weighty = self.weighty
        electorates = self._decide(self._taken(_NONE)).electorate.values()
        voters = frozenset[bytes]().union(*electorates)
        muted: set[int] = set()
        removals = sorted(undecided & weighty.votes.keys())
        for one, other in permutations(removals, 2):
            if not self._is_before(one, other) and not self._is_before(other, one):
                muted.update(
                    vote
                    for vote in weighty.votes[one]
                    for later in weighty.votes[other]
                    if weighty.persons_of(vote) & weighty.persons_of(later) & voters
                    and not weighty.is_past(later, vote)
                )
        return frozenset(muted)

    def _is_before(self, one: int, other: int) -> bool:
        """Whether a removal had its votes in the past of another."""
        weighty, plain = self.weighty, self._decide(self._taken(_NONE))
        if one not in plain.need:
            return False
        signers = [
            weighty.persons_of(vote) & plain.electorate[one]
            for vote in weighty.votes[one]
            if weighty.is_past(vote, other)
        ]
        return len(frozenset[bytes]().union(*signers)) >= plain.need[one]

    def _result(self, acts: frozenset[int], forced: frozenset[int]) -> Settled:
        taken = self._taken(acts)
        outcome = self._decide(taken, forced)
        extra = {n for n in outcome.effective if self._is_removal(n)} - acts
        if extra:
            self._barred |= extra
            return self._result(acts, forced)
        people = taken.people
        if any(a.by_vote for found in people.keys.values() for a in found):
            people = taken.admitted(outcome.effective.__contains__)
        live = {
            person: kept
            for person, terms in outcome.final.live.items()
            if (kept := tuple(t for t in terms if not taken.of_term(person, t)))
        }
        return Settled(
            self.graph,
            self.weighty,
            outcome,
            taken,
            people,
            live,
            self.founding,
            self._founders,
        )

    def _somebody_may_act(self, settled: Settled) -> bool:
        people, taken = settled.people, settled.taken
        return any(
            a.person == person and not taken.of_key(key, a)
            for person in settled.live
            for key in people.persons.get(person, ())
            for a in people.keys[key]
        )

    def _keep_somebody(self, sure: frozenset[int], possible: frozenset[int]) -> Settled:
        """Drop removals until a steward with a key is left: with none dropped a founder is."""
        last_first = self.graph.in_order(sure)[::-1]
        dropped, acts = 0, sure
        self._barred = possible - sure
        settled = self._result(acts, _NONE)
        while not self._somebody_may_act(settled):
            dropped = max(1, dropped * 2)
            self._barred = (possible - sure) | frozenset(last_first[:dropped])
            acts = self._holding(sure - self._barred) & (sure - self._barred)
            settled = self._result(acts, _NONE)
        return settled
