"""Rows 7 and 12: the work that bytes cost grows with the bytes, not with their square.

Work is counted, not timed: how often entries are judged, read or derived.
"""

from __future__ import annotations

from collections.abc import Callable

from lumbre.ledger import MemoryBook
from lumbre.ledger.fold import Folds
from lumbre.ledger.judge import Judge
from lumbre.ledger.link import Linker
from lumbre.record import START, Lane, LogName, Tip, Writer
from lumbre.record.limits import BRANCHES_MAX
from lumbre.record.segment import read_segment_with_base, write_segment
from lumbre.schema import Role, Via
from lumbre.trust.acts import Invite, Remove
from tests.ledger.test_ledger import commitment, ledger_of, need, one_by_one
from tests.world import World


class Counted:
    """How often a method is called."""

    def __init__(self, monkeypatch, owner: type, name: str) -> None:
        self.calls = 0
        plain = getattr(owner, name)

        def counting(*args, **more):
            self.calls += 1
            return plain(*args, **more)

        monkeypatch.setattr(owner, name, counting)


def grows_with_size(cost: Callable[[int], int], small: int) -> None:
    """Four times the bytes cost at most some five times the work."""
    assert cost(4 * small) <= 5 * cost(small) + 50


def test_row_07_each_entry_of_a_removed_author_is_judged_once(monkeypatch):
    counted = Counted(monkeypatch, Judge, "again")

    def cost(count: int) -> int:
        world = World()
        beto = world.join("beto")
        world.meet_all()
        ana = world.founder
        person = ledger_of(ana).rights.author(beto.key.public).person
        after = ana.node.space(world.space).after()
        ana.write(Remove(Via.OWN_DEVICE, None, after, person, None, ()))
        for number in range(count):
            beto.write(need(f"{number}"))
        parts = one_by_one(beto)
        before = counted.calls
        assert ana.node.take(parts).new == count
        return counted.calls - before

    grows_with_size(cost, 20)


def test_row_07_a_log_of_gaps_stays_bounded_and_costs_what_its_bytes_cost(monkeypatch):
    reads = Counted(monkeypatch, MemoryBook, "entry")
    found = Counted(monkeypatch, Linker, "_locate")

    def cost(count: int) -> int:
        world = World()
        beto = world.join("beto")
        world.meet_all()
        name = LogName(world.space, beto.key.public, Lane.URGENT)
        writer = Writer(name, beto.key, START)
        entries = [
            writer.append(b"x", depth=number, wall_s=1, is_last=True)
            for number in range(1, 2 * count + 1)
        ]
        parts = [
            write_segment([entries[at]], Tip.of(entries[at - 1])) for at in range(1, 2 * count, 2)
        ]
        before = found.calls + reads.calls
        world.founder.node.take(parts)
        assert len(world.founder.log.branches(name.id)) <= BRANCHES_MAX
        made = found.calls + reads.calls - before
        # Nothing is lost by it: what fills the gaps brings the rest again.
        world.founder.node.take([write_segment(entries[:200])])
        world.founder.node.take([write_segment(entries)])
        (*_, last) = sorted(b.tip.seq for b in world.founder.log.branches(name.id))
        assert last == 2 * count - 1
        return made

    grows_with_size(cost, 100)


def test_row_12_acts_between_entries_do_not_derive_the_same_group_again_each_time(monkeypatch):
    counted = Counted(monkeypatch, Folds, "_derive")

    def cost(count: int) -> int:
        world = World()
        beto = world.join("beto")
        world.meet_all()
        (asked,) = beto.write(need())
        acts, others = [], []
        for number in range(count):
            token = number.to_bytes(32, "big")
            after = beto.node.space(world.space).after()
            beto.write(Invite(Via.OWN_DEVICE, None, after, token, Role.MEMBER))
            beto.write(commitment(asked.ref))
        for part in one_by_one(beto):
            first = read_segment_with_base(part)[1][0]
            if first.name.author == beto.key.public:
                (acts if first.name.lane is Lane.TRUST else others).append(part)
        mixed = [others[0], *(part for pair in zip(acts, others[1:], strict=True) for part in pair)]
        before = counted.calls
        world.founder.node.take(mixed)
        assert world.founder.hash() == beto.hash()
        return counted.calls - before

    assert cost(40) <= 3 * 40
    assert cost(80) <= 3 * 80
