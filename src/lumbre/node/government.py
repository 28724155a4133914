"""Governing a space: the acts by which people admit devices, close keys, and decide together.

Each function builds one act from what this node knows, signs it with this device's own key and
returns its entry. What became of it is read back with `proposals.effect_of`.

Rules: who may plainly not do it is told so before anything is written.

What this does not do: judge (see `lumbre.trust`), or find what was meant by a word (`names`).
"""

from __future__ import annotations

from collections.abc import Callable

from lumbre.errors import Invalid, NotAllowed
from lumbre.node.desk import own_key
from lumbre.node.devices import act, own_person, pins_of, sealed
from lumbre.node.epochs import collect_keys, renew_epoch
from lumbre.node.node import Node
from lumbre.node.proposals import is_moot
from lumbre.node.spaces import Space
from lumbre.record import Entry, Mention, Ref
from lumbre.schema import Body, Role, Via
from lumbre.trust.acts import (
    QUORUM_LEAST_PERCENT,
    QUORUM_MOST_PERCENT,
    Adopt,
    Appoint,
    Approve,
    Close,
    Dismiss,
    EndMandate,
    Epoch,
    Grant,
    Mandate,
    MovePins,
    Objection,
    Organisation,
    Remove,
    SetQuorum,
)
from lumbre.trust.duties import open_proposals, persons, unapproved

# What the stewards decide


def remove(
    node: Node, space: Space, person: bytes, key: bytes | None = None, reason: str = ""
) -> Entry:
    """Propose to remove a person, or only one key of it."""
    keys = persons(space.ledger.rights).get(person, ()) if key is None else (key,)
    pins = pins_of(node, space, keys)
    return _propose(node, space, Remove, person, key, pins, sealed(node, space, reason))


def move_pins(node: Node, space: Space, removal: Entry, body: object, reason: str = "") -> Entry:
    """Propose that all that is known here by now counts, of who was removed."""
    if isinstance(body, Close) or (isinstance(body, Remove) and body.key is not None):
        keys: tuple[bytes, ...] = (body.key,) if body.key is not None else ()
    elif isinstance(body, Remove | Dismiss):
        keys = persons(space.ledger.rights).get(body.person, ())
    else:
        raise Invalid("invalid.not-a-removal")
    pins = pins_of(node, space, keys)
    return _propose(node, space, MovePins, removal.ref, pins, sealed(node, space, reason))


def appoint(node: Node, space: Space, person: bytes, reason: str = "") -> Entry:
    """Propose that a member becomes a steward."""
    if person in space.ledger.rights.stewards:
        raise Invalid("invalid.steward-already")
    return _propose(node, space, Appoint, person, sealed(node, space, reason))


def dismiss(node: Node, space: Space, person: bytes, reason: str = "") -> Entry:
    """Propose that a steward goes back to being a member."""
    if person not in space.ledger.rights.stewards:
        raise Invalid("invalid.no-steward")
    pins = pins_of(node, space, persons(space.ledger.rights).get(person, ()))
    return _propose(node, space, Dismiss, person, pins, sealed(node, space, reason))


def set_quorum(node: Node, space: Space, percent: int) -> Entry:
    """Propose that decisions take more than this share of the stewards."""
    least, most = QUORUM_LEAST_PERCENT, QUORUM_MOST_PERCENT
    if not least <= percent <= most:
        raise Invalid("invalid.percent", least=least, most=most)
    return _propose(node, space, SetQuorum, percent)


def approve(node: Node, space: Space, proposal: bytes) -> Entry:
    """Vote for a proposal that is open, or stand by whom a member brought in.

    A key that came into effect by it is learnt.
    """
    rights = space.ledger.rights
    waiting = [*open_proposals(rights), *unapproved(rights)]
    found = [p for p in waiting if p.ref.hash == proposal]
    if not found:
        raise Invalid("invalid.no-open-proposal")
    if own_person(node, space) in found[0].voters:
        raise Invalid("invalid.approved-already")
    entry = _propose(node, space, Approve, found[0].ref)
    collect_keys(node, space.id)
    return entry


def organisation(node: Node, space: Space, name: str) -> Entry:
    """Name an organisation that takes part."""
    return act(node, space, Organisation, sealed(node, space, name, "name"))


def mandate(
    node: Node,
    space: Space,
    duty: str,
    holder: bytes,
    *,
    deputies: tuple[bytes, ...] = (),
    of: Ref | None = None,
    term_s: int = 0,
) -> Entry:
    """Propose who has a duty, and who follows, in order."""
    return _propose(node, space, Mandate, of, duty, holder, deputies, term_s)


def end_mandate(node: Node, space: Space, mandate: Entry, body: Mandate, person: bytes) -> Entry:
    """End a person's turn in a mandate: one's own, as a deputy, or as a proposal."""
    own = own_person(node, space)
    may_alone = own == person or own in body.deputies
    write = act if may_alone else _propose
    return write(node, space, EndMandate, mandate.ref, person)


def grant(node: Node, space: Space, key: bytes, lane_bytes: tuple[int, int, int, int]) -> Entry:
    """Raise how many bytes an author's logs may hold; for a guest's key any member may."""
    right = space.ledger.rights.author(key)
    is_guest = right is not None and right.role in {Role.GUEST, Role.SENSOR}
    return (act if is_guest else _propose)(node, space, Grant, key, lane_bytes)


# Keys of the space


def renew(node: Node, space: Space) -> Entry:
    """Propose a new key of the space that excludes every key taken away."""
    _must_be_steward(node, space)
    rights = space.ledger.rights
    for proposal in open_proposals(rights):
        if isinstance(proposal.body, Epoch) and not is_moot(space, proposal):
            raise Invalid("invalid.renewal-open", proposal=proposal.ref.hash.hex()[:8])
    return renew_epoch(node, space.id, own_key(node, space))


# One person's word


def adopt(node: Node, space: Space, entry: Entry) -> Entry:
    """Take on an entry that a removed member wrote past the pins."""
    right = space.ledger.rights.author(entry.name.author)
    if right is None or right.pins is None:
        raise Invalid("invalid.nothing-to-adopt")
    return act(node, space, Adopt, Mention.of(entry.ref))


def object_to(node: Node, space: Space, entry: Entry, text: str) -> Entry:
    """Object to an entry, in words that who reads can read."""
    if not text.strip():
        raise Invalid("invalid.empty", field="text")
    said = sealed(node, space, text, "text")
    body = Objection(Via.OWN_DEVICE, None, Mention.of(entry.ref), said)
    return node.write(space.id, own_key(node, space), [body])[0]


def _must_be_steward(node: Node, space: Space) -> None:
    if own_person(node, space) not in space.ledger.rights.stewards:
        raise NotAllowed("not-allowed.not-steward")


def _propose(node: Node, space: Space, make: Callable[..., Body], *fields: object) -> Entry:
    _must_be_steward(node, space)
    return act(node, space, make, *fields)
