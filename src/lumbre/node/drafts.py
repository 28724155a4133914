"""Drafts: what a person typed and that could not be written yet. An error never loses it.

They lie in the private file, and go when they became an entry or were thrown away.
"""

from __future__ import annotations

from typing import Final

import msgspec

from lumbre.errors import Locked, NotFound
from lumbre.node.home import Home
from lumbre.store import PrivateStore

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
    private = _private(home)
    id_ = home.random.bytes(_ID_BYTES)
    saved = msgspec.structs.replace(draft, saved_s=home.clock.now_s())
    private.put_draft(id_, msgspec.msgpack.encode(saved))
    for old, _ in listed(home)[: -DRAFTS_MAX or None]:
        if len(private.drafts()) > DRAFTS_MAX:
            private.put_draft(old, None)
    return id_


def listed(home: Home) -> list[tuple[bytes, Draft]]:
    """Every draft, the oldest first."""
    found = [
        (id_, msgspec.msgpack.decode(value, type=Draft)) for id_, value in _private(home).drafts()
    ]
    return sorted(found, key=lambda item: item[1].saved_s)


def find(home: Home, prefix: str) -> tuple[bytes, Draft]:
    """The draft whose id begins so."""
    found = [item for item in listed(home) if item[0].hex().startswith(prefix.lower())]
    if len(found) != 1:
        raise NotFound("not-found.draft", draft=prefix)
    return found[0]


def discard(home: Home, id_: bytes) -> None:
    """Throw a draft away."""
    _private(home).put_draft(id_, None)


def _private(home: Home) -> PrivateStore:
    if home.private is None:
        raise Locked("locked.needs-passphrase")
    return home.private
