"""What is out, since when, by how many who saw it; what is where; how many people. Pure."""

from __future__ import annotations

from typing import Final

from lumbre.kinds.situation import records, rules
from lumbre.kinds.situation.places import (
    PLACE_VIEWS,
    count_groups,
    place_groups,
    point_groups,
)
from lumbre.kinds.situation.services import (
    SERVICE_VIEWS,
    report_groups,
    rumour_check_groups,
    rumour_groups,
)
from lumbre.record.log import Lane
from lumbre.schema.kind import Domain, Kind
from lumbre.schema.roles import ANYONE, MEMBERS, SENSORS

SITUATION: Final = Domain(
    name="situation",
    kinds=(
        Kind(
            record=records.Place,
            lane=Lane.ORDINARY,
            groups=place_groups,
            check=rules.check_place,
            shown_if_removed=True,
        ),
        Kind(
            record=records.Point,
            lane=Lane.ORDINARY,
            groups=point_groups,
            check=rules.check_point,
        ),
        Kind(
            record=records.PeopleCount,
            lane=Lane.ORDINARY,
            groups=count_groups,
            check=rules.check_people_count,
            shown_if_removed=True,
        ),
        Kind(
            record=records.Observation,
            lane=Lane.BULK,
            writers=ANYONE,
            groups=report_groups,
            check=rules.check_observation,
        ),
        Kind(
            record=records.Probe,
            lane=Lane.BULK,
            writers=SENSORS | MEMBERS,
            groups=report_groups,
            check=rules.check_probe,
        ),
        Kind(
            record=records.Rumour,
            lane=Lane.BULK,
            writers=ANYONE,
            groups=rumour_groups,
            check=rules.check_rumour,
        ),
        Kind(
            record=records.RumourCheck,
            lane=Lane.BULK,
            writers=ANYONE,
            groups=rumour_check_groups,
            check=rules.check_rumour_check,
        ),
    ),
    views=PLACE_VIEWS + SERVICE_VIEWS,
)

__all__ = ["SITUATION"]
