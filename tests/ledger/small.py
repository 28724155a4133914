"""A ledger over three small kinds, in memory, with acts and entries that a test writes by hand.

Entries carry no signature: links are the record's to check. Everything is derived from names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from lumbre.errors import Refused
from lumbre.ledger import Ledger, Linked, Linker, MemoryBook, MemoryTables, Verdict
from lumbre.record import START, Entry, Lane, LogName, Ref, Tip
from lumbre.record.canonical import encode
from lumbre.record.entry import OPEN, cost_bytes, entry_id, header_bytes
from lumbre.schema import ANYONE, STEWARDS, Body, Domain, Kind, Registry, Standing, View, points_to
from lumbre.schema.fields import Change, Code
from lumbre.schema.kind import ref_key
from lumbre.schema.roles import Role, Via
from lumbre.trust import MEMBERSHIP
from tests.trust.histories import Pen, key_of

SEALED = b"seal"
HIDDEN = b"hide"


class Mark(Body, tag="mark"):
    board: Code
    amount: Change
    about: Annotated[tuple[Annotated[Ref, points_to("mark")], ...], Meta(max_length=4)] = ()
    under: Annotated[Ref | None, points_to("mark", "cry")] = None


class Cry(Body, tag="cry"):
    board: Code


class Rule(Body, tag="rule"):
    board: Code


class Deed(Body, tag="deed"):
    """Past its author's pin only a record of its own kind could take it on."""

    board: Code


class Own(msgspec.Struct, array_like=True, frozen=True):
    """A fact as its view sees it."""

    author: bytes
    person: bytes
    role: Role
    standing: Standing
    depth: int
    wall_s: int


class Row(msgspec.Struct, array_like=True, frozen=True):
    board: str
    amounts: tuple[int, ...]
    removed: int


def derive(key, facts):
    """A board's amounts in order; a board without an amount shows nothing."""
    assert facts
    amounts = tuple(getattr(fact.body, "amount", 0) for fact in facts if fact.counts)
    removed = sum(fact.standing is Standing.REMOVED for fact in facts)
    return Row(key.decode(), amounts, removed) if amounts or removed else None


def derive_own(key, facts):
    (fact,) = facts
    return Own(fact.author, fact.person, fact.role, fact.standing, fact.depth, fact.wall_s)


def amounts(row):
    """Sums of two names: by board, and over all boards."""
    yield "board", row.board.encode(), sum(row.amounts)
    yield "all", b"", sum(row.amounts)


def groups(body, ref):
    yield "board", body.board.encode()
    yield "last", body.board.encode()
    yield "own", ref_key(ref)


def check(body, targets, author):
    """A mark may not be less than any that it is about; 13 is nobody's."""
    if any(isinstance(t, Mark) and t.amount > body.amount for t in targets.values()):
        return "content.less"
    return "content.thirteen" if body.amount == 13 else None


DOMAIN = Domain(
    name="small",
    kinds=(
        Kind(record=Mark, lane=Lane.ORDINARY, groups=groups, check=check),
        Kind(record=Cry, lane=Lane.URGENT, groups=groups, writers=ANYONE, shown_if_removed=True),
        Kind(record=Deed, lane=Lane.ORDINARY, groups=groups, adopted_by_kind=True),
        Kind(record=Rule, lane=Lane.ORDINARY, groups=groups, writers=STEWARDS),
    ),
    views=(
        View(name="board", row=Row, derive=derive, sums=amounts),
        View(name="last", row=Row, derive=derive, facts_by_author=2),
        View(name="own", row=Own, derive=derive_own),
    ),
)
REGISTRY = Registry([MEMBERSHIP, DOMAIN])


def mark(board: str = "a", amount: int = 1, about: Sequence[Ref] = (), under=None) -> Mark:
    return Mark(Via.OWN_DEVICE, None, board, amount, tuple(about), under)


def cry(board: str = "a") -> Cry:
    return Cry(Via.OWN_DEVICE, None, board)


def make(name: LogName, tip: Tip, data: bytes, depth: int, key_id: bytes = OPEN) -> Entry:
    """An entry without a signature, of any bytes."""
    seq, total = tip.seq + 1, tip.total_bytes + cost_bytes(len(data))
    digest = hashlib.sha256(data).digest()
    header = header_bytes(name.id, seq, tip.id, depth, 7, total, key_id, len(data), digest)
    id_ = entry_id(header)
    return Entry(name, name.id, seq, id_, tip.id, depth, 7, total, key_id, header, data, None)


class Small:
    """A space of two stewards A and B and a member M."""

    def __init__(self) -> None:
        self.pen = Pen(["B"])
        self.book = MemoryBook()
        self.tables = MemoryTables()
        self.has_key = True
        self.ledger = self.open()
        self.put(self.pen.founding.entry)
        self.put(self.pen.admit("A", "M", after=[self.pen.founding]).entry)
        self.depths: dict[Ref, int] = {}

    def open(self) -> Ledger:
        """Another ledger over the same tables, as after a restart."""
        return Ledger(self.pen.space, REGISTRY, self.book, self.tables, self.opener)

    def opener(self, entry: Entry) -> bytes | None:
        """`SEALED` bodies open once the key is there; `HIDDEN` ones are never well sealed."""
        if entry.key_id == HIDDEN:
            raise Refused("refused.bad-seal")
        return entry.body if self.has_key else None

    def log(self, who: str, lane: Lane = Lane.ORDINARY) -> LogName:
        return LogName(self.pen.space, key_of(who), lane)

    def write(
        self,
        who: str,
        body: Body | bytes,
        after: Entry | None = None,
        lane: Lane = Lane.ORDINARY,
        depth: int | None = None,
        key_id: bytes = OPEN,
    ) -> Entry:
        """An entry of `who` on top of `after`, as deep as what it names asks for."""
        tip = START if after is None else Tip.of(after)
        data = body if isinstance(body, bytes) else encode(body)
        if depth is None:
            refs = [] if isinstance(body, bytes) else REGISTRY.decode(data).refs
            depth = 1 + max([tip.depth, *(self.depths[ref] for ref in refs)])
        entry = make(self.log(who, lane), tip, data, depth, key_id)
        self.depths[entry.ref] = depth
        return entry

    def link(self, entries: Sequence[Entry], base: Tip | None = None) -> Linked:
        """Store entries that follow one another, without judging them."""
        first = entries[0]
        if base is None:
            known = [
                entry
                for branch in self.book.branches(first.log)
                for entry in self.book.entries(branch.number, branch.first_seq, branch.tip.seq)
                if entry.id == first.prev
            ]
            base = Tip.of(known[0]) if known else START
        linker = Linker(self.book, lambda _: 10**9)
        linked = linker.add(base, entries)
        self.book.append(linker.writes(), linker.bodies)
        return linked

    def put(self, *entries: Entry, base: Tip | None = None) -> list[Verdict]:
        """Store and judge entries that follow one another."""
        linked = self.link(entries, base)
        found = [verdict for run in linked.new for verdict in self.ledger.admit(run)]
        self.ledger.admit_again([entry.ref for entry in linked.filled])
        self.ledger.flush()
        return found

    def reason(self, entry: Entry) -> str | None:
        noted = self.ledger.judge.exception(entry.ref)
        return None if noted is None else noted.reason

    def boards(self, view: str = "board") -> dict[str, tuple[int, ...]]:
        return {key.decode(): row.amounts for key, row in self.ledger.folds.rows(view)}
