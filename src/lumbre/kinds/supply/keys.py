"""Keys of the totals: which store, which good, and why. Built and read here only.

stock, handed-out, households   store, good
in, lost                        store, good, reason
transit                         from, to, good
cash                            box, currency
card                            store, good, depth, entry: the store's card, line by line
pen                             pen, depth: when it wrote

In any set of entries: in = stock + transit + handed-out + lost, of each good.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from lumbre.kinds.supply.records import Unit
from lumbre.record.log import Ref
from lumbre.schema.fields import Change, Code, quantity
from lumbre.schema.kind import ref_key

STOCK: Final = "stock"
TRANSIT: Final = "transit"
HANDED_OUT: Final = "handed-out"
HOUSEHOLDS: Final = "households"
LOST: Final = "lost"
IN: Final = "in"
CASH: Final = "cash"
CARD: Final = "card"
PEN: Final = "pen"
COUNTED: Final = 255
"""The reason of what only a stocktake found or missed.

Other domains that make or use up goods add to `stock` and `in` or `lost` by these keys, under
reasons from 100 on, so that every unit stays accounted for.
"""

_REF_BYTES: Final = 72

Amount = Annotated[int, quantity(low=0, high=2**63 - 1)]
"""A total of quantities in a row."""


def good_key(code: str, unit: Unit) -> bytes:
    """A good: its code and its smallest unit, together."""
    return code.encode() + b"\0" + bytes([unit])


def stock_key(store: Ref, code: str, unit: Unit, reason: int | None = None) -> bytes:
    """A good in a store; with why it came or went for `in` and `lost`."""
    end = b"" if reason is None else bytes([reason])
    return ref_key(store) + good_key(code, unit) + end


def transit_key(sent_from: Ref, sent_to: Ref, code: str, unit: Unit) -> bytes:
    """A good on its way between two stores."""
    return ref_key(sent_from) + ref_key(sent_to) + good_key(code, unit)


def card_key(store: Ref, code: str, unit: Unit, depth: int, movement: Ref) -> bytes:
    """One line of a good's card in a store, in causal order."""
    return stock_key(store, code, unit) + depth.to_bytes(8, "big") + ref_key(movement)


def pen_key(pen: Ref, depth: int) -> bytes:
    """That a pen wrote at this depth."""
    return ref_key(pen) + depth.to_bytes(8, "big")


def cash_key(box: Ref, currency: str) -> bytes:
    """A currency in a money box."""
    return ref_key(box) + currency.encode()


def read_ref(key: bytes) -> Ref:
    """The reference that a key begins with."""
    return Ref(key[:32], int.from_bytes(key[32:40], "big"), key[40:_REF_BYTES])


class StockLine(msgspec.Struct, array_like=True, frozen=True):
    """What the book says of a good in a store. Below zero: an overdraft, shown as one."""

    store: Ref
    good: Code
    unit: Unit
    quantity: Change
    is_overdraft: bool
    reason: int | None


class TransitLine(msgspec.Struct, array_like=True, frozen=True):
    """What is on its way. Below zero: more was received than was sent."""

    sent_from: Ref
    sent_to: Ref
    good: Code
    unit: Unit
    quantity: Change
    is_overdraft: bool


def stock_line(key: bytes, total: int) -> StockLine:
    """One total of `stock`, `handed-out`, `households`, `in` or `lost`."""
    code, unit, rest = _read_good(key[_REF_BYTES:])
    return StockLine(read_ref(key), code, unit, total, total < 0, rest[0] if rest else None)


def transit_line(key: bytes, total: int) -> TransitLine:
    """One total of `transit`."""
    code, unit, _ = _read_good(key[2 * _REF_BYTES :])
    return TransitLine(read_ref(key), read_ref(key[_REF_BYTES:]), code, unit, total, total < 0)


def _read_good(key: bytes) -> tuple[str, Unit, bytes]:
    code, _, rest = key.partition(b"\0")
    return code.decode(), Unit(rest[0]), rest[1:]
