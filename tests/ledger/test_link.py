"""What is stored: each segment where it belongs, whatever the order of arrival."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumbre.errors import Refused
from lumbre.ledger import Linked, Linker, MemoryBook
from lumbre.record import START, Entry, Lane, LogName, Tip
from tests.ledger.logs import carried, log_of, write

ROOM_BYTES = 10**9


def no_limit(_: LogName) -> int:
    return ROOM_BYTES


def link(book: MemoryBook, entries: list[Entry], base: Tip = START, grant=no_limit) -> Linked:
    linker = Linker(book, grant)
    linked = linker.add(*carried(entries, base))
    book.append(linker.writes(), linker.bodies)
    return linked


def held(book: MemoryBook, log: bytes) -> set[bytes]:
    return {
        entry.id
        for branch in book.branches(log)
        for entry in book.entries(branch.number, branch.first_seq, branch.tip.seq)
    }


def test_a_log_grows_at_its_tip():
    book = MemoryBook()
    first = write("ana", 3)
    link(book, first)
    second = write("ana", 2, Tip.of(first[-1]))
    linked = link(book, second, Tip.of(first[-1]))
    (branch,) = book.branches(log_of("ana").id)
    assert branch.tip == Tip.of(second[-1])
    assert [e.seq for run in linked.new for e in run.entries] == [3, 4]
    assert held(book, branch.log) == {e.id for e in first + second}


def test_two_segments_of_one_commit_follow_each_other():
    book = MemoryBook()
    first = write("ana", 3)
    second = write("ana", 2, Tip.of(first[-1]))
    linker = Linker(book, no_limit)
    linker.add(*carried(first))
    linker.add(*carried(second, Tip.of(first[-1])))
    (one,) = linker.writes()
    assert [row[0] for row in one.rows] == [0, 1, 2, 3, 4]
    assert one.branch.tip == Tip.of(second[-1])


def test_what_is_known_is_skipped_and_only_the_rest_is_new():
    book = MemoryBook()
    entries = write("ana", 6, mark_every=2)
    link(book, entries[:4])
    linked = link(book, entries)
    assert linked.known == 4
    assert [e.seq for run in linked.new for e in run.entries] == [4, 5]
    assert link(book, entries).new == []


def test_a_segment_above_a_gap_is_refused_outside_the_urgent_lane():
    book = MemoryBook()
    entries = write("ana", 4)
    with pytest.raises(Refused, match=r"refused\.gap"):
        link(book, entries[2:], Tip.of(entries[1]))
    assert book.branches(log_of("ana").id) == []


def test_the_urgent_lane_is_taken_in_above_a_gap_and_joined_when_it_fills():
    book = MemoryBook()
    entries = write("ana", 9, lane=Lane.URGENT, mark_every=1)
    link(book, entries[6:], Tip.of(entries[5]))
    (floating,) = book.branches(log_of("ana", Lane.URGENT).id)
    assert floating.is_above_gap
    assert floating.first_seq == 6
    linked = link(book, entries[:7])
    below, joined = sorted(book.branches(floating.log), key=lambda b: b.first_seq)
    assert not joined.is_above_gap
    assert joined.parent == below.number
    assert below.tip == Tip.of(entries[5])
    assert linked.forks == []
    assert held(book, floating.log) == {e.id for e in entries}


def test_a_filled_gap_also_joins_when_its_last_entry_comes_alone():
    book = MemoryBook()
    entries = write("ana", 4, lane=Lane.URGENT, mark_every=1)
    link(book, entries[3:], Tip.of(entries[2]))
    link(book, entries[:3])
    assert [b.is_above_gap for b in book.branches(log_of("ana", Lane.URGENT).id)] == [False, False]


def test_a_fork_keeps_both_branches():
    book = MemoryBook()
    trunk = write("ana", 5, mark_every=1)
    other = write("ana", 4, Tip.of(trunk[1]), word="other")
    link(book, trunk)
    linked = link(book, other, Tip.of(trunk[1]))
    (fork,) = linked.forks
    assert fork.first_seq == 2
    assert fork.first_id == other[0].id
    first, second = book.branches(fork.log)
    assert second.parent == first.number
    assert held(book, fork.log) == {e.id for e in trunk + other}


def test_a_fork_of_the_first_entry_keeps_both_branches():
    book = MemoryBook()
    link(book, write("ana", 2))
    linked = link(book, write("ana", 2, word="other"))
    assert len(linked.forks) == 1
    assert [b.parent for b in book.branches(log_of("ana").id)] == [None, None]


def test_a_branch_that_has_a_child_at_its_tip_forks_instead_of_growing():
    book = MemoryBook()
    entries = write("ana", 4, lane=Lane.URGENT, mark_every=1)
    link(book, entries[2:], Tip.of(entries[1]))
    link(book, entries[:3])
    other = write("ana", 1, Tip.of(entries[1]), lane=Lane.URGENT, word="other")
    linked = link(book, other, Tip.of(entries[1]))
    assert len(linked.forks) == 1


def test_nothing_past_the_grant_is_stored_and_the_cut_falls_on_a_mark():
    book = MemoryBook()
    entries = write("ana", 6, mark_every=2)
    grant_bytes = entries[4].total_bytes
    linked = link(book, entries, grant=lambda _: grant_bytes)
    assert linked.past_grant == 2
    (branch,) = book.branches(log_of("ana").id)
    assert branch.tip.seq == 3
    assert link(MemoryBook(), entries, grant=lambda _: 0).new == []


def test_an_absent_body_is_filled_in_later():
    book = MemoryBook()
    entries = write("ana", 2)
    bare = [msgspec.structs.replace(entry, body=None) for entry in entries]
    link(book, bare)
    (branch,) = book.branches(log_of("ana").id)
    linked = link(book, entries)
    assert [e.seq for e in linked.filled] == [0, 1]
    assert [e.body for e in book.entries(branch.number, 0, 1)] == [e.body for e in entries]
    assert link(book, bare).filled == []
    assert link(book, entries).filled == []


def signed(entry: Entry, **changes: object) -> Entry:
    return msgspec.structs.replace(entry, **changes)


@pytest.mark.parametrize(("field", "change"), [("depth", -1), ("total_bytes", 5)])
def test_a_base_that_lies_about_what_the_signature_does_not_cover_is_refused(field, change):
    """The author itself signs headers whose depth or total does not follow from the one before."""
    book = MemoryBook()
    entries = write("ana", 2, msgspec.structs.replace(START, depth=10))
    link(book, entries)
    true = Tip.of(entries[-1])
    lie = msgspec.structs.replace(true, **{field: getattr(true, field) + change})
    with pytest.raises(Refused, match=rf"refused\.{field.split('_')[0]}"):
        link(book, write("ana", 1, lie), lie)
    assert book.branches(log_of("ana").id)[0].tip == true


def test_the_first_entry_of_a_log_has_a_total_of_its_own():
    entry = write("ana", 1)[0]
    wrong = msgspec.structs.replace(entry, total_bytes=entry.total_bytes + 1)
    linker = Linker(MemoryBook(), no_limit)
    with pytest.raises(Refused, match=r"refused\.total"):
        linker.add(START, [wrong])


@given(st.randoms(use_true_random=False), st.integers(1, 5))
def test_any_order_of_segments_stores_the_same_entries(chance: random.Random, size: int):
    """Urgent lane, with a fork: cut anywhere, shuffled, repeated."""
    trunk = write("ana", 8, lane=Lane.URGENT, mark_every=1)
    other = write("ana", 5, Tip.of(trunk[3]), lane=Lane.URGENT, word="other", mark_every=1)
    pieces = []
    for line, start in ((trunk, START), (other, Tip.of(trunk[3]))):
        pieces += [
            (line[i : i + size], Tip.of(line[i - 1]) if i else start)
            for i in range(0, len(line), size)
        ]
    pieces += chance.sample(pieces, min(2, len(pieces)))
    chance.shuffle(pieces)
    book = MemoryBook()
    for entries, base in pieces:
        link(book, entries, base)
    log = trunk[0].log
    assert held(book, log) == {e.id for e in trunk + other}
    count = sum(b.tip.seq - b.first_seq + 1 for b in book.branches(log))
    assert count == len(trunk) + len(other)
    assert sum(b.parent is None for b in book.branches(log)) == 1
