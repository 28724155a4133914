"""When a record of the situation makes sense: static, of the body and what it names."""

from __future__ import annotations

from lumbre.kinds.shared import edits_one_thing, rules
from lumbre.kinds.situation.records import (
    Observation,
    PeopleCount,
    Place,
    Point,
    Probe,
    Rumour,
    RumourCheck,
)
from lumbre.schema.kind import Targets
from lumbre.trust.acts import Mandate


def _position_is_whole(body: Place, targets: Targets, author: bytes) -> str | None:
    if (body.latitude is None) != (body.longitude is None):
        return "content.half-position"
    return None


def _names_the_first(body: Place, targets: Targets, author: bytes) -> str | None:
    """A place is named by its first version, so that every version of it is the same place."""
    if body.parent is not None:
        return _first_place(body.parent, targets)
    return None


def _first_place(ref: object, targets: Targets) -> str | None:
    target = targets.get(ref)  # type: ignore[call-overload]
    if isinstance(target, Place) and target.first is not None:
        return "content.not-the-first"
    return None


def at_first_place(body: object, targets: Targets, author: bytes) -> str | None:
    """`body.place`, if there is one, names a place by its first version."""
    return _first_place(getattr(body, "place", None), targets)


def _same_place(body: Point | PeopleCount, targets: Targets, author: bytes) -> str | None:
    if any(getattr(targets[ref], "place", None) != body.place for ref in body.replaces):
        return "content.other-place"
    return None


def _same_count(body: PeopleCount, targets: Targets, author: bytes) -> str | None:
    if body.agrees_with is None:
        return None
    other = targets[body.agrees_with]
    assert isinstance(other, PeopleCount)
    if other.place != body.place:
        return "content.other-place"
    return None if other.people == body.people else "content.other-number"


def _names_an_organisation(body: PeopleCount, targets: Targets, author: bytes) -> str | None:
    """Two mandates may be of one organisation: whoever counts names the organisation itself."""
    target = None if body.speaks_for is None else targets.get(body.speaks_for)
    return "content.not-an-organisation" if isinstance(target, Mandate) else None


def _parts_fit(body: PeopleCount, targets: Targets, author: bytes) -> str | None:
    if body.under_five + body.over_seventy > body.people or body.households > body.people:
        return "content.parts-exceed-whole"
    return None


def _ends_same_service(body: Observation, targets: Targets, author: bytes) -> str | None:
    for ref in body.ends:
        ended = targets[ref]
        assert isinstance(ended, Observation | Probe)
        if (ended.place, ended.service) != (body.place, body.service):
            return "content.other-service"
    return None


def _repeats_a_first(body: Rumour, targets: Targets, author: bytes) -> str | None:
    if body.repeats is None:
        return None
    repeated = targets[body.repeats]
    assert isinstance(repeated, Rumour)
    return "content.not-the-first" if repeated.repeats is not None else None


def _checks_a_first(body: RumourCheck, targets: Targets, author: bytes) -> str | None:
    checked = targets[body.rumour]
    assert isinstance(checked, Rumour)
    return "content.not-the-first" if checked.repeats is not None else None


check_place = rules(_position_is_whole, _names_the_first, edits_one_thing)
check_point = rules(at_first_place, _same_place)
check_people_count = rules(
    at_first_place, _names_an_organisation, _parts_fit, _same_place, _same_count
)
check_observation = rules(at_first_place, _ends_same_service)
check_probe = rules(at_first_place)
check_rumour = rules(at_first_place, _repeats_a_first)
check_rumour_check = rules(_checks_a_first)
