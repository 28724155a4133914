"""Histories of trust acts for tests and benches: a pen that writes them, and seeded shapes.

Entries are made without signatures: links are the record's to check, not this floor's.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator
from typing import Any

from lumbre.record import NO_SPACE, Entry, Lane, LogName, Mention, Tip
from lumbre.record.canonical import encode
from lumbre.record.entry import START, cost_bytes, entry_id, header_bytes
from lumbre.schema.fields import Body
from lumbre.schema.roles import Role, Via
from lumbre.trust.acts import (
    Act,
    Admit,
    Appoint,
    Approve,
    Close,
    Cofounder,
    Device,
    Dismiss,
    Found,
    Remove,
    TrustAct,
)
from lumbre.trust.graph import refs_of
from lumbre.trust.people import cofounder_person


def key_of(name: str) -> bytes:
    """A key that stands for a name."""
    return hashlib.sha256(name.encode()).digest()


def make_entry(name: LogName, tip: Tip, body: Body, depth: int, log: bytes | None = None) -> Entry:
    """An entry without a signature."""
    data = encode(body)
    seq, total = tip.seq + 1, tip.total_bytes + cost_bytes(len(data))
    log = name.id if log is None else log
    digest = hashlib.sha256(data).digest()
    header = header_bytes(log, seq, tip.id, depth, 0, total, bytes(4), len(data), digest)
    id_ = entry_id(header)
    return Entry(name, log, seq, id_, tip.id, depth, 0, total, bytes(4), header, data, None)


class Pen:
    """Writes acts. `tips[branch]` is where a branch of a key's log stands."""

    def __init__(
        self,
        cofounders: Iterable[str] = (),
        recovery: bytes | None = None,
        percent: int = 50,
        founder: str = "A",
    ) -> None:
        others = tuple(Cofounder(key_of(name), b"") for name in cofounders)
        body = Found(Via.OWN_DEVICE, None, recovery, 1, percent, others)
        key = key_of(founder)
        self.founding = Act(make_entry(LogName(NO_SPACE, key, Lane.TRUST), START, body, 1), body)
        self.space = self.founding.entry.id
        self.acts: list[Act] = [self.founding]
        self.people: dict[str, bytes] = {founder: self.space}
        for name in cofounders:
            self.people[name] = cofounder_person(self.space, key_of(name))
        self.tips: dict[str, Tip] = {}
        self._depths = {self.space: 1}
        self._logs: dict[str, tuple[LogName, bytes]] = {}

    def write(
        self,
        who: str,
        kind: type[TrustAct],
        *values: Any,
        after: Iterable[Act] = (),
        branch: str | None = None,
        since: Act | None = None,
    ) -> Act:
        """An act by `who`'s key. `since` forks the log there (the founding: at its start)."""
        branch = branch or who
        if since is not None:
            in_log = since.entry.name.author == key_of(who) and since is not self.founding
            self.tips[branch] = Tip.of(since.entry) if in_log else START
        tip = self.tips.get(branch, START)
        refs = tuple(act.entry.ref for act in after)
        body = kind(Via.OWN_DEVICE, None, refs, *values)
        known = self._logs.get(who)
        if known is None:
            name = LogName(self.space, key_of(who), Lane.TRUST)
            known = self._logs[who] = (name, name.id)
        above = [ref.hash for ref in refs_of(Act(self.founding.entry, body))]
        depth = 1 + max([tip.depth, *(self._depths.get(id_, 1) for id_ in above)])
        act = Act(make_entry(known[0], tip, body, depth, known[1]), body)
        self._depths[act.entry.id] = act.entry.depth
        self.tips[branch] = Tip.of(act.entry)
        self.acts.append(act)
        return act

    def admit(
        self, by: str, name: str, role: Role = Role.MEMBER, consent: bytes = b"", **how: Any
    ) -> Act:
        act = self.write(by, Admit, key_of(name), consent, role, None, None, **how)
        self.people.setdefault(name, act.entry.id)
        return act

    def device(self, by: str, person: str, key: str, consent: bytes = b"", **how: Any) -> Act:
        return self.write(by, Device, self.people[person], key_of(key), consent, **how)

    def appoint(self, by: str, name: str, **how: Any) -> Act:
        return self.write(by, Appoint, self.people[name], **how)

    def approve(self, by: str, proposal: Act, **how: Any) -> Act:
        return self.write(by, Approve, proposal.entry.ref, **how)

    def remove(
        self, by: str, name: str, pins: Iterable[Act] = (), key: str | None = None, **how: Any
    ) -> Act:
        only = None if key is None else key_of(key)
        return self.write(by, Remove, self.people[name], only, pin(pins), **how)

    def dismiss(self, by: str, name: str, pins: Iterable[Act] = (), **how: Any) -> Act:
        return self.write(by, Dismiss, self.people[name], pin(pins), **how)

    def close(self, by: str, key: str, pins: Iterable[Act] = (), **how: Any) -> Act:
        return self.write(by, Close, key_of(key), pin(pins), **how)


def pin(acts: Iterable[Act]) -> tuple[Mention, ...]:
    """Pins that name these acts as the last that count."""
    return tuple(Mention.of(act.entry.ref) for act in acts)


def arrivals(acts: Iterable[Act]) -> Iterator[list[Act]]:
    """Every order in which acts can arrive: each after what it refers to and follows."""
    acts = list(acts)
    ids = {act.entry.id for act in acts}
    needs = {
        act.entry.id: {r.hash for r in refs_of(act)} & ids | ({act.entry.prev} & ids)
        for act in acts
    }

    def grow(done: list[Act], left: list[Act]) -> Iterator[list[Act]]:
        if not left:
            yield list(done)
        here = {act.entry.id for act in done}
        for act in left:
            if needs[act.entry.id] <= here:
                yield from grow([*done, act], [other for other in left if other is not act])

    return grow([], acts)


def one_arrival(acts: list[Act], seed: int) -> list[Act]:
    """One order of arrival, from a seed."""
    rng = random.Random(seed)
    ids = {act.entry.id for act in acts}
    waiting = list(acts)
    rng.shuffle(waiting)
    done: list[Act] = []
    here: set[bytes] = set()
    while waiting:
        rest = []
        for act in waiting:
            needs = {r.hash for r in refs_of(act)} & ids | ({act.entry.prev} & ids)
            if needs <= here:
                done.append(act)
                here.add(act.entry.id)
            else:
                rest.append(act)
        waiting = rest
    return done


def ordinary(count: int, seed: int = 0) -> Pen:
    """A commune's years: mostly admissions, now and then a steward or a removal."""
    rng = random.Random(seed)
    pen = Pen(["B", "C"])
    heads = [pen.founding]
    members = ["A", "B", "C"]
    while len(pen.acts) < count:
        turn = rng.random()
        by = rng.choice(members[:200])
        if turn < 0.985:
            name = f"m{len(pen.acts)}"
            act = pen.admit(by, name, after=heads[-2:])
            members.append(name)
        elif turn < 0.995:
            act = pen.device(by, by, f"d{len(pen.acts)}", after=heads[-2:])
        else:
            name = rng.choice(members[3:] or ["B"])
            proposal = pen.remove("A", name, after=heads[-2:])
            act = pen.approve("B", proposal, after=heads[-1:])
            if name in members[3:]:
                members.remove(name)
        heads.append(act)
    return pen


def wide(count: int, seed: int = 0) -> Pen:
    """Every act names sixteen others as heads."""
    rng = random.Random(seed)
    pen = Pen(["B", "C"])
    names = ["A", "B", "C"]
    while len(pen.acts) < count:
        heads = rng.sample(pen.acts[1:], min(16, len(pen.acts) - 1))
        by = rng.choice(names[:64])
        name = f"m{len(pen.acts)}"
        pen.admit(by, name, after=heads)
        names.append(name)
    return pen


def wide_votes(count: int, seed: int = 0) -> Pen:
    """Three stewards propose and vote apart, each act naming up to sixteen random others."""
    rng = random.Random(seed)
    pen = Pen(["B", "C"])
    pen.admit("A", "D")
    proposals: list[Act] = []
    while len(pen.acts) < count:
        heads = rng.sample(pen.acts[1:], min(16, len(pen.acts) - 1))
        by = rng.choice("ABC")
        if proposals and rng.random() < 0.6:
            pen.approve(by, rng.choice(proposals), after=heads)
        else:
            proposals.append(pen.appoint(by, "D", after=heads))
    return pen


def seesaw(count: int, seed: int = 0) -> Pen:
    """A long chain in which two stewards appoint and dismiss a third."""
    pen = Pen(["B", "C"])
    last = pen.admit("A", "D")
    while len(pen.acts) < count:
        proposal = pen.appoint("A", "D", after=[last])
        vote = pen.approve("B", proposal)
        proposal = pen.dismiss("A", "D", after=[vote])
        vote = pen.approve("B", proposal)
        last = pen.approve("C", proposal, after=[vote])
    return pen


def fresh_keys(count: int, seed: int = 0) -> Pen:
    """Each admitted key admits the next, as a person or as a device."""
    pen = Pen()
    last = "A"
    while len(pen.acts) < count:
        name = f"k{len(pen.acts)}"
        pen.admit(last, name, after=pen.acts[-1:] if len(pen.acts) > 1 else ())
        last = name
    return pen


def many_votes(count: int, seed: int = 0) -> Pen:
    """One proposal and votes without end, most by members who are no stewards."""
    pen = Pen(["B", "C"])
    pen.admit("A", "D")
    proposal = pen.appoint("A", "D")
    while len(pen.acts) < count:
        pen.approve("BCDE"[len(pen.acts) % 4], proposal)
    return pen


SHAPES = {
    "ordinary": ordinary,
    "wide": wide,
    "wide_votes": wide_votes,
    "seesaw": seesaw,
    "fresh_keys": fresh_keys,
    "many_votes": many_votes,
}
