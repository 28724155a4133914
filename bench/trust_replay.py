"""Replaying a space's acts of trust: `Trust.add` of each and one `rights()`.

Signatures are checked before, by the record: they have a figure of their own.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator

from bench.harness import Reading, figure
from lumbre.record.keys import ENTRY_DOMAIN, SigningKey, is_signed
from lumbre.trust import Trust
from tests.trust.histories import SHAPES

ACTS = 100_000
DIFFERENT = 1_000


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


@figure("trust_100k_signatures_s", unit="s")
def trust_100k_signatures_s() -> float:
    """What the record checked before: one signature an act, each over the id of a header."""
    key = SigningKey(bytes(range(32)))
    ids = [hashlib.sha256(n.to_bytes(4, "big")).digest() for n in range(DIFFERENT)]
    signed = [(id_, key.sign(ENTRY_DOMAIN, id_)) for id_ in ids]
    start_s = time.perf_counter()
    for _ in range(ACTS // DIFFERENT):
        for id_, signature in signed:
            assert is_signed(ENTRY_DOMAIN, id_, signature, key.public)
    return time.perf_counter() - start_s
