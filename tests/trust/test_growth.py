"""Acts of ordinary members extend the last result: the same rights as a replay, and no replay."""

from __future__ import annotations

from collections.abc import Iterable
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumbre.record import Mention
from lumbre.record.keys import SigningKey
from lumbre.schema.roles import Role
from lumbre.trust import Trust
from lumbre.trust import acts as a
from lumbre.trust.people import CONSENT_DOMAIN, Admission, People, consent_message
from lumbre.trust.removal import CLOSINGS_MAX
from tests.trust.histories import Pen, key_of, one_arrival
from tests.trust.test_removal_attacks import replay, state

SHARED = SigningKey(bytes(range(1, 33)))
KEYS = ["M", "N", "d0", "d1", "d2", "d3", "p0", "p1"]
PERSONS = ["M", "N", "p0", "p1"]
WRITERS = [*KEYS, "d0", "d1", "shared", "paper", "A"]


def write_as(pen: Pen, who: str, kind: type[a.TrustAct], *values: object, **how: object) -> None:
    pen.write(who, kind, *values, **how)  # type: ignore[arg-type]


@st.composite
def households(draw: st.DrawFn) -> Pen:  # noqa: C901 one case a kind of act
    """What two members do with their keys, those whom they admit, and claims on keys."""
    pen = Pen(["B"], recovery=key_of("paper"))
    pen.admit("A", "M")
    pen.admit("B", "N")
    pen.people |= {"p0": pen.people["M"], "p1": pen.people["N"]}
    for _ in range(draw(st.integers(3, 16))):
        who = draw(st.sampled_from(WRITERS))
        heads = draw(st.lists(st.sampled_from(pen.acts[1:]), max_size=2, unique_by=id))
        how: dict[str, object] = {"after": heads}
        if draw(st.integers(0, 7)) == 0:
            how |= {"branch": f"{who}{len(pen.acts)}", "since": pen.founding}
        key = draw(st.sampled_from(KEYS))
        person = draw(st.sampled_from(PERSONS))
        pins = draw(st.lists(st.sampled_from(pen.acts[1:]), max_size=3))
        match draw(st.integers(0, 15)):
            case 0 | 1 | 2 | 3:
                pen.device(who, person, key, **how)
            case 4 | 5:
                act = pen.admit(who, key, draw(st.sampled_from([Role.MEMBER, Role.READER])), **how)
                if key.startswith("p"):
                    pen.people[key] = act.entry.id
            case 6 | 7 | 8 | 9 | 10:
                pen.close(who, key, pins, **how)
            case 11:
                body = Mention.of(draw(st.sampled_from(pen.acts)).entry.ref)
                pen.write(who, a.Adopt, body, **how)
            case 12:
                write_as(pen, who, a.Grant, key_of(key), (0, 2**24, 0, 0), **how)
            case 13:
                message = consent_message(pen.space, key_of(who))
                consent = SHARED.sign(CONSENT_DOMAIN, message) if draw(st.booleans()) else b""
                role = draw(st.sampled_from([Role.MEMBER, Role.READER, Role.GUEST]))
                write_as(pen, who, a.Admit, SHARED.public, consent, role, None, None, **how)
            case 14:
                known = pen.people[person]
                write_as(pen, who, a.Admit, key_of(key), b"", Role.MEMBER, known, None, **how)
            case _:
                proposal = draw(st.sampled_from([pen.remove, pen.appoint]))(
                    "A", person, after=heads
                )
                if draw(st.booleans()):
                    pen.approve("B", proposal)
    return pen


def assert_grown_as_replayed(pen: Pen, seed: int) -> None:
    """After each act, in this order of arrival, the rights are those of a replay."""
    trust = Trust(pen.space)
    known: list[a.Act] = []
    for act in one_arrival(pen.acts, seed):
        trust.add(act)
        known.append(act)
        assert state(trust.rights(), known) == state(replay(known, pen.space), known)


@settings(max_examples=250)
@given(households(), st.integers(0, 2**32))
def test_p2_every_act_extends_the_rights_to_those_of_a_replay(pen: Pen, seed: int) -> None:
    assert_grown_as_replayed(pen, seed)


@settings(max_examples=250)
@given(households(), st.integers(0, 2**32))
def test_p2_at_the_limits_too_the_rights_are_those_of_a_replay(pen: Pen, seed: int) -> None:
    with (
        mock.patch("lumbre.trust.people.DEVICES_MAX", 2),
        mock.patch("lumbre.trust.growth.DEVICES_MAX", 2),
        mock.patch("lumbre.trust.growth.CLOSINGS_MAX", 1),
    ):
        assert_grown_as_replayed(pen, seed)


def household(pen: Pen, count: int) -> None:
    """A member M with devices d0 and on, each admitted by the one before."""
    for number in range(count):
        by = f"d{number - 1}" if number else "M"
        pen.device(by, "M", f"d{number}", after=pen.acts[-1:])


def grown(pen: Pen) -> Trust:
    trust = Trust(pen.space)
    for act in pen.acts:
        trust.add(act)
    trust.rights()
    return trust


def flood(trust: Trust, pen: Pen, made: Iterable[a.Act]) -> int:
    """Ask after each act, see that it comes out as a replay; how often all was evaluated."""
    before = trust.evaluations
    for act in made:
        trust.add(act)
        rights = trust.rights()
    assert state(rights, pen.acts) == state(replay(pen.acts, pen.space), pen.acts)
    return trust.evaluations - before


def member_of_three() -> Pen:
    pen = Pen(["B", "C"])
    pen.admit("A", "M")
    household(pen, 3)
    return pen


def test_a_member_who_closes_its_keys_lets_nothing_be_evaluated_anew() -> None:
    pen = member_of_three()
    good = [act for act in pen.acts if act.entry.name.author == key_of("d0")]
    trust = grown(pen)
    closings = (pen.close(who, "d0", good, after=pen.acts[-1:]) for who in ("M", "d1", "d2") * 50)
    assert flood(trust, pen, closings) == 0
    right = trust.rights().author(key_of("d0"))
    assert right is not None
    assert right.pins == ((good[0].entry.log, 0, good[0].entry.id),)


@pytest.mark.parametrize("target", ["d0", "A", "N"])
def test_closings_that_cut_off_acts_are_weighed_a_bounded_number_of_times(target: str) -> None:
    pen = member_of_three()
    pen.admit("B", "N")
    pen.admit("A", "O", after=pen.acts[-1:])
    trust = grown(pen)
    closings = (pen.close("M", target, after=pen.acts[-1:]) for _ in range(60))
    assert flood(trust, pen, closings) <= (CLOSINGS_MAX if target == "d0" else 0)


def test_only_the_first_closings_of_a_key_by_another_count_in_any_order_of_arrival() -> None:
    pen = member_of_three()
    d0 = [pen.admit("d0", f"p{number}", after=pen.acts[-1:]) for number in range(6)]
    closings = [pen.close("M", "d0", [act], after=d0[-1:]) for act in d0]
    rights = replay(pen.acts, pen.space)
    assert [rights.author(key_of(f"p{n}")) is not None for n in range(6)] == [True] * 4 + [
        False
    ] * 2
    notes = [rights.act_note(act.entry.id) for act in closings]
    assert notes == [None] * 4 + ["right.not-own-device"] * 2
    first = pen.close("M", "d0", d0[-1:], branch="M2", since=pen.founding)
    trust = grown(pen)
    assert trust.rights().author(key_of("p3")) is not None
    assert trust.rights().act_note(closings[3].entry.id) == "right.not-own-device"
    late = Trust(pen.space)
    for act in [act for act in pen.acts if act is not first] + [first]:
        late.add(act)
        late.rights()
    assert state(late.rights(), pen.acts) == state(trust.rights(), pen.acts)


def test_claims_on_keys_that_are_admitted_let_nothing_be_evaluated_anew() -> None:
    pen = member_of_three()
    trust = grown(pen)
    claims = (
        pen.admit("M", ("A", "d0", "M")[number % 3], Role.MEMBER, after=pen.acts[-1:])
        for number in range(60)
    )
    assert flood(trust, pen, claims) <= 1


def test_devices_past_the_limit_let_nothing_be_evaluated_anew() -> None:
    pen = Pen(["B", "C"])
    pen.admit("A", "M")
    household(pen, 31)
    trust = grown(pen)
    more = (pen.device("M", "M", f"e{number}", after=pen.acts[-1:]) for number in range(60))
    assert flood(trust, pen, more) == 1
    assert trust.rights().author(key_of("e0")) is not None
    assert trust.rights().author(key_of("e1")) is None


def test_a_device_before_those_within_the_limit_takes_the_place_of_the_last() -> None:
    pen = Pen(["B", "C"])
    known = pen.admit("A", "M")
    household(pen, 33)
    trust = grown(pen)
    assert trust.rights().author(key_of("d31")) is not None
    early = pen.device("M", "M", "early", branch="M2", since=pen.founding, after=[known])
    assert flood(trust, pen, [early]) == 1
    assert trust.rights().author(key_of("early")) is not None
    assert trust.rights().author(key_of("d31")) is None


def test_a_closing_that_came_before_its_key_was_admitted_takes_effect_with_it() -> None:
    pen = Pen(["B"])
    known = pen.admit("A", "M")
    closing = pen.close("M", "d0", after=[known])
    device = pen.device("M", "M", "d0", after=[known])
    trust = Trust(pen.space)
    for act in (pen.founding, known, closing):
        trust.add(act)
        trust.rights()
    assert flood(trust, pen, [device]) <= 1
    right = trust.rights().author(key_of("d0"))
    assert right is not None
    assert right.pins == ()


def test_keys_that_close_one_another_are_weighed_anew_and_come_out_alike() -> None:
    pen = member_of_three()
    trust = grown(pen)
    ring = [("M", "d0"), ("d0", "M"), ("d1", "d0"), ("d0", "d1"), ("d2", "M"), ("M", "d2")]
    for by, key in ring:
        closing = pen.close(by, key, branch=f"{by}{key}", since=pen.founding)
        assert flood(trust, pen, [closing]) <= 1
    trust = grown(pen)
    quiet = (pen.close("d2", "d1", after=pen.acts[-1:]) for _ in range(20))
    assert flood(trust, pen, quiet) <= CLOSINGS_MAX


def test_a_device_before_those_that_fill_the_limit_is_weighed_anew() -> None:
    pen = Pen(["B", "C"])
    known = pen.admit("A", "M")
    household(pen, 32)
    trust = grown(pen)
    early = pen.device("M", "M", "early", branch="M2", since=pen.founding, after=[known])
    assert flood(trust, pen, [early]) == 1
    assert trust.rights().author(key_of("early")) is not None


def test_a_closing_of_a_key_whose_pins_were_moved_is_weighed_anew() -> None:
    pen = member_of_three()
    closing = pen.close("M", "d2", after=pen.acts[-1:])
    moved = pen.write("A", a.MovePins, closing.entry.ref, (), after=[closing])
    vote = pen.approve("B", moved, after=[moved])
    trust = grown(pen)
    assert flood(trust, pen, [pen.close("d0", "d2", after=[vote])]) <= 1
    assert trust.rights().author(key_of("d2")).pins is not None


def test_a_candidate_s_admission_gives_way_to_one_that_the_key_consents_to() -> None:
    pen = Pen(["B"])
    first = pen.write("A", a.Admit, SHARED.public, b"", Role.MEMBER, None, None)
    pen.people["S"] = first.entry.id
    pen.approve("B", pen.appoint("A", "S", after=[first]))
    consent = SHARED.sign(CONSENT_DOMAIN, consent_message(pen.space, key_of("B")))
    second = pen.write("B", a.Admit, SHARED.public, consent, Role.MEMBER, None, None)
    right = replay(pen.acts, pen.space).author(SHARED.public)
    assert right is not None
    assert right.person == second.entry.id


def test_an_admission_that_rested_on_a_vote_rests_on_none_once_it_is_found_without() -> None:
    people = People()
    voted = Admission(2, 5, b"i" * 32, 7, b"p" * 32, Role.MEMBER, vote=3)
    plain = Admission(1, 5, b"i" * 32, 7, b"p" * 32, Role.MEMBER)
    assert people.add(b"k", voted)
    assert people.add(b"k", plain)
    assert people.keys[b"k"] == [plain]
    assert not people.add(b"k", voted)
    assert people.keys[b"k"] == [plain]
