"""What pages and lists read: rows of views, kept until something changes.

A list is scanned once after a change and then served from memory, so that a board that many
phones ask again and again does not decode the same rows each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from lumbre.errors import Invalid, NotFound
from lumbre.kinds.situation.places import PlaceRow
from lumbre.kinds.supply.keys import STOCK, StockLine, stock_line
from lumbre.kinds.supply.needs import NeedRow, NeedState
from lumbre.kinds.supply.offers import CommitmentRow, GoodRow, OfferRow
from lumbre.ledger import Outcome, Verdict
from lumbre.ledger.verdict import WAITS_FOR_KEY, WAITS_FOR_PREVIOUS
from lumbre.node.forks import forked
from lumbre.node.names import acts
from lumbre.node.node import Node
from lumbre.node.segments import branches_of
from lumbre.record import Entry, Ref
from lumbre.schema import ref_key
from lumbre.schema.kind import ref_of

ID_MIN_CHARS = 4
"""As short as an id may be typed: among ten thousand entries few collide."""


def _urgency(row: NeedRow) -> tuple[bool, bool, int, int, bytes]:
    covered = max(row.claimed, row.on_the_way + row.arrived, row.handed_out)
    is_over = row.state >= NeedState.ARRIVED
    return is_over, covered >= row.quantity, row.tier, row.asked_s, row.need.hash


class Reading:
    """Rows of one node's views."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._kept: dict[tuple[bytes, str], tuple[int, list[Any]]] = {}

    def rows(self, space: bytes, view: str) -> list[Any]:
        """Every row of a view."""
        kept = self._kept.get((space, view))
        if kept is None or kept[0] != self._node.changes:
            found = [row for _, row in self._node.space(space).ledger.folds.rows(view)]
            kept = self._kept[space, view] = (self._node.changes, found)
        return kept[1]

    def needs(self, space: bytes, *, with_closed: bool = False) -> list[NeedRow]:
        """Needs: what nobody has promised in full first, the most vital, the oldest."""
        rows: list[NeedRow] = self.rows(space, "need")
        found = [r for r in rows if with_closed or r.state is not NeedState.CLOSED]
        return sorted(found, key=_urgency)

    def need(self, space: bytes, ref: Ref) -> NeedRow:
        """One need."""
        row: NeedRow | None = self._node.space(space).ledger.folds.row("need", ref_key(ref))
        if row is None:
            raise NotFound("not-found.need", entry=ref.hash.hex()[:8])
        return row

    def offers(self, space: bytes) -> list[OfferRow]:
        """Offers that stand and of which something is left."""
        rows: list[OfferRow] = self.rows(space, "offer")
        found = [row for row in rows if not row.is_withdrawn and row.left > 0]
        return sorted(found, key=lambda row: (row.good, row.said_s, row.offer.hash))

    def commitments(self, space: bytes, need: Ref) -> list[CommitmentRow]:
        """What was promised for a need."""
        rows: list[CommitmentRow] = self.rows(space, "commitment")
        return [row for row in rows if row.need == need]

    def places(self, space: bytes) -> list[PlaceRow]:
        """Places by name."""
        rows: list[PlaceRow] = self.rows(space, "place")
        return sorted(rows, key=lambda row: (row.name.casefold(), row.place.hash))

    def place_names(self, space: bytes) -> list[str]:
        """Names of places as a form suggests them; the ones used most come first."""
        used = Counter(row.place_name for row in self.rows(space, "need"))
        names = sorted({row.name for row in self.places(space)} | used.keys())
        return sorted(names, key=lambda name: -used[name])

    def goods(self, space: bytes) -> dict[str, GoodRow]:
        """Defined goods, by code."""
        return {row.code: row for row in self.rows(space, "good")}

    def stock(self, space: bytes) -> list[StockLine]:
        """What the book says is in each store."""
        totals = self._node.space(space).ledger.folds.totals(STOCK)
        return [stock_line(key, total) for key, total in totals]

    def doubts(self, space: bytes) -> list[tuple[Ref, Verdict]]:
        """Entries that have no effect or wait, with the reason."""
        ledger = self._node.space(space).ledger
        behind = ledger.behind_keys()
        found = []
        for key, verdict in ledger.judge.exceptions():
            ref = ref_of(key)
            # The entry before is here, and waits for a key itself: no entry is missing.
            is_behind = verdict.reason == WAITS_FOR_PREVIOUS and ref in behind
            found.append((ref, Verdict(Outcome.WAITING, WAITS_FOR_KEY) if is_behind else verdict))
        found += [
            (ref, Verdict(Outcome.WITHOUT_EFFECT, note)) for ref, note in self._act_notes(space)
        ]
        return sorted(found, key=lambda item: (item[1].outcome, item[1].reason, item[0].hash))

    def _act_notes(self, space: bytes) -> Sequence[tuple[Ref, str]]:
        ledger = self._node.space(space).ledger
        notes = [
            (entry.ref, ledger.rights.act_note(entry.id))
            for entry, _ in acts(self._node.space(space))
        ]
        return [(ref, note) for ref, note in notes if note]

    def forks(self, space: bytes) -> list[bytes]:
        """Keys of authors whose log has two branches."""
        pairs = forked(self._node.log, space)
        return sorted({branch.name.author for _, branch in pairs})

    def entry(self, space: bytes, prefix: str) -> Entry:
        """The one entry whose id begins so, in hexadecimal digits."""
        prefix = prefix.lower()
        is_hex = all(char in "0123456789abcdef" for char in prefix)
        if not is_hex or not ID_MIN_CHARS <= len(prefix) <= 64:
            raise Invalid("invalid.entry-id", least=ID_MIN_CHARS)
        log = self._node.log
        found = [
            entry
            for branch in branches_of(log, space)
            for entry in log.entries(branch.number, branch.first_seq, branch.tip.seq)
            if entry.id.hex().startswith(prefix)
        ]
        if not found:
            raise NotFound("not-found.entry", entry=prefix)
        if len(found) > 1:
            raise Invalid("invalid.entry-id-short", count=len(found))
        return found[0]
