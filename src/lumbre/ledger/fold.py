"""Folds: from facts to rows and sums, the same bytes in any order of arrival.

A group is the set of facts that share a (view, key). Its row is a function of that set; a
row adds to sums. A fact may come, go, or change its standing (a right that ends, a removal
that arrives late): its groups are derived again, and the sums move by the difference.

A group is stored as its row and the places of its facts: bodies lie in the log and nowhere
else. What changed lately is at hand; the facts of any other group are read from the log again
when it changes.

`add` and `remove` only note what changes. `flush` reads the groups that changed, derives them
and writes them, view by view in the order of their keys: the tables lie on a disk in that
order. What this does not do: judge.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from lumbre.ledger.ports import Tables
from lumbre.record.canonical import encode
from lumbre.record.limits import SEQ_MAX
from lumbre.schema.kind import Fact, GroupKey, Standing, View
from lumbre.schema.registry import Registry

Place = int
"""Where an entry lies in this store: its branch's number and its seq in one integer."""

Reader = Callable[[int, int, Standing], Fact]
"""(branch number, seq, standing) -> the fact that the entry there is."""

_GROUP: Final = "group/"
_SUM: Final = "sum"
_SEQ_BITS: Final = SEQ_MAX.bit_length()
# Of groups that changed lately, newer and older ones each: about 1 kB a fact.
_AT_HAND_MAX_FACTS: Final = 10_000


def place_of(number: int, seq: int) -> Place:
    """The place of an entry of a branch."""
    return number << _SEQ_BITS | seq


class _Group(msgspec.Struct, gc=False):
    """A group's facts by place, in (depth, id) order; its row where that adds to sums."""

    facts: dict[Place, Fact]
    row: Any = None


class _Fold:
    """One view: its groups that change, and those at hand, newer and older."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.table = _GROUP + view.name
        self.changes: dict[bytes, dict[Place, Fact | None]] = {}
        self.newer: dict[bytes, _Group] = {}
        self.older: dict[bytes, _Group] = {}
        row: Any = view.row | None
        kept: Any = msgspec.Raw if view.sums is None else row
        self.decoder = msgspec.msgpack.Decoder(tuple[kept, list[tuple[Place, Standing]]])
        self.row_decoder: Any = msgspec.msgpack.Decoder(tuple[row, msgspec.Raw])


class Folds:
    """Groups, rows and sums over `tables`; `read` gives the facts that they name."""

    def __init__(self, registry: Registry, tables: Tables, read: Reader) -> None:
        self._tables = tables
        self._read = read
        self._folds = {name: _Fold(view) for name, view in registry.views.items()}
        self._changes = {name: fold.changes for name, fold in self._folds.items()}
        self._newer_facts = 0
        self._raw_decoder = msgspec.msgpack.Decoder(tuple[msgspec.Raw, msgspec.Raw])

    def add(self, keys: Iterable[GroupKey], place: Place, fact: Fact | None) -> None:
        """Make `fact` one of the groups' facts, instead of what stood for its entry before."""
        for name, key in keys:
            changes = self._changes[name]
            group = changes.get(key)
            if group is None:
                changes[key] = {place: fact}
            else:
                group[place] = fact

    def remove(self, keys: Iterable[GroupKey], place: Place) -> None:
        """Take the fact of an entry out of these groups."""
        self.add(keys, place, None)

    def crowds_out(self, keys: Iterable[GroupKey], place: Place) -> bool:
        """Whether an entry's fact takes a place that an older one of its author had to leave."""
        for name, key in keys:
            fold = self._folds[name]
            most = fold.view.facts_by_author
            if most is None:
                continue
            changes = fold.changes.get(key, {})
            group = fold.newer.get(key) or fold.older.get(key)
            if group is None:
                group = self._load(fold, self._tables.get(fold.table, key), changes)
            facts = _in_order({**group.facts, **changes})
            author = facts[place].author if place in facts else None
            if sum(fact.author == author for fact in facts.values()) >= most:
                return True
        return False

    def flush(self) -> None:
        """Derive what changed and put it into the tables."""
        sums: dict[tuple[str, bytes], int] = defaultdict(int)
        for fold in self._folds.values():
            if fold.changes:
                self._flush(fold, sums)
        self._put_sums(sums)
        if self._newer_facts > _AT_HAND_MAX_FACTS:
            self._newer_facts = 0
            for fold in self._folds.values():
                fold.older, fold.newer = fold.newer, {}

    def _flush(self, fold: _Fold, sums: dict[tuple[str, bytes], int]) -> None:
        newer, older = fold.newer, fold.older
        keys = sorted(fold.changes)
        absent = [key for key in keys if key not in newer and key not in older]
        stored = self._tables.get_many(fold.table, absent)
        puts = []
        for key in keys:
            changes = fold.changes[key]
            group = newer.pop(key, None)
            if group is not None:
                self._newer_facts -= len(group.facts)
            else:
                group = older.pop(key, None) or self._load(fold, stored.get(key), changes)
            puts.append((key, self._derive(fold.view, key, group, changes, sums)))
            if group.facts:
                newer[key] = group
                self._newer_facts += len(group.facts)
        fold.changes.clear()
        self._tables.put_many(fold.table, puts)

    def _derive(
        self,
        view: View,
        key: bytes,
        group: _Group,
        changes: dict[Place, Fact | None],
        sums: dict[tuple[str, bytes], int],
    ) -> bytes | None:
        """Bring a group up to date; what is stored of it."""
        places = _in_order({**group.facts, **changes} if group.facts else changes)
        if view.facts_by_author is not None and len(places) > view.facts_by_author:
            places = _last_of_each(places, view.facts_by_author)
        facts = list(places.values())
        row = view.derive(key, facts) if facts else None
        if view.sums is not None:
            for sign, one in ((-1, group.row), (1, row)):
                for name, sum_key, delta in view.sums(one) if one is not None else ():
                    sums[name, sum_key] += sign * delta
            group.row = row
        group.facts = places
        if not facts:
            return None
        return encode((row, [(place, fact.standing) for place, fact in places.items()]))

    def _load(self, fold: _Fold, stored: bytes | None, changes: dict[Place, Fact | None]) -> _Group:
        """A group as it is stored, but for the facts that change now."""
        if stored is None:
            return _Group({})
        row, places = fold.decoder.decode(stored)
        facts = {
            place: self._read(place >> _SEQ_BITS, place & SEQ_MAX, standing)
            for place, standing in places
            if place not in changes
        }
        return _Group(facts, row)

    def _put_sums(self, deltas: dict[tuple[str, bytes], int]) -> None:
        moved = {_sum_key(*key): delta for key, delta in deltas.items() if delta}
        keys = sorted(moved)
        stored = self._tables.get_many(_SUM, keys)
        totals = {key: moved[key] + _total(stored.get(key)) for key in keys}
        puts = [(key, encode(total) if total else None) for key, total in totals.items()]
        self._tables.put_many(_SUM, puts)

    def row(self, view: str, key: bytes) -> Any:
        """A group's row, or None. Only what was flushed shows."""
        stored = self._tables.get(_GROUP + view, key)
        return None if stored is None else self._folds[view].row_decoder.decode(stored)[0]

    def rows(self, view: str, prefix: bytes = b"") -> Iterator[tuple[bytes, Any]]:
        """Every row of a view, by key."""
        decode = self._folds[view].row_decoder.decode
        for key, stored in self._tables.scan(_GROUP + view, prefix):
            row = decode(stored)[0]
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
        for name in sorted(self._folds):
            digest.update(encode(name))
            for key, stored in self._tables.scan(_GROUP + name):
                row = self._raw_decoder.decode(stored)[0]
                digest.update(encode(key) + bytes(row))
        for key, stored in self._tables.scan(_SUM):
            digest.update(encode(key) + stored)
        return digest.digest()


def _in_order(facts: dict[Place, Fact | None]) -> dict[Place, Fact]:
    """Facts by (depth, id), without the places of those that went."""
    found = {place: fact for place, fact in facts.items() if fact is not None}
    return found if len(found) < 2 else dict(sorted(found.items(), key=_order))


def _order(pair: tuple[Place, Fact]) -> tuple[int, bytes]:
    return pair[1].depth, pair[1].ref.hash


def _last_of_each(facts: dict[Place, Fact], most: int) -> dict[Place, Fact]:
    """The last `most` facts of each author, in order."""
    count: dict[bytes, int] = defaultdict(int)
    kept = []
    for place, fact in reversed(facts.items()):
        count[fact.author] += 1
        if count[fact.author] <= most:
            kept.append((place, fact))
    return dict(reversed(kept))


def _total(stored: bytes | None) -> int:
    return 0 if stored is None else int(msgspec.msgpack.decode(stored))


def _sum_key(name: str, key: bytes) -> bytes:
    return name.encode() + b"\0" + key
