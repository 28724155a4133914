"""What happened on this device, for who mends it: ids and numbers, no names and no content.

    2026-02-01T02:10:00Z took new=5 refused=0

Rules: an event's values are integers; an error is its message id; a crash is its type and the
place in the code. The file is rotated, so that it never fills a disk.
"""

from __future__ import annotations

import logging
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from time import gmtime
from typing import Final

from lumbre.errors import LumbreError
from lumbre.store.folder import EVENTS

# A line has about 60 bytes: four files hold weeks of them.
FILE_MAX_BYTES: Final = 256 * 1024
FILES: Final = 3


class _Quiet(RotatingFileHandler):
    """A disk that is full or read-only must not stop what is being noted."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 logging's name
        """Leave the line out."""


class Events:
    """The events of one home folder."""

    def __init__(self, folder: Path) -> None:
        self._handler = _Quiet(
            folder / EVENTS, maxBytes=FILE_MAX_BYTES, backupCount=FILES, delay=True
        )
        form = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        form.converter = gmtime
        self._handler.setFormatter(form)

    def note(self, event: str, **numbers: int) -> None:
        """Note an event and its numbers."""
        values = "".join(f" {name}={number:d}" for name, number in numbers.items())
        self._write(event + values)

    def error(self, error: LumbreError) -> None:
        """Note an error by its id; its values may be names."""
        self._write(f"error {error.message_id}")

    def crash(self, error: BaseException) -> None:
        """Note what should not happen: which type, and where in the code."""
        frames = traceback.extract_tb(error.__traceback__)
        places = " ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-6:])
        self._write(f"crash {type(error).__name__} {places}")

    def _write(self, line: str) -> None:
        record = logging.LogRecord("lumbre", logging.INFO, "", 0, line, None, None)
        self._handler.handle(record)

    def close(self) -> None:
        """Let go of the file."""
        self._handler.close()
