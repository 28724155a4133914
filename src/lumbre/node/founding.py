"""Founding a space: its first entry and its first key.

The founding entry signs under the all-zero space id, and its own id is the space's. Where a
recovery key lies on paper, its public half stands in that entry, and the key is boxed for it.

What this does not do: let others in (see `joining`).
"""

from __future__ import annotations

from typing import Final

from lumbre.errors import Invalid
from lumbre.node.names import plain
from lumbre.node.names import space_name as name_of
from lumbre.node.node import Node
from lumbre.node.spaces import sealed_text
from lumbre.record import START, Lane, LogName, SigningKey, Writer
from lumbre.record.epoch import EpochKeys, box_for
from lumbre.record.limits import KEY_BYTES
from lumbre.record.log import NO_SPACE
from lumbre.schema import Via
from lumbre.trust.acts import Box32, Epoch, Found

RULES_VERSION: Final = 1
# More than half decides: the least that two majorities cannot contradict.
QUORUM_PERCENT: Final = 50


def found(node: Node, space_name: str, person_name: str, *, paper: bytes | None = None) -> bytes:
    """Found a space with its first epoch; the id of the new space.

    `paper` is the public half of the recovery key that lies on paper, if there is one.
    Two spaces of one name on a device are told apart by nobody: that is refused.
    """
    wanted = plain(space_name)
    if any((name_of(s) or "").casefold() == wanted.casefold() for s in node.spaces()):
        raise Invalid("invalid.space-here", space=wanted)
    secret = node.random.bytes(KEY_BYTES)
    keys = EpochKeys.of(secret)
    seed = node.random.bytes(KEY_BYTES)
    key = SigningKey(seed)
    sealed = sealed_text(f"{wanted}\n{plain(person_name)}", keys, node.random)
    body = Found(Via.OWN_DEVICE, None, paper, RULES_VERSION, QUORUM_PERCENT, (), sealed)
    writer = Writer(LogName(NO_SPACE, key.public, Lane.TRUST), key)
    entry = writer.append(node.registry.encode(body), depth=1, wall_s=node.clock.now_s())
    space = entry.id
    node.add_space(space)
    node.keep_author(space, seed)
    node.store(START, [entry])
    readers = (key.public,) if paper is None else (key.public, paper)
    boxes = tuple(Box32(reader, box_for(reader, secret)) for reader in readers)
    act = Epoch(Via.OWN_DEVICE, None, (entry.ref,), keys.public, boxes, None, b"", ())
    (made,) = node.write(space, key, [act])
    node.learn_epoch(space, made.id, secret)
    return space
