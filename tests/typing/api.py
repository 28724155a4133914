"""What a package that brings kinds of its own may write. Never run: mypy reads it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

import lumbre
from lumbre import Body, Domain, Fact, Home, Kind, LumbreError, Node, Registry, View
from lumbre.record import Lane, Ref
from lumbre.schema import GroupKey, Via
from lumbre.schema.fields import Name, People


class Choir(Body, frozen=True, tag="choir"):
    """People who sing together."""

    name: Name
    singers: People = 0


class ChoirRow(msgspec.Struct, array_like=True, frozen=True):
    """How many sing."""

    singers: People


def groups(body: Choir, ref: Ref) -> Iterable[GroupKey]:
    """All choirs are one group."""
    return (("choir", b""),)


def derive(key: bytes, facts: Sequence[Fact]) -> ChoirRow | None:
    """The sum over what counts."""
    return ChoirRow(sum(fact.body.singers for fact in facts if fact.counts))


CHOIRS: Domain = Domain(
    name="choirs",
    kinds=(Kind(record=Choir, lane=Lane.ORDINARY, groups=groups),),
    views=(View(name="choir", row=ChoirRow, derive=derive),),
)
REGISTRY: Registry = Registry([CHOIRS])
VERSION: str = lumbre.__version__


def use(path: Path) -> None:
    """Open a home and write."""
    try:
        with Home.open(path, passphrase="four words are enough") as home:
            node: Node = home.node
            for space in node.spaces():
                key = node.authors(space.id)[0]
                node.write(space.id, key, [Choir(Via.OWN_DEVICE, None, "Song", 12)])
    except LumbreError as error:
        code: int = error.exit_code
        message_id: str = error.message_id
        raise SystemExit(code if message_id else 1) from error
