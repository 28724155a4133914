"""Keeping the home: its passphrase and mode, and its end."""

from __future__ import annotations

from lumbre.cli.options import DEFAULTS, Common, Yes, confirm, open_home, passphrase
from lumbre.cli.speech import data, note, tell
from lumbre.errors import Invalid, Locked, NotAllowed


def passphrase_(*, common: Common = DEFAULTS) -> None:
    """Give this home a passphrase, or another one. From the next start it waits for it."""
    with open_home(common) as home:
        old = _asked("cli.ask.old-passphrase") if home.has_passphrase else None
        new = _asked_new()
        home.set_passphrase(new, old)
    _said(common, "cli.passphrase.done", open_mode=False)


def lock(*, common: Common = DEFAULTS) -> None:
    """From the next start on, wait for a person's passphrase."""
    with open_home(common) as home:
        if not home.has_passphrase:
            raise Invalid("invalid.no-passphrase-yet")
        home.set_open_mode(_asked("cli.ask.passphrase"), is_open=False)
    _said(common, "cli.lock.done", open_mode=False)


def unlock(*, yes: Yes = False, common: Common = DEFAULTS) -> int:
    """Let the node start alone. Then whoever takes the device reads it."""
    with open_home(common, must_unlock=False) as home:
        if home.is_open_mode:
            _said(common, "cli.unlock.already", open_mode=True)
            return 0
        given = _asked("cli.ask.passphrase")
        home.unlock(given)
        if not yes and not confirm("cli.unlock.confirm"):
            note("cli.not-done")
            return NotAllowed.exit_code
        home.set_open_mode(given, is_open=True)
    _said(common, "cli.unlock.done", open_mode=True)
    return 0


def wipe(*, yes: Yes = False, common: Common = DEFAULTS) -> int:
    """Destroy the keys of this home, then its files. There is no way back."""
    with open_home(common, must_unlock=False) as home:
        if not yes and not confirm("cli.wipe.confirm", folder=common.path):
            note("cli.not-done")
            return NotAllowed.exit_code
        home.wipe()
    if common.json:
        data({"wiped": str(common.path)})
    else:
        tell("cli.wipe.done", folder=common.path)
    return 0


def _asked(prompt_id: str) -> str:
    given = passphrase(prompt_id)
    if given is None:
        raise Locked("locked.needs-passphrase")
    return given


def _asked_new() -> str:
    import os
    import sys
    from getpass import getpass

    from lumbre.cli.speech import say

    given = os.environ.get("LUMBRE_NEW_PASSPHRASE")
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise Locked("locked.needs-passphrase")
    given = getpass(say("cli.ask.new-passphrase") + " ", stream=sys.stderr)
    if given != getpass(say("cli.ask.passphrase-again") + " ", stream=sys.stderr):
        raise Invalid("invalid.passphrases-differ")
    return given


def _said(common: Common, message_id: str, **values: bool) -> None:
    if common.json:
        data(values)
    else:
        tell(message_id)
