"""What happens around a command: its language, its errors, its exit code.

Exit codes: 0 done; 1 something unforeseen; 2 the command was not understood; 3 and above are
those of the error family (`lumbre.errors`); 130 stopped by hand.

Rules: an error says what happened and what to do next. With --json it is one JSON value.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Final

from lumbre import __version__
from lumbre.cli import speech
from lumbre.errors import LumbreError

USAGE: Final = 2
STOPPED: Final = 130


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and say how it went."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    speech.choose(_wanted_language(given))
    if given == ["--version"]:
        speech.out(__version__)
        return 0
    is_json = "--json" in given
    try:
        return _call(given)
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


def _call(given: list[str]) -> int:
    from cyclopts import CycloptsError

    from lumbre.cli.commands import make_app

    app = make_app()
    try:
        result = app(
            given, exit_on_error=False, print_error=False, result_action="return_value"
        )  # fmt: skip
    except CycloptsError as error:
        speech.warn(speech.say("cli.usage", why=" ".join(str(error).split())))
        return USAGE
    return result if isinstance(result, int) else 0


def _complain(error: LumbreError, *, is_json: bool) -> None:
    said = speech.words().error(error)
    if is_json:
        values = {name: str(value) for name, value in error.values.items()}
        speech.data({"error": error.message_id, "values": values, "says": said})
    else:
        speech.warn(said)


def _wanted_language(given: Sequence[str]) -> str | None:
    for at, argument in enumerate(given):
        if argument == "--lang" and at + 1 < len(given):
            return given[at + 1]
        if argument.startswith("--lang="):
            return argument.partition("=")[2]
    return None
