"""Frames written field by field, for forgers."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from lumbre.record import LogName, SigningKey
from lumbre.record.keys import ENTRY_DOMAIN
from tests.record.helpers import secret


def forge(name: LogName, key: SigningKey, changes: dict[str, Any]) -> bytes:
    """A frame with a signature over the header that its numbers make, whatever they are."""
    says: dict[str, Any] = {
        "form": 1, "seq": 5, "depth_more": 3, "wall_s": 9, "bodies": 40, "zero": "",
        "prev": secret("prev"), "body": b"body", "key_id": b"abcd",
    } | changes  # fmt: skip
    seq, body = says["seq"], says["body"]
    header = [
        1, name.id, seq, says["prev"], seq + 1 + says["depth_more"], says["wall_s"],
        128 * (seq + 1) + says["bodies"], says["key_id"], len(body), hashlib.sha256(body).digest(),
    ]  # fmt: skip
    signature = key.sign(ENTRY_DOMAIN, hashlib.sha256(msgspec.msgpack.encode(header)).digest())
    first, packed = says["form"], b""
    for number in ("seq", "depth_more", "wall_s", "bodies"):
        data = says[number].to_bytes(-(-says[number].bit_length() // 8), "big")
        data = b"\0" * (says["zero"] == number) + data
        first = first << 3 | len(data)
        packed += data
    head = first.to_bytes(2, "big") + name.id[:4] + says["key_id"]
    return head + packed + says["prev"] + signature + body
