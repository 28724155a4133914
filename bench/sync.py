"""Two devices that meet: full copies of everything, in turns with hypercore's.

Everything is of real processes over TCP, with the encrypted channel, rights, views of supply
folded by the receiver, and `synchronous=FULL` in fresh files. docs/PERFORMANCE.md says what is
asked of each figure, docs/PEERS.md how the peers beside them are counted.

Copies are timed without a wire in between; one more, through a wire, gives the bytes. The
receiver holds nothing but the space's name and its keys. What is new since a meeting is in
`bench.sync_delta`.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from bench.harness import Reading, figure
from bench.peers import HypercoreSource, PeerRun
from bench.peers.install import version
from bench.sync_material import RECEIVER, SOURCE, Material, open_node, take
from bench.sync_runs import Met, Server, new_folder, serving

ENTRIES: Final = 100_000
ROUNDS: Final = 3

Facts = dict[str, "str | int"]


class Copies:
    """A source of some material, and copies of all of it by devices that hold nothing."""

    def __init__(self, material: Material, folder: Path, entries: int) -> None:
        self._material, self._folder = material, folder
        self.entries = entries
        self._count = 0
        self.server: Server
        self.runs: list[Met] = []

    async def copy(self, *, has_wire: bool = False) -> Met:
        """One copy."""
        self._count += 1
        receiver = self._folder / f"receiver{self._count}"
        self._material.make_node(receiver, RECEIVER, knows_acts=False).close()
        run = await self.server.fetch(receiver, has_wire=has_wire)
        assert run.new >= self.entries, run
        if not has_wire:
            self.runs.append(run)
        return run

    @property
    def per_s(self) -> float:
        """Median entries a second."""
        return statistics.median(run.per_s for run in self.runs)

    @property
    def cpu_us(self) -> float:
        """Median microseconds of the receiver's processor an entry."""
        return statistics.median(run.cpu_us for run in self.runs)


@asynccontextmanager
async def copies(
    entries: int, authors: int, *, is_sealed: bool = False, signed_every: int = 100
) -> AsyncIterator[Copies]:
    """A locked board that holds everything, and serves it."""
    with new_folder() as folder:
        material = Material(authors, is_sealed=is_sealed, signed_every=signed_every)
        made = Copies(material, folder, entries)
        write_source(material, folder / "source", range(entries), authors, is_locked=True)
        async with serving(folder / "source", is_locked=True) as made.server:
            yield made


def write_source(
    material: Material, folder: Path, numbers: Sequence[int], authors: int, *, is_locked: bool
) -> None:
    """A device that has taken all of it in: locked, it has its link key and no views."""
    material.make_node(folder, SOURCE, knows_acts=True).close()
    node = open_node(folder, SOURCE, is_locked=is_locked)
    assert take(node, material.segments(numbers, authors)) == len(numbers)
    node.close()


def facts_of(entries: int, authors: int, runs: int, **more: str | int) -> Facts:
    """What a figure was taken of."""
    return {"entries": entries, "authors": authors, "runs": runs, **more}


def ratio(ours: Sequence[Met], theirs: Sequence[PeerRun]) -> float:
    """Of rates, taken in turns: the median of each turn's."""
    return statistics.median(a.per_s / b.per_s for a, b in zip(ours, theirs, strict=True))


@figure("copy_vs_hypercore", unit="ratio")
def copy_vs_hypercore() -> Iterator[Reading]:
    """A full copy by 100 authors, 1 % signed alone and 20 %, in turns with hypercore's."""
    return iter(asyncio.run(copy_readings(ENTRIES, 100)))


async def copy_readings(entries: int, authors: int, rounds: int = ROUNDS) -> list[Reading]:
    """Everything about copies of open bodies."""
    theirs = []
    async with (
        HypercoreSource(entries, authors) as peer,
        copies(entries, authors) as plain,
        copies(entries, authors, signed_every=5) as alone,
    ):
        for _ in range(rounds):
            await plain.copy()
            theirs.append(await peer.copy())
            await alone.copy()
        wired = await plain.copy(has_wire=True)
    facts = facts_of(entries, authors, rounds)
    beside = {**facts, "peer": version(HypercoreSource.package)}
    theirs_per_s = statistics.median(run.per_s for run in theirs)
    return [
        Reading("copy_vs_hypercore", ratio(plain.runs, theirs), "ratio", beside),
        Reading("hypercore_per_s", theirs_per_s, "1/s", beside),
        Reading("copy_per_s", plain.per_s, "1/s", facts),
        Reading("copy_cpu_us", plain.cpu_us, "us", facts),
        Reading("copy_wire_bytes", wired.wire_bytes / entries, "B", facts_of(entries, authors, 1)),
        Reading("copy_20_alone_vs_hypercore", ratio(alone.runs, theirs), "ratio", beside),
        Reading("copy_20_alone_per_s", alone.per_s, "1/s", facts),
        Reading("copy_20_alone_cpu_us", alone.cpu_us, "us", facts),
    ]


@figure("copy_200_authors_vs_hypercore", unit="ratio")
def copy_200_authors_vs_hypercore() -> Iterator[Reading]:
    """The same by 200 authors, 1 % signed alone."""
    return iter(asyncio.run(copy_200_readings(ENTRIES, 200)))


async def copy_200_readings(entries: int, authors: int, rounds: int = ROUNDS) -> list[Reading]:
    """Copies by more authors."""
    theirs = []
    async with HypercoreSource(entries, authors) as peer, copies(entries, authors) as plain:
        for _ in range(rounds):
            await plain.copy()
            theirs.append(await peer.copy())
    facts = facts_of(entries, authors, rounds, peer=version(HypercoreSource.package))
    theirs_per_s = statistics.median(run.per_s for run in theirs)
    name = f"copy_{authors}_authors"
    return [
        Reading(f"{name}_vs_hypercore", ratio(plain.runs, theirs), "ratio", facts),
        Reading(f"{name}_per_s", plain.per_s, "1/s", facts),
        Reading(f"hypercore_{authors}_authors_per_s", theirs_per_s, "1/s", facts),
    ]


@figure("copy_wire_sealed_bytes", unit="B")
def copy_wire_sealed_bytes() -> Iterator[Reading]:
    """The same by 100 authors with sealed bodies: bytes an entry, rate, processor time."""
    return iter(asyncio.run(copy_sealed_readings(ENTRIES, 100)))


async def copy_sealed_readings(entries: int, authors: int, rounds: int = ROUNDS) -> list[Reading]:
    """Copies of sealed bodies."""
    async with copies(entries, authors, is_sealed=True) as sealed:
        for _ in range(rounds):
            await sealed.copy()
        wired = await sealed.copy(has_wire=True)
    facts = facts_of(entries, authors, rounds)
    wire_bytes = wired.wire_bytes / entries
    return [
        Reading("copy_wire_sealed_bytes", wire_bytes, "B", facts_of(entries, authors, 1)),
        Reading("copy_sealed_per_s", sealed.per_s, "1/s", facts),
        Reading("copy_sealed_cpu_us", sealed.cpu_us, "us", facts),
    ]
