"""Medians of several copies from one source, for who wants them at once.

Round trips are (time with 100 ms of delay each way - time without) / 200 ms: what the link's
length costs, handshake and closing answers included, whatever messages there are. Both times
are the least of several: other work on the machine only ever adds, and soon adds more than a
round trip.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

from bench.peers.comapeo import ComapeoSource
from bench.peers.hypercore import HypercoreSource
from bench.peers.source import PeerRun, PeerSource

RUNS: Final = 3
DELTA_RUNS: Final = 5
DELTA_ENTRIES: Final = 100
DELAY_S: Final = 0.1


@dataclass(frozen=True)
class PeerDelta:
    """New entries fetched by a node that met the other before."""

    run: PeerRun
    round_trips: float


def median_run(runs: Sequence[PeerRun]) -> PeerRun:
    """The median of each field by itself; the counts are the same in all."""
    names = [field.name for field in fields(PeerRun)]
    medians = {name: statistics.median(getattr(run, name) for run in runs) for name in names}
    return PeerRun(**{**medians, "entries": runs[0].entries, "authors": runs[0].authors})


def round_trips(near: Sequence[PeerRun], far: Sequence[PeerRun]) -> float:
    """Of runs without delay, and of runs with DELAY_S each way."""
    near_s, far_s = (min(run.took_s for run in some) for some in (near, far))
    return (far_s - near_s) / (2 * DELAY_S)


def hypercore_copy(authors: int = 100, entries: int = 100_000, runs: int = RUNS) -> PeerRun:
    """Full copies to an empty node."""
    return asyncio.run(_copies(HypercoreSource(entries, authors), runs))


def hypercore_delta(
    changed: Sequence[int] = (1, 10, 100),
    authors: int = 100,
    entries: int = 100_000,
    runs: int = DELTA_RUNS,
) -> tuple[dict[int, PeerDelta], int]:
    """100 new entries by so many of the authors, for each of `changed`; and handshake bytes."""

    async def measure() -> tuple[dict[int, PeerDelta], int]:
        async with HypercoreSource(entries, authors) as source:
            deltas = {count: await delta(source, count, runs) for count in changed}
            return deltas, await source.handshake_bytes()

    return asyncio.run(measure())


def comapeo_copy(entries: int = 20_000, runs: int = RUNS) -> PeerRun:
    """Full copies to a device that has joined and holds nothing."""
    return asyncio.run(_copies(ComapeoSource(entries), runs))


def comapeo_delta(entries: int = 20_000, runs: int = RUNS) -> PeerDelta:
    """100 new entries by the one author."""

    async def measure() -> PeerDelta:
        async with ComapeoSource(entries) as source:
            return await delta(source, 1, runs)

    return asyncio.run(measure())


async def delta(source: PeerSource, authors: int, runs: int) -> PeerDelta:
    """Write 100 entries more and fetch them, again and again, near and far in turn."""
    near: list[PeerRun] = []
    far: list[PeerRun] = []
    for _ in range(runs):
        for some, delay_s in ((near, 0.0), (far, DELAY_S)):
            await source.write_more(DELTA_ENTRIES, authors)
            some.append(await source.catch_up(delay_s))
    return PeerDelta(median_run(near), round_trips(near, far))


async def _copies(source: PeerSource, runs: int) -> PeerRun:
    async with source:
        return median_run([await source.copy() for _ in range(runs)])
