"""Sealed bundles: what lies on a stick or a phone, so that who finds it learns nothing.

A sealed bundle is one age file (age-encryption.org/v1) to X25519 recipients; any age program
opens it with the right key. Inside:

    head length (4, big endian) | head | container length (4) | container | zero bytes

The container is a bundle (`lumbre.sync.bundle`); its bodies are sealed once more to the readers
of the space, so who may only carry opens this file and reads no body. The head is one canonical
array, [1, claim or nil]: a claim says how far its author's device knows the space, signed, so
that what goes back to that device can leave out what it has. Zero bytes fill up to 4 KiB.

Rules: caps before parsing; the work that a file can ask for is bounded by the header's cap
times the identities tried. A file that was cut short gives the 64 KiB chunks that are whole.

What this does not do: choose recipients, or look into segments. Of the pure floors' modules
this alone draws on a random source: age makes a file key of its own inside pyrage.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Final

import msgspec
import pyrage  # type: ignore[import-untyped]
from nacl import bindings

from lumbre.errors import Invalid, Refused
from lumbre.record.canonical import encode
from lumbre.record.keys import SigningKey, is_signed
from lumbre.record.limits import SIGNATURE_BYTES
from lumbre.record.log import Hash32, Key32
from lumbre.sync.bech32 import bech32
from lumbre.sync.bundle import MAGIC, BundleReader, write_bundle
from lumbre.sync.frames import HeadSaid

# One file is opened in memory, on a single-board computer too: 80,000 entries and more.
CONTAINER_MAX_BYTES: Final = 16 * 1024 * 1024
CLAIM_MAX_HEADS: Final = 4096
HEAD_MAX_BYTES: Final = 512 * 1024
RECIPIENTS_MAX: Final = 512
# A recipient takes 98 bytes; with one line that age adds at random.
AGE_HEADER_MAX_BYTES: Final = 64 * 1024
# Each identity is tried on each recipient of a file: 650 times 32 is a second or two.
IDENTITIES_MAX: Final = 32
# With the head, the padding, and 16 bytes for each 64 KiB.
SEALED_MAX_BYTES: Final = CONTAINER_MAX_BYTES + 1024 * 1024
PAD_BYTES: Final = 4096

_AGE: Final = b"age-encryption.org/v1\n"
_AGE_HEADER_END: Final = b"\n--- "
_LENGTH_BYTES: Final = 4
_CLAIM_DOMAIN: Final = b"lumbre/claim/1\0"
_VERSION: Final = 1
_NO_MATCH: Final = "No matching keys found"


class Claim(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """How far a device says that it knows a space, by the key of its author."""

    space: Hash32
    author: Key32
    heads: Annotated[tuple[HeadSaid, ...], msgspec.Meta(max_length=CLAIM_MAX_HEADS)]
    signature: Annotated[
        bytes, msgspec.Meta(min_length=SIGNATURE_BYTES, max_length=SIGNATURE_BYTES)
    ]

    @classmethod
    def make(cls, space: bytes, key: SigningKey, heads: Iterable[HeadSaid]) -> Claim | None:
        """A signed claim; None where it would be larger than a claim may be."""
        said = tuple(heads)
        if len(said) > CLAIM_MAX_HEADS:
            return None
        signature = key.sign(_CLAIM_DOMAIN, encode((space, key.public, said)))
        return cls(space, key.public, said, signature)

    @property
    def is_signed(self) -> bool:
        """Whether its author signed it."""
        signed = encode((self.space, self.author, self.heads))
        return is_signed(_CLAIM_DOMAIN, signed, self.signature, self.author)


class _Head(msgspec.Struct, array_like=True, frozen=True):
    version: Annotated[int, msgspec.Meta(ge=_VERSION, le=_VERSION)]
    claim: Claim | None


_HEAD_DECODER: Final = msgspec.msgpack.Decoder(_Head)


class Opened:
    """What a bundle holds. `is_whole` tells, after `segments`, whether anything was cut off."""

    def __init__(self, claim: Claim | None, container: bytes) -> None:
        self.claim = claim
        self._container = container
        self.is_whole = False

    def segments(self) -> Iterator[bytes]:
        """Every whole segment. Raises `Refused` on bad bytes, after what came before them."""
        reader = BundleReader()
        yield from reader.feed(self._container)
        self.is_whole = reader.is_whole


def seal_bundle(
    segments: Iterable[bytes], recipients: Iterable[bytes], claim: Claim | None = None
) -> bytes:
    """One sealed bundle of segments that fit it, for the holders of X25519 public keys."""
    return seal_container(b"".join(write_bundle(segments, CONTAINER_MAX_BYTES)), recipients, claim)


def seal_container(
    container: bytes, recipients: Iterable[bytes], claim: Claim | None = None
) -> bytes:
    """The same for a bundle that was written already."""
    keys = sorted(set(recipients))
    if not 0 < len(keys) <= RECIPIENTS_MAX or len(container) > CONTAINER_MAX_BYTES:
        raise Invalid("invalid.seal")
    head = encode(_Head(_VERSION, claim))
    plain = _length(head) + head + _length(container) + container
    plain += bytes(-len(plain) % PAD_BYTES)
    sealed: bytes = pyrage.encrypt(plain, [_recipient(key) for key in keys])
    return sealed


def open_bundle(data: bytes, identities: Sequence[bytes]) -> Opened:
    """What a bundle says to the holder of X25519 private keys; `Refused` if nothing to them.

    A bundle that nobody sealed is read as well: its entries prove themselves.
    """
    if len(data) > SEALED_MAX_BYTES:
        raise Refused("refused.too-large", max_bytes=SEALED_MAX_BYTES)
    if data.startswith(MAGIC):
        return Opened(None, data)
    if not data.startswith(_AGE):
        raise Refused("refused.not-a-bundle")
    if _AGE_HEADER_END not in data[:AGE_HEADER_MAX_BYTES]:
        raise Refused("refused.bad-bundle")
    return _read(_decrypt(data, identities))


def _decrypt(data: bytes, identities: Sequence[bytes]) -> bytes:
    """The plain bytes, as far as whole chunks of them are there."""
    keys = [_identity(private) for private in identities[:IDENTITIES_MAX]]
    if not keys:
        raise Refused("refused.not-for-this-device")
    plain = io.BytesIO()
    try:
        pyrage.decrypt_io(io.BytesIO(data), plain, keys)
    except pyrage.DecryptError as error:
        is_foreign = _NO_MATCH in str(error)
        why = "refused.not-for-this-device" if is_foreign else "refused.bad-bundle"
        raise Refused(why) from error
    except OSError:
        # A chunk is cut short, or is not what was sealed: what came before it was.
        pass
    return plain.getvalue()


def _read(plain: bytes) -> Opened:
    head, rest = _take(plain, HEAD_MAX_BYTES)
    if not rest:
        return Opened(None, b"")
    try:
        said = _HEAD_DECODER.decode(head)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise Refused("refused.bad-bundle") from error
    container, _ = _take(rest, CONTAINER_MAX_BYTES)
    return Opened(said.claim, container)


def _take(data: bytes, max_bytes: int) -> tuple[bytes, bytes]:
    """What a length says, as far as it is there, and what follows it."""
    length = int.from_bytes(data[:_LENGTH_BYTES], "big")
    if length > max_bytes:
        raise Refused("refused.too-large", max_bytes=max_bytes)
    end = _LENGTH_BYTES + length
    return data[_LENGTH_BYTES:end], data[end:]


def _length(data: bytes) -> bytes:
    return len(data).to_bytes(_LENGTH_BYTES, "big")


def public_of(private: bytes) -> bytes:
    """The X25519 public key of a private one."""
    public: bytes = bindings.crypto_scalarmult_base(private)
    return public


def _recipient(public: bytes) -> pyrage.x25519.Recipient:
    return pyrage.x25519.Recipient.from_str(bech32("age", public))


def _identity(private: bytes) -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.from_str(bech32("age-secret-key-", private).upper())
