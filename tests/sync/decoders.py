"""What of sync takes bytes from outside, for the fuzzer in tests/record."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from lumbre.errors import Refused
from lumbre.record import LogName
from lumbre.record.canonical import encode
from lumbre.sync.bundle import BundleReader, write_bundle
from lumbre.sync.frames import FrameReader
from lumbre.sync.frontier import Baseline, branches_of, heads_of, read_baseline
from lumbre.sync.missing import Known
from lumbre.sync.runs import RunReader, RunWriter
from tests.ledger.test_ledger import need, offer, one_by_one
from tests.sync.meet import Line, meet
from tests.world import World


@functools.cache
def _world() -> World:
    world = World()
    eva = world.join("eva")
    world.founder.write(need("Bloque 1"))
    world.founder.write(offer(1), offer(2))
    eva.write(need("Bloque 2"))
    return world


def _read_frames(data: bytes) -> int:
    reader = FrameReader()
    messages = list(reader.feed(data))
    if reader._buffer:
        raise Refused("refused.gap")
    return len(messages)


@functools.cache
def _frames() -> list[bytes]:
    world = _world()
    line = Line()
    meet(world.devices[0].node, world.devices[1].node, line=line)
    return [part for part in line.parts if part]


@functools.cache
def _streams() -> tuple[list[bytes], list[LogName]]:
    """Unpacked streams of runs, named by number and whole, and the logs' names."""
    world = _world()
    book = world.founder.node.log
    branches = branches_of(book, world.space)
    ranges = Known(book, branches).missing()
    names = [branch.name for branch in branches]
    found = []
    for known, is_whole in (((), False), (names, False), ((), True)):
        writer = RunWriter(book, known, is_whole=is_whole)
        found.append(zlib.decompress(b"".join(writer.chunks(ranges))))
    return found, names


def _records() -> list[bytes]:
    """The same, a record each: an execution checks few signatures."""
    found = []
    for stream in _streams()[0]:
        at = 0
        while at < len(stream):
            end = at + 3 + int.from_bytes(stream[at : at + 3], "big")
            found.append(stream[at:end])
            at = end
    return found


def _read_runs(data: bytes) -> int:
    _, names = _streams()
    world = _world()
    reader = RunReader(world.devices[1].node.log, world.space, names)
    # Mutated before they are packed: a flipped bit seldom gets past zlib.
    read = sum(len(run) for _, run in reader.feed(zlib.compress(data, 0)))
    if reader._buffer:
        raise Refused("refused.gap")
    return read


def _read_packed_runs(data: bytes) -> int:
    _, names = _streams()
    reader = RunReader(_world().devices[1].node.log, _world().space, names)
    read = sum(len(run) for _, run in reader.feed(data))
    if not reader._unpacker.eof:
        raise Refused("refused.gap")
    return read


def _baseline(data: bytes) -> Baseline:
    baseline = read_baseline(data)
    if baseline is None:
        raise Refused("refused.not-msgpack")
    return baseline


def _baselines() -> list[bytes]:
    world = _world()
    return [encode(Baseline.of(heads_of(branches_of(world.founder.node.log, world.space))))]


def _read_bundle(data: bytes) -> int:
    reader = BundleReader()
    count = len(list(reader.feed(data)))
    if not reader.is_whole:
        raise Refused("refused.gap")
    return count


def _bundles() -> list[bytes]:
    return [b"".join(write_bundle(one_by_one(_world().founder)))]


# name -> (decode, seeds)
DECODERS: dict[str, tuple[Callable[[bytes], Any], Callable[[], Sequence[bytes]]]] = {
    "sync frames": (_read_frames, _frames),
    "sync runs": (_read_runs, _records),
    "sync packed runs": (_read_packed_runs, lambda: [zlib.compress(s) for s in _streams()[0]]),
    "sync baseline": (_baseline, _baselines),
    "sync bundle": (_read_bundle, _bundles),
}
