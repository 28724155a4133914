"""Keys that lie on the disk: in files of their own, mode 0600.

- relay: opens the log and media files, so that a node takes in and forwards while locked.
- sensor: seals probes while locked; it can write nothing else and reads nothing.
- private: only in open mode, and then every page says that P12 does not hold.

A key file ends in four bytes of its hash: a damaged one is told from a damaged store.

Week keys are another thing: private halves of the care envelopes' keys. Each lies in its own
file, sealed under the private file's key, in no backup, and is destroyed by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nacl import bindings
from nacl.exceptions import CryptoError

from lumbre.errors import Locked, StoreError
from lumbre.record.limits import KEY_BYTES
from lumbre.store.durable import destroy_file, read_file, write_file
from lumbre.store.keyring import RandomBytes
from lumbre.store.limits import KEY_FILE_MAX_BYTES

_CHECK_BYTES: Final = 4
_NONCE_BYTES: Final = 24
_WEEK_DOMAIN: Final = b"lumbre/week/1\0"
_ID_MAX_BYTES: Final = 32


def write_key_file(path: Path, key: bytes) -> None:
    """Keep a key on the disk."""
    assert len(key) == KEY_BYTES
    write_file(path, key + _check(key))


def read_key_file(path: Path) -> bytes:
    """A key from the disk; `StoreError` where its bytes are not as they were written."""
    data = read_file(path, KEY_FILE_MAX_BYTES)
    key, check = data[:KEY_BYTES], data[KEY_BYTES:]
    if len(key) != KEY_BYTES or check != _check(key):
        raise StoreError("store.bad-key-file", file=path.name)
    return key


def _check(key: bytes) -> bytes:
    return hashlib.sha256(b"lumbre/key-file/1\0" + key).digest()[:_CHECK_BYTES]


class WeekKeys:
    """Secrets that end: a file each, sealed, named by an id that says nothing."""

    def __init__(self, folder: Path, file_key: bytes, random_bytes: RandomBytes) -> None:
        self._folder = folder
        self._key = hashlib.blake2b(_WEEK_DOMAIN, key=file_key, digest_size=KEY_BYTES).digest()
        self._random_bytes = random_bytes

    def put(self, id_: bytes, secret: bytes) -> None:
        """Keep a secret until `destroy`."""
        nonce = self._random_bytes(_NONCE_BYTES)
        sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            secret, _WEEK_DOMAIN + id_, nonce, self._key
        )
        self._folder.mkdir(mode=0o700, exist_ok=True)
        write_file(self._path(id_), nonce + sealed)

    def get(self, id_: bytes) -> bytes | None:
        """A secret; None where it was destroyed or never was."""
        path = self._path(id_)
        if not path.exists():
            return None
        data = read_file(path, KEY_FILE_MAX_BYTES)
        try:
            secret: bytes = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                data[_NONCE_BYTES:], _WEEK_DOMAIN + id_, data[:_NONCE_BYTES], self._key
            )
        except (CryptoError, ValueError) as error:
            raise Locked("locked.wrong-passphrase") from error
        return secret

    def destroy(self, id_: bytes) -> None:
        """Destroy a secret: what was sealed to it is closed for good."""
        destroy_file(self._path(id_))

    def ids(self) -> Iterator[bytes]:
        """The ids of what is kept."""
        if self._folder.is_dir():
            for path in sorted(self._folder.glob("*.key")):
                yield bytes.fromhex(path.stem)

    def _path(self, id_: bytes) -> Path:
        assert 0 < len(id_) <= _ID_MAX_BYTES
        return self._folder / f"{id_.hex()}.key"
