"""What happened on this device, for who mends it: ids and numbers, no names and no content.

An error is noted by its message id, a crash by the module and line where it happened. The
form of the file, its bounds and its rotation are the store's (`lumbre.store.events`).
"""

from __future__ import annotations

import logging
import re
import traceback
from pathlib import Path
from typing import Final

from lumbre.errors import LumbreError
from lumbre.node.ports import Clock
from lumbre.store.events import LOGGER, open_events
from lumbre.store.folder import EVENTS

_NOT_PLAIN: Final = re.compile("[^a-z0-9-]+")


class Events:
    """The events of one home folder."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._handler = open_events(folder / EVENTS, clock.now_s)

    def note(self, event: str, **numbers: int) -> None:
        """Note an event and its numbers."""
        record = logging.LogRecord(LOGGER, logging.INFO, "", 0, f"node.{event}", (), None)
        record.args = numbers
        self._handler.handle(record)

    def error(self, error: LumbreError) -> None:
        """Note an error by its id; its values may be names."""
        self.note(f"error.{error.message_id}")

    def crash(self, error: BaseException) -> None:
        """Note what should not happen: where in the code, from the inside out."""
        self.note(f"crash.{_plain(type(error).__name__)}")
        for frame in reversed(traceback.extract_tb(error.__traceback__)[-4:]):
            self.note(f"crash.{_plain(Path(frame.filename).stem)}", line=frame.lineno or 0)

    def close(self) -> None:
        """Let go of the file."""
        self._handler.close()


def _plain(name: str) -> str:
    return _NOT_PLAIN.sub("-", name.lower()).strip("-")[:24] or "unnamed"
