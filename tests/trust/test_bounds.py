"""Histories built to burn a processor: bounded by counts, not by seconds (THREATS row 12)."""

from __future__ import annotations

import pytest

from lumbre.trust import Trust
from lumbre.trust.acts import Appoint
from tests.trust.histories import SHAPES, Pen, key_of


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_hostile_shape_costs_a_bounded_number_of_steps_an_act(name: str) -> None:
    for count in (500, 2000):
        pen = SHAPES[name](count)
        trust = Trust(pen.space)
        for act in pen.acts:
            trust.add(act)
        trust.rights()
        assert trust.settlement is not None
        council = trust.settlement.council
        assert trust.evaluations == 1
        assert council.passes <= 3
        # One step an act and pass, and what joins of pasts apart add.
        assert council.steps <= 12 * len(pen.acts)


def test_a_person_admits_32_keys_on_its_own_and_no_more() -> None:
    pen = Pen(["B"])
    for number in range(40):
        pen.device(
            "A" if number == 0 else f"d{number - 1}",
            "A",
            f"d{number}",
            after=pen.acts[-1:] if number else (),
        )
    trust = Trust(pen.space)
    for act in pen.acts:
        trust.add(act)
        trust.rights()
    rights = trust.rights()
    known = [number for number in range(40) if rights.author(key_of(f"d{number}"))]
    assert known == list(range(32))
    assert rights.act_note(pen.acts[33].entry.id) == "right.key-taken"
    assert rights.act_note(pen.acts[34].entry.id) == "right.not-admitted"


def test_there_are_never_more_than_32_stewards() -> None:
    pen = Pen()
    for number in range(34):
        pen.admit("A", f"m{number}")
    voters = ["A"]
    for number in range(34):
        proposal = pen.appoint("A", f"m{number}", after=pen.acts[-1:])
        for who in voters[1:]:
            pen.approve(who, proposal, after=pen.acts[-1:])
        voters.append(f"m{number}")
    trust = Trust(pen.space)
    for act in pen.acts:
        trust.add(act)
    assert len(trust.rights().stewards) == 32
    proposal = pen.acts[-1]
    while not isinstance(proposal.body, Appoint):
        pen.acts.pop()
        proposal = pen.acts[-1]
    assert trust.rights().act_note(proposal.entry.id) == "right.too-many-stewards"


def test_votes_of_strangers_are_no_reason_to_evaluate_anew() -> None:
    pen = Pen(["B", "C"])
    pen.admit("A", "M")
    proposal = pen.appoint("A", "M")
    pen.admit("A", "S", after=[proposal])
    trust = Trust(pen.space)
    for act in pen.acts:
        trust.add(act)
    trust.rights()
    for _ in range(50):
        trust.add(pen.approve("S", proposal))
        trust.add(pen.approve("nobody", proposal))
        rights = trust.rights()
    assert trust.evaluations == 1
    assert rights.act_note(pen.acts[-2].entry.id) == "right.not-steward"
    assert rights.act_note(pen.acts[-1].entry.id) == "right.not-admitted"
