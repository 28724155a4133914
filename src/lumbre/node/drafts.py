"""Drafts: what a person typed and that could not be written yet. An error never loses it.

They lie in the private file, and go when they became an entry or were thrown away.
"""

from __future__ import annotations

from typing import Final

import msgspec

from lumbre.errors import Locked, NotFound
from lumbre.node.home import Home
from lumbre.node.node import Node

DRAFTS_MAX: Final = 200
"""Who types more than this without one being written has another problem; the oldest go."""
_ID_BYTES: Final = 8


class Draft(msgspec.Struct, frozen=True):
    """What was to be written, field by field, as it was typed."""

    what: str
    said: dict[str, str]
    saved_s: int = 0


def keep(home: Home, draft: Draft) -> bytes:
    """Keep a draft; it is on the disk on return."""
    private = home.node.private
    if private is None:
        raise Locked("locked.needs-passphrase")
    id_ = home.random.bytes(_ID_BYTES)
    saved = msgspec.structs.replace(draft, saved_s=home.clock.now_s())
    private.put_draft(id_, msgspec.msgpack.encode(saved))
    for old, _ in listed(home.node)[: -DRAFTS_MAX or None]:
        if len(private.drafts()) > DRAFTS_MAX:
            private.put_draft(old, None)
    return id_


def listed(node: Node) -> list[tuple[bytes, Draft]]:
    """Every draft, the oldest first."""
    if node.private is None:
        raise Locked("locked.needs-passphrase")
    found = [
        (id_, msgspec.msgpack.decode(value, type=Draft)) for id_, value in node.private.drafts()
    ]
    return sorted(found, key=lambda item: item[1].saved_s)


def find(node: Node, prefix: str) -> tuple[bytes, Draft]:
    """The draft whose id begins so."""
    found = [item for item in listed(node) if item[0].hex().startswith(prefix.lower())]
    if len(found) != 1:
        raise NotFound("not-found.draft", draft=prefix)
    return found[0]


def discard(node: Node, id_: bytes) -> None:
    """Throw a draft away."""
    if node.private is None:
        raise Locked("locked.needs-passphrase")
    node.private.put_draft(id_, None)
