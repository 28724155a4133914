"""The census of one space on this device: its own record, others' records, who holds an entry.

    own()      this device's newest record, made when something moved
    take(data) keep what came, if it is newer than the author's last
    select()   what to send in a meeting, least recently sent first
    holders()  what a screen may say of an entry (P6): from here and from nothing else

Rules: records of admitted authors whose key is open, one each; of one device (by the random id
inside) only the newest counts, whoever signed it. A counter never goes back, not even where an
old image of this device's disk does: it follows the clock, and a later record of its own that
comes back from others. "Last heard" is never later than either clock says.

What it does not do: send. A locked device keeps and forwards records that it cannot open, and
makes none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from lumbre.errors import NotAllowed, Refused
from lumbre.node.desk import own_key
from lumbre.node.holdings import Claim, Holdings, Part, Unclaimed, claims_entry
from lumbre.node.node import Node
from lumbre.node.segments import branches_of
from lumbre.record import Entry, Ref, SigningKey
from lumbre.record.canonical import encode
from lumbre.record.limits import DEPTH_MAX
from lumbre.sync import census as records
from lumbre.sync.census import DEVICE_BYTES, MEETING_MAX_BYTES, Kept, Says
from lumbre.trust.duties import current_epoch, epochs

REFRESH_S: Final = 12 * 3600
"""A record is made anew after half a day even if nothing moved, so that "last heard" is true."""

_META: Final = "census/"


class Holders(msgspec.Struct, frozen=True):
    """Who holds an entry's body: this device, and how many others that say so.

    `last_heard_s`: when the last of those was heard, by the earlier of both clocks.
    """

    here: bool
    devices: int = 0
    last_heard_s: int | None = None


class _Own(msgspec.Struct, array_like=True, frozen=True):
    """What this device remembers of its own records."""

    device: bytes
    counter: int = -1
    wall_s: int = 0
    said: bytes = b""


class Census:
    """One space's census."""

    def __init__(self, node: Node, space: bytes) -> None:
        self._node = node
        self._space = node.space(space)
        self._disk = node.log.census
        self._meta = _META + space.hex()

    # Out

    def own(self) -> bytes | None:
        """This device's newest record if something moved since its last; it is kept as well.

        None where nothing moved, and where nobody can sign: locked, or not admitted.
        """
        key, public = self._key(), self._public()
        if key is None or public is None:
            return None
        own, now_s = self._own(), self._node.clock.now_s()
        holdings = self._holdings()
        says = holdings.says(own.device, now_s, self._note_frontier(holdings))
        said = _digest_of(key.public, public, says)
        last = self._disk.record(self._space.id, key.public)
        has_last = last is not None and last[1] == own.counter
        if has_last and said == own.said and 0 <= now_s - own.wall_s < REFRESH_S:
            return None
        counter = min(max(own.counter + 1, now_s, last[1] + 1 if last else 0), DEPTH_MAX)
        record = records.write(key, self._space.id, counter, public, says)
        # First what it was made of: a counter that was given is never given again.
        self._remember(_Own(own.device, counter, now_s, said))
        self._keep(key.public, counter, record)
        return record

    def summary(self) -> bytes:
        """8 bytes: where the other side's are the same, no record has to travel."""
        return records.summary(self._kept())

    def tags(self, salt: bytes) -> list[bytes]:
        """What tells the other side which records are here; `salt` is the meeting's own."""
        return sorted(records.tag(salt, one.author, one.counter) for one in self._kept())

    def select(
        self,
        budget_bytes: int = MEETING_MAX_BYTES,
        known: frozenset[bytes] = frozenset(),
        salt: bytes = b"",
    ) -> list[bytes]:
        """Records to send now, without those that the other side has by its tags."""
        own = {key.public for key in self._own_keys()}
        kept = self._kept()
        # Its own first: nobody else has it yet, and it is what the other side can believe most.
        mine = records.select((k for k in kept if k.author in own), budget_bytes, known, salt)
        left_bytes = budget_bytes - sum(len(one.record) for one in mine)
        others = (k for k in kept if k.author not in own)
        chosen = [*mine, *records.select(others, left_bytes, known, salt)]
        self._disk.note_sent(self._space.id, [one.author for one in chosen])
        return [one.record for one in chosen]

    # In

    def take(self, data: bytes) -> bool:
        """Keep a record that came; False where it says nothing newer. Raises `Refused`."""
        record = records.read(data)
        if record.space != self._space.id:
            raise Refused("refused.unknown-space")
        if not self._is_open(record.author):
            raise Refused("refused.census-author")
        known = self._disk.record(self._space.id, record.author)
        if known is not None and record.counter <= known[1]:
            return False
        if not record.is_signed:
            raise Refused("refused.bad-signature")
        self._keep(record.author, record.counter, data)
        return True

    def _keep(self, author: bytes, counter: int, record: bytes) -> None:
        """Replace an author's record; its turn to be sent stays, so that nobody jumps the row."""
        last = self._disk.record(self._space.id, author)
        row = (author, counter, record, self._node.clock.now_s(), last[4] if last else 0)
        self._disk.put(self._space.id, row)

    # What it says

    def holders(self, ref: Ref) -> Holders:
        """Who holds the body of an entry, as far as anybody said."""
        return self.holders_of([ref])[0]

    def holders_of(self, refs: Iterable[Ref]) -> list[Holders]:
        """The same for each of several entries."""
        claims = self._claims()
        return [self._holders(ref, claims) for ref in refs]

    def _holders(self, ref: Ref, claims: Sequence[Claim]) -> Holders:
        found = self._space.ledger.judge.find(ref)
        if found is None:
            return Holders(here=False)
        branch, entry = found
        holdings = Holdings(self._node.log, self._node.log.branches(ref.log))
        oldest = min((c.arrival for c in claims if c.arrival is not None), default=0)
        arrived = self._disk.arrived(branch.number, entry.seq, oldest)
        heard = [
            claim.heard_s
            for claim in claims
            if claims_entry(holdings, claim, branch, entry.seq, arrived)
        ]
        return Holders(entry.body is not None, len(heard), max(heard, default=None))

    def devices(self) -> int:
        """How many other devices have said anything that can be read here."""
        return len(self._claims())

    def at_risk(self) -> Iterator[Entry]:
        """Entries whose body is here and on no other device that said so: lost with this one."""
        for part in self._unclaimed().parts():
            yield from self._with_body(part)

    def count_at_risk(self) -> int:
        """How many those are; entries are read only where some lack their bodies."""
        lacking = set(self._disk.lacking_branches())
        return sum(
            sum(1 for _ in self._with_body(part))
            if part.branch.number in lacking
            else part.last_seq - part.first_seq + 1
            for part in self._unclaimed().parts()
        )

    def version(self) -> tuple[tuple[bytes, int], ...]:
        """What tells whether anybody has said anything since: (author, counter) of each record."""
        return tuple((row[0], row[1]) for row in self._disk.records(self._space.id))

    def _unclaimed(self) -> Unclaimed:
        return Unclaimed(self._node.log, self._holdings(), self._claims())

    def _with_body(self, part: Part) -> Iterator[Entry]:
        for entry in self._node.log.entries(part.branch.number, part.first_seq, part.last_seq):
            if entry.body is not None:
                yield entry

    def _claims(self) -> list[Claim]:
        """What other devices say, each one's newest."""
        newest: dict[bytes, tuple[int, Kept, Says]] = {}
        own = {key.public for key in self._own_keys()}
        for one in self._kept():
            if one.author in own:
                continue
            says = records.open_(records.read(one.record), self._space.epoch_keys())
            if says is not None:
                before = newest.get(says.device)
                if before is None or before[0] < one.counter:
                    newest[says.device] = (one.counter, one, says)
        newest.pop(self._own().device, None)
        frontiers = self._disk.frontiers(self._space.id)
        return [
            Claim(min(one.taken_s, says.wall_s), says, frontiers.get(says.digest))
            for _, one, says in newest.values()
        ]

    # Parts

    def note_frontier(self) -> None:
        """Remember this device's frontier: after anything was given or taken."""
        self._note_frontier(self._holdings())

    def _note_frontier(self, holdings: Holdings) -> bytes:
        digest, arrival = holdings.digest(), self._node.log.last_arrival()
        if self._disk.frontiers(self._space.id).get(digest) != arrival:
            self._disk.note_frontier(self._space.id, digest, arrival)
        return digest

    def _holdings(self) -> Holdings:
        return Holdings(self._node.log, branches_of(self._node.log, self._space.id))

    def _kept(self) -> list[Kept]:
        """The records of authors that count."""
        rows = [Kept(*row) for row in self._disk.records(self._space.id)]
        return [one for one in rows if self._is_open(one.author)]

    def _is_open(self, author: bytes) -> bool:
        right = self._space.ledger.rights.author(author)
        return right is not None and right.pins is None

    def _own_keys(self) -> list[SigningKey]:
        return [] if self._node.is_locked else self._node.authors(self._space.id)

    def _key(self) -> SigningKey | None:
        if self._node.is_locked:
            return None
        try:
            key = own_key(self._node, self._space)
        except NotAllowed:
            return None
        return key if self._is_open(key.public) else None

    def _public(self) -> bytes | None:
        """The public half of the epoch in use: the acts say it to everybody."""
        rights = self._space.ledger.rights
        made = {epoch.ref.hash: epoch.body.public for epoch in epochs(rights)}
        return made.get(current_epoch(rights) or b"", next(reversed(made.values()), None))

    def _own(self) -> _Own:
        stored = self._node.log.meta(self._meta)
        if stored is not None:
            return msgspec.msgpack.decode(stored, type=_Own)
        own = _Own(self._node.random.bytes(DEVICE_BYTES))
        self._remember(own)
        return own

    def _remember(self, own: _Own) -> None:
        self._node.log.set_meta(self._meta, encode(own))


def _digest_of(author: bytes, public: bytes, says: Says) -> bytes:
    """What tells whether something new is said: the time is not new."""
    said = encode((author, public, msgspec.structs.replace(says, wall_s=0)))
    return hashlib.sha256(said).digest()
