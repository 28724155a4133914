"""Bundles: what a stick or a phone carries from node to node.

    magic (8) | frames: length (4, big endian) | segment | ... | length 0 | SHA-256 of all before

A bundle holds segments, the trust lane first and then by depth, so that what arrives can be
judged as it comes. A bundle that was cut short keeps what arrived before the cut: each frame
is a whole segment with its own signatures, and the closing digest only says that nothing is
missing. What is more than one bundle holds goes into several, each whole by itself.

It does not read segments: `record.read_segment` does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

from lumbre.errors import Invalid, Refused
from lumbre.record.limits import SEGMENT_MAX_BYTES

MAGIC: Final = b"lumbre\x00\x01"
# A stick's day: 2,000 entries are under 1 MB; ten times a year's urgent entries fit.
BUNDLE_MAX_BYTES: Final = 256 * 1024 * 1024

_LENGTH_BYTES: Final = 4
_DIGEST_BYTES: Final = 32
_AROUND_BYTES: Final = len(MAGIC) + _LENGTH_BYTES + _DIGEST_BYTES


def write_bundles(
    segments: Iterable[bytes], max_bytes: int = BUNDLE_MAX_BYTES
) -> Iterator[Iterator[bytes]]:
    """Bundles none of which is too large to be read; at least one.

    Each is written to its end before the next is asked for.
    """
    is_empty = True
    for _, numbered in groupby(_numbered(segments, max_bytes - _AROUND_BYTES), itemgetter(0)):
        is_empty = False
        yield write_bundle((segment for _, segment in numbered), max_bytes)
    if is_empty:
        yield write_bundle((), max_bytes)


def _numbered(segments: Iterable[bytes], room_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Each segment with the number of the bundle that it goes into."""
    number = size_bytes = 0
    for segment in segments:
        frame_bytes = _LENGTH_BYTES + len(segment)
        if size_bytes and size_bytes + frame_bytes > room_bytes:
            number, size_bytes = number + 1, 0
        size_bytes += frame_bytes
        yield number, segment


def write_bundle(segments: Iterable[bytes], max_bytes: int = BUNDLE_MAX_BYTES) -> Iterator[bytes]:
    """Parts of one bundle, to be written one after another; `Invalid` where it is too large."""
    digest = hashlib.sha256(MAGIC)
    yield MAGIC
    size_bytes = _AROUND_BYTES
    for segment in segments:
        part = len(segment).to_bytes(_LENGTH_BYTES, "big") + segment
        size_bytes += len(part)
        if size_bytes > max_bytes:
            raise Invalid("invalid.bundle-too-large", max_bytes=max_bytes)
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
