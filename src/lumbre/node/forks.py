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
from lumbre.record import START, Entry, SigningKey, Tip
from lumbre.record.branch import Branch
from lumbre.record.fork import prove_fork, read_fork
from lumbre.record.limits import MARK_MAX_ENTRIES
from lumbre.schema import Via
from lumbre.trust.acts import ForkSeen
from lumbre.trust.duties import forks

# A whole space's forks in one go would be as many acts; the rest waits for the next time.
PROOFS_MAX: Final = 8


def forked(book: Book, space: bytes) -> Iterator[tuple[Branch, Branch]]:
    """Pairs of branches of a space of which one parts from the other."""
    for branch in branches_of(book, space):
        others = {other.number: other for other in book.branches(branch.log)}
        if branch.parent is not None:
            parent = others[branch.parent]
            if parent.tip.seq >= branch.first_seq:
                yield parent, branch
        elif branch.first_seq == 0:
            for other in others.values():
                if other.parent is None and other.first_seq == 0 and other.number < branch.number:
                    yield other, branch


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
    base = START if seq == 0 else _tip(book, one, seq - 1)
    try:
        return prove_fork(base, _run(book, one, seq), _run(book, other, seq))
    except Invalid:
        return None


def _tip(book: Book, branch: Branch, seq: int) -> Tip:
    entry = book.entry(branch.number, seq)
    assert entry is not None
    return Tip.of(entry)


def _run(book: Book, branch: Branch, seq: int) -> list[Entry]:
    last = min(branch.tip.seq, seq + MARK_MAX_ENTRIES - 1)
    return list(book.entries(branch.number, seq, last))
