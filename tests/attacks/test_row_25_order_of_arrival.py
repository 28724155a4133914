"""Row 25: an author's own lies must not make nodes differ that hold the same."""

from __future__ import annotations

from lumbre.record import START, Lane, LogName, Mention, Tip, Writer
from lumbre.record.canonical import encode
from lumbre.record.entry import Entry
from lumbre.record.seal import seal_body
from lumbre.record.segment import read_segment_with_base, write_segment
from lumbre.schema import Via
from lumbre.trust.acts import Remove
from tests.ledger.test_ledger import fresh, ledger_of, need, offer, one_by_one
from tests.world import REGISTRY, Device, World


def urgent(world: World, device: Device, base: Tip, place: str, depth: int) -> Entry:
    """A sealed need on top of whatever base its author claims."""
    name = LogName(world.space, device.key.public, Lane.URGENT)
    epoch, keys = device.node.space(world.space).current_keys()
    data = REGISTRY.encode(need(place))
    sealed = seal_body(data, keys.body, log=name.id, seq=base.seq + 1, prev=base.id, salt=bytes(8))
    writer = Writer(name, device.key, base)
    return writer.append(sealed, depth=depth, wall_s=1, key_id=epoch[:4], is_last=True)


def check_lie(lie: Tip, first: Entry, world: World, liar: Device) -> None:
    below = write_segment([first])
    second = urgent(world, liar, lie, "two", lie.depth + 1)
    third = urgent(world, liar, Tip.of(second), "three", lie.depth + 2)
    above = [write_segment([second], lie), write_segment([third], Tip.of(second))]
    ana, caro = world.founder, world.join("caro")
    ana.node.take(above)
    ana.node.take([below])
    caro.node.take([below, *above])
    for _ in range(2):
        world.meet(ana, caro)
    assert ana.hash() == caro.hash()
    assert [row.place_name for row in ana.rows("need")] == ["one"]
    ana.node.rebuild()
    assert ana.hash() == caro.hash()


def test_row_25_a_running_total_that_lies_above_a_gap_is_stored_nowhere():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    first = urgent(world, beto, START, "one", 1)
    tip = Tip.of(first)
    lie = Tip(tip.seq, tip.id, tip.depth, tip.wall_s, tip.total_bytes + 1000)
    check_lie(lie, first, world, beto)


def test_row_25_a_depth_that_does_not_grow_above_a_gap_is_stored_nowhere():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    first = urgent(world, beto, START, "one", 9)
    tip = Tip.of(first)
    lie = Tip(tip.seq, tip.id, 1, tip.wall_s, tip.total_bytes)
    below = write_segment([first])
    above = write_segment([urgent(world, beto, lie, "two", 2)], lie)
    ana, caro = world.founder, world.join("caro")
    ana.node.take([above])
    ana.node.take([below])
    caro.node.take([below, above])
    world.meet(ana, caro)
    assert ana.hash() == caro.hash()
    assert ana.node.frontier(world.space) == caro.node.frontier(world.space)


def test_p5_what_stands_above_a_gap_is_handed_on():
    world = World()
    beto, caro = world.join("beto"), world.join("caro")
    world.meet_all()
    for number in range(3):
        beto.write(need(f"Bloque {number}"))
    *_, last = one_by_one(beto)
    world.founder.node.take([last])
    assert caro.take_from(world.founder).refused == {}
    world.meet_all()
    assert len(caro.rows("need")) == 3
    assert caro.hash() == beto.hash() == world.founder.hash()


def test_row_25_rights_that_move_amid_a_take_meet_no_entry_without_a_verdict():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    ana = world.founder
    before = one_by_one(ana)
    (given,) = ana.write(offer())
    name = LogName(world.space, beto.key.public, Lane.ORDINARY)
    writer = Writer(name, beto.key, START)
    bodies = [
        (REGISTRY.encode(offer(7)), 1),
        (encode(["future"]), 2),
        (REGISTRY.encode(offer(9)), 500),
    ]
    run = [
        writer.append(data, depth=depth, wall_s=1, is_last=depth == 500) for data, depth in bodies
    ]
    late = write_segment(run)
    person = ledger_of(ana).rights.author(beto.key.public).person
    after = (*ana.node.space(world.space).after(), given.ref)
    (act,) = ana.write(Remove(Via.OWN_DEVICE, None, after, person, None, (Mention.of(run[0].ref),)))

    def part_of(entry: Entry) -> bytes:
        return next(p for p in one_by_one(ana) if read_segment_with_base(p)[1][-1].id == entry.id)

    # The removal waits for the offer; beto's run is judged in the same commit.
    one, other = fresh(world, ana), fresh(world, ana)
    one.node.take(before)
    one.node.take([part_of(act), part_of(given), late])
    for part in (*before, late, part_of(act), part_of(given)):
        other.node.take([part])
    assert one.hash() == other.hash()
    assert sorted(row.quantity for row in one.rows("offer")) == [7, 5_000]
