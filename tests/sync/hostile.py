"""A peer that says what it likes: an admitted member who holds the wire by hand.

It implements the real interface: frames over a channel. What the other side answers is read
as an honest peer would read it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from lumbre.node.meetings import link_of, new_meeting
from lumbre.sync.frames import FrameReader, Message, Proof, Refuse, write_frame
from lumbre.sync.greeting import Greeting, Link
from lumbre.sync.meeting import NOISE_BYTES
from tests.sync.meet import assert_equal, meet, new_binding
from tests.world import Device, World

NUMBER = 0
"""What both sides call the one space that they have in common."""


def digest(number: int) -> bytes:
    """One that no frontier has."""
    return hashlib.sha256(b"digest %d" % number).digest()[:16]


class Hand:
    """A member's side of a meeting with `victim`, said by hand."""

    def __init__(self, liar: Device, victim: Device, link: Link | None = None) -> None:
        self.binding = new_binding()
        self.victim = new_meeting(victim.node, self.binding, is_caller=False)
        self.space = liar.space
        self.link = link or link_of(liar.node, liar.space)
        self.greeting = Greeting(self.binding, is_caller=True)
        self.reader = FrameReader()
        self.heard_bytes = 0
        self.heard: list[Message] = []

    def say(self, *messages: Message) -> list[Message]:
        """Say something; what the victim answers at once."""
        return self.say_bytes(b"".join(map(write_frame, messages)))

    def say_bytes(self, data: bytes) -> list[Message]:
        self.victim.receive(data)
        return self.listen()

    def listen(self) -> list[Message]:
        answers: list[Message] = []
        while data := self.victim.send():
            self.heard_bytes += len(data)
            answers += self.reader.feed(data)
        self.heard += answers
        return answers

    def greet(self) -> list[Message]:
        """Say who one is, truly."""
        self.say(self.greeting.hello([self.space], bytes(NOISE_BYTES)))
        return self.say(Proof(NUMBER, self.greeting.prove(self.space, self.link)))

    def say_until_over(self, messages: Iterable[Message]) -> int:
        """How many of a stream of messages were taken before the victim ended it."""
        taken = 0
        for message in messages:
            self.say(message)
            if self.victim.is_over:
                break
            taken += 1
        return taken

    @property
    def codes(self) -> set[int]:
        """Why the victim ended it, as it told the other side."""
        return {message.code for message in self.heard if isinstance(message, Refuse)}


class Stage:
    """A liar, a victim, and another member who is honest."""

    def __init__(self) -> None:
        self.world = World()
        self.liar, self.other = self.world.join("mal"), self.world.join("leo")
        self.victim = self.world.founder
        self.world.meet_all()
        self._before = self.victim.hash()

    def hand(self) -> Hand:
        hand = Hand(self.liar, self.victim)
        hand.greet()
        return hand

    def assert_unharmed(self) -> None:
        """Nothing changed, and honest devices still meet and end equal."""
        assert self.victim.hash() == self._before
        meet(self.victim.node, self.other.node, binding=new_binding())
        assert_equal(self.victim, self.other)
        # The liar's own device may come back and be honest.
        meet(self.liar.node, self.victim.node, binding=new_binding())
        assert_equal(self.victim, self.liar)


def endless(*messages: Message) -> Iterator[Message]:
    """The same again and again."""
    while True:
        yield from messages
