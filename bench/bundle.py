"""A bundle of a commune's day: written to a stick that has the days before, and taken in.

2,000 entries by 100 authors in a commune's mix, sealed, needs and movements signed alone; the
stick and the receiver hold 2,000 of before. Writing counts what `lumbre give` does: what lies on
the stick is read and compared, the day is sealed, written and seen on the disk. Taking counts
what `lumbre take` does with that file on an unlocked device: opened, checked, stored, judged,
views folded.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from bench import commune
from bench.commune import AUTHORS, MIXED, Author, Commune, Material, turn_of
from bench.harness import LEAST_ROUNDS, OUT, Reading, figure
from bench.store import KEY
from lumbre.carriers import stick
from lumbre.carriers.file import read_whole
from lumbre.node.carrying import Bundles, take_bundles
from lumbre.node.node import Node
from lumbre.schema import Body
from lumbre.store import LogStore, PrivateStore
from lumbre.sync.sealed_bundle import SEALED_MAX_BYTES

ENTRIES: Final = 2000
_EACH: Final = ENTRIES // AUTHORS


def _turn(made: Commune, author: Author) -> list[Body]:
    return made.rng.sample(turn_of(MIXED)(made, author), _EACH)


class _Days:
    """The days before and the day that is measured, in one commune."""

    def __init__(self) -> None:
        self.commune = Commune(is_sealed=True)
        self.before: Material = self.commune.turns(_turn, 1)
        self.day: Material = self.commune.turns(_turn, 1)
        assert self.day.entries == ENTRIES

    def node(self, folder: Path) -> Node:
        """An unlocked node that holds what was before the day."""
        node = commune.new_node(
            LogStore(folder / "log", KEY), PrivateStore(folder / "private", KEY)
        )
        node.add_space(self.commune.space)
        node.learn_epoch(self.commune.space, self.commune.epoch, self.commune.keys.secret)
        node.take([*self.commune.acts, *self.before.before, *self.before.segments])
        return node


def _written(days: _Days, folder: Path, sticks: list[Path]) -> tuple[list[float], Path]:
    """Seconds of writing the day to each stick, and the last file."""
    node = days.node(folder)
    space = node.space(days.commune.space)
    for one in sticks:
        one.mkdir()
        stick.give(one, node, space)
    node.take(days.day.segments)
    took_s = []
    for one in sticks:
        start_s = time.perf_counter()
        given = stick.give(one, node, space)
        took_s.append(time.perf_counter() - start_s)
    ((name, _),) = given.files
    node.close()
    return took_s, one / name


def _taken(days: _Days, folder: Path, file: Path) -> float:
    """Seconds of taking the file in."""
    folder.mkdir()
    node = days.node(folder)
    read = partial(read_whole, file.parent, max_bytes=SEALED_MAX_BYTES)
    start_s = time.perf_counter()
    received, _ = take_bundles(node, Bundles([file.name], read))
    took_s = time.perf_counter() - start_s
    assert received.new == ENTRIES, received
    assert not received.refused, received
    assert not received.without_effect, received
    node.close()
    return took_s


@figure("bundle_write_s", unit="s")
def bundle_write_s() -> Iterator[Reading]:
    """Both ways, and what an entry takes; medians."""
    days = _Days()
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as name:
        folder = Path(name)
        sticks = [folder / f"stick-{number}" for number in range(LEAST_ROUNDS)]
        write_s, file = _written(days, folder, sticks)
        take_s = [
            _taken(days, folder / f"receiver-{number}", file) for number in range(LEAST_ROUNDS)
        ]
        size_bytes = file.stat().st_size
    yield Reading("bundle_write_s", statistics.median(write_s), "s")
    yield Reading("bundle_take_s", statistics.median(take_s), "s")
    yield Reading("bundle_bytes_an_entry", size_bytes / ENTRIES, "B")
