"""What a node asks of the world: clock, randomness, disk, wire. The simulation gives others.

Production passes `SystemClock` and `SystemRandom`; nothing in the node reads the time or
draws a number in another way.
"""

from __future__ import annotations

import os
import time
from typing import Protocol


class Clock(Protocol):
    """What the device believes the time to be: shown as its own claim, never decided by."""

    def now_s(self) -> int:
        """Seconds since 1970."""


class Random(Protocol):
    """Unpredictable bytes."""

    def bytes(self, count: int) -> bytes:
        """`count` bytes that nobody can guess."""


class SystemClock:
    """The operating system's clock."""

    def now_s(self) -> int:
        """Seconds since 1970, as this device believes."""
        return max(0, int(time.time()))


class SystemRandom:
    """The operating system's randomness."""

    def bytes(self, count: int) -> bytes:
        """`count` bytes from the kernel."""
        return os.urandom(count)
