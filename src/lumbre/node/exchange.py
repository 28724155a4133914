"""Taking in what a carrier brought, and then the keys that came with it."""

from __future__ import annotations

from collections.abc import Iterable

from lumbre.node.epochs import collect_keys
from lumbre.node.intake import Received
from lumbre.node.node import Node


def take_in(node: Node, segments: Iterable[bytes]) -> tuple[Received, int]:
    """Take segments in, and learn the keys that were boxed for this device: how many."""
    received = node.take(segments)
    keys = learn_keys(node)
    look_again(node, received)
    return received, keys


def learn_keys(node: Node) -> int:
    """Learn the keys that are boxed for this device: how many."""
    if node.is_locked:
        return 0
    return sum(collect_keys(node, space.id) for space in node.spaces())


def look_again(node: Node, received: Received) -> None:
    """Say what waits once keys have come: no more than waits here, and how much for a key."""
    ledgers = [space.ledger for space in node.spaces()]
    received.waiting = min(received.waiting, sum(ledger.count_waiting() for ledger in ledgers))
    received.for_key = sum(len(ledger.behind_keys()) for ledger in ledgers)
