"""A small world for tests: nodes with disks in memory, a clock that is told, seeded bytes.

It runs the shipping node. Meetings carry everything both ways; a test that wants less takes
segments by hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from lumbre.kinds import DOMAINS
from lumbre.ledger import MemoryBook, MemoryTables
from lumbre.node import epochs, founding, joining
from lumbre.node.intake import Received
from lumbre.node.node import Node
from lumbre.record import Entry, SigningKey
from lumbre.schema import Body, Registry, Role

REGISTRY = Registry(DOMAINS)


class SeededRandom:
    """Bytes that are the same for the same seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._count = 0

    def bytes(self, count: int) -> bytes:
        self._count += 1
        return hashlib.shake_256(self._seed + self._count.to_bytes(8, "big")).digest(count)


class ToldClock:
    """A clock that stands where a test puts it."""

    def __init__(self, now_s: int = 1_760_000_000) -> None:
        self.time_s = now_s

    def now_s(self) -> int:
        return self.time_s


class Device:
    """A node of one person, with its key in the world's space."""

    def __init__(self, name: str, registry: Registry = REGISTRY) -> None:
        self.name = name
        self.clock = ToldClock()
        self.log = MemoryBook()
        self.private = MemoryTables()
        self.node = Node(self.log, self.private, registry, self.clock, SeededRandom(name))
        self.space = b""

    @property
    def key(self) -> SigningKey:
        return self.node.authors(self.space)[0]

    def write(self, *bodies: Body) -> list[Entry]:
        return self.node.write(self.space, self.key, bodies)

    def rows(self, view: str) -> list:
        return [row for _, row in self.node.space(self.space).ledger.folds.rows(view)]

    def hash(self) -> bytes:
        return self.node.space(self.space).ledger.state_hash()

    def take_from(self, other: Device) -> Received:
        return self.node.take(other.node.give(other.space))


class World:
    """A space, its founder's device, and those that were let in."""

    def __init__(self, founder: str = "ana", registry: Registry = REGISTRY) -> None:
        self.registry = registry
        self.founder = Device(founder, registry)
        self.space = founding.found(self.founder.node, "La Vega", founder)
        self.founder.space = self.space
        self.devices = [self.founder]

    def join(self, name: str, role: Role = Role.MEMBER, via: Device | None = None) -> Device:
        """Let a new person's device in, by files, and bring it up to date."""
        via = via or self.founder
        device = Device(name, self.registry)
        invitation = joining.invite(via.node, self.space)
        request, found_name = joining.read_request(
            via.node, joining.ask(device.node, invitation, name)
        )
        assert found_name == name
        joining.admit(via.node, via.key, request, name, role)
        device.space = self.space
        device.take_from(via)
        epochs.collect_keys(device.node, self.space)
        self.devices.append(device)
        return device

    def meet(self, one: Device, other: Device) -> None:
        """Carry everything both ways."""
        other.take_from(one)
        one.take_from(other)

    def meet_all(self, devices: Sequence[Device] | None = None) -> None:
        """Carry everything to everybody."""
        devices = devices or self.devices
        for _ in range(2):
            for one in devices[1:]:
                self.meet(devices[0], one)
