"""Keys claimed for other persons: without the stewards' vote a claim has no effect at all."""

from __future__ import annotations

import pytest

from lumbre.schema.roles import Role
from lumbre.trust import acts as a
from tests.trust.histories import Pen, key_of
from tests.trust.test_removal_attacks import council, powers, replay


def claim(pen: Pen, by: str, name: str, key: str, *after: a.Act) -> a.Act:
    """A further key for a person, proposed and not voted for."""
    person = pen.people[name]
    return pen.write(by, a.Admit, key_of(key), b"", Role.MEMBER, person, None, after=after)


@pytest.mark.parametrize("is_somebody_gone", [False, True])
def test_a_member_s_claims_and_their_devices_do_not_vote_as_the_stewards(
    is_somebody_gone: bool,
) -> None:
    pen, known = council()
    if is_somebody_gone:
        pen.admit("A", "N", after=[known])
        void = pen.admit("N", "O", after=pen.acts[-1:])
        pen.approve("B", pen.remove("A", "N", after=[void]))
    before = powers(replay(pen.acts, pen.space))
    devices = [
        pen.device(f"c{name}", name, f"d{name}", after=[claim(pen, "M", name, f"c{name}", known)])
        for name in "ABC"
    ]
    proposal = pen.appoint("dA", "M", after=devices)
    votes = [pen.approve(who, proposal) for who in ("cB", "dB", "cC", "dC")]
    again = pen.appoint("M", "M", after=devices)
    pen.approve("dB", again)
    rights = replay(pen.acts, pen.space)
    assert powers(rights) == before
    for act in (proposal, *votes):
        assert rights.act_note(act.entry.id) == "right.not-admitted"


@pytest.mark.parametrize("target", "ABM")
def test_a_claim_closes_no_key(target: str) -> None:
    pen, known = council()
    pen.admit("A", "N")
    before = powers(replay(pen.acts, pen.space))
    made = claim(pen, "N", target, "c", known)
    pen.close("c", target, after=[made])
    device = pen.device("c", target, "d", after=[made])
    pen.close("d", target, after=[device])
    assert powers(replay(pen.acts, pen.space)) == before


def test_a_claim_does_not_lift_the_pins_of_a_removed_steward_s_key() -> None:
    pen, known = council()
    removal = pen.remove("A", "C", after=[known])
    vote = pen.approve("B", removal)
    before = powers(replay(pen.acts, pen.space))
    claim(pen, "M", "C", "C", vote)
    proposal = pen.appoint("C", "M", branch="C2", since=pen.founding)
    pen.approve("A", proposal)
    rights = replay(pen.acts, pen.space)
    assert powers(rights) == before
    assert rights.act_note(proposal.entry.id) == "right.too-few-votes"


def test_a_claim_does_not_hold_up_a_lone_steward() -> None:
    pen = Pen()
    known = [pen.admit("A", "M"), pen.admit("A", "N")]
    made = claim(pen, "M", "A", "c", *known)
    pen.appoint("c", "N", after=[made])
    device = pen.device("c", "A", "d", after=[made])
    pen.appoint("d", "N", after=[device])
    removal = pen.remove("A", "N", after=known)
    rights = replay(pen.acts, pen.space)
    assert rights.act_note(removal.entry.id) is None
    assert rights.author(key_of("N")).pins == ()  # type: ignore[union-attr]


def test_one_steward_s_claims_do_not_mute_the_others_votes() -> None:
    pen, known = council()
    claims = [claim(pen, "C", name, f"c{name}", known) for name in "AB"]
    removal = pen.remove("A", "C", after=[known])
    pen.approve("B", removal)
    other = pen.remove("C", "A", after=claims)
    for who in ("cA", "cB"):
        pen.approve(who, other, after=claims)
    rights = replay(pen.acts, pen.space)
    assert rights.stewards == {pen.people["A"], pen.people["B"]}
    assert rights.author(key_of("A")).pins is None  # type: ignore[union-attr]


def test_devices_of_a_key_speak_from_the_vote_that_admitted_it() -> None:
    pen, known = council()
    made = claim(pen, "A", "C", "C2", known)
    vote = pen.approve("B", made)
    device = pen.device("C2", "C", "C3", after=[vote])
    friend = pen.admit("C3", "F", after=[device])
    proposal = pen.appoint("C3", "F", after=[friend])
    pen.approve("B", proposal)
    early = pen.appoint("C3", "M", branch="early", since=pen.founding, after=[known])
    pen.approve("A", early)
    closing = pen.close("C3", "C", after=[proposal])
    rights = replay(pen.acts, pen.space)
    assert rights.act_note(proposal.entry.id) is None
    assert rights.act_note(early.entry.id) == "right.too-few-votes"
    assert rights.act_note(closing.entry.id) is None
    assert rights.author(key_of("C")).pins == ()  # type: ignore[union-attr]
    assert rights.stewards == {pen.people[name] for name in "ABCF"}


def test_a_key_granted_by_a_vote_votes_for_granting_the_next() -> None:
    pen, last = council()
    voters, old = ["A", "B"], "C"
    for number in range(5):
        new = f"C{number}"
        made = claim(pen, voters[number % 2], "C", new, last)
        pen.approve(old, made, after=[made])
        old, last = new, pen.acts[-1]
    assert replay(pen.acts, pen.space).author(key_of(old)) is not None


def test_what_is_admitted_with_and_without_a_vote_rests_on_none() -> None:
    pen, known = council()
    early = claim(pen, "M", "C", "X", known)
    genuine = pen.device("C", "C", "X", after=[known])
    device = pen.device("X", "C", "X2", after=[early, genuine])
    proposal = pen.appoint("X2", "M", after=[device])
    pen.approve("A", proposal)
    assert pen.people["M"] in replay(pen.acts, pen.space).stewards
