"""Rows and sums hang on the set of facts alone, and only what is flushed shows."""

from __future__ import annotations

import hashlib
import itertools

import pytest

from lumbre.ledger import MemoryTables, fold
from lumbre.ledger.fold import Folds, place_of
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


class Log:
    """Facts by place, as the ledger reads them again."""

    def __init__(self) -> None:
        self.facts: dict[int, Fact] = {}
        self.places: dict[Ref, int] = {}
        self.read_again: list[int] = []

    def place(self, ref: Ref) -> int:
        return self.places.setdefault(ref, place_of(len(self.places) + 1, ref.seq))

    def read(self, number: int, seq: int, standing: Standing) -> Fact:
        self.read_again.append(place_of(number, seq))
        fact = self.facts[place_of(number, seq)]
        assert fact.standing is standing
        return fact


class Kept(Folds):
    """Folds over a log of their own, or one that was written before."""

    def __init__(self, tables: MemoryTables | None = None, log: Log | None = None) -> None:
        self.log = log or Log()
        super().__init__(REGISTRY, tables or MemoryTables(), self.log.read)

    def put(self, keys, fact: Fact) -> None:
        place = self.log.place(fact.ref)
        self.log.facts[place] = fact
        self.add(keys, place, fact)

    def take(self, keys, fact: Fact) -> None:
        self.remove(keys, self.log.place(fact.ref))


def folds_of(*facts: Fact, keys=tuple(BOARD)) -> Kept:
    folds = Kept()
    for one in facts:
        folds.put(keys, one)
    folds.flush()
    return folds


def test_only_what_was_flushed_shows():
    folds = Kept()
    folds.put(BOARD, fact("x", 5))
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
    folds.put(BOARD, fact("x", 5, standing=Standing.REMOVED))
    folds.flush()
    assert folds.row("board", b"a") == Row("a", (7,), 1)
    assert folds.total("board", b"a") == 7
    folds.put(BOARD, fact("x", 5))
    folds.take(BOARD, fact("y", 7, 2))
    folds.flush()
    assert folds.row("board", b"a") == Row("a", (5,), 0)
    assert folds.total("board", b"a") == 5


def test_the_last_of_several_changes_before_a_flush_holds():
    folds = Kept()
    folds.put(BOARD, fact("x", 5))
    folds.take(BOARD, fact("x"))
    folds.put(BOARD, fact("y", 3))
    folds.flush()
    assert folds.row("board", b"a").amounts == (3,)


def test_a_flush_is_done_once():
    folds = folds_of(fact("x", 5))
    folds.flush()
    assert folds.total("board", b"a") == 5


def test_a_group_without_facts_leaves_nothing_behind():
    folds = folds_of(fact("x", 5))
    empty = Kept().digest()
    assert folds.digest() != empty
    folds.take(BOARD, fact("x"))
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
    folds.put(BOARD, fact("y", 1, 2))
    folds.flush()
    assert folds.row("board", b"a").amounts == (1,)
    folds.put(BOARD, fact("x", 5))
    folds.flush()
    assert folds.row("board", b"a").amounts == (5, 1)


@pytest.mark.parametrize("view", ["board", "last"])
def test_what_is_read_back_from_the_tables_folds_like_what_is_at_hand(view):
    keys = [(view, b"a")]
    tables = MemoryTables()
    first = Kept(tables)
    first.put(keys, fact("x", 5))
    first.put(keys, fact("y", 6, 2, author="B"))
    first.flush()
    again = Kept(tables, first.log)
    again.put(keys, fact("z", 7, 3))
    again.take(keys, fact("x"))
    again.flush()
    # What goes is not read: its entry may have gone from the log as well.
    assert again.log.read_again == [again.log.place(fact("y", 6, 2, author="B").ref)]
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
    folds = Kept()
    for n, key in enumerate([b"b", b"ab", b"aa", b"c"], 1):
        folds.put([("board", key)], fact(f"x{n}", n, n))
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


def at_hand(folds: Folds, view: str = "board") -> tuple[list[bytes], list[bytes]]:
    return list(folds._folds[view].newer), list(folds._folds[view].older)


def test_groups_that_were_not_asked_for_are_let_go_of_and_read_again(monkeypatch):
    monkeypatch.setattr(fold, "_AT_HAND_MAX_FACTS", 2)
    folds = Kept()
    keys = [b"a", b"b", b"c"]
    for key in keys:
        folds.put([("board", key)], fact(key.decode(), 5))
    folds.flush()
    assert at_hand(folds) == ([], keys)
    for number, key in enumerate(keys):
        folds.put([("board", key)], fact(f"y{number}", 2, 2))
    folds.flush()
    assert folds.log.read_again == []
    assert at_hand(folds) == ([], keys)
    for key in (b"d", b"e", b"f"):
        folds.put([("board", key)], fact(key.decode(), 1))
    folds.flush()
    assert at_hand(folds) == ([], [b"d", b"e", b"f"])
    folds.put([("board", b"a")], fact("z", 3, 3))
    folds.flush()
    assert folds.log.read_again == [
        folds.log.place(fact(n, 1, d).ref) for n, d in (("a", 1), ("y0", 2))
    ]
    assert folds.row("board", b"a").amounts == (5, 2, 3)
    assert folds.total("all", b"") == 27


def test_what_is_at_hand_is_counted_by_facts(monkeypatch):
    monkeypatch.setattr(fold, "_AT_HAND_MAX_FACTS", 3)
    folds = Kept()
    for n in range(3):
        folds.put(BOARD, fact(f"x{n}", 1, n))
        folds.flush()
    assert at_hand(folds) == ([b"a"], [])
    folds.put([("last", b"a")], fact("z", 1, 9))
    folds.flush()
    assert at_hand(folds) == ([], [b"a"])
    assert at_hand(folds, "last") == ([], [b"a"])
    for n in range(3):
        folds.put([("last", b"b")], fact(f"x{n}", 1, n))
        folds.take(BOARD, fact(f"x{n}", 1, n))
    folds.flush()
    assert at_hand(folds) == ([], [])
    assert at_hand(folds, "last") == ([b"b"], [b"a"])
    assert folds.log.read_again == []


def test_room_is_found_in_what_is_stored_and_in_what_changes():
    """An author's last two facts alone are kept: with a third there, one of them has no room."""
    tables = MemoryTables()
    folds = Kept(tables)
    facts = [fact(f"x{n}", n, n) for n in range(1, 4)]
    places = [folds.log.place(one.ref) for one in facts]
    assert not folds.crowds_out(BOARD + LAST, places[2])
    folds.put(LAST, facts[0])
    assert not folds.crowds_out(LAST, places[0])
    folds.put(LAST, facts[1])
    assert folds.crowds_out(LAST, places[1])
    folds.flush()
    assert folds.crowds_out(LAST, places[1])
    again = Kept(tables, folds.log)
    assert again.crowds_out(BOARD + LAST, places[0])
    assert not again.crowds_out(LAST, places[2])
    again.put(LAST, fact("y", 9, 9, author="B"))
    assert not again.crowds_out(LAST, again.log.place(fact("y", 9, 9, author="B").ref))
    again.take(LAST, facts[1])
    assert not again.crowds_out(LAST, places[0])
    assert not again.crowds_out(LAST, places[1])


def test_a_flush_reads_and_writes_in_the_order_of_keys():
    class Watched(MemoryTables):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[tuple] = []

        def get_many(self, table, keys):
            self.seen.append(("get", table, tuple(keys)))
            return super().get_many(table, keys)

        def put_many(self, table, pairs):
            self.seen.extend(("put", table, key) for key, _ in pairs)
            super().put_many(table, pairs)

    tables = Watched()
    folds = Kept(tables)
    for key in (b"b", b"a"):
        folds.put([("board", key)], fact("x", 5))
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
    folds.put([("board", b"a"), ("board", b"c")], fact("y", 0, 2))
    folds.flush()
    assert tables.seen[0] == ("get", "group/board", (b"c",))
    assert tables.seen[-1] == ("get", "sum", ())


def test_what_is_stored_of_a_group_is_its_row_and_the_places_of_its_facts():
    folds = folds_of(fact("x", 5), fact("y", 6, 2, standing=Standing.REMOVED))
    places = [folds.log.place(fact(name, 1, depth).ref) for name, depth in (("x", 1), ("y", 2))]
    stored = folds._tables.get("group/board", b"a")
    assert stored == encode((Row("a", (5,), 1), [(places[0], 0), (places[1], 1)]))


def test_the_digest_is_over_names_rows_and_sums_in_this_form():
    """Two nodes of different versions compare it."""
    folds = folds_of(fact("x", 5), fact("y", 6, 2), keys=BOARD + LAST)
    row = ["a", [5, 6], 0]
    parts = ["board", b"a", row, "last", b"a", row, "own", b"all\0", 11, b"board\0a", 11]
    digest = hashlib.sha256(b"".join(encode(part) for part in parts))
    assert folds.digest() == digest.digest()
