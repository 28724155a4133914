"""The ports through which the ledger sees what is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from lumbre.record.branch import Branch
from lumbre.record.entry import Entry
from lumbre.record.log import LogName


class Book(Protocol):
    """What is stored, by log and branch."""

    def branches(self, log: bytes) -> Sequence[Branch]:
        """Every branch of a log, in order of number."""

    def logs(self, space: bytes) -> Iterator[LogName]:
        """The names of the logs of a space."""

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

    def get_many(self, table: str, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values of those of `keys` that have one; quickest where they are sorted."""

    def put(self, table: str, key: bytes, value: bytes | None) -> None:
        """Set a value; None deletes."""

    def put_many(self, table: str, pairs: Sequence[tuple[bytes, bytes | None]]) -> None:
        """Set several values; quickest where they are sorted by key."""

    def scan(self, table: str, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Pairs whose key begins with `prefix`, by key."""
