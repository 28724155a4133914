"""Whose consent an admission needs, and what duties tell of proposals and mandates."""

from __future__ import annotations

import pytest

from lumbre.record import NO_SPACE, SigningKey
from lumbre.schema.roles import Role
from lumbre.trust import acts as a
from lumbre.trust import duties
from lumbre.trust.people import CONSENT_DOMAIN, consent_message
from tests.trust.histories import Pen, key_of
from tests.trust.test_removal_attacks import council, replay

OWN = SigningKey(bytes(range(32)))
OTHER = SigningKey(bytes(range(1, 33)))


def consent(space: bytes, admitter: str, person: bytes | None = None, by=OWN) -> bytes:
    more = () if person is None else (person,)
    return by.sign(CONSENT_DOMAIN, consent_message(space, key_of(admitter), *more))


def admit(pen: Pen, by: str, signed: bytes) -> a.Act:
    return pen.write(by, a.Admit, OWN.public, signed, Role.MEMBER, None, None)


@pytest.mark.parametrize("first", ["with", "without"])
def test_of_two_who_admit_a_key_the_one_with_its_consent_does(first):
    pen, _ = council()
    signed = {"B": consent(pen.space, "B"), "C": b""}
    made = {by: admit(pen, by, signed[by]) for by in ("BC" if first == "with" else "CB")}
    good, bad = made["B"], made["C"]
    rights = replay(pen.acts, pen.space)
    assert rights.author(OWN.public).person == good.entry.id
    assert rights.act_note(good.entry.id) is None
    assert rights.act_note(bad.entry.id) == "right.key-taken"


def test_a_consent_holds_for_one_space_admitter_person_and_key():
    pen, _ = council()
    good = admit(pen, "A", consent(pen.space, "A"))
    wrong = [
        admit(pen, "B", consent(NO_SPACE, "B")),
        admit(pen, "B", consent(pen.space, "A")),
        admit(pen, "B", consent(pen.space, "B", pen.people["C"])),
        admit(pen, "B", consent(pen.space, "B", by=OTHER)),
        admit(pen, "B", b"x" * 64),
        pen.write("C", a.Device, pen.people["C"], OWN.public, consent(pen.space, "C")),
    ]
    rights = replay(pen.acts, pen.space)
    assert rights.author(OWN.public).person == good.entry.id
    for act in wrong:
        assert rights.act_note(act.entry.id) == "right.key-taken"


def test_an_open_proposal_says_what_it_is_who_voted_and_who_may():
    pen = Pen(["B", "C"], percent=80)
    proposal = pen.write("A", a.SetQuorum, 60)
    pen.approve("B", proposal)
    stewards = frozenset(pen.people[name] for name in "ABC")
    voters = frozenset(pen.people[name] for name in "AB")
    (found,) = duties.open_proposals(replay(pen.acts, pen.space))
    assert found == duties.Proposal(proposal.entry.ref, proposal.body, voters, stewards, 3)
    pen.approve("C", proposal)
    assert duties.open_proposals(replay(pen.acts, pen.space)) == []


def test_a_mandate_that_is_held_says_what_it_is():
    pen, known = council()
    body = (None, "water", pen.people["M"], (), 5)
    mandate = pen.write("A", a.Mandate, *body, after=[known])
    pen.approve("B", mandate)
    (held,) = duties.mandates(replay(pen.acts, pen.space))
    assert held == duties.Held(mandate.entry.ref, mandate.body, pen.people["M"])


def test_a_former_steward_s_proposal_has_no_effect_whoever_votes_for_it():
    pen, known = council()
    dismissal = pen.dismiss("A", "C", [], after=[known])
    vote = pen.approve("B", dismissal)
    proposal = pen.appoint("C", "M", after=[vote])
    votes = [pen.approve("A", proposal), pen.approve("B", proposal)]
    rights = replay(pen.acts, pen.space)
    assert rights.stewards == {pen.people["A"], pen.people["B"]}
    assert rights.act_note(proposal.entry.id) == "right.not-steward"
    assert [rights.act_note(one.entry.id) for one in votes] == ["right.not-steward"] * 2


def test_the_last_steward_is_neither_dismissed_nor_removed_but_may_lose_a_key():
    pen = Pen()
    device = pen.device("A", "A", "second")
    dismissal = pen.dismiss("A", "A")
    removal = pen.remove("A", "A")
    one_key = pen.remove("second", "A", [device], key="A", after=[removal])
    rights = replay(pen.acts, pen.space)
    assert rights.stewards == {pen.people["A"]}
    assert rights.act_note(dismissal.entry.id) == "right.last-steward"
    assert rights.act_note(removal.entry.id) == "right.last-steward"
    assert rights.act_note(one_key.entry.id) is None
    assert rights.author(key_of("A")).pins is not None


def test_of_two_stewards_one_may_be_dismissed_by_both():
    pen = Pen(["B"])
    dismissal = pen.dismiss("A", "B")
    pen.approve("B", dismissal)
    rights = replay(pen.acts, pen.space)
    assert rights.stewards == {pen.people["A"]}
    assert rights.act_note(dismissal.entry.id) is None


def test_each_act_of_trust_says_why_it_has_no_effect():
    pen, known = council()
    pen.device("M", "M", "M2")
    good = pen.close("M", "M2")
    alien = pen.close("M", "A")
    itself = pen.close("M", "M")
    by_reader = pen.admit("A", "R", Role.READER)
    bad = pen.admit("R", "S", after=[by_reader])
    vote = pen.approve("A", by_reader)
    other = pen.approve("A", good)
    stranger = pen.approve("M", known)
    rights = replay(pen.acts, pen.space)
    notes = [rights.act_note(act.entry.id) for act in (good, alien, itself, by_reader, bad)]
    assert notes == [
        None,
        "right.not-own-device",
        "right.not-own-device",
        None,
        "right.role",
    ]
    # A steward's approval of an admission stands by it; no other act is approved but proposals.
    assert rights.act_note(vote.entry.id) is None
    assert rights.act_note(other.entry.id) == "right.no-proposal"
    assert rights.act_note(stranger.entry.id) == "right.no-proposal"


def test_a_removed_member_s_later_acts_say_so():
    pen, known = council()
    before = pen.admit("M", "N", after=[known])
    removal = pen.remove("A", "M", [before], after=[before])
    pen.approve("B", removal)
    after = pen.admit("M", "O")
    rights = replay(pen.acts, pen.space)
    assert rights.act_note(before.entry.id) is None
    assert rights.act_note(after.entry.id) in {"right.past-pin", "right.role"}
    assert rights.author(key_of("O")) is None
