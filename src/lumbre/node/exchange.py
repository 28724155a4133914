"""Taking in what a carrier brought, and then the keys that came with it."""

from __future__ import annotations

from collections.abc import Iterable

from lumbre.ledger import Outcome
from lumbre.node.epochs import collect_keys
from lumbre.node.intake import Received
from lumbre.node.node import Node


def take_in(node: Node, segments: Iterable[bytes]) -> tuple[Received, int]:
    """Take segments in, and learn the keys that were boxed for this device: how many."""
    received = node.take(segments)
    keys, opened = learn_keys(node)
    received.waiting = min(max(0, received.waiting - opened), still_waiting(node))
    return received, keys


def still_waiting(node: Node) -> int:
    """How many entries wait for something that is not here: what waited may have been found."""
    verdicts = (verdict for held in node.spaces() for _, verdict in held.ledger.judge.exceptions())
    return sum(verdict.outcome is Outcome.WAITING for verdict in verdicts)


def learn_keys(node: Node) -> tuple[int, int]:
    """Learn the keys that are boxed for this device: how many, and how many entries they open."""
    if node.is_locked:
        return 0, 0
    keys = opened = 0
    for space in node.spaces():
        before = len(space.ledger.waiting_for_key())
        keys += collect_keys(node, space.id)
        opened += before - len(space.ledger.waiting_for_key())
    return keys, opened
