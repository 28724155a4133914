"""Rows and sums hang on the set of facts alone, and only what is flushed shows."""

from __future__ import annotations

import hashlib
import itertools

import pytest

from lumbre.ledger import MemoryTables, fold
from lumbre.ledger.fold import Folds
from lumbre.record import Ref
from lumbre.record.canonical import encode
from lumbre.schema import Role, Standing
from lumbre.schema.kind import Fact
from tests.ledger.small import REGISTRY, Row, mark
from tests.trust.histories import key_of

BOARD = [("board", b"a")]
LAST = [("last", b"a")]


def fact(name: str, amount: int = 1, depth: int = 1, author: str = "A", **more) -> Fact:
    standing = more.get("standing", Standing.COUNTS)
    ref = Ref(key_of(author), depth, key_of(name))
    body = mark("a", amount)
    key = key_of(author)
    return Fact(depth, ref, key, key, more.get("role", Role.MEMBER), standing, 7, body)


def folds_of(*facts: Fact, keys=tuple(BOARD)) -> Folds:
    folds = Folds(REGISTRY, MemoryTables())
    for one in facts:
        folds.add(keys, one)
    folds.flush()
    return folds


def test_only_what_was_flushed_shows():
    folds = Folds(REGISTRY, MemoryTables())
    folds.add(BOARD, fact("x", 5))
    assert folds.row("board", b"a") is None
    assert folds.total("board", b"a") == 0
    folds.flush()
    assert folds.row("board", b"a") == Row("a", (5,), 0)
    assert folds.total("board", b"a") == 5
    assert list(folds.rows("board")) == [(b"a", Row("a", (5,), 0))]
    assert list(folds.rows("last")) == []


def test_facts_come_by_depth_then_by_id_whatever_came_first():
    facts = [fact("x", 1, 2), fact("y", 2, 1), fact("z", 3, 2)]
    by_id = sorted(facts, key=lambda one: (one.depth, one.ref.hash))
    expected = tuple(one.body.amount for one in by_id)
    for order in itertools.permutations(facts):
        assert folds_of(*order).row("board", b"a").amounts == expected


def test_a_fact_that_stands_for_an_entry_takes_the_place_of_the_one_before():
    folds = folds_of(fact("x", 5), fact("y", 7, 2))
    folds.add(BOARD, fact("x", 5, standing=Standing.REMOVED))
    folds.flush()
    assert folds.row("board", b"a") == Row("a", (7,), 1)
    assert folds.total("board", b"a") == 7
    folds.add(BOARD, fact("x", 5))
    folds.remove(BOARD, fact("y", 7, 2).ref)
    folds.flush()
    assert folds.row("board", b"a") == Row("a", (5,), 0)
    assert folds.total("board", b"a") == 5


def test_the_last_of_several_changes_before_a_flush_holds():
    folds = Folds(REGISTRY, MemoryTables())
    folds.add(BOARD, fact("x", 5))
    folds.remove(BOARD, fact("x").ref)
    folds.add(BOARD, fact("y", 3))
    folds.flush()
    assert folds.row("board", b"a").amounts == (3,)


def test_a_flush_is_done_once():
    folds = folds_of(fact("x", 5))
    folds.flush()
    assert folds.total("board", b"a") == 5


def test_a_group_without_facts_leaves_nothing_behind():
    folds = folds_of(fact("x", 5))
    empty = Folds(REGISTRY, MemoryTables()).digest()
    assert folds.digest() != empty
    folds.remove(BOARD, fact("x").ref)
    folds.flush()
    assert folds.digest() == empty
    assert folds.row("board", b"a") is None
    assert folds.total("board", b"a") == 0
    assert list(folds.totals("board")) == []


def test_a_sum_that_is_none_is_not_kept():
    folds = folds_of(fact("x", 5), fact("y", -5, 2))
    assert list(folds.totals("board")) == []
    assert list(folds._tables.scan("sum")) == []


def test_a_row_of_nothing_is_no_row_and_its_facts_stay():
    guest = fact("x", 5, role=Role.GUEST)
    folds = folds_of(guest)
    assert list(folds.rows("board")) == []
    assert folds.row("board", b"a") is None
    assert folds.total("board", b"a") == 0
    folds.add(BOARD, fact("y", 1, 2))
    folds.flush()
    assert folds.row("board", b"a").amounts == (1,)
    folds.add(BOARD, fact("x", 5))
    folds.flush()
    assert folds.row("board", b"a").amounts == (5, 1)


@pytest.mark.parametrize("view", ["board", "last"])
def test_what_is_read_back_from_the_tables_folds_like_what_is_at_hand(view):
    keys = [(view, b"a")]
    tables = MemoryTables()
    first = Folds(REGISTRY, tables)
    first.add(keys, fact("x", 5))
    first.add(keys, fact("y", 6, 2, author="B"))
    first.flush()
    again = Folds(REGISTRY, tables)
    again.add(keys, fact("z", 7, 3))
    again.remove(keys, fact("x").ref)
    again.flush()
    assert again.row(view, b"a").amounts == (6, 7)
    other = folds_of(fact("z", 7, 3), fact("y", 6, 2, author="B"), keys=keys)
    assert again.digest() == other.digest()
    assert again.total("board", b"a") == (13 if view == "board" else 0)


def test_of_each_author_the_last_facts_alone_matter_where_a_view_says_so():
    facts = [fact(f"x{n}", n, n) for n in range(1, 5)] + [fact("y", 9, 1, author="B")]
    for order in itertools.permutations(facts):
        assert folds_of(*order, keys=LAST).row("last", b"a").amounts == (9, 3, 4)
    assert folds_of(*facts).row("board", b"a").amounts[-3:] == (2, 3, 4)


def test_a_view_keeps_all_facts_up_to_its_bound():
    facts = [fact("x", 1, 1), fact("y", 2, 2)]
    assert folds_of(*facts, keys=LAST).row("last", b"a").amounts == (1, 2)


def test_rows_and_totals_come_by_key_and_by_prefix():
    folds = Folds(REGISTRY, MemoryTables())
    for n, key in enumerate([b"b", b"ab", b"aa", b"c"], 1):
        folds.add([("board", key)], fact(f"x{n}", n, n))
    folds.flush()
    assert [key for key, _ in folds.rows("board")] == [b"aa", b"ab", b"b", b"c"]
    assert [key for key, _ in folds.rows("board", b"a")] == [b"aa", b"ab"]
    assert list(folds.totals("board")) == [(b"aa", 3), (b"ab", 2), (b"b", 1), (b"c", 4)]
    assert list(folds.totals("board", b"a")) == [(b"aa", 3), (b"ab", 2)]
    assert list(folds.totals("all")) == [(b"", 10)]
    assert folds.total("all", b"") == 10


def test_the_digest_tells_rows_sums_keys_and_views_apart():
    seen = {
        folds_of().digest(),
        folds_of(fact("x", 5)).digest(),
        folds_of(fact("x", 6)).digest(),
        folds_of(fact("x", 5), keys=[("board", b"b")]).digest(),
        folds_of(fact("x", 5), keys=LAST).digest(),
        folds_of(fact("x", 5), keys=BOARD + LAST).digest(),
    }
    assert len(seen) == 6
    moved = folds_of(fact("x", 5))
    moved._tables.put("sum", b"board\0a", b"\x06")
    assert moved.digest() not in seen


def test_the_digest_is_over_rows_and_not_over_what_made_them():
    one = folds_of(fact("x", 5))
    other = folds_of(fact("another", 5, 3, author="B"))
    assert one.digest() == other.digest()


def test_groups_past_the_cache_s_bound_are_read_again(monkeypatch):
    monkeypatch.setattr(fold, "_CACHE_MAX_GROUPS", 2)
    folds = Folds(REGISTRY, MemoryTables())
    keys = [b"a", b"b", b"c", b"d"]
    for key in keys:
        folds.add([("board", key)], fact("x", 5))
    folds.flush()
    assert [key for _, key in folds._cache] == [b"c", b"d"]
    for key in keys:
        folds.add([("board", key)], fact("y", 2, 2))
    folds.flush()
    assert [row.amounts for _, row in folds.rows("board")] == [(5, 2)] * 4
    assert folds.total("all", b"") == 28


def test_a_group_that_changed_again_is_the_last_to_leave_the_cache(monkeypatch):
    monkeypatch.setattr(fold, "_CACHE_MAX_GROUPS", 2)
    folds = Folds(REGISTRY, MemoryTables())
    for key in (b"a", b"b"):
        folds.add([("board", key)], fact("x", 5))
    folds.flush()
    assert [key for _, key in folds._cache] == [b"a", b"b"]
    for key in (b"a", b"c"):
        folds.add([("board", key)], fact("y", 5, 2))
        folds.flush()
    assert [key for _, key in folds._cache] == [b"a", b"c"]


def test_a_flush_reads_and_writes_in_the_order_of_keys():
    class Watched(MemoryTables):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[tuple] = []

        def get_many(self, table, keys):
            self.seen.append(("get", table, tuple(keys)))
            return super().get_many(table, keys)

        def put(self, table, key, value):
            self.seen.append(("put", table, key))
            super().put(table, key, value)

    tables = Watched()
    folds = Folds(REGISTRY, tables)
    for key in (b"b", b"a"):
        folds.add([("board", key)], fact("x", 5))
    folds.flush()
    assert tables.seen == [
        ("get", "group/board", (b"a", b"b")),
        ("put", "group/board", b"a"),
        ("put", "group/board", b"b"),
        ("get", "sum", (b"all\0", b"board\0a", b"board\0b")),
        ("put", "sum", b"all\0"),
        ("put", "sum", b"board\0a"),
        ("put", "sum", b"board\0b"),
    ]
    tables.seen.clear()
    folds.add([("board", b"a"), ("board", b"c")], fact("y", 0, 2))
    folds.flush()
    assert tables.seen[0] == ("get", "group/board", (b"c",))
    assert tables.seen[-1] == ("get", "sum", ())


def test_the_digest_is_over_names_rows_and_sums_in_this_form():
    """Two nodes of different versions compare it."""
    folds = folds_of(fact("x", 5), fact("y", 6, 2), keys=BOARD + LAST)
    row = ["a", [5, 6], 0]
    parts = ["board", b"a", row, "last", b"a", row, "own", b"all\0", 11, b"board\0a", 11]
    digest = hashlib.sha256(b"".join(encode(part) for part in parts))
    assert folds.digest() == digest.digest()
