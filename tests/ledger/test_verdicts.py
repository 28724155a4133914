"""Content, one rule at a time: why an entry counts, is without effect, or waits."""

from __future__ import annotations

import msgspec
import pytest

from lumbre.ledger import ACCEPTED, Outcome, Verdict, judge
from lumbre.ledger.judge import Target, ref_of
from lumbre.record import START, Lane, Ref, Tip
from lumbre.record.canonical import encode
from lumbre.record.entry import OPEN
from lumbre.schema.kind import ref_key
from tests.ledger.small import HIDDEN, SEALED, Rule, Small, cry, make, mark
from tests.trust.histories import key_of

BAD_FIELD = encode(["mark", 0, None, "A", 1])


def without_effect(reason: str, depth: int) -> Verdict:
    return Verdict(Outcome.WITHOUT_EFFECT, reason, depth)


def test_a_member_s_entry_counts_and_leaves_no_record():
    small = Small()
    entry = small.write("M", mark(amount=3))
    assert small.put(entry) == [ACCEPTED]
    assert small.reason(entry) is None
    assert list(small.ledger.judge.exceptions()) == []
    assert small.boards() == {"a": (3,)}


@pytest.mark.parametrize(
    ("name", "body", "lane", "reason"),
    [
        ("another lane", mark(), Lane.BULK, "content.lane"),
        ("the kind's own check", mark(amount=13), Lane.ORDINARY, "content.thirteen"),
        ("an unknown kind", encode(["later", 0, None]), Lane.ORDINARY, "content.unknown-kind"),
        ("a field past its bound", BAD_FIELD, Lane.ORDINARY, "content.bad-field"),
        ("no body at all", b"\xc1", Lane.ORDINARY, "content.not-msgpack"),
        ("a role that may not", Rule(0, None, "a"), Lane.ORDINARY, "right.role"),
    ],
)
def test_what_is_wrong_with_an_entry_is_its_reason(name, body, lane, reason):
    small = Small()
    entry = small.write("M", body, lane=lane, depth=1)
    (found,) = small.put(entry)
    assert found == without_effect(found.reason, 1)
    assert found.reason == reason
    assert small.ledger.judge.exception(entry.ref) == found
    assert list(small.ledger.judge.exceptions()) == [(ref_key(entry.ref), found)]
    assert small.boards() == {}


def test_a_reference_has_the_kind_that_its_field_points_to():
    small = Small()
    shout = small.write("M", cry(), lane=Lane.URGENT)
    one = small.write("M", mark(amount=2))
    small.put(shout)
    under = small.write("M", mark(under=shout.ref), one)
    small.put(one, under)
    assert small.reason(under) is None
    wrong = small.write("M", mark(about=[one.ref, shout.ref], amount=5), under)
    small.put(wrong)
    assert small.reason(wrong) == "content.wrong-target"
    right = small.write("M", mark(about=[one.ref], amount=5), wrong)
    assert small.put(right) == [ACCEPTED]


def test_a_reference_to_an_entry_without_valid_content_is_a_wrong_target():
    small = Small()
    bad = small.write("M", mark(amount=13))
    on_bad = small.write("M", mark(about=[bad.ref]), bad)
    small.put(bad, on_bad)
    assert small.reason(on_bad) == "content.wrong-target"


def test_a_reference_to_an_entry_without_right_is_a_good_target():
    """Right may come and go; content never changes."""
    small = Small()
    stranger = small.write("X", mark(amount=1))
    small.put(stranger)
    assert small.reason(stranger) == "right.not-admitted"
    on_it = small.write("M", mark(about=[stranger.ref]))
    assert small.put(on_it) == [ACCEPTED]


def test_the_check_sees_the_bodies_that_an_entry_refers_to():
    small = Small()
    one = small.write("M", mark(amount=8))
    less = small.write("M", mark(amount=7, about=[one.ref]), one)
    small.put(one, less)
    assert small.reason(less) == "content.less"


def test_depth_is_one_more_than_the_deepest_of_what_it_stands_on():
    small = Small()
    low = small.write("M", mark())
    high = small.write("M", mark(), low)
    small.put(low, high)
    assert high.depth == 2
    for depth, reason in ((2, "content.depth"), (3, None), (4, "content.depth")):
        entry = small.write("A", mark(about=[high.ref, low.ref]), depth=depth)
        other = Small()
        other.put(low, high)
        other.put(entry)
        assert other.reason(entry) == reason


def test_an_entry_without_effect_passes_on_the_depth_that_it_should_have_had():
    small = Small()
    jumped = small.write("M", mark(), depth=50)
    small.put(jumped)
    assert small.ledger.judge.exception(jumped.ref) == without_effect("content.depth", 1)
    on_it = small.write("A", mark(under=None, about=[]), depth=1)
    small.put(on_it)
    assert small.ledger.judge.target(jumped.ref) == Target(1, None)
    unsealed = small.write("B", b"", key_id=HIDDEN, depth=1)
    small.put(unsealed)
    assert small.ledger.judge.exception(unsealed.ref) == without_effect("content.bad-seal", 1)


def test_the_depth_of_what_follows_counts_from_the_depth_that_was_found():
    small = Small()
    bad = small.write("M", mark(amount=13))
    good = small.write("M", mark(), bad)
    assert [v.reason for v in small.put(bad, good)] == ["content.thirteen", ""]
    late = small.write("M", mark(amount=13), good)
    small.put(late)
    last = small.write("M", mark(), late)
    assert small.put(last) == [ACCEPTED]


def test_a_run_stands_on_what_was_judged_before_it():
    small = Small()
    one = small.write("M", mark())
    small.put(one)
    two = small.write("M", mark(), one)
    three = small.write("M", mark(), two)
    assert small.put(two, three) == [ACCEPTED, ACCEPTED]


def test_what_follows_an_entry_that_waits_waits_as_well_until_it_comes():
    small = Small()
    one = small.write("M", mark(amount=1))
    on_it = small.write("A", mark(amount=2, about=[one.ref]))
    after = small.write("A", mark(amount=3), on_it)
    assert [v.reason for v in small.put(on_it, after)] == ["waiting.reference", "waiting.previous"]
    assert small.ledger.judge.target(on_it.ref) is None
    assert small.ledger.judge.before(after) is None
    assert small.boards() == {}
    small.put(one)
    assert small.boards() == {"a": (1, 2, 3)}
    assert list(small.ledger.judge.exceptions()) == []
    assert list(small.tables.scan("waiter")) == []
    assert not small.ledger.judge.is_awaited


def test_several_wait_for_one_and_one_for_several():
    small = Small()
    one = small.write("M", mark(amount=1))
    two = small.write("B", mark(amount=1))
    both = small.write("A", mark(amount=5, about=[one.ref, two.ref]))
    other = small.write("A", mark(amount=6, about=[one.ref]), both)
    small.put(both)
    small.put(other)
    assert list(small.tables.scan("waiter", ref_key(one.ref))) == [
        (ref_key(one.ref) + ref_key(both.ref), b"")
    ]
    small.put(one)
    assert small.reason(both) == "waiting.reference"
    assert small.reason(other) == "waiting.previous"
    small.put(two)
    assert sorted(small.boards()["a"]) == [1, 1, 5, 6]


def test_what_waits_goes_on_after_one_that_turns_out_without_effect():
    small = Small()
    one = small.write("M", mark(amount=8))
    less = small.write("A", mark(amount=7, about=[one.ref]))
    after = small.write("A", mark(amount=9), less)
    small.put(less, after)
    small.put(one)
    assert small.reason(less) == "content.less"
    assert small.reason(after) is None


def test_a_ledger_that_is_opened_again_knows_what_waits_and_what_does_not_count():
    small = Small()
    one = small.write("M", mark(amount=1))
    on_it = small.write("A", mark(amount=2, about=[one.ref]))
    bad = small.write("B", mark(amount=13))
    small.put(on_it)
    small.put(bad)
    state = small.ledger.state_hash()
    small.ledger = small.open()
    assert small.ledger.state_hash() == state
    assert small.ledger.judge.is_awaited
    assert small.reason(bad) == "content.thirteen"
    small.put(one)
    assert small.boards() == {"a": (1, 2)}


def test_an_entry_waits_for_its_key_and_one_that_is_badly_sealed_does_not():
    small = Small()
    small.has_key = False
    data = encode(mark(amount=4))
    sealed = small.write("M", data, key_id=SEALED, depth=1)
    assert [v.reason for v in small.put(sealed)] == ["waiting.key"]
    assert small.ledger.waiting_for_key() == [sealed.ref]
    assert small.ledger.judge.peek(sealed) is None
    assert small.ledger.judge.refs_of(sealed) == ()
    assert small.ledger.judge.act(sealed) is None
    small.has_key = True
    small.ledger.admit_again([sealed.ref])
    small.ledger.flush()
    assert small.ledger.waiting_for_key() == []
    assert small.boards() == {"a": (4,)}
    bad = small.write("M", data, sealed, key_id=HIDDEN, depth=2)
    small.put(bad)
    assert small.reason(bad) == "content.bad-seal"
    assert small.ledger.judge.peek(bad) is None
    assert small.ledger.judge.refs_of(bad) == ()
    assert small.ledger.judge.act(bad) == (None, ())


def test_a_key_that_is_gone_again_leaves_what_was_judged_alone():
    small = Small()
    sealed = small.write("M", encode(mark(amount=4)), key_id=SEALED, depth=1)
    assert small.put(sealed) == [ACCEPTED]
    small.has_key = False
    small.ledger = small.open()
    assert small.ledger.judge.again(sealed) is None
    assert small.ledger.judge.target(sealed.ref) == Target(1, None)


def test_an_absent_body_waits_and_says_nothing():
    small = Small()
    whole = small.write("M", mark(amount=4))
    bare = msgspec.structs.replace(whole, body=None)
    assert [v.reason for v in small.put(bare)] == ["waiting.body"]
    assert small.ledger.judge.peek(bare) is None
    assert small.ledger.judge.act(bare) is None
    small.put(whole)
    assert small.boards() == {"a": (4,)}


def test_what_can_be_read_of_an_entry_without_valid_content_are_its_references():
    small = Small()
    one = small.write("M", mark(amount=8))
    less = small.write("M", mark(amount=7, about=[one.ref]), one)
    small.put(one, less)
    assert small.ledger.judge.refs_of(less) == (one.ref,)
    assert small.ledger.judge.again(less) is None
    assert small.ledger.judge.act(less) == (None, (one.ref,))
    assert small.ledger.judge.peek(less) == mark(amount=7, about=[one.ref])


def test_an_entry_that_is_not_here_or_not_yet_judged_is_no_target():
    small = Small()
    one = small.write("M", mark())
    assert small.ledger.judge.find(one.ref) is None
    assert small.ledger.judge.target(one.ref) is None
    small.link([one])
    assert small.ledger.judge.find(one.ref)[1] == one
    assert small.ledger.judge.target(one.ref) is None
    small.ledger.judge.set_judged(small.book.branches(one.log)[0], 0)
    found = small.ledger.judge.target(one.ref)
    assert found == Target(1, mark())
    assert small.ledger.judge.target(one.ref) is found
    wrong = Ref(one.log, one.seq, bytes(32))
    assert small.ledger.judge.find(wrong) is None
    assert small.ledger.judge.find(Ref(one.log, one.seq + 1, one.id)) is None


def test_the_targets_at_hand_are_bounded_and_the_one_asked_for_last_stays(monkeypatch):
    monkeypatch.setattr(judge, "_TARGETS_MAX", 2)
    small = Small()
    refs = [Ref(key_of("log"), n, key_of("id")) for n in range(6)]
    known = [Target(n, None) for n in range(6)]
    ours = small.ledger.judge
    ours._targets.clear()
    for n in range(3):
        assert ours.remember(refs[n], known[n]) is known[n]
    # Three are one too many: all are older now, and what is asked for again is among the newer.
    assert (list(ours._targets), list(ours._older_targets)) == ([], refs[:3])
    assert ours.target(refs[0]) is known[0]
    assert ours.target(refs[0]) is known[0]
    ours.remember(refs[3], known[3])
    ours.remember(refs[4], known[4])
    assert list(ours._older_targets) == [refs[0], refs[3], refs[4]]
    assert ours.target(refs[0]) is known[0]
    assert ours.target(refs[1]) is None


def test_what_has_been_judged_never_goes_back_except_by_a_cut():
    small = Small()
    one = small.write("M", mark(amount=1))
    two = small.write("M", mark(amount=2), one)
    small.put(one, two)
    (branch,) = small.book.branches(one.log)
    ours = small.ledger.judge
    assert ours.judged_seq(branch) == 1
    ours.set_judged(branch, 0)
    assert ours.judged_seq(branch) == 1
    assert ours.target(two.ref) is not None
    small.ledger.cut(branch, [two])
    assert ours.judged_seq(branch) == 0
    assert ours.target(two.ref) is None
    small.ledger.flush()
    assert small.boards() == {"a": (1,)}
    small.ledger.cut(branch, [one])
    assert ours.judged_seq(branch) == -1
    assert list(small.tables.scan("judged", branch.number.to_bytes(8, "big"))) == []


def test_a_cut_forgets_verdicts_and_keeps_other_branches():
    small = Small()
    bad = small.write("M", mark(amount=13))
    other = small.write("A", mark(amount=13))
    small.put(bad)
    small.put(other)
    (branch,) = small.book.branches(bad.log)
    small.ledger.cut(branch, [bad])
    assert small.reason(bad) is None
    assert small.reason(other) == "content.thirteen"


def test_a_key_of_an_entry_names_it_again():
    ref = Ref(key_of("log"), 258, key_of("id"))
    assert ref_of(ref_key(ref)) == ref


def fork(small: Small) -> tuple[list, list]:
    """A trunk of four and a branch of two that parts after its second."""
    trunk = [small.write("M", mark(amount=1))]
    for n in range(2, 5):
        trunk.append(small.write("M", mark(amount=n), trunk[-1]))
    side = [small.write("M", mark(amount=8), trunk[1])]
    side.append(small.write("M", mark(amount=9), side[0]))
    small.put(*trunk)
    small.put(*side)
    return trunk, side


def test_an_ancestor_is_the_entry_itself_or_one_before_it_on_its_branch():
    small = Small()
    trunk, side = fork(small)
    ours = small.ledger.judge
    for entry in trunk:
        assert ours.is_ancestor(entry, trunk[3].ref)
        assert ours.is_ancestor(entry, trunk[1].ref) == (entry.seq <= 1)
    assert [ours.is_ancestor(entry, side[1].ref) for entry in trunk] == [True, True, False, False]
    assert [ours.is_ancestor(entry, side[1].ref) for entry in side] == [True, True]
    assert [ours.is_ancestor(entry, trunk[3].ref) for entry in side] == [False, False]
    assert not ours.is_ancestor(trunk[0], Ref(trunk[0].log, 3, bytes(32)))


def test_nothing_below_a_gap_is_an_ancestor_of_what_is_above_it():
    small = Small()
    low = small.write("M", cry(), lane=Lane.URGENT)
    gap = small.write("M", cry(), low, lane=Lane.URGENT)
    top = small.write("M", cry(), gap, lane=Lane.URGENT)
    small.put(low)
    assert [v.reason for v in small.put(top, base=Tip.of(gap))] == ["waiting.previous"]
    assert not small.ledger.judge.is_ancestor(low, top.ref)
    assert small.ledger.judge.is_ancestor(top, top.ref)
    ((above, body),) = small.ledger.above_gap()
    assert (above, body) == (top, cry())
    small.put(gap)
    assert list(small.ledger.above_gap()) == []
    assert small.ledger.judge.is_ancestor(low, top.ref)


def test_both_branches_of_a_fork_count():
    small = Small()
    fork(small)
    assert sorted(small.boards()["a"]) == [1, 2, 3, 4, 8, 9]


def test_the_same_position_on_another_branch_is_another_entry():
    small = Small()
    one = small.write("M", mark(amount=1))
    twin = make(one.name, START, encode(mark(amount=2)), 1)
    small.put(one)
    small.put(twin)
    assert small.ledger.judge.find(one.ref)[1] == one
    assert small.ledger.judge.find(twin.ref)[1] == twin


def test_only_urgent_entries_that_can_be_read_are_shown_above_a_gap():
    small = Small()
    low = small.write("M", b"", lane=Lane.URGENT, depth=1)
    tops = []
    for who, body, key_id in (("M", cry(), OPEN), ("A", b"", HIDDEN), ("B", b"", SEALED)):
        low = small.write(who, b"", lane=Lane.URGENT, depth=1)
        tops.append(small.write(who, body, low, Lane.URGENT, 2, key_id))
        small.has_key = False
        small.put(tops[-1], base=Tip.of(low))
    waits = small.write("M", mark(about=[small.write("A", mark()).ref]))
    after = small.write("M", mark(), waits)
    small.put(waits, after)
    assert small.reason(after) == "waiting.previous"
    assert [small.reason(top) for top in tops] == ["waiting.previous"] * 3
    assert list(small.ledger.above_gap()) == [(tops[0], cry())]


def test_to_judge_again_what_is_not_here_or_what_counts_changes_nothing():
    small = Small()
    one = small.write("M", mark(amount=1))
    small.put(one)
    act = small.pen.admit("A", "N")
    small.put(act.entry)
    small.put(small.pen.admit("B", "O", after=[act]).entry)
    state, heads = small.ledger.state_hash(), small.ledger.trust_heads()
    gone = Ref(key_of("log"), 0, key_of("id"))
    small.ledger.admit_again([gone, one.ref, act.entry.ref])
    assert small.ledger.state_hash() == state
    assert small.ledger.trust_heads() == heads
    small.has_key = False
    sealed = small.write("M", encode(mark(amount=4)), one, key_id=SEALED, depth=2)
    small.put(sealed)
    small.has_key = True
    small.ledger.admit_again([gone, sealed.ref])
    assert small.reason(sealed) is None


def test_only_those_that_waited_for_an_entry_are_let_go():
    small = Small()
    one, two = small.write("M", mark(amount=1)), small.write("A", mark(amount=1))
    on_one = small.write("A", mark(amount=5, about=[one.ref]), two)
    on_two = small.write("M", mark(amount=5, about=[two.ref]), one)
    ours = small.ledger.judge
    ours.wait(on_one, one.ref)
    assert small.reason(on_one) == "waiting.reference"
    ours.wait(on_two, two.ref)
    assert ours.release(one.ref) == [on_one.ref]
    assert ours.release(one.ref) == []
    assert ours.is_awaited
    assert ours.release(two.ref) == [on_two.ref]
    assert not ours.is_awaited


def test_an_entry_whose_key_comes_may_still_have_no_right():
    small = Small()
    small.has_key = False
    sealed = small.write("X", encode(mark()), key_id=SEALED, depth=1)
    small.put(sealed)
    small.has_key = True
    small.ledger.admit_again([sealed.ref])
    assert small.reason(sealed) == "right.not-admitted"
