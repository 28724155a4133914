"""The census' part of the log file, held against the one in memory."""

from __future__ import annotations

import random

import msgspec
import pytest

from lumbre.ledger import MemoryBook
from lumbre.record import Tip
from lumbre.record.branch import Write
from lumbre.store import LogStore
from lumbre.store.census_store import GAPS
from lumbre.store.limits import FRONTIERS_MAX, MOVED_ARRIVALS_MAX
from tests.store.writing import KEY, SPACE, Log

OTHER = bytes(32)


@pytest.fixture
def store(tmp_path):
    store = LogStore(tmp_path / "log.lumbre", KEY)
    yield store
    store.close()


def without_bodies(write: Write, seqs: set[int]) -> Write:
    rows = [(seq, h, None if seq in seqs else body, s) for seq, h, body, s in write.rows]
    return Write(write.branch, rows)


def test_of_each_author_one_record_is_kept_by_space_and_is_there_after_opening_again(tmp_path):
    path = tmp_path / "log.lumbre"
    store = LogStore(path, KEY)
    row = (b"a" * 32, 1, b"one", 5, 0)
    newer = (b"a" * 32, 2, b"two", 6, 3)
    store.census.put(SPACE, row)
    store.census.put(OTHER, row)
    store.census.put(SPACE, newer)
    store.close()
    store = LogStore(path, KEY)
    assert store.census.records(SPACE) == [newer]
    assert store.census.record(SPACE, b"a" * 32) == newer
    assert store.census.record(OTHER, b"a" * 32) == row
    assert store.census.record(SPACE, b"b" * 32) is None
    store.close()


def test_what_was_sent_goes_to_the_end_of_the_row(store):
    book = MemoryBook()
    for disk in (store.census, book.census):
        for author in b"abc":
            disk.put(SPACE, (bytes([author]) * 32, 1, b"", 0, 0))
        disk.note_sent(SPACE, [b"b" * 32, b"c" * 32])
        disk.note_sent(SPACE, [b"c" * 32])
        disk.note_sent(SPACE, [])
        assert [row[4] for row in disk.records(SPACE)] == [0, 1, 2]


def test_frontiers_that_were_had_are_remembered_and_the_oldest_forgotten(store):
    book = MemoryBook()
    for disk in (store.census, book.census):
        disk.note_frontier(OTHER, b"0", 1)
        disk.note_frontier(SPACE, b"0", 1)
        disk.note_frontier(SPACE, b"0", 7)
        assert disk.frontiers(SPACE) == {b"0": 7}
        assert disk.frontiers(OTHER) == {b"0": 1}
    for number in range(FRONTIERS_MAX + 5):
        store.census.note_frontier(SPACE, b"%d" % number, 100 + number)
    kept = store.census.frontiers(SPACE)
    assert sorted(kept.values()) == [105 + number for number in range(FRONTIERS_MAX)]
    assert store.census.frontiers(OTHER) == {b"0": 1}


@pytest.mark.parametrize("seed", range(4))
def test_which_bodies_are_lacking_and_what_moved_when_is_found_as_in_memory(store, seed):
    chance = random.Random(seed)
    book = MemoryBook()
    logs = [Log(number, seed=number) for number in range(1, 6)]
    for _ in range(25):
        log = chance.choice(logs)
        write = log.write([b"x"] * chance.randint(1, 4))
        seqs = {row[0] for row in write.rows if chance.random() < 0.2}
        for disk in (store, book):
            disk.append([without_bodies(write, seqs)])
        lacked = [e for e in book.entries(log.number, 0, 99) if e.body is None]
        if lacked and chance.random() < 0.5:
            entry = log.entries[chance.choice(lacked).seq]
            for disk in (store, book):
                disk.append([], [(log.number, entry)])
    assert store.census.lacking_branches() == book.census.lacking_branches()
    assert store.census.moved_lately() == book.census.moved_lately()
    for _ in range(300):
        first, last, after = sorted(chance.randint(0, 30) for _ in range(3))
        number = chance.randint(1, 6)
        expected = book.census.last_lacking(number, first, last)
        assert store.census.last_lacking(number, first, last) == expected
        expected = book.census.arrived(number, first, after)
        assert store.census.arrived(number, first, after) == expected


def test_a_body_that_was_let_go_of_is_lacking(store):
    log = Log()
    store.append([log.write([b"uno", b"dos", b"tres"])])
    assert store.census.lacking_branches() == []
    assert store.census.last_lacking(1, 0, 2) is None
    store.drop_body(1, 1)
    assert store.census.lacking_branches() == [1]
    assert store.census.last_lacking(1, 0, 2) == 1
    assert store.census.last_lacking(1, 2, 2) is None


def test_a_gap_that_a_salvage_left_is_lacking(store):
    log = Log()
    write = log.write([b"x"] * 9)
    kept = [row for row in write.rows if not 3 <= row[0] <= 5]
    store.append([Write(write.branch, kept)])
    store.set_meta(GAPS, msgspec.msgpack.encode([(log.name.id, 1, 3, 5)]))
    assert store.branch(1).tip == Tip.of(log.entries[8])
    assert store.census.lacking_branches() == [1]
    assert store.census.last_lacking(1, 0, 8) == 5
    assert store.census.last_lacking(1, 0, 4) == 4
    assert store.census.last_lacking(1, 0, 2) is None
    assert store.census.last_lacking(1, 6, 8) is None
    assert store.census.last_lacking(2, 0, 8) is None


def test_no_body_is_read_to_find_those_that_are_absent(store):
    for sql in (
        "SELECT max(key) FROM entry WHERE key BETWEEN 1 AND 9 AND body IS NULL",
        "SELECT min(key) FROM entry WHERE key > 1 AND body IS NULL",
    ):
        (plan,) = store.database.rows(f"EXPLAIN QUERY PLAN {sql}")
        assert "entry_absent" in plan[3]


def test_only_the_last_arrivals_are_looked_through(store, monkeypatch):
    assert MOVED_ARRIVALS_MAX > 1000
    monkeypatch.setattr("lumbre.store.census_store.MOVED_ARRIVALS_MAX", 2)
    logs = [Log(number, seed=number) for number in range(1, 5)]
    for log in logs:
        store.append([log.write([b"uno"])])
    assert store.census.moved_lately() == [4, 3]
