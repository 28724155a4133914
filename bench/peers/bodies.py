"""The bodies that every side of the comparison carries: an observation of 226 bytes as JSON.

They are made here alone, so that lumbre and the peers carry the same; peers read them from a
file of JSON lines.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

# New entries begin here, wherever the base ends.
NEW_FROM: Final = 1_000_000
_FIRST_S: Final = 1_760_000_000


def body(number: int) -> dict[str, Any]:
    """The body of this number: a report with some words that repeat and some that do not."""
    noise = hashlib.sha256(b"b%d" % number).digest()
    words = base64.b64encode(noise).decode("ascii")[:40]
    return {
        "id": number,
        "t": _FIRST_S + number,
        "lat": round(_share(noise[0:2]), 6),
        "lon": round(-78 - _share(noise[2:4]), 6),
        "kind": "report/water",
        "txt": f"Pozo {number % 50} sin agua desde ayer; {words} familias afectadas, enviar tanque",
        "tags": ["agua", "urgente"],
        "n": noise[4],
    }


def body_json(number: int) -> bytes:
    """The body as the peers carry it."""
    return json.dumps(body(number), separators=(",", ":")).encode("ascii")


def write_bodies(path: Path, numbers: Iterable[int]) -> None:
    """A file with one body a line."""
    with path.open("wb") as file:
        file.writelines(body_json(number) + b"\n" for number in numbers)


def _share(two_bytes: bytes) -> float:
    return int.from_bytes(two_bytes, "little") / 65536
