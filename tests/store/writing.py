"""What store tests write: logs of one author, as the ledger would hand them over."""

from __future__ import annotations

import random

from lumbre.record import LogName, SigningKey, Writer, read_segment, write_segment
from lumbre.record.branch import Branch, Write
from lumbre.record.log import Lane

SPACE = bytes(range(32))
KEY = bytes(range(100, 132))


def seeded(seed=1):
    return random.Random(seed).randbytes


class Log:
    """One author's log, and the branch of it that a store holds."""

    def __init__(self, number=1, seed=1, lane=Lane.ORDINARY, space=SPACE):
        key = SigningKey(random.Random(seed).randbytes(32))
        self.name = LogName(space, key.public, lane)
        self.number = number
        self.writer = Writer(self.name, key)
        self.entries = []

    def write(self, bodies, parent=None):
        """A write of these bodies at the tip."""
        base = self.writer.tip
        new = []
        for at, body in enumerate(bodies, 1):
            new.append(
                self.writer.append(
                    body,
                    depth=self.writer.tip.depth + 1,
                    wall_s=1_700_000_000,
                    is_last=at == len(bodies),
                )
            )
        assert read_segment(write_segment(new, base)) == new
        self.entries += new
        return self.write_of(new, parent)

    def write_of(self, entries, parent=None):
        first = self.entries[0]
        branch = Branch(
            self.number,
            self.name,
            self.name.id,
            parent,
            first.seq,
            first.id,
            self.writer.tip,
        )
        return Write(branch, [(e.seq, e.header, e.body, e.signature) for e in entries])
