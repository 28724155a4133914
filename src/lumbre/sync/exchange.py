"""One space between two devices: frontiers first, then what is missing, until both are equal.

Both sides do the same and neither waits for the other to begin. A round is: frontiers, runs,
closing digests. Where the digests are unequal (a fork, an entry
written meanwhile, a digest's prefix that was alike by chance) another round says every head
whole. docs/SYNC.md has the messages.

Rules: bytes in, frames out; what is kept in memory is one batch of entries and one frame. What
arrived is handed on in batches, and the rest of it when the line breaks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from lumbre.errors import Refused
from lumbre.record import LogName
from lumbre.record.canonical import encode
from lumbre.sync.frames import (
    FRAME_MAX_BYTES,
    PREFIX_BYTES,
    SHORT_BYTES,
    Closing,
    Cold,
    Heads,
    HeadSaid,
    Message,
    Runs,
    Same,
    Sent,
    Warm,
    write_frame,
)
from lumbre.sync.frontier import (
    Baseline,
    Head,
    branches_of,
    digest_of,
    heads_of,
    read_baseline,
    round_key,
    seqs_after,
    short,
    steps_since,
)
from lumbre.sync.missing import Known, Range
from lumbre.sync.outbox import Outbox
from lumbre.sync.runs import Budget, Read, RunReader, RunWriter
from lumbre.sync.shelf import Shelf

ROUNDS_MAX: Final = 4
# One commit's worth.
BATCH_ENTRIES: Final = 10_000
BATCH_BYTES: Final = 8 * 1024 * 1024
# Heads in a frame of at most FRAME_MAX_BYTES, at about 30 bytes each, or with a ladder.
_HEADS_MAX: Final = 30_000
_LADDERS_MAX: Final = 1_500
_SHORTS_MAX: Final = (FRAME_MAX_BYTES - 64) // SHORT_BYTES


class Exchange:
    """One space with one peer, by the author of its proof.

    `wants_more`: bodies or media are wanted here, so it goes on though nothing is new.
    """

    def __init__(
        self, number: int, shelf: Shelf, peer: bytes, binding: bytes, *, wants_more: bool = False
    ) -> None:
        self._number = number
        self._shelf = shelf
        self._peer = peer
        self._binding = binding
        self._wants_more = wants_more
        self._out = Outbox()
        self._batch: list[Read] = []
        self._batch_entries = self._batch_bytes = 0
        self._budget = Budget()
        self.rounds = 0
        self.new = 0
        self.is_over = False
        self.is_equal = False
        # Whether nothing at all is new on either side, records of the census included.
        self.is_all_same = False
        self._summary: bytes | None = None
        self.refused: dict[str, int] = {}
        self._begin()

    # Out

    def send(self) -> bytes:
        """The next frame; none while there is nothing to say."""
        return self._out.next()

    # A round

    def _begin(self) -> None:
        self.rounds += 1
        self._key = round_key(self._binding, self.rounds)
        self._look()
        self._heard: set[type[Message]] = set()
        self._round_new = 0
        self._matched: list[Head] = []
        self._has_said_cold = False
        self._closing: tuple[bytes, int] | None = None
        self._other_closing: tuple[bytes, int] | None = None
        self._reader: RunReader | None = None
        self._names: list[LogName] = []
        stored = self._shelf.baseline(self._peer) if self.rounds == 1 else None
        self._baseline = read_baseline(stored)
        steps = steps_since(self._baseline, self._heads) if self._baseline else None
        if self._baseline is None or steps is None or len(steps.new) > _HEADS_MAX:
            self._baseline = None
            self._say_cold()
            return
        is_same = self._digest == self._baseline.digest
        if is_same and not self._wants_more:
            self._summary = self._shelf.census_summary()
            self._out.say(Same(self._number, self._digest, self._summary))
            return
        name = b"" if is_same else self._baseline.digest[:PREFIX_BYTES]
        new = [head.said(self._key) for head in steps.new]
        self._out.say(Warm(self._number, self._digest, name, steps.moved, new))

    def _look(self) -> None:
        """One's own frontier, as it is now."""
        self._branches = branches_of(self._shelf.book, self._shelf.id)
        self._heads = heads_of(self._branches)
        self._digest = digest_of(self._heads)

    def _say_cold(self) -> None:
        if not self._has_said_cold:
            self._has_said_cold = True
            shorts = sorted(short(head, self._key) for head in self._heads[:_SHORTS_MAX])
            self._out.say(Cold(self._number, self._digest, b"".join(shorts)))

    # In

    def receive(self, message: Message) -> None:
        """A message about this space. Raises `Refused` on one that has no sense here."""
        if self.is_over or type(message) in self._heard:
            raise Refused("refused.not-a-message")
        if not isinstance(message, Runs):
            self._heard.add(type(message))
        match message:
            case Warm():
                self._on_warm(message)
            case Same():
                self.is_all_same = (
                    message.digest == self._digest and message.census == self._summary
                )
                self._on_warm(Warm(self._number, message.digest))
            case Cold():
                self._on_cold(message)
            case Heads():
                self._on_heads(message.heads)
            case Runs():
                self.read(message.data)
            case Sent():
                self._on_sent()
            case Closing():
                self._other_closing = (message.digest, message.new)
                self._close()
            case _:
                raise Refused("refused.not-a-message")

    def _on_warm(self, message: Warm) -> None:
        if message.digest == self._digest:
            self._end(is_equal=True)
            return
        baseline = self._baseline
        name = message.baseline or message.digest[:PREFIX_BYTES]
        if baseline is None or self._has_said_cold or name != baseline.digest[:PREFIX_BYTES]:
            self._say_cold()
            return
        branches = {branch.number: branch for branch in self._branches}
        known = Known(self._shelf.book, self._branches)
        for number, seq in seqs_after(baseline, message.moved).items():
            branch = branches[number]
            known.add(number, seq, branch.first_seq if branch.is_above_gap else 0)
        known.add_said(message.heads, self._key)
        self._names = [branches[number].name for number, _ in baseline.heads]
        self._send_missing(known)

    def _on_cold(self, message: Cold) -> None:
        if message.digest == self._digest:
            self._end(is_equal=True)
            return
        self._say_cold()
        shorts = message.shorts
        theirs = {shorts[i : i + SHORT_BYTES] for i in range(0, len(shorts), SHORT_BYTES)}
        found = [(short(head, self._key) in theirs, head) for head in self._heads]
        self._matched = [head for is_there, head in found if is_there]
        left = [head for is_there, head in found if not is_there]
        self._out.say(Heads(self._number, self._said(left)))

    def _said(self, heads: Sequence[Head]) -> list[HeadSaid]:
        if self.rounds == 1:
            return [head.said(self._key) for head in heads[:_HEADS_MAX]]
        return [head.said(self._key, self._shelf.book) for head in heads[:_LADDERS_MAX]]

    def _on_heads(self, heads: list[HeadSaid]) -> None:
        known = Known(self._shelf.book, self._branches)
        for head in self._matched:
            known.add(head.number, head.seq, head.first_seq)
        known.add_said(heads, self._key)
        self._send_missing(known)

    def _send_missing(self, known: Known) -> None:
        writer = RunWriter(self._shelf.book, self._names, is_whole=self.rounds > 1)
        self._stream(writer, known.missing())

    def _stream(self, writer: RunWriter, ranges: Sequence[Range]) -> None:
        def parts() -> Iterator[bytes]:
            if ranges:
                for data in writer.chunks(ranges):
                    yield write_frame(Runs(self._number, data))
            yield write_frame(Sent(self._number))

        self._out.stream(parts())

    def read(self, data: bytes) -> None:
        """A part of a stream of runs: what is complete of it is handed on in batches."""
        if self._reader is None:
            self._reader = RunReader(self._shelf.book, self._shelf.id, self._names, self._budget)
        try:
            for read in self._reader.feed(data):
                self._add(read)
        except Refused:
            # Where a fork is long, steps lead to nothing that fits: next time it is said whole.
            self._shelf.keep_baseline(self._peer, b"")
            raise

    def _add(self, read: Read) -> None:
        size_bytes = read[1][-1].total_bytes - read[0].total_bytes
        self._budget.bring(size_bytes)
        self._batch.append(read)
        self._batch_entries += len(read[1])
        self._batch_bytes += size_bytes
        if self._batch_entries >= BATCH_ENTRIES or self._batch_bytes >= BATCH_BYTES:
            self.take()

    def take(self) -> None:
        """Hand on what has arrived: at the end of a batch, and when the line breaks."""
        if self._batch:
            batch, self._batch = self._batch, []
            new = self._shelf.take(batch)
            known = max(0, self._batch_entries - new)
            self._budget.bring(-self._batch_bytes * known // self._batch_entries)
            self._batch_entries = self._batch_bytes = 0
            self._round_new += new
            self.new += new

    def end_of_runs(self) -> None:
        """A stream of runs has ended."""
        self.take()
        if self._reader is not None:
            for message_id, count in self._reader.refused.items():
                self.refused[message_id] = self.refused.get(message_id, 0) + count
            self._reader = None

    def expect(self, size_bytes: int) -> None:
        """Entries of so many bytes are known here, and asked for again with their bodies."""
        self._budget.bring(size_bytes)

    def _on_sent(self) -> None:
        self.end_of_runs()
        self._look()
        self._closing = (self._digest, self._round_new)
        self._out.say(Closing(self._number, *self._closing))
        self._close()

    def _close(self) -> None:
        if self._closing is None or self._other_closing is None:
            return
        if self._closing[0] == self._other_closing[0]:
            self._end(is_equal=True)
            return
        has_moved = self._closing[1] or self._other_closing[1]
        if self.rounds >= ROUNDS_MAX or (self.rounds > 1 and not has_moved):
            self._end(is_equal=False)
        else:
            self._begin()

    def _end(self, *, is_equal: bool) -> None:
        self.is_over = True
        self.is_equal = is_equal
        if is_equal and self._baseline_digest() != self._digest:
            self._shelf.keep_baseline(self._peer, encode(Baseline.of(self._heads)))

    def _baseline_digest(self) -> bytes | None:
        stored = read_baseline(self._shelf.baseline(self._peer))
        return None if stored is None else stored.digest
