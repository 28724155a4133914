"""How a meeting grows with entries and with authors: `python -m bench.growth [SVG]`.

One JSON line a figure, and a plot (docs/growth.svg, or the file that is named). Sources are
locked boards, receivers unlocked with views, as in `bench.sync`. Each point is the median of three
copies, the largest of one alone, and three meetings more. All of it takes some five minutes, and
a gigabyte for the largest.

The receiver knows the acts of trust already: 10,000 admissions are more than an introduction
may say (1 MiB).

The plot is drawn by hand as SVG: three small diagrams need no package to draw them.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import log10
from pathlib import Path
from typing import Final, NamedTuple

from bench import harness
from bench.harness import ROOT, Reading
from bench.sync import write_source
from bench.sync_delta import forget_baselines
from bench.sync_material import RECEIVER, Material
from bench.sync_runs import Pair, new_folder, serving

ROUNDS: Final = 3
ENTRIES_MAX: Final = 1_000_000
PLOT: Final = ROOT / "docs" / "growth.svg"
_POINTS: Final = (
    (1_000, 100),
    (10_000, 100),
    (100_000, 100),
    (ENTRIES_MAX, 100),
    (100_000, 10),
    (100_000, 1_000),
    (100_000, 10_000),
)

_HIGH_DIGITS: Final = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_WIDE, _HIGH, _LEFT, _TOP, _GAP = 200, 150, 62, 42, 84
_COLOURS: Final = {"entries": "#0b5394", "authors": "#b45f06"}


class Point(NamedTuple):
    """What was measured of so many entries by so many authors."""

    entries: int
    authors: int
    rounds: int
    per_s: float
    cold_bytes: int
    idle_bytes: int

    def readings(self) -> Iterator[Reading]:
        """As lines."""
        facts = {"entries": self.entries, "authors": self.authors, "runs": self.rounds}
        yield Reading("growth_copy_per_s", self.per_s, "1/s", facts)
        yield Reading("growth_frontier_bytes", self.cold_bytes, "B", facts)
        yield Reading("growth_idle_bytes", self.idle_bytes, "B", facts)


async def measure(entries: int, authors: int, rounds: int = ROUNDS) -> Point:
    """Copies; then two that hold the same: as who met before, and as strangers."""
    with new_folder() as folder:
        material = Material(authors)
        pair = Pair(folder / "source", folder / "receiver")
        write_source(material, pair.source, range(entries), authors, is_locked=True)
        copies = []
        async with serving(pair.source, is_locked=True) as server:
            for _ in range(rounds):
                shutil.rmtree(pair.receiver, ignore_errors=True)
                material.make_node(pair.receiver, RECEIVER, knows_acts=True).close()
                copies.append(await server.fetch(pair.receiver))
            await server.fetch(pair.receiver)
            idle = await server.fetch(pair.receiver)
        forget_baselines(pair, material)
        async with serving(pair.source, is_locked=True) as server:
            cold = await server.fetch(pair.receiver)
    assert {copied.new for copied in copies} == {entries}
    assert idle.new == cold.new == 0
    per_s = statistics.median(copied.per_s for copied in copies)
    return Point(entries, authors, rounds, per_s, cold.frontier_bytes, idle.payload_bytes)


class _Line(NamedTuple):
    name: str
    points: list[tuple[float, float]]


def plot(points: Sequence[Point]) -> str:
    """Three diagrams beside one another, both axes by powers of ten."""
    diagrams: list[tuple[str, Callable[[Point], float]]] = [
        ("copy, entries/s", lambda point: point.per_s),
        ("frontier of strangers, B", lambda point: point.cold_bytes),
        ("nothing new, B", lambda point: point.idle_bytes),
    ]
    parts = [
        _diagram(place, title, [_of(points, "entries", value), _of(points, "authors", value)])
        for place, (title, value) in enumerate(diagrams)
    ]
    wide, high = _LEFT + 3 * _WIDE + 2 * _GAP + 20, _TOP + _HIGH + 56
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" '
        f'width="{wide}" height="{high}" font-family="sans-serif" font-size="11">\n'
        f'<rect width="{wide}" height="{high}" fill="#fff"/>\n' + "".join(parts) + "</svg>\n"
    )


def _of(points: Sequence[Point], by: str, value: Callable[[Point], float]) -> _Line:
    """The points that differ in `by` alone: at 100 authors, or at 100,000 entries."""
    if by == "entries":
        some = [(point.entries, value(point)) for point in points if point.authors == 100]
    else:
        some = [(point.authors, value(point)) for point in points if point.entries == 100_000]
    return _Line(by, sorted(some))


def _diagram(place: int, title: str, lines: Sequence[_Line]) -> str:
    left = _LEFT + place * (_WIDE + _GAP)
    values = [y for line in lines for _, y in line.points]
    low, high = int(log10(min(values))), int(log10(max(values))) + 1
    parts = [_text(left, _TOP - 22, title, "start", "#000")]
    for power in range(low, high + 1):
        y = _TOP + _HIGH * (high - power) / (high - low)
        parts += [_stroke(left, y, left + _WIDE, y), _text(left - 4, y + 4, _power(power), "end")]
    for power in range(1, 7):
        x = left + _WIDE * (power - 1) / 5
        parts += [
            _stroke(x, _TOP, x, _TOP + _HIGH),
            _text(x, _TOP + _HIGH + 14, _power(power), "middle"),
        ]
    for number, line in enumerate(lines):
        colour = _COLOURS[line.name]
        at = [
            (
                left + _WIDE * (log10(x) - 1) / 5,
                _TOP + _HIGH * (high - log10(y)) / (high - low),
            )
            for x, y in line.points
        ]
        parts += [_stroke(*one, *other, colour, 2) for one, other in pairwise(at)]
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>\n' for x, y in at]
        fixed = "100 authors" if line.name == "entries" else "100,000 entries"
        said = f"{line.name}, {fixed}"
        parts.append(_text(left, _TOP + _HIGH + 32 + 14 * number, said, "start", colour))
    return "".join(parts)


def _power(power: int) -> str:
    return f"{10**power:,}" if power < 4 else f"10{_HIGH_DIGITS[power]}"


def _text(x: float, y: float, words: str, anchor: str, colour: str = "#555") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{words}</text>\n'


def _stroke(
    x1: float, y1: float, x2: float, y2: float, colour: str = "#ddd", width: int = 1
) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="{width}"/>\n'
    )


def main(arguments: list[str]) -> None:
    """Measure, print and draw."""
    path = Path(arguments[0]) if arguments else PLOT
    commit, machine = harness.commit(), harness.machine()
    points = []
    for entries, authors in _POINTS:
        start_s = time.perf_counter()
        rounds = ROUNDS if entries < ENTRIES_MAX else 1
        point = asyncio.run(measure(entries, authors, rounds))
        points.append(point)
        for reading in point.readings():
            print(harness.as_line(reading, commit, machine), flush=True)
        print(f"{time.perf_counter() - start_s:.0f} s", file=sys.stderr)
    path.write_text(plot(points), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
