"""The third verdict moves with the acts: what counted may cease to, and come back."""

from __future__ import annotations

import hashlib

import pytest

from lumbre.ledger import ACCEPTED, Ledger, MemoryTables, replay
from lumbre.record import NO_SPACE, START, Entry, Lane, LogName, Mention, Tip
from lumbre.record.canonical import encode
from lumbre.schema import Standing
from lumbre.schema.kind import ref_key, ref_of
from lumbre.schema.roles import Via
from lumbre.trust.acts import Adopt, Found, Remove
from lumbre.trust.grants import DEFAULTS
from tests.ledger.small import HIDDEN, REGISTRY, Deed, Own, Row, Rule, Small, cry, make, mark
from tests.trust.histories import key_of


def remove(small: Small, *pins: Entry, who: str = "M") -> None:
    """A and B remove somebody, whose last entries that count are `pins`."""
    named = tuple(Mention.of(pin.ref) for pin in pins)
    proposal = small.pen.write("A", Remove, small.pen.people[who], None, named)
    vote = small.pen.approve("B", proposal)
    small.put(proposal.entry)
    small.put(vote.entry)


def line(small: Small, count: int = 3, who: str = "M") -> list[Entry]:
    """Marks 1, 2, 3 ... one after the other."""
    made: list[Entry] = []
    for n in range(1, count + 1):
        made.append(small.write(who, mark(amount=n), made[-1] if made else None))
    return made


def test_past_the_pin_nothing_counts_and_before_it_all_does():
    small = Small()
    entries = line(small)
    small.put(*entries)
    remove(small, entries[1])
    assert small.boards() == {"a": (1, 2)}
    assert [small.reason(entry) for entry in entries] == [None, None, "right.past-pin"]
    assert small.ledger.folds.total("board", b"a") == 3
    late = small.write("M", mark(amount=7), entries[2])
    small.put(late)
    assert small.reason(late) == "right.past-pin"


def test_a_removal_that_came_first_gives_the_same_state():
    early, late = Small(), Small()
    entries = line(early)
    early.put(*entries)
    remove(early, entries[1])
    remove(late, entries[1])
    late.put(entries[0])
    assert late.reason(entries[0]) == "right.past-pin"
    late.put(*entries[1:])
    assert late.boards() == {"a": (1, 2)}
    assert late.ledger.state_hash() == early.ledger.state_hash()


def test_what_is_shown_if_removed_stays_and_says_so():
    small = Small()
    first = small.write("M", cry(), lane=Lane.URGENT)
    second = small.write("M", cry(), first, lane=Lane.URGENT)
    small.put(first)
    small.put(second)
    remove(small, first)
    assert small.ledger.folds.row("board", b"a") == Row("a", (0,), 1)
    assert small.reason(second) is None


def test_an_adopted_entry_counts_again():
    small = Small()
    entries = line(small)
    small.put(*entries)
    remove(small, entries[0])
    assert small.boards() == {"a": (1,)}
    act = small.pen.write("A", Adopt, Mention.of(entries[2].ref))
    small.put(act.entry)
    assert small.boards() == {"a": (1, 3)}
    assert small.reason(entries[2]) is None
    assert small.reason(entries[1]) == "right.past-pin"


def test_an_author_who_is_admitted_later_counts_from_then_on():
    small = Small()
    entries = line(small, who="N")
    small.put(*entries)
    assert small.reason(entries[0]) == "right.not-admitted"
    assert small.boards() == {}
    small.put(small.pen.admit("A", "N").entry)
    assert small.boards() == {"a": (1, 2, 3)}
    assert small.reason(entries[0]) is None
    small.ledger = small.open()
    assert small.reason(entries[0]) is None


def test_a_view_that_holds_an_author_s_last_facts_gets_the_earlier_ones_back():
    small = Small()
    entries = line(small, 4)
    small.put(*entries)
    assert small.boards("last") == {"a": (3, 4)}
    remove(small, entries[1])
    assert small.boards("last") == {"a": (1, 2)}


def test_a_pinned_entry_that_comes_late_shows_which_branch_was_meant():
    small = Small()
    entries = line(small, 3)
    small.put(*entries[:2])
    remove(small, entries[2])
    assert small.boards() == {}
    small.put(entries[2])
    assert small.boards() == {"a": (1, 2, 3)}
    assert small.ledger.pins(entries[0].log, key_of("M")) == [(2, entries[2].id)]
    assert small.ledger.pins(bytes(32), key_of("M")) == []
    assert small.ledger.pins(entries[0].log, key_of("A")) == []
    assert small.ledger.pins(entries[0].log, key_of("X")) == []


def test_a_steward_may_write_what_a_member_may_not():
    small = Small()
    body = Rule(Via.OWN_DEVICE, None, "rules")
    assert small.put(small.write("A", body)) == [ACCEPTED]
    small.put(small.write("M", body))
    assert small.boards() == {"rules": (0,)}


def test_a_grant_follows_the_acts_before_the_next_flush():
    small = Small()
    name = small.log("N")
    assert small.ledger.grant(name) == 0
    act = small.pen.admit("A", "N").entry
    (run,) = small.link([act]).new
    small.ledger.admit(run)
    assert small.ledger.grant(name) == DEFAULTS[4][Lane.ORDINARY]
    assert small.ledger.rights.author(key_of("N")) is not None


def test_rights_are_those_of_the_last_flush():
    small = Small()
    act = small.pen.admit("A", "N").entry
    (run,) = small.link([act]).new
    small.ledger.admit(run)
    assert small.ledger.rights.author(key_of("N")) is None
    small.ledger.flush()
    assert small.ledger.rights.author(key_of("N")) is not None


def test_an_act_of_the_same_commit_gives_its_entries_their_right():
    small = Small()
    act = small.pen.admit("A", "N").entry
    entry = small.write("N", mark(amount=4))
    (first,) = small.link([act]).new
    (second,) = small.link([entry]).new
    small.ledger.admit(first)
    assert small.ledger.admit(second) == [ACCEPTED]


def test_the_heads_are_the_acts_that_no_other_stands_on_the_deepest_last():
    small = Small()
    first = small.pen.acts[1].entry
    assert small.ledger.trust_heads() == [first.ref]
    assert small.ledger.act_ref(first.id) == first.ref
    assert small.ledger.act_ref(bytes(32)) is None
    second = small.pen.admit("A", "N").entry
    apart = small.pen.admit("B", "O").entry
    small.put(second)
    small.put(apart)
    assert small.ledger.trust_heads() == [apart.ref, second.ref]
    more = [small.pen.admit(who, f"{who}{n}").entry for n in range(2) for who in "BM"]
    for entry in more:
        small.put(entry)
    heads = small.ledger.trust_heads()
    assert heads == sorted(heads, key=lambda ref: (ref.seq, ref.hash))
    assert [ref.seq for ref in heads] == [1, 1, 2]
    assert heads != sorted(heads)
    both = small.pen.admit("B", "P", after=[small.pen.acts[2], small.pen.acts[-1]]).entry
    small.put(both)
    assert small.ledger.trust_heads() == [both.ref]
    assert small.open().trust_heads() == [both.ref]


def test_an_act_whose_content_is_not_valid_is_kept_for_what_it_stands_on():
    small = Small()
    last = small.pen.acts[1].entry
    other = small.pen.admit("B", "N", after=[small.pen.acts[1]]).entry
    small.put(other)
    data = encode(["later", 0, None, [other.log, other.seq, other.id]])
    name = LogName(small.pen.space, key_of("A"), Lane.TRUST)
    later = make(name, Tip.of(last), data, other.depth + 1)
    small.put(later)
    assert small.reason(later) == "content.unknown-kind"
    assert small.ledger.trust_heads() == [later.ref]
    state = small.ledger.state_hash()
    small.ledger = small.open()
    assert small.ledger.trust_heads() == [later.ref]
    assert small.ledger.state_hash() == state


def test_an_act_that_waits_is_no_act_yet_also_after_a_restart():
    small = Small()
    missing = small.pen.admit("B", "N")
    waiting = small.pen.admit("A", "O", after=[missing])
    small.put(waiting.entry)
    assert small.reason(waiting.entry) == "waiting.reference"
    heads = small.ledger.trust_heads()
    assert waiting.entry.ref not in heads
    small.ledger = small.open()
    assert small.ledger.trust_heads() == heads
    small.put(missing.entry)
    assert small.reason(waiting.entry) is None
    assert small.ledger.trust_heads() == [waiting.entry.ref]


def test_another_space_s_founding_is_without_effect_here():
    small = Small()
    body = Found(Via.OWN_DEVICE, None, None, 1, 50, ())
    other = make(LogName(NO_SPACE, key_of("Z"), Lane.TRUST), START, encode(body), 1)
    small.put(other)
    assert small.reason(other) == "content.other-space"
    assert small.ledger.act_ref(other.id) is None
    assert small.open().act_ref(other.id) is None
    assert small.ledger.act_ref(small.pen.space) is not None


def test_a_fact_says_who_wrote_it_in_what_role_and_when():
    small = Small()
    for who in "MA":
        entry = small.write(who, cry(), lane=Lane.URGENT)
        small.put(entry)
        role = small.ledger.rights.author(key_of(who)).role
        assert small.ledger.folds.row("own", ref_key(entry.ref)) == Own(
            key_of(who), small.pen.people[who], role, Standing.COUNTS, 1, 7
        )


def test_what_its_own_kind_adopts_no_member_adopts():
    small = Small()
    entry = small.write("M", Deed(Via.OWN_DEVICE, None, "deeds"))
    small.put(entry)
    assert small.boards() == {"deeds": (0,)}
    remove(small)
    small.put(small.pen.write("A", Adopt, Mention.of(entry.ref)).entry)
    assert small.boards() == {}
    assert small.reason(entry) == "right.past-pin"


def test_an_act_that_is_cut_is_an_act_no_more():
    small = Small()
    act = small.pen.admit("A", "N").entry
    other = small.pen.admit("B", "O").entry
    small.put(act)
    small.put(other)
    (branch,) = small.book.branches(act.log)
    small.ledger.cut(branch, [act])
    small.book.cut([(branch.number, act.seq)])
    small.ledger.flush()
    assert small.ledger.act_ref(act.id) is None
    assert small.ledger.rights.author(key_of("N")) is None
    assert small.ledger.rights.author(key_of("O")) is not None
    assert small.ledger.rights.author(key_of("M")) is not None
    assert act.ref not in small.ledger.trust_heads()
    assert small.pen.acts[1].entry.ref in small.ledger.trust_heads()


def test_a_cut_takes_out_what_counted_and_leaves_alone_what_never_did():
    small = Small()
    entries = [*line(small, 2)]
    entries.append(small.write("M", mark(amount=13), entries[-1]))
    entries.append(small.write("M", b"", entries[-1], key_id=HIDDEN, depth=4))
    small.put(*entries)
    (branch,) = small.book.branches(entries[0].log)
    small.ledger.cut(branch, entries[1:])
    small.ledger.flush()
    assert small.boards() == {"a": (1,)}
    assert list(small.ledger.judge.exceptions()) == []


def test_the_state_tells_facts_verdicts_and_acts_apart():
    seen = set()
    small = Small()
    seen.add(small.ledger.state_hash())
    small.put(small.write("M", mark(amount=1)))
    seen.add(small.ledger.state_hash())
    small.put(small.write("A", mark(amount=13)))
    seen.add(small.ledger.state_hash())
    small.put(small.pen.approve("B", small.pen.acts[1]).entry)
    seen.add(small.ledger.state_hash())
    assert len(seen) == 4


def test_the_state_s_hash_is_over_views_verdicts_and_acts_in_this_form():
    """Two nodes of different versions compare it."""
    small = Small()
    small.put(small.write("M", mark(amount=3)))
    bad = small.write("A", mark(amount=13))
    small.put(bad)
    void = small.pen.approve("M", small.pen.acts[1]).entry
    small.put(void)
    digest = hashlib.sha256(b"lumbre/state/1\0" + small.pen.space + small.ledger.folds.digest())
    digest.update(ref_key(bad.ref) + encode([1, "content.thirteen", 1]))
    notes = dict.fromkeys([small.pen.space, small.pen.acts[1].entry.id])
    notes[void.id] = "right.no-proposal"
    for id_, note in sorted(notes.items()):
        digest.update(id_ + encode(note))
    assert small.ledger.state_hash() == digest.digest()


def everything(small: Small) -> list:
    names = [small.pen.founding.entry.name, *small.book.logs(small.pen.space)]
    return [branch for name in names for branch in small.book.branches(name.id)]


@pytest.mark.parametrize("read", [1, 2, 3, 256])
def test_a_replay_that_reads_any_number_at_once_gives_the_same_state(monkeypatch, read):
    monkeypatch.setattr("lumbre.ledger.rebuild.REPLAY_RUN_MAX_ENTRIES", read)
    small = Small()
    mine = line(small, 5)
    theirs = [small.write("A", mark(amount=9, about=[mine[3].ref]))]
    theirs.append(small.write("A", mark(amount=13), theirs[0]))
    for entry in (*mine, *theirs):
        small.put(entry)
    remove(small, mine[3])
    again = Ledger(small.pen.space, REGISTRY, small.book, MemoryTables(), small.opener)
    branches = everything(small)
    assert replay(again, small.book, branches) == 11
    assert again.state_hash() == small.ledger.state_hash()


def replayed(small: Small, branches: list) -> tuple[int, list, list]:
    """A replay's count, the depths that it judged in a run, and who waited for a reference."""
    again = Ledger(small.pen.space, REGISTRY, small.book, MemoryTables(), small.opener)
    runs: list[list[int]] = []
    waited: list[str] = []
    admit, wait = again.admit, again.judge.wait

    def watched(run, until_depth):
        done = admit(run, until_depth)
        runs.append([entry.depth for entry in run.entries[: len(done)]])
        return done

    again.admit = watched
    again.judge.wait = lambda entry, ref: waited.append(entry.id) or wait(entry, ref)
    count = replay(again, small.book, branches)
    assert again.state_hash()
    for key, verdict in small.ledger.judge.exceptions():
        assert again.judge.exception(ref_of(key)) == verdict
    return count, runs, waited


def test_a_replay_goes_on_with_a_branch_until_it_names_what_is_not_judged_yet():
    small = Small()
    mine = line(small, 6)
    theirs = [small.write("A", mark(amount=1))]
    theirs.append(small.write("A", mark(amount=9, about=[mine[3].ref]), theirs[0]))
    theirs += [small.write("A", mark(amount=1), theirs[-1])]
    mine.append(small.write("M", mark(amount=9, about=[theirs[1].ref]), mine[-1], depth=7))
    small.put(*mine[:6])
    small.put(*theirs)
    small.put(mine[6])
    names = [theirs[0].name, mine[0].name]
    branches = [branch for name in names for branch in small.book.branches(name.id)]
    acts = everything(small)[:2]
    count, runs, waited = replayed(small, [*branches, *acts])
    assert count == 12
    # Acts first; then who is asked for the seventh goes on when the other's fifth is judged.
    assert runs == [[1], [2], [1, 2, 3, 4, 5, 6], [1, 5, 6], [7]]
    assert waited == []


def test_what_waits_for_good_waits_after_a_replay():
    small = Small()
    gone = small.write("A", mark(amount=1))
    on_it = small.write("M", mark(amount=2, about=[gone.ref]))
    after = small.write("M", mark(amount=3), on_it)
    other = line(small, 5, "B")
    small.put(on_it, after)
    small.put(*other)
    count, runs, waited = replayed(small, everything(small))
    assert count == 9
    assert runs == [[1], [2], [1, 2, 3, 4, 5], [2, 3]]
    assert waited == [on_it.id, after.id]


def test_a_replay_of_nothing_admits_nothing():
    small = Small()
    assert replay(small.ledger, small.book, []) == 0


def test_the_acts_of_a_removed_member_are_not_judged_as_entries():
    small = Small()
    act = small.pen.admit("M", "N").entry
    entry = small.write("M", mark())
    small.put(act)
    small.put(entry)
    remove(small)
    assert small.reason(entry) == "right.past-pin"
    assert small.reason(act) is None


def test_rights_are_asked_for_once_after_each_act():
    small = Small()
    asked: list[int] = []
    rights = small.ledger._trust.rights
    small.ledger._trust.rights = lambda: asked.append(1) or rights()
    small.put(small.write("M", mark()))
    assert asked == []
    small.put(small.pen.admit("A", "N").entry)
    small.put(small.write("A", mark()))
    small.ledger.flush()
    assert len(asked) == 1
