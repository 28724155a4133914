"""The desk: what a person says in words and amounts becomes signed entries.

The board and the command line both write through here, so that a need means the same however
it was stated. Rules: text from a person is put on one line and bounded; an amount is exact or
refused; nothing is written unless all of it may be.

What this does not do: remember what was typed when something is refused (see `drafts`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from lumbre.errors import Invalid, LumbreError, NotAllowed
from lumbre.kinds.situation.records import Place, PlaceType
from lumbre.kinds.supply.needs import NeedRow
from lumbre.kinds.supply.records import (
    Category,
    Commitment,
    Good,
    Need,
    NeedClosed,
    NotArrived,
    Offer,
    StillNeeded,
    Tier,
    Unit,
)
from lumbre.kinds.supply.units import smallest
from lumbre.node.goods import BY_CODE, OTHER, code_of, ready_code
from lumbre.node.node import Node
from lumbre.node.reading import Reading
from lumbre.node.spaces import Space
from lumbre.record import Entry, Ref, SigningKey
from lumbre.schema import Body, Via
from lumbre.schema.fields import NAME_MAX_CHARS, NOTE_MAX_CHARS, PEOPLE_MAX

# What "20", "20 litros" and "20 kg" may mean of a good that nobody has defined, in this order.
_GUESSES: Final = (Unit.PIECE, Unit.GRAM, Unit.MILLILITRE, Unit.WATT_HOUR, Unit.MILLIMETRE)
_DIGITS_MAX: Final = 9


class Meant(NamedTuple):
    """A good and how much of it; `defines` is what has to be said of it first."""

    code: str
    unit: Unit
    quantity: int
    tier: Tier
    defines: Good | None


def is_admitted(node: Node, space: Space) -> bool:
    """Whether a key of this device takes part, or once did, as far as is known here."""
    rights = space.ledger.rights
    return any(rights.author(key.public) is not None for key in node.authors(space.id))


def own_key(node: Node, space: Space) -> SigningKey:
    """The key with which this device writes in a space; one that was closed only if no other is."""
    rights = space.ledger.rights
    found = [
        (right.pins is not None, key)
        for key in node.authors(space.id)
        if (right := rights.author(key.public)) is not None
    ]
    if not found:
        raise NotAllowed("not-allowed.not-admitted")
    return min(found, key=lambda item: item[0])[1]


class Desk:
    """Writes in one space, by this device's own key."""

    def __init__(self, node: Node, reading: Reading, space: Space) -> None:
        self._node = node
        self._reading = reading
        self._space = space
        self._key = own_key(node, space)

    def write(self, *bodies: Body) -> list[Entry]:
        """Write bodies of one lane."""
        return self._node.write(self._space.id, self._key, bodies)

    def need(
        self, *, good: str, amount: str, people: str, place: str, other: str = "", note: str = ""
    ) -> Entry:
        """Something is missing at a place, for so many people."""
        place_name, count = one_line(place, "place"), number(people, "people")
        meant = self._meant(good, other, amount)
        body = Need(
            Via.OWN_DEVICE,
            None,
            place_name,
            meant.code,
            meant.unit,
            meant.quantity,
            count,
            meant.tier,
            self._place(place_name),
            None,
            text(note),
        )
        return self._with_definition(meant, body)

    def offer(
        self, *, good: str, amount: str, place: str, other: str = "", note: str = ""
    ) -> Entry:
        """Something can be given, up to an amount."""
        place_name = one_line(place, "place")
        meant = self._meant(good, other, amount)
        where = self._place(place_name)
        body = Offer(
            Via.OWN_DEVICE,
            None,
            meant.code,
            meant.unit,
            meant.quantity,
            place_name,
            where,
            note=text(note),
        )
        return self._with_definition(meant, body)

    def place(self, *, name: str, place_type: PlaceType, note: str = "") -> Entry:
        """A place, by its name."""
        body = Place(Via.OWN_DEVICE, None, one_line(name, "place"), place_type, note=text(note))
        return self.write(body)[0]

    def commit(self, need: NeedRow, amount: str) -> Entry:
        """So much will be brought for a need."""
        quantity = smallest(amount, need.unit)
        body = Commitment(Via.OWN_DEVICE, None, need.good, need.unit, quantity, need.need)
        return self.write(body)[0]

    def not_arrived(self, commitment: Ref, need: Ref | None, offer: Ref | None) -> Entry:
        """What was promised is not here."""
        return self.write(NotArrived(Via.OWN_DEVICE, None, commitment, need, offer))[0]

    def close(self, need: NeedRow, *, is_met: bool) -> Entry:
        """A need is met, or over."""
        return self.write(NeedClosed(Via.OWN_DEVICE, None, need.need, is_met))[0]

    def still_needed(self, need: NeedRow) -> Entry:
        """It is not over, whatever was said."""
        return self.write(StillNeeded(Via.OWN_DEVICE, None, need.need, need.closings))[0]

    def _with_definition(self, meant: Meant, body: Body) -> Entry:
        """What a good is may be unsaid for now; that it is missing may not."""
        (entry,) = self.write(body)
        if meant.defines is not None:
            try:
                self.write(meant.defines)
            except LumbreError:
                return entry
        return entry

    def _meant(self, good: str, other: str, amount: str) -> Meant:
        if good == OTHER or not good:
            return self._typed(one_line(other, "good"), amount)
        ready = BY_CODE.get(good)
        if ready is not None:
            return Meant(good, ready.unit, smallest(amount, ready.unit), ready.tier, None)
        defined = self._reading.goods(self._space.id).get(good)
        if defined is None:
            return self._typed(one_line(good, "good"), amount)
        quantity = smallest(amount, defined.unit)
        return Meant(good, defined.unit, quantity, defined.tier, None)

    def _typed(self, name: str, amount: str) -> Meant:
        """A good that is none of the ready ones: its code and unit come from what was typed."""
        code = ready_code(name) or code_of(name)
        if code in BY_CODE or code in self._reading.goods(self._space.id):
            return self._meant(code, "", amount)
        unit, quantity = _guess(amount)
        good = Good(Via.OWN_DEVICE, None, code, unit, name, Category.OTHER, Tier.BASIC)
        return Meant(code, unit, quantity, Tier.BASIC, good)

    def _place(self, name: str) -> Ref | None:
        """The place of that name, if there is exactly one."""
        wanted = name.casefold()
        rows = self._reading.places(self._space.id)
        found = [row.place for row in rows if row.name.casefold() == wanted]
        return found[0] if len(found) == 1 else None


def _guess(amount: str) -> tuple[Unit, int]:
    first: Invalid | None = None
    for unit in _GUESSES:
        try:
            return unit, smallest(amount, unit)
        except Invalid as error:
            first = first or error
    assert first is not None
    raise first


def one_line(said: str, field: str) -> str:
    """Text on one line, with something to see in it."""
    said = " ".join(said.split())
    if not said:
        raise Invalid("invalid.empty", field=field)
    if len(said) > NAME_MAX_CHARS:
        raise Invalid("invalid.too-long", field=field, most=NAME_MAX_CHARS)
    return said


def text(said: str) -> str:
    """A note of a few lines."""
    said = said.strip()
    if len(said) > NOTE_MAX_CHARS:
        raise Invalid("invalid.too-long", field="note", most=NOTE_MAX_CHARS)
    return said


def number(said: str, field: str) -> int:
    """A whole number of people."""
    plain = said.strip()
    if not plain.isascii() or not plain.isdigit() or len(plain) > _DIGITS_MAX:
        raise Invalid("invalid.number", field=field)
    found = int(plain)
    if found > PEOPLE_MAX:
        raise Invalid("invalid.number", field=field)
    return found
