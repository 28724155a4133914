"""Keys of a space: who reads, who no longer does, and that nobody is silenced by it."""

from __future__ import annotations

from lumbre.ledger import Outcome
from lumbre.ledger.verdict import WAITS_FOR_KEY
from lumbre.node import epochs
from lumbre.node.exchange import take_in
from lumbre.node.reading import Reading
from lumbre.schema import Via
from lumbre.trust.acts import Remove
from tests.ledger.test_ledger import ledger_of, need
from tests.world import World


def removed_beto() -> tuple[World, list]:
    world = World()
    beto, caro = world.join("beto"), world.join("caro")
    world.meet_all()
    founder = world.founder
    founder.write(need("before"))
    world.meet_all()
    person = ledger_of(founder).rights.author(beto.key.public).person
    after = founder.node.space(world.space).after()
    founder.write(Remove(Via.OWN_DEVICE, None, after, person, None, ()))
    return world, [beto, caro]


def test_a_removal_silences_nobody_and_says_that_a_new_key_is_due():
    world, (_, caro) = removed_beto()
    world.meet(world.founder, caro)
    assert caro.node.space(world.space).needs_new_epoch
    caro.write(need("still heard"))
    assert "still heard" in {row.place_name for row in caro.rows("need")}


def test_after_a_new_epoch_the_removed_device_reads_nothing_new_and_others_all():
    world, (beto, caro) = removed_beto()
    epochs.renew_epoch(world.founder.node, world.space, world.founder.key)
    world.founder.write(need("secret from now on"))
    world.meet_all()
    for device in (beto, caro):
        epochs.collect_keys(device.node, world.space)
    assert not caro.node.space(world.space).needs_new_epoch
    assert "secret from now on" in {row.place_name for row in caro.rows("need")}
    assert "secret from now on" not in {row.place_name for row in beto.rows("need")}
    assert len(ledger_of(beto).waiting_for_key()) == 1
    assert caro.hash() == world.founder.hash()


def test_p6_what_waits_for_a_key_is_counted_behind_the_first_of_a_log_too():
    world, (beto, _) = removed_beto()
    epochs.renew_epoch(world.founder.node, world.space, world.founder.key)
    world.founder.write(*(need(f"Bloque {number}") for number in range(5)))
    received, keys = take_in(beto.node, list(world.founder.node.give(world.space)))
    assert keys == 0
    assert received.for_key == received.waiting == 5
    found = Reading(beto.node).doubts(world.space)
    waits = [verdict.reason for _, verdict in found if verdict.outcome is Outcome.WAITING]
    assert waits == [WAITS_FOR_KEY] * 5


def test_p6_nothing_is_said_to_wait_for_a_key_that_came_with_it():
    world = World()
    caro = world.join("caro")
    epochs.renew_epoch(world.founder.node, world.space, world.founder.key)
    world.founder.write(*(need(f"Bloque {number}") for number in range(5)))
    received, keys = take_in(caro.node, list(world.founder.node.give(world.space)))
    assert keys == 1
    assert (received.waiting, received.for_key) == (0, 0)
    assert caro.hash() == world.founder.hash()


def test_a_newcomer_reads_what_was_written_under_epochs_before_its_own():
    world, _ = removed_beto()
    epochs.renew_epoch(world.founder.node, world.space, world.founder.key)
    world.founder.write(need("after"))
    dora = world.join("dora")
    assert {row.place_name for row in dora.rows("need")} == {"before", "after"}
    assert dora.hash() == world.founder.hash()
