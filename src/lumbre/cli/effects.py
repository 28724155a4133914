"""What became of an act, in words: in effect now, waiting for votes, or without effect and why.

Every command that governs ends here, so that all say it alike and end with the same codes.
"""

from __future__ import annotations

from typing import Any

from lumbre.cli.options import Common
from lumbre.cli.speech import data, out, say, words
from lumbre.errors import NotAllowed
from lumbre.node.names import shown
from lumbre.node.proposals import Effect, State, about, effect_of, still_reading
from lumbre.node.spaces import Space
from lumbre.record import Entry
from lumbre.trust.acts import Approve
from lumbre.trust.weighty import is_proposal

SHORT_ID = 8


def outcome(space: Space, entry: Entry, done_id: str = "", **values: object) -> dict[str, Any]:
    """What an act was and what became of it. `done_id`: what to say where it takes no votes."""
    effect = effect_of(space, entry.id)
    body = body_of(space, entry.id)
    proposal = entry.id
    if isinstance(body, Approve):
        proposal = body.proposal.hash
        body = body_of(space, proposal)
    says = []
    if is_proposal(body):
        message_id, about_values = about(space, body)
        says.append(say(message_id, **about_values))
    says += _effect_says(effect, proposal, done_id, values)
    found: dict[str, Any] = {
        "act": entry.id,
        "proposal": proposal if is_proposal(body) else None,
        "state": effect.state.value,
        "votes": effect.votes,
        "need": effect.need,
        "missing": effect.missing,
        "reason": effect.reason,
        "new_key_due": space.needs_new_epoch,
    }
    if space.needs_new_epoch:
        found["still_reading"] = [shown(space, person) for person in still_reading(space)]
        says.append(say("cli.renew.due", who=", ".join(found["still_reading"])))
    found["says"] = says
    return found


def _effect_says(
    effect: Effect, proposal: bytes, done_id: str, values: dict[str, object]
) -> list[str]:
    if effect.state is State.IN_EFFECT:
        if not effect.need:
            return [say(done_id, **values)] if done_id else [say("cli.effect.in-effect")]
        return [say("cli.effect.decided", votes=effect.votes, need=effect.need)]
    if effect.state is State.WAITING:
        waits = words().count(
            "cli.effect.waiting", effect.missing, votes=effect.votes, need=effect.need
        )
        return [waits, say("cli.effect.next", id=proposal.hex()[:SHORT_ID])]
    return [say("cli.effect.without", why=words().reason(effect.reason))]


def tell_outcome(found: dict[str, Any], common: Common) -> int:
    """Print what became of an act; the exit code: an act without effect had no right to it."""
    if common.json:
        data(found)
    else:
        for line in found["says"]:
            out(line)
    is_void = found["state"] == State.WITHOUT_EFFECT
    return NotAllowed.exit_code if is_void else 0


def body_of(space: Space, act: bytes) -> object:
    """The body of an act of trust that is known here."""
    settled = space.ledger.rights.settled
    number = settled.graph.number.get(act) if settled else None
    return settled.graph.bodies[number] if settled and number is not None else None
