"""How large a body is at worst: what may go by radio is known before a radio is there.

In radio form a reference is (log tag 4 B, seq, 8 bytes of hash). The kinds that go by radio
today carry words and numbers and no reference at all.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from lumbre.kinds.shared import ASCII_PATTERN
from lumbre.record.limits import SALT_BYTES
from lumbre.record.log import Ref
from lumbre.record.seal import RADIO_PAD_BYTES, TAG_BYTES, sealed_bytes
from lumbre.schema.fields import CODE_PATTERN, LIST_MAX, Body, Field, fields_of, kind_name

RADIO_BODY_MAX_BYTES: Final = 56
"""What a frame of 200 bytes leaves for a padded body."""
RADIO_REF_BYTES: Final = 1 + (2 + 4) + 9 + (2 + 8)

_ONE_BYTE_LETTERS: Final = frozenset({ASCII_PATTERN, CODE_PATTERN})
_UTF8_MAX: Final = 4


def worst_body_bytes(record: type[Body]) -> int:
    """The longest canonical body of a kind, its references in radio form.

    A kind without references speaks for nobody: its rules see to that.
    """
    fields = [field for field in fields_of(record) if field.name != "speaks_for"]
    speaks_for = RADIO_REF_BYTES if any(field.base is Ref for field in fields) else 1
    kind = _text(len(kind_name(record)))
    return _array(len(fields) + 2) + kind + speaks_for + sum(map(_worst, fields))


def worst_radio_bytes(record: type[Body]) -> int:
    """What of the frame the body takes once it is padded."""
    return sealed_bytes(worst_body_bytes(record), RADIO_PAD_BYTES) - SALT_BYTES - TAG_BYTES


def _worst(field: Field) -> int:
    if field.is_list:
        times = field.list_max if field.list_max is not None else LIST_MAX
        return _array(times) + times * _one(field)
    return _one(field)


def _one(field: Field) -> int:
    if field.base is Ref:
        return RADIO_REF_BYTES
    if issubclass(field.base, Enum):
        return max(
            _text(len(str(value).encode())) if isinstance(value, str) else _int(value)
            for _, value in field.choices
        )
    if field.base is bool:
        return 1
    if field.base is int:
        return max(_int(bound) for bound in (field.low, field.high) if bound is not None)
    assert field.length_max is not None, field.name
    if field.base is str:
        letter = 1 if field.pattern in _ONE_BYTE_LETTERS else _UTF8_MAX
        return _text(field.length_max * letter)
    assert field.base is bytes, field.name
    return max(2, _text(field.length_max))


def _text(size: int) -> int:
    return size + (1 if size < 32 else 2 if size < 2**8 else 3 if size < 2**16 else 5)


def _array(size: int) -> int:
    return 1 if size < 16 else 3


def _int(value: int) -> int:
    if -32 <= value < 2**7:
        return 1
    limits = ((2**8, 2), (2**16, 3), (2**32, 5)) if value >= 0 else ((2**7, 2), (2**15, 3))
    return next((size for limit, size in limits if abs(value) < limit), 9)
