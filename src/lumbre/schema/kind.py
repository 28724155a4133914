"""How a kind is declared, and how a view is.

A kind is a record with what the ledger must know of it: its lane, who may write it, and
which groups its entries are facts of. A view is a plain function from a group's facts to a
row. Facts are a set, given in (depth, id) order: the order of arrival cannot matter.

    need    -> groups ("need", this entry)
    commitment -> groups ("need", the need it answers)
    view "need": (facts) -> NeedRow

A row may add to sums (stock, in transit): integers that the ledger keeps as the total over
all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

import msgspec

from lumbre.record.limits import HASH_BYTES
from lumbre.record.log import Lane, Ref
from lumbre.schema.fields import Body, kind_name
from lumbre.schema.roles import MEMBERS, Role


class Standing(IntEnum):
    """Whether a fact counts. REMOVED: past its author's pin, shown as from a removed member."""

    COUNTS = 0
    REMOVED = 1


# Asked for each fact of each group: quicker by their own names.
_COUNTS: Final = Standing.COUNTS
_GUEST: Final = Role.GUEST


class Fact(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An entry as a view sees it. `person` is 32 bytes; two keys of one person share it."""

    depth: int
    ref: Ref
    author: bytes
    person: bytes
    role: Role
    standing: Standing
    wall_s: int
    body: Any

    @property
    def is_guest(self) -> bool:
        """Left by a guest: counts as no source until a member confirms it."""
        return self.role is _GUEST

    @property
    def counts(self) -> bool:
        """Whether it enters counts and plans: neither a guest's nor a removed member's."""
        return self.standing is _COUNTS and self.role is not _GUEST


GroupKey = tuple[str, bytes]
"""(view, key): which group a fact belongs to."""

Groups = Callable[[Any, Ref], Iterable[GroupKey]]
Targets = Mapping[Ref, Body]
Check = Callable[[Any, Targets, bytes], str | None]
"""(body, what it refers to, author) -> None, or the message id of why it is without effect."""

Derive = Callable[[bytes, Sequence[Fact]], msgspec.Struct | None]
Sums = Callable[[Any], Iterable[tuple[str, bytes, int]]]


_SEQ_BYTES: Final = 8
REF_KEY_BYTES: Final = HASH_BYTES + _SEQ_BYTES + HASH_BYTES


def ref_key(ref: Ref) -> bytes:
    """The key of the group that belongs to one entry."""
    return ref.log + ref.seq.to_bytes(_SEQ_BYTES, "big") + ref.hash


def ref_of(key: bytes) -> Ref:
    """The reference whose `ref_key` this is."""
    end = HASH_BYTES + _SEQ_BYTES
    seq = int.from_bytes(key[HASH_BYTES:end], "big")
    return Ref(key[:HASH_BYTES], seq, key[end:REF_KEY_BYTES])


def _no_groups(body: Any, ref: Ref) -> Iterable[GroupKey]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of body. `shown_if_removed`: stays shown past its author's pin (P15).

    `adopted_by_kind`: past the pin it is taken on by a record of its own domain, whose check
    knows who was the other side; a member's `adopt` does not lift it.
    """

    record: type[Body]
    lane: Lane
    writers: frozenset[Role] = MEMBERS
    groups: Groups = _no_groups
    check: Check | None = None
    signed_alone: bool = False
    may_be_open: bool = False
    by_radio: bool = False
    shown_if_removed: bool = False
    adopted_by_kind: bool = False

    @property
    def name(self) -> str:
        """What its bodies begin with."""
        return kind_name(self.record)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view: `derive(key, facts)` makes a group's row, or None where there is nothing to show.

    `facts_by_author`: so many of one author's facts in a group matter, the last by (depth, id);
    None where each does. It bounds what one member's flood costs everybody.
    """

    name: str
    row: type[msgspec.Struct]
    derive: Derive
    sums: Sums | None = None
    facts_by_author: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One package of kinds: what `lumbre.kinds` entry points give."""

    name: str
    kinds: tuple[Kind, ...]
    views: tuple[View, ...] = field(default=())


NO_TARGETS: Final[Targets] = {}
