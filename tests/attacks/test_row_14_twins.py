"""Row 14: two devices with one image. Both sides are told at the first meeting; nothing is lost."""

from __future__ import annotations

import pytest

from lumbre.node.meetings import link_of
from lumbre.node.words import Words
from lumbre.sync.meeting import TWIN
from tests.attacks.test_row_02_fork import image_of
from tests.ledger.test_ledger import need
from tests.sync.meet import assert_equal, meet, new_binding
from tests.world import Device, World


def twins(*, has_met: bool) -> tuple[World, Device, Device]:
    """A device and the copy of its disk, made before or after its first meeting."""
    world = World()
    beto = world.join("beto")
    world.meet_all()
    if has_met:
        assert link_of(beto.node, world.space) is not None
    return world, beto, image_of(beto)


@pytest.mark.parametrize("has_met", [True, False])
def test_row_14_two_devices_with_one_image_are_told_at_their_first_meeting_on_both_sides(has_met):
    _, beto, twin = twins(has_met=has_met)
    beto.write(need("one"))
    twin.write(need("two"))
    caller, called = meet(beto.node, twin.node, binding=new_binding())
    for meeting in (caller, called):
        (outcome,) = meeting.outcomes()
        assert outcome.is_twin
        assert outcome.is_equal
    # Both branches count.
    assert {row.place_name for row in beto.rows("need")} == {"one", "two"}
    assert_equal(beto, twin)


def test_row_14_also_where_nothing_was_written_apart():
    _, beto, twin = twins(has_met=True)
    caller, called = meet(beto.node, twin.node, binding=new_binding())
    assert caller.outcomes()[0].is_twin
    assert called.outcomes()[0].is_twin


def test_row_14_devices_of_two_people_are_no_twins():
    world, beto, _ = twins(has_met=True)
    caller, called = meet(beto.node, world.founder.node, binding=new_binding())
    assert not caller.outcomes()[0].is_twin
    assert not called.outcomes()[0].is_twin


def test_row_14_a_person_is_told_in_both_languages():
    for language in ("es", "en"):
        assert Words(language)(TWIN) != TWIN
