"""The founder's paper lets a new device in when every other is gone, and does nothing else."""

from __future__ import annotations

import pytest

from lumbre.errors import Invalid, NotAllowed
from lumbre.node import epochs, founding
from lumbre.node.paper import paper_code, read_paper, recover
from lumbre.record import SigningKey
from lumbre.schema import Role
from tests.ledger.test_ledger import ledger_of, need, offer
from tests.world import Device, World

SEED = bytes(range(32))


def paper_world() -> World:
    world = World("eva")
    founder = Device("ana")
    founder.space = founding.found(founder.node, "La Vega", "ana", paper=SigningKey(SEED).public)
    world.founder, world.space, world.devices = founder, founder.space, [founder]
    return world


def test_a_code_is_read_back_also_as_a_tired_person_types_it():
    code = paper_code(SEED)
    assert len(code.replace(" ", "")) == 56
    assert read_paper(code) == SEED
    assert read_paper(code.lower().replace(" ", "-")) == SEED
    assert read_paper(code.replace("O", "0").replace("I", "1").replace("B", "8")) == SEED


@pytest.mark.parametrize("position", range(0, 56, 5))
def test_one_wrong_character_is_noticed(position):
    code = paper_code(SEED).replace(" ", "")
    other = "A" if code[position] != "A" else "C"
    with pytest.raises(Invalid):
        read_paper(code[:position] + other + code[position + 1 :])


@pytest.mark.parametrize("code", ["", "ABCD", "ñandú", paper_code(SEED)[:-1], "A" * 56])
def test_what_is_no_code_is_said_so(code):
    with pytest.raises(Invalid):
        read_paper(code)


def test_a_founder_that_lost_every_device_goes_on_with_the_paper():
    world = paper_world()
    beto = world.join("beto")
    world.founder.write(need("before"))
    beto.take_from(world.founder)
    device = Device("ana's next")
    device.space = world.space
    device.node.add_space(world.space)
    device.take_from(beto)
    recover(device.node, world.space, SEED, "ana's next")
    rights = ledger_of(device).rights
    assert rights.author(device.key.public).person == world.space
    assert rights.author(device.key.public).role is Role.STEWARD
    assert {row.place_name for row in device.rows("need")} == {"before"}
    device.write(need("after"))
    beto.take_from(device)
    assert {row.place_name for row in beto.rows("need")} == {"before", "after"}
    assert beto.hash() == device.hash()


def test_the_paper_still_reads_after_a_new_epoch():
    world = paper_world()
    epochs.renew_epoch(world.founder.node, world.space, world.founder.key)
    world.founder.write(need("after the new key"))
    device = Device("ana's next")
    device.space = world.space
    device.node.add_space(world.space)
    device.take_from(world.founder)
    recover(device.node, world.space, SEED, "ana's next")
    assert {row.place_name for row in device.rows("need")} == {"after the new key"}


def test_another_paper_lets_nobody_in_and_the_paper_writes_nothing_else():
    world = paper_world()
    before = world.founder.hash()
    with pytest.raises(NotAllowed):
        recover(world.founder.node, world.space, bytes(32), "thief")
    with pytest.raises(NotAllowed):
        world.founder.node.write(world.space, SigningKey(SEED), [offer()])
    assert world.founder.hash() == before
