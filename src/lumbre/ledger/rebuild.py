"""Admitting everything that a book holds, from scratch: when views are made anew.

Rules: the state is that of any other order; memory is bounded, however long the logs are. What
this does not do: empty the tables before, or put them on a disk.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from typing import Final

from lumbre.ledger.ledger import Ledger
from lumbre.ledger.link import Run
from lumbre.ledger.ports import Book
from lumbre.record.branch import Branch
from lumbre.record.entry import Entry
from lumbre.record.limits import DEPTH_MAX
from lumbre.record.log import Lane

# Read ahead of all branches together, about 60 MB; of each at least so that reading by seq pays,
# and no more than is quickly cut where branches take turns.
REPLAY_READ_ENTRIES: Final = 65_536
REPLAY_RUN_MIN_ENTRIES: Final = 16
REPLAY_RUN_MAX_ENTRIES: Final = 512
# What a replay holds in memory at once: about 20 MB of facts.
REPLAY_FLUSH_ENTRIES: Final = 20_000


_Next = tuple[int, int, Branch, Sequence[Entry]]
"""The depth at which a branch goes on, its number, the branch, and what was read of it."""


def replay(
    ledger: Ledger,
    book: Book,
    branches: Sequence[Branch],
    pause: Callable[[], object] = lambda: None,
) -> int:
    """Admit everything that `branches` hold, from scratch; returns how many entries there were.

    Acts of trust come first, so that no right moves under entries that were judged. Then the
    branch whose next entry is the shallowest goes on until it names what is not judged yet:
    references lead to smaller depths, so nothing waits but what waits for good. After each
    flush `pause` may put the tables on a disk, so that memory stays bounded.
    """
    count = 0
    for is_act in (True, False):
        chosen = [branch for branch in branches if (branch.name.lane is Lane.TRUST) is is_act]
        heap: list[_Next] = []
        most = max(REPLAY_RUN_MIN_ENTRIES, REPLAY_READ_ENTRIES // max(1, len(chosen)))
        most = min(REPLAY_RUN_MAX_ENTRIES, most)
        for branch in chosen:
            _push(heap, book, branch, branch.first_seq, most)
        while heap:
            _, number, branch, entries = heapq.heappop(heap)
            until_depth = heap[0][0] if heap else DEPTH_MAX
            done = len(ledger.admit(Run(branch, entries), until_depth))
            if count // REPLAY_FLUSH_ENTRIES != (count + done) // REPLAY_FLUSH_ENTRIES:
                ledger.flush()
                pause()
            count += done
            if done < len(entries):
                heapq.heappush(heap, (entries[done].depth, number, branch, entries[done:]))
            else:
                _push(heap, book, branch, entries[-1].seq + 1, most)
    return count


def _push(heap: list[_Next], book: Book, branch: Branch, seq: int, most: int) -> None:
    """Read on in a branch from `seq`."""
    entries = list(book.entries(branch.number, seq, min(seq + most - 1, branch.tip.seq)))
    if entries:
        heapq.heappush(heap, (entries[0].depth, branch.number, branch, entries))
