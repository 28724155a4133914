"""Keys of an epoch: what is derived from the one secret that members share.

Bodies, texts inside open bodies, the X25519 pair to which requests and probes are sealed, and
the X25519 key to which bundles are sealed each get a key of their own, so that no key is used
for two things: a locked device keeps the last beside its log, and opens nothing else with it.
A secret travels boxed to the X25519 form of a device's signing key.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec
from nacl import bindings
from nacl.exceptions import CryptoError

from lumbre.errors import Refused
from lumbre.record.keys import SigningKey

_BODY: Final = b"lumbre.body.1"
_TEXT: Final = b"lumbre.text.1"
_PAIR: Final = b"lumbre.pair.1"
_BUNDLE: Final = b"lumbre.age.1"


class EpochKeys(msgspec.Struct, frozen=True):
    """What readers of an epoch hold; `public` is known to couriers as well."""

    secret: bytes
    body: bytes
    text: bytes
    public: bytes
    private: bytes
    bundle: bytes

    @classmethod
    def of(cls, secret: bytes) -> EpochKeys:
        """The keys of a 32-byte secret."""
        public, private = bindings.crypto_box_seed_keypair(_derive(secret, _PAIR))
        body, text = _derive(secret, _BODY), _derive(secret, _TEXT)
        return cls(secret, body, text, public, private, _derive(secret, _BUNDLE))

    def __repr__(self) -> str:
        return f"EpochKeys(public={self.public.hex()[:16]}...)"


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return hashlib.blake2b(key=secret, person=purpose, digest_size=32).digest()


def exchange_public(author: bytes) -> bytes:
    """The X25519 form of a signing key: what is sealed to it, its holder alone opens."""
    try:
        public: bytes = bindings.crypto_sign_ed25519_pk_to_curve25519(author)
    except (CryptoError, RuntimeError, TypeError, ValueError) as error:
        raise Refused("refused.bad-key") from error
    return public


def box_for(author: bytes, secret: bytes) -> bytes:
    """`secret`, readable by the holder of the signing key `author` alone."""
    box: bytes = bindings.crypto_box_seal(secret, exchange_public(author))
    return box


def unbox(box: bytes, key: SigningKey) -> bytes:
    """The secret in a box for this signing key."""
    try:
        return key.open_box(box)
    except (CryptoError, RuntimeError, TypeError, ValueError) as error:
        raise Refused("refused.not-for-this-key") from error
