"""Proofs of forks: made from what is stored, written as a record that anyone can check.

A proof needs both branches up to the first signed header after they part. It is shown, and
by itself stops nothing: closing a key is a person's or the stewards' act (P4).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lumbre.errors import Invalid
from lumbre.ledger import Book
from lumbre.node.node import Node
from lumbre.node.segments import branches_of
from lumbre.record import Entry, SigningKey
from lumbre.record.branch import Branch
from lumbre.record.fork import prove_fork, read_fork
from lumbre.record.limits import MARK_MAX_ENTRIES
from lumbre.schema import Via
from lumbre.sync.runs import base_of
from lumbre.trust.acts import ForkSeen
from lumbre.trust.duties import forks

# A whole space's forks in one go would be as many acts; the rest waits for the next time.
PROOFS_MAX: Final = 8


def forked(book: Book, space: bytes) -> Iterator[tuple[Branch, Branch]]:
    """Pairs of branches of a space that go on differently after one entry, or from the start."""
    for branch in branches_of(book, space):
        for other in book.branches(branch.log):
            if _parts(other, branch):
                yield other, branch


def _parts(other: Branch, branch: Branch) -> bool:
    """Whether `branch` begins where `other` goes on, or began before it.

    A branch whose gap filled goes on where its parent ends: it is no fork. Two above one gap
    may be one: nobody can tell yet.
    """
    if other.number == branch.parent:
        return other.tip.seq >= branch.first_seq
    is_beside = (other.parent, other.first_seq) == (branch.parent, branch.first_seq)
    return is_beside and other.number < branch.number and not branch.is_above_gap


def prove_forks(node: Node, space: bytes, key: SigningKey) -> int:
    """Write a proof for each forked log that nobody has proved yet; how many were written."""
    held = node.space(space)
    proved = set()
    for _, act in forks(held.ledger.rights):
        proved.add(read_fork(act.left, act.right).name.id)
    written = 0
    for one, other in list(forked(node.log, space)):
        if one.log in proved or written >= PROOFS_MAX:
            continue
        proof = _prove(node.log, one, other)
        if proof is not None:
            proved.add(one.log)
            node.write(space, key, [ForkSeen(Via.OWN_DEVICE, None, held.after(), *proof)])
            written += 1
    return written


def _prove(book: Book, one: Branch, other: Branch) -> tuple[bytes, bytes] | None:
    seq = other.first_seq
    base = base_of(book, other, seq)
    if base is None:
        return None
    try:
        return prove_fork(base, _run(book, one, seq), _run(book, other, seq))
    except Invalid:
        return None


def _run(book: Book, branch: Branch, seq: int) -> list[Entry]:
    last = min(branch.tip.seq, seq + MARK_MAX_ENTRIES - 1)
    return list(book.entries(branch.number, seq, last))
