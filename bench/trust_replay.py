"""Replaying a space's acts of trust: `Trust.add` of each and one `rights()`.

Signatures are not checked here: that is the record's, and costs 55 to 70 us an act.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.harness import Reading, figure
from lumbre.trust import Trust
from tests.trust.histories import SHAPES

ACTS = 100_000


@figure("trust_100k_s", unit="s")
def trust_100k_s() -> Iterator[Reading]:
    """A commune's years and the hostile shapes of THREATS row 12, 10^5 acts each."""
    for name, make in SHAPES.items():
        pen = make(ACTS)
        trust = Trust(pen.space)
        start_s = time.perf_counter()
        for act in pen.acts:
            trust.add(act)
        trust.rights()
        yield Reading(f"trust_100k_{name}_s", time.perf_counter() - start_s, "s")
