"""Rows: how branches and entries lie in the log file.

An entry's row is (key, header, body, signature); its key packs the branch's number above its
seq, so entries of a branch lie side by side and no hash index is needed. What an `Entry` says
beyond its row is read from the header again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from lumbre.record import LogName, Tip
from lumbre.record.branch import Branch
from lumbre.store.limits import SEQ_BITS

BRANCH_COLUMNS: Final = (
    "number, log, space, author, lane, volume, parent, first_seq, first_id,"
    " tip_seq, tip_id, tip_depth, tip_wall_s, tip_total_bytes"
)

BranchRow = tuple[
    int, bytes, bytes, bytes, int, int, int | None, int, bytes, int, bytes, int, int, int
]

_NAME: Final[Callable[[object, type[LogName]], LogName]] = msgspec.convert


def entry_key(number: int, seq: int) -> int:
    """The key of the row of an entry."""
    return number << SEQ_BITS | seq


def to_branch_row(branch: Branch) -> BranchRow:
    """The columns of a branch."""
    name, tip = branch.name, branch.tip
    return (
        branch.number,
        branch.log,
        name.space,
        name.author,
        int(name.lane),
        name.volume,
        branch.parent,
        branch.first_seq,
        branch.first_id,
        tip.seq,
        tip.id,
        tip.depth,
        tip.wall_s,
        tip.total_bytes,
    )


def to_branch(row: BranchRow) -> Branch:
    """The branch that `to_branch_row` made columns of."""
    return Branch(row[0], _NAME(row[2:6], LogName), row[1], row[6], row[7], row[8], Tip(*row[9:]))
