"""Row 7: a member floods. Its log ends at its grant; others' urgent entries arrive before it, and
what a meeting holds in memory does not grow with the flood.
"""

from __future__ import annotations

import tracemalloc

import pytest

from lumbre.kinds.shared import Source
from lumbre.kinds.situation.records import Rumour
from lumbre.node.meetings import SpaceShelf
from lumbre.record import START, Entry, Lane, LogName, Tip, Writer
from lumbre.record.branch import Branch
from lumbre.record.segment import write_segment
from lumbre.schema import Via
from lumbre.sync import exchange
from lumbre.sync.frames import FrameReader
from tests.ledger.test_ledger import ledger_of, need, offer
from tests.sync.meet import Line, assert_equal, copied, heads, meet, new_binding
from tests.world import Device, World

MIB = 1024 * 1024


def flood(device: Device, lane: Lane, count: int, body: bytes) -> list[bytes]:
    """Segments of a log that a member's own program writes, whatever its grant is."""
    writer = Writer(LogName(device.space, device.key.public, lane), device.key, START)
    segments, run, base = [], [], START
    for number in range(count):
        run.append(writer.append(body, depth=number + 1, wall_s=1, is_last=number % 200 == 199))
        if run[-1].signature is not None:
            segments.append(write_segment(run, base))
            base, run = Tip.of(run[-1]), []
    return segments


@pytest.fixture
def world() -> World:
    world = World()
    world.join("mal")
    world.join("leo")
    world.meet_all()
    return world


def bytes_in(device: Device, author: bytes, lane: Lane) -> int:
    log = LogName(device.space, author, lane).id
    return sum(branch.tip.total_bytes for branch in device.log.branches(log))


def test_row_07_what_a_member_writes_past_its_grant_is_neither_stored_nor_passed_on(
    world, monkeypatch
):
    mal, leo = world.devices[1:]
    grant = ledger_of(leo).grant(LogName(world.space, mal.key.public, Lane.ORDINARY))
    body = bytes(60_000)
    count = 200 * (1 + grant // (200 * len(body)) + 1)
    parts = flood(mal, Lane.ORDINARY, count, body)
    # Its own device keeps all of it: nothing there holds it to the rules.
    monkeypatch.setattr(type(ledger_of(mal)), "grant", lambda self, name: 2**40)
    mal.node.take(parts)
    monkeypatch.undo()
    held = bytes_in(mal, mal.key.public, Lane.ORDINARY)
    assert held > grant
    meet(mal.node, leo.node, binding=new_binding())
    meet(leo.node, world.founder.node, binding=new_binding())
    for device in (leo, world.founder):
        assert 0 < bytes_in(device, mal.key.public, Lane.ORDINARY) <= grant
    assert heads(leo) == heads(world.founder)


class Order:
    """In which order entries reach a device's stores, by lane and author."""

    def __init__(self, monkeypatch) -> None:
        self.entries: list[Entry] = []
        honest = SpaceShelf.take

        def take(shelf, read):
            self.entries += [entry for _, run in read for entry in run]
            return honest(shelf, read)

        monkeypatch.setattr(SpaceShelf, "take", take)


def test_row_07_others_urgent_entries_come_before_the_flood(world, monkeypatch):
    mal, leo = world.devices[1:]
    ana = world.founder
    for _ in range(30):
        mal.write(*(offer(number + 1) for number in range(100)))
    mal.write(*(Rumour(Via.OWN_DEVICE, None, "x" * 200, Source.SEEN) for _ in range(500)))
    meet(mal.node, ana.node, binding=new_binding())
    ana.write(need("Bloque 1"))
    order = Order(monkeypatch)
    meet(ana.node, leo.node, binding=new_binding())
    lanes = [entry.name.lane for entry in order.entries]
    assert lanes == sorted(lanes)
    assert lanes.count(Lane.ORDINARY) == 3_000
    urgent = next(e for e in order.entries if e.name.lane is Lane.URGENT)
    assert urgent.name.author == ana.key.public
    assert_equal(ana, leo)


def test_row_07_a_line_that_breaks_in_the_flood_has_brought_the_urgent_entries(world, monkeypatch):
    mal, leo = world.devices[1:]
    ana = world.founder
    for _ in range(30):
        mal.write(*(offer(number + 1) for number in range(100)))
    meet(mal.node, ana.node, binding=new_binding())
    ana.write(need("Bloque 1"))
    whole = Line()
    copy = copied(leo, "copy")
    meet(ana.node, copy.node, line=whole, binding=new_binding())
    meet(ana.node, leo.node, line=Line(cut_after=whole.total_bytes // 3), binding=new_binding())
    assert heads(leo) != heads(ana)
    assert [row.place_name for row in leo.rows("need")] == ["Bloque 1"]


class Counting:
    """A store that keeps what it is told of heads, and no entries: only the meeting is measured."""

    def __init__(self, shelf: SpaceShelf) -> None:
        self._shelf = shelf
        self.entries = 0
        self.most = 0

    def __getattr__(self, name: str):
        return getattr(self._shelf, name)

    def take(self, read) -> int:
        count = sum(len(run) for _, run in read)
        self.entries += count
        self.most = max(self.most, count)
        return count


class Endless:
    """A book of one more log, as long as asked, made as it is read."""

    def __init__(self, book, branch: Branch, make) -> None:
        self._book = book
        self._branch = branch
        self._make = make

    def __getattr__(self, name: str):
        return getattr(self._book, name)

    def branches(self, log: bytes):
        return [self._branch] if log == self._branch.log else self._book.branches(log)

    def logs(self, space: bytes):
        yield from self._book.logs(space)
        if space == self._branch.name.space:
            yield self._branch.name

    def entry(self, number: int, seq: int):
        if number != self._branch.number:
            return self._book.entry(number, seq)
        return self._make(seq)

    def entries(self, number: int, first_seq: int, last_seq: int):
        if number != self._branch.number:
            yield from self._book.entries(number, first_seq, last_seq)
            return
        for seq in range(first_seq, min(last_seq, self._branch.tip.seq) + 1):
            yield self._make(seq)


def check_memory(count: int) -> None:
    """A flood passes through a meeting, and the meeting's own memory stays under its cap."""
    world = World()
    mal, leo = world.join("mal"), world.join("leo")
    world.meet_all()
    name = LogName(world.space, mal.key.public, Lane.ORDINARY)
    made: list[Entry] = []
    writer = Writer(name, mal.key, START)

    def make(seq: int) -> Entry | None:
        while seq >= 0 and writer.tip.seq < seq:
            number = writer.tip.seq + 1
            last = number % 200 == 199 or number == count - 1
            made.append(writer.append(b"x" * 40, depth=number + 1, wall_s=1, is_last=last))
            del made[:-600]
        return made[seq - made[0].seq] if made and seq >= made[0].seq else None

    tip = Tip(count - 1, b"t" * 32, count, 1, count * 168)
    branch = Branch(10**6, name, name.id, None, 0, b"f" * 32, tip)
    giver = SpaceShelf(mal.node, world.space)
    mal.node.log = Endless(mal.node.log, branch, make)
    taker = Counting(SpaceShelf(leo.node, world.space))
    give = exchange.Exchange(0, giver, b"p" * 32, bytes(32))
    take = exchange.Exchange(0, taker, b"q" * 32, bytes(32))
    tracemalloc.start()
    _run(give, take)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taker.entries == count
    assert taker.most <= exchange.BATCH_ENTRIES + 256
    assert peak < 40 * MIB


def _run(give, take) -> None:
    readers = {id(give): FrameReader(), id(take): FrameReader()}
    for _ in range(10**6):
        moved = False
        for one, other in ((give, take), (take, give)):
            frame = one.send()
            if frame:
                moved = True
                for message in readers[id(other)].feed(frame):
                    if not other.is_over:
                        other.receive(message)
        if not moved or take.rounds > 1:
            return


def test_row_07_a_meeting_s_memory_does_not_grow_with_a_flood():
    check_memory(25_000)


@pytest.mark.soak
def test_row_07_a_meeting_s_memory_does_not_grow_with_a_flood_of_a_million(count):
    check_memory(count("ENTRIES", 1_000_000))
