"""Lists: needs, offers, places, stock. As a table, as CSV or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from csv import writer as csv_writer
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from lumbre.cli.options import DEFAULTS, Common, open_home, space_of
from lumbre.cli.speech import data, say, table, tell, words
from lumbre.node import said
from lumbre.node.desk import is_admitted
from lumbre.node.reading import Reading

SHORT_ID = 8
Csv = Annotated[bool, Parameter(help=say("cli.arg.csv"), negative="")]
Row = Sequence[str]


def needs(
    *,
    closed: Annotated[bool, Parameter(help=say("cli.arg.closed"), negative="")] = False,
    csv: Csv = False,
    common: Common = DEFAULTS,
) -> None:
    """What is missing: the most vital first."""

    def row(need: Any, goods: Any, now_s: int) -> Row:
        return (
            need.need.hash.hex()[:SHORT_ID],
            _good(need.good, goods),
            said.amount(words(), need.quantity, need.unit),
            str(need.people),
            need.place_name,
            words().of("need-state", need.state.name.lower()),
            said.age(words(), need.asked_s, now_s),
        )

    _list(
        lambda reading, space: reading.needs(space, with_closed=closed),
        ("id", "good", "amount", "people", "place", "state", "age"),
        row,
        csv,
        common,
    )


def offers(*, csv: Csv = False, common: Common = DEFAULTS) -> None:
    """What can be given, and how much of it is left."""

    def row(offer: Any, goods: Any, now_s: int) -> Row:
        return (
            offer.offer.hash.hex()[:SHORT_ID],
            _good(offer.good, goods),
            said.amount(words(), offer.left, offer.unit),
            offer.place_name,
            said.age(words(), offer.said_s, now_s),
        )

    titles = ("id", "good", "left", "place", "age")
    _list(lambda reading, space: reading.offers(space), titles, row, csv, common)


def places(*, csv: Csv = False, common: Common = DEFAULTS) -> None:
    """Places by name."""

    def row(place: Any, goods: Any, now_s: int) -> Row:
        kind = words().of("place-type", place.place_type.name.lower())
        return (place.place.hash.hex()[:SHORT_ID], place.name, kind)

    _list(lambda r, space: r.places(space), ("id", "name", "type"), row, csv, common)


def stock(*, csv: Csv = False, common: Common = DEFAULTS) -> None:
    """What the book says is in each store."""

    def row(line: Any, goods: Any, now_s: int) -> Row:
        mark = say("stock.overdraft") if line.is_overdraft else ""
        return (
            line.store.hash.hex()[:SHORT_ID],
            _good(line.good, goods),
            said.amount(words(), line.quantity, line.unit),
            mark,
        )

    titles = ("store", "good", "amount", "note")
    _list(lambda reading, space: reading.stock(space), titles, row, csv, common)


def _good(code: str, goods: Any) -> str:
    row = goods.get(code)
    return said.good(words(), code, row.name if row else "", row.name_en if row else "")


def _list(
    read: Callable[[Reading, bytes], Sequence[Any]],
    titles: Sequence[str],
    row: Callable[[Any, Any, int], Row],
    as_csv: bool,
    common: Common,
) -> None:
    with open_home(common) as home:
        space = space_of(home, common)
        reading = Reading(home.node)
        found = list(read(reading, space.id))
        goods = reading.goods(space.id)
        now_s = home.clock.now_s()
        is_in = is_admitted(home.node, space)
    if common.json:
        data([_plain(item) for item in found])
        return
    shown = [row(item, goods, now_s) for item in found]
    names = [say(f"col.{title}") for title in titles]
    if as_csv:
        writer = csv_writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([[no_formula(cell) for cell in line] for line in shown])
    elif shown:
        table(names, shown)
    else:
        tell("cli.nothing-listed" if is_in else "cli.not-admitted-yet")


def no_formula(cell: str) -> str:
    """What somebody typed must not be run by the spreadsheet that opens the file."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def _plain(row: msgspec.Struct) -> dict[str, Any]:
    found = {}
    for name in row.__struct_fields__:
        value = getattr(row, name)
        if hasattr(value, "hash") and hasattr(value, "seq"):
            value = value.hash.hex()
        elif isinstance(value, int) and hasattr(value, "name"):
            value = value.name.lower()
        elif isinstance(value, tuple):
            value = len(value)
        found[name] = value
    return found
