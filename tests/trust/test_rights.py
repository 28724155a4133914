"""What rights answer: verdicts on entries, grants, mandates, epochs, proposals."""

from __future__ import annotations

import pytest

from lumbre.errors import Invalid, Refused
from lumbre.record import START, Lane, LogName, Mention, SigningKey, Tip, Writer
from lumbre.record.fork import prove_fork
from lumbre.schema import ANYONE, MEMBERS, STEWARDS, Registry, Standing
from lumbre.schema.roles import Role, Via
from lumbre.trust import MEMBERSHIP, Rights, Trust, current_epoch, duties, grant_bytes
from lumbre.trust import acts as a
from lumbre.trust.grants import DEFAULTS, RENEWED_BY_A_MEMBER_MAX
from lumbre.trust.people import CONSENT_DOMAIN, consent_message
from lumbre.trust.rights import LAYER_MAX, Layers
from tests.trust.histories import Pen, key_of, make_entry, pin
from tests.trust.test_removal_attacks import council, replay


def written(pen: Pen, who: str, lane: Lane = Lane.ORDINARY, count: int = 3) -> list[a.Entry]:
    """Entries of another lane."""
    tip, made = START, []
    for _ in range(count):
        body = a.Organisation(Via.OWN_DEVICE, None, (), b"")
        made.append(make_entry(LogName(pen.space, key_of(who), lane), tip, body, tip.depth + 1))
        tip = Tip.of(made[-1])
    return made


def judge(rights: Rights, entries: list[a.Entry], writers: frozenset[Role]) -> list[object]:
    """Verdicts on a log without forks."""
    ids = {(e.seq, e.id) for e in entries}
    return [
        rights.verdict(e, writers, lambda at, e=e: at in ids and at[0] >= e.seq)  # type: ignore[misc]
        for e in entries
    ]


def test_a_member_s_entries_count_and_a_stranger_s_do_not() -> None:
    pen, _ = council()
    rights = replay(pen.acts, pen.space)
    assert judge(rights, written(pen, "M", count=1), MEMBERS) == [Standing.COUNTS]
    assert judge(rights, written(pen, "M", count=1), STEWARDS) == ["right.role"]
    assert judge(rights, written(pen, "X", count=1), ANYONE) == ["right.not-admitted"]
    pen.space = bytes(32)
    assert judge(rights, written(pen, "M", count=1), MEMBERS) == ["right.not-admitted"]


def test_past_the_pin_an_entry_is_removed_until_a_member_adopts_it() -> None:
    pen, known = council()
    entries = written(pen, "M")
    urgent = written(pen, "M", Lane.URGENT, 1)
    removal = pen.write(
        "A", a.Remove, pen.people["M"], None, (Mention.of(entries[0].ref),), after=[known]
    )
    pen.approve("B", removal)
    gone = pen.admit("A", "N")
    vote = pen.approve("B", pen.remove("A", "N", after=[gone]))
    trust = Trust(pen.space)
    for act in pen.acts:
        trust.add(act)
    older = trust.rights()
    kept = [Standing.COUNTS, Standing.REMOVED, Standing.REMOVED]
    assert judge(older, entries, MEMBERS) == kept
    assert judge(older, urgent, MEMBERS) == [Standing.REMOVED]
    adopted = Mention.of(entries[2].ref)
    for who in ("C", "C", "M", "X"):
        trust.add(pen.write(who, a.Adopt, adopted, after=[vote]))
    rights = trust.rights()
    assert judge(rights, entries, MEMBERS) == [Standing.COUNTS, Standing.REMOVED, Standing.COUNTS]
    assert rights.adopters(entries[2].log, entries[2].id) == {pen.people["C"]}
    assert rights.adopters(entries[2].log, entries[1].id) == frozenset()
    assert rights.changed(older) == {key_of("M")}
    assert judge(older, entries, MEMBERS) == kept


def test_a_former_steward_s_entries_up_to_the_pins_count_as_a_steward_s() -> None:
    pen, known = council()
    entries = written(pen, "C")
    mention = (Mention.of(entries[1].ref),)
    pen.approve("B", pen.write("A", a.Dismiss, pen.people["C"], mention, after=[known]))
    rights = replay(pen.acts, pen.space)
    assert judge(rights, entries, STEWARDS) == [Standing.COUNTS, Standing.COUNTS, "right.role"]
    assert judge(rights, entries, MEMBERS) == [Standing.COUNTS] * 3
    assert grant_bytes(rights, key_of("C"), Lane.TRUST) == DEFAULTS[Role.STEWARD][Lane.TRUST]


def test_before_the_founding_entry_nobody_has_a_right() -> None:
    pen, known = council()
    trust = Trust(pen.space)
    trust.add(known)
    rights = trust.rights()
    assert rights.author(key_of("A")) is None
    assert rights.stewards == frozenset()
    assert rights.founder is None
    assert rights.paper is None
    assert (rights.quorum_percent, rights.rules_version) == (50, 1)
    assert rights.act_note(known.entry.id) == "right.no-founding"
    assert duties.open_proposals(rights) == []
    assert current_epoch(rights) is None
    trust.add(pen.founding)
    assert trust.rights().author(key_of("M")) is not None


def test_the_founding_entry_says_how_it_begins_and_its_paper_is_no_voice() -> None:
    pen = Pen(["B", "C"], recovery=key_of("paper"), percent=60)
    known = pen.admit("A", "M")
    proposal = pen.appoint("B", "M", after=[known])
    vote = pen.approve("paper", proposal)
    friend = pen.admit("paper", "F", after=[known])
    device = pen.device("paper", "A", "A2", after=[known])
    rights = replay(pen.acts, pen.space)
    assert rights.founder == pen.space
    assert rights.paper == key_of("paper")
    assert (rights.quorum_percent, rights.rules_version, rights.quorum) == (60, 1, 2)
    assert rights.stewards == {pen.people[name] for name in "ABC"}
    paper = rights.author(key_of("paper"))
    assert paper is not None
    assert (paper.role, paper.person, paper.grants) == (
        Role.COURIER,
        pen.space,
        DEFAULTS[Role.COURIER],
    )
    notes = [rights.act_note(act.entry.id) for act in (vote, friend, device)]
    assert notes == ["right.not-steward", "right.role", None]
    pen.approve("C", proposal)
    assert pen.people["M"] in replay(pen.acts, pen.space).stewards


def test_what_is_no_act_of_this_space_changes_nothing() -> None:
    pen, known = council()
    trust = Trust(pen.space)
    for act in pen.acts:
        trust.add(act)
    rights = trust.rights()
    other = Pen(founder="Z")
    body = a.Admit(Via.OWN_DEVICE, None, (), key_of("y"), b"", Role.MEMBER, None, None)
    lane = make_entry(LogName(pen.space, key_of("A"), Lane.URGENT), START, body, 1)
    for act in (other.founding, other.admit("Z", "x"), a.Act(lane, body)):
        trust.add(act)
        assert trust.rights() is rights
        assert rights.act_note(act.entry.id) == "right.unknown-act"
    objection = a.Objection(Via.OWN_DEVICE, None, Mention.of(known.entry.ref), b"")
    entry = make_entry(
        LogName(pen.space, key_of("A"), Lane.TRUST), Tip.of(known.entry), objection, 9
    )
    trust.add(a.Act(entry, objection))
    unknown = make_entry(known.entry.name, Tip.of(known.entry), objection, 9)
    assert trust.rights().act_note(unknown.id) == "right.unknown-kind"


def test_an_entry_of_an_unknown_kind_hands_on_its_past() -> None:
    pen, known = council()
    body = a.Organisation(Via.OWN_DEVICE, known.entry.ref, (), b"")
    dismissal = pen.dismiss("A", "C", after=[known])
    vote = pen.approve("B", dismissal)
    entry = make_entry(LogName(pen.space, key_of("M"), Lane.TRUST), START, body, 9)
    pen.acts.append(a.Act(entry, None, (vote.entry.ref,)))
    pen.approve("B", pen.appoint("A", "C", after=[pen.acts[-1]]))
    assert pen.people["C"] in replay(pen.acts, pen.space).stewards


def test_what_an_act_speaks_for_is_in_its_past() -> None:
    pen, known = council()
    house = pen.write("M", a.Organisation, b"x", after=[known])
    dismissal = pen.dismiss("A", "C", after=[known])
    vote = pen.approve("B", dismissal)
    heard = pen.write("M", a.Organisation, b"y", after=[vote])
    ref = heard.entry.ref
    body = a.Appoint(Via.OWN_DEVICE, ref, (house.entry.ref,), pen.people["C"])
    entry = make_entry(LogName(pen.space, key_of("B"), Lane.TRUST), pen.tips["B"], body, 9)
    pen.acts.append(a.Act(entry, body))
    pen.tips["B"] = Tip.of(entry)
    pen.approve("A", pen.acts[-1], after=[house])
    assert pen.people["C"] in replay(pen.acts, pen.space).stewards


def test_grants_only_rise_and_any_member_renews_a_guest_s_up_to_a_cap() -> None:
    pen, known = council()
    pen.admit("A", "G", role=Role.GUEST)
    pen.admit("A", "R", role=Role.READER)
    trust = Trust(pen.space)
    for act in pen.acts:
        trust.add(act)
    assert grant_bytes(trust.rights(), key_of("G"), Lane.URGENT) == DEFAULTS[Role.GUEST][1]
    assert grant_bytes(trust.rights(), key_of("nobody"), Lane.URGENT) == 0
    huge = (2**40, 2**40, 2**40, 2**40)
    renewed = pen.write("M", a.Grant, key_of("G"), huge, after=[known])
    useless = pen.write("M", a.Grant, key_of("R"), huge, after=[known])
    unknown = pen.write("A", a.Grant, key_of("nobody"), huge, after=[known])
    for act in (renewed, useless, unknown):
        trust.add(act)
    rights = trust.rights()
    most = RENEWED_BY_A_MEMBER_MAX[Lane.URGENT]
    assert grant_bytes(rights, key_of("G"), Lane.URGENT) == most
    assert grant_bytes(rights, key_of("R"), Lane.URGENT) == DEFAULTS[Role.READER][1]
    assert rights.act_note(renewed.entry.id) is None
    assert rights.act_note(useless.entry.id) == "right.not-steward"
    assert rights.act_note(unknown.entry.id) == "right.not-admitted"
    voted = pen.write("A", a.Grant, key_of("R"), (0, 2**30, 0, 0), after=[known])
    for act in (voted, pen.approve("B", voted)):
        trust.add(act)
    rights = trust.rights()
    assert rights.author(key_of("R")).grants == (  # type: ignore[union-attr]
        DEFAULTS[Role.READER][0],
        2**30,
        DEFAULTS[Role.READER][2],
        0,
    )


def test_a_mandate_passes_to_the_deputies_in_order_and_ends_by_acts() -> None:
    pen, known = council()
    pen.admit("A", "N")
    pen.admit("A", "O")
    last = pen.acts[-1]
    house = pen.write("M", a.Organisation, b"x", after=[known])
    people = [pen.people[name] for name in "MNO"]
    mandate = pen.write(
        "A",
        a.Mandate,
        house.entry.ref,
        "speak",
        people[0],
        tuple(people[1:]),
        5,
        after=[house, last],
    )
    rights = replay(pen.acts, pen.space)
    assert duties.mandates(rights) == []
    assert [p.need for p in duties.open_proposals(rights)] == [2]
    voted = pen.approve("B", mandate)

    def holder() -> bytes | None:
        (held,) = duties.mandates(replay(pen.acts, pen.space))
        assert held.ref == mandate.entry.ref
        return held.holder

    assert holder() == people[0]
    ref = mandate.entry.ref
    pen.write("O", a.EndMandate, house.entry.ref, people[0], after=[voted])
    pen.write("C", a.EndMandate, ref, people[0], after=[voted])
    assert holder() == people[0]
    pen.write("N", a.EndMandate, ref, people[0], after=[voted])
    assert holder() == people[1]
    pen.approve("B", pen.write("A", a.EndMandate, ref, people[1], after=[voted]))
    assert holder() == people[2]
    pen.approve("B", pen.remove("A", "O", after=[voted]))
    assert holder() is None
    assert [ref for ref, _ in duties.organisations(replay(pen.acts, pen.space))] == [
        house.entry.ref
    ]


def test_writers_use_the_greatest_epoch_that_excludes_every_removed_key() -> None:
    pen, known = council()
    box = a.Box32(key_of("B"), bytes(48))

    def epoch(*excludes: bytes) -> a.Act:
        made = pen.write("A", a.Epoch, bytes(32), (box,), None, b"", excludes, after=pen.acts[-1:])
        pen.approve("B", made)
        return made

    first = epoch()
    second = epoch()
    alone = pen.write("A", a.Epoch, bytes(32), (), first.entry.ref, b"", ())
    rights = replay(pen.acts, pen.space)
    assert current_epoch(rights) == second.entry.id
    assert rights.act_note(alone.entry.id) == "right.too-few-votes"
    pen.approve("B", pen.remove("A", "M", after=[known]))
    assert duties.closed_keys(replay(pen.acts, pen.space)) == {key_of("M")}
    assert current_epoch(replay(pen.acts, pen.space)) is None
    third = epoch(key_of("M"))
    epoch()
    later = pen.write("C", a.Wrap, third.entry.ref, (a.Box32(key_of("C"), bytes(49)),))
    rights = replay(pen.acts, pen.space)
    assert current_epoch(rights) == third.entry.id
    assert duties.boxes_of(rights, third.entry.ref, key_of("B")) == [bytes(48)]
    assert duties.boxes_of(rights, third.entry.ref, key_of("C")) == [bytes(49)]
    assert rights.act_note(later.entry.id) is None
    assert len(duties.persons(rights)) == 4


def test_quorum_and_rules_move_by_majority_and_apart_the_greater_holds() -> None:
    pen = Pen(["B", "C"])
    known = pen.admit("A", "M")
    made = []
    for proposer, voter, percent in (("A", "B", 70), ("C", "B", 60)):
        act = pen.write(proposer, a.SetQuorum, percent, after=[known])
        made.append(pen.approve(voter, act))
    rules = pen.write("A", a.SetRules, 3, after=[known])
    made.append(pen.approve("C", rules))
    rights = replay(pen.acts, pen.space)
    assert (rights.quorum_percent, rights.quorum, rights.rules_version) == (70, 3, 3)
    two = pen.appoint("A", "M", after=made)
    made.append(pen.approve("B", two))
    assert replay(pen.acts, pen.space).act_note(two.entry.id) == "right.too-few-votes"
    lower = pen.write("A", a.SetQuorum, 50, after=made)
    votes = [pen.approve(who, lower) for who in "BC"]
    assert replay(pen.acts, pen.space).quorum_percent == 50
    pen.approve("B", pen.appoint("A", "M", after=votes))
    assert len(replay(pen.acts, pen.space).stewards) == 4


def test_acts_without_right_say_why() -> None:
    pen, known = council()
    pen.admit("A", "R", role=Role.READER)
    reader = pen.acts[-1]
    cases = [
        (pen.appoint("A", "R", after=[reader]), "right.not-a-member"),
        (pen.dismiss("A", "M", after=[known]), "right.not-a-steward"),
        (pen.write("A", a.Remove, bytes(32), None, ()), "right.not-admitted"),
        (pen.remove("A", "M", key="B"), "right.not-admitted"),
        (pen.write("A", a.MovePins, known.entry.ref, ()), "right.no-removal"),
        (
            pen.write("A", a.Admit, key_of("z"), b"", Role.MEMBER, bytes(32), None),
            "right.not-admitted",
        ),
        (pen.write("A", a.Admit, key_of("z"), b"", Role.STEWARD, None, None), "right.role"),
        (pen.appoint("M", "M", after=[known]), "right.not-steward"),
        (pen.approve("A", pen.founding), "right.no-proposal"),
        (pen.approve("A", pen.appoint("M", "R")), "right.not-steward"),
        (pen.admit("R", "z", after=[reader]), "right.role"),
        (pen.write("R", a.Invite, bytes(32), Role.READER), "right.role"),
        (pen.close("R", "M"), "right.not-own-device"),
        (pen.close("M", "M"), "right.not-own-device"),
        (pen.device("R", "M", "z"), "right.role"),
        (pen.write("R", a.ForkSeen, b"", b""), "right.no-proof"),
        (pen.write("A", a.SetRules, 2), "right.too-few-votes"),
    ]
    rights = replay(pen.acts, pen.space)
    assert [rights.act_note(act.entry.id) for act, _ in cases] == [why for _, why in cases]
    assert rights.act_note(pen.founding.entry.id) is None
    assert rights.act_note(bytes(32)) == "right.unknown-act"


def test_a_proof_of_a_fork_is_shown_and_stops_nothing() -> None:
    pen, known = council()
    key = SigningKey(bytes(32))
    pen.write("A", a.Admit, key.public, b"", Role.MEMBER, None, None, after=[known])
    name = LogName(pen.space, key.public, Lane.ORDINARY)
    one, two = ([Writer(name, key).append(word, depth=1, wall_s=0)] for word in (b"one", b"two"))
    shown = pen.write("M", a.ForkSeen, *prove_fork(START, one, two), after=[known])
    rights = replay(pen.acts, pen.space)
    assert rights.act_note(shown.entry.id) is None
    assert [ref for ref, _ in duties.forks(rights)] == [shown.entry.ref]
    assert rights.author(key.public).pins is None  # type: ignore[union-attr]


def test_a_cofounder_s_consent_holds_against_who_claims_its_key() -> None:
    own = SigningKey(bytes(range(32)))
    pen = Pen()
    consent = own.sign(CONSENT_DOMAIN, consent_message(bytes(32), key_of("A")))
    body = a.Found(Via.OWN_DEVICE, None, None, 1, 50, (a.Cofounder(own.public, consent),))
    entry = make_entry(pen.founding.entry.name, START, body, 1)
    pen.founding, pen.space = a.Act(entry, body), entry.id
    pen.acts, pen._logs = [pen.founding], {}
    claimed = pen.write("A", a.Admit, own.public, b"", Role.READER, None, None)
    again = pen.write("A", a.Admit, key_of("A"), b"", Role.READER, None, None)
    rights = replay(pen.acts, pen.space)
    assert rights.author(own.public).role is Role.STEWARD  # type: ignore[union-attr]
    assert rights.author(key_of("A")).person == pen.space  # type: ignore[union-attr]
    for act in (claimed, again):
        assert rights.act_note(act.entry.id) == "right.key-taken"


def test_layers_fold_without_losing_a_change() -> None:
    layers: Layers[int, int] = Layers(dict.fromkeys(range(10), 0))
    assert layers.with_items({}) is layers
    wide = layers
    for number in range(LAYER_MAX + 20):
        wide = wide.with_items({number: 1})
    assert sorted(layers.with_items({3: 1}).items()) == sorted({**layers.base, 3: 1}.items())
    assert dict(wide.items()) == dict.fromkeys(range(LAYER_MAX + 20), 1)
    assert wide.differing(layers) == set(range(LAYER_MAX + 20))
    assert layers.with_items({3: 1}).differing(layers) == {3}


def test_the_registry_knows_every_act_and_decodes_what_it_encodes() -> None:
    registry = Registry([MEMBERSHIP])
    pen, _ = council()
    pen.remove("A", "M", [pen.acts[1]])
    pen.close("A", "B")
    for act in pen.acts:
        assert act.body is not None
        decoded = registry.decode(registry.encode(act.body))
        assert decoded.body == act.body
        assert decoded.kind is not None
        assert decoded.kind.lane is Lane.TRUST
    assert registry.kinds["objection"].lane is Lane.URGENT
    assert registry.kinds["objection"].writers == ANYONE
    assert not registry.kinds.keys() & a.RESERVED_TAGS


@pytest.mark.parametrize("heads", [a.AFTER_MAX + 1])
def test_an_act_past_its_bounds_is_not_decoded(heads: int) -> None:
    registry = Registry([MEMBERSHIP])
    _, known = council()
    body = a.Approve(Via.OWN_DEVICE, None, (known.entry.ref,) * heads, known.entry.ref)
    with pytest.raises(Invalid):
        registry.encode(body)
    with pytest.raises(Refused):
        registry.decode(a.msgspec.msgpack.encode(body))
    assert pin([known])[0].ref == known.entry.ref
