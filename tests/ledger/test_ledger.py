"""One admit, three verdicts, and views that hang on the set of entries alone."""

from __future__ import annotations

import itertools
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumbre.kinds.situation.records import Place, PlaceType
from lumbre.kinds.supply.records import (
    Commitment,
    Need,
    NeedClosed,
    Offer,
    Tier,
    Unit,
)
from lumbre.ledger import ACCEPTED, Ledger, Linker, MemoryBook, MemoryTables, Outcome, Run, replay
from lumbre.node import joining
from lumbre.node.segments import branches_of
from lumbre.record import START, Lane, LogName, Ref, Tip, Writer
from lumbre.record.canonical import encode
from lumbre.record.segment import read_segment_with_base, write_segment
from lumbre.schema import Role, Via
from lumbre.schema.kind import ref_key
from lumbre.trust.acts import Organisation
from tests.world import REGISTRY, Device, World


def need(place: str = "Bloque 3", quantity: int = 20_000, **more) -> Need:
    return Need(
        Via.OWN_DEVICE,
        None,
        place,
        "water.potable",
        Unit.MILLILITRE,
        quantity,
        12,
        Tier.LIFE,
        **more,
    )


def offer(quantity: int = 5_000) -> Offer:
    return Offer(
        Via.OWN_DEVICE, None, "water.potable", Unit.MILLILITRE, quantity, "Bloque 9", note=""
    )


def commitment(to: Ref, quantity: int = 1_000) -> Commitment:
    return Commitment(Via.OWN_DEVICE, None, "water.potable", Unit.MILLILITRE, quantity, need=to)


def ledger_of(device: Device) -> Ledger:
    return device.node.space(device.space).ledger


def one_by_one(device: Device) -> list[bytes]:
    """Everything a device holds, each segment as short as its marks allow."""
    found = []
    for branch in branches_of(device.log, device.space):
        base, run = START, []
        for entry in device.log.entries(branch.number, branch.first_seq, branch.tip.seq):
            run.append(entry)
            if entry.signature is not None:
                found.append(write_segment(run, base))
                base, run = Tip.of(entry), []
    return found


def history(seed: int = 1) -> World:
    """Three people who write apart about all three domains, meet now and then, and disagree."""
    chance = random.Random(seed)
    world = World()
    people = [world.founder, world.join("beto"), world.join("caro")]
    needs: list[Ref] = []
    for step in range(14):
        one = chance.choice(people)
        known = [ref for ref in needs if ledger_of(one).judge.find(ref)]
        what = chance.randrange(6)
        if what == 0 or not known:
            (entry,) = one.write(need(f"Bloque {step}", quantity=1000 + step))
            needs.append(entry.ref)
        elif what == 1:
            one.write(commitment(chance.choice(known)))
        elif what == 2:
            one.write(NeedClosed(Via.OWN_DEVICE, None, chance.choice(known), is_met=True))
        elif what == 3:
            one.write(offer(), offer(7_000))
        elif what == 4:
            one.write(Place(Via.OWN_DEVICE, None, f"Casa {step}", PlaceType.BUILDING))
        else:
            world.meet(*chance.sample(people, 2))
    return world


def fresh(world: World, like: Device) -> Device:
    """A device of the same person with nothing on it, that knows the space and its keys."""
    device = Device("fresh", world.registry)
    device.space = world.space
    device.node.add_space(world.space)
    for id_, secret in like.private.secrets("epoch"):
        device.node.learn_epoch(world.space, id_[32:], secret)
    return device


def test_p2_the_same_entries_give_the_same_state_in_any_order_of_arrival():
    for seed in range(6):
        world = history(seed)
        world.meet_all()
        parts = one_by_one(world.founder)
        expected = world.founder.hash()
        assert {device.hash() for device in world.devices} == {expected}
        chance = random.Random(seed)
        for _ in range(3):
            device = fresh(world, world.founder)
            # In any order of logs; what has no valid link yet is asked for again.
            for _ in range(len(parts)):
                chance.shuffle(parts)
                if not device.node.take(parts).refused and device.hash() == expected:
                    break
            assert device.hash() == expected


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_p2_folded_as_they_come_and_from_scratch_are_the_same_bytes(seed, chance):
    world = history(seed)
    world.meet_all()
    parts = one_by_one(world.founder)
    expected = world.founder.hash()
    device = fresh(world, world.founder)
    for _ in range(len(parts)):
        chance.shuffle(parts)
        for part in parts:
            device.node.take([part])
        if device.hash() == expected:
            break
    assert device.hash() == expected
    assert device.node.rebuild() == sum(
        b.tip.seq - b.first_seq + 1 for b in branches_of(device.log, world.space)
    )
    assert device.hash() == expected


def test_p2_every_order_of_a_small_history_gives_one_state():
    """Exhaustive: a need, two commitments by others, a closing, a change of mind."""
    world = World()
    beto, caro = world.join("beto"), world.join("caro")
    world.meet_all()
    (asked,) = world.founder.write(need())
    world.meet_all()
    beto.write(commitment(asked.ref))
    caro.write(commitment(asked.ref, 500))
    world.founder.write(need(quantity=9_000, first=asked.ref, replaces=(asked.ref,)))
    caro.write(offer())
    world.meet_all()
    parts = one_by_one(world.founder)
    trust = [p for p in parts if read_segment_with_base(p)[1][0].name.lane is Lane.TRUST]
    rest = [p for p in parts if p not in trust]
    assert len(rest) == 5
    hashes = set()
    for order in itertools.permutations(rest):
        device = fresh(world, world.founder)
        device.node.take(trust)
        for part in order:
            device.node.take([part])
        device.node.take(order)
        hashes.add(device.hash())
    assert hashes == {world.founder.hash()}


def test_an_entry_waits_for_its_reference_and_counts_when_it_comes():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    (asked,) = world.founder.write(need())
    beto.take_from(world.founder)
    (promise,) = beto.write(commitment(asked.ref))
    device = fresh(world, beto)
    parts = one_by_one(beto)
    late = [p for p in parts if asked.id in {e.id for e in read_segment_with_base(p)[1]}]
    device.node.take([p for p in parts if p not in late])
    noted = ledger_of(device).judge.exception(promise.ref)
    assert noted is not None
    assert (noted.outcome, noted.reason) == (Outcome.WAITING, "waiting.reference")
    assert device.rows("need") == []
    device.node.take(late)
    assert ledger_of(device).judge.exception(promise.ref) is None
    assert device.rows("need")[0].claimed == 1_000
    assert device.hash() == beto.hash()


def test_p10_an_entry_of_an_unknown_kind_is_kept_and_carried_and_breaks_no_chain():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    space = beto.node.space(beto.space)
    name = LogName(beto.space, beto.key.public, Lane.ORDINARY)
    (first,) = beto.write(offer())
    writer = Writer(name, beto.key, Tip.of(first))
    data = encode(["from-the-future", 0, None, [first.log, first.seq, first.id], "hola"])
    key_id, sealed = space._seal(data, name, Tip.of(first), False)
    unknown = writer.append(sealed, depth=first.depth + 1, wall_s=1, key_id=key_id)
    beto.node.store(Tip.of(first), [unknown])
    (after,) = beto.write(offer(6_000))
    world.founder.take_from(beto)
    ledger = ledger_of(world.founder)
    noted = ledger.judge.exception(unknown.ref)
    assert noted is not None
    assert noted.reason == "content.unknown-kind"
    assert ledger.judge.exception(after.ref) is None
    assert world.founder.node.find(world.space, unknown.ref).body == sealed
    assert len(world.founder.rows("offer")) == 2


@pytest.mark.parametrize("step", [1, 1000])
def test_an_entry_that_jumps_its_depth_is_without_effect_and_gains_nothing(step):
    world = World()
    beto = world.join("beto")
    world.meet_all()
    (first,) = beto.write(offer())
    space = beto.node.space(beto.space)
    name = first.name
    data = REGISTRY.encode(offer(1))
    key_id, sealed = space._seal(data, name, Tip.of(first), False)
    writer = Writer(name, beto.key, Tip.of(first))
    jumped = writer.append(sealed, depth=first.depth + 1 + step, wall_s=1, key_id=key_id)
    key_id, sealed = space._seal(data, name, Tip.of(jumped), False)
    after = writer.append(sealed, depth=jumped.depth + 1, wall_s=1, key_id=key_id)
    beto.node.store(Tip.of(first), [jumped, after])
    judge = ledger_of(beto).judge
    assert judge.exception(jumped.ref).reason == "content.depth"
    # What follows claims on top of the jump: it is without effect as well.
    assert judge.exception(after.ref).reason == "content.depth"
    assert len(beto.rows("offer")) == 1
    world.founder.take_from(beto)
    assert world.founder.hash() == beto.hash()


def test_a_sealed_entry_waits_for_its_key_and_is_judged_when_the_key_comes():
    world = World()
    world.founder.write(need())
    courier = Device("courier")
    courier.space = world.space
    courier.node.add_space(world.space)
    received = courier.take_from(world.founder)
    assert received.waiting == 1
    assert courier.rows("need") == []
    assert len(ledger_of(courier).waiting_for_key()) == 1
    for id_, secret in world.founder.private.secrets("epoch"):
        courier.node.learn_epoch(world.space, id_[32:], secret)
    assert len(courier.rows("need")) == 1
    assert courier.hash() == world.founder.hash()


def test_an_absent_body_waits_and_counts_when_it_is_filled_in():
    world = World()
    world.founder.write(need())
    parts = list(world.founder.node.give(world.space))
    base, entries = read_segment_with_base(parts[-1])
    bare = write_segment([msgspec.structs.replace(e, body=None) for e in entries], base)
    device = fresh(world, world.founder)
    received = device.node.take([*parts[:-1], bare])
    assert received.waiting == 1
    assert device.rows("need") == []
    device.node.take(parts)
    assert device.hash() == world.founder.hash()
    assert len(device.rows("need")) == 1


def test_urgent_entries_above_a_gap_are_shown_as_such_and_move_nothing():
    world = World()
    for number in range(3):
        world.founder.write(need(f"Bloque {number}"))
    parts = one_by_one(world.founder)
    device = fresh(world, world.founder)
    device.node.take([*parts[:-2], parts[-1]])
    above = list(ledger_of(device).above_gap())
    assert [body.place_name for _, body in above] == ["Bloque 2"]
    assert [row.place_name for row in device.rows("need")] == ["Bloque 0"]
    device.node.take([parts[-2]])
    assert list(ledger_of(device).above_gap()) == []
    assert device.hash() == world.founder.hash()


def test_p1_a_node_that_stopped_between_its_two_files_folds_the_rest_when_it_opens():
    from lumbre.node.node import Node

    world = World()
    beto = world.join("beto")
    world.meet_all()
    beto.write(need())
    # The log took it in; the private file did not follow.
    before = world.founder.private
    stale = MemoryTables()
    for (kind, id_), value in before._secrets.items():
        stale.put_secret(kind, id_, value)
    world.founder.take_from(beto)
    reopened = Node(
        world.founder.log, stale, REGISTRY, world.founder.clock, world.founder.node.random
    )
    assert reopened.space(world.space).ledger.state_hash() == world.founder.hash()


def test_one_bad_segment_does_not_keep_out_the_good_ones():
    world = World()
    world.founder.write(need())
    parts = list(world.founder.node.give(world.space))
    bad = bytearray(parts[-1])
    bad[-1] ^= 1
    device = fresh(world, world.founder)
    received = device.node.take([b"", parts[0], bytes(bad), *parts[1:]])
    assert sum(received.refused.values()) == 2
    assert device.hash() == world.founder.hash()


def test_a_guest_may_file_a_need_and_nothing_that_moves_stock():
    world = World()
    guest = world.join("mesa", Role.GUEST)
    for id_, secret in world.founder.private.secrets("epoch"):
        guest.node.learn_epoch(world.space, id_[32:], secret)
    guest.write(need())
    assert [row.left_by_guest for row in guest.rows("need")] == [True]
    movements = ("received", "dispatch", "receipt", "handed-out", "loss", "stocktake")
    assert [n for n in movements if Role.GUEST in REGISTRY.kinds[n].writers] == []


def test_replay_reads_every_branch_once():
    world = history(3)
    world.meet_all()
    tables = MemoryTables()
    opener = world.founder.node.space(world.space)._open
    ledger = Ledger(world.space, REGISTRY, world.founder.log, tables, opener)
    branches = branches_of(world.founder.log, world.space)
    count = replay(ledger, world.founder.log, branches)
    assert count == sum(b.tip.seq - b.first_seq + 1 for b in branches)
    assert ledger.state_hash() == world.founder.hash()


def test_verdicts_of_a_run_come_in_its_order():
    world = World()
    entries = world.founder.write(offer(1), offer(2), offer(3))
    book = MemoryBook()
    linker = Linker(book, lambda _: 10**9)
    linked = linker.add(START, entries)
    book.append(linker.writes())
    opener = world.founder.node.space(world.space)._open
    ledger = Ledger(world.space, REGISTRY, book, MemoryTables(), opener)
    (run,) = linked.new
    assert isinstance(run, Run)
    verdicts = ledger.admit(run)
    assert [v.reason for v in verdicts] == ["right.not-admitted"] * 3
    assert all(v is not ACCEPTED for v in verdicts)


def test_a_new_act_names_the_deepest_heads_where_there_are_too_many():
    """A newcomer's first act is deep in the space and low in its own log."""
    world = World()
    beto = world.join("beto")
    world.meet_all()
    for device, count in ((world.founder, 1), (beto, 3)):
        for number in range(count):
            request = _request_to(world, f"{number} of {device.name}")
            joining.admit(device.node, device.key, request, "eva", Role.COURIER)
    world.meet_all()
    ledger = ledger_of(world.founder)
    shallow, deep = [ledger.judge.find(ref)[1] for ref in ledger.trust_heads()]
    assert (shallow.name.author, deep.name.author) == (world.founder.key.public, beto.key.public)
    assert shallow.seq > deep.seq


def _request_to(world: World, name: str) -> joining.Request:
    device = Device(f"friend {name}")
    asked = joining.ask(device.node, joining.invite(world.founder.node, world.space), "eva")
    return joining.read_request(world.founder.node, asked)[0]


def test_an_act_and_what_hangs_on_it_are_judged_in_one_go_when_its_past_arrives():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    after = beto.node.space(world.space).after
    (first,) = beto.write(Organisation(Via.OWN_DEVICE, None, after(), b""))
    ana = world.founder
    ana.take_from(beto)
    (second,) = ana.write(Organisation(Via.OWN_DEVICE, None, (first.ref,), b""))
    spoken = msgspec.structs.replace(offer(), speaks_for=second.ref)
    (said,) = ana.write(spoken)
    parts = one_by_one(ana)
    late = [p for p in parts if first.id in {e.id for e in read_segment_with_base(p)[1]}]
    device = fresh(world, ana)
    device.node.take([p for p in parts if p not in late])
    judge = ledger_of(device).judge
    assert judge.exception(second.ref).outcome is Outcome.WAITING
    assert judge.exception(said.ref).outcome is Outcome.WAITING
    device.node.take(late)
    assert judge.exception(said.ref) is None
    assert device.hash() == ana.hash()


def test_a_replay_flushes_as_it_goes_and_ends_alike(monkeypatch):
    monkeypatch.setattr("lumbre.ledger.rebuild.REPLAY_FLUSH_ENTRIES", 3)
    world = history(4)
    world.meet_all()
    expected = world.founder.hash()
    pauses = []
    opener = world.founder.node.space(world.space)._open
    ledger = Ledger(world.space, REGISTRY, world.founder.log, MemoryTables(), opener)
    branches = branches_of(world.founder.log, world.space)
    replay(ledger, world.founder.log, branches, lambda: pauses.append(1))
    assert len(pauses) >= 2
    assert ledger.state_hash() == expected


def test_room_is_found_in_a_group_that_no_cache_holds():
    world = World()
    device = fresh(world, world.founder)
    folds = ledger_of(device).folds
    ref = Ref(bytes(32), 1, bytes(32))
    assert not folds.crowds_out([("rumour", b"nobody spoke of this"), ("need", b"")], ref)


def test_groups_that_are_read_from_the_log_again_fold_like_those_at_hand(monkeypatch):
    monkeypatch.setattr("lumbre.ledger.fold._AT_HAND_MAX_FACTS", -1)
    read: list[int] = []
    fact_at = Ledger._fact_at
    monkeypatch.setattr(
        Ledger, "_fact_at", lambda self, *place: read.append(1) or fact_at(self, *place)
    )
    world = history(4)
    world.meet_all()
    assert read
    read.clear()
    opener = world.founder.node.space(world.space)._open
    ledger = Ledger(world.space, REGISTRY, world.founder.log, MemoryTables(), opener)
    replay(ledger, world.founder.log, branches_of(world.founder.log, world.space))
    assert ledger.state_hash() == world.founder.hash()
    assert read == []


def test_what_is_behind_an_entry_is_counted_once_however_it_is_named():
    world = World()
    (entry,) = world.founder.write(need())
    judge = ledger_of(world.founder).judge
    key = ref_key(entry.ref)
    assert judge.behind([key, key]) == {key}
    assert judge.behind([]) == set()
