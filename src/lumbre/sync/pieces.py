"""Pieces of media: asked for after everything else, and only where they are wanted.

A side asks for pieces by number, one medium at a time; so a transfer goes on where it broke
off. The answer is the list of hashes, where the asker has none, and the pieces, closed by `Sent`.

Rules: the list is checked against the medium's name and each piece against the list, before
they are kept; nothing comes that was not asked for, and nothing twice. A bad one is left out and
counted. What this does not do: decide which media are wanted. The shelf does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from lumbre.errors import Refused
from lumbre.record import MediaName
from lumbre.record.limits import HASH_BYTES
from lumbre.record.media import piece_hash, root_hash
from lumbre.sync.frames import (
    RANGES_MAX,
    Message,
    Pieces,
    Sent,
    WantPieces,
    write_frame,
)
from lumbre.sync.outbox import Outbox
from lumbre.sync.shelf import MediaShelf

# A meeting's share: 1 GiB in the greatest pieces. The next one goes on.
MEDIA_MAX: Final = 64
SHARE_MAX_PIECES: Final = 4096


class Media:
    """Both sides' asks for pieces, in one space."""

    def __init__(self, number: int, shelf: MediaShelf | None) -> None:
        self._number = number
        self._shelf = shelf
        self._out = Outbox()
        self._wanted: deque[MediaName] = deque()
        self._left = SHARE_MAX_PIECES
        self._asked: MediaName | None = None
        self._hashes: Sequence[bytes] = ()
        self._numbers: set[int] = set()
        self._answered = self._answered_pieces = 0
        self.has_begun = False
        self.refused = 0

    def begin(self) -> None:
        """Ask for what is wanted now."""
        self.has_begun = True
        if self._shelf is not None:
            self._wanted.extend(self._shelf.wanted(MEDIA_MAX))
        self._ask()

    @property
    def wants(self) -> bool:
        """Whether pieces of any medium are wanted."""
        return self._shelf is not None and bool(self._shelf.wanted(1))

    @property
    def is_asking(self) -> bool:
        """Whether an answer is still to come."""
        return self._asked is not None

    def send(self) -> bytes:
        """The next frame; none while there is nothing to say."""
        return self._out.next()

    def receive(self, message: Message) -> None:
        """Raises `Refused` on what nobody asked for."""
        match message:
            case WantPieces():
                self._on_want(message)
            case Pieces() if self._shelf is not None and self._asked is not None:
                take = self._take_hashes if message.is_hashes else self._take
                take(self._shelf, self._asked, message)
            case Sent() if self._asked is not None:
                self._ask()
            case _:
                raise Refused("refused.not-a-message")

    # Asking

    def _ask(self) -> None:
        self._asked = None
        while self._shelf is not None and self._wanted and self._asked is None:
            media = self._wanted.popleft()
            numbers = self._shelf.missing(media)[: self._left]
            if numbers:
                self._asked = media
                self._hashes = self._shelf.hashes(media)
                ranges = _ranges(numbers)[:RANGES_MAX]
                self._numbers = {n for first, last in ranges for n in range(first, last + 1)}
                self._left -= len(self._numbers)
                ask = WantPieces(self._number, media, ranges, bool(self._hashes))
                self._out.say(ask)

    def _take_hashes(self, shelf: MediaShelf, media: MediaName, message: Pieces) -> None:
        data = message.data
        hashes = [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
        is_it = len(data) == media.pieces * HASH_BYTES and (
            root_hash(hashes, media.size_bytes) == media.root
        )
        if self._hashes or not is_it:
            raise Refused("refused.not-a-message")
        self._hashes = hashes
        shelf.keep_hashes(media, hashes)

    def _take(self, shelf: MediaShelf, media: MediaName, message: Pieces) -> None:
        number, piece = message.number, message.data
        if not self._hashes or number not in self._numbers:
            raise Refused("refused.not-a-message")
        self._numbers.discard(number)
        is_long = len(piece) == media.length_bytes(number)
        if is_long and piece_hash(number, piece) == self._hashes[number]:
            shelf.keep(media, number, piece)
        else:
            self.refused += 1

    # Answering

    def _on_want(self, want: WantPieces) -> None:
        self._answered += 1
        self._answered_pieces += sum(last - first + 1 for first, last in want.ranges)
        if self._answered > MEDIA_MAX or self._answered_pieces > SHARE_MAX_PIECES:
            raise Refused("refused.too-large", max_bytes=SHARE_MAX_PIECES)
        self._out.stream(self._answer(want))

    def _answer(self, want: WantPieces) -> Iterator[bytes]:
        shelf = self._shelf
        hashes = shelf.hashes(want.media) if shelf is not None else ()
        if hashes and not want.has_hashes:
            yield write_frame(Pieces(self._number, 0, b"".join(hashes), is_hashes=True))
        for first, last in want.ranges if hashes else ():
            for number in range(first, min(last + 1, len(hashes))):
                piece = shelf.piece(want.media, number) if shelf is not None else None
                if piece is not None:
                    yield write_frame(Pieces(self._number, number, piece))
        yield write_frame(Sent(self._number))


def _ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers in order as (first, last)."""
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = ranges[-1][0], number
        else:
            ranges.append((number, number))
    return ranges
