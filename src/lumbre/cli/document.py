"""docs/CLI.md from the commands themselves: `python -m lumbre.cli.document`.

It speaks English whatever the terminal does. A test holds the file to what this prints.
"""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from typing import Any, Final

from lumbre.cli import speech

_HEAD: Final = """# The command line

Printed by `python -m lumbre.cli.document`; a test holds this file to it.

Every command takes `--home`, `--space`, `--lang` and `--json`, before its name or after, and
says with `--help` what else it takes. An error says what happened and what to do next, and
ends with a code:

| code | what it means |
|---|---|
| 0 | done |
| 1 | something unforeseen failed |
| 2 | the command was not understood |
| 3 | bytes from outside were refused |
| 4 | what was to be written is not allowed by the rules; what was typed is kept as a draft |
| 5 | the author has no right to it, or nobody confirmed it |
| 6 | a passphrase is needed |
| 7 | the disk or the store failed, or another process has it open |
| 8 | there is no such thing here |
| 130 | stopped by hand |

Passphrases are asked for on the terminal, or taken from `LUMBRE_PASSPHRASE`,
`LUMBRE_NEW_PASSPHRASE` (for `passphrase`) and `LUMBRE_BACKUP_PASSPHRASE`; the code on the
founder's paper from `LUMBRE_PAPER` or from what is typed.

What takes votes says so: in effect now, waiting for so many more, or without effect and why.
"""


# Options that are not called as the parameter is.
_OPTIONS: Final = {"text": "note", "everybody": "all"}


def document() -> str:
    """The whole file."""
    speech.choose("en")
    from lumbre.cli.commands import COMMANDS, GROUPS

    parts = [_HEAD]
    for group in GROUPS:
        parts.append(f"\n## {speech.say(f'cli.group.{group}')}\n")
        for of, name, where in COMMANDS:
            if of == group:
                parts.append(_command(name, where))
    return "\n".join(parts)


def _command(name: str, where: str) -> str:
    module, _, function = where.partition(":")
    called = getattr(import_module(f"lumbre.cli.{module}"), function)
    words = [f"lumbre {name}"]
    for parameter in inspect.signature(called).parameters.values():
        words += _word(parameter)
    text = speech.say(f"cli.{name}.help")
    return f"### `{' '.join(words)}`\n\n{text}\n"


def _word(parameter: inspect.Parameter) -> list[str]:
    name: str = parameter.name
    if name == "common":
        return []
    required: Any = parameter.default is inspect.Parameter.empty
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return ["FIELD=VALUE ..."]
    if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
        return [name.upper() if required else f"[{name.upper()}]"]
    option = f"--{_OPTIONS.get(name, name.replace('_', '-'))}"
    is_flag = isinstance(parameter.default, bool)
    shown = option if is_flag else f"{option} {name.upper()}"
    return [shown if required else f"[{shown}]"]


if __name__ == "__main__":
    sys.stdout.write(document())
