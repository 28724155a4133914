"""Founding a space, and who takes part in the ones that this node holds."""

from __future__ import annotations

import os
import sys
from typing import Annotated

from cyclopts import Parameter

from lumbre.cli.options import DEFAULTS, Common, open_home, passphrase, space_of
from lumbre.cli.speech import data, say, table, tell, words
from lumbre.node import founding
from lumbre.node.home import Home
from lumbre.node.names import members as members_of
from lumbre.node.names import space_name

SHORT_ID = 8


def found(
    name: Annotated[str, Parameter(help=say("cli.arg.space-name"))],
    *,
    person: Annotated[str, Parameter(help=say("cli.arg.person"))],
    common: Common = DEFAULTS,
) -> None:
    """Found a space on this device."""
    is_new = not Home.exists(common.path)
    with open_home(common, may_create=True) as home:
        if is_new:
            offer_passphrase(home)
        space = founding.found(home.node, name, person)
        home.events.note("founded")
        is_open_mode = home.is_open_mode
    if common.json:
        data({"space": space.hex(), "open_mode": is_open_mode})
        return
    tell("cli.found.done", name=name, space=space.hex()[:SHORT_ID])
    tell("cli.open-mode" if is_open_mode else "cli.locked-mode")
    tell("cli.found.next")


def offer_passphrase(home: Home) -> None:
    """Let who makes a home choose a passphrase; none leaves it in open mode."""
    given = passphrase("cli.ask.new-passphrase")
    if given and sys.stdin.isatty() and "LUMBRE_PASSPHRASE" not in os.environ:
        while given and given != (again := passphrase("cli.ask.passphrase-again")):
            tell("cli.passphrase.differ")
            given = again and passphrase("cli.ask.new-passphrase")
    if given:
        home.set_passphrase(given)


def spaces(*, common: Common = DEFAULTS) -> None:
    """The spaces that this node holds."""
    with open_home(common) as home:
        found = [(s.id.hex(), space_name(s), len(members_of(s))) for s in home.node.spaces()]
    if common.json:
        data([{"space": id_, "name": name, "members": count} for id_, name, count in found])
        return
    rows = [(id_[:SHORT_ID], name or say("cli.unnamed"), str(n)) for id_, name, n in found]
    table([say("col.id"), say("col.name"), say("col.members")], rows)


def members(*, common: Common = DEFAULTS) -> None:
    """Who takes part in a space."""
    with open_home(common) as home:
        found = members_of(space_of(home, common))
    if common.json:
        data(
            [
                {
                    "person": m.person,
                    "name": m.name,
                    "role": m.role.name.lower(),
                    "keys": len(m.keys),
                }
                for m in found
            ]
        )
        return
    rows = [
        (
            m.person.hex()[:SHORT_ID],
            m.name or say("cli.unnamed"),
            words().of("role", m.role.name.lower()),
            str(len(m.keys)),
        )
        for m in found
    ]
    table([say("col.id"), say("col.name"), say("col.role"), say("col.devices")], rows)
