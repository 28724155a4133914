"""Carrying with no way back: bundles out, sealed; bundles in, opened, checked and taken.

Sealed to: the newest epoch's bundle key, which who reads derives from the epoch's secret; and,
by the X25519 form of their own keys, the devices that may lack it: couriers and guests, who
never get the secret, readers who have not yet written under that epoch, and the paper. So a
newcomer opens the very bundle that brings its key, and a key that was taken away opens none
that is made after the next epoch (docs/adr/0008-a-bundle-is-sealed-to-devices.md).

Taking in goes in passes, since one bundle may bring the key or the acts that another needs.

What this does not do: find files, or move them. Carriers and pages do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Annotated, Final

import msgspec

from lumbre.errors import LumbreError, Refused
from lumbre.node.bundle_keys import bundle_keys
from lumbre.node.desk import own_key
from lumbre.node.epochs import READS
from lumbre.node.exchange import learn_keys, look_again
from lumbre.node.intake import Received
from lumbre.node.node import Node
from lumbre.node.segments import Frontier, branches_of
from lumbre.node.spaces import Space
from lumbre.record import Lane, LogName
from lumbre.record.canonical import encode
from lumbre.record.epoch import exchange_public
from lumbre.record.limits import KEY_ID_BYTES
from lumbre.sync.bundle import write_bundles
from lumbre.sync.frontier import heads_of
from lumbre.sync.missing import Known
from lumbre.sync.sealed_bundle import (
    CONTAINER_MAX_BYTES,
    RECIPIENTS_MAX,
    Claim,
    open_bundle,
    public_of,
    seal_container,
)
from lumbre.trust.duties import closed_keys, current_epoch, epochs

# Keys come one inside the other: the acts, then the newest epoch's, then what it opens.
PASSES_MAX: Final = 4
# Claims are small and only save bytes: those of the devices met last are enough.
CLAIMS_MAX: Final = 64
_CLAIMS: Final = "claims"

Read = Callable[[str], bytes]
"""The bytes of a bundle by its name; `Refused` where it cannot be read."""


# Out


def epoch_to_seal_to(space: Space) -> bytes | None:
    """The epoch that writers use: without one that excludes all who went, the newest."""
    rights = space.ledger.rights
    made = epochs(rights)
    return current_epoch(rights) or (made[-1].ref.hash if made else None)


def never_readers(space: Space) -> list[bytes]:
    """Keys of devices that take part and are never given an epoch's secret."""
    found = space.ledger.rights.authors()
    return sorted(key for key, right in found if right.pins is None and right.role not in READS)


def recipients(node: Node, space: Space) -> list[bytes]:
    """X25519 keys to which a bundle of a space is sealed now, at most `RECIPIENTS_MAX`."""
    epoch = epoch_to_seal_to(space)
    if epoch is None:
        return []
    kept = bundle_keys(node.log, space.id).get(epoch)
    found = [] if kept is None else [public_of(kept)]
    rights = space.ledger.rights
    # The paper lies in a drawer and has written nothing: it is always among them.
    wanted = [rights.paper] if rights.paper is not None else []
    wanted += never_readers(space)
    wanted += [
        key for key in _readers(space) if kept is None or not _wrote(node, space, key, epoch)
    ]
    for key in dict.fromkeys(wanted):
        try:
            found.append(exchange_public(key))
        except Refused:
            # Somebody admitted 32 bytes that are no key.
            continue
    return found[:RECIPIENTS_MAX]


def _readers(space: Space) -> list[bytes]:
    """Keys of devices that read and were not taken away; who was admitted last comes first."""
    rights = space.ledger.rights
    admitted = list(rights.authors())
    return [key for key, right in reversed(admitted) if right.pins is None and right.role in READS]


def _wrote(node: Node, space: Space, author: bytes, epoch: bytes) -> bool:
    """Whether a device has shown that it has an epoch's secret, by writing under it."""
    for lane in (Lane.URGENT, Lane.ORDINARY, Lane.BULK):
        for branch in node.log.branches(LogName(space.id, author, lane).id):
            last = node.log.entry(branch.number, branch.tip.seq)
            if last is not None and last.key_id == epoch[:KEY_ID_BYTES]:
                return True
    return False


def sealed_bundles(node: Node, space: Space, known: Frontier | None = None) -> Iterator[bytes]:
    """Sealed bundles of all that somebody who knows `known` lacks; none where that is nothing."""
    keys = recipients(node, space)
    if not keys:
        return
    segments = node.give(space.id, known)
    first = next(segments, None)
    if first is None:
        return
    claim = _own_claim(node, space)
    for bundle in write_bundles(chain([first], segments), CONTAINER_MAX_BYTES):
        yield seal_container(b"".join(bundle), keys, claim)
        claim = None


def _own_claim(node: Node, space: Space) -> Claim | None:
    """How far this device knows a space, in its own name; a locked one signs nothing."""
    if node.is_locked:
        return None
    try:
        key = own_key(node, space)
    except LumbreError:
        return None
    if key.public in closed_keys(space.ledger.rights):
        return None
    heads = heads_of(branches_of(node.log, space.id))
    said = [head.said(space.id, node.log) for head in heads]
    # The last rung alone: with none, who reads it takes a fork for a log that has moved on.
    short = [msgspec.structs.replace(head, ladder=head.ladder[-1:]) for head in said]
    return Claim.make(space.id, key, short)


# What others have


def known_since(node: Node, space: bytes, arrival: int) -> dict[bytes, int]:
    """What somebody knows who was given all that had arrived here up to `arrival`."""
    branches = branches_of(node.log, space)
    known = {branch.first_id: branch.tip.seq for branch in branches}
    first_ids = {branch.number: branch.first_id for branch in branches}
    for came in node.log.arrivals(arrival):
        first_id = first_ids.get(came.branch)
        if first_id is not None:
            known[first_id] = min(known[first_id], came.first_seq - 1)
    return known


def known_by(node: Node, space: bytes, authors: Iterable[bytes]) -> dict[bytes, int] | None:
    """What all of these devices have said that they know; None where one has said nothing."""
    claims = {claim.author: claim for claim in _claims(node, space)}
    branches = branches_of(node.log, space)
    known = {branch.first_id: branch.tip.seq for branch in branches}
    for author in authors:
        if author not in claims:
            return None
        held = Known(node.log, branches)
        held.add_said(claims[author].heads, space)
        for lack in held.missing():
            first_id = lack.branch.first_id
            known[first_id] = min(known[first_id], lack.first_seq - 1)
    return known


_Claims = Annotated[list[Claim], msgspec.Meta(max_length=CLAIMS_MAX)]


def _claims(node: Node, space: bytes) -> list[Claim]:
    stored = node.log.meta(f"{_CLAIMS}/{space.hex()}")
    return [] if stored is None else msgspec.msgpack.decode(stored, type=_Claims)


def _keep_claim(node: Node, claim: Claim) -> None:
    """Remember what a device that takes part said it knows, in place of what it said before."""
    space = next((held for held in node.spaces() if held.id == claim.space), None)
    if space is None or not claim.is_signed:
        return
    right = space.ledger.rights.author(claim.author)
    if right is None or right.pins is not None:
        return
    others = [kept for kept in _claims(node, claim.space) if kept.author != claim.author]
    kept = encode([*others, claim][-CLAIMS_MAX:])
    node.log.set_meta(f"{_CLAIMS}/{claim.space.hex()}", kept)


# In


def identities(node: Node) -> list[bytes]:
    """X25519 private keys with which this device opens bundles: what is in use comes first."""
    newest, older = [], []
    for space in node.spaces():
        kept = bundle_keys(node.log, space.id)
        current = kept.pop(epoch_to_seal_to(space) or b"", None)
        newest += [] if current is None else [current]
        if not node.is_locked:
            newest += [key.exchange_private for key in node.authors(space.id)]
        made = [epoch.ref.hash for epoch in reversed(epochs(space.ledger.rights))]
        older += [kept.pop(epoch) for epoch in made if epoch in kept]
        # After a restore the keys are here before the acts that made them.
        older += kept.values()
    return newest + older


class Bundles:
    """Bundles by name, as they are read: what was wrong with which."""

    def __init__(self, names: Sequence[str], read: Read) -> None:
        self.names = list(names)
        self._read = read
        self.sealed: list[str] = []
        self.refused: list[tuple[str, str]] = []
        self.cut_short: list[str] = []
        self.claims: list[Claim] = []

    def segments(self, keys: Sequence[bytes] = ()) -> Iterator[bytes]:
        """Every whole segment that these keys open; a bad bundle gives what came before."""
        self.sealed, self.refused, self.cut_short, self.claims = [], [], [], []
        for name in self.names:
            try:
                yield from self._segments(name, keys)
            except Refused as error:
                if error.message_id == "refused.not-for-this-device":
                    self.sealed.append(name)
                else:
                    self.refused.append((name, error.message_id))

    def _segments(self, name: str, keys: Sequence[bytes]) -> Iterator[bytes]:
        opened = open_bundle(self._read(name), keys)
        if opened.claim is not None and len(self.claims) < CLAIMS_MAX:
            self.claims.append(opened.claim)
        yield from opened.segments()
        if not opened.is_whole:
            self.cut_short.append(name)


def take_bundles(
    node: Node, bundles: Bundles, more_keys: Sequence[bytes] = ()
) -> tuple[Received, int]:
    """Take in bundles; what was received, and how many keys came with it.

    `more_keys` open bundles as well: the paper's, on a device that has no other yet.
    """
    total, keys = Received(), 0
    for number in range(PASSES_MAX):
        received = node.take(bundles.segments([*more_keys, *identities(node)]))
        more = learn_keys(node)
        total = received if number == 0 else _sum(total, received)
        keys += more
        is_wanting = bundles.sealed or "refused.gap" in received.refused
        if not is_wanting or not (received.new or more):
            break
    look_again(node, total)
    for claim in bundles.claims:
        _keep_claim(node, claim)
    return total, keys


def _sum(before: Received, last: Received) -> Received:
    """Two passes over the same bundles: what the first knew or refused is not counted twice."""
    return Received(
        new=before.new + last.new,
        known=before.known,
        without_effect=before.without_effect + last.without_effect,
        waiting=before.waiting + last.waiting,
        past_grant=last.past_grant,
        forks=before.forks + last.forks,
        refused=last.refused,
    )
