"""Goods that are ready to be asked for, with their picture, so that nobody types a code at night.

Their codes and units are the same on every device; a community defines further ones. Their
names are in the catalogues ("good.<code>").
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

import msgspec

from lumbre.errors import Invalid
from lumbre.kinds.supply.records import WATER_CODES, Category, Tier, Unit, Water
from lumbre.node.words import LANGUAGES, Words
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


# What else people call them, by the code of what they type. Two goods for one thing would
# split its sums, and nobody would see it.
_ALSO: Final = {
    "water.potable": "agua-limpia agua-para-beber agua-para-tomar agua-de-beber agua-embotellada "
    "clean-water potable-water water-to-drink bottled-water",
    "water.to-boil": "agua-hervida agua-por-hervir boiled-water",
    "water.washing": "agua-de-lavar agua-para-limpiar wash-water water-for-washing",
    "food-bag": "bolsa-de-alimentos bolsas-de-comida clap food-bags food-parcel",
    "flour": "harina-pan harina-de-maiz harina-de-trigo",
    "baby-milk": "leche-de-bebe leche-para-bebe formula formula-infantil baby-formula",
    "nappies": "panal nappy diaper diapers",
    "first-aid-kit": "botiquines first-aid-kits primeros-auxilios",
    "medicine": "medicina medicinas medicamento medicamentos medicines",
    "diesel": "gasoil gasoleo diesel-gasoil",
    "gas-cylinder": "bombona bombonas bombonas-de-gas gas-cylinders gas-bottle",
    "batteries": "pila pilas bateria baterias battery",
    "blankets": "cobija manta mantas frazada frazadas blanket",
    "soap": "jabones",
    "tools": "herramienta tool",
}
_ANY_WATER: Final = frozenset({"agua", "aguas", "water"})


def ready_code(name: str) -> str | None:
    """The ready good that somebody means by a name, in any language; None where it is another.

    "Water" alone may be any of three, which never mix: that is asked and not guessed.
    """
    typed = code_of(name)
    if typed in _ANY_WATER:
        raise Invalid("invalid.which-water")
    return _by_name().get(typed)


@cache
def _by_name() -> dict[str, str]:
    found = {also: code for code, names in _ALSO.items() for also in names.split()}
    for language in LANGUAGES:
        words = Words(language)
        found |= {code_of(words(f"good.{good.code}")): good.code for good in READY}
    # A dot in a code is a hyphen by now: water.potable, water-potable.
    return found | {code_of(good.code): good.code for good in READY}


def code_of(name: str) -> str:
    """A code made from a name that somebody typed: "Cable 2,5 mm" -> "cable-2-5-mm"."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    code = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:CODE_MAX_CHARS].strip("-")
    if not code:
        raise Invalid("invalid.good-name")
    return code
