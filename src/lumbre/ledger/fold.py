"""Folds: from facts to rows and sums, the same bytes in any order of arrival.

A group is the set of facts that share a (view, key). Its row is a function of that set; a
row adds to sums. A fact may come, go, or change its standing (a right that ends, a removal
that arrives late): its groups are derived again, and the sums move by the difference.

Nothing is written before `flush`. What this does not do: judge.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
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
_NO_ROW = b"\xc0"
# About 1 kB a group: what a flush may leave in memory.
_CACHE_MAX_GROUPS = 20_000

_StoredFact = tuple[int, Ref, bytes, bytes, Role, Standing, int, bytes]
_Stored = tuple[list[_StoredFact], msgspec.Raw]


class _Group:
    __slots__ = ("facts", "is_dirty", "row")

    def __init__(self, facts: dict[Ref, tuple[Fact, bytes]], row: bytes) -> None:
        self.facts = facts
        self.row = row
        self.is_dirty = False


class Folds:
    """Groups, rows and sums over `tables`."""

    def __init__(self, registry: Registry, tables: Tables) -> None:
        self._registry = registry
        self._tables = tables
        self._groups: dict[GroupKey, _Group] = {}
        self._dirty: list[GroupKey] = []
        self._sums: dict[tuple[str, bytes], int] = {}
        self._decoder = msgspec.msgpack.Decoder(_Stored)
        self._row_decoders: dict[str, Any] = {
            view.name: msgspec.msgpack.Decoder(view.row) for view in registry.views.values()
        }

    def add(self, keys: Iterable[GroupKey], fact: Fact, body: bytes) -> None:
        """Make `fact` one of the groups' facts, instead of what stood for its entry before."""
        for key in keys:
            group = self._group(key)
            group.facts[fact.ref] = (fact, body)
            most = self._registry.views[key[0]].facts_by_author
            if most is not None and len(group.facts) > most:
                self._drop_oldest(group, fact.author, most)
            self._touch(key, group)

    @staticmethod
    def _drop_oldest(group: _Group, author: bytes, most: int) -> None:
        own = [item for item in group.facts.values() if item[0].author == author]
        if len(own) > most:
            del group.facts[min(own, key=_order)[0].ref]

    def remove(self, keys: Iterable[GroupKey], ref: Ref) -> None:
        """Take the fact of an entry out of these groups."""
        for key in keys:
            group = self._group(key)
            if group.facts.pop(ref, None) is not None:
                self._touch(key, group)

    def _touch(self, key: GroupKey, group: _Group) -> None:
        if not group.is_dirty:
            group.is_dirty = True
            self._dirty.append(key)

    def _group(self, key: GroupKey) -> _Group:
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = self._load(key)
        return group

    def _load(self, key: GroupKey) -> _Group:
        stored = self._tables.get(_GROUP + key[0], key[1])
        if stored is None:
            return _Group({}, b"")
        rows, row = self._decoder.decode(stored)
        facts = {}
        for depth, ref, author, person, role, standing, wall_s, data in rows:
            body = self._registry.decode(data).body
            fact = Fact(depth, ref, author, person, role, standing, wall_s, body)
            facts[ref] = (fact, data)
        return _Group(facts, b"" if bytes(row) == _NO_ROW else bytes(row))

    def flush(self) -> None:
        """Derive what changed and put it into the tables."""
        views = self._registry.views
        for key in self._dirty:
            group = self._groups[key]
            group.is_dirty = False
            self._derive(views[key[0]], key, group)
        self._dirty.clear()
        for (name, sum_key), delta in self._sums.items():
            if delta:
                self._put_sum(name, sum_key, self.total(name, sum_key) + delta)
        self._sums.clear()
        if len(self._groups) > _CACHE_MAX_GROUPS:
            self._groups.clear()

    def _derive(self, view: View, key: GroupKey, group: _Group) -> None:
        ordered = sorted(group.facts.values(), key=_order)
        row = view.derive(key[1], [fact for fact, _ in ordered]) if ordered else None
        if view.sums is not None:
            if group.row:
                self._add_sums(view, self._row_decoders[view.name].decode(group.row), -1)
            if row is not None:
                self._add_sums(view, row, 1)
        group.row = canonical.encode(row) if row is not None else b""
        value = None
        if ordered:
            stored = [
                (f.depth, f.ref, f.author, f.person, f.role, f.standing, f.wall_s, data)
                for f, data in ordered
            ]
            value = canonical.encode((stored, msgspec.Raw(group.row or _NO_ROW)))
        self._tables.put(_GROUP + view.name, key[1], value)

    def _add_sums(self, view: View, row: msgspec.Struct, sign: int) -> None:
        assert view.sums is not None
        for name, key, delta in view.sums(row):
            self._sums[name, key] = self._sums.get((name, key), 0) + sign * delta

    def _put_sum(self, name: str, key: bytes, total: int) -> None:
        self._tables.put(_SUM, _sum_key(name, key), canonical.encode(total) if total else None)

    def row(self, view: str, key: bytes) -> Any:
        """A group's row, or None. Only what was flushed shows."""
        stored = self._tables.get(_GROUP + view, key)
        return None if stored is None else self._row(view, stored)

    def _row(self, view: str, stored: bytes) -> Any:
        row = bytes(self._decoder.decode(stored)[1])
        return None if row == _NO_ROW else self._row_decoders[view].decode(row)

    def rows(self, view: str, prefix: bytes = b"") -> Iterator[tuple[bytes, Any]]:
        """Every row of a view, by key."""
        for key, stored in self._tables.scan(_GROUP + view, prefix):
            row = self._row(view, stored)
            if row is not None:
                yield key, row

    def total(self, name: str, key: bytes) -> int:
        """A sum over all rows; 0 where nothing adds to it."""
        stored = self._tables.get(_SUM, _sum_key(name, key))
        return 0 if stored is None else int(msgspec.msgpack.decode(stored))

    def totals(self, name: str, prefix: bytes = b"") -> Iterator[tuple[bytes, int]]:
        """Every sum of a name that is not 0, by key."""
        start = _sum_key(name, b"")
        for key, stored in self._tables.scan(_SUM, start + prefix):
            yield key[len(start) :], int(msgspec.msgpack.decode(stored))

    def digest(self) -> bytes:
        """32 bytes over every row and sum: equal where the views are equal."""
        digest = hashlib.sha256()
        for name in sorted(self._registry.views):
            digest.update(canonical.encode(name))
            for key, stored in self._tables.scan(_GROUP + name):
                row = self._decoder.decode(stored)[1]
                digest.update(canonical.encode(key) + bytes(row))
        for key, stored in self._tables.scan(_SUM):
            digest.update(canonical.encode(key) + stored)
        return digest.digest()


def _order(item: tuple[Fact, bytes]) -> tuple[int, bytes]:
    return item[0].depth, item[0].ref.hash


def _sum_key(name: str, key: bytes) -> bytes:
    return name.encode() + b"\0" + key
