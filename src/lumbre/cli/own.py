"""A person's own devices: one more, one closed, and a new one by the founder's paper.

The paper's code is asked for or taken from LUMBRE_PAPER; it is written nowhere.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

from cyclopts import Parameter

from lumbre.carriers import file as carrier
from lumbre.cli.community import offer_passphrase
from lumbre.cli.council import Reason
from lumbre.cli.effects import SHORT_ID, outcome, tell_outcome
from lumbre.cli.joining import REQUEST, asked
from lumbre.cli.options import DEFAULTS, Common, Folder, Yes, confirm, open_home, space_of
from lumbre.cli.speech import data, note, say, tell, warn
from lumbre.errors import Invalid, NotAllowed, NotFound
from lumbre.node import devices, paper
from lumbre.node.carrying import take_bundles
from lumbre.node.home import Home
from lumbre.node.names import find_key, shown, space_name
from lumbre.record import SigningKey

KeyId = Annotated[str, Parameter(help=say("cli.arg.key"))]


def device(folder: Folder, *, yes: Yes = False, common: Common = DEFAULTS) -> int:
    """Let in a further device of one's own, after reading the six words."""
    files = carrier.names_in(folder, REQUEST)
    if not files:
        raise NotFound("not-found.request", folder=str(folder))
    found: list[dict[str, Any]] = []
    with open_home(common) as home:
        for file in files:
            one = asked(home, folder, file, "cli.device.asks", yes=yes)
            if one is not None:
                space, request, name = one
                entry = devices.device(home.node, space, request, name)
                home.events.note("device-admitted")
                found.append(outcome(space, entry, "cli.device.done", name=name))
    if not found:
        return NotAllowed.exit_code
    return max(tell_outcome(one, common) for one in found)


def close(key: KeyId, *, reason: Reason = "", yes: Yes = False, common: Common = DEFAULTS) -> int:
    """Close another device of one's own, lost or stolen. There is no way back."""
    with open_home(common) as home:
        space = space_of(home, common)
        wanted = find_key(space, key)
        short = wanted.hex()[:SHORT_ID]
        if not yes and not confirm("cli.close.confirm", key=short):
            note("cli.not-done")
            return NotAllowed.exit_code
        entry = devices.close(home.node, space, wanted, reason)
        home.events.note("device-closed")
        found = outcome(space, entry, "cli.close.done", key=short)
    return tell_outcome(found, common)


def recover(
    folder: Folder,
    *,
    name: Annotated[str, Parameter(help=say("cli.arg.device-name"))] = "",
    common: Common = DEFAULTS,
) -> None:
    """Go on as the founder on a new device, by the paper and anybody's bundle."""
    if not carrier.names_in(folder, carrier.SUFFIX):
        raise NotFound("not-found.bundle", folder=str(folder))
    seed = paper.read_paper(_code())
    bundles = carrier.bundles_in(folder)
    keys = [SigningKey(seed).exchange_private]
    founded = paper.founded_with(seed, bundles.segments(keys))
    if common.space:
        founded = [space for space in founded if space.hex().startswith(common.space.lower())]
    if not founded:
        raise NotFound("not-found.paper-space", folder=str(folder))
    if len(founded) > 1:
        raise Invalid("invalid.which-space", count=len(founded))
    is_new = not Home.exists(common.path)
    with open_home(common, may_create=True) as home:
        if is_new:
            offer_passphrase(home)
        space = home.node.add_space(founded[0])
        take_bundles(home.node, bundles, keys)
        entry = paper.recover(home.node, space.id, seed, name)
        home.events.note("recovered")
        found = outcome(space, entry)
        right = space.ledger.rights.author(SigningKey(seed).public)
        who = "" if right is None else shown(space, right.person)
        called = space_name(space) or say("cli.unnamed")
        is_open_mode = home.is_open_mode
    if common.json:
        data(found | {"space": founded[0], "person": who, "open_mode": is_open_mode})
        return
    tell("cli.recover.done", name=called, space=founded[0].hex()[:SHORT_ID], who=who)
    tell("cli.open-mode" if is_open_mode else "cli.locked-mode")
    tell("cli.recover.next")


def _code() -> str:
    given = os.environ.get("LUMBRE_PAPER")
    if given is not None:
        return given
    if sys.stdin.isatty():
        warn(say("cli.recover.code"))
    return sys.stdin.readline()
