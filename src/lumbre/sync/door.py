"""The door: how a device that nobody knows comes in with a short spoken code.

    newcomer: Knock(slot, a)  ->  keeper: Opened(b, invitation)  ->  newcomer: Asked(request)

The code is a slot and two words. SPAKE2 makes a key of it: whoever listens or stands between
has one guess, and the keeper counts the guesses. The key is bound to the channel. What comes
out is a request; nobody is let in by it: a person at the keeper's does that, once both have
read six words aloud (`lumbre.node.joining`).

Bytes in, bytes out, as `Meeting`. What this does not do: read invitations or requests.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from nacl import bindings
from nacl.exceptions import CryptoError
from spake2 import SPAKE2_A, SPAKE2_B, SPAKEError

from lumbre.errors import Refused
from lumbre.sync.frames import (
    Asked,
    Code,
    FrameReader,
    Heard,
    Hello,
    Knock,
    Message,
    Opened,
    Refuse,
    write_frame,
)

Entropy = Callable[[int], bytes]
"""That many unpredictable bytes."""

_NONCE: Final = bytes(24)
_DOMAIN: Final = b"lumbre/door/1\0"


class Porch(Protocol):
    """What a keeper's node offers at the door."""

    def code_of(self, slot: int) -> str | None:
        """The code that is open at a slot. Each call is a guess, and they are counted."""

    def invitation(self, code: str) -> bytes:
        """What the newcomer is given."""

    def asked(self, code: str, request: bytes) -> bool:
        """A request has come: the code is used up. False where it was before, or is closed.

        Raises `Refused` on one that is bad.
        """


class _Side:
    """What both sides do."""

    def __init__(self) -> None:
        self._reader = FrameReader()
        self._out: deque[bytes] = deque()
        self._is_lost = False
        self.is_done = False
        self.code: Code | None = None
        self.other_code: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be said or heard."""
        if self._is_lost or self.other_code is not None:
            return True
        return not self._out and (self.is_done or self.code is not None)

    @property
    def is_acquainted(self) -> bool:
        """Whether the other side has shown that it knows the code, and said its last word."""
        return self.is_done

    @property
    def wants_more_input(self) -> bool:
        """Whether `receive` may be called."""
        return True

    def send(self, max_bytes: int = 64 * 1024) -> bytes:
        """Bytes for the other side, of about `max_bytes`; none if there is nothing to say now."""
        parts = b""
        while self._out and len(parts) < max_bytes:
            parts += self._out.popleft()
        return parts

    def receive(self, data: bytes) -> None:
        """Bytes from the other side, as they come."""
        if self._is_lost or self.code is not None or self.other_code is not None:
            return
        try:
            for message in self._reader.feed(data):
                self.hear(message)
        except Refused:
            self._end(Code.NOT_A_MESSAGE)

    def hear(self, message: Message) -> None:
        """A message from the other side. Raises `Refused` on one that has no sense here."""
        if self._is_lost or self.code is not None or self.other_code is not None:
            return
        if isinstance(message, Refuse):
            self.other_code = message.code
        else:
            self._on(message)

    def lost(self) -> None:
        """The line broke."""
        self._is_lost = True

    def _on(self, message: Message) -> None:
        raise NotImplementedError

    def _say(self, message: Message) -> None:
        self._out.append(write_frame(message))

    def _end(self, code: Code) -> None:
        self.code = code
        self._out.clear()
        self._say(Refuse(int(code)))


class Newcomer(_Side):
    """The side that was told a code. `ask` makes a request of an invitation."""

    def __init__(
        self,
        slot: int,
        code: str,
        binding: bytes,
        entropy: Entropy,
        ask: Callable[[bytes], bytes],
    ) -> None:
        super().__init__()
        self._ask = ask
        self._spake = SPAKE2_A(code.encode(), binding, _DOMAIN, entropy_f=entropy)
        self._key: bytes | None = None
        self._say(Knock(slot, self._spake.start()))

    def _on(self, message: Message) -> None:
        if isinstance(message, Hello):
            # The called side greets whoever comes.
            return
        if isinstance(message, Opened) and self._key is None:
            self._key = _finish(self._spake, message.share)
            invitation = _open(self._key, b"keeper", message.sealed)
            if invitation is None:
                self._end(Code.WRONG_CODE)
            else:
                self._say(Asked(_seal(self._key, b"newcomer", self._ask(invitation))))
        elif isinstance(message, Heard) and self._key is not None:
            self.is_done = True
        else:
            raise Refused("refused.not-a-message")


class Keeper(_Side):
    """The side that gave a code."""

    def __init__(self, knock: Knock, porch: Porch, binding: bytes, entropy: Entropy) -> None:
        super().__init__()
        self._porch = porch
        self._key: bytes | None = None
        code = porch.code_of(knock.slot)
        if code is None:
            self._end(Code.WRONG_CODE)
            return
        self._opened = code
        spake = SPAKE2_B(code.encode(), binding, _DOMAIN, entropy_f=entropy)
        share = spake.start()
        try:
            self._key = _finish(spake, knock.share)
        except Refused:
            self._end(Code.NOT_A_MESSAGE)
            return
        self._say(Opened(share, _seal(self._key, b"keeper", porch.invitation(code))))

    def _on(self, message: Message) -> None:
        if not isinstance(message, Asked) or self._key is None or self.is_done:
            raise Refused("refused.not-a-message")
        request = _open(self._key, b"newcomer", message.sealed)
        if request is None or not self._porch.asked(self._opened, request):
            self._end(Code.WRONG_CODE)
            return
        self._say(Heard())
        self.is_done = True


def _finish(spake: SPAKE2_A | SPAKE2_B, share: bytes) -> bytes:
    try:
        key: bytes = spake.finish(share)
    except (SPAKEError, ValueError, AssertionError, IndexError) as error:
        raise Refused("refused.not-a-message") from error
    return key


def _key_of(key: bytes, side: bytes) -> bytes:
    # Another key for each side, so a nonce of zeros is used once.
    return hashlib.blake2b(_DOMAIN + side, key=key, digest_size=32).digest()


def _seal(key: bytes, side: bytes, plain: bytes) -> bytes:
    sealed: bytes = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        plain, None, _NONCE, _key_of(key, side)
    )
    return sealed


def _open(key: bytes, side: bytes, sealed: bytes) -> bytes | None:
    try:
        plain: bytes = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed, None, _NONCE, _key_of(key, side)
        )
    except (CryptoError, ValueError):
        return None
    return plain
