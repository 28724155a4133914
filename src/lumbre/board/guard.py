"""What every request passes first: whose name it was sent to, and who sends it.

- Host must be a loopback name: a page of another site that had its name rebound to 127.0.0.1
  still sends its own name (DNS rebinding).
- What changes something must come from this board's own pages: Origin, else Sec-Fetch-Site,
  else Referer, says so; who says nothing at all is refused. Each form also carries a token.
- A body is capped before it is read.
- Every answer forbids scripts, framing and referrers to others, and is kept by no cache.

What this does not do: know who sits at the device. Whoever may use it may use the board.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lumbre.board.forms import UPLOAD_MAX_BYTES

_LOOPBACK: Final = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?")
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
_METHODS: Final = _SAFE_METHODS | {"POST"}

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not "no-referrer": with it a browser sends "Origin: null" with its own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """Wraps the board's routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on with the headers that every answer has."""
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = refuse(scope["method"], Headers(scope=scope))
        if refusal:
            response = PlainTextResponse(refusal[1] + "\n", refusal[0])
            await response(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def refuse(method: str, headers: Headers) -> tuple[int, str] | None:
    """The status and why, or None where the request may go on."""
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _LOOPBACK.fullmatch(hosts[0].lower()):
        return 421, "host"
    if method not in _METHODS:
        return 405, "method"
    if method in _SAFE_METHODS:
        return None
    if not is_own(headers, hosts[0].lower()):
        return 403, "origin"
    length = headers.get("content-length", "")
    if not length.isascii() or not length.isdigit():
        return 411, "length"
    if len(length) > 12 or int(length) > UPLOAD_MAX_BYTES:
        return 413, "size"
    return None


def is_own(headers: Headers, host: str) -> bool:
    """Whether a page of this board sent the request."""
    origin = headers.get("origin")
    if origin is not None:
        return origin.lower() == f"http://{host}"
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    referer = urlsplit(headers.get("referer", "").lower())
    return referer.scheme == "http" and referer.netloc == host
