"""Sealed bodies and inner envelopes.

A sealed body is salt (8) + XChaCha20-Poly1305(plain). The plain text is an id byte, the body,
and ISO 7816-4 padding to 16 bytes. Id byte 0: the body as it is; 1: raw deflate with
DICTIONARY_1, where that is shorter once padded; others are reserved. The nonce is BLAKE2b-24
over (log, seq, prev, salt): never position alone, for two branches of a fork share positions.

An inner envelope holds what some named people must read and a view must not fold (care,
rosters): one libsodium sealed box for each of their weekly keys. It is a value inside a body.

Salts and keys come from outside: nothing here is random, except the one-time key that
libsodium makes inside a sealed box.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from nacl import bindings
from nacl.exceptions import CryptoError

from lumbre.errors import Invalid, Refused
from lumbre.record.dictionary import DICTIONARY_1
from lumbre.record.limits import BODY_MAX_BYTES, KEY_BYTES, KEY_ID_BYTES, SALT_BYTES

PAD_BYTES: Final = 16
RADIO_PAD_BYTES: Final = 8
TAG_BYTES: Final = 16
# Two carers, or a shift's people; a page of words to each. Sixteen such boxes fit a body.
ENVELOPE_READERS_MAX: Final = 16
ENVELOPE_MAX_BYTES: Final = 2048

_BODY_DOMAIN: Final = b"lumbre/body/1\0"
_TEXT_DOMAIN: Final = b"lumbre/text/1\0"
_NONCE_BYTES: Final = 24
_PLAIN: Final = 0
_DEFLATED_1: Final = 1
# What is longer is rare, and hardly gains by a dictionary.
_DEFLATE_MAX_BYTES: Final = 4096


def _pad(plain: bytes, block_bytes: int) -> bytes:
    return plain + b"\x80" + bytes(-(len(plain) + 1) % block_bytes)


def _unpad(padded: bytes) -> bytes:
    plain = padded.rstrip(b"\0")
    if not plain.endswith(b"\x80"):
        raise Refused("refused.bad-padding")
    return plain[:-1]


def body_nonce(log: bytes, seq: int, prev: bytes, salt: bytes) -> bytes:
    """24 bytes that no other body has, not even the same position's on another branch."""
    return hashlib.blake2b(
        log + seq.to_bytes(8, "big") + prev + salt, digest_size=_NONCE_BYTES
    ).digest()


def sealed_bytes(body_bytes: int, pad_bytes: int = PAD_BYTES) -> int:
    """Length of a body of this length once it is sealed, at the most."""
    return SALT_BYTES + -(-(1 + body_bytes + 1) // pad_bytes) * pad_bytes + TAG_BYTES


def seal_body(
    body: bytes,
    key: bytes,
    *,
    log: bytes,
    seq: int,
    prev: bytes,
    salt: bytes,
    pad_bytes: int = PAD_BYTES,
) -> bytes:
    """Seal a body for the holders of the epoch's `key` (32 bytes); `salt` is 8 random bytes."""
    if len(salt) != SALT_BYTES or len(key) != KEY_BYTES:
        raise Invalid("invalid.seal")
    if sealed_bytes(len(body), pad_bytes) > BODY_MAX_BYTES:
        raise Invalid("invalid.body-too-large", size_bytes=len(body), max_bytes=BODY_MAX_BYTES)
    plain = _pack(body, pad_bytes)
    nonce = body_nonce(log, seq, prev, salt)
    return salt + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        plain, _BODY_DOMAIN, nonce, key
    )


def open_body(sealed: bytes, key: bytes, *, log: bytes, seq: int, prev: bytes) -> bytes:
    """The body inside, or `Refused` where the key does not open it or the form is unknown."""
    if not SALT_BYTES + TAG_BYTES < len(sealed) <= BODY_MAX_BYTES:
        raise Refused("refused.bad-seal")
    salt = sealed[:SALT_BYTES]
    nonce = body_nonce(log, seq, prev, salt)
    try:
        padded = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed[SALT_BYTES:], _BODY_DOMAIN, nonce, key
        )
    except (CryptoError, ValueError) as error:
        raise Refused("refused.bad-seal") from error
    return _unpack(_unpad(padded))


def _pack(body: bytes, pad_bytes: int) -> bytes:
    """Id byte, body and padding, in the shorter of the two forms."""
    plain = _pad(bytes([_PLAIN]) + body, pad_bytes)
    if len(body) > _DEFLATE_MAX_BYTES:
        return plain
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=DICTIONARY_1)
    deflated = packer.compress(body) + packer.flush()
    packed = _pad(bytes([_DEFLATED_1]) + deflated, pad_bytes)
    return packed if len(packed) < len(plain) else plain


def _unpack(plain: bytes) -> bytes:
    form = plain[0] if plain else None
    if form == _PLAIN:
        return plain[1:]
    if form != _DEFLATED_1:
        raise Refused("refused.unknown-compression")
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS, DICTIONARY_1)
    try:
        body = unpacker.decompress(plain[1:], BODY_MAX_BYTES)
    except zlib.error as error:
        raise Refused("refused.bad-compression") from error
    if not unpacker.eof or unpacker.unused_data:
        raise Refused("refused.bad-compression")
    return body


def seal_text(text: str, key: bytes, nonce: bytes) -> bytes:
    """A name or a reason inside an open body, for holders of an epoch's `key`.

    `nonce` is 24 random bytes, which travel with it.
    """
    if len(nonce) != _NONCE_BYTES or len(key) != KEY_BYTES:
        raise Invalid("invalid.seal")
    padded = _pad(text.encode(), PAD_BYTES)
    return nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        padded, _TEXT_DOMAIN, nonce, key
    )


def open_text(sealed: bytes, keys: Iterable[bytes]) -> str | None:
    """The text, by the first of `keys` that opens it; None where none does."""
    nonce = sealed[:_NONCE_BYTES]
    for key in keys:
        try:
            return _unpad(
                bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                    sealed[_NONCE_BYTES:], _TEXT_DOMAIN, nonce, key
                )
            ).decode()
        except (CryptoError, Refused, ValueError):
            continue
    return None


class Sealed(msgspec.Struct, array_like=True, frozen=True, gc=False, forbid_unknown_fields=True):
    """One reader's box in an envelope: first bytes of the reader's key, and the box."""

    key_id: Annotated[bytes, msgspec.Meta(min_length=KEY_ID_BYTES, max_length=KEY_ID_BYTES)]
    box: Annotated[bytes, msgspec.Meta(max_length=ENVELOPE_MAX_BYTES)]


Envelope = Annotated[
    tuple[Sealed, ...], msgspec.Meta(min_length=1, max_length=ENVELOPE_READERS_MAX)
]


def seal_envelope(plain: bytes, readers: Iterable[bytes]) -> tuple[Sealed, ...]:
    """Seal `plain` to each X25519 public key of `readers`; the order does not tell who they are."""
    publics = sorted(readers)
    padded = _pad(plain, PAD_BYTES)
    if not 1 <= len(publics) <= ENVELOPE_READERS_MAX:
        raise Invalid("invalid.envelope-readers", count=len(publics), most=ENVELOPE_READERS_MAX)
    if any(len(public) != KEY_BYTES for public in publics):
        raise Invalid("invalid.seal")
    if len(padded) + bindings.crypto_box_SEALBYTES > ENVELOPE_MAX_BYTES:
        raise Invalid("invalid.body-too-large", size_bytes=len(plain), max_bytes=ENVELOPE_MAX_BYTES)
    try:
        return tuple(
            Sealed(public[:KEY_ID_BYTES], bindings.crypto_box_seal(padded, public))
            for public in publics
        )
    except (CryptoError, RuntimeError) as error:
        # A key of low order: with it anybody could open what is sealed.
        raise Refused("refused.bad-key") from error


def open_envelope(envelope: Iterable[Sealed], public: bytes, private: bytes) -> bytes:
    """What an envelope says to the holder of this X25519 pair; `Refused` if it is not for them."""
    for sealed in envelope:
        if sealed.key_id == public[:KEY_ID_BYTES]:
            try:
                return _unpad(bindings.crypto_box_seal_open(sealed.box, public, private))
            except (CryptoError, ValueError, TypeError):
                continue
    raise Refused("refused.not-for-this-key")
