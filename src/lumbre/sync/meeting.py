"""A meeting: everything that two devices say to each other over one channel.

    hello -> for each space in common: proofs, frontiers, what is missing, census

Bytes in, bytes out, over any ordered stream with a binding (docs/SYNC.md). A carrier calls
`receive` with what came and `send` until it gives nothing; in any order and any sizes.

Rules: nobody who is not admitted learns what one holds. What the other side sends is bounded in
rounds, in frames and in bytes that bring nothing; every end has a code that a person can be
shown. What arrived before a line broke is kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from lumbre.errors import Refused
from lumbre.sync.door import Keeper
from lumbre.sync.frames import (
    SPACES_MAX,
    TAG_BYTES,
    VERSION,
    Code,
    FrameReader,
    Hello,
    Knock,
    Message,
    Pieces,
    Refuse,
    Runs,
    write_frame,
)
from lumbre.sync.greeting import Greeting
from lumbre.sync.shelf import Shelf
from lumbre.sync.talk import Talk

NOISE_BYTES: Final = SPACES_MAX * TAG_BYTES
TWIN: Final = "sync.twin"
"""What a catalogue says where two devices are one and the same."""
# Frames that bring no entries: an honest meeting has some twenty a space.
FRAMES_MAX: Final = 4096
# What they hold: frontiers of the largest spaces, and acts that introduce, in many spaces.
FRAMES_MAX_BYTES: Final = 64 * 1024 * 1024
# A part of a stream that is shorter counts as a frame that brings none.
_PART_MIN_BYTES: Final = 1024


Door = Callable[[Knock], Keeper]
"""The keeper's side for somebody who knocked."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of one space: `code` is why this side ended it, `other_code` why the other.

    `is_twin`: the other device has this one's link key or author. It is a copy of it, and a
    person is told so (`TWIN`); both go on, and what both wrote counts.
    """

    space: bytes
    author: bytes | None
    new: int
    rounds: int
    is_equal: bool
    code: Code | None
    other_code: int | None
    refused: dict[str, int]
    is_twin: bool = False


class Meeting:
    """Both sides run one. `shelves`: the spaces that this device may speak of."""

    def __init__(
        self,
        shelves: Sequence[Shelf],
        binding: bytes,
        noise: bytes,
        *,
        is_caller: bool,
        door: Door | None = None,
    ) -> None:
        """`binding`: 32 bytes of the channel; `noise`: NOISE_BYTES random ones.

        `door` answers a newcomer who knocks instead of greeting.
        """
        self._shelves = {shelf.id: shelf for shelf in shelves if shelf.link is not None}
        self._binding = binding
        self._greeting = Greeting(binding, is_caller=is_caller)
        self._reader = FrameReader()
        # How many frames, and bytes, came with entries: what they bring bounds those.
        self._parts = self._part_bytes = self._bytes = 0
        self._out: deque[bytes] = deque()
        self._talks: list[Talk] = []
        self._door = door
        self._keeper: Keeper | None = None
        self._has_met = False
        self._is_lost = False
        self.code: Code | None = None
        self.other_code: int | None = None
        hello = self._greeting.hello(list(self._shelves), noise)
        self._out.append(write_frame(hello))

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be said or heard."""
        if self._is_lost or self.other_code is not None:
            return True
        if self.code is not None:
            return not self._out
        if self._keeper is not None:
            return self._keeper.is_over
        return self._has_met and not self._out and all(talk.is_over for talk in self._talks)

    def _has_ended(self) -> bool:
        """Whether one of the two has ended all of it."""
        return self._is_lost or self.code is not None or self.other_code is not None

    @property
    def wants_more_input(self) -> bool:
        """Whether `receive` may be called: always, for what comes is worked off at once."""
        return True

    @property
    def is_acquainted(self) -> bool:
        """Whether the other side has proved that it is admitted in a space in common."""
        return any(talk.exchange is not None for talk in self._talks)

    def send(self, max_bytes: int = 64 * 1024) -> bytes:
        """Bytes for the other side, of about `max_bytes`; none if there is nothing to say now."""
        parts: list[bytes] = []
        size_bytes = 0
        while size_bytes < max_bytes:
            frame = self._next()
            if not frame:
                break
            parts.append(frame)
            size_bytes += len(frame)
        return b"".join(parts)

    def _next(self) -> bytes:
        if self._out:
            return self._out.popleft()
        if self._has_ended():
            return b""
        if self._keeper is not None:
            return self._keeper.send()
        for talk in self._talks:
            frame = talk.send()
            if frame:
                return frame
        return b""

    def receive(self, data: bytes) -> None:
        """Bytes from the other side, as they come."""
        if self._has_ended():
            return
        self._bytes += len(data)
        try:
            for message in self._reader.feed(data):
                self._check()
                self._on(message)
                if self._has_ended():
                    break
            self._check()
        except Refused as error:
            is_large = error.message_id == "refused.too-large"
            self._end(Code.TOO_MUCH if is_large else Code.NOT_A_MESSAGE)

    def _check(self) -> None:
        """Frames that bring no entries, those of unknown types too, are few and small."""
        frames = self._reader.frames - self._parts
        if frames > FRAMES_MAX or self._bytes - self._part_bytes > FRAMES_MAX_BYTES:
            raise Refused("refused.too-large", max_bytes=FRAMES_MAX_BYTES)

    def _on(self, message: Message) -> None:
        if self._keeper is not None:
            self._keeper.hear(message)
        elif isinstance(message, Knock) and self._door is not None and not self._has_met:
            self._keeper = self._door(message)
        elif isinstance(message, Hello):
            self._on_hello(message)
        elif isinstance(message, Refuse) and message.space is None:
            self.other_code = message.code
            self._keep()
        else:
            number = getattr(message, "space", None)
            if number is None or not self._has_met or number >= len(self._talks):
                raise Refused("refused.not-a-message")
            talk = self._talks[number]
            if isinstance(message, Runs | Pieces) and not talk.is_refused:
                self._note_part(message.data)
            talk.receive(message)

    def _note_part(self, data: bytes) -> None:
        if len(data) >= _PART_MIN_BYTES:
            self._parts += 1
            self._part_bytes += len(data)

    def _on_hello(self, hello: Hello) -> None:
        if self._has_met:
            raise Refused("refused.not-a-message")
        if hello.version != VERSION:
            self._end(Code.OTHER_VERSION)
            return
        self._has_met = True
        for space in self._greeting.common(self._shelves, hello):
            shelf = self._shelves[space]
            assert shelf.link is not None
            talk = Talk(len(self._talks), shelf, shelf.link, self._greeting, self._binding)
            self._talks.append(talk)
        if not self._talks:
            self._end(Code.NO_COMMON_SPACE)

    def _end(self, code: Code) -> None:
        self.code = code
        self._keep()
        self._out.clear()
        self._out.append(write_frame(Refuse(int(code))))

    def lost(self) -> None:
        """The line broke. What arrived is kept."""
        self._is_lost = True
        self._keep()

    def _keep(self) -> None:
        for talk in self._talks:
            talk.lost()

    def outcomes(self) -> list[Outcome]:
        """What became of each space in common."""
        found = []
        for talk in self._talks:
            exchange = talk.exchange
            found.append(
                Outcome(
                    talk.space,
                    talk.peer.author if talk.peer else None,
                    exchange.new if exchange else 0,
                    exchange.rounds if exchange else 0,
                    exchange.is_equal if exchange else False,
                    talk.code,
                    talk.other_code,
                    exchange.refused if exchange else {},
                    talk.is_twin,
                )
            )
        return found
