"""Two devices that meet end equal, in few bytes, whatever each of them wrote apart."""

from __future__ import annotations

from tests.ledger.test_ledger import need
from tests.sync.meet import Line, meet
from tests.world import Device, World


def heads(device: Device) -> set[tuple[bytes, bytes]]:
    book = device.node.log
    return {
        (branch.log, branch.tip.id)
        for name in [*book.logs(device.space), *book.logs(bytes(32))]
        for branch in book.branches(name.id)
    }


def assert_equal(*devices: Device) -> None:
    first = devices[0]
    for other in devices[1:]:
        assert heads(first) == heads(other)
        assert first.hash() == other.hash()


def test_what_two_devices_wrote_apart_is_on_both_after_a_meeting():
    world = World()
    ana, eva = world.founder, world.join("eva")
    ana.write(need("Bloque 1"))
    eva.write(need("Bloque 2"))
    caller, called = meet(ana.node, eva.node)
    assert_equal(ana, eva)
    for meeting in (caller, called):
        (outcome,) = meeting.outcomes()
        assert outcome.is_equal
        assert outcome.new == 1
        assert outcome.rounds == 1


def test_a_second_meeting_with_nothing_new_takes_few_bytes():
    world = World()
    ana, eva = world.founder, world.join("eva")
    ana.write(need("Bloque 1"))
    meet(ana.node, eva.node)
    line = Line()
    caller, _ = meet(ana.node, eva.node, line=line)
    assert caller.outcomes()[0].is_equal
    print(line.up_bytes, line.down_bytes)


def test_three_devices_pass_on_what_they_were_given():
    world = World()
    ana, eva, leo = world.founder, world.join("eva"), world.join("leo")
    ana.write(need("Bloque 1"))
    meet(ana.node, eva.node)
    meet(leo.node, eva.node)
    eva.write(need("Bloque 2"))
    meet(leo.node, eva.node)
    meet(leo.node, ana.node)
    meet(eva.node, ana.node)
    assert_equal(ana, eva, leo)


def test_bytes_one_by_one_say_the_same():
    world = World()
    ana, eva = world.founder, world.join("eva")
    for number in range(3):
        ana.write(need(f"Bloque {number}"))
        eva.write(need(f"Torre {number}"))
    meet(ana.node, eva.node, line=Line(part_bytes=1))
    assert_equal(ana, eva)
