"""Founding a space, and who takes part in the ones that this node holds."""

from __future__ import annotations

import os
import sys
from typing import Annotated

from cyclopts import Parameter

from lumbre.cli.options import DEFAULTS, Common, open_home, passphrase, space_of
from lumbre.cli.speech import data, out, say, table, tell, words
from lumbre.node import founding
from lumbre.node.desk import is_admitted
from lumbre.node.home import Home
from lumbre.node.names import Member, everyone, space_name
from lumbre.node.names import members as members_of
from lumbre.node.paper import paper_code
from lumbre.node.spaces import Space
from lumbre.record import SigningKey
from lumbre.record.limits import KEY_BYTES
from lumbre.trust.duties import mandates

SHORT_ID = 8
_GROUPS_A_LINE = 7


def found(
    name: Annotated[str, Parameter(help=say("cli.arg.space-name"))],
    *,
    person: Annotated[str, Parameter(help=say("cli.arg.person"))],
    paper: Annotated[bool, Parameter(help=say("cli.arg.paper"), negative="")] = False,
    common: Common = DEFAULTS,
) -> None:
    """Found a space on this device; with a paper, the code on it is shown this once."""
    is_new = not Home.exists(common.path)
    with open_home(common, may_create=True) as home:
        if is_new:
            offer_passphrase(home)
        seed = home.random.bytes(KEY_BYTES) if paper else None
        public = None if seed is None else SigningKey(seed).public
        space = founding.found(home.node, name, person, paper=public)
        home.events.note("founded")
        is_open_mode = home.is_open_mode
    if common.json:
        said = {} if seed is None else {"paper": paper_code(seed)}
        data({"space": space.hex(), "open_mode": is_open_mode} | said)
        return
    tell("cli.found.done", name=name, space=space.hex()[:SHORT_ID])
    tell("cli.open-mode" if is_open_mode else "cli.locked-mode")
    if seed is None:
        tell("cli.found.no-paper")
    else:
        _show_paper(paper_code(seed))
    tell("cli.found.next")


def _show_paper(code: str) -> None:
    """The code in lines of seven groups, and what it does."""
    groups = code.split()
    tell("cli.found.paper")
    for at in range(0, len(groups), _GROUPS_A_LINE):
        out("    " + " ".join(groups[at : at + _GROUPS_A_LINE]))
    tell("cli.found.paper-truth")


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


def members(
    *,
    everybody: Annotated[
        bool, Parameter(name="--all", help=say("cli.arg.all-people"), negative="")
    ] = False,
    common: Common = DEFAULTS,
) -> None:
    """Who takes part in a space, with devices, duties, and how many decide."""
    with open_home(common) as home:
        space = space_of(home, common)
        people = everyone(space) if everybody else members_of(space)
        duties = _duties(space)
        rights = space.ledger.rights
        stewards, need = len(rights.stewards), rights.quorum
        is_in = is_admitted(home.node, space)
        is_due = space.needs_new_epoch
    if common.json:
        data([_member(one, duties.get(one.person, [])) for one in people])
        return
    if not is_in:
        tell("cli.not-admitted-yet")
    if not people:
        return
    rows = [
        (
            one.person.hex()[:SHORT_ID],
            one.name or say("cli.unnamed"),
            words().of("role", one.role.name.lower()) if one.keys else say("cli.members.removed"),
            " ".join(key.hex()[:SHORT_ID] for key in one.keys),
            " ".join(key.hex()[:SHORT_ID] for key in one.closed),
            ", ".join(duties.get(one.person, [])),
        )
        for one in people
    ]
    columns = ("id", "name", "role", "devices", "closed", "duties")
    table([say(f"col.{name}") for name in columns], rows)
    out(words().count("cli.members.deciding", need, stewards=stewards))
    if is_due:
        tell("cli.members.key-due")


def _member(one: Member, duties: list[str]) -> dict[str, object]:
    return {
        "person": one.person,
        "name": one.name,
        "role": one.role.name.lower(),
        "keys": len(one.keys),
        "devices": [key.hex() for key in one.keys],
        "closed": [key.hex() for key in one.closed],
        "duties": duties,
        "removed": not one.keys,
    }


def _duties(space: Space) -> dict[bytes, list[str]]:
    """The duties of each person who holds one, with the number by which one ends it."""
    found: dict[bytes, list[str]] = {}
    for held in mandates(space.ledger.rights):
        if held.holder is not None:
            said = f"{held.body.duty} ({held.ref.hash.hex()[:SHORT_ID]})"
            found.setdefault(held.holder, []).append(said)
    return found
