"""The stewards' decisions, by the rules of docs/adr/0002-concurrent-acts.md.

`Council.decide(taken)` goes through the deciding acts in the order, once, as if exactly the
removals of `taken` made their targets' later acts void, and says which proposals have enough
votes. A proposal is measured against the stewards in its own past: persons, not keys.

What this does not do: choose `taken`. See `lumbre.trust.removal`.
"""

from __future__ import annotations

from typing import Final

from lumbre.schema.roles import Role
from lumbre.trust.acts import (
    Admit,
    Appoint,
    Approve,
    Close,
    Dismiss,
    Found,
    Grant,
    MovePins,
    Remove,
    SetQuorum,
    SetRules,
)
from lumbre.trust.graph import Graph
from lumbre.trust.people import Admission, People
from lumbre.trust.pins import Taken
from lumbre.trust.weighty import Past, Weighty, is_proposal

STEWARDS_MAX: Final = 32
"""At one time; a larger council does not reach a majority in a blackout."""
SIGNED_LOOKED_AT: Final = 64
"""How many of the last proposals that a lone steward signed are looked at; bounds one look."""

BALLOTS_MAX: Final = 4
"""A person's votes for one proposal that are told apart: each may lie in another's past."""

_CHANGES_STATE: Final = (Appoint, Dismiss, Remove, SetQuorum, SetRules)

Terms = tuple[int, ...]


class State:
    """What the stewards have decided in one past. Shared, never changed once used."""

    __slots__ = ("ends", "live", "past", "quorums", "rules")

    def __init__(self, past: Past, live: dict[bytes, Terms], quorums: Terms, rules: Terms) -> None:
        self.past = past
        self.live = live
        self.ends: dict[bytes, Terms] = {}
        self.quorums = quorums
        self.rules = rules

    def copy(self, past: Past) -> State:
        """The same decisions, for a past that will hold more."""
        other = State(past, self.live, self.quorums, self.rules)
        other.ends = self.ends
        return other


class Outcome:
    """What one pass found: proposals in effect, electorates, and why the others are not."""

    __slots__ = ("effective", "electorate", "final", "need", "notes", "voters")

    def __init__(self) -> None:
        self.effective: set[int] = set()
        self.electorate: dict[int, frozenset[bytes]] = {}
        self.need: dict[int, int] = {}
        self.voters: dict[int, set[bytes]] = {}
        self.notes: dict[int, str] = {}
        self.final = State((), {}, (), ())


class Council:
    """One pass over the deciding acts. `founding` is the founding act's number."""

    def __init__(
        self,
        graph: Graph,
        weighty: Weighty,
        people: People,
        founding: int,
        founders: frozenset[bytes],
    ) -> None:
        self.graph = graph
        self.weighty = weighty
        self.people = people
        self.founding = founding
        found = graph.bodies[founding]
        assert isinstance(found, Found)
        self.percent = found.quorum_percent
        self.passes = 0
        self.steps = 0
        self.start = State((), dict.fromkeys(sorted(founders), (founding,)), (), ())

    def decide(
        self,
        taken: Taken,
        *,
        forced: frozenset[int] = frozenset(),
        barred: frozenset[int] = frozenset(),
        muted: frozenset[int] = frozenset(),
    ) -> Outcome:
        """One pass. Votes for `forced` removals are not voided; `barred` ones never count."""
        self.passes += 1
        return _Pass(self, taken, forced, barred, muted).run()


class _Pass:
    """The working state of one pass."""

    def __init__(
        self,
        council: Council,
        taken: Taken,
        forced: frozenset[int],
        barred: frozenset[int],
        muted: frozenset[int],
    ) -> None:
        self.council = council
        self.graph = council.graph
        self.weighty = council.weighty
        self.everyone = council.people
        self.people = taken.people
        self.taken = taken
        self.forced = forced
        self.barred = barred
        self.muted = muted
        self.out = Outcome()
        self.counted: dict[int, int] = {}
        self.ballots: dict[int, list[tuple[int, bytes]]] = {}
        self.states: dict[Past, State] = {(): council.start}

    def run(self) -> Outcome:
        for number in self.weighty.acts:
            self.council.steps += 1
            before = self.weighty.before[number]
            state = self._state_at(before)
            body = self.graph.bodies[number]
            if is_proposal(body):
                self._open(number, state)
                self._vote(number, number, state)
            elif isinstance(body, Approve):
                target = self.graph.number.get(body.proposal.hash)
                if target is not None and target in self.out.need:
                    self._vote(number, target, state)
            upto = self.weighty.upto[number]
            after = state.copy(upto)
            self._apply(after, number)
            self.states[upto] = after
        whole = tuple(len(line) for line in self.weighty.lines)
        self.out.final = self._state_at(whole)
        return self.out

    def _state_at(self, past: Past) -> State:
        """The state of a past: the nearest known one, and what that lacks."""
        known = self.states.get(past)
        if known is not None:
            return known
        lines = self.weighty.lines
        nearest = self.council.start
        for line, count in enumerate(past):
            if count:
                found = self.states[self.weighty.upto[lines[line][count - 1]]]
                if sum(found.past) > sum(nearest.past):
                    nearest = found
        missing: list[int] = []
        for line, count in enumerate(past):
            had = nearest.past[line] if line < len(nearest.past) else 0
            missing += lines[line][had:count]
        state = nearest.copy(past)
        self.council.steps += len(missing)
        for number in self.graph.in_order(missing):
            self._apply(state, number)
        self.states[past] = state
        return state

    def _open(self, number: int, state: State) -> None:
        """Fix the electorate of a proposal, or note why it has none."""
        electorate = frozenset(state.live)
        proposers = self.weighty.persons_of(number) & electorate
        why = "right.not-steward" if not proposers else self._against(number, state)
        if why is not None:
            self.out.notes[number] = why
            return
        if len(electorate) == 1:
            electorate |= self._helped_elsewhere(number, proposers)
        percent = percent_of(self.graph, self.council.percent, state.quorums)
        self.out.electorate[number] = electorate
        self.out.need[number] = len(electorate) * percent // 100 + 1
        self.out.voters[number] = set()

    def _against(self, number: int, state: State) -> str | None:
        """Why a steward's proposal can have no effect, judged in its past."""
        body = self.graph.bodies[number]
        if number in self.barred:
            return "right.last-steward"
        if isinstance(body, Appoint):
            return self._against_appointing(body, state)
        if isinstance(body, Dismiss):
            if body.person not in state.live:
                return "right.not-a-steward"
            return "right.last-steward" if len(state.live) == 1 else None
        if isinstance(body, Remove):
            return self._against_removing(body, state)
        if isinstance(body, MovePins):
            target = self.graph.number.get(body.removal.hash)
            known = self.graph.bodies[target] if target is not None else None
            return None if isinstance(known, Remove | Dismiss | Close) else "right.no-removal"
        if isinstance(body, Admit):
            return None if body.person in self.everyone.persons else "right.not-admitted"
        if isinstance(body, Grant):
            return None if body.key in self.everyone.keys else "right.not-admitted"
        return None

    def _against_appointing(self, body: Appoint, state: State) -> str | None:
        if body.person not in self.weighty.candidates or len(state.live) >= STEWARDS_MAX:
            return "right.too-many-stewards"
        return None if self._is_member(body.person, state) else "right.not-a-member"

    def _against_removing(self, body: Remove, state: State) -> str | None:
        keys = self.everyone.persons.get(body.person, ())
        if not keys or (body.key is not None and body.key not in keys):
            return "right.not-admitted"
        if body.key is None and state.live.keys() == {body.person}:
            return "right.last-steward"
        return None

    def _is_member(self, person: bytes, state: State) -> bool:
        return any(
            a.role is Role.MEMBER and a.person == person and self._holds(a, state)
            for key in self.people.persons.get(person, ())
            for a in self.people.keys[key]
        )

    def _helped_elsewhere(self, number: int, proposers: frozenset[bytes]) -> set[bytes]:
        """Stewards whom a lone steward helped appoint in acts apart from this one.

        Nobody can claim not to have seen what they signed: so nobody goes back to the time
        when they decided alone. To appoint is measured by joint appointments only, and not
        where a later joint decision stands on it: two devices of one person may appoint apart.
        """
        is_past = self.weighty.is_past
        is_appointing = isinstance(self.graph.bodies[number], Appoint)
        added: set[bytes] = set()
        for person in proposers:
            signed = self.weighty.signed.get(person, ())[-SIGNED_LOOKED_AT:]
            if is_appointing:
                signed = [other for other in signed if other in self.weighty.joint]
                if any(is_past(number, other) for other in signed):
                    continue
            for other in signed:
                body = self.graph.bodies[other]
                if isinstance(body, Appoint) and self.weighty.are_concurrent(number, other):
                    added.add(body.person)
        return added

    def _vote(self, vote: int, proposal: int, state: State) -> None:
        if proposal not in self.out.need:
            return
        electorate = self.out.electorate[proposal]
        author = self.graph.entries[vote].name.author
        why = "right.not-steward"
        if vote in self.muted:
            why = "right.both-sides"
        else:
            for person in sorted(self.weighty.persons_of(vote) & electorate & state.live.keys()):
                if not self._may_speak(author, person, state):
                    continue
                if proposal not in self.forced and self.taken.voids_vote(
                    vote, author, person, state.live[person], proposal
                ):
                    why = "right.past-pin"
                    continue
                self._count(vote, proposal, person)
                return
        if vote != proposal:
            self.out.notes[vote] = why

    def _count(self, vote: int, proposal: int, person: bytes) -> None:
        ballots = self.ballots.setdefault(proposal, [])
        if sum(1 for _, other in ballots if other == person) >= BALLOTS_MAX:
            return
        ballots.append((vote, person))
        self.counted[vote] = proposal
        voters = self.out.voters[proposal]
        voters.add(person)
        if len(voters) >= self.out.need[proposal]:
            self.out.effective.add(proposal)

    def _may_speak(self, author: bytes, person: bytes, state: State) -> bool:
        """Whether the key was admitted for the person; by vote: in this past."""
        return any(
            a.person == person and not a.is_paper and self._holds(a, state)
            for a in self.people.keys.get(author, ())
        )

    def _holds(self, admission: Admission, state: State) -> bool:
        """Whether an admission rests on no vote, or on one that is in effect in this past."""
        vote = admission.vote
        return vote is None or (vote in self.out.effective and self._is_done(vote, state))

    def _is_done(self, proposal: int, state: State) -> bool:
        """Whether a proposal has its votes in this past."""
        holds, past = self.weighty.holds, state.past
        place = self.weighty.place
        persons = {
            person for vote, person in self.ballots.get(proposal, ()) if holds(past, place[vote])
        }
        return len(persons) >= self.out.need[proposal]

    def _apply(self, state: State, vote: int) -> None:
        """Let a vote enter a past; the proposal takes effect there once it has enough.

        What is in effect is a function of the past as a whole, so taking effect twice, or in
        another order, changes nothing.
        """
        proposal = self.counted.get(vote)
        if proposal is None:
            return
        body = self.graph.bodies[proposal]
        if isinstance(body, _CHANGES_STATE) and self._is_done(proposal, state):
            self._take_effect(state, proposal, body)

    def _take_effect(self, state: State, proposal: int, body: object) -> None:
        is_past = self.weighty.is_past
        if isinstance(body, Appoint):
            terms = state.live.get(body.person, ())
            ends = state.ends.get(body.person, ())
            if proposal not in terms and all(is_past(end, proposal) for end in ends):
                state.live = {**state.live, body.person: tuple(sorted((*terms, proposal)))}
        elif isinstance(body, Dismiss) or (isinstance(body, Remove) and body.key is None):
            person = body.person
            rest = tuple(t for t in state.live.get(person, ()) if is_past(proposal, t))
            state.live = {p: t for p, t in state.live.items() if p != person}
            if rest:
                state.live[person] = rest
            state.ends = {
                **state.ends,
                person: self._newest(state.ends.get(person, ()), proposal),
            }
        elif isinstance(body, SetQuorum):
            state.quorums = self._newest(state.quorums, proposal)
        elif isinstance(body, SetRules):
            state.rules = self._newest(state.rules, proposal)

    def _newest(self, known: Terms, proposal: int) -> Terms:
        """Those that no other follows."""
        rest = tuple(
            other
            for other in known
            if other != proposal and not self.weighty.is_past(other, proposal)
        )
        if any(self.weighty.is_past(proposal, other) for other in rest):
            return rest
        return (*rest, proposal)


def percent_of(graph: Graph, founded: int, newest: Terms) -> int:
    """The share a decision has to exceed: where several were set apart, the greatest."""
    bodies = [graph.bodies[number] for number in newest]
    return max([b.percent for b in bodies if isinstance(b, SetQuorum)], default=founded)


def version_of(graph: Graph, founded: int, newest: Terms) -> int:
    """The rules' version: where several were set apart, the greatest."""
    bodies = [graph.bodies[number] for number in newest]
    return max([b.version for b in bodies if isinstance(b, SetRules)], default=founded)
