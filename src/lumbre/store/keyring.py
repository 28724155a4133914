"""Passphrases and what they open.

The private file's key is random. Each person who may unlock the device has a slot: the file's
key and a key of their own (for their author keys), sealed under Argon2id of their passphrase.
A change of passphrase seals one slot anew and touches nothing else. Slots carry no names: who
has which is written in the private file.

Rules: randomness comes from outside. A passphrase is compared as Unicode NFC, without outer
spaces, so that two keyboards agree. The cost is written beside what it protects, and what a
file asks for is capped before it is spent.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Annotated, Final, TypeVar

import msgspec
from nacl import bindings, pwhash
from nacl.exceptions import CryptoError

from lumbre.errors import Invalid, Locked, StoreError
from lumbre.record.limits import KEY_BYTES
from lumbre.store.limits import (
    ARGON2_MEMORY_BYTES,
    ARGON2_MEMORY_MAX_BYTES,
    ARGON2_PASSES,
    ARGON2_PASSES_MAX,
    KEY_FILE_MAX_BYTES,
    PASSPHRASE_MAX_BYTES,
    PASSPHRASE_MIN_CHARS,
    SLOTS_MAX,
)

RandomBytes = Callable[[int], bytes]
_T = TypeVar("_T")

_VERSION: Final = 1
_NONCE_BYTES: Final = 24
_SLOT_ID_BYTES: Final = 8
_SALT_BYTES: Final = pwhash.argon2id.SALTBYTES
_SLOT_DOMAIN: Final = b"lumbre/slot/1\0"
_SECRET_DOMAIN: Final = b"lumbre/secret/1\0"
_OWN_DOMAIN: Final = b"lumbre/own/1\0"
_Salt = Annotated[bytes, msgspec.Meta(min_length=_SALT_BYTES, max_length=_SALT_BYTES)]
_Nonce = Annotated[bytes, msgspec.Meta(min_length=_NONCE_BYTES, max_length=_NONCE_BYTES)]


class Cost(msgspec.Struct, array_like=True, frozen=True):
    """What one guess at a passphrase costs: passes over so much memory."""

    passes: Annotated[int, msgspec.Meta(ge=1, le=ARGON2_PASSES_MAX)] = ARGON2_PASSES
    memory_bytes: Annotated[int, msgspec.Meta(ge=8192, le=ARGON2_MEMORY_MAX_BYTES)] = (
        ARGON2_MEMORY_BYTES
    )


ORDINARY: Final = Cost()
LIGHT: Final = Cost(1, 8192)
"""For rehearsals of the machine (tests, simulation): protects nothing."""


class _Box(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    nonce: _Nonce
    sealed: bytes


class _Slot(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    id: Annotated[bytes, msgspec.Meta(min_length=_SLOT_ID_BYTES, max_length=_SLOT_ID_BYTES)]
    box: _Box


class _Slots(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    version: Annotated[int, msgspec.Meta(ge=_VERSION, le=_VERSION)]
    salt: _Salt
    cost: Cost
    slots: Annotated[tuple[_Slot, ...], msgspec.Meta(max_length=SLOTS_MAX)]


class _Secret(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    version: Annotated[int, msgspec.Meta(ge=_VERSION, le=_VERSION)]
    salt: _Salt
    cost: Cost
    box: _Box


class Unlocked:
    """What a passphrase opened. Its keys stay out of `repr` and of pickles."""

    __slots__ = ("file_key", "own_key", "slot")

    def __init__(self, slot: bytes, file_key: bytes, own_key: bytes) -> None:
        self.slot = slot
        self.file_key = file_key
        self.own_key = own_key

    def seal(self, plain: bytes, random_bytes: RandomBytes) -> bytes:
        """Seal what is this person's alone, as an author key, whatever their passphrase."""
        return msgspec.msgpack.encode(_seal(plain, self.own_key, _OWN_DOMAIN, random_bytes))

    def open(self, sealed: bytes) -> bytes:
        """What `seal` sealed; `Locked` where another person did."""
        return _open(_decode(sealed, _Box, "own"), self.own_key, _OWN_DOMAIN)

    def __repr__(self) -> str:
        return f"Unlocked(slot={self.slot.hex()})"

    def __reduce__(self) -> str:
        raise TypeError("keys are not pickled")


class Keyring:
    """The slots of one private file, as bytes that may lie on an open disk."""

    def __init__(self, data: bytes) -> None:
        self._slots = _decode(data, _Slots, "slots")

    @classmethod
    def create(
        cls,
        passphrase: str,
        random_bytes: RandomBytes,
        *,
        cost: Cost = ORDINARY,
        file_key: bytes | None = None,
    ) -> tuple[Keyring, Unlocked]:
        """Slots for a new file (or for `file_key`), with the first person's."""
        empty = _Slots(_VERSION, random_bytes(_SALT_BYTES), cost, ())
        ring = cls(msgspec.msgpack.encode(empty))
        key = random_bytes(KEY_BYTES) if file_key is None else file_key
        return ring, ring._add(key, passphrase, random_bytes)

    @property
    def slots(self) -> tuple[bytes, ...]:
        """The ids of the slots."""
        return tuple(slot.id for slot in self._slots.slots)

    def to_bytes(self) -> bytes:
        """What `Keyring` reads."""
        return msgspec.msgpack.encode(self._slots)

    def unlock(self, passphrase: str) -> Unlocked:
        """What the passphrase opens; `Locked` where it opens nothing."""
        key = _stretch(passphrase, self._slots.salt, self._slots.cost)
        for slot in self._slots.slots:
            try:
                plain = _open(slot.box, key, _SLOT_DOMAIN + slot.id)
            except Locked:
                continue
            return Unlocked(slot.id, plain[:KEY_BYTES], plain[KEY_BYTES:])
        raise Locked("locked.wrong-passphrase")

    def add(self, by: Unlocked, passphrase: str, random_bytes: RandomBytes) -> Unlocked:
        """A slot for one more person, by one who has unlocked."""
        return self._add(by.file_key, passphrase, random_bytes)

    def _add(self, file_key: bytes, passphrase: str, random_bytes: RandomBytes) -> Unlocked:
        if len(self._slots.slots) >= SLOTS_MAX:
            raise Invalid("invalid.too-many-people", most=SLOTS_MAX)
        unlocked = Unlocked(random_bytes(_SLOT_ID_BYTES), file_key, random_bytes(KEY_BYTES))
        self._put([*self._slots.slots, self._slot(unlocked, passphrase, random_bytes)])
        return unlocked

    def change(self, by: Unlocked, passphrase: str, random_bytes: RandomBytes) -> None:
        """Another passphrase for a person's own slot."""
        if by.slot not in self.slots:
            raise Locked("locked.slot-removed")
        fresh = self._slot(by, passphrase, random_bytes)
        self._put([fresh if slot.id == by.slot else slot for slot in self._slots.slots])

    def remove(self, slot: bytes) -> None:
        """Take a slot away; the last one stays.

        Who kept a copy of the slots from before, and their passphrase, still opens copies of
        the private file.
        """
        left = [kept for kept in self._slots.slots if kept.id != slot]
        if not left:
            raise Invalid("invalid.last-person")
        self._put(left)

    def _slot(self, unlocked: Unlocked, passphrase: str, random_bytes: RandomBytes) -> _Slot:
        check_passphrase(passphrase)
        key = _stretch(passphrase, self._slots.salt, self._slots.cost)
        plain = unlocked.file_key + unlocked.own_key
        return _Slot(unlocked.slot, _seal(plain, key, _SLOT_DOMAIN + unlocked.slot, random_bytes))

    def _put(self, slots: list[_Slot]) -> None:
        self._slots = msgspec.structs.replace(self._slots, slots=tuple(slots))


def check_passphrase(passphrase: str) -> None:
    """Raise `Invalid` for one that is too short to protect anything, or absurdly long."""
    if len(_normal(passphrase)) < PASSPHRASE_MIN_CHARS:
        raise Invalid("invalid.passphrase-too-short", least=PASSPHRASE_MIN_CHARS)
    if len(passphrase.encode()) > PASSPHRASE_MAX_BYTES:
        raise Invalid("invalid.passphrase-too-long", most_bytes=PASSPHRASE_MAX_BYTES)


def seal_secret(
    passphrase: str, plain: bytes, random_bytes: RandomBytes, *, cost: Cost = ORDINARY
) -> bytes:
    """Seal bytes under a passphrase of their own, as a backup's key."""
    check_passphrase(passphrase)
    salt = random_bytes(_SALT_BYTES)
    box = _seal(plain, _stretch(passphrase, salt, cost), _SECRET_DOMAIN, random_bytes)
    return msgspec.msgpack.encode(_Secret(_VERSION, salt, cost, box))


def open_secret(passphrase: str, sealed: bytes) -> bytes:
    """What `seal_secret` sealed; `Locked` where the passphrase is another."""
    secret = _decode(sealed, _Secret, "secret")
    return _open(secret.box, _stretch(passphrase, secret.salt, secret.cost), _SECRET_DOMAIN)


def _normal(passphrase: str) -> str:
    return unicodedata.normalize("NFC", passphrase).strip()


def _stretch(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    key: bytes = pwhash.argon2id.kdf(
        KEY_BYTES,
        _normal(passphrase).encode()[:PASSPHRASE_MAX_BYTES],
        salt,
        opslimit=cost.passes,
        memlimit=cost.memory_bytes,
    )
    return key


def _seal(plain: bytes, key: bytes, domain: bytes, random_bytes: RandomBytes) -> _Box:
    nonce = random_bytes(_NONCE_BYTES)
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, domain, nonce, key)
    return _Box(nonce, sealed)


def _open(box: _Box, key: bytes, domain: bytes) -> bytes:
    try:
        plain: bytes = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            box.sealed, domain, box.nonce, key
        )
    except (CryptoError, ValueError) as error:
        raise Locked("locked.wrong-passphrase") from error
    return plain


def _decode(data: bytes, form: type[_T], file: str) -> _T:
    if len(data) > KEY_FILE_MAX_BYTES:
        raise StoreError("store.bad-key-file", file=file)
    try:
        return msgspec.msgpack.decode(data, type=form)
    except (msgspec.MsgspecError, ValueError) as error:
        raise StoreError("store.bad-key-file", file=file) from error
