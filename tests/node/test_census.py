"""Who holds an entry, as far as anybody said: P6, and what is at risk."""

from __future__ import annotations

import copy

import msgspec
import pytest

from lumbre.errors import Refused
from lumbre.ledger import MemoryBook
from lumbre.node import devices, epochs, joining
from lumbre.node.census import REFRESH_S, Census, Holders
from lumbre.node.holdings import Holdings
from lumbre.node.node import Node
from lumbre.record import Entry
from lumbre.schema import Role
from lumbre.sync import census as records
from tests.attacks.test_row_02_fork import image_of
from tests.attacks.test_row_04_withheld_bodies import bare
from tests.ledger.test_ledger import need, offer, one_by_one
from tests.world import REGISTRY, Device, SeededRandom, ToldClock, World


def census_of(device: Device) -> Census:
    return Census(device.node, device.space)


def hear(reader: Device, teller: Device) -> None:
    """The end of a meeting, one way."""
    census_of(teller).own()
    for record in census_of(teller).select():
        census_of(reader).take(record)


def meet(world: World, one: Device, other: Device) -> None:
    """A whole meeting: entries both ways, then the census both ways."""
    world.meet(one, other)
    for device in (one, other):
        census_of(device).own()
    hear(one, other)
    hear(other, one)


def holders(reader: Device, entry: Entry) -> Holders:
    return census_of(reader).holders(entry.ref)


def at_risk(device: Device) -> set[bytes]:
    return {entry.id for entry in census_of(device).at_risk()}


def stored(device: Device) -> dict[bytes, Entry]:
    return {
        entry.id: entry
        for name in [*device.log.logs(device.space), *device.log.logs(bytes(32))]
        for branch in device.log.branches(name.id)
        for entry in device.log.entries(branch.number, 0, branch.tip.seq)
    }


@pytest.fixture
def world() -> World:
    world = World()
    world.join("beto")
    world.join("caro")
    world.meet_all()
    return world


def test_alone_all_is_at_risk_and_nobody_is_said_to_hold_it():
    ana = World().founder
    entries = stored(ana)
    assert at_risk(ana) == set(entries)
    assert census_of(ana).own() is not None
    assert at_risk(ana) == set(entries)
    assert {holders(ana, entry) for entry in entries.values()} == {Holders(here=True)}


def test_after_a_meeting_all_that_was_exchanged_is_held_by_the_other_and_what_comes_later_not(
    world,
):
    ana, beto, _ = world.devices
    (before,) = ana.write(need("before"))
    beto.clock.time_s += 60
    meet(world, ana, beto)
    (after,) = ana.write(need("after"))
    assert holders(ana, before) == Holders(here=True, devices=1, last_heard_s=ana.clock.time_s)
    assert holders(ana, after) == Holders(here=True)
    assert at_risk(ana) == {after.id}
    meet(world, ana, beto)
    assert at_risk(ana) == set()
    assert census_of(ana).devices() == 1


def test_a_third_device_hears_of_the_second_from_the_first(world):
    ana, beto, caro = world.devices
    (entry,) = ana.write(need())
    meet(world, ana, beto)
    meet(world, ana, caro)
    assert holders(caro, entry).devices == 2
    assert holders(ana, entry).devices == 2
    assert holders(beto, entry).devices == 1


def test_an_unknown_entry_is_nowhere(world):
    ana, beto, _ = world.devices
    (entry,) = ana.write(need())
    hear(beto, ana)
    assert holders(beto, entry) == Holders(here=False)


def test_a_digest_of_a_frontier_that_was_had_still_counts_for_what_there_was_then(world):
    ana, beto, _ = world.devices
    # Nothing moved lately that a row could say: the digest alone speaks.
    beto.log.census.moved_lately = list
    entries = ana.write(need("a"), need("b"))
    meet(world, ana, beto)
    later = ana.write(offer(), offer(9_000))
    assert all(holders(ana, entry).devices == 1 for entry in entries)
    assert at_risk(ana) == {entry.id for entry in later}
    assert not any(holders(ana, entry).devices for entry in later)


def test_rows_speak_to_who_never_had_that_frontier(world):
    ana, beto, caro = world.devices
    (own,) = caro.write(need("of caro"))
    (entry,) = ana.write(need("of ana"))
    beto.take_from(ana)
    hear(caro, beto)
    assert holders(caro, own) == Holders(here=True)
    caro.take_from(ana)
    assert holders(caro, entry).devices == 1
    assert at_risk(caro) == {own.id}


def test_p6_bodies_that_a_device_lacks_are_not_claimed(world):
    ana, beto, _ = world.devices
    ana.write(need("first"))
    beto.take_from(ana)
    parts = one_by_one(ana)
    entries = [ana.write(need(place))[0] for place in ("second", "third", "fourth")]
    fresh = [part for part in one_by_one(ana) if part not in parts]
    beto.node.take([fresh[0], bare(fresh[1]), fresh[2]])
    for device in (ana, beto):
        census_of(device).own()
    # Their frontiers are equal, and still the body that is not there is claimed by nobody.
    hear(ana, beto)
    hear(beto, ana)
    assert [holders(ana, entry).devices for entry in entries] == [1, 0, 1]
    assert at_risk(ana) == {entries[1].id}
    assert holders(beto, entries[1]) == Holders(
        here=False, devices=1, last_heard_s=beto.clock.time_s
    )
    beto.node.take([fresh[1]])
    hear(ana, beto)
    assert [holders(ana, entry).devices for entry in entries] == [1, 1, 1]
    assert at_risk(ana) == set()


def test_p6_who_lacks_bodies_in_too_many_logs_claims_nothing_by_digest(world, monkeypatch):
    monkeypatch.setattr("lumbre.node.holdings.WITHOUT_MAX", 1)
    ana, beto, _ = world.devices
    for bodies in ([need()], [offer()]):
        known = set(one_by_one(ana))
        ana.write(*bodies)
        beto.node.take([bare(part) for part in one_by_one(ana) if part not in known])
    beto.log.census.moved_lately = list
    census_of(ana).own()
    hear(ana, beto)
    assert at_risk(ana) == set(stored(ana))


def test_p6_a_branch_of_a_fork_is_claimed_by_who_holds_that_branch(world):
    ana, beto, caro = world.devices
    image = image_of(caro)
    (left,) = caro.write(need("left"))
    (right,) = image.write(need("right"))
    beto.take_from(caro)
    ana.take_from(image)
    ana.take_from(caro)
    hear(ana, beto)
    assert holders(ana, left).devices == 1
    assert holders(ana, right) == Holders(here=True)
    assert {left.id, right.id} & at_risk(ana) == {right.id}
    beto.take_from(image)
    hear(ana, beto)
    assert holders(ana, right).devices == 1


def test_frontiers_are_equal_whatever_branch_came_first_and_whatever_gap_filled():
    world = World()
    beto, caro, dora = (world.join(name) for name in ("beto", "caro", "dora"))
    world.meet_all()
    image = image_of(beto)
    known = set(one_by_one(beto))
    for device, places in ((beto, "abc"), (image, "xyz")):
        for place in places:
            device.write(need(place))
    left = [part for part in one_by_one(beto) if part not in known]
    right = [part for part in one_by_one(image) if part not in known]
    caro.node.take([*left, *right])
    for part in (right[1], left[2], right[0], left[1], left[0], right[2]):
        dora.node.take([part])
    assert stored(caro).keys() == stored(dora).keys()
    # No row speaks: only that both frontiers have one digest.
    dora.log.census.moved_lately = list
    census_of(caro).own()
    hear(caro, dora)
    assert at_risk(caro) == set()


def test_p6_who_stands_above_a_gap_does_not_claim_what_is_below_it(world):
    ana, beto, _ = world.devices
    known = set(one_by_one(ana))
    below, above = (ana.write(need(place))[0] for place in ("below", "above"))
    (_, upper) = [part for part in one_by_one(ana) if part not in known]
    beto.node.take([upper])
    census_of(ana).own()
    beto.log.census.moved_lately = list
    hear(ana, beto)
    assert at_risk(ana) >= {below.id}
    assert holders(ana, below) == Holders(here=True)
    del beto.log.census.moved_lately
    beto.clock.time_s += REFRESH_S
    hear(ana, beto)
    assert at_risk(ana) == {below.id}
    assert holders(ana, above).devices == 1


def test_p6_a_row_that_two_branches_fit_claims_neither(world):
    ana, _, caro = world.devices
    image = image_of(caro)
    (left,), (right,) = caro.write(need("left")), image.write(need("right"))
    ana.take_from(caro)
    ana.take_from(image)
    holdings = Holdings(ana.log, ana.log.branches(left.log))
    row = records.row_of(left.log, 0, left.seq, left.id)
    assert next(part.last_seq for part in holdings.parts(row)) == left.seq
    assert left.seq == right.seq
    assert holdings.parts(msgspec.structs.replace(row, id=b"")) == []


def test_two_accounts_on_one_laptop_count_once(world):
    ana, beto, caro = world.devices
    (entry,) = ana.write(need())
    meet(world, ana, beto)
    # The same device gets a second key of the same person, and the first one is not closed.
    invitation = joining.invite(ana.node, world.space)
    second = Device("beto again")
    second.space = world.space
    request, name = joining.read_request(
        ana.node, joining.ask(second.node, invitation, "beto's sister")
    )
    joining.admit(ana.node, ana.key, request, name, Role.MEMBER)
    seed = dict(second.private.secrets("author"))[world.space + request.author]
    for id_, _ in list(beto.private.secrets("author")):
        del beto.private._secrets["author", id_]
    beto.node.keep_author(world.space, seed)
    meet(world, ana, beto)
    assert len(ana.log.census.records(world.space)) == 3
    assert holders(ana, entry).devices == 1
    assert holders(beto, entry).devices == 1, "its own, under the first key, is not another's"
    meet(world, ana, caro)
    assert holders(ana, entry).devices == 2
    # What the laptop said last counts, whichever account it said it by.
    ((kept, at),) = [
        (kept, at)
        for kept in beto.log._entries.values()
        for at, one in enumerate(kept)
        if one.id == entry.id
    ]
    kept[at] = msgspec.structs.replace(entry, body=None)
    hear(ana, beto)
    assert holders(ana, entry).devices == 1


def test_a_device_never_counts_itself_not_even_by_a_key_that_it_forgot(world):
    ana, beto, _ = world.devices
    (entry,) = ana.write(need())
    meet(world, ana, beto)
    record = census_of(ana)
    record.own()
    ana.log.set_meta(f"census/{world.space.hex()}", None)
    assert holders(ana, entry).devices == 1
    assert record.own() is not None
    assert holders(ana, entry).devices == 1


def test_a_closed_device_no_longer_counts_and_its_records_are_refused(world):
    ana, beto, caro = world.devices
    (entry,) = ana.write(need())
    meet(world, ana, beto)
    invitation = joining.invite(ana.node, world.space)
    second = Device("beto's phone")
    second.space = world.space
    second.take_from(ana)
    request, name = joining.read_request(beto.node, joining.ask(second.node, invitation, "phone"))
    devices.device(beto.node, beto.node.space(world.space), request, name)
    second.take_from(beto)
    epochs.collect_keys(second.node, world.space)
    meet(world, ana, second)
    assert holders(ana, entry).devices == 2
    lost = beto.key.public
    devices.close(second.node, second.node.space(world.space), lost)
    meet(world, ana, second)
    assert holders(ana, entry).devices == 1
    beto.write(need("after"))
    record = census_of(beto).own()
    assert record is not None
    before = ana.log.census.records(world.space)
    with pytest.raises(Refused, match=r"refused\.census-author"):
        census_of(ana).take(record)
    assert ana.log.census.records(world.space) == before
    assert lost not in {records.read(data).author for data in census_of(ana).select()}
    assert caro.log.census.records(world.space) == []


def test_a_strangers_record_is_refused_and_leaves_nothing(world):
    ana, beto, _ = world.devices
    other = World("eva")
    hear(other.founder, other.founder)
    foreign = census_of(other.founder).select()[0]
    with pytest.raises(Refused, match=r"refused\.unknown-space"):
        census_of(ana).take(foreign)
    stranger = other.founder.key
    public = records.read(census_of(beto).own() or b"")
    says = records.Says(bytes(8), 1, bytes(16), (), ())
    epoch = ana.node.space(world.space).current_keys()[1].public
    assert public.key_id == epoch[:4]
    for number in range(50):
        made = records.write(stranger, world.space, number, epoch, says)
        with pytest.raises(Refused, match=r"refused\.census-author"):
            census_of(ana).take(made)
    forged = msgspec.structs.replace(public, counter=public.counter + 1)
    with pytest.raises(Refused, match=r"refused\.bad-signature"):
        census_of(ana).take(msgspec.msgpack.encode(forged))
    assert ana.log.census.records(world.space) == []


def test_row_06_an_old_record_that_is_replayed_changes_nothing(world):
    ana, beto, _ = world.devices
    ana.write(need())
    meet(world, ana, beto)
    (old,) = [r for r in census_of(beto).select() if records.read(r).author == beto.key.public]
    beto.clock.time_s += 60
    beto.write(need("newer"))
    hear(ana, beto)
    before = ana.log.census.records(world.space)
    assert not census_of(ana).take(old)
    assert not census_of(ana).take(before[0][2])
    assert ana.log.census.records(world.space) == before


def test_nothing_is_said_anew_where_nothing_moved_until_half_a_day_went_by(world):
    beto = world.devices[1]
    census = census_of(beto)
    assert census.own() is not None
    assert census.own() is None
    beto.clock.time_s += REFRESH_S - 1
    assert census.own() is None
    beto.clock.time_s += 1
    assert census.own() is not None
    beto.clock.time_s -= 1
    assert census.own() is not None, "a clock that went back says the time anew"
    beto.write(need())
    assert census.own() is not None


def test_after_a_new_key_of_the_space_it_is_said_under_that_key(world):
    ana, beto, _ = world.devices
    assert census_of(beto).own() is not None
    epochs.renew_epoch(ana.node, world.space, ana.key)
    beto.take_from(ana)
    record = records.read(census_of(beto).own() or b"")
    epoch = ana.node.space(world.space).current_keys()[1]
    assert record.key_id == epoch.public[:4]
    assert records.open_(record, [epoch]) is not None


def test_last_heard_is_never_later_than_either_clock(world):
    ana, beto, _ = world.devices
    (entry,) = ana.write(need())
    for ahead_s in (10**8, -(10**8)):
        beto.clock.time_s = ana.clock.time_s + ahead_s
        beto.write(need(f"{ahead_s}"))
        meet(world, ana, beto)
        heard = holders(ana, entry).last_heard_s
        assert heard == min(ana.clock.time_s, beto.clock.time_s)


def test_a_restored_image_says_what_it_holds_now_even_where_its_counter_went_back(world):
    ana, beto, _ = world.devices
    beto.write(need("before"))
    meet(world, ana, beto)
    image = copy.deepcopy((beto.log, beto.private))
    (lost,) = ana.write(need("lost with the disk"))
    meet(world, ana, beto)
    assert holders(ana, lost).devices == 1
    beto.log, beto.private = image
    beto.node = Node(*image, REGISTRY, beto.clock, SeededRandom("restored"))
    # Its clock stands still, so its next counter is one that it gave before: nobody takes it.
    hear(ana, beto)
    hear(beto, ana)
    # It met its own later record: the next one goes past that.
    hear(ana, beto)
    assert holders(ana, lost) == Holders(here=True)
    assert at_risk(ana) >= {lost.id}


def test_a_counter_never_goes_back(world):
    beto = world.devices[1]
    census = census_of(beto)
    image = copy.deepcopy((beto.log, beto.private))
    first = records.read(census.own() or b"").counter
    beto.clock.time_s += 60
    # The clock went on: what an old image says next is newer at once.
    beto.log, beto.private = image
    beto.node = Node(*image, REGISTRY, beto.clock, SeededRandom("restored"))
    census = census_of(beto)
    second = records.read(census.own() or b"").counter
    assert second > first
    # The clock went back and a salvage lost the records: it is newer still.
    beto.clock.time_s -= 10**6
    beto.log.census._records.clear()
    assert records.read(census.own() or b"").counter > second


def test_urgent_logs_and_those_that_moved_last_come_first(world):
    ana, beto, _ = world.devices
    (urgent,) = ana.write(need())
    ana.write(offer())
    (last,) = beto.write(offer())
    ana.take_from(beto)
    census_of(ana).own()
    own = records.read(census_of(ana).select()[0])
    says = records.open_(own, ana.node.space(world.space).epoch_keys())
    assert says is not None
    lanes = {
        branch.log[:8]: branch.name.lane
        for log in ana.log.logs(world.space)
        for branch in ana.log.branches(log.id)
    }
    order = [lanes.get(row.log, 0) for row in says.rows]
    assert [lane > 1 for lane in order] == sorted(lane > 1 for lane in order)
    assert says.rows[0].log == urgent.log[:8]
    assert next(row.log for row in says.rows if lanes.get(row.log) == 2) == last.log[:8]


def test_a_locked_node_keeps_and_forwards_what_it_cannot_open_and_says_nothing_itself(world):
    ana, beto, caro = world.devices
    (entry,) = ana.write(need())
    meet(world, ana, beto)
    log = MemoryBook()
    locked = Node(log, None, REGISTRY, ToldClock(), SeededRandom("locked"))
    locked.add_space(world.space)
    locked.take(ana.node.give(world.space))
    census = Census(locked, world.space)
    given = census_of(ana).select()
    assert [census.take(record) for record in given] == [True, True]
    assert not any(census.take(record) for record in given)
    assert census.own() is None
    assert census.holders(entry.ref) == Holders(here=True)
    caro.take_from(ana)
    forwarded = census.select()
    assert sorted(forwarded) == sorted(given)
    for record in forwarded:
        census_of(caro).take(record)
    assert holders(caro, entry).devices == 2
    assert census.summary() == census_of(ana).summary()


def test_who_is_not_admitted_yet_says_nothing(world):
    ana = world.devices[0]
    newcomer = Device("newcomer")
    newcomer.space = world.space
    joining.ask(newcomer.node, joining.invite(ana.node, world.space), "newcomer")
    assert census_of(newcomer).own() is None
    newcomer.take_from(ana)
    assert census_of(newcomer).own() is None
    census_of(newcomer).note_frontier()
    hear(newcomer, ana)
    assert census_of(newcomer).devices() == 0


def test_a_courier_says_what_it_holds_and_reads_nothing(world):
    ana, beto, _ = world.devices
    courier = world.join("courier", Role.COURIER)
    (entry,) = ana.write(need())
    meet(world, ana, courier)
    assert holders(ana, entry).devices == 1
    hear(courier, beto)
    assert holders(courier, entry) == Holders(here=True)
    assert census_of(courier).devices() == 0


def test_a_meeting_sends_its_own_first_and_then_by_turns(world):
    ana, beto, caro = world.devices
    for device in (beto, caro):
        hear(ana, device)
    census = census_of(ana)
    census.own()
    size = max(len(row[2]) for row in ana.log.census.records(world.space))
    first = [records.read(data).author for data in census.select(2 * size)]
    second = [records.read(data).author for data in census.select(2 * size)]
    assert first[0] == second[0] == ana.key.public
    assert {first[1], second[1]} == {beto.key.public, caro.key.public}
    # Who renews its record does not come again before its turn.
    renewed = next(d for d in (beto, caro) if d.key.public == second[1])
    renewed.write(need("again"))
    hear(ana, renewed)
    third = [records.read(data).author for data in census.select(2 * size)]
    assert third[1] == first[1]


def test_devices_that_keep_the_same_records_send_none(world):
    ana, beto, _ = world.devices
    meet(world, ana, beto)
    salt = b"of this meeting"
    assert census_of(ana).summary() == census_of(beto).summary()
    known = frozenset(census_of(beto).tags(salt))
    assert census_of(ana).select(known=known, salt=salt) == []
    ana.write(need())
    census_of(ana).own()
    assert census_of(ana).summary() != census_of(beto).summary()
    assert len(census_of(ana).select(known=known, salt=salt)) == 1


def test_row_17_a_record_shows_no_name_no_place_and_no_log(world):
    ana, beto, _ = world.devices
    (entry,) = ana.write(need("Ximena-Calle-9"))
    meet(world, ana, beto)
    sent = b"".join([*census_of(ana).select(), *census_of(beto).select()])
    assert sent
    secret = [b"Ximena", b"ana", b"beto", b"La Vega", entry.log[:8], entry.id[:8]]
    secret += [msgspec.msgpack.decode(ana.log.meta(f"census/{world.space.hex()}") or b"")[0]]
    assert not [mark for mark in secret if mark in sent]
