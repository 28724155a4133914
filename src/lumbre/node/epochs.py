"""Epoch keys of a space: renewing them, and learning those that are boxed for this node.

Who reads gets each new key in a box of its own; each key wraps the one before, so that a
newcomer reads what was written under older ones.

Rules: anybody may box anything, so a key counts only where the act that made its epoch names
its public half.

What this does not do: say which epoch is in use (see `lumbre.trust.duties`).
"""

from __future__ import annotations

from typing import Final

from lumbre.errors import Refused
from lumbre.node.node import Node
from lumbre.record import Entry, SigningKey
from lumbre.record.epoch import EpochKeys, box_for, unbox
from lumbre.record.limits import KEY_BYTES, KEY_ID_BYTES
from lumbre.record.seal import Sealed, open_envelope, seal_envelope
from lumbre.schema import Role, Via
from lumbre.trust.acts import WRAPS_MAX, Box32, Epoch, Wrap
from lumbre.trust.duties import closed_keys, epochs

READS: Final = frozenset({Role.READER, Role.MEMBER, Role.STEWARD})
"""Who gets an epoch's key: a guest's words pass over the board, which has it."""


def renew_epoch(node: Node, space: bytes, key: SigningKey) -> Entry:
    """Propose a new epoch that excludes every key taken away; those who read get it boxed.

    It is in effect once enough stewards approve. The epoch before is wrapped inside, so that a
    newcomer with the new key can read what was written under the old.
    """
    held = node.space(space)
    before, keys = held.current_keys()
    secret = node.random.bytes(KEY_BYTES)
    fresh = EpochKeys.of(secret)
    rights = held.ledger.rights
    closed = closed_keys(rights)
    readers = sorted(
        author
        for author, right in rights.authors()
        if author not in closed and (right.role in READS or author == rights.paper)
    )
    boxes = [box for author in readers for box in _boxed(author, secret)]
    predecessor_box = seal_envelope(keys.secret, [fresh.public])[0].box
    act = Epoch(
        Via.OWN_DEVICE,
        None,
        held.after(),
        fresh.public,
        tuple(boxes[:WRAPS_MAX]),
        node.find_id(space, before),
        predecessor_box,
        tuple(sorted(closed)),
    )
    (made,) = node.write(space, key, [act])
    node.learn_epoch(space, made.id, secret)
    for at in range(WRAPS_MAX, len(boxes), WRAPS_MAX):
        more = tuple(boxes[at : at + WRAPS_MAX])
        node.write(space, key, [Wrap(Via.OWN_DEVICE, None, held.after(), made.ref, more)])
    return made


def _boxed(author: bytes, secret: bytes) -> tuple[Box32, ...]:
    """A box for one device; none where anybody admitted 32 bytes that are no key."""
    try:
        return (Box32(author, box_for(author, secret)),)
    except Refused:
        return ()


def collect_keys(node: Node, space: bytes) -> int:
    """Learn the epoch keys that acts have boxed for this node's authors; how many were new."""
    learnt = sum(learn_boxes(node, space, key) for key in node.authors(space))
    return learnt + _collect_predecessors(node, space)


def learn_boxes(node: Node, space: bytes, key: SigningKey) -> int:
    """Learn the epoch keys that are boxed for one signing key; how many were new."""
    learnt = 0
    held = node.space(space)
    made = {epoch.ref.hash: epoch.body.public for epoch in epochs(held.ledger.rights)}
    for epoch, box in held.boxes(key.public):
        try:
            secret = unbox(box, key)
        except Refused:
            continue
        # Anybody may box anything: only the act itself says which key is the epoch's.
        if held.keys_of(epoch) is None and EpochKeys.of(secret).public == made[epoch]:
            node.learn_epoch(space, epoch, secret)
            learnt += 1
    return learnt


def _collect_predecessors(node: Node, space: bytes) -> int:
    """Learn older epochs from newer ones, one inside the other."""
    learnt = 0
    held = node.space(space)
    known = epochs(held.ledger.rights)
    made = {epoch.ref.hash: epoch.body.public for epoch in known}
    for epoch in reversed(known):
        older = epoch.body.predecessor
        keys = held.keys_of(epoch.ref.hash)
        if keys is None or older is None or held.keys_of(older.hash) is not None:
            continue
        boxed = (Sealed(keys.public[:KEY_ID_BYTES], epoch.body.predecessor_box),)
        try:
            secret = open_envelope(boxed, keys.public, keys.private)
        except Refused:
            continue
        if EpochKeys.of(secret).public == made.get(older.hash):
            node.learn_epoch(space, older.hash, secret)
            learnt += 1
    return learnt
