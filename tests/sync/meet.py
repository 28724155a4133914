"""Two meetings over a line in memory: whole, in small parts, or cut."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator
from itertools import count

from lumbre.node.meetings import new_meeting
from lumbre.node.node import Node
from lumbre.record import Tip
from lumbre.record.segment import write_segment
from lumbre.sync.frontier import branches_of, heads_of
from lumbre.sync.meeting import Meeting
from lumbre.sync.runs import base_of
from tests.world import REGISTRY, Device, SeededRandom

BINDING = bytes(range(32))
TURNS_MAX = 10_000


class Line:
    """Carries bytes both ways. `cut_after`: bytes in both directions after which it breaks."""

    def __init__(self, cut_after: int | None = None, part_bytes: int = 1 << 30) -> None:
        self.cut_after = cut_after
        self.part_bytes = part_bytes
        self.up_bytes = self.down_bytes = 0
        self.captured = bytearray()
        self.parts: list[bytes] = []
        self.up, self.down = bytearray(), bytearray()

    @property
    def total_bytes(self) -> int:
        return self.up_bytes + self.down_bytes

    def run(self, caller: Meeting, called: Meeting) -> None:
        """Until both are over, or the line breaks."""
        for _ in range(TURNS_MAX):
            up = self._pass(caller.send(), called.receive, self.up)
            down = self._pass(called.send(), caller.receive, self.down)
            self.up_bytes += up
            self.down_bytes += down
            if self._is_cut:
                caller.lost()
                called.lost()
                return
            if not up and not down:
                assert caller.is_over, "nothing to say, and not over"
                assert called.is_over, "nothing to say, and not over"
                return
        raise AssertionError("no end")

    @property
    def _is_cut(self) -> bool:
        return self.cut_after is not None and len(self.captured) >= self.cut_after

    def _pass(self, data: bytes, receive: Callable[[bytes], None], whole: bytearray) -> int:
        if self.cut_after is not None:
            data = data[: max(0, self.cut_after - len(self.captured))]
        self.captured += data
        self.parts.append(data)
        whole += data
        for at in range(0, len(data), self.part_bytes):
            receive(data[at : at + self.part_bytes])
        return len(data)


_channels = count()


def new_binding() -> bytes:
    """Another one for each channel, the same ones in each run."""
    return hashlib.sha256(b"channel %d" % next(_channels)).digest()


def meet(
    one: Node, other: Node, *, line: Line | None = None, binding: bytes = BINDING
) -> tuple[Meeting, Meeting]:
    """A whole meeting of two nodes."""
    caller = new_meeting(one, binding, is_caller=True)
    called = new_meeting(other, binding, is_caller=False)
    (line or Line()).run(caller, called)
    return caller, called


def heads(device: Device) -> set[tuple[bytes, bytes, int]]:
    """Every head of a device's space, and where the gap that it stands above ends."""
    found = heads_of(branches_of(device.node.log, device.space))
    return {(head.log, head.id, head.first_seq) for head in found}


def held(device: Device) -> Iterator[tuple[bytes, bytes, bytes | None]]:
    """(log, id, body) of every entry of a device's space."""
    book = device.node.log
    for name in [*book.logs(device.space), *book.logs(bytes(32))]:
        for branch in book.branches(name.id):
            for entry in book.entries(branch.number, branch.first_seq, branch.tip.seq):
                yield entry.log, entry.id, entry.body


def assert_equal(*devices: Device) -> None:
    """P5: the same heads of all lanes, the same bodies, the same state."""
    first = devices[0]
    for other in devices[1:]:
        assert heads(first) == heads(other)
        assert set(held(first)) == set(held(other))
        assert first.hash() == other.hash()


def short_segments(device: Device) -> list[bytes]:
    """Everything a device holds, each segment as short as its marks allow."""
    found = []
    for branch in branches_of(device.node.log, device.space):
        base, run = base_of(device.node.log, branch, branch.first_seq), []
        for entry in device.node.log.entries(branch.number, branch.first_seq, branch.tip.seq):
            run.append(entry)
            if entry.signature is not None:
                found.append(write_segment(run, base))
                base, run = Tip.of(entry), []
    return found


def copied(device: Device, name: str) -> Device:
    """The same disks, opened anew: what a power cut leaves."""
    other = copy.copy(device)
    other.log, other.private = copy.deepcopy((device.log, device.private))
    other.node = Node(other.log, other.private, REGISTRY, device.clock, SeededRandom(name))
    return other
