"""Rows 24 and 25: versions and machines read the same bytes to the same state.

There is no previous release yet: frozen bytes stand for it.
"""

from __future__ import annotations

import random

import msgspec

from lumbre.kinds import DOMAINS
from lumbre.kinds.supply import SUPPLY
from lumbre.ledger import Outcome
from lumbre.record import Tip, Writer
from lumbre.record.canonical import encode
from lumbre.schema import Domain, Registry
from lumbre.schema.kind import Kind
from tests.attacks import frozen
from tests.ledger.test_ledger import ledger_of, need, offer, one_by_one
from tests.world import REGISTRY, World


def test_row_24_the_frozen_bundle_is_read_to_the_state_it_had():
    device = frozen.read(frozen.segments())
    assert device.hash().hex() == frozen.facts()["state"]
    outcomes = [v.outcome for _, v in ledger_of(device).judge.exceptions()]
    assert Outcome.WAITING not in outcomes


def test_row_25_a_hundred_shuffles_give_one_hash():
    parts = frozen.segments()
    chance = random.Random(25)
    hashes = set()
    for _ in range(100):
        chance.shuffle(parts)
        hashes.add(frozen.read(parts).hash().hex())
    assert hashes == {frozen.facts()["state"]}


def older_registry() -> Registry:
    """A version that does not know offers."""
    kinds = tuple(kind for kind in SUPPLY.kinds if not kind.name.startswith("offer"))
    older = Domain(name="supply", kinds=kinds, views=SUPPLY.views)
    return Registry([older if domain is SUPPLY else domain for domain in DOMAINS])


def test_row_24_an_older_version_carries_what_it_does_not_know_without_changing_a_byte():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    beto.write(offer())
    beto.write(need())
    old = World("eva", older_registry()).founder
    old.node.add_space(world.space)
    for id_, secret in beto.private.secrets("epoch"):
        old.node.learn_epoch(world.space, id_[32:], secret)
    old.node.take(beto.node.give(world.space))
    assert list(old.node.give(world.space)) == list(beto.node.give(world.space))
    old.space = world.space
    assert [row.place_name for row in old.rows("need")] == ["Bloque 3"]
    world.founder.node.take(old.node.give(world.space))
    assert world.founder.hash() == beto.hash()


def test_row_24_a_newer_record_with_one_more_field_counts_and_passes_unchanged():
    world = World()
    beto = world.join("beto")
    world.meet_all()
    (first,) = beto.write(offer())
    body = msgspec.msgpack.decode(REGISTRY.encode(offer(7_000)))
    longer = encode([*body, "a field of a later version"])
    space = beto.node.space(beto.space)
    tip = Tip.of(first)
    key_id, sealed = space._seal(longer, first.name, tip, False)
    writer = Writer(first.name, beto.key, tip)
    entry = writer.append(sealed, depth=first.depth + 1, wall_s=1, key_id=key_id)
    beto.node.store(tip, [entry])
    world.founder.take_from(beto)
    assert ledger_of(world.founder).judge.exception(entry.ref) is None
    assert sorted(row.quantity for row in world.founder.rows("offer")) == [5_000, 7_000]
    assert world.founder.node.find(world.space, entry.ref).body == sealed
    assert one_by_one(world.founder)[-1:] == one_by_one(beto)[-1:]


def test_row_24_a_missing_field_takes_its_default():
    world = World()
    (first,) = world.founder.write(offer())
    body = msgspec.msgpack.decode(REGISTRY.encode(offer(7_000)))
    kind: Kind = REGISTRY.kinds["offer"]
    fields = msgspec.structs.fields(kind.record)
    assert fields[-1].default == ()
    decoded = REGISTRY.decode(encode(body[:-1])).body
    assert decoded == offer(7_000)
    assert first.seq == 0
