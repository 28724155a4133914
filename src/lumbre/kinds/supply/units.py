"""From what people write ("1,5 t", "3 sacos de 25 kg") to whole smallest units, and back.

Rules: exact fractions, no float; what does not come out whole is refused, never rounded. Mass
stays mass and volume stays volume: nothing here knows a density, and one good is never
turned into another (water least of all). "1.500" is refused, since half of its readers take
it for one and a half. The units are the list below; nothing is read from a file.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from lumbre.errors import Invalid
from lumbre.kinds.supply.records import Unit
from lumbre.schema.fields import QUANTITY_MAX

if TYPE_CHECKING:
    from pint import UnitRegistry

TEXT_MAX: Final = 60
"""Letters of an amount: "12 bidones de 1.250,5 litros" has 29."""

# In small letters, as they are compared. Weights that differ from country to country
# (quintal, arroba, onza, galon) are left out: who uses them writes kilos or litres.
_UNITS: Final = {
    Unit.GRAM: (
        "gram = [mass] = g = gr = grs = gramo = gramos = grams",
        "milligram = gram / 1000 = mg = miligramo = miligramos = milligrams",
        "kilogram = 1000 * gram = kg = kgs = kilo = kilos = kilogramo = kilogramos = kilograms",
        "tonne = 1000000 * gram = t = tn = ton = tonelada = toneladas = tonnes",
    ),
    Unit.MILLILITRE: (
        "millilitre = [volume] = ml = cc = cm3 = mililitro = mililitros = milliliter",
        "centilitre = 10 * millilitre = cl = centilitro = centilitros",
        "litre = 1000 * millilitre = l = lt = lts = ltr = litro = litros = liter = liters = litres",
        "cubic_metre = 1000000 * millilitre = m3 = metro_cubico = metros_cubicos",
    ),
    Unit.PIECE: (
        "piece = [count] = u = ud = uds = unidad = unidades = pieza = piezas = pieces = units",
        "pair = 2 * piece = par = pares = pairs",
        "dozen = 12 * piece = docena = docenas = dozens",
    ),
    Unit.WATT_HOUR: (
        "watt_hour = [energy] = wh",
        "kilowatt_hour = 1000 * watt_hour = kwh",
        "megawatt_hour = 1000000 * watt_hour = mwh",
    ),
    Unit.MILLIMETRE: (
        "millimetre = [length] = mm = milimetro = milimetros",
        "centimetre = 10 * millimetre = cm = centimetro = centimetros",
        "metre = 1000 * millimetre = m = metro = metros = meter = meters = metres",
        "kilometre = 1000000 * millimetre = km = kilometro = kilometros",
    ),
}
_LARGER: Final = {
    Unit.GRAM: ((10**6, "t"), (10**3, "kg"), (1, "g")),
    Unit.MILLILITRE: ((10**3, "L"), (1, "ml")),
    Unit.PIECE: ((1, ""),),
    Unit.WATT_HOUR: ((10**3, "kWh"), (1, "Wh")),
    Unit.MILLIMETRE: ((10**3, "m"), (1, "mm")),
}
_PLAIN_LETTERS: Final = str.maketrans("áéíóúü³", "aeiouu3")
_NUMBER: Final = r"\d[\d.,\u00a0\u202f ]*"
_WORDS: Final = r"[^\W\d_][^\W_]*(?: [^\W\d_][^\W_]*)?"
# 3 sacos de 25 kg, 3 x 25 kg
_PACKS: Final = re.compile(
    rf"(?P<packs>{_NUMBER})(?:{_WORDS} (?:de|of) |[x×*])\s*"
    rf"(?P<amount>{_NUMBER})(?P<unit>{_WORDS})"
)
_PLAIN: Final = re.compile(rf"(?P<amount>{_NUMBER})(?P<unit>{_WORDS})?")
_THREE_DIGITS: Final = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_GROUPED: Final = re.compile(r"[1-9]\d{0,2}(?:([., ])\d{3})(?:\1\d{3})*(?:(?!\1)[.,]\d+)?")


def smallest(text: str, unit: Unit) -> int:
    """How many of a good's smallest unit `text` says; `Invalid` says what is wrong with it."""
    if len(text) > TEXT_MAX:
        raise Invalid("invalid.amount-too-long", longest=TEXT_MAX)
    plain = " ".join(text.lower().translate(_PLAIN_LETTERS).split())
    found = _PACKS.fullmatch(plain) or _PLAIN.fullmatch(plain)
    if found is None:
        raise Invalid("invalid.amount-unreadable")
    parts = found.groupdict()
    amount = _number(parts["amount"]) * _number(parts.get("packs") or "1")
    counted = amount * _factor(parts["unit"], unit)
    if counted.denominator != 1:
        raise Invalid("invalid.amount-not-whole", unit=unit.name)
    if not 1 <= counted.numerator <= QUANTITY_MAX:
        raise Invalid("invalid.amount-bounds", low=1, high=QUANTITY_MAX)
    return counted.numerator


def readable(amount: int, unit: Unit) -> tuple[str, str]:
    """An amount in the largest unit that suits it: ("1.5", "kg"); exact, the point as decimal."""
    size, symbol = next(
        (pair for pair in _LARGER[unit] if abs(amount) >= pair[0]), _LARGER[unit][-1]
    )
    whole, rest = divmod(abs(amount), size)
    digits = str(rest).rjust(len(str(size)) - 1, "0").rstrip("0") if rest else ""
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}", symbol


def _number(text: str) -> Fraction:
    """A number as it is written in Spanish or in English, where only one reading is possible."""
    text = re.sub("[\u00a0\u202f]", " ", text).strip()
    if _THREE_DIGITS.fullmatch(text):
        raise Invalid("invalid.amount-ambiguous")
    if grouped := _GROUPED.fullmatch(text):
        text = text.replace(grouped.group(1), "")
    try:
        return Fraction(text.replace(",", "."))
    except ValueError:
        raise Invalid("invalid.amount-unreadable") from None


def _factor(name: str | None, unit: Unit) -> Fraction:
    from pint.errors import DimensionalityError, UndefinedUnitError

    registry = _registry()
    base = _UNITS[unit][0].split(" ", 1)[0]
    if name is None:
        if unit is not Unit.PIECE:
            raise Invalid("invalid.amount-needs-unit", unit=unit.name)
        name = base
    try:
        found = registry.Quantity(Fraction(1), name.strip().replace(" ", "_")).to(base)
    except DimensionalityError:
        raise Invalid("invalid.amount-other-measure", unit=unit.name) from None
    except (UndefinedUnitError, ValueError, AttributeError):
        raise Invalid("invalid.amount-no-such-unit", unit=unit.name) from None
    return Fraction(found.magnitude)


@cache
def _registry() -> UnitRegistry[Any]:
    """Made at the first use: most devices never read an amount."""
    from pint import UnitRegistry

    registry: UnitRegistry[Any] = UnitRegistry(None, non_int_type=Fraction, on_redefinition="raise")
    registry.load_definitions([line for lines in _UNITS.values() for line in lines])
    return registry
