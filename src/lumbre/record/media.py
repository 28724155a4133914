"""Names of media: what a body says of a photo or a sound that travels in pieces.

A piece's hash is SHA-256 under a domain with its number; the root is SHA-256 over the
pieces' hashes in order. A receiver verifies each piece against the list, and the list
against the root. Whose piece it is and where it lies is the store's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

from lumbre.errors import Invalid
from lumbre.record.limits import MEDIA_MAX_BYTES, PIECE_MAX_BYTES, PIECES_MAX
from lumbre.record.log import Hash32

_PIECE_DOMAIN: Final = b"lumbre/piece/1\0"
_ROOT_DOMAIN: Final = b"lumbre/media/1\0"


class MediaName(msgspec.Struct, array_like=True, frozen=True, gc=False, forbid_unknown_fields=True):
    """Root hash, size and piece size: enough to ask for it and to verify what comes."""

    root: Hash32
    size_bytes: Annotated[int, msgspec.Meta(ge=1, le=MEDIA_MAX_BYTES)]
    piece_bytes: Annotated[int, msgspec.Meta(ge=1, le=PIECE_MAX_BYTES)]

    def __post_init__(self) -> None:
        if self.piece_bytes < 1 or self.pieces > PIECES_MAX:
            raise ValueError("pieces")

    @property
    def pieces(self) -> int:
        """How many pieces there are."""
        return -(-self.size_bytes // self.piece_bytes)

    def length_bytes(self, number: int) -> int:
        """How long piece `number` is: all are equal but the last."""
        return min(self.piece_bytes, self.size_bytes - number * self.piece_bytes)


def split(data: bytes, piece_bytes: int = PIECE_MAX_BYTES) -> list[bytes]:
    """Pieces of equal length; the last may be shorter."""
    return [data[i : i + piece_bytes] for i in range(0, len(data), piece_bytes)]


def piece_hash(number: int, piece: bytes) -> bytes:
    """32 bytes that name piece `number` (from 0)."""
    return hashlib.sha256(_PIECE_DOMAIN + number.to_bytes(8, "big") + piece).digest()


def root_hash(piece_hashes: Sequence[bytes], size_bytes: int) -> bytes:
    """The root over the pieces' hashes, bound to the size."""
    data = size_bytes.to_bytes(8, "big") + b"".join(piece_hashes)
    return hashlib.sha256(_ROOT_DOMAIN + data).digest()


def name_media(data: bytes, piece_bytes: int = PIECE_MAX_BYTES) -> MediaName:
    """The name of `data`."""
    if not 1 <= len(data) <= MEDIA_MAX_BYTES or not 1 <= piece_bytes <= PIECE_MAX_BYTES:
        raise Invalid("invalid.media-size", size_bytes=len(data), max_bytes=MEDIA_MAX_BYTES)
    if len(data) > piece_bytes * PIECES_MAX:
        raise Invalid("invalid.media-size", size_bytes=len(data), max_bytes=MEDIA_MAX_BYTES)
    hashes = [piece_hash(i, piece) for i, piece in enumerate(split(data, piece_bytes))]
    return MediaName(root_hash(hashes, len(data)), len(data), piece_bytes)


def is_piece(name: MediaName, hashes: Sequence[bytes], number: int, piece: bytes) -> bool:
    """Whether `piece` is piece `number` of `name`, given the list of the pieces' hashes."""
    return (
        len(hashes) == name.pieces
        and 0 <= number < len(hashes)
        and len(piece) == name.length_bytes(number)
        and root_hash(hashes, name.size_bytes) == name.root
        and piece_hash(number, piece) == hashes[number]
    )
