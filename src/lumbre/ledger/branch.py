"""Branches of a log, and the ports through which the ledger sees what is stored.

A log without a fork has one branch. A branch begins where it parts from its parent, or, in
the urgent lane, above a gap (`parent` is None and `first_seq` is not 0) until the gap fills.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from lumbre.record.entry import Entry, Tip
from lumbre.record.log import LogName


class Branch(msgspec.Struct, frozen=True):
    """One branch of one log. `number` is this store's own name for it and goes nowhere else."""

    number: int
    name: LogName
    log: bytes
    parent: int | None
    first_seq: int
    first_id: bytes
    tip: Tip

    @property
    def is_above_gap(self) -> bool:
        """Whether entries before it have not arrived."""
        return self.parent is None and self.first_seq > 0


Row = tuple[int, bytes, bytes | None, bytes | None]
"""(seq, header, body, signature) as the store keeps it."""


class Write(msgspec.Struct):
    """Entries for one branch, in order; `branch` as it stands after them."""

    branch: Branch
    rows: list[Row]


class Book(Protocol):
    """What is stored, by log and branch."""

    def branches(self, log: bytes) -> Sequence[Branch]:
        """Every branch of a log, in order of number."""

    def logs_of(self, author: bytes) -> Sequence[bytes]:
        """Ids of the logs of an author."""

    def entry(self, number: int, seq: int) -> Entry | None:
        """The entry at a place of a branch."""

    def entries(self, number: int, first_seq: int, last_seq: int) -> Iterator[Entry]:
        """Entries of one branch from `first_seq` to `last_seq`, both included."""

    def next_number(self) -> int:
        """A number that no branch of this store ever had."""


class Tables(Protocol):
    """Sorted tables of bytes for what is folded from entries; they can be made anew from them."""

    def get(self, table: str, key: bytes) -> bytes | None:
        """The value of a key."""

    def put(self, table: str, key: bytes, value: bytes | None) -> None:
        """Set a value; None deletes."""

    def scan(self, table: str, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Pairs whose key begins with `prefix`, by key."""
