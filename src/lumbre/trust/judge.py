"""Why an act of trust has no effect, one act at a time, as a message id.

What this does not do: decide. It reads what the replay found.
"""

from __future__ import annotations

from lumbre.errors import Refused
from lumbre.record.fork import read_fork
from lumbre.schema.roles import Role
from lumbre.trust.acts import (
    Admit,
    Approve,
    Close,
    Device,
    EndMandate,
    ForkSeen,
    Found,
    Grant,
    Mandate,
    TrustAct,
)
from lumbre.trust.people import Admission
from lumbre.trust.removal import Settled
from lumbre.trust.weighty import is_proposal

_RENEWABLE = frozenset({Role.GUEST, Role.SENSOR})


def standing_admissions(settled: Settled, number: int) -> list[Admission]:
    """The admissions of an act's author whose pins it is not past."""
    author = settled.graph.entries[number].name.author
    taken = settled.taken
    found = []
    for admission in settled.people.keys.get(author, ()):
        removals = taken.of_key(author, admission)
        if admission.person in settled.vouched and (
            not removals or taken.is_within(number, removals)
        ):
            found.append(admission)
    return found


def note_of(settled: Settled, number: int) -> str | None:
    """Why an act has no effect; None where it has."""
    body = settled.graph.bodies[number]
    if isinstance(body, Found):
        return None if number == settled.founding else "right.second-founding"
    if not isinstance(body, TrustAct):
        return "right.unknown-kind"
    if isinstance(body, Admit | Device) and _admits(settled, number, body):
        return None
    author = settled.graph.entries[number].name.author
    if settled.shown(author) is None:
        return "right.not-admitted"
    if is_proposal(body):
        return _proposal(settled, number)
    if isinstance(body, Approve):
        return _vote(settled, number, body)
    return _plain(settled, number, body)


def _plain(settled: Settled, number: int, body: TrustAct) -> str | None:
    """Why an act that needs no votes has no effect."""
    standing = standing_admissions(settled, number)
    if not standing:
        return "right.past-pin"
    if isinstance(body, Close):
        return None if number in settled.taken.acts else "right.not-own-device"
    if isinstance(body, Admit | Device):
        if number in settled.people.refused:
            return "right.key-taken"
        is_known = any(a.act == number for a in settled.people.keys.get(body.key, ()))
        return "right.not-countersigned" if is_known else "right.role"
    if isinstance(body, ForkSeen):
        return _fork(body)
    return None if any(a.role is Role.MEMBER for a in standing) else "right.role"


def _admits(settled: Settled, number: int, body: Admit | Device) -> bool:
    """Whether a key is admitted by an act, and that is in force."""
    admitted = settled.people.keys.get(body.key, ())
    return any(a.act == number and a.person in settled.vouched for a in admitted)


def _fork(body: ForkSeen) -> str | None:
    try:
        read_fork(body.left, body.right)
    except Refused:
        return "right.no-proof"
    return None


def _proposal(settled: Settled, number: int) -> str | None:
    if number in settled.outcome.effective or is_own_right(settled, number):
        return None
    if number in settled.outcome.need:
        return "right.too-few-votes"
    return settled.outcome.notes.get(number, "right.not-steward")


def _vote(settled: Settled, number: int, body: Approve) -> str | None:
    if number in settled.approvals:
        return None
    target = settled.graph.number.get(body.proposal.hash)
    if target is None or not is_proposal(settled.graph.bodies[target]):
        return "right.no-proposal"
    if number not in settled.weighty.place:
        return "right.not-steward"
    if target not in settled.outcome.need:
        return settled.outcome.notes.get(target, "right.not-steward")
    return settled.outcome.notes.get(number)


def is_own_right(settled: Settled, number: int) -> bool:
    """Whether a proposal needs no votes: renewing a guest's grant, ending one's own turn."""
    body = settled.graph.bodies[number]
    standing = standing_admissions(settled, number)
    if isinstance(body, Grant):
        admission = settled.shown(body.key)
        return (
            admission is not None
            and admission.role in _RENEWABLE
            and any(a.role is Role.MEMBER for a in standing)
        )
    if isinstance(body, EndMandate):
        mandate = settled.graph.number.get(body.mandate.hash)
        known = settled.graph.bodies[mandate] if mandate is not None else None
        return isinstance(known, Mandate) and any(
            a.person == body.person or a.person in known.deputies for a in standing
        )
    return False
