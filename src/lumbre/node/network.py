"""The network as a page sees it: who is there, how to be reached, and joining by a code.

Whoever runs a carrier beside the board puts an object of this shape into `Home.network`; a
board that finds None runs alone and says so. What it says is what was seen by this device.

What this does not do: carry bytes, or judge what was said.
"""

from __future__ import annotations

import enum
from typing import NamedTuple, Protocol

from lumbre.errors import LumbreError


class Neighbour(NamedTuple):
    """A device that is on the network now.

    `met_s`: when a meeting with it last went well; `problem`: the message id of why the last
    one did not; empty where it did.
    """

    host: str
    port: int
    is_meeting: bool
    met_s: int | None
    problem: str


class Met(NamedTuple):
    """What came of a meeting about one space; `host` is empty where it is not known."""

    host: str
    at_s: int
    space: bytes | None
    new: int
    is_equal: bool
    problem: str


class JoinState(enum.Enum):
    """How far somebody has come who joins by a code."""

    SEARCHING = "searching"
    WAITING = "waiting"
    ADMITTED = "admitted"
    FAILED = "failed"


class Join:
    """One try to join by a code: what was typed, and how far it came."""

    def __init__(self, code: str, person: str, address: str) -> None:
        self.code = code
        self.person = person
        self.address = address
        self.state = JoinState.SEARCHING
        self.said: list[str] = []
        self.problem: LumbreError | None = None


class Network(Protocol):
    """What a board may ask of the network beside it."""

    @property
    def joining(self) -> Join | None:
        """The last try to join by a code since the start."""

    def addresses(self) -> list[str]:
        """How others reach this device ("192.168.4.7:8421"); none where it is on no network."""

    def neighbours(self) -> list[Neighbour]:
        """Who is on the network now."""

    def last_met(self) -> list[Met]:
        """What the last meetings brought, the newest first."""

    def call(self, address: str) -> None:
        """Meet the device at an address, and go on doing so. Raises `Invalid`."""

    def join(self, code: str, person: str, address: str) -> None:
        """Begin to join by a code; without an address, by asking everybody who is found.

        Raises `Invalid` for what cannot be a code or an address. A try before it ends.
        """
