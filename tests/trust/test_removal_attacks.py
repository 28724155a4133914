"""Attacks by removed members and by thieves of keys (THREATS rows 10, 11 and 13)."""

from __future__ import annotations

from itertools import combinations_with_replacement, product

import pytest

from lumbre.record import Mention
from lumbre.record.keys import SigningKey
from lumbre.schema.roles import Role, Via
from lumbre.trust import Rights, Trust
from lumbre.trust import acts as a
from lumbre.trust.duties import current_epoch
from lumbre.trust.people import CONSENT_DOMAIN, consent_message
from tests.trust.histories import Pen, arrivals, key_of, pin


def replay(pen_acts: list[a.Act], space: bytes) -> Rights:
    trust = Trust(space)
    for act in pen_acts:
        trust.add(act)
    return trust.rights()


def state(rights: Rights, acts: list[a.Act]) -> object:
    """All that a replay says, to compare."""
    return (
        sorted(rights.by_author.items()),
        sorted(rights.adopted.items(), key=str),
        rights.stewards,
        rights.quorum,
        rights.rules_version,
        current_epoch(rights),
        [rights.act_note(id_) for id_ in sorted(act.entry.id for act in acts)],
    )


def powers(rights: Rights, *but: str) -> object:
    """What everyone may do, the keys of `but` left out."""
    without = {key_of(name) for name in but}
    return (
        rights.stewards,
        rights.quorum,
        rights.rules_version,
        sorted((k, r) for k, r in rights.by_author.items() if k not in without),
    )


def council() -> tuple[Pen, a.Act]:
    """A, B and C are stewards, M a member whom A admitted; the last act they all know."""
    pen = Pen(["B", "C"])
    return pen, pen.admit("A", "M")


# Row 10: a removed member goes on, backdates, or claims not to have seen it.


@pytest.mark.parametrize("how", ["goes on", "claims not to have seen", "backdates"])
def test_a_removed_member_changes_nothing_in_any_order_of_arrival(how: str) -> None:
    pen, known = council()
    good = pen.admit("M", "friend", after=[known])
    removal = pen.remove("A", "M", [good], after=[good])
    vote = pen.approve("B", removal)
    before = powers(replay(pen.acts, pen.space))
    if how == "goes on":
        pen.admit("M", "puppet", after=[vote])
    elif how == "claims not to have seen":
        pen.admit("M", "puppet", after=[good])
    else:
        pen.admit("M", "puppet", since=pen.founding, branch="M2")
    states = {str(state(replay(acts, pen.space), pen.acts)) for acts in arrivals(pen.acts)}
    assert len(states) == 1
    rights = replay(pen.acts, pen.space)
    assert rights.author(key_of("puppet")) is None
    assert rights.author(key_of("friend")) is not None
    assert rights.act_note(pen.acts[-1].entry.id) == "right.past-pin"
    assert powers(rights) == before


@pytest.mark.parametrize("role", [Role.MEMBER, Role.READER])
@pytest.mark.parametrize("by", ["M", "friend", "puppet"])
def test_a_removed_member_does_not_stay_by_having_its_key_admitted_anew(
    by: str, role: Role
) -> None:
    pen, known = council()
    good = pen.admit("M", "friend", Role.READER, after=[known])
    removal = pen.remove("A", "M", [good], after=[good])
    vote = pen.approve("B", removal)
    before = powers(replay(pen.acts, pen.space))
    puppet = pen.admit("M", "puppet", after=[vote])
    again = pen.admit(by, "M", role, after=[puppet])
    pen.device("M", "M", "M2", after=[again])
    pen.admit("M", "puppet2", after=[again])
    states = {str(state(replay(acts, pen.space), pen.acts)) for acts in arrivals(pen.acts)}
    assert len(states) == 1
    assert powers(replay(pen.acts, pen.space)) == before


def test_a_removed_steward_cannot_vote_on_by_not_having_seen_it() -> None:
    pen, known = council()
    removal = pen.remove("A", "C", after=[known])
    pen.approve("B", removal)
    before = powers(replay(pen.acts, pen.space))
    proposal = pen.appoint("C", "M", after=[known])
    pen.approve("A", proposal)
    rights = replay(pen.acts, pen.space)
    assert powers(rights) == before
    assert rights.act_note(proposal.entry.id) == "right.too-few-votes"


def test_votes_within_the_pins_of_a_later_removal_stand() -> None:
    pen, known = council()
    proposal = pen.appoint("C", "M", after=[known])
    vote = pen.approve("A", proposal)
    removal = pen.remove("A", "C", [proposal], after=[vote])
    pen.approve("B", removal)
    pen.approve("M", removal)
    rights = replay(pen.acts, pen.space)
    assert rights.stewards == {pen.people["A"], pen.people["B"], pen.people["M"]}


def test_removal_wins_over_a_concurrent_appointment() -> None:
    pen, known = council()
    proposal = pen.appoint("A", "M", after=[known])
    pen.approve("B", proposal)
    removal = pen.remove("C", "M", after=[known])
    pen.approve("B", removal)
    rights = replay(pen.acts, pen.space)
    assert pen.people["M"] not in rights.stewards
    right = rights.author(key_of("M"))
    assert right is not None
    assert right.pins == ()


def test_a_dismissed_steward_is_a_member_again_and_can_be_appointed_anew() -> None:
    pen, known = council()
    old = pen.remove("C", "M", after=[known])
    dismissal = pen.dismiss("A", "C", [old], after=[old])
    vote = pen.approve("B", dismissal)
    admitted = pen.admit("C", "friend", after=[vote])
    late = pen.approve("C", pen.appoint("A", "M", after=[known]))
    rights = replay(pen.acts, pen.space)
    right = rights.author(key_of("C"))
    assert right is not None
    assert (right.role, right.pins) == (Role.MEMBER, None)
    assert right.steward_pins == ((old.entry.log, old.entry.seq, old.entry.id),)
    assert rights.author(key_of("friend")) is not None
    assert rights.act_note(late.entry.id) == "right.not-steward"
    again = pen.appoint("A", "C", after=[admitted])
    pen.approve("B", again)
    rights = replay(pen.acts, pen.space)
    assert pen.people["C"] in rights.stewards
    assert rights.act_note(late.entry.id) == "right.not-steward"


def test_the_higher_of_concurrent_pins_counts_and_a_later_removal_cannot_raise_them() -> None:
    pen, known = council()
    first = pen.admit("M", "x1", after=[known])
    second = pen.admit("M", "x2")
    third = pen.admit("M", "x3")
    low = pen.remove("A", "M", [first], after=[first])
    low_vote = pen.approve("B", low)
    high = pen.remove("C", "M", [second], after=[second])
    high_vote = pen.approve("B", high, branch="B2", since=pen.founding)
    rights = replay(pen.acts, pen.space)
    assert rights.author(key_of("x2")) is not None
    assert rights.author(key_of("x3")) is None
    later = pen.remove("A", "M", [third], after=[low_vote, high_vote])
    last = pen.approve("B", later)
    rights = replay(pen.acts, pen.space)
    assert rights.author(key_of("x3")) is None
    moved = pen.write("A", a.MovePins, low.entry.ref, pin([third]), after=[last])
    pen.approve("C", moved)
    rights = replay(pen.acts, pen.space)
    assert rights.act_note(moved.entry.id) is None
    assert rights.author(key_of("x3")) is not None


# Row 11: stewards remove one another; one appoints puppets.


def acting(rights: Rights) -> set[bytes]:
    """Stewards who hold a key that was not taken away."""
    return {
        right.person
        for _, right in rights.by_author.items()
        if right.role is Role.STEWARD and right.pins is None
    }


PEOPLE = {1: "A", 2: "B", 4: "C", 8: "D"}


def voters_of(mask: int) -> list[str]:
    return [name for bit, name in PEOPLE.items() if mask & bit]


def propose(pen: Pen, what: str, votes: int, after: list[a.Act], forks: bool) -> list[a.Act]:
    """A proposal by the first voter and the others' votes. A malicious A forks each time."""
    voters = voters_of(votes)
    made: list[a.Act] = []
    for who in voters:
        how = {}
        if who == "A" and forks:
            how = {"branch": f"A{len(pen.acts)}", "since": pen.founding}
        if made:
            made.append(pen.approve(who, made[0], after=after, **how))
        elif what[0] == "+":
            made.append(pen.appoint(who, what[1], after=after, **how))
        elif what[0] == "-":
            made.append(pen.remove(who, what[1], after=after, **how))
        else:
            made.append(pen.dismiss(who, what[1], after=after, **how))
    return made


THREE = [(f"-{x}", m) for x in "ABC" for m in range(1, 8)] + [("+D", m) for m in range(1, 8)]


@pytest.mark.parametrize("forks", [False, True])
def test_three_stewards_and_a_member_all_concurrent_triples_0_orphaned_0_captured(
    forks: bool,
) -> None:
    count = 0
    for plans in combinations_with_replacement(THREE, 3):
        pen = Pen(["B", "C"])
        known = pen.admit("A", "D")
        for what, votes in plans:
            propose(pen, what, votes, [known], forks)
        rights = replay(pen.acts, pen.space)
        who = acting(rights)
        assert who, plans
        resigned = {w[1] for w, votes in plans if w[0] == "-" and w[1] in voters_of(votes)}
        gone = {name for name in "ABC" if pen.people[name] not in who}
        # Of three no two go against their will; so A, with or without D, is never left alone.
        assert len(gone - resigned) <= 1, plans
        count += 1
    assert count == 4060


def test_four_stewards_all_pairs_chained_or_apart_0_orphaned_0_captured() -> None:
    plans = [(k + x, m) for k in "-~" for x in "ABCD" for m in (7, 11, 13, 14, 15)]
    count = 0
    for one, other in product(plans, plans):
        for chained in (False, True):
            pen = Pen(["B", "C", "D"])
            first = propose(pen, *one, [], False)
            propose(pen, *other, first[-1:] if chained else [], not chained)
            who = acting(replay(pen.acts, pen.space))
            assert len(who) >= 2, (one, other, chained)
            count += 1
    assert count == 3200


def test_one_person_among_several_founders_changes_nothing_alone() -> None:
    pen, known = council()
    puppet = pen.admit("A", "P", after=[known])
    before = powers(replay(pen.acts, pen.space), "A2")
    device = pen.device("A", "A", "A2", after=[puppet])
    for number, how in enumerate((pen.appoint, pen.remove, pen.dismiss)):
        for target in "PBC":
            if how == pen.appoint or target != "P":
                made = how(
                    "A", target, after=[puppet], branch=f"f{number}{target}", since=pen.founding
                )
                pen.approve("A", made, branch=f"f{number}{target}")
                pen.approve("A2", made, after=[device])
                pen.approve("P", made)
    pen.write("A", a.SetQuorum, 90, after=[puppet])
    pen.write("A", a.SetRules, 2, after=[puppet])
    pen.write("A", a.Epoch, bytes(32), (), None, b"", (), after=[puppet])
    assert powers(replay(pen.acts, pen.space), "A2") == before


def lone_founder() -> tuple[Pen, a.Act]:
    """A founds alone, appoints B alone, and with B appoints C."""
    pen = Pen()
    pen.admit("A", "B")
    pen.admit("A", "C")
    pen.admit("A", "P")
    start = pen.admit("A", "P2")
    alone = pen.appoint("A", "B", after=[start])
    both = pen.appoint("A", "C", after=[alone])
    last = pen.approve("B", both)
    return pen, last


def test_nobody_goes_back_to_when_they_decided_alone() -> None:
    pen, _ = lone_founder()
    start = pen.acts[4]
    before = powers(replay(pen.acts, pen.space))
    assert before[0] == {pen.people[x] for x in "ABC"}  # type: ignore[index]
    backdated = pen.appoint("A", "P", branch="back", since=start)
    rights = replay(pen.acts, pen.space)
    assert powers(rights) == before
    assert rights.act_note(backdated.entry.id) == "right.too-few-votes"
    removed = pen.remove("A", "B", branch="back2", since=start)
    assert replay(pen.acts, pen.space).act_note(removed.entry.id) is not None
    assert powers(replay(pen.acts, pen.space)) == before


def test_a_lone_founder_s_puppets_come_in_beside_the_others_as_the_adr_says() -> None:
    """A stated limit: nothing but several founders closes this."""
    pen, _ = lone_founder()
    start = pen.acts[4]
    fork = pen.appoint("A", "P", branch="back", since=start)
    more = pen.appoint("A", "P2", branch="back")
    pen.approve("P", more, after=[fork])
    removal = pen.remove("A", "B", branch="alone", since=start)
    rights = replay(pen.acts, pen.space)
    assert rights.act_note(removal.entry.id) == "right.too-few-votes"
    rights = replay(pen.acts, pen.space)
    assert {pen.people[x] for x in "ABC"} <= rights.stewards


def test_what_a_lone_founder_goes_back_to_stands_once_those_it_appointed_vote_too() -> None:
    pen, last = lone_founder()
    removal = pen.remove("A", "P", branch="back", since=pen.acts[4])
    assert replay(pen.acts, pen.space).act_note(removal.entry.id) == "right.too-few-votes"
    pen.approve("C", removal, after=[last])
    rights = replay(pen.acts, pen.space)
    assert rights.act_note(removal.entry.id) is None
    assert rights.author(key_of("P")).pins == ()  # type: ignore[union-attr]


def test_who_is_alone_again_decides_alone_and_by_two_devices_apart() -> None:
    pen = Pen()
    pen.admit("A", "B")
    pen.admit("A", "M")
    known = pen.device("A", "A", "A2")
    made = pen.appoint("A", "B", after=[known])
    gone = pen.remove("A", "B", [made], after=[made])
    vote = pen.approve("B", gone, after=[gone])
    assert replay(pen.acts, pen.space).stewards == {pen.space}
    first = pen.remove("A", "M", after=[vote])
    second = pen.write("A2", a.SetQuorum, 70, after=[vote])
    rights = replay(pen.acts, pen.space)
    assert rights.act_note(first.entry.id) is None
    assert rights.act_note(second.entry.id) is None


def test_two_devices_of_a_lone_founder_appoint_apart_and_both_count() -> None:
    pen = Pen()
    pen.admit("A", "B")
    pen.admit("A", "C")
    known = pen.device("A", "A", "A2")
    pen.appoint("A", "B", after=[known])
    pen.appoint("A2", "C", after=[known])
    assert replay(pen.acts, pen.space).stewards == {pen.people[x] for x in "ABC"}


def test_the_last_steward_cannot_be_removed_or_dismissed() -> None:
    pen = Pen()
    removal = pen.remove("A", "A")
    dismissal = pen.dismiss("A", "A")
    rights = replay(pen.acts, pen.space)
    assert rights.stewards == {pen.space}
    for act in (removal, dismissal):
        assert rights.act_note(act.entry.id) == "right.last-steward"


# Row 13: a key is stolen.


def test_a_thief_with_the_key_tries_every_act_0_effects_past_the_pin() -> None:
    pen, known = council()
    pen.admit("A", "guest", role=Role.GUEST)
    organisation = pen.write("A", a.Organisation, b"", after=[known])
    gone = pen.admit("A", "X")
    cut = pen.remove("A", "X", after=[gone])
    pen.approve("B", cut)
    good = pen.admit("M", "friend", after=[known])
    removal = pen.remove("B", "M", [good], after=[good])
    vote = pen.approve("C", removal)
    before = state(replay(pen.acts, pen.space), pen.acts)
    genuine = list(pen.acts)
    ref = removal.entry.ref
    mention = Mention.of(good.entry.ref)
    person = pen.people["B"]
    attempts: list[tuple[type[a.TrustAct], tuple[object, ...]]] = [
        (a.Invite, (bytes(32), Role.MEMBER)),
        (a.Admit, (key_of("p1"), b"", Role.MEMBER, None, None)),
        (a.Admit, (key_of("p2"), b"", Role.MEMBER, person, None)),
        (a.Admit, (key_of("p3"), b"", Role.STEWARD, None, None)),
        (a.Device, (pen.people["M"], key_of("p4"), b"")),
        (a.Device, (person, key_of("p5"), b"")),
        (a.Close, (key_of("M"), ())),
        (a.Close, (key_of("B"), ())),
        (a.Remove, (person, None, ())),
        (a.Remove, (person, key_of("B"), ())),
        (a.Appoint, (pen.people["M"],)),
        (a.Dismiss, (person, ())),
        (a.MovePins, (ref, (mention,))),
        (a.SetQuorum, (90,)),
        (a.SetRules, (2,)),
        (a.Epoch, (bytes(32), (), None, b"", ())),
        (a.Wrap, (ref, ())),
        (a.Organisation, (b"",)),
        (a.Mandate, (organisation.entry.ref, "speak", pen.people["M"], (), 1)),
        (a.EndMandate, (organisation.entry.ref, person)),
        (a.Grant, (key_of("guest"), (1, 2**30, 2**30, 2**30))),
        (a.Approve, (ref,)),
        (a.Adopt, (mention,)),
        (a.ForkSeen, (b"", b"")),
    ]
    thief: list[a.Act] = []
    for kind, values in attempts:
        thief += [
            pen.write("M", kind, *values, after=[vote]),
            pen.write("M", kind, *values, after=[known], branch="back"),
            pen.write("M", kind, *values, branch=f"f{len(pen.acts)}", since=pen.founding),
        ]
    rights = replay(pen.acts, pen.space)
    assert all(rights.act_note(act.entry.id) is not None for act in thief)
    assert state(rights, genuine) == before


def test_the_owner_closes_a_stolen_key_and_the_thief_only_its_own_persona() -> None:
    pen, known = council()
    second = pen.device("M", "M", "M2", after=[known])
    good = pen.admit("M", "friend", after=[second])
    pen.close("M2", "M", [good], after=[good])
    pen.admit("M", "puppet", after=[good])
    rights = replay(pen.acts, pen.space)
    assert rights.author(key_of("puppet")) is None
    assert rights.author(key_of("friend")) is not None
    right = rights.author(key_of("M2"))
    assert right is not None
    assert right.pins is None


def test_several_people_recover_a_person_whose_keys_were_all_closed_by_a_thief() -> None:
    pen, known = council()
    second = pen.device("C", "C", "C2", after=[known])
    third = pen.device("C", "C", "C3", after=[second])
    pen.close("C", "C2", after=[third])
    last = pen.close("C", "C3")
    assert replay(pen.acts, pen.space).author(key_of("C2")).pins == ()  # type: ignore[union-attr]
    removal = pen.remove("A", "C", [third], key="C", after=[last])
    vote = pen.approve("B", removal)
    rights = replay(pen.acts, pen.space)
    # The stewards' removal voids the thief's closings: the person goes on with its own keys.
    assert rights.author(key_of("C2")).pins is None  # type: ignore[union-attr]
    assert rights.author(key_of("C")).pins is not None  # type: ignore[union-attr]
    anew = pen.write(
        "A", a.Admit, key_of("C4"), b"", Role.MEMBER, pen.people["C"], None, after=[vote]
    )
    pen.approve("B", anew)
    proposal = pen.appoint("C4", "M", after=[pen.acts[-1]])
    pen.approve("A", proposal)
    rights = replay(pen.acts, pen.space)
    assert pen.people["M"] in rights.stewards


def test_a_closing_does_not_void_the_votes_to_remove_who_closed() -> None:
    pen = Pen(["B"])
    second = pen.device("A", "A", "A2")
    pen.close("A2", "A", after=[second])
    removal = pen.remove("B", "A", [second], key="A2", after=[second])
    pen.approve("A", removal)
    rights = replay(pen.acts, pen.space)
    assert rights.author(key_of("A")).pins is None  # type: ignore[union-attr]
    assert rights.author(key_of("A2")).pins is not None  # type: ignore[union-attr]


def test_two_keys_of_a_lone_steward_that_close_one_another_leave_one_open() -> None:
    pen = Pen()
    second = pen.device("A", "A", "A2")
    pen.close("A2", "A", [second], after=[second])
    pen.close("A", "A2", after=[second])
    assert acting(replay(pen.acts, pen.space)) == {pen.space}


def test_the_paper_key_admits_and_closes_keys_of_the_founder_and_nothing_else() -> None:
    pen = Pen(["B"], recovery=key_of("paper"))
    start = pen.admit("A", "M")
    new = pen.device("paper", "A", "A2", after=[start])
    pen.close("paper", "A", [start], after=[new])
    tried = [
        pen.admit("paper", "x"),
        pen.device("paper", "B", "y"),
        pen.appoint("paper", "M"),
        pen.write("paper", a.Organisation, b""),
        pen.close("paper", "B"),
    ]
    rights = replay(pen.acts, pen.space)
    assert rights.author(key_of("A2")).role is Role.STEWARD  # type: ignore[union-attr]
    assert rights.author(key_of("A")).pins is not None  # type: ignore[union-attr]
    assert all(rights.act_note(act.entry.id) is not None for act in tried)
    assert rights.author(key_of("B")).pins is None  # type: ignore[union-attr]


def test_a_key_that_somebody_else_claims_stays_its_owner_s() -> None:
    pen, known = council()
    own = SigningKey(bytes(range(32)))
    body = (pen.people["C"], own.public)
    thief = pen.write("M", a.Admit, own.public, b"", Role.READER, None, None, after=[known])
    rights = replay(pen.acts, pen.space)
    assert rights.author(own.public).person == thief.entry.id  # type: ignore[union-attr]
    message = consent_message(pen.space, key_of("C"), pen.people["C"])
    consent = own.sign(CONSENT_DOMAIN, message)
    pen.write("C", a.Device, *body, consent, after=[known])
    rights = replay(pen.acts, pen.space)
    assert rights.author(own.public).person == pen.people["C"]  # type: ignore[union-attr]
    assert rights.act_note(thief.entry.id) == "right.key-taken"


def test_every_act_says_how_it_was_written() -> None:
    pen, _ = council()
    assert all(act.body is not None and act.body.via is Via.OWN_DEVICE for act in pen.acts)
