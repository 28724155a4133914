"""What a side has still to say, in order: frames, and streams that are made as they are sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from lumbre.sync.frames import Message, write_frame


class Outbox:
    """Frames first in, first out. A stream is asked for its next frame when its turn comes."""

    def __init__(self) -> None:
        self._streams: deque[Iterator[bytes]] = deque()

    def __bool__(self) -> bool:
        return bool(self._streams)

    def say(self, message: Message) -> None:
        """Add one frame."""
        self.stream(iter((write_frame(message),)))

    def stream(self, frames: Iterator[bytes]) -> None:
        """Add frames that are made when they are sent."""
        self._streams.append(frames)

    def next(self) -> bytes:
        """The next frame; none while there is nothing to say."""
        while self._streams:
            frame = next(self._streams[0], None)
            if frame is not None:
                return frame
            self._streams.popleft()
        return b""

    def clear(self) -> None:
        """Say nothing of it any more."""
        self._streams.clear()
