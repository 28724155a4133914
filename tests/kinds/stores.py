"""Stores with pens, and short ways to write their movements."""

from __future__ import annotations

from itertools import count
from typing import Any

from lumbre.kinds.situation.records import Place, PlaceType
from lumbre.kinds.supply import keys
from lumbre.kinds.supply.movements import (
    Adopted,
    Dispatch,
    HandedOut,
    Loss,
    Origin,
    Pen,
    PenPassed,
    Reason,
    Receipt,
    Received,
    ShareRule,
    Stocktake,
    WayLoss,
)
from lumbre.kinds.supply.records import Unit
from lumbre.record.log import Ref
from lumbre.schema.fields import Body
from lumbre.schema.roles import Role
from tests.kinds.world import HERE, Folded, World, named

FLOUR: dict[str, Any] = {"good": "flour", "unit": Unit.GRAM}


class Stores(World):
    """A world in which a keeper has a store of their own name."""

    def __init__(self, *keepers: str) -> None:
        super().__init__()
        self.store: dict[str, Ref] = {}
        self.pen: dict[str, Ref] = {}
        self._slips = count()
        for keeper in keepers or ("ana", "blas"):
            self.store[keeper] = self.write(
                Place(**HERE, name=keeper, place_type=PlaceType.STORE), keeper
            )
            self.pen[keeper] = self.give_pen(keeper, keeper)

    def give_pen(self, store: str, keeper: str, *, replaces: tuple[Ref, ...] = ()) -> Ref:
        pen = Pen(**HERE, store=self.store[store], keeper=named(keeper + "1"), replaces=replaces)
        return self.write(pen, "stew", role=Role.STEWARD)

    def pass_pen(self, store: str, to: str, *, by: str) -> Ref:
        passed = PenPassed(
            **HERE, store=self.store[store], keeper=named(to + "1"), from_pen=self.pen[store]
        )
        return self.write(passed, by)

    def slip(self) -> bytes:
        return next(self._slips).to_bytes(16, "big")

    def side(self, keeper: str, **more: Any) -> dict[str, Any]:
        return {
            **HERE,
            "pen": self.pen[keeper],
            "store": self.store[keeper],
            **FLOUR,
            "slip": self.slip(),
            **more,
        }

    def received(self, keeper: str, quantity: int, **more: Any) -> Received:
        return Received(**self.side(keeper, quantity=quantity, origin=Origin.DONATION, **more))

    def dispatch(self, keeper: str, to: str, quantity: int, **more: Any) -> Dispatch:
        return Dispatch(**self.side(keeper, quantity=quantity, to=self.store[to], **more))

    def receipt(self, keeper: str, dispatch: Ref, quantity: int, **more: Any) -> Receipt:
        return Receipt(**self.side(keeper, quantity=quantity, **self._sent(dispatch), **more))

    def way_loss(self, keeper: str, dispatch: Ref, quantity: int, **more: Any) -> WayLoss:
        fields = self.side(keeper, quantity=quantity, reason=Reason.SPILLED, **more)
        return WayLoss(**fields, **self._sent(dispatch))

    def loss(self, keeper: str, quantity: int, **more: Any) -> Loss:
        return Loss(**self.side(keeper, quantity=quantity, reason=Reason.SPOILED, **more))

    def handed_out(self, keeper: str, quantity: int, **more: Any) -> HandedOut:
        fields = {"households": 3, "rule": ShareRule.PER_HOUSEHOLD, **more}
        return HandedOut(**self.side(keeper, quantity=quantity, **fields))

    def stocktake(self, keeper: str, counted: int, difference: int, **more: Any) -> Stocktake:
        return Stocktake(**self.side(keeper, counted=counted, difference=difference, **more))

    def body(self, ref: Ref) -> Body:
        return self._by_ref[ref].body

    def _sent(self, ref: Ref) -> dict[str, Any]:
        sent: Any = self.body(ref)
        return {
            "dispatch": ref,
            "dispatch_slip": sent.slip,
            "sent_from": sent.store,
            "sent_to": sent.to,
            "need": sent.need,
        }


def adopted(world: Stores, keeper: str, of: Ref, dispatch: Ref, **more: Any) -> Adopted:
    moved: Any = world.body(of)
    sent: Any = world.body(dispatch)
    fields = {
        "pen": world.pen[keeper],
        "of": of,
        "slip": moved.slip,
        "dispatch": dispatch,
        "dispatch_slip": sent.slip,
    }
    return Adopted(**HERE, **{**fields, **more})


def assert_nothing_is_lost_or_made(folded: Folded) -> None:
    parts = (keys.STOCK, keys.TRANSIT, keys.HANDED_OUT, keys.LOST)
    assert folded.total(keys.IN) == sum(folded.total(name) for name in parts)
