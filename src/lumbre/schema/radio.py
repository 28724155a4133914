"""How large a kind's bodies may get, and whether they fit a radio's frame.

The bound is taken from the fields alone, so it holds for every value that the registry
accepts. A full reference does not fit: an optional one (`speaks_for`) counts as absent,
since such a body goes by other carriers, and a required one is `Invalid`.

What this does not do: measure one entry; that is `record.radio.radio_frame_bytes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from lumbre.errors import Invalid
from lumbre.record.canonical import encode
from lumbre.record.limits import (
    HASH_BYTES,
    MEDIA_MAX_BYTES,
    PIECE_MAX_BYTES,
    RADIO_BODY_MAX_BYTES,
    RADIO_HASH_BYTES,
    RADIO_SEQ_MAX,
    RADIO_TAG_BYTES,
    SEQ_MAX,
)
from lumbre.record.log import Mention, Ref
from lumbre.record.media import MediaName
from lumbre.record.radio import RadioRef
from lumbre.schema.fields import Body, Field, fields_of, kind_name

_HASH: Final = bytes(HASH_BYTES)
_NIL_BYTES: Final = 1
_SIZES_BYTES: Final = {
    bool: 1,
    Mention: len(encode(Mention(SEQ_MAX, _HASH, _HASH))),
    MediaName: len(encode(MediaName(_HASH, MEDIA_MAX_BYTES, PIECE_MAX_BYTES))),
    RadioRef: len(encode(RadioRef(bytes(RADIO_TAG_BYTES), RADIO_SEQ_MAX, bytes(RADIO_HASH_BYTES)))),
}


def radio_body_max_bytes(record: type[Body]) -> int:
    """The most bytes that a body of this record may have, without a full reference.

    `Invalid` where a field has no bound, or cannot go by radio.
    """
    fields = fields_of(record)
    kind_bytes = len(encode(kind_name(record)))
    return _array_bytes(1 + len(fields)) + kind_bytes + _sum_bytes(fields)


def fits_radio(record: type[Body]) -> bool:
    """Whether every body of this record that names nobody to speak for fits a frame."""
    return radio_body_max_bytes(record) <= RADIO_BODY_MAX_BYTES


def _sum_bytes(fields: Iterable[Field]) -> int:
    return sum(_field_bytes(field) for field in fields)


def _field_bytes(field: Field) -> int:
    if field.base is Ref and field.is_optional and not field.is_list:
        return _NIL_BYTES
    item_bytes = _value_bytes(field)
    if not field.is_list:
        return item_bytes
    if field.items_max is None:
        raise Invalid("invalid.field-unbounded", field=field.name)
    return _array_bytes(field.items_max) + field.items_max * item_bytes


def _value_bytes(field: Field) -> int:
    """Of one value; never less than nil, so an optional field needs no more."""
    base = field.base
    if base in _SIZES_BYTES:
        return _SIZES_BYTES[base]
    if field.parts:
        return _array_bytes(len(field.parts)) + _sum_bytes(field.parts)
    if issubclass(base, Enum):
        return max(len(encode(value)) for _, value in field.choices)
    if issubclass(base, int):
        if field.low is None or field.high is None:
            raise Invalid("invalid.field-unbounded", field=field.name)
        return max(len(encode(field.low)), len(encode(field.high)))
    if not issubclass(base, str | bytes):
        raise Invalid("invalid.field-not-by-radio", field=field.name)
    if field.bytes_max is None:
        raise Invalid("invalid.field-unbounded", field=field.name)
    return len(encode("x" * field.bytes_max if issubclass(base, str) else bytes(field.bytes_max)))


def _array_bytes(length: int) -> int:
    return len(encode((None,) * length)) - length
