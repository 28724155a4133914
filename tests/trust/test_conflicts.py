"""Where removals void one another, and the last resort (docs/adr/0002, rules 6 to 8)."""

from __future__ import annotations

import pytest

from lumbre.schema.roles import Role
from lumbre.trust import Trust
from lumbre.trust import acts as a
from lumbre.trust.removal import Settled, Settlement
from tests.trust.histories import Pen, key_of
from tests.trust.test_removal_attacks import acting, council, propose, replay


def test_each_person_s_last_word_counts_between_two_removals() -> None:
    pen = Pen(["B", "C"])
    propose(pen, "-B", 5, [], False)
    propose(pen, "-C", 3, [], False)
    rights = replay(pen.acts, pen.space)
    assert acting(rights) == {pen.people["A"], pen.people["B"]}
    assert rights.act_note(pen.acts[1].entry.id) == "right.too-few-votes"


def test_who_signs_both_sides_apart_counts_for_neither() -> None:
    pen = Pen(["B", "C"])
    first = propose(pen, "-B", 5, [], True)
    second = propose(pen, "-C", 3, [], True)
    vote = pen.approve("A", second[0], branch="again", since=pen.founding)
    rights = replay(pen.acts, pen.space)
    assert len(acting(rights)) == 3
    assert rights.act_note(first[0].entry.id) == "right.too-few-votes"
    assert rights.act_note(vote.entry.id) == "right.both-sides"


def test_nobody_s_vote_for_their_own_removal_is_past_its_pins() -> None:
    pen = Pen(["B", "C", "D"])
    removal = pen.remove("A", "C")
    pen.approve("B", removal)
    vote = pen.approve("C", removal)
    rights = replay(pen.acts, pen.space)
    assert rights.stewards == {pen.people[name] for name in "ABD"}
    assert rights.act_note(vote.entry.id) is None


def test_two_removals_that_fewer_signed_do_not_take_the_votes_of_the_one_that_more_did() -> None:
    pen = Pen(["B", "C", "D", "E"])
    propose(pen, "-E", 15, [], False)
    for target in "AB":
        removal = pen.remove("E", target, branch=f"E{target}", since=pen.founding)
        for who in "CD":
            pen.approve(who, removal, branch=f"{who}{target}", since=pen.founding)
    assert acting(replay(pen.acts, pen.space)) == {pen.people[name] for name in "ABCD"}


def test_a_vote_past_the_pin_of_its_key_says_so() -> None:
    pen, known = council()
    removal = pen.remove("A", "C", [], after=[known])
    pen.approve("B", removal)
    vote = pen.approve("C", pen.appoint("A", "M", after=[known]), after=[known])
    rights = replay(pen.acts, pen.space)
    assert rights.stewards == {pen.people["A"], pen.people["B"]}
    assert rights.act_note(vote.entry.id) == "right.past-pin"


def test_the_removal_that_fewer_signed_does_not_void_votes_for_the_other() -> None:
    pen = Pen(["B", "C", "D", "E"])
    propose(pen, "-E", 15, [], False)
    removal = pen.remove("E", "A")
    for who in ("B2", "C2"):
        pen.approve(who[0], removal, branch=who, since=pen.founding)
    assert acting(replay(pen.acts, pen.space)) == {pen.people[name] for name in "ABCD"}


def test_two_removals_with_nothing_signed_twice_are_both_in_effect() -> None:
    pen = Pen(["B"])
    for name in "CD":
        pen.admit("A", name)
    known = pen.acts[-1]
    # Apart, each with another electorate: C comes in on one side, D on the other.
    ways: list[list[a.Act]] = []
    for new, side in (("C", "1"), ("D", "2")):
        made = pen.appoint("A", new, branch=f"A{side}", since=known)
        vote = pen.approve("B", made, branch=f"B{side}", since=pen.founding)
        ways.append([made, vote])
    first = pen.remove("C", "D", after=ways[0])
    pen.approve("A", first, branch="A1")
    second = pen.remove("D", "C", after=ways[1])
    pen.approve("B", second, branch="B2")
    rights = replay(pen.acts, pen.space)
    assert acting(rights) == {pen.people["A"], pen.people["B"]}


def test_a_person_admitted_anew_by_vote_is_not_closed_by_the_removal_before() -> None:
    pen, known = council()
    removal = pen.remove("A", "M", after=[known])
    vote = pen.approve("B", removal)
    person = pen.people["M"]
    early = pen.write("C", a.Admit, key_of("M9"), b"", Role.MEMBER, person, None, after=[known])
    pen.approve("A", early, after=[known], branch="A2", since=known)
    anew = pen.write("A", a.Admit, key_of("M2"), b"", Role.MEMBER, person, None, after=[vote])
    assert replay(pen.acts, pen.space).author(key_of("M2")) is None
    pen.approve("B", anew)
    rights = replay(pen.acts, pen.space)
    assert rights.author(key_of("M2")).pins is None  # type: ignore[union-attr]
    assert rights.author(key_of("M2")).person == person  # type: ignore[union-attr]
    assert rights.author(key_of("M9")).pins == ()  # type: ignore[union-attr]
    assert rights.author(key_of("M")).pins == ()  # type: ignore[union-attr]
    pen.device("M2", "M", "M3")
    assert replay(pen.acts, pen.space).author(key_of("M3")) is not None


def test_a_key_admitted_by_a_vote_speaks_only_where_the_vote_is_known() -> None:
    pen, known = council()
    person = pen.people["C"]
    anew = pen.write("A", a.Admit, key_of("C2"), b"", Role.MEMBER, person, None, after=[known])
    vote = pen.approve("B", anew)
    early = pen.appoint("A", "M", after=[vote])
    pen.approve("C2", early, branch="C2a", since=pen.founding)
    rights = replay(pen.acts, pen.space)
    assert rights.act_note(early.entry.id) is None
    pen2, known2 = council()
    alone = pen2.write(
        "A", a.Admit, key_of("C2"), b"", Role.MEMBER, pen2.people["C"], None, after=[known2]
    )
    proposal = pen2.appoint("A", "M", after=[alone])
    pen2.approve("C2", proposal)
    rights = replay(pen2.acts, pen2.space)
    assert rights.act_note(proposal.entry.id) == "right.too-few-votes"


def test_more_than_four_votes_of_a_person_for_one_proposal_change_nothing() -> None:
    pen, known = council()
    proposal = pen.appoint("A", "M", after=[known])
    for number in range(6):
        pen.approve("A", proposal, branch=f"A{number}", since=pen.founding)
    assert len(replay(pen.acts, pen.space).stewards) == 3
    pen.approve("B", proposal)
    assert len(replay(pen.acts, pen.space).stewards) == 4


def test_the_last_resort_drops_removals_from_the_end_until_somebody_may_act(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No history is known that comes here; the promise does not hang on that."""
    pen = Pen(["B", "C", "D"])
    first = propose(pen, "-D", 7, [], False)
    second = pen.remove("A", "C", first[2:], after=first[1:])
    pen.approve("B", second)
    trust = Trust(pen.space)
    for act in pen.acts:
        trust.add(act)
    genuine = Settlement._somebody_may_act

    def only_with_c(self: Settlement, settled: Settled) -> bool:
        return genuine(self, settled) and pen.people["C"] in settled.live

    monkeypatch.setattr(Settlement, "_somebody_may_act", only_with_c)
    rights = trust.rights()
    assert acting(rights) == {pen.people[name] for name in "ABC"}
    assert rights.act_note(second.entry.id) == "right.last-steward"


def test_a_later_removal_without_pins_does_not_undo_the_one_before_it() -> None:
    pen = Pen(["B", "C", "D"])
    first = propose(pen, "-D", 7, [], False)
    removal = pen.remove("A", "C", after=first[1:])
    pen.approve("B", removal)
    assert acting(replay(pen.acts, pen.space)) == {pen.people["A"], pen.people["B"]}


def test_a_late_vote_for_what_is_over_changes_nothing() -> None:
    pen = Pen(["B", "C", "D"])
    old = pen.dismiss("A", "C", [pen.founding])
    ended = [pen.approve("B", old), pen.approve("D", old)]
    lower = pen.write("A", a.SetQuorum, 60, after=ended)
    votes = [pen.approve(who, lower) for who in "BD"]
    again = pen.appoint("A", "C", after=votes)
    votes = [pen.approve(who, again) for who in "BD"]
    higher = pen.write("A", a.SetQuorum, 50, after=votes)
    votes = [pen.approve(who, higher) for who in "BCD"]
    pen.approve("B", old, after=votes)
    pen.approve("B", lower, after=votes)
    rights = replay(pen.acts, pen.space)
    assert rights.stewards == {pen.people[name] for name in "ABCD"}
    assert rights.quorum_percent == 50


def test_ends_that_know_nothing_of_one_another_all_end_the_term_before() -> None:
    pen, known = council()
    first = pen.dismiss("A", "C", after=[known])
    pen.approve("B", first)
    second = pen.dismiss("A", "C", branch="A2", since=known)
    pen.approve("B", second, branch="B2", since=pen.founding)
    rights = replay(pen.acts, pen.space)
    assert rights.author(key_of("C")).steward_pins == ()  # type: ignore[union-attr]
    back = pen.appoint("A", "C", after=[pen.acts[-1], pen.acts[-3]])
    pen.approve("B", back)
    assert pen.people["C"] in replay(pen.acts, pen.space).stewards
    missed = pen.appoint("A", "C", branch="A3", since=first)
    pen.approve("B", missed, branch="B3", since=pen.founding)
    assert pen.people["C"] in replay(pen.acts, pen.space).stewards


def test_a_closing_voids_votes_for_other_removals_and_one_s_own_removal_stands() -> None:
    pen = Pen(["B", "C"])
    second = pen.device("C", "C", "C2")
    last = pen.device("A", "A", "A2", after=[second])
    pen.close("C2", "C", [second], after=[last])
    pen.close("A2", "A", [last], after=[last])
    # C's own closing would void its vote to go; A's closing has nothing to do with it.
    removal = pen.remove("B", "C", [second], after=[last])
    pen.approve("C", removal)
    assert pen.people["C"] not in replay(pen.acts, pen.space).stewards
    other = pen.remove("B", "C", [second], after=[second], branch="B2", since=pen.founding)
    pen.approve("A", other)
    assert replay(pen.acts, pen.space).act_note(other.entry.id) == "right.too-few-votes"


def test_keys_that_admit_one_another_do_not_keep_a_closing_standing() -> None:
    pen = Pen(["B"])
    made = pen.device("A", "A", "A2")
    one = pen.device("A2", "A", "X1", after=[made])
    two = pen.device("X1", "A", "X2", after=[one])
    pen.device("X2", "A", "X1", after=[two])
    closing = pen.close("X1", "A2", after=[two])
    rights = replay(pen.acts, pen.space)
    assert rights.act_note(closing.entry.id) == "right.not-own-device"
    assert rights.author(key_of("A2")).pins is None  # type: ignore[union-attr]


def test_a_chain_of_conflicts_past_the_rounds_is_undecided_and_somebody_may_act(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lumbre.trust.removal.ROUNDS_MAX", 0)
    pen = Pen(["B", "C"])
    propose(pen, "-B", 5, [], False)
    propose(pen, "-C", 3, [], False)
    assert len(acting(replay(pen.acts, pen.space))) == 2


@pytest.mark.parametrize("rounds", [0, 12])
def test_an_electorate_shrinks_with_the_appointment_that_a_removal_voids(
    rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lumbre.trust.removal.ROUNDS_MAX", rounds)
    pen, known = council()
    other = pen.admit("A", "X")
    made = pen.appoint("A", "M", after=[known])
    vote = pen.approve("B", made)
    removal = pen.remove("A", "X", after=[vote, other])
    pen.approve("C", removal)
    assert replay(pen.acts, pen.space).author(key_of("X")).pins is None  # type: ignore[union-attr]
    pen.approve("C", pen.remove("A", "B", after=[known], branch="A2", since=other))
    rights = replay(pen.acts, pen.space)
    assert rights.stewards == {pen.people["A"], pen.people["C"]}
    # Cut off before the fixpoint, what was not found to hold is not in effect.
    assert (rights.author(key_of("X")).pins == ()) is (rounds > 0)  # type: ignore[union-attr]


def test_a_key_that_two_persons_claim_votes_for_the_one_who_is_a_steward() -> None:
    pen, known = council()
    pen.admit("A", "both", after=[known])
    pen.device("C", "C", "both", after=[known])
    proposal = pen.appoint("A", "M", after=pen.acts[-2:])
    pen.approve("both", proposal)
    assert pen.people["M"] in replay(pen.acts, pen.space).stewards
