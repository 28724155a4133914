"""What happens around a command: its language, its errors, its exit code.

Exit codes: 0 done; 1 something unforeseen; 2 the command was not understood; 3 and above are
those of the error family (`lumbre.errors`); 130 stopped by hand.

Rules: an error says what happened and what to do next. With --json it is one JSON value. What
every command takes may stand before the command too.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Final

from lumbre import __version__
from lumbre.cli import speech
from lumbre.errors import LumbreError

USAGE: Final = 2
STOPPED: Final = 130

_WITH_VALUE: Final = ("--lang", "--home", "--space")
_JSON: Final = "--json"


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and say how it went."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    speech.choose(_wanted_language(given))
    is_json = _JSON in given
    given = _command_first(given)
    if given == ["--version"]:
        speech.out(__version__)
        return 0
    try:
        return _call(given, is_json=is_json)
    except LumbreError as error:
        _complain(error, is_json=is_json)
        return error.exit_code
    except KeyboardInterrupt:
        return STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 the last place where anything can be said
        speech.warn(speech.say("cli.crash", what=type(error).__name__))
        if os.environ.get("LUMBRE_DEBUG"):
            traceback.print_exc()
        return 1


def _call(given: list[str], *, is_json: bool) -> int:
    from cyclopts import CycloptsError

    from lumbre.cli.commands import make_app
    from lumbre.cli.usage import complaint

    app = make_app()
    try:
        result = app(
            given, exit_on_error=False, print_error=False, result_action="return_value"
        )  # fmt: skip
    except CycloptsError as error:
        message_id, values = complaint(error)
        _tell(message_id, values, speech.say(message_id, **values), is_json=is_json)
        return USAGE
    return result if isinstance(result, int) else 0


def _complain(error: LumbreError, *, is_json: bool) -> None:
    _tell(error.message_id, error.values, speech.words().error(error), is_json=is_json)


def _tell(message_id: str, values: Mapping[str, object], says: str, *, is_json: bool) -> None:
    if is_json:
        plain = {name: str(value) for name, value in values.items()}
        speech.data({"error": message_id, "values": plain, "says": says})
    else:
        speech.warn(says)


def _command_first(given: list[str]) -> list[str]:
    """The command, then what was given before it, then the rest."""
    at = 0
    while at < len(given) and (given[at] == _JSON or given[at].partition("=")[0] in _WITH_VALUE):
        at += 2 if given[at] in _WITH_VALUE else 1
    if at >= len(given) or given[at].startswith("-"):
        # No command: what is left asks for help or the version, or is nothing.
        return given[at:]
    return [given[at], *given[:at], *given[at + 1 :]]


def _wanted_language(given: Sequence[str]) -> str | None:
    for at, argument in enumerate(given):
        if argument == "--lang" and at + 1 < len(given):
            return given[at + 1]
        if argument.startswith("--lang="):
            return argument.partition("=")[2]
    return None
