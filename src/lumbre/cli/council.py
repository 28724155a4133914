"""What those who coordinate decide together: each is a proposal, in effect once enough voted."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from lumbre.cli.effects import SHORT_ID, body_of, outcome, tell_outcome
from lumbre.cli.options import DEFAULTS, Common, Yes, confirm, open_home, space_of
from lumbre.cli.speech import data, note, out, say, tell, words
from lumbre.errors import NotAllowed
from lumbre.node import devices, government
from lumbre.node.names import find_act, find_key, find_person, shown
from lumbre.node.proposals import State, about, reason_of, still_reading, waiting
from lumbre.node.spaces import Space
from lumbre.trust.acts import Epoch
from lumbre.trust.duties import Proposal

Who = Annotated[str, Parameter(help=say("cli.arg.who"))]
Act = Annotated[str, Parameter(help=say("cli.arg.act"))]
Reason = Annotated[str, Parameter(help=say("cli.arg.reason"))]


def remove(
    person: Who,
    *,
    key: Annotated[str | None, Parameter(help=say("cli.arg.only-key"))] = None,
    reason: Reason = "",
    yes: Yes = False,
    common: Common = DEFAULTS,
) -> int:
    """Propose to remove a person with all devices, or only one of them."""
    with open_home(common) as home:
        space = space_of(home, common)
        who = find_person(space, person)
        only = None if key is None else find_key(space, key)
        if not yes and not confirm("cli.remove.confirm", who=shown(space, who.person)):
            note("cli.not-done")
            return NotAllowed.exit_code
        entry = government.remove(home.node, space, who.person, only, reason)
        found = outcome(space, entry)
    return tell_outcome(found, common)


def pins(removal: Act, *, reason: Reason = "", common: Common = DEFAULTS) -> int:
    """Propose that all that this device holds by now of who was removed counts."""
    with open_home(common) as home:
        space = space_of(home, common)
        entry, body = find_act(space, removal)
        found = outcome(space, government.move_pins(home.node, space, entry, body, reason))
    return tell_outcome(found, common)


def appoint(person: Who, *, reason: Reason = "", common: Common = DEFAULTS) -> int:
    """Propose that a member coordinates too."""
    with open_home(common) as home:
        space = space_of(home, common)
        who = find_person(space, person).person
        found = outcome(space, government.appoint(home.node, space, who, reason))
    return tell_outcome(found, common)


def dismiss(person: Who, *, reason: Reason = "", common: Common = DEFAULTS) -> int:
    """Propose that somebody no longer coordinates and stays a member."""
    with open_home(common) as home:
        space = space_of(home, common)
        who = find_person(space, person).person
        found = outcome(space, government.dismiss(home.node, space, who, reason))
    return tell_outcome(found, common)


def quorum(
    percent: Annotated[int | None, Parameter(help=say("cli.arg.percent"))] = None,
    *,
    common: Common = DEFAULTS,
) -> int:
    """How many votes a decision takes; with a number, propose another share."""
    with open_home(common) as home:
        space = space_of(home, common)
        if percent is not None:
            found = outcome(space, government.set_quorum(home.node, space, percent))
        else:
            rights = space.ledger.rights
            share, need, count = rights.quorum_percent, rights.quorum, len(rights.stewards)
    if percent is not None:
        return tell_outcome(found, common)
    if common.json:
        data({"percent": share, "need": need, "stewards": count})
    else:
        out(words().count("cli.quorum.now", need, percent=share, stewards=count))
    return 0


def proposals(*, common: Common = DEFAULTS) -> None:
    """What waits for votes."""
    with open_home(common) as home:
        space = space_of(home, common)
        own = devices.own_person(home.node, space)
        found = [_shown(space, proposal, own) for proposal in waiting(space)]
    if common.json:
        data(found)
        return
    if not found:
        tell("cli.proposals.none")
    for one in found:
        out(f"{one['proposal'].hex()[:SHORT_ID]}  {one['says']}")
        if one["reason"]:
            out("  " + say("cli.proposals.reason", reason=one["reason"]))
        out("  " + words().count("cli.effect.waiting", one["missing"], **_votes(one)))
        out("  " + say("cli.proposals.voters", who=", ".join(one["voters"])))
        if one["may_vote"]:
            out("  " + say("cli.proposals.yours", id=one["proposal"].hex()[:SHORT_ID]))


def _votes(one: dict[str, Any]) -> dict[str, object]:
    return {"votes": len(one["voters"]), "need": one["need"]}


def _shown(space: Space, proposal: Proposal, own: bytes) -> dict[str, Any]:
    message_id, values = about(space, proposal.body)
    may_vote = own in proposal.electorate and own not in proposal.voters
    return {
        "proposal": proposal.ref.hash,
        "kind": message_id.partition(".")[2],
        "says": say(message_id, **values),
        "reason": reason_of(space, proposal.body),
        "voters": sorted(shown(space, person) for person in proposal.voters),
        "electorate": sorted(shown(space, person) for person in proposal.electorate),
        "need": proposal.need,
        "missing": proposal.need - len(proposal.voters),
        "may_vote": may_vote and own in space.ledger.rights.stewards,
    }


def approve(proposal: Act, *, common: Common = DEFAULTS) -> int:
    """Vote for a proposal."""
    with open_home(common) as home:
        space = space_of(home, common)
        wanted, _ = find_act(space, proposal)
        entry = government.approve(home.node, space, wanted.id)
        found = outcome(space, entry)
        if isinstance(body_of(space, wanted.id), Epoch) and found["state"] == State.IN_EFFECT:
            devices.wrap_for(home.node, space, devices.lacking_key(space))
    return tell_outcome(found, common)


def renew(*, common: Common = DEFAULTS) -> int:
    """Propose a new key of the community, which nobody gets who was removed."""
    with open_home(common) as home:
        space = space_of(home, common)
        readers = [shown(space, person) for person in still_reading(space)]
        entry = government.renew(home.node, space)
        found = outcome(space, entry)
        if found["state"] == State.IN_EFFECT:
            lacking = devices.lacking_key(space)
            devices.wrap_for(home.node, space, lacking)
    code = tell_outcome(found, common)
    if readers and not common.json:
        waits = found["state"] == State.WAITING
        out(say("cli.renew.until" if waits else "cli.renew.from", who=", ".join(readers)))
    return code


def share(*, common: Common = DEFAULTS) -> None:
    """Give the key in use to devices that lack it, as those that were let in meanwhile."""
    with open_home(common) as home:
        space = space_of(home, common)
        lacking = devices.lacking_key(space)
        devices.wrap_for(home.node, space, lacking)
    if common.json:
        data({"given": [key.hex() for key in lacking]})
    else:
        out(words().count("cli.share.done", len(lacking)))
