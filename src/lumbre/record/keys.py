"""Signing keys: Ed25519 by libsodium and its strict rule.

libsodium refuses low-order points and S outside the group order. Verifiers disagree on such
signatures, and one member could split a community with them, so no other verifier is used.
Each use signs under a domain of its own. Seeds come from outside: nothing here is random.
"""

from __future__ import annotations

from typing import Final

from nacl import bindings
from nacl.exceptions import BadSignatureError, CryptoError

from lumbre.errors import Refused
from lumbre.record.limits import KEY_BYTES, SIGNATURE_BYTES

ENTRY_DOMAIN: Final = b"lumbre/entry/1\0"


class SigningKey:
    """An author's key. Its bytes are kept out of `repr` and of pickles."""

    __slots__ = ("_secret", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != KEY_BYTES:
            raise Refused("refused.bad-key")
        self.public, self._secret = bindings.crypto_sign_seed_keypair(seed)

    def sign(self, domain: bytes, message: bytes) -> bytes:
        """64 bytes: the signature of `message` under `domain`."""
        signed: bytes = bindings.crypto_sign(domain + message, self._secret)
        return signed[:SIGNATURE_BYTES]

    @property
    def exchange_private(self) -> bytes:
        """The private half of this key's X25519 form."""
        private: bytes = bindings.crypto_sign_ed25519_sk_to_curve25519(self._secret)
        return private

    def open_box(self, box: bytes) -> bytes:
        """What is sealed to the X25519 form of this key; raises what libsodium raises."""
        public = bindings.crypto_sign_ed25519_pk_to_curve25519(self.public)
        opened: bytes = bindings.crypto_box_seal_open(box, public, self.exchange_private)
        return opened

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public.hex()[:16]}...)"

    def __reduce__(self) -> str:
        raise TypeError("a signing key is not pickled")


def is_signed(domain: bytes, message: bytes, signature: bytes, public: bytes) -> bool:
    """Whether `signature` is `public`'s over `message` under `domain`, by the strict rule."""
    return is_strictly_signed(domain + message, signature, public)


def is_strictly_signed(message: bytes, signature: bytes, public: bytes) -> bool:
    """The bare rule, without a domain: what published test vectors are held against."""
    if len(signature) != SIGNATURE_BYTES or len(public) != KEY_BYTES:
        return False
    try:
        bindings.crypto_sign_open(signature + message, public)
    except (BadSignatureError, CryptoError, ValueError):
        return False
    return True
