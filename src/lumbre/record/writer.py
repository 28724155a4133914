"""Writing entries into one's own log.

A `Writer` stands on the tip of a branch and makes the next entries. Bodies come in as they
will travel (already sealed, or open). The last entry of a write is signed, and one at least
every `MARK_MAX_ENTRIES` or `MARK_MAX_BYTES`, so what was written can always be handed on.

What it does not do: choose depth, clock or salt (they are passed in), or store anything.
"""

from __future__ import annotations

import hashlib

from lumbre.errors import Invalid
from lumbre.record.entry import OPEN, START, Entry, Tip, cost_bytes, entry_id, header_bytes
from lumbre.record.keys import ENTRY_DOMAIN, SigningKey
from lumbre.record.limits import (
    BODY_MAX_BYTES,
    DEPTH_MAX,
    KEY_ID_BYTES,
    MARK_MAX_BYTES,
    MARK_MAX_ENTRIES,
    WALL_MAX_S,
)
from lumbre.record.log import SIGNED_ALONE, LogName


class Writer:
    """Appends to one branch of one log. Not shared between threads."""

    def __init__(self, name: LogName, key: SigningKey, tip: Tip = START) -> None:
        if name.author != key.public:
            raise Invalid("invalid.not-own-log")
        self.name = name
        self.tip = tip
        self._key = key
        self._log = name.id
        self._unsigned_entries = 0
        self._unsigned_bytes = 0

    def append(
        self,
        body: bytes,
        *,
        depth: int,
        wall_s: int,
        key_id: bytes = OPEN,
        is_last: bool = True,
    ) -> Entry:
        """The next entry. `is_last` (of a write), its lane, or a mark that is due, signs it."""
        tip = self.tip
        if len(body) > BODY_MAX_BYTES:
            raise Invalid("invalid.body-too-large", size_bytes=len(body), max_bytes=BODY_MAX_BYTES)
        if not tip.depth < depth <= DEPTH_MAX:
            raise Invalid("invalid.depth", depth=depth)
        if not 0 <= wall_s <= WALL_MAX_S:
            raise Invalid("invalid.wall", wall_s=wall_s)
        if len(key_id) != KEY_ID_BYTES:
            raise Invalid("invalid.seal")
        seq = tip.seq + 1
        total = tip.total_bytes + cost_bytes(len(body))
        header = header_bytes(
            self._log,
            seq,
            tip.id,
            depth,
            wall_s,
            total,
            key_id,
            len(body),
            hashlib.sha256(body).digest(),
        )
        id_ = entry_id(header)
        self._unsigned_entries += 1
        self._unsigned_bytes += len(body)
        signature = None
        if is_last or self.name.lane in SIGNED_ALONE or self._is_mark_due():
            signature = self._key.sign(ENTRY_DOMAIN, id_)
            self._unsigned_entries = self._unsigned_bytes = 0
        entry = Entry(
            self.name,
            self._log,
            seq,
            id_,
            tip.id,
            depth,
            wall_s,
            total,
            key_id,
            header,
            body,
            signature,
        )
        self.tip = Tip.of(entry)
        return entry

    def _is_mark_due(self) -> bool:
        return self._unsigned_entries >= MARK_MAX_ENTRIES or self._unsigned_bytes > MARK_MAX_BYTES
