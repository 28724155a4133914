"""Reading forms, and the slips that let a double tap write once.

A slip is 16 random bytes that a form gets when it is opened, with a mark that only this
process can make. The first post with a slip writes; a second is led to where the first went.
A slip from before a restart is not ours: its form is shown again, filled, to be sent anew.

Caps: a form has few and short fields; a file is read only where one is asked for.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from email import policy
from email.parser import BytesParser
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from lumbre.errors import Refused
from lumbre.node.ports import Random

FORM_MAX_BYTES: Final = 64 * 1024
"""As much as one body of an entry."""
UPLOAD_MAX_BYTES: Final = 64 * 1024 * 1024
"""A bundle through the browser lies in memory; larger ones go by folder."""
FIELDS_MAX: Final = 64
SLIPS_MAX: Final = 2000
"""An hour of a busy desk."""
SLIP_BYTES: Final = 16
_MARK_BYTES: Final = 16

Form = dict[str, str]


async def read_form(request: Request) -> Form:
    """The fields of a form; the first of a name counts."""
    data = await _read(request, FORM_MAX_BYTES)
    try:
        pairs = parse_qsl(
            data.decode("utf-8", "replace"),
            keep_blank_values=True,
            max_num_fields=FIELDS_MAX,
            errors="replace",
        )
    except ValueError as error:
        raise Refused("refused.too-many-fields", most=FIELDS_MAX) from error
    form: Form = {}
    for name, value in pairs:
        form.setdefault(name, _clean(value))
    return form


async def read_upload(request: Request) -> tuple[Form, bytes]:
    """The fields of a form and the one file in it."""
    data = await _read(request, UPLOAD_MAX_BYTES)
    header = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = BytesParser(policy=policy.HTTP).parsebytes(header + data)
    form: Form = {}
    file = b""
    for part, _ in zip(message.iter_parts(), range(FIELDS_MAX), strict=False):
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        if part.get_filename() is not None:
            file = file or content
        elif isinstance(name, str):
            form.setdefault(name, _clean(content.decode("utf-8", "replace")))
    return form, file


async def _read(request: Request, max_bytes: int) -> bytes:
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > max_bytes:
            raise Refused("refused.too-large", max_bytes=max_bytes)
    return bytes(data)


def _clean(value: str) -> str:
    """Without what cannot be stored or seen: surrogates and control characters but newlines."""
    plain = value.replace("\r\n", "\n").encode("utf-8", "replace").decode()
    return "".join(char for char in plain if char == "\n" or char == "\t" or ord(char) >= 32)


class Slips:
    """One-time tokens of forms."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._secret = random.bytes(32)
        self._done: OrderedDict[str, str] = OrderedDict()

    def new(self) -> str:
        """A token for a form that is being shown."""
        slip = self._random.bytes(SLIP_BYTES)
        return (slip + self._mark(slip)).hex()

    def is_ours(self, token: str) -> bool:
        """Whether this process gave the token out."""
        try:
            data = bytes.fromhex(token)
        except ValueError:
            return False
        return hmac.compare_digest(data[SLIP_BYTES:], self._mark(data[:SLIP_BYTES]))

    def _mark(self, slip: bytes) -> bytes:
        return hmac.new(self._secret, slip, hashlib.sha256).digest()[:_MARK_BYTES]

    def done(self, token: str) -> str | None:
        """Where the first post with this token led, if there was one."""
        return self._done.get(token)

    def finish(self, token: str, where: str) -> None:
        """Remember that a token was used."""
        self._done[token] = where
        while len(self._done) > SLIPS_MAX:
            self._done.popitem(last=False)
