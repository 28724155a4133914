"""Two devices that met before: what is new since, nothing new, and frontiers.

Processes, files and channel are those of `bench.sync`. Both devices are unlocked.

- What is new is fetched through a wire. Round trips are (time with DELAY_S each way - time
  without) / (2 * DELAY_S), from the greeting's end until all is stored; of several, the least:
  other work on the machine only ever adds.
- Bytes of what is new are all that went over the wire, less the channel's handshake and the
  census: hello, proofs, frontiers, runs, closing and the channel's end are in them. The census
  (who holds what, at most 4 KiB a device) stands beside them.
"""

from __future__ import annotations

import asyncio
import math
import random
import statistics
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from bench.harness import Reading, figure
from bench.peers.bodies import NEW_FROM
from bench.sync import ENTRIES, Facts, facts_of, write_source
from bench.sync_material import RECEIVER, SOURCE, Material, open_node, take
from bench.sync_runs import Met, Pair, new_folder, serving
from lumbre.node.meetings import SpaceShelf

DELTA_ROUNDS: Final = 5
DELTA_ENTRIES: Final = 100
DELAY_S: Final = 0.1
FRONTIER_LOGS: Final = 10_000
FRONTIER_MOVED: Final = 100
_MEAN_STEPS: Final = 4


class Base:
    """Two devices that have met; `after` gives them with more on the source."""

    def __init__(self, material: Material, pair: Pair) -> None:
        self.material, self.pair = material, pair
        self._written = 0

    async def after(self, entries: int, authors: int) -> Pair:
        """The same two, once so many of the authors have written so many entries more."""
        first = NEW_FROM + self._written
        return await self.after_segments(
            entries, self.material.segments(range(first, first + entries), authors)
        )

    async def after_segments(self, entries: int, segments: Iterable[bytes]) -> Pair:
        """The same, once the source has taken these in; what came before, both hold."""
        if self._written:
            async with serving(self.pair.source) as server:
                await server.fetch(self.pair.receiver)
        self._written += entries
        node = open_node(self.pair.source, SOURCE)
        assert take(node, segments) == entries
        node.close()
        return self.pair


@asynccontextmanager
async def met(entries: int, authors: int, *, is_sealed: bool = False) -> AsyncIterator[Base]:
    """Two unlocked devices with views, one of which has just copied all from the other."""
    with new_folder() as folder:
        material = Material(authors, is_sealed=is_sealed)
        pair = Pair(folder / "source", folder / "receiver")
        write_source(material, pair.source, range(entries), authors, is_locked=False)
        material.make_node(pair.receiver, RECEIVER, knows_acts=True).close()
        async with serving(pair.source) as server:
            await server.fetch(pair.receiver, has_wire=True)
            # Once more: what the first meeting said of what devices hold is old by now.
            await server.fetch(pair.receiver, has_wire=True)
        yield Base(material, pair)


_ENDS: Final[dict[str, Callable[[Met], float]]] = {
    "": lambda run: run.stored_s,
    "_from_caller": lambda run: run.stored_from_caller_s,
    "_from_call": lambda run: run.stored_from_call_s,
}


class Delta:
    """Meetings about the same new entries, near and far in turns."""

    def __init__(self, near: list[Met], far: list[Met], handshake_bytes: int) -> None:
        self._near, self._far, self._handshake_bytes = near, far, handshake_bytes

    @property
    def size_bytes(self) -> float:
        """On the wire, less the channel's handshake and the census."""
        wires = [run.wire_bytes - run.census_bytes for run in self._near]
        return statistics.median(wires) - self._handshake_bytes

    @property
    def census_bytes(self) -> float:
        """Frames of the census."""
        return statistics.median(run.census_bytes for run in self._near)

    def readings(self, name: str, facts: Facts) -> Iterator[Reading]:
        """Bytes."""
        yield Reading(f"{name}_bytes", self.size_bytes, "B", facts)
        yield Reading(f"{name}_census_bytes", self.census_bytes, "B", facts)

    def times(self, facts: Facts) -> Iterator[Reading]:
        """Round trips and milliseconds; from the call, both handshakes are in them."""
        for end, took_s in _ENDS.items():
            nears, fars = ([took_s(run) for run in some] for some in (self._near, self._far))
            trips = (min(fars) - min(nears)) / (2 * DELAY_S)
            yield Reading(f"delta_round_trips{end}", trips, "1", facts)
            yield Reading(f"delta100{end}_ms", statistics.median(nears) * 1e3, "ms", facts)
            yield Reading(f"delta100{end}_least_ms", min(nears) * 1e3, "ms", facts)


async def delta(base: Base, authors: int, rounds: int, handshake_bytes: int) -> Delta:
    """DELTA_ENTRIES new ones by so many authors."""
    pair = await base.after(DELTA_ENTRIES, authors)
    near, far = [], []
    for _ in range(rounds):
        near.append(await pair.meet(DELTA_ENTRIES))
        far.append(await pair.meet(DELTA_ENTRIES, delay_s=DELAY_S))
    assert all(run.new == DELTA_ENTRIES for run in [*near, *far])
    return Delta(near, far, handshake_bytes)


@figure("delta100_10_bytes", unit="B")
def delta100_10_bytes() -> Iterator[Reading]:
    """100 new entries on a shared base of 100,000, from 10 authors and from 100; then nothing."""
    return iter(asyncio.run(delta_readings(ENTRIES, 100)))


async def delta_readings(entries: int, authors: int, rounds: int = DELTA_ROUNDS) -> list[Reading]:
    """Deltas, idle meetings and the handshake."""
    found: list[Reading] = []
    async with met(entries, authors) as base:
        async with serving(base.pair.source) as server:
            shakes = [await server.handshake_bytes() for _ in range(rounds)]
        handshake_bytes = round(statistics.median(shakes))
        idle = [await base.pair.meet() for _ in range(rounds)]
        for changed in (10, authors):
            facts = facts_of(DELTA_ENTRIES, authors, rounds, base=entries, writers=changed)
            one = await delta(base, changed, rounds, handshake_bytes)
            found += one.readings(f"delta100_{changed}", facts)
            if changed == 10:
                found += one.times(facts)
    facts = facts_of(0, authors, rounds, base=entries)
    payload_bytes = max(run.payload_bytes for run in idle)
    wire_bytes = statistics.median(run.wire_bytes for run in idle)
    return [
        *found,
        Reading("idle_meeting_bytes", payload_bytes, "B", facts),
        Reading("idle_meeting_wire_bytes", wire_bytes, "B", facts),
        Reading("handshake_bytes", handshake_bytes, "B", {"runs": rounds}),
        Reading("greeting_bytes", idle[0].greeting_bytes, "B", facts),
    ]


@figure("delta100_100_sealed_bytes", unit="B")
def delta100_100_sealed_bytes() -> Iterator[Reading]:
    """The same from 100 authors with sealed bodies."""
    return iter(asyncio.run(delta_sealed_readings(ENTRIES, 100)))


async def delta_sealed_readings(entries: int, authors: int, rounds: int = 3) -> list[Reading]:
    """The delta of sealed bodies."""
    async with met(entries, authors, is_sealed=True) as base:
        async with serving(base.pair.source) as server:
            handshake_bytes = await server.handshake_bytes()
        one = await delta(base, authors, rounds, handshake_bytes)
    facts = facts_of(DELTA_ENTRIES, authors, rounds, base=entries, writers=authors)
    return list(one.readings(f"delta100_{authors}_sealed", facts))


# Frontiers


def bound_bytes(logs: int, steps: Sequence[int]) -> float:
    """What no code is shorter than on average: which logs moved, and by how much.

    The steps' entropy is that of the law which they are drawn from (`draw_steps`).
    """
    moved = len(steps)
    which = math.lgamma(logs + 1) - math.lgamma(moved + 1) - math.lgamma(logs - moved + 1)
    p = 1 / _MEAN_STEPS
    step_bits = -(p * math.log2(p) + (1 - p) * math.log2(1 - p)) / p
    return (which / math.log(2) + moved * step_bits) / 8


def draw_steps(rng: random.Random, moved: int) -> list[int]:
    """Geometric: 1 or more, _MEAN_STEPS on average."""
    left = math.log(1 - 1 / _MEAN_STEPS)
    return [1 + int(math.log(1 - rng.random()) / left) for _ in range(moved)]


@figure("frontier_warm_vs_bound", unit="ratio")
def frontier_warm_vs_bound() -> Iterator[Reading]:
    """100 logs moved among 10,000: frontiers of who met before, and of strangers."""
    return iter(asyncio.run(frontier_readings(FRONTIER_LOGS, FRONTIER_MOVED)))


async def frontier_readings(logs: int, moved: int) -> list[Reading]:
    """The frames that say frontiers, both ways, of one meeting each."""
    rng = random.Random(1)
    steps = draw_steps(rng, moved)
    first = NEW_FROM
    shares = []
    for author, count in zip(sorted(rng.sample(range(logs), moved)), steps, strict=True):
        shares.append((author, range(first, first + count)))
        first += count
    async with met(logs, logs) as base:
        pair = await base.after_segments(sum(steps), base.material.segments_of(shares))
        warm = await pair.meet()
        forget_baselines(pair, base.material)
        cold = await pair.meet()
    assert warm.new == cold.new == sum(steps)
    bound = bound_bytes(logs, steps)
    facts: Facts = {"logs": logs, "moved": moved, "entries": sum(steps), "runs": 1}
    return [
        Reading("frontier_warm_vs_bound", warm.frames["Warm"] / bound, "ratio", facts),
        Reading("frontier_warm_bytes", warm.frames["Warm"], "B", facts),
        Reading("frontier_warm_both_ways_bytes", warm.frontier_bytes, "B", facts),
        Reading("frontier_bound_bytes", bound, "B", facts),
        Reading("frontier_cold_bytes", cold.frontier_bytes, "B", facts),
    ]


def forget_baselines(pair: Pair, material: Material) -> None:
    """Make two devices strangers: neither has a baseline with the other."""
    for folder, number, other in (
        (pair.source, SOURCE, RECEIVER),
        (pair.receiver, RECEIVER, SOURCE),
    ):
        node = open_node(folder, number, is_locked=True)
        SpaceShelf(node, material.space).keep_baseline(material.author(other), b"")
        node.close()
