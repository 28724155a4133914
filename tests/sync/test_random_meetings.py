"""P5: random days of several devices, of which any two meet; all honest ones end equal.

What a device stored is what was acknowledged: of it nothing may be gone at the end, unless its
disk went back, or its log has more branches than are kept.
"""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lumbre.errors import LumbreError
from lumbre.kinds.shared import Source
from lumbre.kinds.situation.records import Rumour
from lumbre.node.epochs import renew_epoch
from lumbre.node.meetings import link_of
from lumbre.node.node import Node
from lumbre.record import Mention
from lumbre.record.limits import BRANCHES_MAX
from lumbre.schema import Role, Via
from lumbre.trust.acts import Grant, Invite, Remove
from tests.attacks.test_row_02_fork import image_of
from tests.attacks.test_row_04_withheld_bodies import bare
from tests.ledger.test_ledger import commitment, ledger_of, need, offer
from tests.sync.meet import Line, assert_equal, held, meet, new_binding, short_segments
from tests.world import REGISTRY, Device, SeededRandom, World

DEVICES = st.integers(0, 7)
SEEDS = st.integers(0, 2**16)
DEVICES_MAX = 6


def words(seed: int) -> str:
    """Some that travel at once, some that are asked for."""
    chance = random.Random(seed)
    return "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(1 + seed % 600))


class Days(RuleBasedStateMachine):
    """What a rule may not do now is skipped."""

    @initialize()
    def found(self) -> None:
        self.world = World()
        self.devices = [self.world.founder]
        self.devices += [self.world.join(name) for name in ("beto", "caro", "dora")]
        for device in self.devices:
            link_of(device.node, self.world.space)
            device.author = device.key.public
        self.images: dict[int, Device] = {}
        self.restarts = 0

    def one(self, number: int) -> Device:
        return self.devices[number % len(self.devices)]

    def two(self, number: int, other: int) -> tuple[Device, Device] | None:
        one, two = self.one(number), self.one(other)
        return None if one is two else (one, two)

    # What devices write

    @rule(number=DEVICES, what=st.integers(0, 4), seed=SEEDS)
    def write(self, number: int, what: int, seed: int) -> None:
        device = self.one(number)
        if device.node.is_locked:
            return
        needs = [row.need for row in device.rows("need")]
        try:
            if what == 0 or not needs:
                device.write(need(f"Bloque {seed}"))
            elif what == 1:
                device.write(*(offer(seed + step + 1) for step in range(3)))
            elif what == 2:
                device.write(commitment(needs[seed % len(needs)]))
            elif what == 3:
                device.write(Rumour(Via.OWN_DEVICE, None, words(seed), Source.SEEN))
            else:
                after = device.node.space(self.world.space).after()
                token = seed.to_bytes(32, "big")
                device.write(Invite(Via.OWN_DEVICE, None, after, token, Role.MEMBER))
        except LumbreError:
            return

    @rule(number=DEVICES, pins=SEEDS)
    def remove(self, number: int, pins: int) -> None:
        founder, target = self.world.founder, self.one(number)
        right = ledger_of(founder).rights.author(target.author)
        if founder.node.is_locked or target.author == founder.author:
            return
        if right is None or right.pins is not None:
            return
        after = founder.node.space(self.world.space).after()
        chance = random.Random(pins)
        named = tuple(
            Mention.of(founder.log.entry(branch.number, seq).ref)
            for log in founder.log.logs_of(target.author)
            for branch in founder.log.branches(log)
            for seq in [chance.randint(branch.first_seq, branch.tip.seq)]
        )
        founder.write(Remove(Via.OWN_DEVICE, None, after, right.person, None, named))

    @rule()
    def renew_epoch(self) -> None:
        founder = self.world.founder
        if not founder.node.is_locked:
            renew_epoch(founder.node, self.world.space, founder.key)

    @rule(number=DEVICES, lane_bytes=st.integers(0, 2**26))
    def grant(self, number: int, lane_bytes: int) -> None:
        founder = self.world.founder
        if founder.node.is_locked:
            return
        after = founder.node.space(self.world.space).after()
        key = self.one(number).author
        founder.write(Grant(Via.OWN_DEVICE, None, after, key, (lane_bytes,) * 4))

    # How they meet

    @rule(number=DEVICES, other=DEVICES)
    def meet_whole(self, number: int, other: int) -> None:
        if pair := self.two(number, other):
            meet(pair[0].node, pair[1].node, binding=new_binding())

    @rule(number=DEVICES, other=DEVICES, part_bytes=st.integers(1, 300))
    def meet_in_parts(self, number: int, other: int, part_bytes: int) -> None:
        if pair := self.two(number, other):
            line = Line(part_bytes=part_bytes)
            meet(pair[0].node, pair[1].node, line=line, binding=new_binding())

    @rule(number=DEVICES, other=DEVICES, cut=st.integers(0, 12_000))
    def meet_cut_short(self, number: int, other: int, cut: int) -> None:
        if pair := self.two(number, other):
            line = Line(cut_after=cut)
            meet(pair[0].node, pair[1].node, line=line, binding=new_binding())

    @rule(number=DEVICES, other=DEVICES, seed=SEEDS, is_bare=st.booleans())
    def carry_a_bundle(self, number: int, other: int, seed: int, is_bare: bool) -> None:
        """Some segments are lost, some come twice, in any order, some without bodies."""
        chance = random.Random(seed)
        parts = short_segments(self.one(other))
        parts = chance.choices(parts, k=chance.randint(1, 2 * len(parts)))
        if is_bare:
            parts = [bare(part) if chance.random() < 0.3 else part for part in parts]
        self.one(number).node.take(parts)

    # What happens to devices

    @rule(number=DEVICES)
    @precondition(lambda self: len(self.devices) < DEVICES_MAX)
    def fork(self, number: int) -> None:
        if not self.one(number).node.is_locked:
            self.restarts += 1
            twin = image_of(self.one(number))
            twin.name = f"{twin.name} {self.restarts}"
            self.devices.append(twin)
            self.unlock(twin)

    @rule(number=DEVICES)
    def keep_an_image(self, number: int) -> None:
        if not self.one(number).node.is_locked:
            self.images[number % len(self.devices)] = image_of(self.one(number))

    @rule(number=DEVICES)
    def restore_an_image(self, number: int) -> None:
        image = self.images.pop(number % len(self.devices), None)
        if image is not None:
            device = self.one(number)
            device.log, device.private = image.log, image.private
            self.unlock(device)

    @rule(number=DEVICES)
    def lock_or_unlock(self, number: int) -> None:
        device = self.one(number)
        if device.node.is_locked:
            self.unlock(device)
        else:
            device.node = Node(device.log, None, REGISTRY, device.clock, SeededRandom("locked"))

    def unlock(self, device: Device) -> None:
        self.restarts += 1
        source = SeededRandom(f"{device.name} {self.restarts}")
        device.node = Node(device.log, device.private, REGISTRY, device.clock, source)

    # The end

    def teardown(self) -> None:
        if not hasattr(self, "devices"):
            return
        for device in self.devices:
            if device.node.is_locked:
                self.unlock(device)
        stored = [(device, dict(self.acknowledged(device))) for device in self.devices]
        self.meet_all()
        self.give_everybody_every_key()
        rights = ledger_of(self.world.founder).rights
        honest = [d for d in self.devices if rights.author(d.author).pins is None]
        assert_equal(*honest)
        for device, entries in stored:
            if device in honest:
                self.assert_kept(entries, honest[0])
        self.assert_nothing_is_left_to_say(honest)

    def meet_all(self) -> None:
        for _ in range(3):
            for one in self.devices:
                for other in self.devices:
                    if one is not other:
                        meet(one.node, other.node, binding=new_binding())

    @staticmethod
    def assert_kept(entries: dict[bytes, tuple[bytes, bytes]], on: Device) -> None:
        present = {(id_, body) for _, id_, body in held(on)}
        for id_, (log, body) in entries.items():
            if len(on.log.branches(log)) < BRANCHES_MAX:
                assert (id_, body) in present

    @staticmethod
    def assert_nothing_is_left_to_say(honest: list[Device]) -> None:
        for one, other in itertools.pairwise(honest):
            caller, _ = meet(one.node, other.node, binding=new_binding())
            (outcome,) = caller.outcomes()
            assert (outcome.is_equal, outcome.rounds, outcome.new) == (True, 1, 0)

    @staticmethod
    def acknowledged(device: Device):
        for log, id_, body in held(device):
            if body is not None:
                yield id_, (log, body)

    def give_everybody_every_key(self) -> None:
        """Whom an epoch excludes cannot read; the same keys must give the same state."""
        for device in self.devices:
            for id_, secret in self.world.founder.private.secrets("epoch"):
                device.node.learn_epoch(self.world.space, id_[32:], secret)


SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


def check(examples: int) -> None:
    run_state_machine_as_test(
        Days,
        settings=settings(
            max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=SLOW
        ),
    )


def test_p5_random_meetings_end_equal_on_every_honest_device():
    check(25)


@pytest.mark.soak
def test_p5_many_random_meetings_end_equal_on_every_honest_device(count):
    check(count("EXAMPLES", 1_000))
