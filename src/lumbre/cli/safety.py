"""Backups and the doctor.

A backup has a passphrase of its own (LUMBRE_BACKUP_PASSPHRASE, or asked for) and holds no
signing key: a device that is restored has to be admitted anew, so that no log forks.
"""

from __future__ import annotations

import os
import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from lumbre.cli.community import offer_passphrase
from lumbre.cli.options import DEFAULTS, Common, open_home
from lumbre.cli.speech import data, out, say, tell, words
from lumbre.errors import Invalid, Locked, StoreError
from lumbre.node.home import Home
from lumbre.store.backup import back_up
from lumbre.store.doctor import examine

File = Annotated[Path, Parameter(help=say("cli.arg.file"))]
SICK = StoreError.exit_code


def backup(file: File, *, common: Common = DEFAULTS) -> None:
    """Write a backup under a passphrase of its own."""
    with open_home(common) as home:
        if home.private is None:
            raise Locked("locked.needs-passphrase")
        given = _backup_passphrase(is_new=True)
        back_up(home.log, home.private, file, given, home.random.bytes)
        home.events.note("backed-up", size_bytes=file.stat().st_size)
    if common.json:
        data({"file": str(file)})
    else:
        tell("cli.backup.done", file=file.name)


def restore(file: File, *, common: Common = DEFAULTS) -> None:
    """Begin again from a backup, in a home that does not exist yet."""
    given = _backup_passphrase(is_new=False)
    with Home.restore(common.path, file, given) as home:
        offer_passphrase(home)
        home.events.note("restored")
        found = [space.id.hex() for space in home.node.spaces()]
    if common.json:
        data({"spaces": found})
    else:
        tell("cli.restore.done")


def doctor(
    *,
    deep: Annotated[bool, Parameter(help=say("cli.arg.deep"), negative="")] = False,
    common: Common = DEFAULTS,
) -> int:
    """Look at the files of this home. Ends with an error's code where something is wrong."""
    with open_home(common, must_unlock=False) as home:
        report = examine(home.folder, home.log, is_deep=deep)
    harmless = {"doctor.open-mode", "doctor.unclean-stop", "doctor.restored"}
    is_sick = any(finding.id not in harmless for finding in report.findings)
    if common.json:
        data(
            {
                "facts": report.facts,
                "findings": [{"id": f.id, "values": f.values} for f in report.findings],
                "more": report.more,
            }
        )
        return SICK if is_sick else 0
    for name, value in report.facts.items():
        out("  " + _fact(name, value))
    for finding in report.findings:
        tell(finding.id, **finding.values)
    if report.more:
        out(words().count("cli.doctor.more", report.more))
    if report.is_well:
        tell("cli.doctor.well")
    return SICK if is_sick else 0


def _fact(name: str, value: int | str | bool) -> str:
    shown = value if not isinstance(value, bool) else say("cli.yes" if value else "cli.no")
    file = name.removeprefix("bytes of ")
    if file != name:
        return f"{file}: {value} bytes"
    return words().of("fact", name.replace("_", "-"), name) + f": {shown}"


def _backup_passphrase(*, is_new: bool) -> str:
    given = os.environ.get("LUMBRE_BACKUP_PASSPHRASE")
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise Locked("locked.needs-backup-passphrase")
    given = getpass(say("cli.ask.backup-passphrase") + " ", stream=sys.stderr)
    if is_new:
        again = getpass(say("cli.ask.passphrase-again") + " ", stream=sys.stderr)
        if again != given:
            raise Invalid("invalid.passphrases-differ")
    return given
