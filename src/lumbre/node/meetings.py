"""Meetings of this node: its link keys, and its spaces as a meeting sees them.

A link key is one for each space and lies beside the log, so that a device that is locked can
meet. An author of this device vouches for it, while it is unlocked; whoever closes that author
cuts the device off. No backup holds link keys: a restored device makes new ones.

What this does not do: move bytes. Carriers do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

import msgspec

from lumbre.errors import Refused
from lumbre.ledger import Book
from lumbre.node.census import Census
from lumbre.node.codes import Codes
from lumbre.node.epochs import collect_keys
from lumbre.node.media import Album, PieceDisk
from lumbre.node.node import Node
from lumbre.record import Lane, SigningKey
from lumbre.record.branch import Branch
from lumbre.record.canonical import encode
from lumbre.record.limits import KEY_BYTES
from lumbre.record.log import NO_SPACE, Key32
from lumbre.record.segment import read_segment_with_base
from lumbre.sync.frames import SUMMARY_BYTES
from lumbre.sync.frontier import branches_of
from lumbre.sync.greeting import Link, Standing, vouch
from lumbre.sync.meeting import NOISE_BYTES, Door, Meeting
from lumbre.sync.missing import Range
from lumbre.sync.runs import Read
from lumbre.sync.shelf import MediaShelf

_LINK: Final = "link/"
_BASELINE: Final = "baseline/"


class _KeptLink(msgspec.Struct, array_like=True, frozen=True):
    seed: Key32
    author: Key32
    voucher: bytes


_DECODER: Final = msgspec.msgpack.Decoder(_KeptLink)


def link_of(node: Node, space: bytes) -> Link | None:
    """This device's link key in a space; None where no author of this device has vouched.

    On an unlocked node one is made where there is none, or where its author was closed.
    """
    stored = node.log.meta(_LINK + space.hex())
    kept = None if stored is None else _DECODER.decode(stored)
    if not node.is_locked:
        open_keys = [
            key
            for key in node.authors(space)
            if _standing(node, space, key.public) is not Standing.CLOSED
        ]
        authors = {key.public: key for key in open_keys}
        if authors and (kept is None or kept.author not in authors):
            kept = _make(node, space, _best(node, space, open_keys))
    if kept is None:
        return None
    return Link(SigningKey(kept.seed), kept.author, kept.voucher)


def _best(node: Node, space: bytes, keys: Sequence[SigningKey]) -> SigningKey:
    """An author that others know, where there is one."""
    admitted = [k for k in keys if _standing(node, space, k.public) is Standing.ADMITTED]
    return (admitted or keys)[0]


def _make(node: Node, space: bytes, author: SigningKey) -> _KeptLink:
    seed = node.random.bytes(KEY_BYTES)
    voucher = vouch(author, space, SigningKey(seed).public)
    kept = _KeptLink(seed, author.public, voucher)
    node.log.set_meta(_LINK + space.hex(), encode(kept))
    return kept


def _standing(node: Node, space: bytes, author: bytes) -> Standing:
    right = node.space(space).ledger.rights.author(author)
    if right is None:
        return Standing.UNKNOWN
    return Standing.ADMITTED if right.pins is None else Standing.CLOSED


class SpaceShelf:
    """One space of a node, as a meeting sees it."""

    def __init__(self, node: Node, space: bytes, media: MediaShelf | None = None) -> None:
        self._node = node
        self.media = media
        self.id = space
        self.link = link_of(node, space)
        self._census = Census(node, space)

    @property
    def book(self) -> Book:
        """Where its entries lie."""
        return self._node.log

    def standing(self, author: bytes) -> Standing:
        """What the acts of trust say of an author now."""
        return _standing(self._node, self.id, author)

    def take(self, runs: Sequence[Read]) -> int:
        """Store and judge entries of this space; how many were new."""
        mine = [run for run in runs if _space_of(run) == self.id]
        return self._with_keys(self._node.take_read(mine).new)

    def take_acts(self, segments: Iterable[bytes]) -> int:
        """Store and judge acts of trust from somebody who is not known yet, and nothing else.

        How many were new.
        """
        return self._with_keys(self._node.take(filter(self._is_of_acts, segments)).new)

    def _with_keys(self, new: int) -> int:
        """Learn the keys that came boxed among the acts: by either way."""
        if new and not self._node.is_locked:
            collect_keys(self._node, self.id)
        return new

    def _is_of_acts(self, segment: bytes) -> bool:
        try:
            run = read_segment_with_base(segment)
        except Refused:
            return False
        return run[1][0].name.lane is Lane.TRUST and _space_of(run) == self.id

    def absent(self, at_most: int) -> list[Range]:
        """Entries of this space that are held without their bodies, at most so many.

        Each branch has its share: whoever writes much that nobody holds keeps back no others.
        """
        log = self._node.log
        numbers = log.census.lacking_branches()
        if not numbers:
            # As in most meetings: every branch need not be read for it.
            return []
        branches = {branch.number: branch for branch in branches_of(log, self.id)}
        lacking = [number for number in numbers if number in branches]
        share = max(1, at_most // max(1, len(lacking)))
        ranges: list[Range] = []
        for number in lacking[:at_most]:
            ranges += _ranges(branches[number], log.absent(number, share))
        return ranges

    def baseline(self, peer: bytes) -> bytes | None:
        """What was kept of the last meeting with a peer."""
        return self._node.log.meta(_BASELINE + self.id.hex() + peer.hex())

    def keep_baseline(self, peer: bytes, value: bytes) -> None:
        """Keep it for the next."""
        self._node.log.set_meta(_BASELINE + self.id.hex() + peer.hex(), value)

    def census_summary(self) -> bytes:
        """4 bytes, equal where the same census records are held."""
        self._census.own()
        return self._census.summary()[:SUMMARY_BYTES]

    def census_tags(self, salt: bytes) -> list[bytes]:
        """4 bytes for each census record that is held, this device's newest among them."""
        self._census.own()
        return self._census.tags(salt)

    def census(self, known: frozenset[bytes], salt: bytes, peer: bytes) -> list[bytes]:
        """Records of what devices hold that the other side lacks."""
        return self._census.select(known=known, salt=salt, peer=peer)

    def take_census(self, record: bytes) -> None:
        """A device's record; one that is refused changes nothing."""
        with suppress(Refused):
            self._census.take(record)


def _ranges(branch: Branch, seqs: Iterable[int]) -> list[Range]:
    """Entries of one branch, in order, as ranges."""
    ranges: list[Range] = []
    for seq in seqs:
        if ranges and ranges[-1].last_seq == seq - 1:
            ranges[-1] = ranges[-1]._replace(last_seq=seq)
        else:
            ranges.append(Range(branch, seq, seq))
    return ranges


def _space_of(run: Read) -> bytes:
    first = run[1][0]
    return first.id if first.name.space == NO_SPACE else first.name.space


def new_meeting(
    node: Node,
    binding: bytes,
    *,
    is_caller: bool,
    codes: Codes | None = None,
    pieces: PieceDisk | None = None,
) -> Meeting:
    """A meeting over a channel with this binding, about every space that this device can.

    With `codes`, somebody who was told one may knock instead. `pieces`: where this device
    keeps pieces of media, if it does.
    """
    shelves = [
        SpaceShelf(node, space.id, None if pieces is None else Album(node, space.id, pieces))
        for space in node.spaces()
    ]
    noise = node.random.bytes(NOISE_BYTES)
    door: Door | None = None
    if codes is not None and not is_caller:
        door = partial(codes.keeper, binding=binding)
    return Meeting(shelves, binding, noise, is_caller=is_caller, door=door)
