"""What every command takes: which home, which space, which language, JSON or words.

`open_home` opens the home of a command; a locked home asks for the passphrase on the
terminal, or takes LUMBRE_PASSPHRASE.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getpass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from lumbre.cli.speech import say
from lumbre.errors import Locked, LumbreError
from lumbre.node.home import Home, default_path
from lumbre.node.names import the_space
from lumbre.node.spaces import Space

Folder = Annotated[Path, Parameter(help=say("cli.arg.folder"))]
Yes = Annotated[bool, Parameter(help=say("cli.arg.yes"), negative="")]


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options of every command."""

    home: Annotated[Path | None, Parameter(help=say("cli.arg.home"))] = None
    space: Annotated[str | None, Parameter(help=say("cli.arg.space"))] = None
    lang: Annotated[str | None, Parameter(help=say("cli.arg.lang"))] = None
    json: Annotated[bool, Parameter(help=say("cli.arg.json"), negative="")] = False

    @property
    def path(self) -> Path:
        """The home's folder."""
        return default_path(self.home)


DEFAULTS = Common()


def passphrase(prompt_id: str) -> str | None:
    """A passphrase from the environment or the terminal; None where there is nobody to ask."""
    given = os.environ.get("LUMBRE_PASSPHRASE")
    if given is not None:
        return given
    if sys.stdin.isatty():
        return getpass(say(prompt_id) + " ", stream=sys.stderr)
    return None


def confirm(question_id: str, **values: object) -> bool:
    """Ask on the terminal; where there is nobody to ask, the answer is no."""
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(say(question_id, **values) + " ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"s", "si", "sí", "y", "yes"}


@contextmanager
def open_home(
    common: Common, *, may_create: bool = False, must_unlock: bool = True
) -> Iterator[Home]:
    """The home of a command, closed when it ends; what went wrong is noted in its events."""
    if may_create and not Home.exists(common.path):
        home = Home.create(common.path)
    else:
        home = Home.open(common.path)
    try:
        if must_unlock and home.node.is_locked:
            _unlock(home)
        yield home
    except LumbreError as error:
        home.events.error(error)
        raise
    except Exception as error:
        home.events.crash(error)
        raise
    finally:
        home.close()


def _unlock(home: Home) -> None:
    given = passphrase("cli.ask.passphrase")
    if given is None:
        raise Locked("locked.needs-passphrase")
    home.unlock(given)


def space_of(home: Home, common: Common) -> Space:
    """The space that a command is about."""
    return the_space(home.node, common.space)
