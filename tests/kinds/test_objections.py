"""P15: an objection stands beside what it disputes, whoever filed it."""

from __future__ import annotations

from lumbre.kinds.situation.records import Place, PlaceType
from lumbre.record.log import Mention
from lumbre.schema.kind import Standing
from lumbre.schema.roles import Role
from lumbre.trust.acts import Objection
from tests.kinds.world import HERE, World


def test_p15_objections_of_guests_and_removed_members_stay_beside_what_they_dispute() -> None:
    world = World()
    place = world.write(Place(**HERE, name="Bloque 5", place_type=PlaceType.BLOCK))
    body = Objection(**HERE, disputes=Mention.of(place), sealed=b"why")
    for who in ("blas", "blas", "caro"):
        world.write(body, who)
    world.write(body, "guests", role=Role.GUEST)
    world.write(body, "eva", standing=Standing.REMOVED)
    row = world.fold().one("objection")
    assert (row.disputes, row.persons, row.guests) == (place, 2, 1)
    assert len(row.objections) == 5
    assert sum(line.left_by_guest for line in row.objections) == 1
    assert sum(line.from_removed for line in row.objections) == 1
