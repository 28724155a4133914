"""How things are said to people: ages, amounts, goods, states. For the board and the terminal.

Rules: an age is "12 min ago by the clock of who wrote it": never more than is proven. What
this does not do: HTML, tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lumbre.kinds.supply.records import Unit
from lumbre.kinds.supply.units import readable
from lumbre.node.census import Holders
from lumbre.node.goods import BY_CODE
from lumbre.node.words import Words

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86400
# A wall clock that runs ahead by less than this is not worth a remark.
_AHEAD_S: Final = 120


def age(words: Words, then_s: int, now_s: int) -> str:
    """How long ago something was written, by the two clocks involved."""
    seconds = now_s - then_s
    if seconds < -_AHEAD_S:
        return words("age.ahead")
    if seconds < _MINUTE_S:
        return words("age.now")
    if seconds < _HOUR_S:
        return words.count("age.minutes", seconds // _MINUTE_S)
    if seconds < _DAY_S:
        return words.count("age.hours", seconds // _HOUR_S)
    return words.count("age.days", seconds // _DAY_S)


def held(words: Words, holders: Holders, now_s: int) -> str:
    """Who holds an entry, and no more than was said of it."""
    if not holders.devices or holders.last_heard_s is None:
        return words("board.on-this-device" if holders.here else "board.held.nowhere")
    message_id = "board.held.here" if holders.here else "board.held.elsewhere"
    heard = age(words, holders.last_heard_s, now_s)
    return words.count(message_id, holders.devices, age=heard)


def kind(words: Words, name: str) -> str:
    """A kind in a person's words, then the name that commands take, where they differ."""
    shown = words.of("kind", name)
    return shown if shown == name else f"{shown} ({name})"


def held_list(words: Words, holders: Sequence[Holders], now_s: int) -> str:
    """The same for a list: what is true of each of its entries."""
    alone = sum(1 for one in holders if not one.devices)
    heard = [one.last_heard_s for one in holders if one.last_heard_s is not None]
    if not heard or alone == len(holders):
        return words("board.on-this-device")
    if alone:
        return words.count("board.held.list-alone", alone, all=len(holders))
    least = min(one.devices for one in holders)
    return words.count("board.held.list", least, age=age(words, min(heard), now_s))


def amount(words: Words, quantity: int, unit: Unit, *, space: str = " ") -> str:
    """An amount in the unit that suits it, with the language's decimal sign."""
    number, symbol = readable(quantity, unit)
    if words.language == "es":
        number = number.replace(".", ",")
    return f"{number}{space}{symbol}" if symbol else words.count("amount.pieces", quantity)


def good(words: Words, code: str, defined: str = "", defined_en: str = "") -> str:
    """The name of a good: as the community defined it, else as it ships, else its code."""
    name = defined_en if words.language == "en" and defined_en else defined
    return name or words.of("good", code)


def picture(code: str, category: int = 0) -> str:
    """The picture of a good: its own, else its category's."""
    if code in _OWN_PICTURES:
        return _OWN_PICTURES[code]
    if code in BY_CODE:
        category = int(BY_CODE[code].category)
    return _PICTURES[category] if 0 <= category < len(_PICTURES) else _PICTURES[0]


_PICTURES: Final = (
    "box", "water", "food", "medicine", "soap", "baby", "fuel", "power", "tool", "shelter",
    "clothes", "material", "transport", "money",
)  # fmt: skip

_OWN_PICTURES: Final = {
    "water.to-boil": "water-boil",
    "water.washing": "water-wash",
    "food-bag": "bag",
    "flour": "sack",
    "insulin": "syringe",
    "gas-cylinder": "gas",
}
