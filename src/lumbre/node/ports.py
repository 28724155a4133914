"""What a node asks of the world: clock, randomness, disks. The simulation gives others.

Production passes `SystemClock` and `SystemRandom`; nothing in the node reads the time or
draws a number in another way. There is no port for a wire: a carrier drives a `Meeting`, which
takes bytes in and gives bytes out, over whatever carries them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from lumbre.ledger import Book, Tables
from lumbre.record import Entry
from lumbre.record.branch import Arrival, Branch, Write

CensusRow = tuple[bytes, int, bytes, int, int]
"""(author, counter, record, when it was taken, which sending was its last)."""


class Clock(Protocol):
    """What the device believes the time to be: shown as its own claim, never decided by."""

    def now_s(self) -> int:
        """Seconds since 1970."""


class Random(Protocol):
    """Unpredictable bytes."""

    def bytes(self, count: int) -> bytes:
        """`count` bytes that nobody can guess."""


class CensusDisk(Protocol):
    """The census' part of the log file."""

    def records(self, space: bytes) -> list[CensusRow]:
        """Every record of a space, by author."""

    def record(self, space: bytes, author: bytes) -> CensusRow | None:
        """The record of an author."""

    def put(self, space: bytes, row: CensusRow) -> None:
        """Keep a record in the place of the author's last."""

    def note_sent(self, space: bytes, authors: list[bytes]) -> None:
        """Note that these records were just sent to somebody."""

    def frontiers(self, space: bytes) -> dict[bytes, int]:
        """Digests of frontiers that were had here: up to which arrival each was all there was."""

    def note_frontier(self, space: bytes, digest: bytes, arrival: int) -> None:
        """Remember a frontier; the oldest ones are forgotten."""

    def last_lacking(self, number: int, first_seq: int, last_seq: int) -> int | None:
        """The last seq of a part of a branch whose body is not here; None where all are."""

    def lacking_branches(self) -> list[int]:
        """Numbers of the branches in which a body is not here."""

    def moved_lately(self) -> list[int]:
        """Numbers of the branches that moved in the last arrivals; the newest first."""

    def arrived(self, number: int, seq: int, after: int) -> int:
        """The last arrival past `after` that brought a place of a branch; `after` if none did."""


class LogDisk(Book, Protocol):
    """The log file. What `append` returned from survives a power cut."""

    @property
    def census(self) -> CensusDisk:
        """What the census asks of it."""

    def append(self, writes: Sequence[Write], bodies: Sequence[tuple[int, Entry]] = ()) -> int:
        """Store entries, and bodies that entries lacked; the number of the last arrival."""

    def cut(self, cuts: Sequence[tuple[int, int]]) -> None:
        """Forget what is no longer kept of a forked log: (branch number, first seq that goes)."""

    def branch(self, number: int) -> Branch | None:
        """A branch by its number."""

    def absent(self, number: int, at_most: int) -> Sequence[int]:
        """Seqs of a branch's entries whose bodies are absent, in order."""

    def arrivals(self, after: int = 0) -> Iterator[Arrival]:
        """What was stored after the arrival `after`, in the order in which it was."""

    def last_arrival(self) -> int:
        """The number of the last arrival; 0 before the first."""

    def meta(self, name: str) -> bytes | None:
        """A fact about this store, by name."""

    def set_meta(self, name: str, value: bytes | None) -> None:
        """Note a fact about this store; None forgets it."""

    def close(self) -> None:
        """Let go of the file."""


class PrivateDisk(Tables, Protocol):
    """The private file: tables that follow the log by a marker, and secrets."""

    def commit(self, marker: int) -> None:
        """Put everything buffered, and the marker, on the disk at once."""

    def marker(self) -> int:
        """The last arrival that the tables have folded."""

    def clear(self) -> None:
        """Empty every table; secrets stay."""

    def put_secret(self, kind: str, id_: bytes, value: bytes) -> None:
        """Keep a secret; it is on the disk on return."""

    def secrets(self, kind: str) -> Iterator[tuple[bytes, bytes]]:
        """Every secret of a kind, by id."""

    def close(self) -> None:
        """Let go of the file."""


class Meeting(Protocol):
    """What a carrier moves the bytes of, between the two ends of one channel."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be taken in; what `send` still has is sent."""

    @property
    def is_acquainted(self) -> bool:
        """Whether the other end has proved that it takes part in what this one does."""

    @property
    def wants_more_input(self) -> bool:
        """Whether `receive` may be called now; a meeting that is busy says no for a while."""

    def send(self, max_bytes: int) -> bytes:
        """The next bytes for the other end, at most so many; empty where there are none now."""

    def receive(self, data: bytes) -> None:
        """Take in what the other end said, in pieces of any size."""

    def lost(self) -> None:
        """The channel ended before the meeting did; what arrived is kept."""


NewMeeting = Callable[[bytes, bool], Meeting]
"""Makes a meeting of a channel's binding and whether this end called."""


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
