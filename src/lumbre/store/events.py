"""The event log: what happened on this node, in ids and numbers.

For whoever repairs a node. It lies on the disk in the open, so it can hold no content and no
names: the formatter writes an event's id and whole numbers, and of anything else (a library's
message, a text, bytes) only that it was left out. Files are rotated and bounded.

    1789000000 sync.met peers=3 entries=120

The clock comes from outside.
"""

from __future__ import annotations

import logging
import logging.handlers
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from lumbre.store.limits import EVENTS_FILE_BYTES, EVENTS_FILES

LOGGER: Final = "lumbre.events"
_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,23}(\.[a-z][a-z0-9-]{0,23}){1,3}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LEFT_OUT: Final = "event.left-out"


class EventFormatter(logging.Formatter):
    """Writes ids and whole numbers, and nothing else, whatever it is given."""

    def __init__(self, clock_s: Callable[[], int]) -> None:
        super().__init__()
        self._clock_s = clock_s

    def format(self, record: logging.LogRecord) -> str:
        """One line; never a message, a traceback or the text of an argument."""
        id_ = record.msg
        # logging takes a single dict out of its tuple.
        values = record.args if isinstance(record.args, dict) else {}
        is_event = record.name == LOGGER and isinstance(id_, str) and _ID.fullmatch(id_)
        words = [str(self._clock_s()), str(id_) if is_event else _LEFT_OUT]
        if is_event:
            for name, value in values.items():
                if _NAME.fullmatch(str(name)) and type(value) in (int, bool):
                    words.append(f"{name}={int(value)}")
        else:
            words.append(f"level={int(record.levelno)}")
        return " ".join(words)


def open_events(path: Path, clock_s: Callable[[], int]) -> logging.Handler:
    """A handler that writes events to `path`, readable by its owner alone, rotated."""
    handler = _OwnersFile(
        path, maxBytes=EVENTS_FILE_BYTES, backupCount=EVENTS_FILES - 1, encoding="ascii"
    )
    handler.setFormatter(EventFormatter(clock_s))
    return handler


class _OwnersFile(logging.handlers.RotatingFileHandler):
    def _open(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 a stream, as typeshed says
        Path(self.baseFilename).touch(mode=0o600)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """A disk that is full must not stop the node, nor print what was to be written."""


def note(id_: str, **numbers: int) -> None:
    """Note that something happened."""
    assert _ID.fullmatch(id_), id_
    logging.getLogger(LOGGER).info(id_, numbers)
