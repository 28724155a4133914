"""A member who admits without bound captures nothing, and goes with the stewards' removal."""

from __future__ import annotations

from lumbre.record import Lane, Mention
from lumbre.trust import acts as a
from lumbre.trust import grant_bytes
from lumbre.trust.grants import DEFAULTS, Role
from lumbre.trust.vouch import BROUGHT_MAX
from tests.trust.histories import Pen, key_of
from tests.trust.test_growth import flood, grown
from tests.trust.test_removal_attacks import council, powers, replay


def brought(pen: Pen, by: str, count: int, of: str = "p", *after: a.Act) -> list[a.Act]:
    """Persons whom a key admits, one after another."""
    made = list(after)
    for number in range(count):
        made.append(pen.admit(by, f"{of}{number}", after=made[-1:]))
    return made[len(after) :]


def in_force(pen: Pen, acts: list[a.Act]) -> list[bool]:
    rights = replay(pen.acts, pen.space)
    return [rights.act_note(act.entry.id) is None for act in acts]


def test_a_flood_of_puppets_decides_nothing_and_ends_after_one_generation() -> None:
    pen, known = council()
    before = replay(pen.acts, pen.space)
    stewards, authors = before.stewards, len(list(before.authors()))
    puppets = brought(pen, "M", 40, "p", known)
    for number in range(0, 40, 4):
        brought(pen, f"p{number}", 5, f"q{number}-", puppets[-1])
    proposal = pen.appoint("M", "p0", after=puppets[:1])
    for number in range(40):
        pen.approve(f"p{number}", proposal)
    rights = replay(pen.acts, pen.space)
    assert rights.stewards == stewards
    assert len(list(rights.authors())) == authors + BROUGHT_MAX
    assert rights.act_note(proposal.entry.id) == "right.not-steward"
    full = sum(sum(right.grants) for _, right in rights.authors())
    most = authors * sum(DEFAULTS[Role.STEWARD]) + BROUGHT_MAX * sum(DEFAULTS[Role.MEMBER])
    assert full <= most


def test_of_whom_a_member_brings_the_first_in_the_order_are_in_force() -> None:
    pen, known = council()
    made = brought(pen, "M", BROUGHT_MAX + 3, "p", known)
    assert in_force(pen, made) == [True] * BROUGHT_MAX + [False] * 3
    rights = replay(pen.acts, pen.space)
    last = f"p{BROUGHT_MAX}"
    assert rights.author(key_of(last)) is None
    assert rights.act_note(made[-1].entry.id) == "right.not-countersigned"
    assert grant_bytes(rights, key_of(last), Lane.URGENT) == 0
    device = pen.device(last, last, "other", after=made[-1:])
    adoption = pen.write(last, a.Adopt, Mention.of(known.entry.ref), after=made[-1:])
    rights = replay(pen.acts, pen.space)
    for act in (device, adoption):
        assert rights.act_note(act.entry.id) == "right.not-admitted"
    assert rights.adopters(known.entry.log, known.entry.id) == frozenset()
    early = pen.admit("M", "early", branch="M2", since=pen.founding, after=[known])
    assert in_force(pen, [early, *made[:BROUGHT_MAX]]) == [True] * BROUGHT_MAX + [False]


def test_who_was_brought_brings_nobody_until_a_steward_approves() -> None:
    pen, known = council()
    (friend,) = brought(pen, "M", 1, "f", known)
    (second,) = brought(pen, "f0", 1, "s", friend)
    device = pen.device("s0", "s0", "s1", after=[second])
    assert in_force(pen, [friend, second, device]) == [True, False, False]
    pen.approve("N", friend)
    vote = pen.approve("M", friend)
    assert in_force(pen, [friend, second, vote]) == [True, False, False]
    pen.approve("B", friend)
    assert in_force(pen, [friend, second, device]) == [True, True, True]


def test_an_approved_admission_takes_no_place_of_those_whom_the_member_brings() -> None:
    pen, known = council()
    made = brought(pen, "M", BROUGHT_MAX + 2, "p", known)
    pen.approve("A", made[0], after=made[-1:])
    pen.appoint("A", f"p{BROUGHT_MAX}", after=made[-1:])
    assert in_force(pen, made) == [True] * (BROUGHT_MAX + 1) + [False]
    pen.approve("B", pen.acts[-1])
    rights = replay(pen.acts, pen.space)
    assert pen.people[f"p{BROUGHT_MAX}"] in rights.stewards
    assert in_force(pen, made) == [True] * (BROUGHT_MAX + 2)


def test_stewards_bring_whom_they_will_and_a_former_one_up_to_the_pins() -> None:
    pen, known = council()
    made = brought(pen, "C", BROUGHT_MAX + 8, "p", known)
    assert all(in_force(pen, made))
    dismissal = pen.dismiss("A", "C", [made[3]], after=made[-1:])
    pen.approve("B", dismissal)
    assert in_force(pen, made) == [True] * (4 + BROUGHT_MAX) + [False] * 4
    (friend,) = brought(pen, "p0", 1, "f", pen.acts[-1])
    (none,) = brought(pen, "p9", 1, "g", pen.acts[-1])
    assert in_force(pen, [friend, none]) == [True, False]


def test_a_removal_whose_pin_leaves_out_the_admissions_takes_the_puppets_along() -> None:
    pen, known = council()
    before = powers(replay(pen.acts, pen.space), "M")
    good = pen.admit("M", "friend", after=[known])
    puppets = brought(pen, "M", 10, "p", good)
    device = pen.device("p0", "p0", "p0b", after=puppets[-1:])
    removal = pen.remove("A", "M", [good], after=[device])
    vote = pen.approve("B", removal)
    rights = replay(pen.acts, pen.space)
    assert rights.author(key_of("friend")) is not None
    for name in ("p0", "p9", "p0b"):
        assert rights.author(key_of(name)) is None
    pen.approve("B", pen.write("A", a.MovePins, removal.entry.ref, (), after=[vote]))
    assert powers(replay(pen.acts, pen.space), "M") == before
    again = pen.admit("A", "p3", after=pen.acts[-1:])
    assert in_force(pen, [again]) == [True]


def test_bringing_persons_lets_nothing_be_evaluated_anew() -> None:
    pen, known = council()
    trust = grown(pen)
    made = (pen.admit("M", f"p{n}", after=pen.acts[-1:]) for n in range(2 * BROUGHT_MAX))
    assert flood(trust, pen, made) == 0
    early = pen.admit("M", "early", branch="M2", since=pen.founding, after=[known])
    assert flood(trust, pen, [early]) == 1
