"""What would be lost with this device: what no other one is known to hold.

A list like the others: urgent first, then the newest; the count of each kind; what to do next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from lumbre.cli.options import DEFAULTS, Common, open_home, space_of
from lumbre.cli.speech import data, out, say, table, tell, words
from lumbre.errors import Refused
from lumbre.node import said
from lumbre.node.census import Census
from lumbre.node.spaces import Space
from lumbre.record import Entry, Lane
from lumbre.record.canonical import decode
from lumbre.record.limits import BODY_MAX_BYTES

SHORT_ID: Final = 8
LISTED_MAX: Final = 50
"""As many as somebody reads; --json gives all of them."""
_FIRST: Final = (Lane.URGENT, Lane.TRUST, Lane.ORDINARY, Lane.BULK)


class AtRisk(NamedTuple):
    """One entry that only this device is known to hold."""

    order: int
    newest: int
    id: bytes
    kind: str | None
    wall_s: int
    lane: Lane


def at_risk(*, common: Common = DEFAULTS) -> None:
    """What would be lost with this device, as far as it knows."""
    with open_home(common) as home:
        space = space_of(home, common)
        census = Census(home.node, space.id)
        found = sorted(_found(space, census.at_risk()))
        devices = census.devices()
        now_s = home.clock.now_s()
    kinds = Counter(one.kind or "" for one in found)
    if common.json:
        entries = [_plain(one) for one in found]
        data({"count": len(found), "kinds": kinds, "devices": devices, "entries": entries})
        return
    _say(found, kinds, devices, now_s)


def _say(found: Sequence[AtRisk], kinds: Counter[str], devices: int, now_s: int) -> None:
    if devices:
        out(words().count("cli.at-risk.devices", devices))
    else:
        tell("cli.at-risk.alone")
    if not found:
        tell("cli.at-risk.none")
        return
    out(words().count("cli.at-risk.count", len(found)))
    for kind, count in kinds.most_common():
        out(f"  {count}  {_named(kind)}")
    titles = [say("col.id"), say("col.kind"), say("col.age")]
    shown = [
        (
            one.id.hex()[:SHORT_ID],
            _named(one.kind),
            said.age(words(), one.wall_s, now_s),
        )
        for one in found[:LISTED_MAX]
    ]
    table(titles, shown)
    if len(found) > LISTED_MAX:
        out(words().count("cli.at-risk.more", len(found) - LISTED_MAX))
    tell("cli.at-risk.next")


def _named(kind: str | None) -> str:
    return words().of("kind", kind) if kind else say("cli.at-risk.unread")


def _found(space: Space, entries: Iterable[Entry]) -> Iterable[AtRisk]:
    for entry in entries:
        lane = entry.name.lane
        kind = _kind(space, entry)
        yield AtRisk(_FIRST.index(lane), -entry.wall_s, entry.id, kind, entry.wall_s, lane)


def _kind(space: Space, entry: Entry) -> str | None:
    """What a body calls itself, known here or not; None where it cannot be read."""
    try:
        plain = space.ledger.judge.plain(entry)
        kind = None if plain is None else decode(plain, BODY_MAX_BYTES)[0]
    except (Refused, IndexError):
        return None
    return kind if isinstance(kind, str) else None


def _plain(one: AtRisk) -> dict[str, object]:
    lane = one.lane.name.lower()
    return {"entry": one.id.hex(), "kind": one.kind, "lane": lane, "wall_s": one.wall_s}
