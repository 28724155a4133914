"""Frontiers: steps since a baseline, and short ids that nobody can prepare."""

from __future__ import annotations

import pytest

from lumbre.errors import Refused
from lumbre.node.meetings import SpaceShelf, link_of, new_meeting
from lumbre.record import SigningKey
from lumbre.sync import exchange
from lumbre.sync.frames import Code, Hello, Proof, write_frame
from lumbre.sync.frontier import (
    Baseline,
    branches_of,
    heads_of,
    read_baseline,
    round_key,
    seqs_after,
    short,
    short_id,
    steps_since,
)
from lumbre.sync.greeting import Link, vouch
from tests.ledger.test_ledger import need
from tests.sync.hostile import NUMBER, Hand, Stage
from tests.sync.meet import Line, assert_equal, meet, new_binding
from tests.world import World


def heads(device):
    return heads_of(branches_of(device.node.log, device.space))


def test_steps_say_what_moved_and_are_read_back():
    ana = World().founder
    ana.write(need("Bloque 1"))
    baseline = Baseline.of(heads(ana))
    ana.write(need("Bloque 2"))
    ana.write(need("Bloque 3"))
    steps = steps_since(baseline, heads(ana))
    assert steps.new == []
    assert sum(steps.moved[1::2]) == 2
    assert seqs_after(baseline, steps.moved) == {head.number: head.seq for head in heads(ana)}


def test_there_are_no_steps_from_a_baseline_that_is_ahead_or_has_what_is_gone():
    ana = World().founder
    ana.write(need("Bloque 1"))
    now = heads(ana)
    (last, *_) = now
    ahead = Baseline(bytes(16), [(last.number, last.seq + 1)])
    gone = Baseline(bytes(16), [(10**6, 0)])
    assert steps_since(ahead, now) is None
    assert steps_since(gone, now) is None


@pytest.mark.parametrize("moved", [[0], [0, 1, 0], [9, 1], [0, 1, 5, 1]])
def test_steps_that_lead_nowhere_are_refused(moved):
    with pytest.raises(Refused):
        seqs_after(Baseline(bytes(16), [(1, 0), (2, 0)]), moved)


def test_what_is_no_baseline_is_none():
    assert read_baseline(None) is None
    assert read_baseline(b"") is None
    assert read_baseline(b"\x92\x01\x02") is None


def test_short_ids_differ_on_each_channel_and_in_each_round():
    ana = World().founder
    (head, *_) = heads(ana)
    keys = [round_key(binding, number) for binding in (b"a" * 32, b"b" * 32) for number in (1, 2)]
    assert len({short(head, key) for key in keys}) == 4
    assert len({short_id(head.id, key) for key in keys}) == 4


def test_heads_that_are_alike_by_chance_are_told_apart_in_the_next_round(monkeypatch):
    world = World()
    ana, eva = world.founder, world.join("eva")
    ana.write(need("Bloque 1"))
    eva.write(need("Bloque 2"))
    first = new_binding()
    unlucky = round_key(first, 1)
    truly = exchange.short
    monkeypatch.setattr(
        exchange, "short", lambda head, key: bytes(4) if key == unlucky else truly(head, key)
    )
    caller, called = meet(ana.node, eva.node, binding=first)
    assert caller.outcomes()[0].rounds == called.outcomes()[0].rounds == 2
    assert caller.outcomes()[0].is_equal
    assert_equal(ana, eva)


def test_another_version_is_told_its_code():
    ana = World().founder
    meeting = new_meeting(ana.node, new_binding(), is_caller=False)
    meeting.receive(write_frame(Hello(2, bytes(16))))
    assert meeting.code is Code.OTHER_VERSION
    assert not meeting.is_over
    meeting.send()
    assert meeting.is_over


@pytest.mark.parametrize("is_vouched", [True, False])
def test_a_link_key_that_no_author_vouched_for_or_that_did_not_sign_is_a_bad_proof(is_vouched):
    stage = Stage()
    true = link_of(stage.liar.node, stage.world.space)
    other = SigningKey(b"o" * 32)
    voucher = vouch(stage.liar.key, stage.world.space, other.public)
    forged = Link(other, true.author, true.voucher if is_vouched else voucher[::-1])
    hand = Hand(stage.liar, stage.victim, forged)
    hand.greet()
    assert hand.codes == {Code.BAD_PROOF}
    again = Hand(stage.liar, stage.victim)
    again.say(again.greeting.hello([again.space], bytes(1024)), Proof(NUMBER, b"x" * 60))
    assert again.codes == {Code.BAD_PROOF}
    stage.assert_unharmed()


def test_a_baseline_is_kept_by_author_and_forgotten_where_it_led_to_waste():
    world = World()
    ana, eva = world.founder, world.join("eva")
    meet(ana.node, eva.node, binding=new_binding())
    shelf = SpaceShelf(ana.node, world.space)
    assert read_baseline(shelf.baseline(eva.key.public)).heads
    shelf.keep_baseline(eva.key.public, b"")
    line = Line()
    ana.write(need("Bloque 1"))
    caller, _ = meet(ana.node, eva.node, line=line, binding=new_binding())
    assert caller.outcomes()[0].is_equal
    assert read_baseline(shelf.baseline(eva.key.public)) is not None
