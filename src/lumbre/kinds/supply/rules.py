"""When a need, an offer or a commitment makes sense: static, of the body and what it names."""

from __future__ import annotations

from typing import Any

from lumbre.kinds.shared import edits_one_thing, rules
from lumbre.kinds.situation.rules import at_first_place
from lumbre.kinds.supply.records import (
    WATER_CODES,
    Category,
    Commitment,
    CommitmentWithdrawn,
    Confirmed,
    Good,
    Need,
    NotArrived,
    Offer,
    StillNeeded,
    Unit,
    Water,
)
from lumbre.record.log import Ref
from lumbre.schema.fields import Body
from lumbre.schema.kind import Targets


def is_other_good(body: Any, target: Any) -> bool:
    """Whether two records mean different goods: another code, or another smallest unit."""
    return bool((body.good, body.unit) != (target.good, target.unit))


def is_first(target: Any) -> bool:
    """Whether a target is the first version, by which a thing is named."""
    return getattr(target, "first", None) is None


def _water_keeps_its_name(body: Good, targets: Targets, author: bytes) -> str | None:
    """Water has three codes and they mean nothing else; it is counted in millilitres."""
    is_water = body.category is Category.WATER
    if WATER_CODES.get(body.code, Water.NOT_WATER) is not body.water:
        return "content.water-code"
    if is_water != (body.water is not Water.NOT_WATER):
        return "content.water-code"
    return "content.water-unit" if is_water and body.unit is not Unit.MILLILITRE else None


def _same_code(body: Good, targets: Targets, author: bytes) -> str | None:
    for ref in body.replaces:
        old = targets[ref]
        assert isinstance(old, Good)
        if (old.code, old.unit) != (body.code, body.unit):
            return "content.other-good"
    return None


def _same_good(body: Need | Offer, targets: Targets, author: bytes) -> str | None:
    """A new version changes the amount, never the good."""
    if body.first is not None and is_other_good(body, targets[body.first]):
        return "content.other-good"
    return None


def speaks_for_nobody(body: Body, targets: Targets, author: bytes) -> str | None:
    """By radio there is no room for whom it speaks for."""
    return None if body.speaks_for is None else "content.no-room"


def serves_need_or_offer(body: Any, targets: Targets, author: bytes) -> str | None:
    """The need and the offer that a record names are named by their first version, one good."""
    for name in ("need", "offer"):
        ref = getattr(body, name, None)
        if ref is not None:
            if not is_first(targets[ref]):
                return "content.not-the-first"
            if is_other_good(body, targets[ref]):
                return "content.other-good"
    return None


def _answers_something(body: Commitment, targets: Targets, author: bytes) -> str | None:
    return "content.answers-nothing" if body.need is None and body.offer is None else None


def _names_the_thing(body: Any, targets: Targets, author: bytes) -> str | None:
    for name in ("need", "offer"):
        ref = getattr(body, name, None)
        if ref is not None and not is_first(targets[ref]):
            return "content.not-the-first"
    return None


def _version_of_thing(body: Confirmed, targets: Targets, author: bytes) -> str | None:
    if (body.need is None) == (body.offer is None):
        return "content.answers-nothing"
    thing = body.need or body.offer
    if body.version != thing and getattr(targets[body.version], "first", None) != thing:
        return "content.replaces-other"
    return None


def _closings_of_need(body: StillNeeded, targets: Targets, author: bytes) -> str | None:
    if any(getattr(targets[ref], "need", None) != body.need for ref in body.closings):
        return "content.other-need"
    return None


def _as_committed(
    body: CommitmentWithdrawn | NotArrived, targets: Targets, author: bytes
) -> str | None:
    commitment = targets[body.commitment]
    assert isinstance(commitment, Commitment)
    said: tuple[Ref | None, Ref | None] = (body.need, body.offer)
    return None if said == (commitment.need, commitment.offer) else "content.other-need"


check_good = rules(_water_keeps_its_name, _same_code)
check_need = rules(at_first_place, edits_one_thing, _same_good)
check_radio_need = rules(speaks_for_nobody)
check_confirmed = rules(_names_the_thing, _version_of_thing)
check_need_closed = rules(_names_the_thing)
check_still_needed = rules(_names_the_thing, _closings_of_need)
check_offer = rules(at_first_place, edits_one_thing, _same_good)
check_offer_withdrawn = rules(_names_the_thing)
check_commitment = rules(_answers_something, serves_need_or_offer)
check_commitment_withdrawn = rules(_as_committed)
check_not_arrived = rules(_as_committed)
