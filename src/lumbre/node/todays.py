"""Today's bundle: the one file that a neighbour's phone carries to the next board.

It holds all that this device has of a space where that fits a phone's download, else all acts of
trust and as much of the latest as fits; a stick carries the rest. It is made once and then again
at most once a minute, so that a queue of phones costs what one costs.
"""

from __future__ import annotations

from typing import Final

import msgspec

from lumbre.node.carrying import known_since, recipients
from lumbre.node.node import Node
from lumbre.node.ports import Clock
from lumbre.node.segments import branches_of
from lumbre.node.spaces import Space
from lumbre.record import Lane
from lumbre.sync.sealed_bundle import seal_bundle

# About 50,000 entries: a minute over a crowded hotspot, and room on any phone.
TODAYS_MAX_BYTES: Final = 8 * 1024 * 1024
# A bundle of this size is made in a blink.
SMALL_BYTES: Final = 512 * 1024
RENEW_AFTER_S: Final = 60


class Today(msgspec.Struct, frozen=True):
    """A sealed bundle, when it was made, and whether all of the space is in it."""

    data: bytes
    made_s: int
    is_all: bool
    changes: int


class Todays:
    """Today's bundle of each space."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made: dict[bytes, Today] = {}
        self._after: dict[bytes, int] = {}

    def of(self, node: Node, space: Space) -> Today | None:
        """The bundle to carry now; None where nobody could open one yet."""
        made = self._made.get(space.id)
        now_s = self._clock.now_s()
        if made is None or (made.changes != node.changes and _may_renew(made, now_s)):
            keys = recipients(node, space)
            if not keys:
                return None
            segments, is_all = self._segments(node, space)
            data = seal_bundle(segments, keys)
            made = self._made[space.id] = Today(data, now_s, is_all, node.changes)
        return made

    def _segments(self, node: Node, space: Space) -> tuple[list[bytes], bool]:
        """What fits; where it is not all, what arrived last counts most."""
        last = node.log.last_arrival()
        after = self._after.get(space.id, 0)
        while True:
            found, is_whole = _as_fits(node, space, after)
            if is_whole or after >= last - 1:
                self._after[space.id] = after
                return found, is_whole and after == 0
            after += max(1, (last - after) // 2)


def _may_renew(made: Today, now_s: int) -> bool:
    return len(made.data) <= SMALL_BYTES or not 0 <= now_s - made.made_s < RENEW_AFTER_S


def _as_fits(node: Node, space: Space, after: int) -> tuple[list[bytes], bool]:
    """Segments of all acts, and of what arrived after `after`; whether all of that fits."""
    known = known_since(node, space.id, after)
    for branch in branches_of(node.log, space.id):
        if branch.name.lane is Lane.TRUST:
            del known[branch.first_id]
    found: list[bytes] = []
    size = 0
    for segment in node.give(space.id, known):
        size += len(segment)
        if size > TODAYS_MAX_BYTES:
            return found, False
        found.append(segment)
    return found, True
