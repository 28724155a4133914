"""The part of a meeting that is about one space: proofs, acts of who is new, exchange, census.

Rules: a frontier is said to nobody whose proof has not been taken, and a device whose key was
closed is refused, also where the act that closes it comes in this very meeting.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lumbre.errors import Refused
from lumbre.record.log import Lane
from lumbre.sync.bodies import Bodies
from lumbre.sync.census import TAG_BYTES
from lumbre.sync.exchange import Exchange
from lumbre.sync.frames import (
    Acts,
    Census,
    Code,
    Cold,
    Done,
    Introduce,
    Message,
    Pieces,
    Proof,
    Refuse,
    Runs,
    Same,
    Sent,
    Tags,
    Vouched,
    WantPieces,
    Warm,
    write_frame,
)
from lumbre.sync.frontier import branches_of
from lumbre.sync.greeting import Greeting, Link, Standing
from lumbre.sync.missing import Range
from lumbre.sync.outbox import Outbox
from lumbre.sync.pieces import Media
from lumbre.sync.runs import whole_segments
from lumbre.sync.shelf import Shelf

# Acts by which an unknown device is introduced: some 150,000 admissions, and room in a meeting for
# frontiers beside them.
ACTS_MAX_BYTES: Final = 48 * 1024 * 1024
# Of these, in frames in which nothing is new: a stranger's, or what is known here already.
ACTS_WASTE_MAX_BYTES: Final = 16 * 1024 * 1024
CENSUS_MAX_BYTES: Final = 64 * 1024

_ACTS_FRAME_BYTES: Final = 256 * 1024


class Talk:
    """One space in common. `number` is what both sides call it in this meeting."""

    def __init__(
        self, number: int, shelf: Shelf, link: Link, greeting: Greeting, binding: bytes
    ) -> None:
        self._number = number
        self._shelf = shelf
        self._greeting = greeting
        self._binding = binding
        self._out = Outbox()
        self._stash: list[Message] = []
        self._acts_bytes = self._census_bytes = 0
        self._has_asked_acts = self._has_shown_acts = self._owes_acts = False
        self._has_heard_acts = self._has_heard_frontier = False
        self._has_said_tags = False
        self._heard_tags: frozenset[bytes] | None = None
        self._has_said_done = self._has_heard_done = False
        self._bodies = Bodies(number, shelf)
        self._media = Media(number, shelf.media)
        self.exchange: Exchange | None = None
        self.peer: Vouched | None = None
        self.is_twin = False
        self.code: Code | None = None
        self.other_code: int | None = None
        self._link = link
        self._out.say(Proof(number, greeting.prove(shelf.id, link)))

    @property
    def space(self) -> bytes:
        """The space that it is about."""
        return self._shelf.id

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be said or heard about this space."""
        if self.is_refused:
            return not self._out
        return self._has_said_done and self._has_heard_done and not self._out

    @property
    def is_refused(self) -> bool:
        """Whether either side has ended it with a reason: what still comes is not read."""
        return self.code is not None or self.other_code is not None

    # Out

    def send(self) -> bytes:
        """The next frame; none while there is nothing to say."""
        while True:
            frame = self._out.next()
            if frame:
                return frame
            if self.exchange is None or self.code is not None:
                return b""
            frame = self.exchange.send()
            if frame or not self.exchange.is_over:
                return frame
            if not self._go_on():
                return self._bodies.send() or self._media.send()

    def _go_on(self) -> bool:
        """What comes after the exchange, one after the other; whether anything came."""
        if self.exchange is not None and self.exchange.is_all_same:
            self._has_said_done = self._has_heard_done = True
            return False
        if not self._bodies.has_begun:
            self._bodies.begin()
        elif not self._has_said_tags and not self._bodies.is_asking:
            self._has_said_tags = True
            self._out.say(Tags(self._number, b"".join(self._shelf.census_tags(self._binding))))
        elif self._has_said_tags and self._heard_tags is not None and not self._media.has_begun:
            # Its own record is the newest there is, unless the other side is a copy of this.
            peer = b"" if self.peer is None or self.is_twin else self.peer.author
            for record in self._shelf.census(self._heard_tags, self._binding, peer):
                self._out.say(Census(self._number, record))
            self._media.begin()
        elif self._media.has_begun and not self._media.is_asking and not self._has_said_done:
            self._out.say(Done(self._number))
            self._has_said_done = True
        else:
            return False
        return True

    def refuse(self, code: Code) -> None:
        """End it, and say why."""
        self.code = code
        self._out.clear()
        self._out.say(Refuse(int(code), self._number))

    # In

    def receive(self, message: Message) -> None:
        """A message about this space. Raises `Refused` on one that has no sense here."""
        if not self.is_refused:
            self._receive(message)

    def _receive(self, message: Message) -> None:
        match message:
            case Proof():
                self._on_proof(message)
            case Introduce():
                self._on_introduce()
            case Acts():
                self._on_acts(message.segments)
            case Refuse():
                self.other_code = message.code
                self._out.clear()
            case Tags():
                self._on_tags(message.tags)
            case Census():
                self._on_census(message.record)
            case Done() if self.exchange is not None and self.exchange.is_over:
                self._has_heard_done = True
            case _ if self._has_heard_done and not isinstance(message, Runs | Sent | Pieces):
                raise Refused("refused.not-a-message")
            case _:
                self._on_exchange(message)

    def _on_exchange(self, message: Message) -> None:
        self._has_heard_frontier = True
        if self.exchange is None:
            # Whoever has been accepted says its frontier at once, and nothing before it hears one.
            if self._stash or not isinstance(message, Same | Warm | Cold):
                raise Refused("refused.not-a-message")
            self._stash.append(message)
            return
        if not self.exchange.is_over:
            self.exchange.receive(message)
        else:
            self._on_ask(message)
        if self.exchange.new:
            self._look_again()

    def _on_ask(self, message: Message) -> None:
        """Once frontiers are settled: what either side asks for, and what was asked for."""
        is_of_media = isinstance(message, WantPieces | Pieces) or (
            isinstance(message, Sent) and self._media.is_asking
        )
        (self._media if is_of_media else self._bodies).receive(message)

    def _on_proof(self, message: Proof) -> None:
        if self.peer is not None:
            raise Refused("refused.not-a-message")
        try:
            self.peer = self._greeting.check(self._shelf.id, message.sealed)
        except Refused:
            self.refuse(Code.BAD_PROOF)
            return
        mine = (self._link.key.public, self._link.author)
        self.is_twin = self.peer.link == mine[0] or self.peer.author == mine[1]
        self._judge()

    def _judge(self) -> None:
        assert self.peer is not None
        standing = self._shelf.standing(self.peer.author)
        if standing is Standing.CLOSED:
            self.refuse(Code.KEY_CLOSED)
        elif standing is Standing.ADMITTED:
            self._accept(self.peer)
        elif self._has_asked_acts:
            self.refuse(Code.NOT_ADMITTED)
        else:
            self._has_asked_acts = True
            self._out.say(Introduce(self._number))

    def _accept(self, peer: Vouched) -> None:
        # By author: whoever makes link keys without end fills no store with baselines.
        wants = bool(self._shelf.absent(1)) or self._media.wants
        self.exchange = Exchange(
            self._number, self._shelf, peer.author, self._binding, wants_more=wants
        )
        self._bodies.exchange = self.exchange
        if self._owes_acts:
            self._out.stream(self._acts())
        stash, self._stash = self._stash, []
        for message in stash:
            self.exchange.receive(message)

    def _look_again(self) -> None:
        """Whether what has come in closes the key that it came from."""
        assert self.peer is not None
        if self._shelf.standing(self.peer.author) is Standing.CLOSED:
            self.refuse(Code.KEY_CLOSED)

    def _on_introduce(self) -> None:
        if self._has_shown_acts or self.peer is None:
            raise Refused("refused.not-a-message")
        self._has_shown_acts = True
        # Where neither knows the other, who calls begins: who calls around is shown nothing
        # before its own acts have admitted it.
        if self.exchange is not None or self._greeting.is_caller:
            self._out.stream(self._acts())
        else:
            self._owes_acts = True

    def _acts(self) -> Iterator[bytes]:
        """The trust lane from its beginning, until the other side has accepted who shows it."""
        book = self._shelf.book
        branches = [b for b in branches_of(book, self._shelf.id) if b.name.lane is Lane.TRUST]
        ranges = [Range(branch, branch.first_seq, branch.tip.seq) for branch in branches]
        part: list[bytes] = []
        size_bytes = total_bytes = 0
        for segment in whole_segments(book, ranges):
            total_bytes += len(segment)
            if total_bytes > ACTS_MAX_BYTES or self._has_heard_frontier:
                break
            if size_bytes + len(segment) > _ACTS_FRAME_BYTES and part:
                yield write_frame(Acts(self._number, part))
                part, size_bytes = [], 0
            part.append(segment)
            size_bytes += len(segment)
        if part:
            yield write_frame(Acts(self._number, part))
        yield write_frame(Acts(self._number))

    def _on_acts(self, segments: list[bytes]) -> None:
        if not self._has_asked_acts or self._has_heard_acts:
            raise Refused("refused.not-a-message")
        self._has_heard_acts = not segments
        if self.exchange is not None:
            # Sent before it could know that those that came sufficed: the exchange brings them.
            return
        if not segments:
            self._judge()
        elif self._shelf.take_acts(segments):
            self._judge_early()
        else:
            self._acts_bytes += sum(map(len, segments))
            if self._acts_bytes > ACTS_WASTE_MAX_BYTES:
                self.refuse(Code.TOO_MUCH)

    def _judge_early(self) -> None:
        """Whether the acts that came so far are enough."""
        assert self.peer is not None
        if self._shelf.standing(self.peer.author) is not Standing.UNKNOWN:
            self._judge()

    def _on_tags(self, tags: bytes) -> None:
        if self.exchange is None or not self.exchange.is_over or self._heard_tags is not None:
            raise Refused("refused.not-a-message")
        at = range(0, len(tags), TAG_BYTES)
        self._heard_tags = frozenset(tags[i : i + TAG_BYTES] for i in at)

    def _on_census(self, record: bytes) -> None:
        self._census_bytes += len(record)
        if self.exchange is None or self._census_bytes > CENSUS_MAX_BYTES:
            raise Refused("refused.not-a-message")
        self._shelf.take_census(record)

    def lost(self) -> None:
        """The line broke: what arrived is kept."""
        if self.exchange is not None and self.code is None:
            self.exchange.take()
