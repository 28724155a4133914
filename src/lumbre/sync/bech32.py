"""Bech32 (BIP 173): how age writes 32-byte keys as text. Encoding only; nothing here reads one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_CHARS: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECK_VALUES: Final = 6


def bech32(prefix: str, data: bytes) -> str:
    """The text of `data` under a prefix, in lower case."""
    values = _groups_of_five(data)
    check = _polymod([*_expand(prefix), *values, *[0] * _CHECK_VALUES]) ^ 1
    values += [check >> 5 * (_CHECK_VALUES - 1 - i) & 31 for i in range(_CHECK_VALUES)]
    return prefix + "1" + "".join(_CHARS[value] for value in values)


def _expand(prefix: str) -> list[int]:
    return [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix]


def _groups_of_five(data: bytes) -> list[int]:
    bits = int.from_bytes(data, "big") << -len(data) * 8 % 5
    count = -(-len(data) * 8 // 5)
    return [bits >> 5 * (count - 1 - i) & 31 for i in range(count)]


def _polymod(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, part in enumerate(_GENERATOR):
            if top >> i & 1:
                check ^= part
    return check
