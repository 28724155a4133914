"""Give and take: a folder (a stick, a shared directory) carries a space to another node."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from lumbre.carriers import file as carrier
from lumbre.carriers import stick
from lumbre.cli.options import DEFAULTS, Common, Folder, open_home, passphrase
from lumbre.cli.speech import data, out, say, tell, words
from lumbre.errors import NotFound
from lumbre.node.carrying import Bundles, known_by, take_bundles
from lumbre.node.home import Home
from lumbre.node.intake import Received
from lumbre.node.names import find_person, the_space
from lumbre.node.spaces import Space


def give(
    folder: Folder,
    *,
    whole: Annotated[bool, Parameter(help=say("cli.arg.whole"), negative="")] = False,
    to: Annotated[str | None, Parameter(help=say("cli.arg.to"))] = None,
    common: Common = DEFAULTS,
) -> None:
    """Write what a stick, or who is to get it, is not known to have of this node's spaces."""
    with open_home(common, must_unlock=to is not None) as home:
        given = stick.Given()
        for space in _wanted(home, common, to):
            if to is None:
                found = stick.give(folder, home.node, space, whole=whole)
            else:
                found = stick.give_to(folder, home.node, space, _known(home, space, to))
            given.files += found.files
        home.events.note("gave", size_bytes=given.size_bytes)
    if common.json:
        data([{"file": str(folder / name), "size_bytes": size} for name, size in given.files])
        return
    if not given.files:
        tell("cli.give.nothing" if to is None else "cli.give.nothing-to", folder=folder, to=to)
    for name, size in given.files:
        tell("cli.give.done", file=name, folder=folder, size_kb=-(-size // 1000))


def _wanted(home: Home, common: Common, to: str | None) -> list[Space]:
    if common.space or to is not None or not home.node.spaces():
        return [the_space(home.node, common.space)]
    return home.node.spaces()


def _known(home: Home, space: Space, to: str) -> dict[bytes, int]:
    """What a person's devices last said that they know."""
    known = known_by(home.node, space.id, find_person(space, to).keys)
    if known is None:
        raise NotFound("not-found.claim", to=to)
    return known


def take(folder: Folder, *, common: Common = DEFAULTS) -> None:
    """Take in every bundle that lies in a folder."""
    with open_home(common, must_unlock=False) as home:
        bundles = carrier.bundles_in(Path(folder))
        received, keys = take_bundles(home.node, bundles)
        if bundles.sealed and home.node.is_locked:
            # What a device opens with its own key alone waits for a person.
            given = passphrase("cli.ask.passphrase")
            if given is not None:
                home.unlock(given)
                before = received.new
                received, keys = take_bundles(home.node, bundles)
                received.new += before
        home.events.note("took", new=received.new, refused=sum(received.refused.values()))
    if common.json:
        data(_as_json(received, keys, bundles))
    else:
        if not bundles.names:
            tell("cli.take.no-bundles", folder=folder)
            return
        _tell(received, keys, bundles)


def _as_json(received: Received, keys: int, bundles: Bundles) -> dict[str, Any]:
    return {
        "new": received.new,
        "known": received.known,
        "waiting": received.waiting,
        "for_key": received.for_key,
        "without_effect": received.without_effect,
        "past_grant": received.past_grant,
        "forks": received.forks,
        "refused": received.refused,
        "bad_files": dict(bundles.refused),
        "cut_short": bundles.cut_short,
        "not_for_this_device": bundles.sealed,
        "keys": keys,
    }


def _tell(received: Received, keys: int, bundles: Bundles) -> None:
    out(words().count("cli.take.new", received.new))
    for name, count in (
        ("known", received.known),
        ("without-effect", received.without_effect),
        ("waiting", received.waiting),
        ("for-key", received.for_key),
        ("past-grant", received.past_grant),
        ("forks", received.forks),
        ("keys", keys),
    ):
        if count:
            out("  " + words().count(f"cli.take.{name}", count))
    for message_id, count in sorted(received.refused.items()):
        out("  " + words().count("cli.take.refused", count, why=words().reason(message_id)))
    closed = words().reason("refused.not-for-this-device")
    for file in bundles.sealed:
        out("  " + say("cli.take.bad-file", file=file, why=closed))
    for file, message_id in bundles.refused:
        out("  " + say("cli.take.bad-file", file=file, why=words().reason(message_id)))
    for file in bundles.cut_short:
        out("  " + say("cli.take.cut-short", file=file))
