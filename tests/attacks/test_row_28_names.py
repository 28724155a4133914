"""Row 28, P12 and P14: no list of who needs or receives can be made, and a stick shows nothing."""

from __future__ import annotations

import msgspec

from lumbre.node import joining
from lumbre.record.segment import read_segment_with_base
from lumbre.schema import Role
from lumbre.sync.bundle import write_bundle
from tests.ledger.test_ledger import ledger_of, need, offer
from tests.world import REGISTRY, Device, World

CANARY = "Xiomara Canario"
WORDS = (CANARY, "Bloque Canario", "water.potable")


def world_with_canaries() -> World:
    world = World(CANARY)
    beto = world.join("Beltrán Canario")
    world.meet_all()
    world.founder.write(need("Bloque Canario", note="para la abuela canario"))
    beto.write(offer())
    world.meet_all()
    return world


def test_row_28_a_bundle_shows_no_name_no_place_and_no_good():
    world = world_with_canaries()
    bundle = b"".join(write_bundle(world.founder.node.give(world.space)))
    for word in (*WORDS, "canario", "Canario", "La Vega", "Beltr"):
        assert word.encode() not in bundle
        assert word.encode("utf-16-le") not in bundle


def test_row_28_files_of_joining_show_no_name():
    world = World()
    device = Device(CANARY)
    invitation = joining.invite(world.founder.node, world.space)
    request = joining.ask(device.node, invitation, CANARY)
    for data in (invitation, request):
        assert CANARY.encode() not in data
        assert b"La Vega" not in data


def test_row_28_sealed_bodies_differ_even_for_the_same_words():
    world = World()
    world.founder.write(need(), need())
    parts = list(world.founder.node.give(world.space))
    bodies = [entry.body for entry in read_segment_with_base(parts[-1])[1]]
    assert len(bodies) == len(set(bodies)) == 2
    assert all(len(body) % 16 == 24 % 16 for body in bodies)


def test_row_28_no_row_of_any_view_joins_a_person_with_a_need():
    """Every row, as bytes: the key of who wrote a need is in none that names the need's place."""
    world = world_with_canaries()
    device = world.devices[1]
    authors = [(one.key.public, one) for one in world.devices]
    persons = [ledger_of(device).rights.author(key).person for key, _ in authors]
    joined = []
    for view in REGISTRY.views:
        for key, row in ledger_of(device).folds.rows(view):
            data = msgspec.msgpack.encode(row) + key
            if b"Canario" in data or b"water.potable" in data:
                joined += [view for who in persons if who in data]
                joined += [view for who, _ in authors if who in data]
    assert joined == []


def test_row_28_a_guest_has_no_person_of_its_own():
    world = World()
    desk = world.join("la mesa", Role.GUEST)
    # A guest's key lives on a member's board, which has the space's keys.
    for id_, secret in world.founder.private.secrets("epoch"):
        desk.node.learn_epoch(world.space, id_[32:], secret)
    world.meet_all()
    desk.write(need("Bloque 1"))
    desk.write(need("Bloque 2"))
    world.meet_all()
    rows = world.founder.rows("need")
    assert all(row.left_by_guest for row in rows)
    assert not any(row.enters_plan for row in rows)
