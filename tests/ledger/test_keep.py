"""Of a forked log the same 8 branches are kept, whatever came first."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from lumbre.ledger import Linker, MemoryBook, surplus
from lumbre.record import START, Entry, Lane, Tip
from lumbre.record.limits import BRANCHES_MAX
from tests.ledger.logs import carried, log_of, write
from tests.record.branch_book import BranchBook


def tree(chance: random.Random, branches: int) -> list[list[Entry]]:
    """Branches that part at random places of one another, from the root to each end."""
    lines = [write("ana", 6, lane=Lane.URGENT, mark_every=1)]
    while len(lines) < branches:
        parent = chance.choice(lines)
        at = chance.randrange(len(parent) + 1)
        base = Tip.of(parent[at - 1]) if at else START
        word = f"branch {len(lines)}"
        more = write("ana", chance.randint(1, 4), base, Lane.URGENT, word, mark_every=1)
        lines.append(parent[:at] + more)
    return lines


def link_and_cut(book: MemoryBook, entries: list[Entry], base: Tip, pins=()) -> None:
    linker = Linker(book, lambda _: 10**9)
    linker.add(*carried(entries, base))
    book.append(linker.writes(), linker.bodies)
    log = log_of("ana", Lane.URGENT).id
    book.cut(surplus(book.branches(log), lambda n, seq: book.entry(n, seq).id, pins))


def held(book: MemoryBook) -> set[tuple[int, bytes]]:
    return {
        (entry.seq, entry.id)
        for branch in book.branches(log_of("ana", Lane.URGENT).id)
        for entry in book.entries(branch.number, branch.first_seq, branch.tip.seq)
    }


def reference(lines: list[list[Entry]]) -> set[tuple[int, bytes]]:
    book = BranchBook()
    everything = {(e.seq, e.id): e for line in lines for e in line}
    for _, entry in sorted(everything.items()):
        book.add(entry.seq, entry.id, entry.prev)
    return {place for place in everything if place in book}


@settings(max_examples=40)
@given(st.randoms(use_true_random=False), st.integers(2, 16))
def test_the_same_branches_are_kept_in_any_order_of_arrival(chance, count):
    lines = tree(chance, count)
    book = MemoryBook()
    arrivals = list(lines)
    chance.shuffle(arrivals)
    for line in arrivals:
        link_and_cut(book, line, START)
    assert held(book) == reference(lines)


@settings(max_examples=20)
@given(st.randoms(use_true_random=False), st.integers(9, 14))
def test_once_everything_was_offered_again_pins_decide_alike_in_any_order(chance, count):
    """A branch that was dropped before its pinned entry came is asked for again."""
    lines = tree(chance, count)
    pins = [(lines[-1][-1].seq, lines[-1][-1].id)]
    kept = []
    for _ in range(2):
        book = MemoryBook()
        for line in chance.sample(lines, len(lines)) + chance.sample(lines, len(lines)):
            link_and_cut(book, line, START, pins)
        kept.append(held(book))
    assert kept[0] == kept[1]
    assert pins[0] in kept[0]


def test_nothing_is_cut_of_eight_branches():
    lines = tree(random.Random(1), BRANCHES_MAX)
    book = MemoryBook()
    for line in lines:
        link_and_cut(book, line, START)
    assert held(book) == {(e.seq, e.id) for line in lines for e in line}


def test_a_thousand_branches_cost_no_more_than_eight():
    chance = random.Random(2)
    book = MemoryBook()
    for line in tree(chance, 200):
        link_and_cut(book, line, START)
        assert len(book.branches(log_of("ana", Lane.URGENT).id)) <= 2 * BRANCHES_MAX
