"""The port through which a meeting sees one space of a node. The node implements it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from lumbre.ledger import Book
from lumbre.record import MediaName
from lumbre.sync.greeting import Link, Standing
from lumbre.sync.missing import Range
from lumbre.sync.runs import Read


class MediaShelf(Protocol):
    """Pieces of the media of one space. What is kept has been checked against its name."""

    def wanted(self, at_most: int) -> Sequence[MediaName]:
        """Media of which this device wants all pieces."""

    def missing(self, media: MediaName) -> Sequence[int]:
        """Numbers of the pieces that are not here, in order."""

    def hashes(self, media: MediaName) -> Sequence[bytes]:
        """The hashes of all pieces; none where they have not come."""

    def keep_hashes(self, media: MediaName, hashes: Sequence[bytes]) -> None:
        """Keep them."""

    def piece(self, media: MediaName, number: int) -> bytes | None:
        """A piece, where it is here."""

    def keep(self, media: MediaName, number: int, piece: bytes, /) -> None:
        """Keep a piece; it is safe on return, so that a transfer goes on where it broke off."""


class Shelf(Protocol):
    """One space: what is held, who is admitted, and the way in."""

    @property
    def id(self) -> bytes:
        """The space."""

    @property
    def book(self) -> Book:
        """Where its entries lie."""

    @property
    def link(self) -> Link | None:
        """This device's key for meetings; None where it has none: then the space stays unsaid."""

    def standing(self, author: bytes) -> Standing:
        """What the acts of trust say of an author now."""

    def take(self, runs: Sequence[Read]) -> int:
        """Store and judge entries; how many were new. When it returns they are safe."""

    def take_acts(self, segments: Iterable[bytes]) -> int:
        """The same for acts of trust from somebody who is not known yet."""

    def absent(self, at_most: int) -> list[Range]:
        """Entries that are held without their bodies, each branch with its share of `at_most`."""

    @property
    def media(self) -> MediaShelf | None:
        """Its pieces of media; None where this device keeps none."""

    def baseline(self, peer: bytes) -> bytes | None:
        """What was kept of the last meeting with a peer, by the author of its link key."""

    def keep_baseline(self, peer: bytes, value: bytes) -> None:
        """Keep it for the next."""

    def census_summary(self) -> bytes:
        """4 bytes, equal where the same census records are held."""

    def census_tags(self, salt: bytes) -> list[bytes]:
        """4 bytes for each census record that is held; `salt` is the meeting's own."""

    def census(self, known: frozenset[bytes], salt: bytes, peer: bytes) -> list[bytes]:
        """Records of what devices hold that the other side lacks, within a meeting's budget.

        Without that of `peer`, an author who made a newer; empty for none.
        """

    def take_census(self, record: bytes) -> None:
        """A device's record; one that is refused changes nothing."""
