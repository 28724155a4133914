"""P6 over random histories: what is said to be held was held by so many devices.

Devices write, meet in part, lack bodies, let go of bodies, fall back to an image of their disk
and go on from it (a fork). Records are lost, come late, twice, in any order, damaged, and under
another's signature. What each record could truthfully claim is noted when it is made, from the
disk and not from the record.
"""

from __future__ import annotations

import contextlib
import copy
import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from lumbre.errors import Refused
from lumbre.kinds.situation.records import Place, PlaceType
from lumbre.node.census import Census
from lumbre.node.node import Node
from lumbre.record.keys import SigningKey
from lumbre.schema import Via
from lumbre.sync import census as records
from tests.attacks.test_row_04_withheld_bodies import bare
from tests.ledger.test_ledger import need, one_by_one
from tests.world import REGISTRY, Device, SeededRandom, World

STEPS = 40
CHECKED_STEPS = 4


class History:
    """Four devices, every record that was ever made, and what its maker held then."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World()
        for name in ("beto", "caro", "dora"):
            self.world.join(name)
        self.world.meet_all()
        self.devices = self.world.devices
        self.images = [copy.deepcopy((d.log, d.private)) for d in self.devices]
        self.made: dict[bytes, tuple[int, frozenset[bytes]]] = {}
        self.count = 0

    def run(self) -> None:
        often = (self.write, self.carry, self.meet, self.say, self.send)
        steps = (
            *often * 3, self.meet, self.replay, self.damage, self.steal, self.let_go, self.image,
            self.fall_back,
        )  # fmt: skip
        for step in range(STEPS):
            self.chance.choice(steps)()
            if step % CHECKED_STEPS == 0:
                self.check()
        self.check()

    def two(self) -> tuple[Device, Device]:
        one, other = self.chance.sample(self.devices, 2)
        return one, other

    # What happens

    def write(self) -> None:
        self.count += 1
        device = self.chance.choice(self.devices)
        device.clock.time_s += self.chance.choice((0, 1, 60))
        if self.chance.random() < 0.5:
            device.write(need(f"{self.count}"))
        else:
            device.write(
                *(
                    Place(Via.OWN_DEVICE, None, f"{self.count}.{n}", PlaceType.BUILDING)
                    for n in range(self.chance.randint(1, 3))
                )
            )

    def carry(self) -> None:
        """Some segments, in some order, some without their bodies."""
        one, other = self.two()
        parts = one_by_one(one)
        chosen = self.chance.sample(parts, self.chance.randint(0, len(parts)))
        other.node.take([bare(p) if self.chance.random() < 0.2 else p for p in chosen])

    def meet(self) -> None:
        """All entries, and then most of the records."""
        one, other = self.two()
        self.world.meet(one, other)
        self.say_of(one)
        self.say_of(other)
        for teller, reader in ((one, other), (other, one)):
            if self.chance.random() < 0.8:
                self.send_from(teller, reader)

    def say(self) -> None:
        self.say_of(self.chance.choice(self.devices))

    def say_of(self, device: Device) -> None:
        if self.chance.random() < 0.3:
            # A larger community: not every log finds room.
            device.log.census.moved_lately = list
        else:
            vars(device.log.census).pop("moved_lately", None)
        record = Census(device.node, self.world.space).own()
        if record is not None:
            self.made[record] = self.devices.index(device), frozenset(with_body(device))

    def send(self) -> None:
        self.send_from(*self.two())

    def send_from(self, one: Device, other: Device) -> None:
        sent = Census(one.node, self.world.space).select()
        for record in self.chance.sample(sent, self.chance.randint(0, len(sent))):
            Census(other.node, self.world.space).take(record)

    def replay(self) -> None:
        if self.made:
            record = self.chance.choice(list(self.made))
            Census(self.chance.choice(self.devices).node, self.world.space).take(record)

    def damage(self) -> None:
        if self.made:
            data = bytearray(self.chance.choice(list(self.made)))
            data[self.chance.randrange(len(data))] ^= 1 << self.chance.randrange(8)
            self.refused(bytes(data))

    def refused(self, data: bytes) -> None:
        device = self.chance.choice(self.devices)
        before = device.log.census.records(self.world.space)
        with contextlib.suppress(Refused):
            assert not Census(device.node, self.world.space).take(data)
        assert device.log.census.records(self.world.space) == before

    def steal(self) -> None:
        """A member signs what another sealed: its own record, which must claim nothing."""
        if not self.made:
            return
        thief = self.chance.choice(self.devices)
        record = records.read(self.chance.choice(list(self.made)))
        stolen = resigned(record, thief.key, record.counter + self.chance.randint(0, 2))
        if stolen not in self.made:
            self.made[stolen] = self.devices.index(thief), frozenset()
            Census(self.chance.choice(self.devices).node, self.world.space).take(stolen)

    def let_go(self) -> None:
        """A device prunes a body."""
        device = self.chance.choice(self.devices)
        kept = self.chance.choice(list(device.log._entries.values()))
        at = self.chance.randrange(len(kept))
        if kept[at].name.lane > 0:
            kept[at] = msgspec.structs.replace(kept[at], body=None)

    def image(self) -> None:
        at = self.chance.randrange(len(self.devices))
        self.images[at] = copy.deepcopy((self.devices[at].log, self.devices[at].private))

    def fall_back(self) -> None:
        at = self.chance.randrange(len(self.devices))
        device = self.devices[at]
        device.log, device.private = copy.deepcopy(self.images[at])
        self.count += 1
        device.node = Node(
            device.log, device.private, REGISTRY, device.clock, SeededRandom(f"{self.count}")
        )

    # What must hold

    def check(self) -> None:
        for at, device in enumerate(self.devices):
            census = Census(device.node, self.world.space)
            kept = [row[2] for row in device.log.census.records(self.world.space)]
            said = [self.made[record] for record in kept]
            at_risk = {entry.id for entry in census.at_risk()}
            for id_, ref in everything(device).items():
                truly = {who for who, held in said if id_ in held and who != at}
                holders = census.holders(ref)
                assert holders.devices <= len(truly)
                assert holders.here == (id_ in with_body(device))
                assert (id_ in at_risk) == (holders.here and holders.devices == 0)


def resigned(record: records.Record, key: SigningKey, counter: int) -> bytes:
    fields = (1, record.space, key.public, counter, record.key_id, record.sealed)
    signature = key.sign(b"lumbre/census/1\0", msgspec.msgpack.encode(fields))
    return msgspec.msgpack.encode((*fields, signature))


def with_body(device: Device) -> set[bytes]:
    return {e.id for kept in device.log._entries.values() for e in kept if e.body is not None}


def everything(device: Device) -> dict[bytes, object]:
    return {e.id: e.ref for kept in device.log._entries.values() for e in kept}


@settings(max_examples=30)
@given(st.integers(0, 2**32))
def test_p6_what_is_said_to_be_held_was_held_by_so_many_devices(seed):
    History(seed).run()


def test_p6_such_histories_do_claim_something():
    claimed = 0
    for seed in range(5):
        history = History(seed)
        history.run()
        for device in history.devices:
            census = Census(device.node, history.world.space)
            refs = everything(device).values()
            claimed += sum(census.holders(ref).devices for ref in refs)
    assert claimed > 100
