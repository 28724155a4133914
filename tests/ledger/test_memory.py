"""The stores in memory answer as the ports say, and forget what they are told to."""

from __future__ import annotations

import msgspec
import pytest

from lumbre.ledger import Linker, MemoryBook, MemoryTables
from lumbre.record import START, Entry, Tip
from tests.ledger.logs import SPACE, carried, log_of, write


def test_a_table_is_sorted_and_scanned_by_prefix():
    tables = MemoryTables()
    for key in (b"b", b"ab", b"c", b"aa", b""):
        tables.put("t", key, key + b"!")
    assert [key for key, _ in tables.scan("t")] == [b"", b"aa", b"ab", b"b", b"c"]
    assert list(tables.scan("t", b"a")) == [(b"aa", b"aa!"), (b"ab", b"ab!")]
    assert list(tables.scan("t", b"bb")) == []
    assert list(tables.scan("other")) == []
    assert tables.get("t", b"ab") == b"ab!"
    assert tables.get("other", b"ab") is None
    assert tables.get_many("t", [b"zz", b"c", b"aa"]) == {b"c": b"c!", b"aa": b"aa!"}


def test_a_value_may_be_set_again_and_deleted_twice():
    tables = MemoryTables()
    for key in (b"a", b"b", b"c"):
        tables.put("t", key, b"1")
    tables.put("t", b"b", b"2")
    tables.put("t", b"a", None)
    tables.put("t", b"a", None)
    tables.put("t", b"zz", None)
    assert list(tables.scan("t")) == [(b"b", b"2"), (b"c", b"1")]
    tables.put("t", b"a", b"")
    tables.put("t", b"a", None)
    assert tables.get("t", b"a") is None
    assert [key for key, _ in tables.scan("t")] == [b"b", b"c"]


def test_a_scan_may_be_written_through():
    tables = MemoryTables()
    for key in (b"a", b"b", b"c"):
        tables.put("t", key, b"1")
    seen = []
    for key, _ in tables.scan("t"):
        seen.append(key)
        tables.put("t", b"a" + key, b"1")
    assert seen == [b"a", b"b", b"c"]


def test_clearing_leaves_secrets_and_begins_anew():
    tables = MemoryTables()
    tables.put("t", b"a", b"1")
    tables.put_secret("epoch", b"2", b"y")
    tables.put_secret("epoch", b"1", b"x")
    tables.put_secret("other", b"1", b"z")
    assert tables.marker() == 0
    tables.commit(7)
    assert tables.marker() == 7
    tables.clear()
    assert tables.marker() == 0
    assert tables.get("t", b"a") is None
    assert list(tables.scan("t")) == []
    assert list(tables.secrets("epoch")) == [(b"1", b"x"), (b"2", b"y")]
    tables.close()


def store(book: MemoryBook, entries: list[Entry], base: Tip = START) -> None:
    linker = Linker(book, lambda _: 10**9)
    linker.add(*carried(entries, base))
    book.append(linker.writes(), linker.bodies)


def forked() -> tuple[MemoryBook, list[Entry], list[Entry]]:
    """Ana's log of four, and a branch of two that parts after its second."""
    book = MemoryBook()
    trunk = write("ana", 4, mark_every=1)
    side = write("ana", 2, Tip.of(trunk[1]), word="other")
    store(book, trunk)
    store(book, side, Tip.of(trunk[1]))
    return book, trunk, side


def test_entries_are_read_by_place_and_by_range():
    book, trunk, side = forked()
    first, second = book.branches(trunk[0].log)
    assert [e.id for e in book.entries(first.number, 0, 3)] == [e.id for e in trunk]
    assert [e.id for e in book.entries(first.number, 1, 2)] == [e.id for e in trunk[1:3]]
    assert [e.id for e in book.entries(second.number, 0, 9)] == [e.id for e in side]
    assert book.entry(second.number, 1) is None
    assert book.entry(second.number, 4) is None
    assert book.entry(second.number, 2).id == side[0].id
    assert book.entry(second.number, 3).id == side[1].id
    assert book.entry(99, 0) is None
    assert book.branch(first.number) == first
    assert book.branch(99) is None


def test_logs_are_found_by_space_and_by_author():
    book, trunk, _ = forked()
    store(book, write("beto", 1))
    assert [name.author for name in book.logs(SPACE)] == [
        log_of("ana").author,
        log_of("beto").author,
    ]
    assert list(book.logs(bytes(32))) == []
    assert book.logs_of(log_of("ana").author) == [trunk[0].log]
    assert book.logs_of(bytes(32)) == []
    assert book.branches(bytes(32)) == []


def test_arrivals_tell_what_was_stored_in_which_order():
    book, _, _ = forked()
    found = [(a.n, a.branch, a.first_seq, a.last_seq) for a in book.arrivals()]
    assert found == [(1, 1, 0, 3), (2, 2, 2, 3)]
    assert [a.n for a in book.arrivals(1)] == [2]
    assert list(book.arrivals(2)) == []
    assert book.last_arrival() == 2
    assert MemoryBook().last_arrival() == 0
    assert book.append([]) == 2


def test_a_body_that_is_filled_in_arrives_by_its_place():

    book = MemoryBook()
    entries = write("ana", 3)
    store(book, [msgspec.structs.replace(entry, body=None) for entry in entries])
    assert book.append([], [(1, entries[2])]) == 2
    assert [e.body for e in book.entries(1, 0, 2)] == [None, None, entries[2].body]
    assert [(a.first_seq, a.last_seq) for a in book.arrivals(1)] == [(2, 2)]


@pytest.mark.parametrize("seq", [2, 3])
def test_a_cut_shortens_a_branch_or_takes_it_away(seq):
    book, trunk, side = forked()
    first, second = book.branches(trunk[0].log)
    book.cut([(second.number, seq)])
    if seq == 3:
        assert book.branch(second.number).tip == Tip.of(side[0])
        assert book.entry(second.number, 3) is None
        assert book.next_number() == 3
    else:
        assert book.branches(trunk[0].log) == [first]
        assert book.entry(second.number, 2) is None


def test_a_number_is_never_given_twice():
    book, trunk, _ = forked()
    assert MemoryBook().next_number() == 1
    first, second = book.branches(trunk[0].log)
    book.cut([(second.number, 2)])
    assert book.next_number() == 3
    book.cut([(first.number, 0)])
    assert book.next_number() == 3
    assert list(book.branches(trunk[0].log)) == []


def test_facts_about_a_store_are_kept_by_name():
    book = MemoryBook()
    assert book.meta("x") is None
    book.set_meta("x", b"1")
    assert book.meta("x") == b"1"
    book.set_meta("x", None)
    book.set_meta("x", None)
    assert book.meta("x") is None
    book.close()
