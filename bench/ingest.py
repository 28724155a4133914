"""Taking in 100,000 entries, against the rate at which the bare encrypted SQLite takes rows.

The baseline inserts the very rows, under the same key (branch number and seq), into the same
encrypted file with the same durability, in the same batches; it has no hash index and checks
nothing. Both sides take each batch in turn (A B A B), in fresh files for each round; a figure
is the median of the rounds' ratios.

Bodies are of 250 bytes as the registry encodes them, by 100 authors. "Alone" is the share of
entries with a signature of their own.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from bench import commune
from bench.commune import MIXED, PLAIN, RUN_ENTRIES, Commune, Material, turn_of
from bench.harness import LEAST_ROUNDS, OUT, Reading, figure
from bench.store import KEY, _raw
from lumbre.node.intake import COMMIT_ENTRIES
from lumbre.node.node import Node
from lumbre.record.branch import Row, to_row
from lumbre.store import LogStore, PrivateStore
from lumbre.store.rows import entry_key

ENTRIES: Final = 100_000
TURNS: Final = ENTRIES // RUN_ENTRIES // commune.AUTHORS
_BATCH_RUNS: Final = COMMIT_ENTRIES // RUN_ENTRIES


class _Case:
    """Material with the space that it belongs to."""

    def __init__(
        self, shares: commune.Shares, *, is_sealed: bool = False, signed_every: int = RUN_ENTRIES
    ) -> None:
        self.commune = Commune(is_sealed=is_sealed)
        turn = turn_of(shares)
        self.material: Material = self.commune.turns(turn, TURNS, signed_every=signed_every)
        numbers: dict[bytes, int] = {}
        self.rows: list[list[Row]] = []
        self.parts: list[list[bytes]] = []
        gathered = COMMIT_ENTRIES
        for run, segment in zip(self.material.runs, self.material.segments, strict=True):
            if gathered >= COMMIT_ENTRIES:
                self.rows.append([])
                self.parts.append([])
                gathered = 0
            number = numbers.setdefault(run[0].log, len(numbers) + 1)
            for entry in run:
                _, header, body, signature = to_row(entry)
                self.rows[-1].append((entry_key(number, entry.seq), header, body, signature))
            self.parts[-1].append(segment)
            gathered += len(run)

    def node(self, folder: Path, *, is_locked: bool) -> Node:
        """A node that holds the space and its acts, and takes entries in."""
        private = None if is_locked else PrivateStore(folder / "private", KEY)
        node = commune.new_node(LogStore(folder / "log", KEY), private)
        node.add_space(self.commune.space)
        if not is_locked:
            epoch, keys = self.commune.epoch, self.commune.keys
            node.learn_epoch(self.commune.space, epoch, keys.secret)
        node.take(self.commune.acts)
        node.take(self.material.before)
        return node


@cache
def _case(mix: str, *, is_sealed: bool = False, signed_every: int = RUN_ENTRIES) -> _Case:
    shares = MIXED if mix == "mixed" else PLAIN
    return _Case(shares, is_sealed=is_sealed, signed_every=signed_every)


def _round(case: _Case, *, is_locked: bool) -> tuple[float, float]:
    """Seconds of the bare inserts, and of the node, a batch each in turn."""
    OUT.mkdir(parents=True, exist_ok=True)
    raw_s = node_s = 0.0
    with tempfile.TemporaryDirectory(dir=OUT) as name:
        folder = Path(name)
        raw = _raw(folder / "raw")
        node = case.node(folder, is_locked=is_locked)
        for rows, parts in zip(case.rows, case.parts, strict=True):
            start_s = time.perf_counter()
            with raw:
                raw.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", rows)
            between_s = time.perf_counter()
            received = node.take(parts)
            node_s += time.perf_counter() - between_s
            raw_s += between_s - start_s
            assert received.new == len(rows), received
            assert not received.waiting, received
            assert not received.without_effect, received
        raw.close()
        node.close()
    return raw_s, node_s


def _ratio(case: _Case, *, is_locked: bool) -> tuple[float, float]:
    """(ratio, entries a second): medians."""
    rounds = [_round(case, is_locked=is_locked) for _ in range(LEAST_ROUNDS + 1)][1:]
    ratio = statistics.median(raw_s / node_s for raw_s, node_s in rounds)
    return ratio, case.material.entries / statistics.median(node_s for _, node_s in rounds)


@figure("ingest_vs_raw", unit="ratio")
def ingest_vs_raw() -> Iterator[Reading]:
    """1 % alone, checked, rights by trust applied, stored: no views, as a locked node does."""
    ratio, rate = _ratio(_case("plain"), is_locked=True)
    yield Reading("ingest_vs_raw", ratio, "ratio")
    yield Reading("ingest_per_s", rate, "1/s")


@figure("ingest_20_alone_vs_raw", unit="ratio")
def ingest_20_alone_vs_raw() -> float:
    """The same with 20 % alone."""
    return _ratio(_case("plain", signed_every=5), is_locked=True)[0]


@figure("ingest_views_vs_raw", unit="ratio")
def ingest_views_vs_raw() -> Iterator[Reading]:
    """1 % alone, on an unlocked node: judged, and views of supply folded; open bodies."""
    ratio, rate = _ratio(_case("plain"), is_locked=False)
    yield Reading("ingest_views_vs_raw", ratio, "ratio")
    yield Reading("ingest_views_per_s", rate, "1/s")


@figure("ingest_sealed_vs_raw", unit="ratio")
def ingest_sealed_vs_raw() -> float:
    """The same with sealed bodies, as members write them."""
    return _ratio(_case("plain", is_sealed=True), is_locked=False)[0]


@figure("ingest_supply_mix_vs_raw", unit="ratio")
def ingest_supply_mix_vs_raw() -> Iterator[Reading]:
    """A commune's mix, sealed, with needs and movements signed alone; and their share."""
    case = _case("mixed", is_sealed=True)
    yield Reading("ingest_supply_mix_vs_raw", _ratio(case, is_locked=False)[0], "ratio")
    yield Reading("supply_mix_signed_share", case.material.signed_share, "ratio")


@figure("rebuild_per_s", unit="1/s")
def rebuild_per_s() -> Iterator[Reading]:
    """Every view made anew from the log file into an emptied private file: open bodies.

    And the processor time that an entry takes, which other work on the machine moves less.
    """
    case = _case("plain")
    rates, costs_us = [], []
    with tempfile.TemporaryDirectory(dir=OUT) as name:
        node = case.node(Path(name), is_locked=False)
        for parts in case.parts:
            node.take(parts)
        for _ in range(LEAST_ROUNDS):
            start_s, start_cpu_s = time.perf_counter(), time.thread_time()
            count = node.rebuild()
            rates.append(count / (time.perf_counter() - start_s))
            costs_us.append((time.thread_time() - start_cpu_s) / count * 1e6)
        node.close()
    yield Reading("rebuild_per_s", statistics.median(rates), "1/s")
    yield Reading("rebuild_us", statistics.median(costs_us), "us")
