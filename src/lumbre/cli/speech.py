"""The language of this run, and what goes to the terminal.

`say` gives the words of an id; `out` prints a line for people; `data` prints one JSON value.
The language is chosen before any command is imported, so that its help speaks it too.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

from lumbre.node.words import Words, language_of

_chosen: list[Words] = []


def choose(wanted: str | None) -> Words:
    """Speak a language from now on."""
    _chosen[:] = [Words(language_of(wanted))]
    return _chosen[0]


def words() -> Words:
    """The words of this run."""
    return _chosen[0] if _chosen else choose(None)


def say(message_id: str, **values: object) -> str:
    """The sentence of an id. What somebody else typed brings no escape sequence along."""
    safe = {k: _safe(value) if isinstance(value, str) else value for k, value in values.items()}
    return words()(message_id, **safe)


def out(line: str = "") -> None:
    """A line for people."""
    sys.stdout.write(line + "\n")


def tell(message_id: str, **values: object) -> None:
    """Print the sentence of an id."""
    out(say(message_id, **values))


def warn(line: str) -> None:
    """A line beside the result: what went wrong, or what to know."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def note(message_id: str, **values: object) -> None:
    """A sentence beside the result."""
    warn(say(message_id, **values))


def data(value: Any) -> None:
    """One JSON value on one line."""
    out(json.dumps(value, ensure_ascii=False, sort_keys=True, default=_plain))


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else str(value)


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table as wide as the terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in titles:
        shown.add_column(Text(title), overflow="fold")
    for row in rows:
        shown.add_row(*(Text(_safe(cell)) for cell in row))
    Console(file=sys.stdout, highlight=False, soft_wrap=False).print(shown)


def _safe(cell: str) -> str:
    """No escape sequence that somebody else typed reaches a terminal."""
    return "".join("\N{REPLACEMENT CHARACTER}" if _is_control(char) else char for char in cell)


def _is_control(char: str) -> bool:
    """Control and format characters, and what ends a line; narrow spaces of amounts stay."""
    category = unicodedata.category(char)
    return category.startswith("C") or category in {"Zl", "Zp"}
