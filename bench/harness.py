"""Registers figures and turns them into JSON lines.

- A figure is a function that returns a number, or yields a Reading for each of several: a
  baseline is a figure of its own, measured in the same run.
- Ratios come from one run in which both sides alternate (`medians`): a machine that slows down
  half way slows both.
- A line names the commit and the machine: a figure without them says nothing.

It does not judge: what a figure must reach stands in a test or in an issue.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "bench" / "out"

# A median of fewer is a guess.
LEAST_ROUNDS = 5


class Reading(NamedTuple):
    """One of several figures that a function yields; `facts` say what it was taken of."""

    figure: str
    value: float
    unit: str
    facts: Mapping[str, str | int] = MappingProxyType({})


Measure = Callable[[], "float | Iterable[Reading]"]


@dataclass(frozen=True)
class Figure:
    """A registered function: its name selects it, its unit belongs to a plain number."""

    name: str
    unit: str
    measure: Measure

    def read(self) -> Iterator[Reading]:
        """Measure."""
        result = self.measure()
        if isinstance(result, (int, float)):
            yield Reading(self.name, result, self.unit)
        else:
            yield from result


class SkippedError(Exception):
    """A figure cannot be taken on this machine; says in one line what is missing."""


class UnknownFigureError(LookupError):
    """A name was asked for that no module registers."""


class Registry:
    """The figures, by name; a name is given once."""

    def __init__(self) -> None:
        self._figures: dict[str, Figure] = {}

    def figure(self, name: str, *, unit: str) -> Callable[[Measure], Measure]:
        """Register the decorated function as the figure `name`."""

        def register(measure: Measure) -> Measure:
            if name in self._figures:
                raise ValueError(f"the figure {name} is registered twice")
            self._figures[name] = Figure(name, unit, measure)
            return measure

        return register

    def chosen(self, only: Collection[str] = ()) -> list[Figure]:
        """The figures named in `only`, or all of them, in the order of their names."""
        if unknown := sorted(set(only) - set(self._figures)):
            raise UnknownFigureError(f"no such figure: {', '.join(unknown)}")
        return [self._figures[name] for name in sorted(only or self._figures)]


REGISTRY = Registry()
figure = REGISTRY.figure


def medians(
    rounds: int,
    fn_a: Callable[[], object],
    fn_b: Callable[[], object],
    clock_s: Callable[[], float] = time.perf_counter,
) -> tuple[float, float]:
    """The median seconds of each, run A B A B; one run of each beforehand is not counted."""
    if rounds < LEAST_ROUNDS:
        raise ValueError(f"{rounds} rounds are too few: at least {LEAST_ROUNDS}")
    fn_a()
    fn_b()
    took_s: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for times_s, fn in zip(took_s, (fn_a, fn_b), strict=True):
            start_s = clock_s()
            fn()
            times_s.append(clock_s() - start_s)
    return statistics.median(took_s[0]), statistics.median(took_s[1])


def peak_mb() -> float:
    """The most memory that this process has held since it began.

    Not `ru_maxrss`: that keeps what the process which started this one held.
    """
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name == "VmHWM":
            return int(value.split()[0]) * 1024 / 1e6
    raise OSError("/proc/self/status names no VmHWM")


def commit() -> str:
    """The short commit, with "-dirty" where tracked files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        return subprocess.run(  # noqa: S603 a fixed command
            command, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def machine() -> dict[str, str | int]:
    """What the figures were measured on."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
    }


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    # ARM boards name the board in "Model" and no "model name".
    for key in ("model name", "Model"):
        for line in text.splitlines():
            name, _, value = line.partition(":")
            if name.strip() == key:
                return value.strip()
    return platform.machine()


def as_line(reading: Reading, commit_name: str, machine_facts: dict[str, str | int]) -> str:
    """One reading as one line of JSON."""
    figure_name, value, unit, facts = reading
    fields = {"figure": figure_name, "value": value, "unit": unit, **facts}
    return _line(fields, commit_name, machine_facts)


def as_skipped_line(name: str, reason: str, commit_name: str, facts: dict[str, str | int]) -> str:
    """A figure that was not taken as one line of JSON: it has a reason and no value."""
    return _line({"figure": name, "skipped": reason}, commit_name, facts)


def _line(fields: dict[str, Any], commit_name: str, machine_facts: dict[str, str | int]) -> str:
    named = {**fields, "commit": commit_name, "machine": machine_facts}
    return json.dumps(named, ensure_ascii=False)
