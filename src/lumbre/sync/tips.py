"""Tips: how far somebody knows each log, said so that it means the same on every node.

A tip names the last entry of a branch by log, seq and id, and where the branch stands above a
gap also its first seq. Who knows a tip knows all before it in that branch, down to `first`.
Branch numbers and the ids of first entries are a node's own: between forked nodes they differ.

Logs and ids may be cut to a prefix, as claims do: who makes two entries of its own log alike in
64 bits is sent less of its own fork, and harms nobody else.

What this does not do: say which bodies are held.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import msgspec

from lumbre.ledger import Book
from lumbre.record.branch import Branch
from lumbre.record.canonical import encode
from lumbre.record.log import Seq

PREFIX_BYTES: Final = 8
DIGEST_BYTES: Final = 16

_Prefix = Annotated[bytes, msgspec.Meta(min_length=PREFIX_BYTES, max_length=32)]


class KnownTip(
    msgspec.Struct, array_like=True, frozen=True, gc=False, order=True, forbid_unknown_fields=True
):
    """The last entry of a branch that is known; `first` is 0 unless a gap lies before."""

    log: _Prefix
    first: Seq
    seq: Seq
    id: _Prefix

    def short(self) -> KnownTip:
        """The same by prefixes."""
        return KnownTip(self.log[:PREFIX_BYTES], self.first, self.seq, self.id[:PREFIX_BYTES])


def tips_of(branches: Iterable[Branch]) -> list[KnownTip]:
    """The tips of branches, sorted."""
    return sorted(
        KnownTip(b.log, b.first_seq if b.is_above_gap else 0, b.tip.seq, b.tip.id) for b in branches
    )


def digest(tips: Iterable[KnownTip]) -> bytes:
    """16 bytes that two who know the same have in common."""
    return hashlib.sha256(encode(sorted(tips))).digest()[:DIGEST_BYTES]


def known_seqs(book: Book, branches: Sequence[Branch], tips: Iterable[KnownTip]) -> dict[int, int]:
    """Of each of these branches, by number, the seq up to which who knows `tips` knows it.

    A branch that is missing there is not known. Tips that are not known here say nothing.
    """
    by_number = {branch.number: branch for branch in branches}
    by_log: dict[bytes, list[Branch]] = {}
    for branch in branches:
        by_log.setdefault(branch.log[:PREFIX_BYTES], []).append(branch)
    known: dict[int, int] = {}
    for tip in tips:
        for branch in by_log.get(tip.log[:PREFIX_BYTES], ()):
            if branch.log.startswith(tip.log) and _is_on(book, branch, tip):
                _mark(by_number, branch, tip, known)
    return known


def _is_on(book: Book, branch: Branch, tip: KnownTip) -> bool:
    if tip.seq == branch.tip.seq:
        return branch.tip.id.startswith(tip.id)
    if not branch.first_seq <= tip.seq < branch.tip.seq:
        return False
    entry = book.entry(branch.number, tip.seq)
    return entry is not None and entry.id.startswith(tip.id)


def _mark(
    by_number: dict[int, Branch], branch: Branch, tip: KnownTip, known: dict[int, int]
) -> None:
    """Note a tip's branch, and the parents that it goes on from, down to the tip's gap."""
    at: Branch | None = branch
    seq = tip.seq
    while at is not None and tip.first <= at.first_seq:
        known[at.number] = max(seq, known.get(at.number, seq))
        seq = at.first_seq - 1
        at = by_number.get(at.parent) if at.parent is not None else None
