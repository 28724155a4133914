"""A person's own devices and keys: admitting one, closing one, giving the space's key.

Here is also what every act of government is built with: whose act it is, pins, sealed texts.

Rules: pins are this node's own frontier of an author's logs, every lane and branch; names and
reasons are sealed to who reads.

What this does not do: what takes votes (see `government`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from lumbre.errors import Invalid, NotAllowed
from lumbre.node.desk import own_key
from lumbre.node.epochs import READS
from lumbre.node.joining import Request, consent_in
from lumbre.node.node import Node
from lumbre.node.spaces import Space, sealed_text
from lumbre.record import Entry, Mention
from lumbre.record.epoch import box_for
from lumbre.schema import Body, Via
from lumbre.trust.acts import PINS_MAX, WRAPS_MAX, Box32, Close, Device, Wrap
from lumbre.trust.duties import closed_keys, epochs

TEXT_MAX_BYTES: Final = 960
"""What fits into `SEALED_MAX_BYTES` with its seal and padding."""


def act(node: Node, space: Space, make: Callable[..., Body], *fields: object) -> Entry:
    """Write one act of trust, after all that is known of the trust lane."""
    body = make(Via.OWN_DEVICE, None, space.after(), *fields)
    return node.write(space.id, own_key(node, space), [body])[0]


def own_person(node: Node, space: Space) -> bytes:
    """The person for whom this device writes."""
    right = space.ledger.rights.author(own_key(node, space).public)
    assert right is not None
    return right.person


def pins_of(node: Node, space: Space, authors: Iterable[bytes]) -> tuple[Mention, ...]:
    """The last entry that is known here of every branch of the authors' logs in a space.

    Where there are more than an act holds, the longest branch of each log comes first.
    """
    found = []
    for author in authors:
        for log in node.log.logs_of(author):
            branches = [b for b in node.log.branches(log) if b.name.space == space.id]
            longest = max((b.tip.seq for b in branches), default=0)
            found += [(b.tip.seq < longest, log, b.tip.seq, b.tip.id) for b in branches]
    found = sorted(found)[:PINS_MAX]
    return tuple(Mention(seq, log, id_) for _, log, seq, id_ in sorted(found, key=lambda p: p[1:]))


def sealed(node: Node, space: Space, text: str, field: str = "reason") -> bytes:
    """A name or a reason, for who reads in the space; nothing for nothing."""
    text = " ".join(text.split())
    if not text:
        return b""
    if len(text.encode()) > TEXT_MAX_BYTES:
        raise Invalid("invalid.too-long", field=field, most=TEXT_MAX_BYTES)
    _, keys = space.current_keys()
    return sealed_text(text, keys, node.random)


def device(node: Node, space: Space, request: Request, name: str) -> Entry:
    """Admit the key of a request as this person's own, and give it the space's key."""
    key = own_key(node, space)
    right = space.ledger.rights.author(key.public)
    assert right is not None
    consent = consent_in(request, key.public, right.person)
    called = sealed(node, space, name, "name")
    entry = act(node, space, Device, right.person, request.author, consent, called)
    if right.role in READS:
        wrap_for(node, space, [request.author])
    return entry


def close(node: Node, space: Space, key: bytes, reason: str = "") -> Entry:
    """Close another key of this device's own person."""
    right = space.ledger.rights.author(key)
    if right is None or right.person != own_person(node, space):
        raise NotAllowed("not-allowed.not-own-device")
    if key == own_key(node, space).public:
        raise Invalid("invalid.close-itself")
    pins = pins_of(node, space, [key])
    return act(node, space, Close, key, pins, sealed(node, space, reason))


def lacking_key(space: Space) -> list[bytes]:
    """Keys of devices that read here and have no box of the key in use."""
    rights = space.ledger.rights
    epoch, _ = space.current_keys()
    has: set[bytes] = set()
    for found in epochs(rights):
        if found.ref.hash == epoch:
            has.update(box.key for box in found.body.boxes)
    has.update(box.key for body in _wraps(space) if body.epoch.hash == epoch for box in body.boxes)
    closed = closed_keys(rights)
    return sorted(
        key
        for key, right in rights.authors()
        if right.role in READS and key not in has and key not in closed
    )


def _wraps(space: Space) -> list[Wrap]:
    """Further boxes that are in effect."""
    settled = space.ledger.rights.settled
    if settled is None:
        return []
    pairs = zip(settled.graph.entries, settled.graph.bodies, strict=True)
    return [
        body
        for entry, body in pairs
        if isinstance(body, Wrap) and space.ledger.rights.act_note(entry.id) is None
    ]


def wrap_for(node: Node, space: Space, keys: list[bytes]) -> list[Entry]:
    """Give devices the key in use, boxed for each."""
    epoch, epoch_keys = space.current_keys()
    ref = node.find_id(space.id, epoch)
    written = []
    for at in range(0, len(keys), WRAPS_MAX):
        part = keys[at : at + WRAPS_MAX]
        boxes = tuple(Box32(key, box_for(key, epoch_keys.secret)) for key in part)
        written.append(act(node, space, Wrap, ref, boxes))
    return written
