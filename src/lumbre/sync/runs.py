"""Runs: entries as they travel between devices that hold part of the same logs.

A run is the items of a segment; its log goes by a number and the entry before it by its seq,
because both sides hold them. Runs are cut at signed marks and follow one another lane by lane,
and within a lane by depth, so that what arrives can be judged as it comes. They form one zlib
stream a round.

    stream = zlib(length (3, big endian) | [log, seq before + 1, items] | ...)

`log` is a number, or [author, lane] where it is new to the stream and takes the next number,
or nil before a whole segment: where a log has branches or gaps, nothing is left out.

Rules: a reader holds one record at a time, whatever the stream unpacks to. A run that does not
fit what is held here is left out and counted: the next round sends whole segments.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Final

import msgspec

from lumbre.errors import Refused
from lumbre.ledger import Book
from lumbre.record import NO_SPACE, START, Entry, Lane, LogName, Tip
from lumbre.record.branch import Branch
from lumbre.record.entry import body_bytes_of, cost_bytes
from lumbre.record.limits import MARK_MAX_ENTRIES, SEGMENT_MAX_BYTES
from lumbre.record.log import Key32
from lumbre.record.segment import (
    read_items,
    read_segment_with_base,
    write_items,
    write_segment,
)
from lumbre.sync.frames import Count
from lumbre.sync.missing import Range

Read = tuple[Tip, list[Entry]]
"""Checked entries of one log, and the entry that they follow."""

# A mark lies in any window of this many entries, so each cut can fall on one.
CUT_ENTRIES: Final = MARK_MAX_ENTRIES
# What a cut line loses at most: half a minute of a slow one.
CUT_BYTES: Final = 64 * 1024
# What is longer travels after all headers, and where it is asked for.
INLINE_MAX_BYTES: Final = 1024
# A part is lost whole where the line breaks in it.
CHUNK_BYTES: Final = 32 * 1024
RECORD_MAX_BYTES: Final = SEGMENT_MAX_BYTES + 64

# 10,000 authors in all lanes, more than thrice.
NAMES_MAX: Final = 128 * 1024
# What may bring nothing: an honest peer sends little of it, of logs that are forked.
WASTE_MAX_BYTES: Final = 16 * 1024 * 1024

_LENGTH_BYTES: Final = 3
# A record of few bytes is work as well.
_RECORD_COST_BYTES: Final = 128
_UNPACK_BYTES: Final = 1024 * 1024
_LEVEL: Final = 6


class _Name(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    author: Key32
    lane: Lane
    is_founding: bool = False


class _Record(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    log: Annotated[int, msgspec.Meta(ge=0)] | _Name | None
    next_seq: Count
    data: bytes


_DECODER: Final = msgspec.msgpack.Decoder(_Record)
_ENCODER: Final = msgspec.msgpack.Encoder()


def base_of(book: Book, branch: Branch, first_seq: int) -> Tip | None:
    """The tip before an entry: in this branch, in its parent, or as its header says.

    None where the branch has been let go of.
    """
    if first_seq == 0:
        return START
    if first_seq == branch.first_seq and branch.parent is None:
        # Above a gap: its id and total are known, and a depth that it may have.
        first = book.entry(branch.number, first_seq)
        if first is None:
            return None
        total = first.total_bytes - cost_bytes(body_bytes_of(first))
        return Tip(first_seq - 1, first.prev, first.depth - 1, first.wall_s, total)
    parents = {other.number: other for other in book.branches(branch.log)}
    at = branch
    while first_seq - 1 < at.first_seq and at.parent in parents:
        at = parents[at.parent]
    before = book.entry(at.number, first_seq - 1)
    return None if before is None else Tip.of(before)


def mark_at(book: Book, branch: Branch, seq: int) -> int:
    """The seq of the first signed entry at or after `seq`."""
    for entry in book.entries(branch.number, seq, branch.tip.seq):
        if entry.signature is not None:
            return entry.seq
    return seq


class _Cursor:
    """Where a range has been read up to."""

    def __init__(self, book: Book, wanted: Range, base: Tip) -> None:
        self._book = book
        self.branch = wanted.branch
        self._last_seq = wanted.last_seq
        self.base = base

    def order(self) -> tuple[bool, int, int, bytes]:
        """Founding first, then lane by lane, then by depth."""
        name = self.branch.name
        return name.space != NO_SPACE, name.lane, self.base.depth, self.branch.log

    def cut(self) -> list[Entry]:
        """The next entries, up to a mark; none at the end."""
        run: list[Entry] = []
        last_mark = size_bytes = 0
        seq = self.base.seq + 1
        if seq > self._last_seq:
            return run
        last_seq = min(self._last_seq, seq + CUT_ENTRIES - 1)
        for entry in self._book.entries(self.branch.number, seq, last_seq):
            run.append(entry)
            size_bytes += len(entry.body or b"")
            if entry.signature is not None:
                last_mark = len(run)
            if last_mark and size_bytes >= CUT_BYTES:
                break
        return run[:last_mark]


def _cuts(book: Book, ranges: Iterable[Range]) -> Iterator[tuple[_Cursor, list[Entry]]]:
    """Runs of all ranges, in the order in which they travel."""
    heap: list[tuple[tuple[bool, int, int, bytes], int, _Cursor]] = []
    for number, wanted in enumerate(ranges):
        base = base_of(book, wanted.branch, wanted.first_seq)
        if base is not None:
            cursor = _Cursor(book, wanted, base)
            heap.append((cursor.order(), number, cursor))
    heapq.heapify(heap)
    while heap:
        _, number, cursor = heap[0]
        run = cursor.cut()
        if not run:
            heapq.heappop(heap)
            continue
        yield cursor, run
        cursor.base = Tip.of(run[-1])
        heapq.heapreplace(heap, (cursor.order(), number, cursor))


def whole_segments(book: Book, ranges: Iterable[Range]) -> Iterator[bytes]:
    """The same as segments that say everything: for who holds nothing of a log."""
    for cursor, run in _cuts(book, ranges):
        yield write_segment(run, cursor.base)


class RunWriter:
    """What the other side lacks, as a stream. `names`: the logs that both know by number."""

    def __init__(
        self,
        book: Book,
        names: Sequence[LogName],
        *,
        is_whole: bool,
        has_body: Callable[[int, Entry], bool] | None = None,
    ) -> None:
        """`has_body`: of which entries of a branch the body travels; else of all but bulk."""
        self._book = book
        self._numbers = {name.id: number for number, name in enumerate(names)}
        self._next = len(names)
        self._is_whole = is_whole
        self._has_body = has_body

    def chunks(self, ranges: Iterable[Range]) -> Iterator[bytes]:
        """The compressed stream, in parts of about CHUNK_BYTES; urgent entries wait for no more."""
        packer = zlib.compressobj(_LEVEL)
        packed = bytearray()
        has_urgent = False
        for cursor, run in _cuts(self._book, ranges):
            is_urgent = cursor.branch.name.lane < Lane.ORDINARY
            if has_urgent and not is_urgent:
                yield bytes(packed + packer.flush(zlib.Z_SYNC_FLUSH))
                packed.clear()
            has_urgent = is_urgent
            record = self._record(cursor, run)
            packed += packer.compress(len(record).to_bytes(_LENGTH_BYTES, "big") + record)
            if len(packed) >= CHUNK_BYTES:
                yield bytes(packed)
                packed.clear()
        yield bytes(packed + packer.flush())

    def _record(self, cursor: _Cursor, run: list[Entry]) -> bytes:
        branch, base = cursor.branch, cursor.base
        if self._has_body is not None:
            has = self._has_body
            run = [entry if has(branch.number, entry) else _bare(entry) for entry in run]
        elif branch.name.lane is Lane.BULK:
            run = [_without_bulk(entry) for entry in run]
        if self._is_whole or branch.first_seq or len(self._book.branches(branch.log)) > 1:
            return _ENCODER.encode(_Record(None, 0, write_segment(run, base)))
        return _ENCODER.encode(_Record(self._log(branch), base.seq + 1, write_items(run, base)))

    def _log(self, branch: Branch) -> int | _Name:
        number = self._numbers.get(branch.log)
        if number is not None:
            return number
        self._numbers[branch.log] = self._next
        self._next += 1
        name = branch.name
        return _Name(name.author, name.lane, name.space == NO_SPACE)


def _without_bulk(entry: Entry) -> Entry:
    if entry.body is None or len(entry.body) <= INLINE_MAX_BYTES:
        return entry
    return _bare(entry)


def _bare(entry: Entry) -> Entry:
    return msgspec.structs.replace(entry, body=None)


class Budget:
    """What a peer may have read: thrice what it brings, and some that brings nothing.

    New entries cost more, by their headers and bodies, than they take on the line and unpacked.
    So what repeats, is refused, is nothing, or unpacks to much of it ends soon.
    """

    def __init__(self) -> None:
        self.spent_bytes = 0
        self.brought_bytes = 0

    def spend(self, size_bytes: int) -> None:
        """Count bytes before they are worked on."""
        self.spent_bytes += size_bytes
        if self.spent_bytes > 3 * self.brought_bytes + WASTE_MAX_BYTES:
            raise Refused("refused.too-large", max_bytes=WASTE_MAX_BYTES)

    def bring(self, size_bytes: int) -> None:
        """Count what entries hold; less than nothing where they turned out to be known."""
        self.brought_bytes += size_bytes


class RunReader:
    """The stream's other end: bytes in, checked entries out."""

    def __init__(
        self, book: Book, space: bytes, names: Sequence[LogName], budget: Budget | None = None
    ) -> None:
        self._book = book
        self._space = space
        self._names = list(names)
        self._tips: dict[bytes, Tip] = {}
        self._unpacker = zlib.decompressobj()
        self._buffer = bytearray()
        self._budget = budget or Budget()
        self.refused: dict[str, int] = {}

    def feed(self, data: bytes) -> Iterator[Read]:
        """The runs that are complete with these bytes. Raises `Refused` on a broken stream."""
        self._budget.spend(len(data))
        while data:
            if self._unpacker.eof:
                raise Refused("refused.not-a-message")
            try:
                self._buffer += self._unpacker.decompress(data, _UNPACK_BYTES)
            except zlib.error as error:
                raise Refused("refused.not-a-message") from error
            data = self._unpacker.unconsumed_tail
            yield from self._complete()

    def _complete(self) -> Iterator[Read]:
        at = 0
        while len(self._buffer) - at >= _LENGTH_BYTES:
            start = at + _LENGTH_BYTES
            length = int.from_bytes(self._buffer[at:start], "big")
            if length > RECORD_MAX_BYTES:
                raise Refused("refused.too-large", max_bytes=RECORD_MAX_BYTES)
            if len(self._buffer) - start < length:
                break
            record = bytes(self._buffer[start : start + length])
            at = start + length
            self._budget.spend(length + _RECORD_COST_BYTES)
            read = self._read(record)
            if read is not None:
                yield read
        del self._buffer[:at]

    def _read(self, data: bytes) -> Read | None:
        try:
            record = _DECODER.decode(data)
        except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
            raise Refused("refused.not-a-message") from error
        try:
            if record.log is None:
                return read_segment_with_base(record.data)
            name = self._name(record.log)
            log = name.id
            base = self._base(log, record.next_seq - 1)
            entries = read_items(name, base, record.data)
        except Refused as error:
            self.refused[error.message_id] = self.refused.get(error.message_id, 0) + 1
            return None
        self._tips[log] = Tip.of(entries[-1])
        return base, entries

    def _name(self, log: int | _Name) -> LogName:
        if isinstance(log, int):
            if log >= len(self._names):
                raise Refused("refused.not-a-message")
            return self._names[log]
        if len(self._names) >= NAMES_MAX:
            raise Refused("refused.too-large", max_bytes=NAMES_MAX)
        name = LogName(NO_SPACE if log.is_founding else self._space, log.author, log.lane)
        self._names.append(name)
        return name

    def _base(self, log: bytes, seq: int) -> Tip:
        if seq < 0:
            return START
        tip = self._tips.get(log)
        if tip is not None and tip.seq == seq:
            return tip
        branches = self._book.branches(log)
        if len(branches) == 1:
            if branches[0].tip.seq == seq:
                return branches[0].tip
            entry = self._book.entry(branches[0].number, seq)
            if entry is not None:
                return Tip.of(entry)
        raise Refused("refused.gap", seq=seq)
