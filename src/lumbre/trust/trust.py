"""Trust: holds the acts known and replays them when asked.

`rights()` is a function of the set of acts alone. Acts that cannot change what stewards or
removals decide extend the last result; any other lets all be evaluated anew.

What this does not do: check links, wait for references, or bound how many acts there are
(the logs' grants do).
"""

from __future__ import annotations

from collections.abc import Iterable

from lumbre.record.log import Lane
from lumbre.schema.roles import Role
from lumbre.trust.acts import Act, Adopt, Appoint, Found, Grant, TrustAct
from lumbre.trust.grants import DEFAULTS, RENEWED_BY_A_MEMBER_MAX, LaneBytes, cap, merge
from lumbre.trust.graph import Pin
from lumbre.trust.growth import Growth, Known
from lumbre.trust.judge import standing_admissions
from lumbre.trust.people import Admission
from lumbre.trust.removal import Settled, Settlement
from lumbre.trust.rights import AuthorRight, Layers, Rights
from lumbre.trust.vouch import Vouched

_NO_GRANT: LaneBytes = (0, 0, 0, 0)
_RENEWABLE = frozenset({Role.GUEST, Role.SENSOR})
_Adopted = dict[tuple[bytes, bytes], frozenset[bytes]]


class Trust:
    """The acts of one space. Not shared between threads."""

    def __init__(self, space: bytes) -> None:
        self.space = space
        self.evaluations = 0
        self.settlement: Settlement | None = None
        self._known = Known(space)
        self._founding: int | None = None
        self._fresh: list[int] = []
        self._growth: Growth | None = None
        self._vouched: Vouched | None = None
        self._rights: Rights | None = None
        self._voted_grants: dict[bytes, LaneBytes] = {}
        self._renewed: dict[bytes, LaneBytes] = {}
        self._steward_pins: dict[bytes, tuple[Pin, ...]] = {}

    def add(self, act: Act) -> None:
        """Take in an act, after those that it refers to. The same act twice is one."""
        entry, body = act.entry, act.body
        if isinstance(body, Found):
            if entry.id != self.space:
                return
        elif entry.name.lane is not Lane.TRUST or entry.name.space != self.space:
            return
        if not isinstance(body, Found | TrustAct | None):
            act = Act(entry, None, act.refs)
        number = self._known.graph.add(act)
        if number is None:
            return
        if isinstance(body, Found):
            self._founding = number
        self._fresh += self._known.note(number)

    def rights(self) -> Rights:
        """What the acts known give, evaluated if acts came since."""
        if self._rights is None or self._fresh:
            fresh, self._fresh = self._fresh, []
            if self._founding is None:
                empty: Layers[bytes, AuthorRight] = Layers({})
                self._rights = Rights(self.space, None, empty, Layers({}))
            elif not self._extend(fresh):
                self._rights = self._evaluate(self._founding)
        assert self._rights is not None
        return self._rights

    def _evaluate(self, founding: int) -> Rights:
        self.evaluations += 1
        known = self._known
        closings = [number for numbers in known.closings.values() for number in numbers]
        self.settlement = Settlement(known.graph, known.admissions, founding, closings)
        settled = self.settlement.settle()
        self._voted_grants, self._renewed = {}, {}
        self._steward_pins = self._former_stewards(settled)
        self._vouched = settled.vouched = Vouched(settled, self._steward_pins)
        settled.approvals = self._vouched.approvals
        self._growth = Growth(known, self.settlement, settled)
        adopted: _Adopted = {}
        for key in settled.people.keys:
            for number in known.by_author.get(key, ()):
                self._note_effects(settled, number, adopted)
        authors = self._authors(settled, settled.people.keys)
        return Rights(self.space, settled, Layers(authors), Layers(adopted))

    def _former_stewards(self, settled: Settled) -> dict[bytes, tuple[Pin, ...]]:
        terms: dict[bytes, list[int]] = {}
        for number in settled.graph.in_order(settled.outcome.effective):
            body = settled.graph.bodies[number]
            if isinstance(body, Appoint):
                terms.setdefault(body.person, []).append(number)
        for person in settled.founders:
            terms.setdefault(person, []).append(settled.founding)
        return {
            person: tuple(
                pin
                for term in found
                for removal in settled.taken.of_term(person, term)
                for pin in settled.taken.pins(removal)
            )
            for person, found in terms.items()
            if person not in settled.live
        }

    def _extend(self, fresh: list[int]) -> bool:
        """Add acts to the last result; False where all must be evaluated anew."""
        growth, rights = self._growth, self._rights
        if growth is None or rights is None or rights.settled is None:
            return False
        growth.start()
        if not all(growth.take(number) for number in fresh):
            return False
        settled, adopted = rights.settled, _Adopted()
        assert self._vouched is not None
        if not all(self._vouched.add(number, growth.keys) for number in growth.acts):
            return False
        for number in growth.acts:
            self._note_effects(settled, number, adopted, rights)
        authors = self._authors(settled, growth.keys & settled.people.keys.keys())
        self._rights = Rights(
            self.space,
            settled,
            rights.by_author.with_items(authors),
            rights.adopted.with_items(adopted),
        )
        return True

    def _note_effects(
        self,
        settled: Settled,
        number: int,
        adopted: _Adopted,
        rights: Rights | None = None,
    ) -> None:
        """Grants and adoptions: what acts do beside admitting and deciding."""
        body = settled.graph.bodies[number]
        if isinstance(body, Grant):
            if number in settled.outcome.effective:
                known = self._voted_grants.get(body.key, _NO_GRANT)
                self._voted_grants[body.key] = merge(known, body.lane_bytes)
            elif self._is_by_member(settled, number):
                known = self._renewed.get(body.key, _NO_GRANT)
                least = cap(body.lane_bytes, RENEWED_BY_A_MEMBER_MAX)
                self._renewed[body.key] = merge(known, least)
        elif isinstance(body, Adopt) and self._is_by_member(settled, number):
            name = (body.entry.log, body.entry.hash)
            before = adopted.get(name) or (rights and rights.adopters(*name)) or frozenset()
            persons = {
                a.person for a in standing_admissions(settled, number) if a.role is Role.MEMBER
            }
            adopted[name] = before | persons

    def _is_by_member(self, settled: Settled, number: int) -> bool:
        return any(a.role is Role.MEMBER for a in standing_admissions(settled, number))

    def _authors(self, settled: Settled, keys: Iterable[bytes]) -> dict[bytes, AuthorRight]:
        """What keys may do, those of persons whose admission is in force."""
        found = {}
        for key in keys:
            admission = settled.shown(key)
            if admission is not None:
                found[key] = self._author(settled, key, admission)
        return found

    def _author(self, settled: Settled, key: bytes, admission: Admission) -> AuthorRight:
        person = admission.person
        role = admission.role
        steward_pins = None
        if not admission.is_paper:
            if person in settled.live:
                role = Role.STEWARD
            else:
                steward_pins = self._steward_pins.get(person)
        removals = settled.taken.of_key(key, admission)
        pins: tuple[Pin, ...] | None = None
        if removals:
            taken = settled.taken
            pins = tuple(dict.fromkeys(p for r in removals for p in taken.pins(r)))
        # A former steward keeps the room that its entries took: they stay.
        grant = DEFAULTS[role if steward_pins is None else Role.STEWARD]
        if key in self._voted_grants:
            grant = merge(grant, self._voted_grants[key])
        if key in self._renewed and role in _RENEWABLE:
            grant = merge(grant, self._renewed[key])
        return AuthorRight(person, role, pins, grant, steward_pins)
