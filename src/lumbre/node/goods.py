"""Goods that are ready to be asked for, with their picture, so that nobody types a code at night.

Their codes and units are the same on every device; a community defines further ones. Their
names are in the catalogues ("good.<code>").
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import msgspec

from lumbre.errors import Invalid
from lumbre.kinds.supply.records import WATER_CODES, Category, Tier, Unit, Water
from lumbre.schema.fields import CODE_MAX_CHARS


class Ready(msgspec.Struct, frozen=True):
    """A good that needs no definition."""

    code: str
    unit: Unit
    category: Category
    tier: Tier

    @property
    def water(self) -> Water:
        """Which of the three waters, or none."""
        return WATER_CODES.get(self.code, Water.NOT_WATER)


_L, _G, _P = Unit.MILLILITRE, Unit.GRAM, Unit.PIECE

READY: Final = tuple(
    Ready(code, unit, category, tier)
    for code, unit, category, tier in (
        ("water.potable", _L, Category.WATER, Tier.LIFE),
        ("water.to-boil", _L, Category.WATER, Tier.LIFE),
        ("water.washing", _L, Category.WATER, Tier.BASIC),
        ("food-bag", _P, Category.FOOD, Tier.LIFE),
        ("flour", _G, Category.FOOD, Tier.LIFE),
        ("rice", _G, Category.FOOD, Tier.LIFE),
        ("baby-milk", _G, Category.BABY, Tier.LIFE),
        ("nappies", _P, Category.BABY, Tier.BASIC),
        ("insulin", _P, Category.MEDICINE, Tier.LIFE),
        ("first-aid-kit", _P, Category.MEDICINE, Tier.LIFE),
        ("medicine", _P, Category.MEDICINE, Tier.LIFE),
        ("diesel", _L, Category.FUEL, Tier.BASIC),
        ("gas-cylinder", _P, Category.FUEL, Tier.BASIC),
        ("batteries", _P, Category.POWER, Tier.BASIC),
        ("blankets", _P, Category.SHELTER, Tier.BASIC),
        ("soap", _P, Category.HYGIENE, Tier.BASIC),
        ("tools", _P, Category.TOOL, Tier.USEFUL),
    )
)
BY_CODE: Final = {good.code: good for good in READY}

OTHER: Final = "other"
"""What a form sends when the good is none of these: then its name is typed."""


def code_of(name: str) -> str:
    """A code made from a name that somebody typed: "Cable 2,5 mm" -> "cable-2-5-mm"."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    code = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:CODE_MAX_CHARS].strip("-")
    if not code:
        raise Invalid("invalid.good-name")
    return code
