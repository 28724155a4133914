"""Opening a node that holds a million entries: time until it answers, and the whole process.

The entries are taken in by a shipping node, with their views, in the mix of bench/commune.py;
then another process opens both files and builds the node, as a start does: locked and
unlocked. The imports of Python are not in the time; they are in the memory.
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
from bench.commune import PLAIN, Commune, turn_of
from bench.harness import OUT, Reading, figure, peak_mb
from bench.store import KEY
from lumbre.store import LogStore, PrivateStore

ENTRIES: Final = 1_000_000
_TURNS_AT_ONCE: Final = 10


def _fill(folder: Path) -> None:
    made = Commune()
    node = commune.new_node(LogStore(folder / "log", KEY), PrivateStore(folder / "private", KEY))
    node.add_space(made.space)
    node.take(made.acts)
    count = 0
    while count < ENTRIES:
        material = made.turns(turn_of(PLAIN), _TURNS_AT_ONCE)
        node.take(material.before)
        received = node.take(material.segments)
        assert not received.waiting, received
        assert not received.without_effect, received
        count += received.new
    node.close()


@figure("open_1m_s", unit="s")
def open_1m_s() -> Iterator[Reading]:
    """A million entries of a hundred authors: opened unlocked, with their views; then locked."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        _fill(Path(folder))
        for end in ("", "_locked"):
            said = subprocess.run(  # noqa: S603 this very module
                [sys.executable, "-m", "bench.opening", folder, *([end] if end else [])],
                capture_output=True,
                text=True,
                check=True,
            ).stdout.split()
            yield Reading(f"open_1m{end}_s", float(said[0]), "s")
            yield Reading(f"open_1m{end}_mb", float(said[1]), "MB")
        size_bytes = sum(path.stat().st_size for path in Path(folder).iterdir())
        yield Reading("entry_and_views_on_disk_bytes", size_bytes / ENTRIES, "B")


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
