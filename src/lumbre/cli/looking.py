"""Looking: how this node is, one entry, what is in doubt, the state hash."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from lumbre import __version__
from lumbre.cli.options import DEFAULTS, Common, open_home, space_of
from lumbre.cli.speech import data, out, say, table, tell, words
from lumbre.kinds.supply.needs import NeedState
from lumbre.ledger import Outcome
from lumbre.node import drafts, said
from lumbre.node.census import Census
from lumbre.node.desk import is_admitted
from lumbre.node.home import Home
from lumbre.node.names import members, space_name
from lumbre.node.reading import Reading
from lumbre.node.spaces import Space
from lumbre.record import Entry
from lumbre.schema.fields import kind_name

SHORT_ID = 8


def status(*, common: Common = DEFAULTS) -> None:
    """The home, its mode and what its spaces hold."""
    with open_home(common, must_unlock=False) as home:
        found = _status(home)
    if common.json:
        data(found)
        return
    tell("cli.status.version", version=found["version"])
    tell("cli.status.home", folder=found["home"])
    tell("cli.open-mode" if found["open_mode"] else "cli.locked-mode")
    if found["locked"]:
        tell("cli.status.locked")
    for space in found["spaces"]:
        _tell_space(space, is_locked=found["locked"])
    if found["drafts"]:
        out(words().count("cli.status.drafts", found["drafts"]))
    if found["failed_kinds"]:
        tell("cli.status.failed-kinds", names=", ".join(found["failed_kinds"]))


def _tell_space(space: dict[str, Any], *, is_locked: bool) -> None:
    if is_locked:
        tell("cli.status.space-locked", id=space["id"][:8])
        return
    tell("cli.status.space", name=space["name"] or say("cli.unnamed"), id=space["id"][:8])
    if not space["admitted"]:
        out("  " + say("cli.not-admitted-yet"))
    for name in ("members", "needs", "offers", "places", "doubts"):
        out("  " + words().count(f"cli.status.{name}", space[name]))
    if space["without_key"]:
        out("  " + words().count("board.without-key", space["without_key"]))


def _status(home: Home) -> dict[str, Any]:
    is_locked = home.node.is_locked
    return {
        "version": __version__,
        "home": str(home.folder.path),
        "open_mode": home.is_open_mode,
        "locked": is_locked,
        "drafts": 0 if is_locked else len(drafts.listed(home)),
        "failed_kinds": home.failed_kinds,
        "spaces": [_space_status(home, space) for space in home.node.spaces()],
    }


def _space_status(home: Home, space: Space) -> dict[str, Any]:
    found: dict[str, Any] = {"id": space.id.hex(), "name": None}
    if not home.node.is_locked:
        reading = Reading(home.node)
        needs = reading.needs(space.id)
        found |= {
            "admitted": is_admitted(home.node, space),
            "name": space_name(space),
            "members": len(members(space)),
            "needs": sum(1 for need in needs if need.state is NeedState.OPEN),
            "offers": len(reading.offers(space.id)),
            "places": len(reading.places(space.id)),
            "doubts": len(reading.doubts(space.id)),
            "without_key": len(space.ledger.behind_keys()),
        }
    return found


def show(
    entry: Annotated[str, Parameter(help=say("cli.arg.entry"))], *, common: Common = DEFAULTS
) -> None:
    """One entry: what it says, whether it counts, and why."""
    with open_home(common) as home:
        space = space_of(home, common)
        found = Reading(home.node).entry(space.id, entry)
        shown = _shown(home, space, found)
        holders = Census(home.node, space.id).holders(found.ref)
        shown["holders"] = {name: getattr(holders, name) for name in holders.__struct_fields__}
    if common.json:
        data(shown)
        return
    tell("cli.show.entry", id=shown["entry"])
    lane = words().of("lane", shown["lane"])
    tell("cli.show.place", lane=lane, seq=shown["seq"], depth=shown["depth"])
    tell("cli.show.author", author=shown["author"][:SHORT_ID])
    tell("cli.show.wall", age=said.age(words(), shown["wall_s"], shown["now_s"]))
    out(said.held(words(), holders, shown["now_s"]))
    tell("cli.show.verdict", outcome=say(f"outcome.{shown['verdict']}"))
    if shown["reason"]:
        tell("cli.show.reason", why=words().reason(shown["reason"]))
    if shown["kind"] is None:
        tell("cli.show.unread")
        return
    tell("cli.show.kind", kind=said.kind(words(), shown["kind"]))
    table(
        [say("col.field"), say("col.value")],
        [(name, "" if value is None else str(value)) for name, value in shown["body"].items()],
    )


def _shown(home: Home, space: Space, entry: Entry) -> dict[str, Any]:
    ledger = space.ledger
    noted = ledger.judge.exception(entry.ref)
    outcome = noted.outcome if noted else Outcome.ACCEPTED
    reason = noted.reason if noted else ledger.rights.act_note(entry.id) or ""
    if not noted and reason and entry.name.lane != 0:
        reason = ""
    if not noted and reason:
        outcome = Outcome.WITHOUT_EFFECT
    plain = ledger.judge.plain(entry)
    body = None if plain is None else home.node.registry.decode(plain).body
    return {
        "entry": entry.id.hex(),
        "author": entry.name.author.hex(),
        "lane": entry.name.lane.name.lower(),
        "seq": entry.seq,
        "depth": entry.depth,
        "wall_s": entry.wall_s,
        "now_s": home.clock.now_s(),
        "verdict": outcome.name.lower(),
        "reason": reason,
        "kind": None if body is None else kind_name(type(body)),
        "body": {} if body is None else _fields(body),
    }


def _fields(body: msgspec.Struct) -> dict[str, Any]:
    found = {}
    for name in body.__struct_fields__:
        value = getattr(body, name)
        if hasattr(value, "hash") and hasattr(value, "seq"):
            value = value.hash.hex()
        elif isinstance(value, bytes):
            value = value.hex()
        elif isinstance(value, int) and hasattr(value, "name"):
            value = value.name.lower()
        elif not isinstance(value, str | int | None):
            value = str(msgspec.to_builtins(value, builtin_types=(bytes,)))
        found[name] = value
    return found


def doubts(*, common: Common = DEFAULTS) -> None:
    """Entries without effect or waiting, and keys that wrote two branches."""
    with open_home(common) as home:
        space = space_of(home, common)
        reading = Reading(home.node)
        found, forks = reading.doubts(space.id), reading.forks(space.id)
    if common.json:
        entries = [
            {
                "entry": ref.hash.hex(),
                "verdict": verdict.outcome.name.lower(),
                "reason": verdict.reason,
                "says": words().reason(verdict.reason),
            }
            for ref, verdict in found
        ]
        data({"entries": entries, "forks": [key.hex() for key in forks]})
        return
    if not found and not forks:
        tell("cli.doubts.none")
        return
    for key in forks:
        tell("cli.doubts.fork", author=key.hex()[:SHORT_ID])
    rows = [
        (
            ref.hash.hex()[:SHORT_ID],
            say(f"outcome.{verdict.outcome.name.lower()}"),
            words().reason(verdict.reason),
        )
        for ref, verdict in found
    ]
    table([say("col.id"), say("col.verdict"), say("col.why")], rows)


def hash_(*, common: Common = DEFAULTS) -> None:
    """The state hash: equal on devices that hold the same."""
    with open_home(common) as home:
        found = [
            {"space": space.id.hex(), "hash": space.ledger.state_hash().hex()}
            for space in ([space_of(home, common)] if common.space else home.node.spaces())
        ]
    if common.json:
        data(found)
        return
    for one in found:
        out(f"{one['space'][:SHORT_ID]}  {one['hash']}")
