"""How many entries no other device is known to hold, counted once after each change.

What this does not do: say which (`lumbre at-risk` does).
"""

from __future__ import annotations

from lumbre.node.census import Census
from lumbre.node.node import Node

_Key = tuple[Node, int, tuple[tuple[bytes, int], ...]]


class Risks:
    """The count of each space, kept until somebody writes or says anything."""

    def __init__(self) -> None:
        self._kept: dict[bytes, tuple[_Key, int]] = {}

    def count(self, node: Node, space: bytes) -> int:
        """Entries that would be lost with this device, as far as it knows."""
        census = Census(node, space)
        key = (node, node.changes, census.version())
        kept = self._kept.get(space)
        if kept is None or kept[0] != key:
            kept = self._kept[space] = (key, census.count_at_risk())
        return kept[1]
