"""Spoken codes: letting a device in over the network, with a person on each side.

A code is a slot and two words ("7-tifo-plane"), said aloud or shown as a QR link. It lives in
memory, for one use and three guesses. What comes through the door is a request; a person
admits it once both sides have read the six words aloud, as with files.

What this does not do: find the other device or carry bytes.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from lumbre.errors import Invalid, NotFound, Refused
from lumbre.node import joining
from lumbre.node.aloud import words_of
from lumbre.node.node import Node
from lumbre.sync.door import Keeper, Newcomer
from lumbre.sync.frames import SLOTS_MAX, Knock

GUESSES_MAX: Final = 3
# So many may wait at once for a person to hear their words.
REQUESTS_MAX: Final = 32
CODE_WORDS: Final = 2

_CODE: Final = re.compile(r"([1-9][0-9]?)-([a-z]{4,6})-([a-z]{4,6})")
_LINK: Final = re.compile(r"lumbre:(?P<address>[0-9a-zA-Z.:\[\]-]{1,64})/(?P<code>[0-9a-z-]{1,20})")


class Asking(NamedTuple):
    """Who waits to be let in: the request, the name in it, and what to read aloud."""

    request: joining.Request
    name: str
    said: list[str]


class _Open:
    def __init__(self, space: bytes, code: str) -> None:
        self.space = space
        self.code = code
        self.guesses = 0


class Codes:
    """The codes that are open on a node, and who came with one."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._open: dict[int, _Open] = {}
        self._asking: dict[bytes, Asking] = {}

    def open(self, space: bytes) -> str:
        """A new code for a space; what was open longest goes where there are too many."""
        self._node.space(space)
        free = [slot for slot in range(1, SLOTS_MAX + 1) if slot not in self._open]
        if not free:
            oldest = next(iter(self._open))
            del self._open[oldest]
            free = [oldest]
        draw = int.from_bytes(self._node.random.bytes(8), "big")
        slot = free[draw % len(free)]
        said = words_of(self._node.random.bytes(16), CODE_WORDS)
        self._open[slot] = _Open(space, "-".join((str(slot), *said)))
        return self._open[slot].code

    def close(self, code: str) -> None:
        """Let a code be no longer open."""
        if self.is_open(code):
            del self._open[slot_of(code)]

    def is_open(self, code: str) -> bool:
        """Whether somebody may still come with it."""
        found = self._open.get(slot_of(code))
        return found is not None and found.code == code

    def opened(self, space: bytes) -> list[str]:
        """The codes of a space with which somebody may still come, the newest last."""
        return [
            one.code
            for one in self._open.values()
            if one.space == space and one.guesses < GUESSES_MAX
        ]

    # The door's porch

    def code_of(self, slot: int) -> str | None:
        """The code that is open at a slot; this is a guess, and there are three."""
        found = self._open.get(slot)
        if found is None:
            return None
        if found.guesses >= GUESSES_MAX:
            del self._open[slot]
            return None
        found.guesses += 1
        return found.code

    def invitation(self, code: str) -> bytes:
        """The invitation to the code's space."""
        return joining.invite(self._node, self._open[slot_of(code)].space)

    def asked(self, code: str, request: bytes) -> bool:
        """Keep a request for a person to look at; the code is used up.

        False where it was meanwhile: two may knock with it before either has asked.
        """
        if not self.is_open(code):
            return False
        asked, name = joining.read_request(self._node, request)
        if asked.space != self._open[slot_of(code)].space:
            raise Refused("refused.not-for-this-key")
        self.close(code)
        if len(self._asking) >= REQUESTS_MAX:
            del self._asking[next(iter(self._asking))]
        said = words_of(joining.words_bytes(asked))
        self._asking[asked.author] = Asking(asked, name, said)
        return True

    def keeper(self, knock: Knock, binding: bytes) -> Keeper:
        """The keeper's side of a door, for somebody who knocked."""
        return Keeper(knock, self, binding, self._node.random.bytes)

    # A person looks

    def asking(self) -> list[Asking]:
        """Who waits to be let in, and is not known yet."""
        known = {
            author
            for author, asking in self._asking.items()
            if self._node.space(asking.request.space).ledger.rights.author(author) is not None
        }
        for author in known:
            del self._asking[author]
        return list(self._asking.values())

    def find(self, author: bytes) -> Asking:
        """Who waits with this key."""
        try:
            return self._asking[author]
        except KeyError:
            raise NotFound("not-found.request", folder="") from None

    def forget(self, author: bytes) -> None:
        """Send somebody away: the words were others, or nobody knows them."""
        self._asking.pop(author, None)


def slot_of(code: str) -> int:
    """The slot of a code, as people type it."""
    found = _CODE.fullmatch(code)
    if found is None:
        raise Invalid("invalid.code")
    return int(found[1])


def read_code(text: str) -> tuple[str, str | None]:
    """(code, address or None) of what a person typed or a camera read."""
    text = text.strip().lower().replace(" ", "-")
    link = _LINK.fullmatch(text)
    code, address = (link["code"], link["address"]) if link else (text, None)
    slot_of(code)
    return code, address


def link_for(address: str, code: str) -> str:
    """What a QR code holds: where to call, and with which code."""
    return f"lumbre:{address}/{code}"


class Coming:
    """A newcomer's visit: afterwards `request` is what was sent."""

    def __init__(self, node: Node, code: str, person_name: str, binding: bytes) -> None:
        self._node = node
        self._person_name = person_name
        self.request: bytes | None = None
        self.door = Newcomer(slot_of(code), code, binding, node.random.bytes, self._ask)

    def _ask(self, invitation: bytes) -> bytes:
        self.request = joining.ask(self._node, invitation, self._person_name)
        return self.request
