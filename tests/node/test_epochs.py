"""Keys of a space: who reads, who no longer does, and that nobody is silenced by it."""

from __future__ import annotations

from lumbre.node import epochs
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


def test_a_newcomer_reads_what_was_written_under_epochs_before_its_own():
    world, _ = removed_beto()
    epochs.renew_epoch(world.founder.node, world.space, world.founder.key)
    world.founder.write(need("after"))
    dora = world.join("dora")
    assert {row.place_name for row in dora.rows("need")} == {"before", "after"}
    assert dora.hash() == world.founder.hash()
