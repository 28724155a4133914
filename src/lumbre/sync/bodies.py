"""Bodies that are absent: asked for once frontiers are settled, answered in runs.

Bodies over 1 KiB in lane 3 came as length and hash alone; others were pruned, or their giver
did not hold them. A side asks for one list of ranges at a time; the answer is runs, in which only
the bodies that were asked for travel, closed by `Sent`.

Rules: nothing is read that was not asked for; an entry is answered once an ask, however often
it is named. A meeting asks for `BODIES_MAX` at most; the next one goes on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from lumbre.errors import Refused
from lumbre.record import Entry
from lumbre.record.branch import Branch
from lumbre.record.entry import body_bytes_of, cost_bytes
from lumbre.sync.exchange import Exchange
from lumbre.sync.frames import (
    PREFIX_BYTES,
    RANGES_MAX,
    Message,
    Runs,
    Sent,
    Want,
    Wanted,
    write_frame,
)
from lumbre.sync.frontier import branches_of
from lumbre.sync.missing import Range
from lumbre.sync.outbox import Outbox
from lumbre.sync.runs import RunWriter, mark_at
from lumbre.sync.shelf import Shelf

BODIES_MAX: Final = 64 * 1024
ASKS_MAX: Final = BODIES_MAX // RANGES_MAX

Span = tuple[int, int]
"""Seqs of consecutive entries, both ends included."""


class Bodies:
    """Both sides' asks for bodies of one space. `exchange` reads what comes, once there is one."""

    def __init__(self, number: int, shelf: Shelf) -> None:
        self._number = number
        self._shelf = shelf
        self._out = Outbox()
        self._answered = 0
        self._asks: list[list[Range]] = []
        self.exchange: Exchange | None = None
        self.has_begun = self.is_asking = False

    def begin(self) -> None:
        """Ask for what is absent now."""
        self.has_begun = True
        absent = self._shelf.absent(BODIES_MAX)
        self._asks = [absent[at : at + RANGES_MAX] for at in range(0, len(absent), RANGES_MAX)]
        self._ask()

    def send(self) -> bytes:
        """The next frame; none while there is nothing to say."""
        return self._out.next()

    def receive(self, message: Message) -> None:
        """Raises `Refused` on what nobody asked for."""
        match message:
            case Want() if self._answered < ASKS_MAX:
                self._answered += 1
                self._out.stream(self._answer(message.ranges))
            case Runs() if self.is_asking and self.exchange is not None:
                self.exchange.read(message.data)
            case Sent() if self.is_asking and self.exchange is not None:
                self.exchange.end_of_runs()
                self._ask()
            case _:
                raise Refused("refused.not-a-message")

    def _ask(self) -> None:
        self.is_asking = bool(self._asks) and self.exchange is not None
        if self.is_asking and self.exchange is not None:
            ranges = self._asks.pop(0)
            self.exchange.expect(sum(self._size_bytes(one) for one in ranges))
            wanted = [Wanted(r.branch.log[:PREFIX_BYTES], r.first_seq, r.last_seq) for r in ranges]
            self._out.say(Want(self._number, wanted))

    def _size_bytes(self, one: Range) -> int:
        entries = self._shelf.book.entries(one.branch.number, one.first_seq, one.last_seq)
        return sum(cost_bytes(body_bytes_of(entry)) for entry in entries)

    def _answer(self, wanted: Sequence[Wanted]) -> Iterator[bytes]:
        book = self._shelf.book
        ranges: list[Range] = []
        asked: dict[int, list[Span]] = {}
        by_log: dict[bytes, list[Wanted]] = {}
        for one in wanted:
            by_log.setdefault(one.log, []).append(one)
        for branch in branches_of(book, self._shelf.id):
            named = by_log.get(branch.log[:PREFIX_BYTES], ())
            held = [span for span in _spans(branch, named) if self._has_any(branch, *span)]
            asked[branch.number] = held
            marked = ((first, mark_at(book, branch, last)) for first, last in held)
            ranges += [Range(branch, first, last) for first, last in _merged(marked)]

        def is_asked(number: int, entry: Entry) -> bool:
            spans = asked[number]
            at = bisect_right(spans, entry.seq, key=lambda span: span[0]) - 1
            return at >= 0 and entry.seq <= spans[at][1]

        if ranges:
            writer = RunWriter(book, (), is_whole=True, has_body=is_asked)
            for data in writer.chunks(ranges):
                yield write_frame(Runs(self._number, data))
        yield write_frame(Sent(self._number))

    def _has_any(self, branch: Branch, first_seq: int, last_seq: int) -> bool:
        entries = self._shelf.book.entries(branch.number, first_seq, last_seq)
        return any(entry.body is not None for entry in entries)


def _spans(branch: Branch, wanted: Iterable[Wanted]) -> list[Span]:
    """What of a branch is asked for, by what is wanted of its log."""
    clipped = (
        (max(one.first_seq, branch.first_seq), min(one.last_seq, branch.tip.seq)) for one in wanted
    )
    return _merged(span for span in clipped if span[0] <= span[1])


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The same entries, each in one span, in order."""
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return merged
