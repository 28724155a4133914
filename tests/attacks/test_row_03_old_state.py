"""Row 3: an old state of one's own store comes back, then is written to."""

from __future__ import annotations

import random

import pytest

from lumbre.node.forks import forked
from tests.attacks.test_row_02_fork import image_of
from tests.ledger.test_ledger import need
from tests.world import World


def check_raw_image(seed: int) -> None:
    """The newer tail had reached somebody before the old image came back."""
    chance = random.Random(seed)
    world = World()
    beto = world.join("beto")
    world.meet_all()
    beto.write(need("before"))
    image = image_of(beto)
    for number in range(chance.randint(1, 3)):
        beto.write(need(f"newer {number}"))
    world.founder.take_from(beto)
    for number in range(chance.randint(1, 3)):
        image.write(need(f"from the image {number}"))
    held_before = {row.place_name for row in world.founder.rows("need")}
    received = world.founder.take_from(image)
    assert received.forks == 1
    assert list(forked(world.founder.log, world.space))
    # Nothing is lost on either side.
    wanted = held_before | {row.place_name for row in image.rows("need")}
    assert {row.place_name for row in world.founder.rows("need")} == wanted
    image.take_from(world.founder)
    assert {row.place_name for row in image.rows("need")} == wanted
    assert image.hash() == world.founder.hash()


def test_row_03_a_raw_image_is_found_at_the_first_meeting_and_loses_nothing_in_10_runs():
    for seed in range(10):
        check_raw_image(seed)


@pytest.mark.soak
def test_row_03_a_raw_image_is_found_at_the_first_meeting_and_loses_nothing_in_many_runs(count):
    for seed in range(count("IMAGES", 1_000)):
        check_raw_image(seed)
