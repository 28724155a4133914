"""The longest frame that a kind which may go by radio can ask for, from its fields alone."""

from __future__ import annotations

from typing import Final

from bench.harness import figure
from lumbre.kinds import DOMAINS
from lumbre.record import Entry, Lane, LogName
from lumbre.record.limits import (
    HASH_BYTES,
    HEADER_COST_BYTES,
    KEY_ID_BYTES,
    SIGNATURE_BYTES,
)
from lumbre.record.radio import radio_frame_bytes
from lumbre.record.seal import RADIO_PAD_BYTES, sealed_bytes
from lumbre.schema import Registry
from lumbre.schema.radio import radio_body_max_bytes

# The greatest header of the budget: 16 million entries in the urgent log, as many elsewhere
# beside them, a clock until 2106, 4 GiB of bodies.
SEQ: Final = 2**24 - 1
DEPTH: Final = SEQ + 2**24
WALL_S: Final = 2**32 - 1
BODIES_BYTES: Final = 2**32 - 1


@figure("radio_frame_max_bytes", unit="B")
def radio_frame_max_bytes() -> int:
    """Over every kind that may go by radio: sealed, padded to 8 bytes, signed, with its header."""
    return max(
        _frame_bytes(sealed_bytes(radio_body_max_bytes(kind.record), RADIO_PAD_BYTES))
        for kind in Registry(DOMAINS).kinds.values()
        if kind.by_radio
    )


def _frame_bytes(body_bytes: int) -> int:
    hash_ = bytes(HASH_BYTES)
    name = LogName(hash_, hash_, Lane.URGENT)
    total = HEADER_COST_BYTES * (SEQ + 1) + BODIES_BYTES
    key_id, signature = bytes(KEY_ID_BYTES), bytes(SIGNATURE_BYTES)
    body = bytes(body_bytes)
    return radio_frame_bytes(
        Entry(name, hash_, SEQ, hash_, hash_, DEPTH, WALL_S, total, key_id, b"", body, signature)
    )
