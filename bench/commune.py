"""A commune for benches: a space with a hundred authors, and what they write, from a seed.

They write in turns: each turn, every author writes one run of entries, which ends at a mark
and travels as one segment. Bodies refer to what was written in earlier turns, so segments in
the order of turns leave nothing waiting. Bodies are padded by their note to BODY_BYTES as the
registry encodes them.

It runs the shipping node for founding and admitting; runs are written by the record's writer.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from lumbre.kinds import DOMAINS
from lumbre.kinds.situation.records import Place, PlaceType, Point, Service
from lumbre.kinds.supply.movements import (
    Dispatch,
    HandedOut,
    Origin,
    Pen,
    Receipt,
    Received,
    ShareRule,
)
from lumbre.kinds.supply.records import (
    Commitment,
    Need,
    NeedClosed,
    Offer,
    Tier,
    Unit,
)
from lumbre.ledger import MemoryBook, MemoryTables
from lumbre.node import founding
from lumbre.node.node import Node
from lumbre.record import OPEN, Entry, Lane, LogName, Ref, SigningKey, Writer
from lumbre.record.canonical import decode as untyped
from lumbre.record.limits import BODY_MAX_BYTES, KEY_ID_BYTES, SALT_BYTES
from lumbre.record.seal import seal_body
from lumbre.record.segment import write_segment
from lumbre.schema import Body, Registry, Role, Via
from lumbre.schema.fields import refs_in
from lumbre.trust.acts import Admit

AUTHORS: Final = 100
BODY_BYTES: Final = 250
RUN_ENTRIES: Final = 100
PICKED_FROM: Final = 1000
WALL_S: Final = 1_760_000_000
REGISTRY: Final = Registry(DOMAINS)
HERE: Final[dict[str, Any]] = {"via": Via.OWN_DEVICE, "speaks_for": None}
_GOODS: Final = (("flour", Unit.GRAM), ("diesel", Unit.MILLILITRE), ("blanket", Unit.PIECE))


class SeededRandom:
    """Bytes that are the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def bytes(self, count: int) -> bytes:
        """`count` bytes."""
        return self._rng.randbytes(count)


class FixedClock:
    """A clock that stands still."""

    def now_s(self) -> int:
        """Seconds since 1970."""
        return WALL_S


def new_node(log: Any, private: Any) -> Node:
    """A shipping node over these stores."""
    return Node(log, private, REGISTRY, FixedClock(), SeededRandom(2))


class Author:
    """One author's writers, by lane, and what the running turn wrote."""

    def __init__(self, space: bytes, key: SigningKey) -> None:
        self.key = key
        self.writers = {
            lane: Writer(LogName(space, key.public, lane), key) for lane in Lane if lane
        }
        self.run: dict[Lane, list[Entry]] = {}
        self.bases = {lane: writer.tip for lane, writer in self.writers.items()}
        self.store: Ref | None = None
        self.pen: Ref | None = None


class Material(NamedTuple):
    """What is measured: segments in the order of turns, and their entries as rows."""

    before: list[bytes]
    segments: list[bytes]
    runs: list[list[Entry]]
    entries: int
    signed_share: float


Turn = Callable[["Commune", Author], list[Body]]


class Commune:
    """A space, its acts of trust, and its authors."""

    def __init__(self, seed: int = 1, *, is_sealed: bool = False) -> None:
        self.rng = random.Random(seed)
        self.founder = Node(
            MemoryBook(), MemoryTables(), REGISTRY, FixedClock(), SeededRandom(seed + 1)
        )
        self.space = founding.found(self.founder, "La Vega", "ana")
        held = self.founder.space(self.space)
        self.epoch, self.keys = held.current_keys()
        self.is_sealed = is_sealed
        key = self.founder.authors(self.space)[0]
        keys = [SigningKey(self.rng.randbytes(32)) for _ in range(AUTHORS)]
        for one in keys:
            act = Admit(
                **HERE,
                after=held.after(),
                key=one.public,
                consent=b"",
                role=Role.MEMBER,
                person=None,
                invite=None,
            )
            self.founder.write(self.space, key, [act])
        self.acts = list(self.founder.give(self.space))
        self.authors = [Author(self.space, one) for one in keys]
        self.steward = Author(self.space, key)
        self._depths: dict[Ref, int] = {}
        self.known: dict[str, list[Ref]] = {}
        self.written: dict[Ref, Body] = {}
        self.signed = self.count = 0

    def write(self, author: Author, body: Body, *, is_last: bool = False) -> Ref:
        """Append a body, padded, to its kind's lane."""
        kind = REGISTRY.kind_of(body)
        data = _padded(body)
        writer = author.writers[kind.lane]
        depth = 1 + max(
            [
                writer.tip.depth,
                *(self._depths[ref] for ref in refs_in(untyped(data, BODY_MAX_BYTES))),
            ]
        )
        key_id = OPEN
        if self.is_sealed:
            key_id = self.epoch[:KEY_ID_BYTES]
            data = seal_body(
                data,
                self.keys.body,
                log=writer.name.id,
                seq=writer.tip.seq + 1,
                prev=writer.tip.id,
                salt=self.rng.randbytes(SALT_BYTES),
            )
        entry = writer.append(
            data,
            depth=depth,
            wall_s=WALL_S + self.count,
            key_id=key_id,
            is_last=is_last or kind.signed_alone,
        )
        author.run.setdefault(kind.lane, []).append(entry)
        self._depths[entry.ref] = depth
        self.count += 1
        self.signed += entry.signature is not None
        return entry.ref

    def cut(self, author: Author) -> Iterator[tuple[list[Entry], bytes]]:
        """What an author wrote since the last cut, as segments."""
        for lane, run in sorted(author.run.items()):
            yield run, write_segment(run, author.bases[lane])
            author.bases[lane] = author.writers[lane].tip
        author.run.clear()

    def turns(self, turn: Turn, count: int, *, signed_every: int = RUN_ENTRIES) -> Material:
        """What everybody writes in `count` turns of `turn`, after their places and pens."""
        if self.authors[0].pen is None:
            self._begin_stores()
        before = [data for author in self._all() for _, data in self.cut(author)]
        self.count = self.signed = 0
        entries: list[list[Entry]] = []
        segments: list[bytes] = []
        for _ in range(count):
            fresh: list[tuple[str, Ref]] = []
            for author in self.authors:
                bodies = turn(self, author)
                last = {REGISTRY.kind_of(body).lane: number for number, body in enumerate(bodies)}
                for number, body in enumerate(bodies):
                    is_mark = number in last.values() or (number + 1) % signed_every == 0
                    ref = self.write(author, body, is_last=is_mark)
                    fresh.append((REGISTRY.kind_of(body).name, ref))
                    self.written[ref] = body
                for run, data in self.cut(author):
                    entries.append(run)
                    segments.append(data)
            self._remember(fresh)
        return Material(before, segments, entries, self.count, self.signed / self.count)

    def pick(self, name: str) -> Ref | None:
        """An entry of a kind from an earlier turn: of the last PICKED_FROM, as people answer."""
        known = self.known.get(name)
        return self.rng.choice(known) if known else None

    def _remember(self, fresh: list[tuple[str, Ref]]) -> None:
        """What may be referred to next; the rest is let go of, so that a million fit."""
        for name, ref in fresh:
            self.known.setdefault(name, []).append(ref)
        self.known = {name: refs[-PICKED_FROM:] for name, refs in self.known.items()}
        kept = {ref for refs in self.known.values() for ref in refs}
        kept |= {ref for author in self.authors for ref in (author.store, author.pen) if ref}
        self.written = {ref: body for ref, body in self.written.items() if ref in kept}
        self._depths = {ref: depth for ref, depth in self._depths.items() if ref in kept}

    def _all(self) -> list[Author]:
        return [self.steward, *self.authors]

    def _begin_stores(self) -> None:
        """A place and a pen for everybody."""
        for author in self.authors:
            place = Place(**HERE, name="Casa comunal", place_type=PlaceType.STORE)
            author.store = self.write(author, place, is_last=True)
        for author in self.authors:
            assert author.store is not None
            pen = Pen(**HERE, store=author.store, keeper=author.key.public)
            author.pen = self.write(self.steward, pen)


def _padded(body: Body) -> bytes:
    data = REGISTRY.encode(body)
    room = BODY_BYTES - len(data)
    if room <= 0 or not hasattr(body, "note"):
        return data
    data = REGISTRY.encode(msgspec.structs.replace(body, note=" " * room))
    # The longer text takes a longer length.
    note = " " * (room - (len(data) - BODY_BYTES))
    return REGISTRY.encode(msgspec.structs.replace(body, note=note))


def _offer(commune: Commune, author: Author) -> Offer:
    good, unit = commune.rng.choice(_GOODS)
    amount = commune.rng.randrange(1, 50_000)
    return Offer(**HERE, good=good, unit=unit, quantity=amount, place_name="Casa comunal")


def _need(commune: Commune, author: Author) -> Need:
    good, unit = commune.rng.choice(_GOODS)
    amount = commune.rng.randrange(1, 50_000)
    return Need(
        **HERE,
        place_name="Calle 4",
        good=good,
        unit=unit,
        quantity=amount,
        people=12,
        tier=Tier.BASIC,
        place=author.store,
    )


def _point(commune: Commune, author: Author) -> Point:
    assert author.store is not None
    place = commune.authors[commune.rng.randrange(AUTHORS)].store
    assert place is not None
    return Point(**HERE, place=place, is_open=True, services=(Service.POWER,), replaces=())


def _commitment(commune: Commune, author: Author) -> Body:
    """To bring something of an offer, and for a need where there is one of that good."""
    offer = commune.pick("offer")
    if offer is None:
        return _offer(commune, author)
    body: Any = commune.written[offer]
    amount = commune.rng.randrange(1, 1000)
    return Commitment(**HERE, good=body.good, unit=body.unit, quantity=amount, offer=offer)


def _need_closed(commune: Commune, author: Author) -> Body:
    need = commune.pick("need")
    if need is None:
        return _offer(commune, author)
    return NeedClosed(**HERE, need=need, is_met=True)


def _movement(commune: Commune, author: Author) -> dict[str, Any]:
    good, unit = commune.rng.choice(_GOODS)
    return {
        **HERE,
        "pen": author.pen,
        "store": author.store,
        "good": good,
        "unit": unit,
        "quantity": commune.rng.randrange(1, 50_000),
        "slip": commune.rng.randbytes(16),
    }


def _received(commune: Commune, author: Author) -> Body:
    return Received(**_movement(commune, author), origin=Origin.DONATION)


def _dispatch(commune: Commune, author: Author) -> Body:
    others = [other for other in commune.authors if other is not author]
    to = commune.rng.choice(others).store
    assert to is not None
    return Dispatch(**_movement(commune, author), to=to)


def _receipt(commune: Commune, author: Author) -> Body:
    """The other side of a dispatch; written by whoever's store it went to is not looked at."""
    dispatch = commune.pick("dispatch")
    if dispatch is None:
        return _received(commune, author)
    sent: Any = commune.written[dispatch]
    own = _movement(commune, author)
    own |= {"good": sent.good, "unit": sent.unit, "quantity": sent.quantity}
    return Receipt(
        **own,
        dispatch=dispatch,
        sent_from=sent.store,
        sent_to=sent.to,
        dispatch_slip=sent.slip,
    )


def _handed_out(commune: Commune, author: Author) -> Body:
    return HandedOut(
        **_movement(commune, author), households=9, rule=ShareRule.PER_HOUSEHOLD, people=30
    )


Shares = tuple[tuple[Callable[[Commune, Author], Body], int], ...]
PLAIN: Final[Shares] = ((_offer, 50), (_commitment, 40), (_point, 10))
"""In a hundred entries of kinds that are not signed alone."""
MIXED: Final[Shares] = (
    (_need, 10),
    (_offer, 25),
    (_commitment, 30),
    (_need_closed, 8),
    (_point, 12),
    (_received, 4),
    (_dispatch, 4),
    (_receipt, 4),
    (_handed_out, 3),
)
"""In a hundred entries of a commune: needs and movements are signed alone by their kinds."""


def turn_of(shares: Shares) -> Turn:
    """Turns of RUN_ENTRIES entries in these shares, in an order from the commune's seed."""
    assert sum(share for _, share in shares) == RUN_ENTRIES

    def turn(commune: Commune, author: Author) -> list[Body]:
        makers = [make for make, share in shares for _ in range(share)]
        commune.rng.shuffle(makers)
        return [make(commune, author) for make in makers]

    return turn
