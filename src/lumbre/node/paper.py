"""The paper: a founder's recovery key, printed once and kept by nobody's device.

Its code is the key's 32-byte seed in base32 with a check at the end, in groups of four, so that
it can be copied by hand and typed by somebody tired. The key may admit and close keys of its
founder and nothing else; every epoch is boxed for it, so a device that it lets in can read.

What this does not do: print. A page or the command line shows the code, once.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from lumbre.errors import Invalid, NotAllowed, Refused
from lumbre.node.epochs import collect_keys, learn_boxes
from lumbre.node.node import Node
from lumbre.node.spaces import sealed_text
from lumbre.record import Entry, SigningKey
from lumbre.record.limits import KEY_BYTES
from lumbre.record.log import NO_SPACE
from lumbre.record.segment import read_segment_with_base
from lumbre.schema import Via
from lumbre.trust.acts import Device, Found
from lumbre.trust.people import CONSENT_DOMAIN, consent_message

_CHECK_DOMAIN: Final = b"lumbre/paper/1\0"
_CHECK_BYTES: Final = 3
_GROUP_CHARS: Final = 4


def paper_code(seed: bytes) -> str:
    """What is printed: 56 characters in groups of four."""
    data = base64.b32encode(seed + _check(seed)).decode().rstrip("=")
    return " ".join(data[i : i + _GROUP_CHARS] for i in range(0, len(data), _GROUP_CHARS))


def read_paper(code: str) -> bytes:
    """The seed of a code that was typed; `Invalid` where a character is wrong or missing.

    Case and spaces do not matter; 0, 1 and 8, which base32 lacks, are read as O, I and B.
    """
    data = "".join(code.split()).replace("-", "").upper().translate(str.maketrans("018", "OIB"))
    try:
        read = base64.b32decode(data + "=" * (-len(data) % 8))
    except ValueError as error:
        raise Invalid("invalid.paper") from error
    seed, check = read[:KEY_BYTES], read[KEY_BYTES:]
    if len(seed) != KEY_BYTES or check != _check(seed):
        raise Invalid("invalid.paper")
    return seed


def _check(seed: bytes) -> bytes:
    return hashlib.sha256(_CHECK_DOMAIN + seed).digest()[:_CHECK_BYTES]


def founded_with(seed: bytes, segments: Iterable[bytes]) -> list[bytes]:
    """The spaces among segments whose founding names the paper of this seed.

    Whoever reads a space knows its paper's public half and can found another with it, so more
    than one may be found; which is meant is for a person to say.
    """
    public = SigningKey(seed).public
    found = []
    for segment in segments:
        try:
            _, entries = read_segment_with_base(segment)
            first = entries[0]
            if first.name.space != NO_SPACE or first.body is None:
                continue
            body = msgspec.msgpack.decode(first.body, type=Found)
        except (Refused, msgspec.MsgspecError, IndexError):
            continue
        if body.recovery == public and first.id not in found:
            found.append(first.id)
    return found


def recover(node: Node, space: bytes, seed: bytes, device_name: str) -> Entry:
    """Let this device in as the founder's, by the paper; the trust lane must be here already."""
    paper = SigningKey(seed)
    held = node.space(space)
    right = held.ledger.rights.author(paper.public)
    if right is None:
        raise NotAllowed("not-allowed.other-paper")
    learn_boxes(node, space, paper)
    _, keys = held.current_keys()
    key = node.keep_author(space, node.random.bytes(KEY_BYTES))
    device_name = " ".join(device_name.split())
    name = sealed_text(device_name, keys, node.random) if device_name else b""
    act = Device(
        Via.PAPER,
        None,
        held.after(),
        right.person,
        key.public,
        key.sign(CONSENT_DOMAIN, consent_message(space, paper.public, right.person)),
        name,
    )
    (admitted,) = node.write(space, paper, [act])
    collect_keys(node, space)
    return admitted
