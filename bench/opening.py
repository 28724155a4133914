"""A whole node at length: opening a million entries with their views, and ten years of them.

The entries are taken in by a shipping node, with their views, in the mixes of bench/commune.py.
Then another process opens both files and builds the node, as a start does: locked and
unlocked. The imports of Python are not in the time; they are in the memory. Just written, the
files lie in the system's cache: what a cold disk adds is not in the time.

Ten years are more than a bench can write: they are reckoned from what an entry of a commune's
mix, sealed, takes in both files. That this grows with the entries and no faster is shown by
taking it twice.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench import commune
from bench.commune import MIXED, PLAIN, Commune, turn_of
from bench.harness import OUT, Reading, figure, peak_mb
from bench.store import DAYS, ENTRIES_A_DAY, KEY
from lumbre.store import LogStore, PrivateStore

ENTRIES: Final = 1_000_000
# Two sizes: if an entry took more the more there are, the second would show it.
YEARS_ENTRIES: Final = (100_000, 300_000)
_TURNS_AT_ONCE: Final = 10
_FILES: Final = ("log", "private")


def _fill(folder: Path, made: Commune, shares: commune.Shares, entries: int) -> None:
    log, private = (folder / name for name in _FILES)
    node = commune.new_node(LogStore(log, KEY), PrivateStore(private, KEY))
    node.add_space(made.space)
    node.take(made.acts)
    if made.is_sealed:
        node.learn_epoch(made.space, made.epoch, made.keys.secret)
    count = 0
    while count < entries:
        material = made.turns(turn_of(shares), _TURNS_AT_ONCE)
        node.take(material.before)
        received = node.take(material.segments)
        assert not received.waiting, received
        assert not received.without_effect, received
        count += received.new
    node.close()


def _folder() -> tempfile.TemporaryDirectory[str]:
    OUT.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=OUT)


def _size_bytes(folder: Path, name: str) -> int:
    """A file with what stands beside it."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.name.startswith(name))


@figure("open_1m_s", unit="s")
def open_1m_s() -> Iterator[Reading]:
    """A million entries of a hundred authors: opened unlocked, with their views; then locked."""
    with _folder() as folder:
        _fill(Path(folder), Commune(), PLAIN, ENTRIES)
        for end in ("", "_locked"):
            said = subprocess.run(  # noqa: S603 this very module
                [sys.executable, "-m", "bench.opening", folder, *([end] if end else [])],
                capture_output=True,
                text=True,
                check=True,
            ).stdout.split()
            yield Reading(f"open_1m{end}_s", float(said[0]), "s")
            yield Reading(f"open_1m{end}_mb", float(said[1]), "MB")
        size_bytes = sum(_size_bytes(Path(folder), name) for name in _FILES)
        yield Reading("entry_and_views_on_disk_bytes", size_bytes / ENTRIES, "B")


@figure("ten_years_gb", unit="GB")
def ten_years_gb() -> Iterator[Reading]:
    """The log and the views of ten years, and what an entry takes of each at two sizes."""
    entry_bytes = 0.0
    for entries in YEARS_ENTRIES:
        with _folder() as folder:
            _fill(Path(folder), Commune(is_sealed=True), MIXED, entries)
            sizes = [_size_bytes(Path(folder), name) / entries for name in _FILES]
        entry_bytes = sum(sizes)
        for name, size_bytes in zip(("log", "views"), sizes, strict=True):
            yield Reading(f"entry_{name}_of_{entries // 1000}k_bytes", size_bytes, "B")
    yield Reading("ten_years_gb", entry_bytes * ENTRIES_A_DAY * DAYS / 1e9, "GB")


def _open_and_say(folder: Path, *, is_locked: bool) -> None:
    start_s = time.perf_counter()
    private = None if is_locked else PrivateStore(folder / "private", KEY)
    node = commune.new_node(LogStore(folder / "log", KEY), private)
    (space,) = node.spaces()
    assert space.ledger.rights.founder is not None
    if not is_locked:
        assert next(space.ledger.folds.rows("offer"))
    took_s = time.perf_counter() - start_s
    print(took_s, peak_mb())
    node.close()


if __name__ == "__main__":
    _open_and_say(Path(sys.argv[1]), is_locked=len(sys.argv) > 2)
