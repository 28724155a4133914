"""Row 25, P2, P5: nodes that meet in parts, fork, stop, are locked and re-keyed end equal."""

from __future__ import annotations

import copy
import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from lumbre.errors import LumbreError
from lumbre.node import epochs
from lumbre.node.node import Node
from lumbre.record import Mention
from lumbre.schema import Via
from lumbre.trust import Trust
from lumbre.trust.acts import Act, Adopt, Objection, Remove
from tests.attacks.test_row_02_fork import image_of
from tests.attacks.test_row_04_withheld_bodies import bare
from tests.ledger.test_ledger import commitment, ledger_of, need, offer, one_by_one
from tests.world import REGISTRY, Device, SeededRandom, World

DEVICES = st.integers(0, 11)
SEEDS = st.integers(0, 2**16)


class Commune(RuleBasedStateMachine):
    """Random days of a few devices. What a rule may not do now is skipped."""

    @initialize()
    def found(self) -> None:
        self.world = World()
        self.devices = [self.world.founder, self.world.join("beto"), self.world.join("caro")]
        self.world.meet_all()
        self.stale: dict[int, object] = {}
        self.restarts = 0

    def one(self, number: int) -> Device:
        return self.devices[number % len(self.devices)]

    @rule(number=DEVICES, what=st.integers(0, 4), seed=SEEDS)
    def write(self, number: int, what: int, seed: int) -> None:
        device = self.one(number)
        needs = [row.need for row in device.rows("need")]
        try:
            if what == 0 or not needs:
                device.write(need(f"Bloque {seed}"))
            elif what == 1:
                device.write(*(offer(seed + step + 1) for step in range(3)))
            elif what == 2:
                device.write(commitment(needs[seed % len(needs)]))
            elif what == 3:
                disputed = Mention.of(needs[seed % len(needs)])
                device.write(Objection(Via.OWN_DEVICE, None, disputed, b"%d" % seed))
            else:
                after = device.node.space(self.world.space).after()
                device.write(
                    Adopt(Via.OWN_DEVICE, None, after, Mention.of(needs[seed % len(needs)]))
                )
        except LumbreError:
            return

    @rule(number=DEVICES, other=DEVICES, seed=SEEDS, is_bare=st.booleans())
    def meet_in_parts(self, number: int, other: int, seed: int, is_bare: bool) -> None:
        chance = random.Random(seed)
        parts = one_by_one(self.one(other))
        chance.shuffle(parts)
        parts = parts[: chance.randint(1, len(parts))]
        if is_bare:
            parts = [bare(part) if chance.random() < 0.3 else part for part in parts]
        taker = self.one(number)
        taker.node.take(parts)
        epochs.collect_keys(taker.node, self.world.space)

    @rule(number=DEVICES)
    @precondition(lambda self: len(self.devices) < 12)
    def fork(self, number: int) -> None:
        self.restarts += 1
        twin = image_of(self.one(number))
        twin.name = f"{twin.name} {self.restarts}"
        twin.node.random = SeededRandom(twin.name)
        self.devices.append(twin)

    @rule(number=DEVICES, pins=SEEDS)
    def remove(self, number: int, pins: int) -> None:
        founder, target = self.world.founder, self.one(number)
        right = ledger_of(founder).rights.author(target.key.public)
        if target.key.public == founder.key.public or right is None or right.pins is not None:
            return
        after = founder.node.space(self.world.space).after()
        chance = random.Random(pins)
        named = tuple(
            Mention.of(founder.log.entry(branch.number, seq).ref)
            for log in founder.log.logs_of(target.key.public)
            for branch in founder.log.branches(log)
            for seq in [chance.randint(branch.first_seq, branch.tip.seq)]
        )
        founder.write(Remove(Via.OWN_DEVICE, None, after, right.person, None, named))

    @rule()
    def renew_epoch(self) -> None:
        epochs.renew_epoch(self.world.founder.node, self.world.space, self.world.founder.key)

    @rule(number=DEVICES)
    def rebuild(self, number: int) -> None:
        device = self.one(number)
        before = device.hash()
        device.node.rebuild()
        assert device.hash() == before

    @rule(number=DEVICES)
    def remember_views(self, number: int) -> None:
        at = number % len(self.devices)
        self.stale[at] = copy.deepcopy(self.devices[at].private)

    @rule(number=DEVICES, is_stale=st.booleans())
    def restart(self, number: int, is_stale: bool) -> None:
        device, at = self.one(number), number % len(self.devices)
        before = device.hash()
        if is_stale and at in self.stale and device.log.meta("cutting") is None:
            older = self.stale.pop(at)
            # Keys are on the disk at once; views follow the log by a marker.
            for kind in ("author", "epoch"):
                for id_, secret in device.private.secrets(kind):
                    older.put_secret(kind, id_, secret)
            device.private = older
        self.open(device)
        if not is_stale:
            assert device.hash() == before

    @rule(number=DEVICES, other=DEVICES)
    def take_while_locked(self, number: int, other: int) -> None:
        device = self.one(number)
        locked = Node(device.log, None, REGISTRY, device.clock, SeededRandom("locked"))
        locked.take(one_by_one(self.one(other)))
        self.open(device)

    def open(self, device: Device) -> None:
        self.restarts += 1
        source = SeededRandom(f"{device.name} {self.restarts}")
        device.node = Node(device.log, device.private, REGISTRY, device.clock, source)

    def teardown(self) -> None:
        if not hasattr(self, "devices"):
            return
        for _ in range(4):
            for device in self.devices:
                for other in self.devices:
                    if device is not other:
                        device.node.take(one_by_one(other))
                epochs.collect_keys(device.node, self.world.space)
        self.give_everybody_every_key()
        assert len({device.hash() for device in self.devices}) == 1
        first = ledger_of(self.devices[0])
        fresh = Trust(self.world.space)
        for entry in _acts(self.devices[0]):
            act = first.judge.act(entry)
            if act is not None:
                fresh.add(Act(entry, *act))
        assert dict(fresh.rights().authors()) == dict(first.rights.authors())
        expected = first.state_hash()
        for device in self.devices:
            device.node.rebuild()
            assert device.hash() == expected

    def give_everybody_every_key(self) -> None:
        """Whom an epoch excludes cannot read; here the same keys must give the same state."""
        for device in self.devices:
            for id_, secret in self.world.founder.private.secrets("epoch"):
                device.node.learn_epoch(self.world.space, id_[32:], secret)


def _acts(device: Device) -> list:
    found = [
        entry
        for space in (device.space, bytes(32))
        for name in device.log.logs(space)
        if name.lane == 0
        for branch in device.log.branches(name.id)
        for entry in device.log.entries(branch.number, branch.first_seq, branch.tip.seq)
    ]
    return sorted(found, key=lambda entry: (entry.depth, entry.id))


SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


def check(examples: int) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Commune,
        settings=settings(
            max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=SLOW
        ),
    )


def test_row_25_random_days_end_equal_on_every_node():
    check(25)


@pytest.mark.soak
def test_row_25_many_random_days_end_equal_on_every_node(count):
    check(count("EXAMPLES", 1_000))
