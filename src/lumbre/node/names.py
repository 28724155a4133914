"""Names of spaces and persons, as far as a key here opens them.

Names in acts of trust are sealed to members; a device without the key shows the beginning of
an id instead.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from lumbre.errors import Invalid, NotFound
from lumbre.node.node import Node
from lumbre.node.spaces import Space
from lumbre.record import Entry
from lumbre.schema import Role
from lumbre.schema.fields import NAME_MAX_CHARS
from lumbre.trust.acts import Admit, Found
from lumbre.trust.duties import persons

_TURNS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Marks of direction."""
SHORT_ID: Final = 8
ID_MIN_CHARS: Final = 4


class Member(msgspec.Struct):
    """A person in a space, the keys that speak for them, and those that were taken away."""

    person: bytes
    name: str | None
    role: Role
    keys: list[bytes]
    closed: list[bytes] = []


def space_name(space: Space) -> str | None:
    """What a space's founders called it; None where no key here opens it."""
    return next((text.partition("\n")[0] or None for text in _founded(space)), None)


def members(space: Space) -> list[Member]:
    """The persons of a space who have a right now, in the order in which they came."""
    return [member for member in everyone(space) if member.keys]


def everyone(space: Space) -> list[Member]:
    """Every person that was ever admitted, in the order in which they came.

    A person is named by the act that admitted it, so its name is that act's and no other's.
    """
    rights = space.ledger.rights
    names = _names(space)
    order = {person: number for number, person in enumerate(names)}
    found = []
    for person, keys in persons(rights).items():
        member = Member(person, names.get(person), Role.COURIER, [], [])
        for key in keys:
            right = rights.author(key)
            if right is None or key == rights.paper:
                continue
            (member.keys if right.pins is None else member.closed).append(key)
            member.role = max(member.role, right.role)
        found.append(member)
    return sorted(found, key=lambda m: (order.get(m.person, 0), m.person))


def shown(space: Space, person: bytes) -> str:
    """How a person is called on a screen: the name, else the beginning of the id."""
    return _names(space).get(person) or person.hex()[:SHORT_ID]


def acts(space: Space) -> Iterator[tuple[Entry, object]]:
    """Every act of trust that is known here, and its body; those without effect too."""
    settled = space.ledger.rights.settled
    if settled is not None:
        graph = settled.graph
        numbers = range(len(graph.bodies))
        for number in graph.in_order(numbers):
            yield graph.entries[number], graph.bodies[number]


def _names(space: Space) -> dict[bytes, str | None]:
    """Names of persons by the id of the act that admitted them, in the order of the acts."""
    found: dict[bytes, str | None] = {}
    for entry, body in acts(space):
        act: Any = body
        if isinstance(act, Found):
            text = space.text(act.sealed) or ""
            found[entry.id] = text.partition("\n")[2] or None
        elif isinstance(act, Admit) and act.person is None:
            found[entry.id] = space.text(act.sealed)
    return found


def _founded(space: Space) -> Iterator[str]:
    for _, body in acts(space):
        if isinstance(body, Found):
            yield space.text(body.sealed) or ""


def find_person(space: Space, wanted: str) -> Member:
    """The person of that name, or whose id begins so; never one of several."""
    name, id_ = wanted.strip().casefold(), wanted.strip().lower()
    found = [
        member
        for member in everyone(space)
        if (member.name or "").casefold() == name
        or (len(id_) >= ID_MIN_CHARS and member.person.hex().startswith(id_))
    ]
    if not found:
        raise NotFound("not-found.person", person=wanted)
    if len(found) > 1:
        ids = ", ".join(member.person.hex()[:SHORT_ID] for member in found)
        raise Invalid("invalid.which-person", count=len(found), ids=ids)
    return found[0]


def find_key(space: Space, wanted: str) -> bytes:
    """The admitted key that begins so."""
    keys = [key for key, _ in space.ledger.rights.authors() if key.hex().startswith(wanted.lower())]
    if len(wanted) < ID_MIN_CHARS or len(keys) != 1:
        raise NotFound("not-found.key", key=wanted)
    return keys[0]


def find_act(space: Space, wanted: str) -> tuple[Entry, object]:
    """The act of trust whose id begins so, and its body."""
    found = [
        (entry, body) for entry, body in acts(space) if entry.id.hex().startswith(wanted.lower())
    ]
    if len(wanted) < ID_MIN_CHARS or len(found) != 1:
        raise NotFound("not-found.entry", entry=wanted)
    return found[0]


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


def plain(name: str) -> str:
    """A name on one line, with something to see in it and nothing that turns other text round."""
    name = " ".join("".join(char for char in name if not _is_hidden(char)).split())
    if (
        not any(unicodedata.category(char)[0] in "LNPS" for char in name)
        or len(name) > NAME_MAX_CHARS
    ):
        raise Invalid("invalid.name", max_chars=NAME_MAX_CHARS)
    return name


def _is_hidden(char: str) -> bool:
    """Controls but spaces, halves of characters, and marks of direction."""
    if char.isspace():
        return False
    return unicodedata.category(char) in {"Cc", "Cs"} or unicodedata.bidirectional(char) in _TURNS
