"""The greeting: which spaces two devices have in common, and who they are in each.

Nothing is said to a stranger: a tag of a space can be told from noise by those who know the
space's id alone, a proof is sealed to them, and a link key is another one in each space. Tags
and proofs are bound to the channel, so nobody in between can pass them on (docs/SYNC.md).

What this does not do: decide who is admitted. `Standing` comes from the acts of trust.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final, NamedTuple

import msgspec
from nacl import bindings
from nacl.exceptions import CryptoError

from lumbre.errors import Refused
from lumbre.record import SigningKey, is_signed
from lumbre.record.canonical import encode
from lumbre.sync.frames import SPACES_MAX, TAG_BYTES, VERSION, Hello, Vouched

LINK_DOMAIN: Final = b"lumbre/link/1\0"
PROOF_DOMAIN: Final = b"lumbre/proof/1\0"
BINDING_BYTES: Final = 32
# The list is filled to this step, so that its length tells little.
TAGS_STEP: Final = 8

_NONCE: Final = bytes(24)
_DECODER: Final = msgspec.msgpack.Decoder(Vouched)


class Standing(Enum):
    """What the acts of trust that are known here say of an author."""

    UNKNOWN = "unknown"
    ADMITTED = "admitted"
    CLOSED = "closed"


class Link(NamedTuple):
    """A device's key for meetings in one space, and the author's word for it."""

    key: SigningKey
    author: bytes
    voucher: bytes


def vouch(author: SigningKey, space: bytes, link_public: bytes) -> bytes:
    """An author's signature over the link key of the device that it writes on."""
    return author.sign(LINK_DOMAIN, space + link_public)


class Greeting:
    """Tags and proofs of one channel. `is_caller` tells the two sides apart."""

    def __init__(self, binding: bytes, *, is_caller: bool) -> None:
        assert len(binding) == BINDING_BYTES
        self._binding = binding
        self._side = bytes((0 if is_caller else 1,))
        self._other = bytes((1 if is_caller else 0,))
        self.is_caller = is_caller

    def hello(self, spaces: Sequence[bytes], noise: bytes) -> Hello:
        """One's own tags among others; `noise`: at least SPACES_MAX * TAG_BYTES random bytes."""
        tags = [self._tag(space, self._side) for space in spaces[:SPACES_MAX]]
        missing = min(-len(tags) % TAGS_STEP if tags else TAGS_STEP, SPACES_MAX - len(tags))
        tags += [noise[i * TAG_BYTES : (i + 1) * TAG_BYTES] for i in range(missing)]
        # Tags look random: their own order says nothing of which are real.
        return Hello(VERSION, b"".join(sorted(tags)))

    def common(self, spaces: Iterable[bytes], hello: Hello) -> list[bytes]:
        """The spaces that the other side is in as well, in the order that both number them by."""
        tags = hello.tags
        theirs = {tags[i : i + TAG_BYTES] for i in range(0, len(tags), TAG_BYTES)}
        found = [space for space in spaces if self._tag(space, self._other) in theirs]
        return sorted(found, key=lambda space: self._tag(space, b"\0"))[:SPACES_MAX]

    def prove(self, space: bytes, link: Link) -> bytes:
        """Who one is in a space, sealed to those who know it."""
        signature = link.key.sign(PROOF_DOMAIN, self._binding + self._side + space)
        vouched = Vouched(link.author, link.key.public, link.voucher, signature)
        sealed: bytes = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            encode(vouched), None, _NONCE, self._key(space, self._side)
        )
        return sealed

    def check(self, space: bytes, sealed: bytes) -> Vouched:
        """The other side's proof; `Refused` unless both signatures hold for this channel."""
        try:
            opened = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                sealed, None, _NONCE, self._key(space, self._other)
            )
            vouched = _DECODER.decode(opened)
        except (CryptoError, ValueError, msgspec.MsgspecError) as error:
            raise Refused("refused.bad-proof") from error
        signed = self._binding + self._other + space
        if not (
            is_signed(LINK_DOMAIN, space + vouched.link, vouched.voucher, vouched.author)
            and is_signed(PROOF_DOMAIN, signed, vouched.signature, vouched.link)
        ):
            raise Refused("refused.bad-proof")
        return vouched

    def _tag(self, space: bytes, side: bytes) -> bytes:
        data = b"lumbre/tag/1\0" + self._binding + side
        return hashlib.blake2b(data, key=space, digest_size=TAG_BYTES).digest()

    def _key(self, space: bytes, side: bytes) -> bytes:
        # One key for each side of each channel, so a nonce of zeros is used once.
        data = b"lumbre/proof-key/1\0" + self._binding + side
        return hashlib.blake2b(data, key=space, digest_size=32).digest()
