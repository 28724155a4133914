"""Branches of a log, and rows: what a store keeps of entries that were checked.

A log without a fork has one branch. A branch begins where it parts from its parent, or, in
the urgent lane, above a gap (`parent` is None and `first_seq` is not 0) until the gap fills.
"""

from __future__ import annotations

import hashlib

import msgspec

from lumbre.record.entry import Entry, Tip, read_header
from lumbre.record.log import LogName


class Branch(msgspec.Struct, frozen=True):
    """One branch of one log. `number` is a store's own name for it and goes nowhere else."""

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
"""(seq, header, body, signature)."""


class Write(msgspec.Struct):
    """Entries for one branch, in order; `branch` as it stands after them."""

    branch: Branch
    rows: list[Row]


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """The `n`th thing stored: a run of entries of one branch, or bodies that they lacked."""

    n: int
    branch: int
    first_seq: int
    last_seq: int


def to_row(entry: Entry) -> Row:
    """What is kept of an entry beside its log's name."""
    return entry.seq, entry.header, entry.body, entry.signature


def to_entry(name: LogName, row: Row) -> Entry:
    """The entry of a row that was checked before it was kept."""
    header = row[1]
    fields = read_header(header)
    return Entry(
        name,
        fields.log,
        fields.seq,
        hashlib.sha256(header).digest(),
        fields.prev,
        fields.depth,
        fields.wall_s,
        fields.total_bytes,
        fields.key_id,
        header,
        row[2],
        row[3],
    )
