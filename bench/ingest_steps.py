"""Where the time of taking in goes: processor time an entry, step by step.

The material is that of `ingest_views_vs_raw`. Each step is a call that a node makes once a
segment or once a commit, so what the clock itself takes does not show. Processor time, since
these steps are compared with one another: what waits for a disk or for other processes is in
the ratios.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from bench.harness import LEAST_ROUNDS, OUT, Reading, figure
from bench.ingest import _Case, _case
from bench.store import _raw
from lumbre.ledger import Ledger, Linker
from lumbre.ledger.fold import Folds
from lumbre.node import intake
from lumbre.store import LogStore, PrivateStore

_STEPS: Final[tuple[tuple[str, Any, str], ...]] = (
    ("read", intake, "read_segment_with_base"),
    ("link", Linker, "add"),
    ("store", LogStore, "append"),
    ("judge", Ledger, "admit"),
    ("fold", Folds, "flush"),
    ("put", PrivateStore, "commit"),
)


def _timed(call: Callable[..., Any], took_s: dict[str, float], step: str) -> Callable[..., Any]:
    def timed(*values: Any, **more: Any) -> Any:
        start_s = time.thread_time()
        try:
            return call(*values, **more)
        finally:
            took_s[step] += time.thread_time() - start_s

    return timed


@contextmanager
def _watched(took_s: dict[str, float]) -> Iterator[None]:
    """Every step adds what it takes to `took_s`."""
    with ExitStack() as stack:
        for step, owner, name in _STEPS:
            call = _timed(getattr(owner, name), took_s, step)
            stack.enter_context(patch.object(owner, name, call))
        yield


def _round(case: _Case) -> dict[str, float]:
    """Seconds of each step, of the bare inserts and of the whole, a batch each in turn."""
    OUT.mkdir(parents=True, exist_ok=True)
    took_s: dict[str, float] = defaultdict(float)
    with tempfile.TemporaryDirectory(dir=OUT) as name:
        folder = Path(name)
        raw = _raw(folder / "raw")
        node = case.node(folder, is_locked=False)
        with _watched(took_s):
            for rows, parts in zip(case.rows, case.parts, strict=True):
                start_s = time.thread_time()
                with raw:
                    raw.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", rows)
                between_s = time.thread_time()
                node.take(parts)
                took_s["bare_insert"] += between_s - start_s
                took_s["all"] += time.thread_time() - between_s
        raw.close()
        node.close()
    return took_s


@figure("ingest_steps_us", unit="us")
def ingest_steps_us() -> Iterator[Reading]:
    """Processor time an entry of each step, beside that of a bare insert; open bodies."""
    case = _case("plain")
    rounds = [_round(case) for _ in range(LEAST_ROUNDS)]
    for step in ("bare_insert", *(step for step, _, _ in _STEPS), "all"):
        seconds = statistics.median(took_s[step] for took_s in rounds)
        yield Reading(f"ingest_{step}_us", seconds / case.material.entries * 1e6, "us")
