"""What became of acts: in effect, waiting for votes, or without effect and why.

Everything is read from `Rights`; nothing here decides. `about` gives the message id and the
values of one sentence for a proposal, for any screen.

What this does not do: write (see `government`).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from lumbre.node.names import shown
from lumbre.node.spaces import Space
from lumbre.schema import Body, Role
from lumbre.schema.fields import kind_name
from lumbre.trust.acts import (
    Admit,
    Appoint,
    Approve,
    Dismiss,
    EndMandate,
    Epoch,
    Mandate,
    Organisation,
    Remove,
    SetQuorum,
)
from lumbre.trust.duties import (
    Proposal,
    closed_keys,
    epochs,
    open_proposals,
    persons,
    unapproved,
)
from lumbre.trust.weighty import is_proposal

_SHORT_ID = 8
_READS = frozenset({Role.READER, Role.MEMBER, Role.STEWARD})


class State(StrEnum):
    """What became of an act."""

    IN_EFFECT = "in-effect"
    WAITING = "waiting"
    WITHOUT_EFFECT = "without-effect"


class Effect(msgspec.Struct, frozen=True):
    """What became of one act; `need` 0: it takes no votes. `reason`: a message id, or empty."""

    state: State
    votes: int = 0
    need: int = 0
    reason: str = ""

    @property
    def missing(self) -> int:
        """How many votes it still takes."""
        return max(0, self.need - self.votes)


def effect_of(space: Space, act: bytes) -> Effect:
    """What became of an act; of a vote: of what it votes for, where the vote counts."""
    rights = space.ledger.rights
    settled = rights.settled
    number = None if settled is None else settled.graph.number.get(act)
    if settled is None or number is None:
        return Effect(State.WITHOUT_EFFECT, reason="right.unknown-act")
    body, why = settled.graph.bodies[number], rights.act_note(act)
    if isinstance(body, Approve) and why is None:
        return effect_of(space, body.proposal.hash)
    if not is_proposal(body):
        return Effect(State.WITHOUT_EFFECT if why else State.IN_EFFECT, reason=why or "")
    votes = len(settled.outcome.voters.get(number, ()))
    need = settled.outcome.need.get(number, 0)
    if why is None:
        return Effect(State.IN_EFFECT, votes, need)
    if why == "right.too-few-votes":
        return Effect(State.WAITING, votes, need)
    return Effect(State.WITHOUT_EFFECT, votes, need, why)


def is_moot(space: Space, proposal: Proposal) -> bool:
    """Whether a proposal's end is reached already, or too few who may vote for it are left."""
    rights = space.ledger.rights
    body = proposal.body
    if len(proposal.voters | (proposal.electorate & rights.stewards)) < proposal.need:
        return True
    if isinstance(body, Appoint):
        return body.person in rights.stewards
    if isinstance(body, Dismiss):
        return body.person not in rights.stewards
    closed = closed_keys(rights)
    if isinstance(body, Remove):
        keys = {body.key} if body.key else set(persons(rights).get(body.person, ()))
        return keys <= closed
    if isinstance(body, SetQuorum):
        return body.percent == rights.quorum_percent
    if isinstance(body, Epoch):
        made = epochs(rights)
        return not closed <= set(body.excludes) or body.predecessor != (
            made[-1].ref if made else None
        )
    return False


def waiting(space: Space) -> list[Proposal]:
    """Open proposals that still mean something, and admissions that no steward stands by yet."""
    rights = space.ledger.rights
    found = [proposal for proposal in open_proposals(rights) if not is_moot(space, proposal)]
    return [*found, *unapproved(rights)]


def about(space: Space, body: object) -> tuple[str, dict[str, object]]:
    """The message id and the values of a sentence that says what a proposal would do."""
    values: dict[str, object] = {}
    kind = kind_name(type(body)) if isinstance(body, Body) else ""
    person = getattr(body, "person", None)
    if isinstance(person, bytes):
        values["who"] = shown(space, person)
    key = getattr(body, "key", None)
    if isinstance(key, bytes):
        values["key"] = key.hex()[:_SHORT_ID]
        kind = "remove-key" if isinstance(body, Remove) else kind
    for name in ("percent", "version", "duty"):
        if hasattr(body, name):
            values[name] = getattr(body, name)
    if isinstance(body, Admit) and body.person is None:
        right = space.ledger.rights.author(body.key)
        values["who"] = shown(space, right.person) if right is not None else ""
        kind = "bring"
    if isinstance(body, Mandate):
        values["who"] = shown(space, body.holder)
    if isinstance(body, EndMandate):
        values["duty"] = duty_of(space, body)
    return f"proposal.{kind}", values


def duty_of(space: Space, end: EndMandate) -> str:
    """The duty whose mandate an act ends."""
    settled = space.ledger.rights.settled
    number = settled.graph.number.get(end.mandate.hash) if settled else None
    body = settled.graph.bodies[number] if settled and number is not None else None
    return body.duty if isinstance(body, Mandate) else end.mandate.hash.hex()[:_SHORT_ID]


def reason_of(space: Space, body: object) -> str:
    """The reason that somebody gave with an act, as far as a key here opens it."""
    said = getattr(body, "sealed", b"")
    return (space.text(said) or "") if said and not isinstance(body, Organisation) else ""


def still_reading(space: Space) -> list[bytes]:
    """Persons who were taken a key away with which they read what is written now."""
    rights = space.ledger.rights
    epoch, _ = space.current_keys()
    excluded = {
        key for found in epochs(rights) if found.ref.hash == epoch for key in found.body.excludes
    }
    found = {
        right.person
        for key, right in rights.authors()
        if right.pins is not None and right.role in _READS and key not in excluded
    }
    return sorted(found)
