"""A stop at any instant while branches are let go: the next start ends what was begun.

A branch is stored first and let go of after. Power is cut after each transaction of either
file; the node is opened again, and stands where one stands that never stopped.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from lumbre.node.node import Node
from lumbre.record import Lane, LogName, Tip, Writer
from lumbre.record.canonical import encode
from lumbre.record.limits import BRANCHES_MAX
from lumbre.record.segment import write_segment
from lumbre.store import LogStore, PrivateStore
from tests.attacks.test_row_02_fork import image_of
from tests.ledger.test_ledger import need
from tests.store.faulty_disk import FAULTY, after_power_cut, faulty_disk
from tests.store.writing import KEY
from tests.world import REGISTRY, SeededRandom, ToldClock, World

FILES = (Path("/node/log"), Path("/node/private"))


class Case(NamedTuple):
    """What came before the stop, and the take during which it falls."""

    world: World
    before: list[bytes]
    during: list[bytes]


class Opened:
    """A node over both files on the disk that fails."""

    def __init__(self, *, is_locked: bool = False) -> None:
        self.stores = [LogStore(FILES[0], KEY, vfs=FAULTY)]
        if not is_locked:
            self.stores.append(PrivateStore(FILES[1], KEY, vfs=FAULTY))
        self.log = self.stores[0]
        private = None if is_locked else self.stores[1]
        self.node = Node(self.log, private, REGISTRY, ToldClock(), SeededRandom("opened"))

    def state(self, world: World) -> tuple[bytes, dict[bytes, int]]:
        """What it makes of what it holds, and what that is."""
        return (
            self.node.space(world.space).ledger.state_hash(),
            self.node.frontier(world.space),
        )

    def stop(self) -> None:
        for store in self.stores:
            store.database.abandon()


def void() -> Case:
    """A branch above a gap that does not follow from what fills it, with a fork on top of it."""
    world = World()
    beto = world.join("beto")
    world.meet_all()
    name = LogName(world.space, beto.key.public, Lane.URGENT)
    writer = Writer(name, beto.key)
    body = encode(["nobody.knows", 0, None])
    true = writer.append(body, depth=5, wall_s=1)
    base = msgspec.structs.replace(writer.tip, total_bytes=256)
    lying = Writer(name, beto.key, base)
    false = [lying.append(body, depth=base.depth + step, wall_s=1) for step in (1, 2)]
    above = [write_segment(false[:1], base), write_segment(false[1:], Tip.of(false[0]))]
    return Case(world, [*beto.node.give(world.space), *above], [write_segment([true])])


def surplus() -> Case:
    """More branches of one log than are kept; those that came first go."""
    world = World()
    beto = world.join("beto")
    world.meet_all()
    twins = [image_of(beto) for _ in range(BRANCHES_MAX + 2)]
    for number, twin in enumerate(twins):
        twin.write(need(f"twin {number}"))
    twins.sort(key=lambda twin: twin.rows("need")[0].need.hash, reverse=True)
    parts = [list(twin.node.give(world.space)) for twin in twins]
    return Case(world, list(chain(*parts[:BRANCHES_MAX])), list(chain(*parts[BRANCHES_MAX:])))


def begun(case: Case) -> Opened:
    """A node on an empty disk that holds what came before."""
    opened = Opened()
    opened.node.add_space(case.world.space)
    for id_, secret in case.world.founder.private.secrets("epoch"):
        opened.node.learn_epoch(case.world.space, id_[32:], secret)
    opened.node.take(case.before)
    return opened


@pytest.mark.parametrize("is_locked", [False, True])
@pytest.mark.parametrize("make", [void, surplus])
def test_p1_a_stop_between_storing_and_letting_go_is_made_good_by_the_next_start(make, is_locked):
    case = make()
    disk = faulty_disk()
    opened = begun(case)
    if is_locked:
        opened.stop()
        opened = Opened(is_locked=True)
    first = len(disk.trace)
    opened.node.take(case.during)
    arrivals = opened.log.last_arrival()
    opened.stop()
    trace = list(disk.trace)
    faulty_disk(after_power_cut(trace, len(trace), "all"))
    opened = Opened()
    expected = opened.state(case.world)
    opened.stop()
    stopped_between = 0
    # What a cut inside a transaction leaves is proved for the store.
    for length in [n for n in range(first, len(trace)) if trace[n - 1].kind == "sync"]:
        faulty_disk(after_power_cut(trace, length, "all"))
        opened = Opened(is_locked=is_locked)
        if is_locked:
            opened.stop()
            opened = Opened()
        if opened.log.last_arrival() == arrivals:
            stopped_between += 1
            assert opened.state(case.world) == expected
        opened.node.take(case.during)
        assert opened.state(case.world) == expected
        assert opened.log.meta("cutting") is None
        opened.stop()
    assert stopped_between > 1
