"""What was wrong with a command, in words: by the class of the parser's error, never its text.

Rules: each says what to do next, and names the command whose help says more.
"""

from __future__ import annotations

import difflib
from typing import Any, Final

from cyclopts import CoercionError, CycloptsError, MissingArgumentError, UnknownOptionError
from cyclopts.exceptions import RepeatArgumentError, UnknownCommandError, UnusedCliTokensError

from lumbre.cli.commands import COMMANDS

_LIKE: Final = 0.6
"""How much alike two names are before one is taken for the other, mistyped."""

Complaint = tuple[str, dict[str, Any]]
"""A message id and its values."""


def complaint(error: CycloptsError) -> Complaint:
    """What to say of an error of the parser."""
    values: dict[str, Any] = {"command": " ".join(("lumbre", *(error.command_chain or ())))}
    if isinstance(error, UnknownCommandError):
        return _unknown_command((error.unused_tokens or [""])[0], values)
    if isinstance(error, UnknownOptionError):
        return "cli.usage.option", values | {"what": error.token.keyword or error.token.value}
    if isinstance(error, MissingArgumentError):
        return _missing(error, values)
    if isinstance(error, CoercionError):
        return _value(error, values)
    if isinstance(error, UnusedCliTokensError):
        return "cli.usage.extra", values | {"what": " ".join(error.unused_tokens or [])}
    if isinstance(error, RepeatArgumentError):
        return "cli.usage.twice", values | {"what": error.token.keyword}
    return "cli.usage", values


def _unknown_command(typed: str, values: dict[str, Any]) -> Complaint:
    names = [name for _, name, _ in COMMANDS]
    near = difflib.get_close_matches(typed, names, n=1, cutoff=_LIKE)
    if near:
        return "cli.usage.command-near", values | {"what": typed, "near": near[0]}
    return "cli.usage.command", values | {"what": typed}


def _missing(error: MissingArgumentError, values: dict[str, Any]) -> Complaint:
    """An argument that is not there, or an option with nothing after it."""
    argument = error.argument
    assert argument is not None
    typed = error.keyword or next((t.keyword for t in argument.tokens if t.keyword), None)
    if typed is not None:
        return "cli.usage.option-empty", values | {"what": typed}
    return "cli.usage.missing", values | {"what": _shown(argument), "meaning": _meaning(argument)}


def _value(error: CoercionError, values: dict[str, Any]) -> Complaint:
    token, argument = error.token, error.argument
    shown = token.keyword if token is not None and token.keyword else None
    if shown is None and argument is not None:
        shown = _shown(argument)
    found = values | {"what": shown or "", "value": token.value if token is not None else ""}
    return ("cli.usage.number" if error.target_type is int else "cli.usage.value"), found


def _shown(argument: Any) -> str:
    """An argument as the docs write it: GOOD by its place, --place by its name."""
    name = str(argument.name)
    return name.lstrip("-").upper() if argument.field_info.is_positional else name


def _meaning(argument: Any) -> str:
    return str(argument.parameter.help or "")
