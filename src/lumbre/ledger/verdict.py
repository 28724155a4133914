"""Verdicts: what an entry that has a valid link counts for.

A verdict is a function of headers and bodies. Whether a signature beside the mark travelled
along is no part of it: a relay may drop one inside a run, and verdicts would differ.

ACCEPTED counts. WITHOUT_EFFECT is kept as a link, with its reason. WAITING is kept and will
be judged when what it waits for arrives. Only exceptions are recorded: an entry with no
record is accepted and its depth is the one it claims.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import msgspec


class Outcome(IntEnum):
    """The three verdicts on an entry that is stored."""

    ACCEPTED = 0
    WITHOUT_EFFECT = 1
    WAITING = 2


class Verdict(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An outcome, its reason as a message id, and the entry's effective depth (0: unknown)."""

    outcome: Outcome
    reason: str
    depth: int = 0


ACCEPTED: Final = Verdict(Outcome.ACCEPTED, "")

WAITS_FOR_PREVIOUS: Final = "waiting.previous"
WAITS_FOR_REFERENCE: Final = "waiting.reference"
WAITS_FOR_BODY: Final = "waiting.body"
WAITS_FOR_KEY: Final = "waiting.key"

BAD_DEPTH: Final = "content.depth"
BAD_LANE: Final = "content.lane"
WRONG_TARGET: Final = "content.wrong-target"
UNKNOWN_KIND: Final = "content.unknown-kind"
PAST_PIN: Final = "right.past-pin"
