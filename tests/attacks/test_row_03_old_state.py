"""Row 3: an old state of one's own store comes back, then is written to."""

from __future__ import annotations

import random
import shutil
from itertools import count as counting
from pathlib import Path

import pytest

from lumbre.node import devices, founding, joining
from lumbre.node.desk import own_key
from lumbre.node.exchange import take_in
from lumbre.node.forks import forked
from lumbre.node.home import Home
from lumbre.schema import Role
from lumbre.store import LIGHT
from lumbre.store.backup import back_up
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


PASSPHRASE = "the copy has its own"


def write(home: Home, space: bytes, *bodies) -> None:
    home.node.write(space, own_key(home.node, home.node.space(space)), bodies)


def places(home: Home, space: bytes) -> set[str]:
    rows = home.node.space(space).ledger.folds.rows("need")
    return {row.place_name for _, row in rows if row.enters_plan}


def exchange(one: Home, other: Home, space: bytes) -> int:
    """Carry everything both ways; how many forks were found."""
    forks = 0
    for giver, taker in ((one, other), (other, one)):
        forks += take_in(taker.node, list(giver.node.give(space)))[0].forks
    return forks


def let_in(host: Home, guest: Home, space: bytes, name: str, *, as_own: bool) -> None:
    """Ask, read the words, admit: as a new person, or as one more device of the host's."""
    said = joining.ask(guest.node, joining.invite(host.node, space), name)
    request, found = joining.read_request(host.node, said)
    held = host.node.space(space)
    if as_own:
        devices.device(host.node, held, request, found)
    else:
        joining.admit(host.node, own_key(host.node, held), request, found, Role.MEMBER)
    take_in(guest.node, list(host.node.give(space)))


def check_restored_by_tool(folder: Path, seed: int) -> None:
    """Backed up, written on, lost; restored into a new home, which is admitted anew."""
    chance = random.Random(seed)
    ana = Home.create(folder / "ana", cost=LIGHT)
    beto = Home.create(folder / "beto", cost=LIGHT)
    space = founding.found(ana.node, "La Vega", "ana")
    let_in(ana, beto, space, "beto", as_own=False)
    number = counting()
    for _ in range(chance.randint(1, 3)):
        write(beto, space, need(f"before {next(number)}"))
    copy = folder / "copy"
    assert beto.private is not None
    back_up(beto.log, beto.private, copy, PASSPHRASE, beto.random.bytes, cost=LIGHT)
    met_before = chance.random() < 0.5
    for _ in range(chance.randint(0, 3)):
        write(beto, space, need(f"newer {next(number)}"))
    if met_before:
        exchange(ana, beto, space)
    again = Home.restore(folder / "again", copy, PASSPHRASE, cost=LIGHT)
    assert again.node.authors(space) == []
    if chance.random() < 0.5:
        let_in(ana, again, space, "beto again", as_own=False)
    else:
        let_in(beto, again, space, "beto's next", as_own=True)
    for _ in range(chance.randint(1, 3)):
        write(again, space, need(f"restored {next(number)}"))
        write(beto, space, need(f"meanwhile {next(number)}"))
    homes = [ana, beto, again]
    chance.shuffle(homes)
    pairs = [(homes[0], homes[1]), (homes[1], homes[2]), (homes[0], homes[2])] * 2
    assert sum(exchange(one, other, space) for one, other in pairs) == 0
    for home in homes:
        assert list(forked(home.log, space)) == []
    written = next(number)
    assert {len(places(home, space)) for home in homes} == {written}
    assert len({home.node.space(space).ledger.state_hash() for home in homes}) == 1
    for home in homes:
        home.close()


def test_row_03_restoring_by_tool_makes_a_new_key_0_forks_in_10_runs(tmp_path):
    for seed in range(10):
        check_restored_by_tool(tmp_path / str(seed), seed)


@pytest.mark.soak
def test_row_03_restoring_by_tool_makes_a_new_key_0_forks_in_many_runs(tmp_path, count):
    for seed in range(count("RESTORES", 1_000)):
        check_restored_by_tool(tmp_path / str(seed), seed)
        shutil.rmtree(tmp_path / str(seed))
