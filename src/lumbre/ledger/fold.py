"""Folds: from facts to rows and sums, the same bytes in any order of arrival.

A group is the set of facts that share a (view, key). Its row is a function of that set; a
row adds to sums. A fact may come, go, or change its standing (a right that ends, a removal
that arrives late): its groups are derived again, and the sums move by the difference.

`add` and `remove` only note what changes. `flush` reads the groups that changed, derives them
and writes them, view by view in the order of their keys: the tables lie on a disk in that
order. What this does not do: judge.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from lumbre.ledger.ports import Tables
from lumbre.record import canonical
from lumbre.record.log import Ref
from lumbre.schema.kind import Fact, GroupKey, Standing, View
from lumbre.schema.registry import Registry
from lumbre.schema.roles import Role

_GROUP: str = "group/"
_SUM: str = "sum"
# About 1 kB a group: what a flush may leave in memory.
_CACHE_MAX_GROUPS = 20_000


class _Group:
    """A group as it is stored; `row` is kept where it adds to sums."""

    __slots__ = ("facts", "row")

    def __init__(self, facts: dict[Ref, Fact], row: Any) -> None:
        self.facts = facts
        self.row = row


class Folds:
    """Groups, rows and sums over `tables`."""

    def __init__(self, registry: Registry, tables: Tables) -> None:
        self._views = registry.views
        self._tables = tables
        self._changes: dict[str, dict[bytes, dict[Ref, Fact | None]]] = {
            name: {} for name in registry.views
        }
        self._cache: dict[GroupKey, _Group] = {}
        fact = tuple[int, Ref, bytes, bytes, Role, Standing, int, registry.body_type]  # type: ignore[name-defined]
        self._decoders: dict[str, Any] = {}
        self._row_decoders: dict[str, Any] = {}
        for name, view in registry.views.items():
            row: Any = view.row | None
            kept: Any = msgspec.Raw if view.sums is None else row
            self._decoders[name] = msgspec.msgpack.Decoder(tuple[kept, list[fact]])
            self._row_decoders[name] = msgspec.msgpack.Decoder(tuple[row, msgspec.Raw])
        self._raw_decoder = msgspec.msgpack.Decoder(tuple[msgspec.Raw, msgspec.Raw])

    def add(self, keys: Iterable[GroupKey], fact: Fact) -> None:
        """Make `fact` one of the groups' facts, instead of what stood for its entry before."""
        self._change(keys, fact.ref, fact)

    def remove(self, keys: Iterable[GroupKey], ref: Ref) -> None:
        """Take the fact of an entry out of these groups."""
        self._change(keys, ref, None)

    def _change(self, keys: Iterable[GroupKey], ref: Ref, fact: Fact | None) -> None:
        for name, key in keys:
            groups = self._changes[name]
            group = groups.get(key)
            if group is None:
                groups[key] = {ref: fact}
            else:
                group[ref] = fact

    def crowds_out(self, keys: Iterable[GroupKey], ref: Ref) -> bool:
        """Whether an entry's fact takes a place that an older one of its author had to leave."""
        for name, key in keys:
            most = self._views[name].facts_by_author
            if most is None:
                continue
            group = self._cache.get((name, key))
            if group is None:
                group = self._load(name, self._tables.get(_GROUP + name, key))
            fact = group.facts.get(ref)
            if fact is not None:
                others = group.facts.values()
                if sum(other.author == fact.author for other in others) >= most:
                    return True
        return False

    def flush(self) -> None:
        """Derive what changed and put it into the tables."""
        sums: dict[tuple[str, bytes], int] = defaultdict(int)
        for name, groups in self._changes.items():
            if groups:
                view = self._views[name]
                keys = sorted(groups)
                stored = self._stored(name, keys)
                for key in keys:
                    self._derive(view, key, groups[key], stored.get(key), sums)
                groups.clear()
        self._put_sums(sums)
        for old in list(islice(self._cache, max(0, len(self._cache) - _CACHE_MAX_GROUPS))):
            del self._cache[old]

    def _stored(self, name: str, keys: list[bytes]) -> dict[bytes, bytes]:
        """What the tables hold of groups that are not at hand."""
        cache = self._cache
        return self._tables.get_many(
            _GROUP + name, [key for key in keys if (name, key) not in cache]
        )

    def _derive(
        self,
        view: View,
        key: bytes,
        changes: dict[Ref, Fact | None],
        stored: bytes | None,
        sums: dict[tuple[str, bytes], int],
    ) -> None:
        group = self._cache.pop((view.name, key), None)
        if group is None:
            group = self._load(view.name, stored)
        facts = _in_order({**group.facts, **changes} if group.facts else changes)
        if view.facts_by_author is not None and len(facts) > view.facts_by_author:
            facts = _last_of_each(facts, view.facts_by_author)
        row = view.derive(key, facts) if facts else None
        if view.sums is not None:
            for sign, one in ((-1, group.row), (1, row)):
                for name, sum_key, delta in view.sums(one) if one is not None else ():
                    sums[name, sum_key] += sign * delta
            group.row = row
        group.facts = {fact.ref: fact for fact in facts}
        self._cache[view.name, key] = group
        value = canonical.encode((row, facts)) if facts else None
        self._tables.put(_GROUP + view.name, key, value)

    def _load(self, name: str, stored: bytes | None) -> _Group:
        if stored is None:
            return _Group({}, None)
        row, facts = self._decoders[name].decode(stored)
        return _Group({fact[1]: Fact(*fact) for fact in facts}, row)

    def _put_sums(self, deltas: dict[tuple[str, bytes], int]) -> None:
        moved = {_sum_key(*key): delta for key, delta in deltas.items() if delta}
        keys = sorted(moved)
        stored = self._tables.get_many(_SUM, keys)
        for key in keys:
            total = moved[key] + _total(stored.get(key))
            self._tables.put(_SUM, key, canonical.encode(total) if total else None)

    def row(self, view: str, key: bytes) -> Any:
        """A group's row, or None. Only what was flushed shows."""
        stored = self._tables.get(_GROUP + view, key)
        return None if stored is None else self._row_decoders[view].decode(stored)[0]

    def rows(self, view: str, prefix: bytes = b"") -> Iterator[tuple[bytes, Any]]:
        """Every row of a view, by key."""
        for key, stored in self._tables.scan(_GROUP + view, prefix):
            row = self._row_decoders[view].decode(stored)[0]
            if row is not None:
                yield key, row

    def total(self, name: str, key: bytes) -> int:
        """A sum over all rows; 0 where nothing adds to it."""
        return _total(self._tables.get(_SUM, _sum_key(name, key)))

    def totals(self, name: str, prefix: bytes = b"") -> Iterator[tuple[bytes, int]]:
        """Every sum of a name that is not 0, by key."""
        start = _sum_key(name, b"")
        for key, stored in self._tables.scan(_SUM, start + prefix):
            yield key[len(start) :], _total(stored)

    def digest(self) -> bytes:
        """32 bytes over every row and sum: equal where the views are equal."""
        digest = hashlib.sha256()
        for name in sorted(self._views):
            digest.update(canonical.encode(name))
            for key, stored in self._tables.scan(_GROUP + name):
                row = self._raw_decoder.decode(stored)[0]
                digest.update(canonical.encode(key) + bytes(row))
        for key, stored in self._tables.scan(_SUM):
            digest.update(canonical.encode(key) + stored)
        return digest.digest()


def _in_order(facts: dict[Ref, Fact | None]) -> list[Fact]:
    """Facts by (depth, id)."""
    found = [fact for fact in facts.values() if fact is not None]
    if len(found) > 1:
        found.sort(key=_order)
    return found


def _order(fact: Fact) -> tuple[int, bytes]:
    return fact.depth, fact.ref.hash


def _last_of_each(facts: list[Fact], most: int) -> list[Fact]:
    """The last `most` facts of each author, in order."""
    count: dict[bytes, int] = defaultdict(int)
    kept = []
    for fact in reversed(facts):
        count[fact.author] += 1
        if count[fact.author] <= most:
            kept.append(fact)
    kept.reverse()
    return kept


def _total(stored: bytes | None) -> int:
    return 0 if stored is None else int(msgspec.msgpack.decode(stored))


def _sum_key(name: str, key: bytes) -> bytes:
    return name.encode() + b"\0" + key
