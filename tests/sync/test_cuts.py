"""P1, P5: a meeting that is cut anywhere keeps what arrived, and the next one ends equal."""

from __future__ import annotations

import random

import pytest

from lumbre.node.node import Node
from tests.ledger.test_ledger import history, need, offer
from tests.sync.meet import Line, assert_equal, copied, held, meet, new_binding
from tests.world import REGISTRY, Device, SeededRandom, World


def cut_at(pair: tuple[Device, Device], cut: int) -> tuple[Device, Device]:
    """A meeting of copies of both that breaks after so many bytes; both start anew after it."""
    after = [copied(device, f"{device.name} {cut}") for device in pair]
    meet(after[0].node, after[1].node, line=Line(cut_after=cut), binding=new_binding())
    for one in after:
        source = SeededRandom(f"{one.name} {cut} again")
        one.node = Node(one.log, one.private, REGISTRY, one.clock, source)
    return after[0], after[1]


def kept(pair: tuple[Device, Device], after: tuple[Device, Device]) -> None:
    for before, now in zip(pair, after, strict=True):
        assert set(held(before)) <= set(held(now))


def total_bytes(pair: tuple[Device, Device]) -> tuple[int, list[int]]:
    """The bytes of a whole meeting, and where its frames end."""
    one, other = (copied(device, device.name) for device in pair)
    line = Line()
    meet(one.node, other.node, line=line, binding=new_binding())
    ends, at = [], 0
    for part in line.parts:
        start = 0
        while start < len(part):
            start += 3 + int.from_bytes(part[start : start + 3], "big")
            ends.append(at + start)
        at += len(part)
    return line.total_bytes, ends


def small() -> tuple[Device, Device]:
    world = World()
    ana, eva = world.founder, world.join("eva")
    meet(ana.node, eva.node, binding=new_binding())
    ana.write(need("Bloque 1"))
    eva.write(offer())
    return ana, eva


def test_p5_a_cut_at_every_byte_of_a_small_meeting_loses_nothing_and_the_next_ends_equal():
    pair = small()
    size_bytes, _ = total_bytes(pair)
    news = set()
    for cut in range(size_bytes + 1):
        after = cut_at(pair, cut)
        kept(pair, after)
        news.add(tuple(len(set(held(device))) for device in after))
        meet(after[0].node, after[1].node, binding=new_binding())
        assert_equal(*after)
    # Some cuts fell before anything arrived, some between, some after all.
    assert len(news) >= 3


@pytest.mark.parametrize("seed", range(2))
def test_p5_a_cut_at_every_frame_of_a_larger_meeting_loses_nothing_and_the_next_ends_equal(seed):
    world = history(seed)
    pair = world.devices[0], world.devices[1]
    pair[0].write(*(offer(number + 1) for number in range(40)))
    _, ends = total_bytes(pair)
    assert len(ends) > 12
    for end in ends:
        for cut in (end, end - 1):
            after = cut_at(pair, cut)
            kept(pair, after)
            meet(after[0].node, after[1].node, binding=new_binding())
            assert_equal(*after)


def test_p5_meetings_that_are_cut_again_and_again_get_on():
    world = history(3)
    pair = world.devices[0], world.devices[1]
    whole, _ = total_bytes(pair)
    chance = random.Random(3)
    for _ in range(30):
        line = Line(cut_after=chance.randrange(whole // 2, whole))
        meet(pair[0].node, pair[1].node, line=line, binding=new_binding())
    meet(pair[0].node, pair[1].node, binding=new_binding())
    assert_equal(*pair)
