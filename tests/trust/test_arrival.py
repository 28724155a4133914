"""Rights are a function of the set of acts: any arrival, any moment of asking, one result."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lumbre.record import Mention
from lumbre.record.keys import SigningKey
from lumbre.schema.roles import Role
from lumbre.trust import Trust
from lumbre.trust import acts as a
from lumbre.trust.people import CONSENT_DOMAIN, consent_message
from tests.trust.histories import Pen, key_of, one_arrival, ordinary
from tests.trust.test_removal_attacks import state

NAMES = ["A", "B", "C", "m0", "m1", "m2"]
SHARED = SigningKey(bytes(range(1, 33)))


@st.composite
def histories(draw: st.DrawFn) -> Pen:  # noqa: C901 one case a kind of act
    """Acts of every weight by stewards, members and strangers, with forks."""
    pen = Pen(["B", "C"], recovery=key_of("paper"))
    for number in range(3):
        pen.admit("ABC"[number], f"m{number}")
    for _ in range(draw(st.integers(1, 12))):
        who = draw(st.sampled_from([*NAMES, "paper", "late", "d0"]))
        heads = draw(st.lists(st.sampled_from(pen.acts[1:]), max_size=3, unique_by=id))
        how: dict[str, object] = {"after": heads}
        if draw(st.integers(0, 5)) == 0:
            how |= {"branch": f"{who}{len(pen.acts)}", "since": pen.founding}
        other = draw(st.sampled_from(NAMES))
        old = draw(st.sampled_from(pen.acts[1:]))
        pins = draw(st.lists(st.sampled_from(pen.acts[1:]), max_size=3))
        match draw(st.integers(0, 13)):
            case 0:
                pen.admit(who, draw(st.sampled_from(["late", "m3"])), **how)
            case 1:
                pen.device(who, other, "d0", **how)
            case 2 | 3:
                pen.remove(who, other, pins, **how)
            case 4:
                pen.dismiss(who, other, pins, **how)
            case 5 | 6:
                pen.appoint(who, other, **how)
            case 7 | 8 | 9:
                pen.approve(who, old, **how)
            case 10:
                pen.close(who, other, pins, **how)
            case 11:
                pen.write(who, a.SetQuorum, draw(st.integers(50, 90)), **how)
            case 12:
                body = Mention.of(old.entry.ref)
                pen.write(who, a.Adopt, body, **how)
            case _:
                message = consent_message(pen.space, key_of(who))
                consent = SHARED.sign(CONSENT_DOMAIN, message) if draw(st.booleans()) else b""
                pen.write(who, a.Admit, SHARED.public, consent, Role.READER, None, None, **how)
    return pen


@settings(max_examples=250)
@given(histories(), st.integers(0, 2**32), st.integers(0, 2**32))
def test_any_arrival_and_any_moment_of_asking_give_equal_rights(
    pen: Pen, seed: int, asked: int
) -> None:
    whole = Trust(pen.space)
    for act in pen.acts:
        whole.add(act)
    expected = state(whole.rights(), pen.acts)
    other = Trust(pen.space)
    for number, act in enumerate(one_arrival(pen.acts, seed)):
        other.add(act)
        other.add(act)
        if asked >> (number % 32) & 1:
            other.rights()
    assert state(other.rights(), pen.acts) == expected


@settings(max_examples=150)
@given(histories())
def test_no_history_leaves_a_space_without_a_steward_who_holds_a_key(pen: Pen) -> None:
    trust = Trust(pen.space)
    for act in pen.acts:
        trust.add(act)
    rights = trust.rights()
    paper = rights.author(key_of("paper"))
    assert paper is not None
    assert any(
        right.pins is None and right.person in rights.stewards
        for _, right in rights.by_author.items()
    )


def test_one_more_ordinary_act_is_not_a_new_evaluation() -> None:
    pen = ordinary(400)
    trust = Trust(pen.space)
    for act in pen.acts:
        trust.add(act)
    trust.rights()
    before = trust.evaluations
    for number in range(700):
        trust.add(pen.admit("A", f"new{number}", after=pen.acts[-1:]))
        rights = trust.rights()
        assert rights.author(key_of(f"new{number}")) is not None
    assert trust.evaluations == before
    anew = Trust(pen.space)
    for act in pen.acts:
        anew.add(act)
    assert state(anew.rights(), pen.acts) == state(trust.rights(), pen.acts)


def test_only_authors_whose_right_moved_are_named_as_changed() -> None:
    pen = Pen(["B", "C"])
    first = pen.admit("A", "M")
    trust = Trust(pen.space)
    trust.add(pen.founding)
    trust.add(first)
    older = trust.rights()
    act = pen.admit("A", "N")
    trust.add(act)
    newer = trust.rights()
    assert newer.changed(older) == {key_of("N")}
    removal = pen.remove("A", "M", after=[act])
    vote = pen.approve("B", removal)
    for act in (removal, vote):
        trust.add(act)
    removed = trust.rights()
    assert removed.changed(newer) == {key_of("M")}
    assert trust.rights() is removed


def test_an_admission_that_comes_after_a_proposal_about_its_person_is_weighed_anew():
    pen = Pen(["B", "C"])
    admission = pen.admit("B", "D")
    proposal = pen.appoint("A", "D")
    vote = pen.approve("C", proposal)
    expected = Trust(pen.space)
    for act in pen.acts:
        expected.add(act)
    trust = Trust(pen.space)
    for act in (pen.founding, proposal, vote):
        trust.add(act)
        trust.rights()
    before = trust.evaluations
    trust.add(admission)
    found = trust.rights()
    assert trust.evaluations == before + 1
    trust.add(pen.admit("B", "E"))
    trust.rights()
    assert trust.evaluations == before + 1
    assert found.stewards == expected.rights().stewards
    assert found.act_note(proposal.entry.id) == expected.rights().act_note(proposal.entry.id)
