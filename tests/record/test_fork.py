"""Forks: the proof proves itself, and the same branches are kept in any order of arrival."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumbre.errors import Invalid, Refused
from lumbre.record import NO_ENTRY, START, Entry, Lane, LogName, SigningKey, Tip, Writer
from lumbre.record.fork import PROOF_MAX_BYTES, prove_fork, read_fork
from lumbre.record.limits import BRANCHES_MAX
from tests.record.branch_book import BranchBook

KEY = SigningKey(bytes(32))
NAME = LogName(bytes([7]) * 32, KEY.public, Lane.ORDINARY)


def run(base: Tip, word: bytes, count: int, signed_at: int | None = None) -> list[Entry]:
    writer = Writer(NAME, KEY, base)
    return [
        writer.append(
            word + bytes([number]),
            depth=base.depth + number + 1,
            wall_s=0,
            is_last=number == (count - 1 if signed_at is None else signed_at),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("shared", [0, 3])
def test_a_fork_proves_itself_whoever_finds_it(shared: int) -> None:
    base = Tip.of(run(START, b"shared", shared)[-1]) if shared else START
    left, right = run(base, b"left", 5, 2), run(base, b"right", 1)
    proof = prove_fork(base, left, right)
    assert proof == prove_fork(base, right, left)
    fork = read_fork(*proof)
    assert (fork.name, fork.base) == (NAME, base)
    assert {fork.left, fork.right} == {(shared, left[0].id), (shared, right[0].id)}
    assert fork.left[1] < fork.right[1]
    assert b"left" not in b"".join(proof)


def test_the_longest_proof_fits_a_body() -> None:
    left, right = run(START, b"left", 256), run(START, b"right", 256)
    proof = prove_fork(START, left, right)
    assert sum(map(len, proof)) <= PROOF_MAX_BYTES
    assert max(map(len, proof)) <= PROOF_MAX_BYTES // 2


def test_what_is_no_fork_is_refused() -> None:
    whole = run(START, b"one", 3)
    other = run(START, b"two", 1)
    first, second = prove_fork(START, whole, other)
    base = Tip.of(whole[0])
    elsewhere, _ = prove_fork(base, run(base, b"x", 1), run(base, b"y", 1))
    for pair in (
        (first, first),
        (second, first),
        (first, elsewhere),
        (first, b""),
        (b"\0", second),
    ):
        with pytest.raises(Refused):
            read_fork(*pair)
    with pytest.raises(Refused):
        read_fork(bytes(PROOF_MAX_BYTES), b"\0")
    with pytest.raises(Refused):
        prove_fork(START, whole, whole)
    with pytest.raises(Invalid):
        prove_fork(START, [entry for entry in whole if entry.signature is None], other)


def test_every_flipped_bit_of_a_proof_is_refused() -> None:
    proof = prove_fork(START, run(START, b"left", 2), run(START, b"right", 1))
    for side in (0, 1):
        for bit in range(8 * len(proof[side])):
            changed = list(proof)
            data = bytearray(proof[side])
            data[bit // 8] ^= 1 << bit % 8
            changed[side] = bytes(data)
            with pytest.raises(Refused):
                read_fork(*changed)


Node = tuple[int, bytes, bytes]


@st.composite
def trees(draw: st.DrawFn) -> list[Node]:
    """A log's headers as a tree: (seq, id, prev)."""
    nodes: list[Node] = []
    for number in range(draw(st.integers(1, 40))):
        parent = draw(st.integers(-1, number - 1))
        seq, prev = (nodes[parent][0] + 1, nodes[parent][1]) if parent >= 0 else (0, NO_ENTRY)
        salt = draw(st.integers(0, 255))
        nodes.append((seq, hashlib.sha256(bytes([number, salt])).digest(), prev))
    return nodes


def kept_by_definition(nodes: list[Node], pins: set[bytes]) -> set[bytes]:
    """The rule, written down with no thought of cost."""
    children: dict[bytes, list[Node]] = {}
    for node in nodes:
        children.setdefault(node[2], []).append(node)

    def leads(node: Node) -> bool:
        return node[1] in pins or any(leads(child) for child in children.get(node[1], []))

    def branch(node: Node) -> tuple[set[bytes], list[Node]]:
        held, partings = {node[1]}, []
        while children.get(node[1]):
            node, *others = sorted(children[node[1]], key=lambda n: (not leads(n), n[1]))
            held.add(node[1])
            partings += others
        return held, partings

    kept, waiting = branch((-1, NO_ENTRY, b""))
    for _ in range(BRANCHES_MAX - 1):
        if waiting:
            waiting.sort(key=lambda n: (not leads(n), n[0], n[1]))
            held, more = branch(waiting.pop(0))
            kept |= held
            waiting += more
    return kept - {NO_ENTRY}


def in_arrival(nodes: list[Node], keys: list[int]) -> list[Node]:
    left = [node for _, node in sorted(zip(keys, nodes, strict=False))]
    done: list[Node] = []
    here = {NO_ENTRY}
    while left:
        ready = next(node for node in left if node[2] in here)
        left.remove(ready)
        done.append(ready)
        here.add(ready[1])
    return done


@settings(max_examples=400)
@given(trees(), st.lists(st.integers(), min_size=40, max_size=40))
def test_the_same_branches_are_kept_in_any_order_of_arrival(
    nodes: list[Node], keys: list[int]
) -> None:
    book = BranchBook()
    for seq, id_, prev in in_arrival(nodes, keys):
        assert book.add(seq, id_, prev) == ((seq, id_) in book)
    expected = kept_by_definition(nodes, set())
    assert {id_ for seq, id_, _ in nodes if (seq, id_) in book} == expected
    assert len(book.branches()) <= BRANCHES_MAX
    parents = {id_: prev for _, id_, prev in nodes}
    places = [(seq, id_) for seq, id_, _ in nodes if id_ in expected]
    for of in places:
        above, step = set(), of[1]
        while step != NO_ENTRY:
            above.add(step)
            step = parents[step]
        for place in places:
            assert book.is_ancestor(place, of) == (place[1] in above)


@settings(max_examples=300)
@given(trees(), st.data())
def test_pinned_branches_are_kept_first(nodes: list[Node], data: st.DataObject) -> None:
    pinned = data.draw(st.lists(st.sampled_from(nodes), max_size=6, unique_by=lambda n: n[1]))
    book = BranchBook.of(nodes, [(seq, id_) for seq, id_, _ in pinned])
    expected = kept_by_definition(nodes, {id_ for _, id_, _ in pinned})
    assert {id_ for seq, id_, _ in nodes if (seq, id_) in book} == expected
    assert {id_ for _, id_, _ in pinned} <= expected


def test_what_has_no_place_is_neither_kept_nor_an_ancestor() -> None:
    book = BranchBook()
    assert not book.add(4, b"x" * 32, b"y" * 32)
    assert book.add(0, b"a" * 32, NO_ENTRY)
    assert book.add(0, b"a" * 32, NO_ENTRY)
    assert not book.is_ancestor((0, b"b" * 32), (0, b"a" * 32))
    assert not book.is_ancestor((0, b"a" * 32), (1, b"b" * 32))
    assert book.branches() == [(0, b"a" * 32)]


def test_2_to_the_12_branches_stay_8() -> None:
    book = BranchBook()
    level: list[tuple[int, bytes]] = [(-1, NO_ENTRY)]
    for depth in range(12):
        level = [
            (depth, hashlib.sha256(id_ + bytes([side, depth])).digest())
            for _, id_ in level
            for side in (0, 1)
            if book.add(depth, hashlib.sha256(id_ + bytes([side, depth])).digest(), id_)
        ]
    assert len(book.branches()) == BRANCHES_MAX
