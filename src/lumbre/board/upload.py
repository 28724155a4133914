"""Bundles that phones bring: taken to a file without a name, with caps, a few at a time.

A neighbour's phone is slow and nobody knows it. What it sends goes to the disk as it comes, in
the home's own folder and under no name, and is gone when the request ends; it is sealed as it
travels. Names that it sends are looked at nowhere.

Caps: the size is refused before it is read; so many uploads at once; so many an hour, for all
together, since phones on a hotspot cannot be told apart for long.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from pathlib import Path
from typing import Final

from starlette.requests import Request

from lumbre.board.forms import FIELDS_MAX, Form
from lumbre.errors import Refused
from lumbre.node.ports import Clock
from lumbre.sync.sealed_bundle import SEALED_MAX_BYTES

# One bundle, and what the form wraps around it.
BUNDLE_UPLOAD_MAX_BYTES: Final = SEALED_MAX_BYTES + 64 * 1024
AT_ONCE_MAX: Final = 8
# One every six seconds, all day; forty at once after a quiet while.
UPLOADS_MAX: Final = 40
REFILL_S: Final = 6
_FIELD_MAX_BYTES: Final = 4096
_BOUNDARY_MAX_CHARS: Final = 70


class Uploads:
    """How many uploads there may be, for one board."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._under_way = 0
        self._left = UPLOADS_MAX
        self._since_s = clock.now_s()

    @contextmanager
    def one(self) -> Iterator[None]:
        """While one upload lasts; `Refused` where there are too many."""
        self._refill()
        if self._under_way >= AT_ONCE_MAX or self._left == 0:
            raise Refused("refused.busy-phones")
        self._left -= 1
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    def _refill(self) -> None:
        now_s = self._clock.now_s()
        if now_s < self._since_s:
            # The clock was set back: what it says counts from here.
            self._since_s = now_s
        more = (now_s - self._since_s) // REFILL_S
        self._left = min(UPLOADS_MAX, self._left + more)
        self._since_s += more * REFILL_S


async def read_bundle_upload(request: Request, folder: Path) -> tuple[Form, bytes]:
    """The short fields of a form, and the one file in it."""
    boundary = _boundary(request.headers.get("content-type", ""))
    with tempfile.TemporaryFile(dir=folder) as spool:
        size = 0
        async for part in request.stream():
            size += len(part)
            if size > BUNDLE_UPLOAD_MAX_BYTES:
                raise Refused("refused.too-large", max_bytes=BUNDLE_UPLOAD_MAX_BYTES)
            spool.write(part)
        spool.seek(0)
        return _parts(spool.read(), boundary)


def _boundary(content_type: str) -> bytes:
    found = BytesParser().parsebytes(b"Content-Type: " + content_type.encode("latin-1") + b"\n\n")
    boundary = found.get_param("boundary")
    if (
        found.get_content_type() != "multipart/form-data"
        or not isinstance(boundary, str)
        or not 0 < len(boundary) <= _BOUNDARY_MAX_CHARS
    ):
        raise Refused("refused.not-a-bundle")
    return boundary.encode("latin-1", "replace")


def _parts(data: bytes, boundary: bytes) -> tuple[Form, bytes]:
    form: Form = {}
    file = b""
    # Of two files the first counts, as for fields.
    for piece in (b"\r\n" + data).split(b"\r\n--" + boundary, FIELDS_MAX)[1:]:
        head, blank, content = piece.partition(b"\r\n\r\n")
        if not blank or len(head) > _FIELD_MAX_BYTES:
            continue
        says = BytesParser().parsebytes(head.lstrip() + b"\n\n", headersonly=True)
        name = says.get_param("name", header="content-disposition")
        if says.get_param("filename", header="content-disposition") is not None:
            file = file or content
        elif isinstance(name, str) and len(content) <= _FIELD_MAX_BYTES:
            form.setdefault(name, content.decode("utf-8", "replace"))
    return form, file
