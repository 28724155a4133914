"""Canonical bytes: one value, one encoding.

MessagePack with int, bool, nil, str, bytes and array; no float, map or extension. Integers,
lengths and strings take their shortest form. The check runs on the untyped value, so it
holds for kinds that this version does not know.

What it does not do: say whether a value makes sense. That is the schema's.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from lumbre.errors import Refused
from lumbre.record.limits import NESTING_MAX

Value = None | bool | int | str | bytes | Sequence["Value"]

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder()
_SCALARS = frozenset({int, str, bytes, bool, type(None)})


def encode(value: object) -> bytes:
    """Encode a Struct or a value of the allowed types; shortest forms, fixed order."""
    return _ENCODER.encode(value)


def decode(data: bytes, max_bytes: int) -> list[Value]:
    """Decode an untyped array, or raise `Refused` if `data` is not canonical.

    `max_bytes` is checked before parsing.
    """
    if len(data) > max_bytes:
        raise Refused("refused.too-large", size_bytes=len(data), max_bytes=max_bytes)
    try:
        value = _DECODER.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise Refused("refused.not-msgpack") from error
    if type(value) is not list or not _is_plain(value, NESTING_MAX):
        raise Refused("refused.not-canonical")
    if _ENCODER.encode(value) != data:
        raise Refused("refused.not-canonical")
    return value


def _is_plain(values: list[object], depth: int) -> bool:
    if depth == 0:
        return False
    for value in values:
        kind = type(value)
        if kind is list:
            if not _is_plain(value, depth - 1):  # type: ignore[arg-type]
                return False
        elif kind not in _SCALARS:
            return False
    return True
