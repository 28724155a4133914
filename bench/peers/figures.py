"""The peers' figures, each a baseline of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bench.harness import Reading, figure
from bench.peers import runs
from bench.peers.comapeo import ComapeoSource
from bench.peers.hypercore import HypercoreSource
from bench.peers.install import version
from bench.peers.runs import PeerDelta
from bench.peers.source import PeerRun

ENTRIES: Final = 100_000
# It takes CoMapeo minutes to write 100,000; its rate does not depend on how many there are.
COMAPEO_ENTRIES: Final = 20_000


@figure("hypercore_per_s", unit="1/s")
def hypercore_per_s() -> Iterator[Reading]:
    """A full copy of 100,000 entries by 100 authors to an empty node."""
    run = runs.hypercore_copy(authors=100, entries=ENTRIES)
    yield from _copy_readings("hypercore", run, HypercoreSource.package)


@figure("hypercore_200_authors_per_s", unit="1/s")
def hypercore_200_authors_per_s() -> Iterator[Reading]:
    """The same by 200 authors."""
    run = runs.hypercore_copy(authors=200, entries=ENTRIES)
    name = "hypercore_200_authors_per_s"
    yield Reading(name, run.per_s, "1/s", _facts(run, HypercoreSource.package, runs.RUNS))


@figure("hypercore_delta100_10_bytes", unit="B")
def hypercore_delta100_10_bytes() -> Iterator[Reading]:
    """100 new entries on the base of 100,000 by 100 authors: from 1, 10 and 100 of them."""
    deltas, handshake_bytes = runs.hypercore_delta(entries=ENTRIES)
    package = HypercoreSource.package
    for changed, delta in deltas.items():
        facts = _facts(delta.run, package, runs.DELTA_RUNS, base=ENTRIES, writers=changed)
        yield from _delta_readings(f"hypercore_delta100_{changed}", delta, facts)
    facts = {"peer": version(package), "runs": 1}
    yield Reading("hypercore_handshake_bytes", handshake_bytes, "B", facts)


@figure("comapeo_per_s", unit="1/s")
def comapeo_per_s() -> Iterator[Reading]:
    """A full copy of 20,000 observations to a device that has joined the project."""
    run = runs.comapeo_copy(entries=COMAPEO_ENTRIES)
    yield from _copy_readings("comapeo", run, ComapeoSource.package)


@figure("comapeo_delta100_bytes", unit="B")
def comapeo_delta100_bytes() -> Iterator[Reading]:
    """100 new observations on a base of 20,000."""
    delta = runs.comapeo_delta(entries=COMAPEO_ENTRIES)
    facts = _facts(delta.run, ComapeoSource.package, runs.RUNS, base=COMAPEO_ENTRIES)
    yield from _delta_readings("comapeo_delta100", delta, facts)


def _copy_readings(name: str, run: PeerRun, package: str) -> Iterator[Reading]:
    facts = _facts(run, package, runs.RUNS)
    yield Reading(f"{name}_per_s", run.per_s, "1/s", facts)
    yield Reading(f"{name}_wire_bytes", run.wire_bytes, "B", facts)
    yield Reading(f"{name}_cpu_us", run.cpu_us, "us", facts)


def _delta_readings(name: str, delta: PeerDelta, facts: dict[str, str | int]) -> Iterator[Reading]:
    yield Reading(f"{name}_bytes", delta.run.bytes_total, "B", facts)
    yield Reading(f"{name}_round_trips", delta.round_trips, "1", facts)
    yield Reading(f"{name}_ms", delta.run.took_s * 1e3, "ms", facts)


def _facts(run: PeerRun, package: str, count: int, **more: int) -> dict[str, str | int]:
    return {
        "peer": version(package),
        "entries": run.entries,
        "authors": run.authors,
        "runs": count,
        **more,
    }
