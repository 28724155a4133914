"""Closings take from the person who closes, and from nobody else."""

from __future__ import annotations

from tests.trust.histories import Pen, key_of
from tests.trust.test_removal_attacks import council, replay


def test_a_member_s_closing_with_low_pins_does_not_unseat_a_steward_it_once_admitted() -> None:
    pen, known = council()
    device = pen.device("M", "M", "M2", after=[known])
    between = pen.admit("M", "Y", after=[device])
    admission = pen.admit("Y", "X", after=[between])
    proposal = pen.appoint("A", "X", after=[admission])
    vote = pen.approve("B", proposal)
    own = pen.device("X", "X", "X2", after=[vote])
    pen.close("M2", "M", [device])
    rights = replay(pen.acts, pen.space)
    assert rights.stewards == {pen.people[name] for name in "ABCX"}
    assert rights.author(key_of("X")).pins is None  # type: ignore[union-attr]
    assert rights.author(key_of("X2")).pins is None  # type: ignore[union-attr]
    assert rights.author(key_of("Y")) is None
    assert rights.act_note(admission.entry.id) is None
    assert rights.act_note(between.entry.id) == "right.past-pin"
    pen.close("X2", "X", [vote], after=[own])
    # Its own closing reaches its own devices: none cuts the branch that it sits on.
    assert replay(pen.acts, pen.space).author(key_of("X2")) is not None


def test_the_stewards_removal_with_low_pins_undoes_the_admission_of_a_candidate() -> None:
    pen, known = council()
    admission = pen.admit("M", "X", after=[known])
    proposal = pen.appoint("A", "X", after=[admission])
    assert replay(pen.acts, pen.space).author(key_of("X")) is not None
    pen.approve("B", pen.remove("A", "M", after=[proposal]))
    assert replay(pen.acts, pen.space).author(key_of("X")) is None


def test_who_claims_a_key_closes_it_for_itself_alone() -> None:
    pen, known = council()
    device = pen.device("M", "M", "B", after=[known])
    closing = pen.close("M", "B", after=[device])
    vote = pen.approve("B", pen.appoint("A", "M", after=[closing]))
    rights = replay(pen.acts, pen.space)
    assert rights.author(key_of("B")).pins is None  # type: ignore[union-attr]
    assert rights.act_note(closing.entry.id) is None
    assert rights.act_note(vote.entry.id) is None
    assert pen.people["M"] in rights.stewards


def test_a_person_goes_on_with_a_key_that_another_who_claimed_it_closed() -> None:
    pen = Pen(["B"])
    pen.admit("A", "M")
    last = pen.admit("B", "N")
    device = pen.device("M", "M", "N", after=[last])
    closing = pen.close("M", "N", after=[device])
    friend = pen.admit("N", "F", after=[closing])
    rights = replay(pen.acts, pen.space)
    assert rights.act_note(friend.entry.id) is None
    assert rights.author(key_of("F")) is not None
