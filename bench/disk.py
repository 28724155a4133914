"""What this machine's disk gives: the ceiling of everything that acknowledges a write."""

from __future__ import annotations

import os
import tempfile
import time

from bench.harness import OUT, figure

BLOCK_BYTES = 4096
# Enough that a single slow flush does not decide, short enough for a slow card.
MEASURE_S = 1.0


@figure("fdatasync_4k_per_s", unit="1/s")
def fdatasync_4k_per_s() -> float:
    """Appends of 4 KiB, each followed by fdatasync, on the disk that holds the project."""
    OUT.mkdir(parents=True, exist_ok=True)
    block = os.urandom(BLOCK_BYTES)
    with tempfile.TemporaryFile(dir=OUT, buffering=0) as file:
        appends = 0
        start_s = time.perf_counter()
        while (took_s := time.perf_counter() - start_s) < MEASURE_S:
            file.write(block)
            os.fdatasync(file.fileno())
            appends += 1
    return appends / took_s
