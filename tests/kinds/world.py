"""A small world of people who write, and a fold of what they wrote: no logs, no signatures."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from lumbre.kinds import DOMAINS
from lumbre.record import canonical
from lumbre.record.log import Ref
from lumbre.schema.fields import Body, refs_in
from lumbre.schema.kind import Fact, Standing
from lumbre.schema.registry import Registry
from lumbre.schema.roles import Role, Via

REGISTRY = Registry(DOMAINS)
HERE = {"via": Via.OWN_DEVICE, "speaks_for": None}


def named(name: str) -> bytes:
    """32 bytes that stand for a name."""
    return hashlib.sha256(name.encode()).digest()


class World:
    """Writes facts with references and depths as a ledger would accept them."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._by_ref: dict[Ref, Fact] = {}
        self._seqs: dict[bytes, int] = defaultdict(int)

    def write(
        self,
        body: Body,
        who: str = "ana",
        *,
        device: str = "1",
        role: Role = Role.MEMBER,
        standing: Standing = Standing.COUNTS,
        wall_s: int = 1000,
        expect: str | None = None,
    ) -> Ref:
        """Write `body`; a body whose check complains is no fact, and must be expected."""
        kind = REGISTRY.kind_of(body)
        data = REGISTRY.encode(body)
        assert role in kind.writers, f"{role.name} may not write {kind.name}"
        author = named(who + device)
        log = named(who + device + kind.lane.name)
        targets = {ref: self._by_ref[ref] for ref in refs_in(msgspec.msgpack.decode(data))}
        bodies = {ref: fact.body for ref, fact in targets.items()}
        reason = kind.check(body, bodies, author) if kind.check else None
        assert reason == expect, reason
        seq = self._seqs[log]
        self._seqs[log] += 1
        before = [f.depth for f in self.facts if f.ref.log == log]
        depth = 1 + max([*before, *(fact.depth for fact in targets.values())], default=0)
        entry_id = hashlib.sha256(log + seq.to_bytes(8, "big") + data).digest()
        ref = Ref(log, seq, entry_id)
        fact = Fact(depth, ref, author, named(who), role, standing, wall_s, body)
        self._by_ref[ref] = fact
        if reason is None:
            self.facts.append(fact)
        return ref

    def fold(self, facts: Iterable[Fact] | None = None) -> Folded:
        return Folded(self.facts if facts is None else facts)


class Folded:
    """Rows and totals of a set of facts."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        groups: dict[tuple[str, bytes], list[Fact]] = defaultdict(list)
        for fact in facts:
            for key in REGISTRY.kind_of(fact.body).groups(fact.body, fact.ref):
                groups[key].append(fact)
        self.rows: dict[tuple[str, bytes], Any] = {}
        self.sums: dict[tuple[str, bytes], int] = defaultdict(int)
        for (name, key), found in sorted(groups.items()):
            view = REGISTRY.views[name]
            row = view.derive(key, sorted(found, key=lambda f: (f.depth, f.ref.hash)))
            if row is None:
                continue
            data = canonical.encode(row)
            canonical.decode(data, 2**24)
            assert type(row) is view.row
            assert msgspec.msgpack.decode(data, type=view.row) == row, name
            self.rows[name, key] = row
            for sum_name, sum_key, delta in view.sums(row) if view.sums else ():
                self.sums[sum_name, sum_key] += delta

    def all(self, view: str) -> list[Any]:
        return [row for (name, _), row in self.rows.items() if name == view]

    def one(self, view: str) -> Any:
        (row,) = self.all(view)
        return row

    def totals(self, name: str, prefix: bytes = b"") -> dict[bytes, int]:
        return {
            key: total
            for (found, key), total in self.sums.items()
            if found == name and total and key.startswith(prefix)
        }

    def total(self, name: str) -> int:
        return sum(self.totals(name).values())

    def digest(self) -> bytes:
        parts = [(n, k, canonical.encode(r)) for (n, k), r in sorted(self.rows.items())]
        sums = sorted((n, k, v) for (n, k), v in self.sums.items() if v)
        return hashlib.sha256(canonical.encode((parts, sums))).digest()


def shuffled(facts: list[Fact], seed: int) -> list[Fact]:
    mixed = list(facts)
    random.Random(seed).shuffle(mixed)
    return mixed
