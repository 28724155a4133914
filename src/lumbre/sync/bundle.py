"""Bundles: what a stick or a phone carries from node to node.

    magic (8) | frames: length (4, big endian) | segment | ... | length 0 | SHA-256 of all before

A bundle holds segments, the trust lane first and then by depth, so that what arrives can be
judged as it comes. A bundle that was cut short keeps what arrived before the cut: each frame
is a whole segment with its own signatures, and the closing digest only says that nothing is
missing.

It does not read segments: `record.read_segment` does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

from lumbre.errors import Refused
from lumbre.record.limits import SEGMENT_MAX_BYTES

MAGIC: Final = b"lumbre\x00\x01"
# A stick's day: 2,000 entries are under 1 MB; ten times a year's urgent entries fit.
BUNDLE_MAX_BYTES: Final = 256 * 1024 * 1024

_LENGTH_BYTES: Final = 4
_DIGEST_BYTES: Final = 32


def write_bundle(segments: Iterable[bytes]) -> Iterator[bytes]:
    """Parts of a bundle, to be written one after another."""
    digest = hashlib.sha256(MAGIC)
    yield MAGIC
    for segment in segments:
        part = len(segment).to_bytes(_LENGTH_BYTES, "big") + segment
        digest.update(part)
        yield part
    end = bytes(_LENGTH_BYTES)
    digest.update(end)
    yield end + digest.digest()


class BundleReader:
    """Bytes in, segments out. `is_whole` tells at the end whether anything was cut off."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._digest = hashlib.sha256()
        self._has_magic = False
        self._is_at_end = False
        self._size_bytes = 0
        self.is_whole = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The segments that are complete with these bytes. Raises `Refused` on bad bytes."""
        self._size_bytes += len(data)
        if self._size_bytes > BUNDLE_MAX_BYTES:
            raise Refused("refused.too-large", max_bytes=BUNDLE_MAX_BYTES)
        self._buffer += data
        if not self._has_magic:
            if len(self._buffer) < len(MAGIC):
                return
            if self._take(len(MAGIC)) != MAGIC:
                raise Refused("refused.not-a-bundle")
            self._has_magic = True
        while not self._is_at_end and len(self._buffer) >= _LENGTH_BYTES:
            length = int.from_bytes(self._buffer[:_LENGTH_BYTES], "big")
            if length > SEGMENT_MAX_BYTES:
                raise Refused("refused.too-large", max_bytes=SEGMENT_MAX_BYTES)
            if length == 0:
                self._take(_LENGTH_BYTES)
                self._is_at_end = True
            elif len(self._buffer) < _LENGTH_BYTES + length:
                return
            else:
                yield self._take(_LENGTH_BYTES + length)[_LENGTH_BYTES:]
        self._close()

    def _close(self) -> None:
        if self._is_at_end and len(self._buffer) >= _DIGEST_BYTES:
            if len(self._buffer) > _DIGEST_BYTES or self._buffer != self._digest.digest():
                raise Refused("refused.bad-bundle")
            self.is_whole = True

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        self._digest.update(taken)
        return taken
