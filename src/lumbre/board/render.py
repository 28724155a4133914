"""Templates to pages. Everything is escaped; what templates may call is listed here."""

from __future__ import annotations

import hashlib
from functools import cache, partial
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from lumbre.node import said

PAGE_MAX_BYTES: Final = 30_000
"""What an old phone loads in a second over a crowded hotspot."""
STATIC: Final = {
    "lumbre.css": "text/css; charset=utf-8",
    "pictures.svg": "image/svg+xml",
}


@cache
def static_file(name: str) -> bytes:
    """A file that every page uses."""
    return (files("lumbre.board") / "static" / name).read_bytes()


@cache
def static_version() -> str:
    """Changes with the files, so that a browser may keep them until then."""
    digest = hashlib.sha256(b"".join(static_file(name) for name in sorted(STATIC)))
    return digest.hexdigest()[:8]


class Pages:
    """The templates."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=PackageLoader("lumbre.board"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "age": said.age,
            # A narrow space that does not break keeps the number and its unit on one line.
            "amount": partial(said.amount, space="\u202f"),
            "good_name": said.good,
            "picture_of": said.picture,
            "version": static_version(),
        }

    def render(self, name: str, values: dict[str, Any]) -> str:
        """A page's HTML."""
        return self._environment.get_template(f"{name}.html").render(values)
