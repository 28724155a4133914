"""Names of spaces and persons, as far as a key here opens them.

Names in acts of trust are sealed to members; a device without the key shows the beginning of
an id instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from lumbre.errors import Invalid, NotFound
from lumbre.node.node import Node
from lumbre.node.spaces import Space
from lumbre.record import Entry
from lumbre.schema import Role
from lumbre.trust.acts import Admit, Found


class Member(msgspec.Struct):
    """A person in a space, and the keys that speak for them."""

    person: bytes
    name: str | None
    role: Role
    keys: list[bytes]


def space_name(space: Space) -> str | None:
    """What a space's founders called it; None where no key here opens it."""
    return next((name for _, _, name, _ in _admissions(space) if name), None)


def members(space: Space) -> list[Member]:
    """The persons of a space who have a right now."""
    found: dict[bytes, Member] = {}
    for key, _, _, name in _admissions(space):
        right = space.ledger.rights.author(key)
        if right is None or right.pins is not None:
            continue
        member = found.setdefault(right.person, Member(right.person, None, right.role, []))
        member.name = member.name or name
        if key not in member.keys:
            member.keys.append(key)
    return list(found.values())


def acts(space: Space) -> Iterator[tuple[Entry, object]]:
    """Every act of trust that is known here, and its body; those without effect too."""
    settled = space.ledger.rights.settled
    if settled is not None:
        graph = settled.graph
        numbers = range(len(graph.bodies))
        for number in graph.in_order(numbers):
            yield graph.entries[number], graph.bodies[number]


def _admissions(space: Space) -> list[tuple[bytes, bytes, str | None, str | None]]:
    """(key, act, name of the space, name of the person) of acts that bring a key in."""
    found = []
    for entry, body in acts(space):
        act: Any = body
        if isinstance(act, Found):
            said = (space.text(act.sealed) or "").partition("\n")
            found.append((entry.name.author, entry.id, said[0] or None, said[2] or None))
        elif isinstance(act, Admit):
            found.append((act.key, entry.id, None, space.text(act.sealed)))
    return found


def the_space(node: Node, wanted: str | None) -> Space:
    """The space that is meant: by name or the beginning of its id; the only one if unsaid."""
    spaces = node.spaces()
    if not spaces:
        raise NotFound("not-found.no-space")
    if wanted is None:
        if len(spaces) > 1:
            raise Invalid("invalid.which-space", count=len(spaces))
        return spaces[0]
    found = [s for s in spaces if s.id.hex().startswith(wanted.lower())]
    if not node.is_locked:
        found = found or [s for s in spaces if (space_name(s) or "").lower() == wanted.lower()]
    if not found:
        raise NotFound("not-found.space", space=wanted)
    if len(found) > 1:
        raise Invalid("invalid.which-space", count=len(found))
    return found[0]
