"""The census' part of a log in memory: it answers as the store's does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from lumbre.record.branch import Arrival
from lumbre.record.entry import Entry

_Row = tuple[bytes, int, bytes, int, int]


class MemoryCensus:
    """Records and frontiers in dicts, beside a book's entries and arrivals."""

    def __init__(self, entries: Mapping[int, list[Entry]], arrivals: Sequence[Arrival]) -> None:
        self._entries = entries
        self._arrivals = arrivals
        self._records: dict[bytes, dict[bytes, _Row]] = defaultdict(dict)
        self._frontiers: dict[bytes, dict[bytes, int]] = defaultdict(dict)

    def records(self, space: bytes) -> list[_Row]:
        """Every record of a space, by author."""
        return sorted(self._records[space].values())

    def record(self, space: bytes, author: bytes) -> _Row | None:
        """The record of an author."""
        return self._records[space].get(author)

    def put(self, space: bytes, row: _Row) -> None:
        """Keep a record in the place of the author's last."""
        self._records[space][row[0]] = row

    def note_sent(self, space: bytes, authors: list[bytes]) -> None:
        """Note that these records were just sent to somebody: they go to the end of the row."""
        records = self._records[space]
        top = max((row[4] for row in records.values()), default=0)
        for author in authors:
            records[author] = (*records[author][:4], top + 1)

    def frontiers(self, space: bytes) -> dict[bytes, int]:
        """Digests of frontiers that were had here: up to which arrival each was all there was."""
        return dict(self._frontiers[space])

    def note_frontier(self, space: bytes, digest: bytes, arrival: int) -> None:
        """Remember a frontier."""
        self._frontiers[space][digest] = arrival

    def last_lacking(self, number: int, first_seq: int, last_seq: int) -> int | None:
        """The last seq of a part of a branch whose body is not here; None where all are."""
        lacking = [
            entry.seq
            for entry in self._entries.get(number, ())
            if entry.body is None and first_seq <= entry.seq <= last_seq
        ]
        return max(lacking, default=None)

    def lacking_branches(self) -> list[int]:
        """Numbers of the branches in which a body is not here."""
        return sorted(n for n, kept in self._entries.items() if any(e.body is None for e in kept))

    def moved_lately(self) -> list[int]:
        """Numbers of the branches that moved; the newest first."""
        return list(dict.fromkeys(arrival.branch for arrival in reversed(self._arrivals)))

    def arrived(self, number: int, seq: int, after: int) -> int:
        """The last arrival past `after` that brought a place of a branch; `after` if none did."""
        found = [
            arrival.n
            for arrival in self._arrivals[after:]
            if arrival.branch == number and arrival.first_seq <= seq <= arrival.last_seq
        ]
        return max(found, default=after)
