"""Media of a space on this device: which are wanted, and the pieces that have come.

What is wanted is a list in the log file. The hashes of a medium's pieces are kept in parts beside
the pieces, under names of their own for each space: who knows a medium in one space learns
nothing about another.

What this does not do: check pieces, which sync did, or seal them, which their writer did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import msgspec

from lumbre.errors import Invalid
from lumbre.node.node import Node
from lumbre.record import MediaName
from lumbre.record.canonical import encode
from lumbre.record.limits import HASH_BYTES
from lumbre.record.media import name_media, piece_hash, split

WANTED_MAX: Final = 256

_WANTED: Final = "media/"
_DOMAIN: Final = b"lumbre/hashes/1\0"
# A list of the most pieces takes four.
_PART_HASHES: Final = 4096
_DECODER: Final = msgspec.msgpack.Decoder(list[MediaName])


class PieceDisk(Protocol):
    """Where pieces lie, by hash. On return from `put` a piece is safe."""

    def put(self, hash_: bytes, sealed: bytes) -> None:
        """Keep a piece. One that is there already stays as it is."""

    def get(self, hash_: bytes) -> bytes | None:
        """A piece."""

    def missing(self, hashes: Iterable[bytes]) -> list[bytes]:
        """Those that are not here, in their order."""


class Album:
    """The media of one space, as a meeting sees them."""

    def __init__(self, node: Node, space: bytes, disk: PieceDisk) -> None:
        self._node = node
        self._space = space
        self._disk = disk

    def add(self, data: bytes, piece_bytes: int) -> MediaName:
        """Keep a whole medium that was made here; its name."""
        media = name_media(data, piece_bytes)
        pieces = split(data, piece_bytes)
        self.keep_hashes(media, [piece_hash(at, piece) for at, piece in enumerate(pieces)])
        for number, piece in enumerate(pieces):
            self.keep(media, number, piece)
        return media

    def want(self, media: MediaName) -> None:
        """Ask for a medium from now on, in every meeting, until all of it is here."""
        wanted = self.wanted(WANTED_MAX)
        if media in wanted:
            return
        if len(wanted) >= WANTED_MAX:
            raise Invalid("invalid.too-many-media", most=WANTED_MAX)
        self._node.log.set_meta(_WANTED + self._space.hex(), encode([*wanted, media]))

    def wanted(self, at_most: int) -> Sequence[MediaName]:
        """Media of which this device wants all pieces and has not got them."""
        stored = self._node.log.meta(_WANTED + self._space.hex())
        listed = [] if stored is None else _DECODER.decode(stored)
        return [media for media in listed if self.missing(media)][:at_most]

    def missing(self, media: MediaName) -> Sequence[int]:
        """Numbers of the pieces that are not here, in order."""
        hashes = self.hashes(media)
        if not hashes:
            return range(media.pieces)
        gone = set(self._disk.missing(hashes))
        return [number for number, hash_ in enumerate(hashes) if hash_ in gone]

    def hashes(self, media: MediaName) -> Sequence[bytes]:
        """The hashes of all pieces; none where they have not come."""
        parts = [self._disk.get(self._part(media, at)) for at in range(_parts(media))]
        data = b"".join(part for part in parts if part is not None)
        if None in parts or len(data) != media.pieces * HASH_BYTES:
            return ()
        return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]

    def keep_hashes(self, media: MediaName, hashes: Sequence[bytes]) -> None:
        """Keep them."""
        for at in range(_parts(media)):
            part = hashes[at * _PART_HASHES : (at + 1) * _PART_HASHES]
            self._disk.put(self._part(media, at), b"".join(part))

    def piece(self, media: MediaName, number: int) -> bytes | None:
        """A piece, where it is here."""
        return self._disk.get(self.hashes(media)[number])

    def keep(self, _media: MediaName, number: int, piece: bytes) -> None:
        """Keep a piece."""
        self._disk.put(piece_hash(number, piece), piece)

    def _part(self, media: MediaName, at: int) -> bytes:
        data = self._space + encode(media) + at.to_bytes(8, "big")
        return hashlib.sha256(_DOMAIN + data).digest()


def _parts(media: MediaName) -> int:
    return -(-media.pieces // _PART_HASHES)
