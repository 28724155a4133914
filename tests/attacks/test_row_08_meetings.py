"""Row 8, P8: whatever a member's device says in whatever order, a meeting ends or goes on; nothing
else is raised, nothing of it counts, and devices meet afterwards as before.
"""

from __future__ import annotations

import functools
import random

import msgspec
import pytest

from lumbre.sync import frames
from lumbre.sync.frames import Message, write_frame
from tests.record.fuzz import mutate
from tests.sync.hostile import Hand, Stage
from tests.sync.meet import Line, copied, meet, new_binding


@functools.cache
def _stage() -> Stage:
    return Stage()


@functools.cache
def _said() -> tuple[list[bytes], list[Message]]:
    """Frames of honest meetings about the same space, which a liar may say as well."""
    stage = _stage()
    line = Line()
    one, other = copied(stage.liar, "one"), copied(stage.victim, "other")
    meet(one.node, other.node, line=line, binding=new_binding())
    reader = frames.FrameReader()
    messages = list(reader.feed(bytes(line.up)))
    return [write_frame(message) for message in messages], messages


def _odd(chance: random.Random, kind: type[Message]) -> bytes:
    """A message of a kind with any values that its types allow, or almost."""
    values = [_value(chance, field.name) for field in msgspec.structs.fields(kind)]
    payload = msgspec.msgpack.encode(values)
    number = frames._NUMBERS[kind]
    return (len(payload) + 1).to_bytes(3, "big") + bytes((number,)) + payload


def _value(chance: random.Random, name: str) -> object:
    if name in ("space", "slot"):
        return chance.choice((0, 0, 0, 1, 63))
    if name in ("version", "code", "new", "number"):
        return chance.choice((0, 1, 255, 2**40 - 1))
    if name in ("digest", "census"):
        return chance.randbytes(16)
    if name == "moved":
        return [chance.choice((0, 1, 2**40 - 1)) for _ in range(chance.randrange(5))]
    if name == "heads":
        ladder = [(chance.randrange(9), chance.randbytes(8))]
        return [[chance.randbytes(8), chance.randrange(9), chance.randbytes(8), 0, ladder]]
    if name == "ranges":
        return [[chance.randbytes(8), 0, 2**40 - 1]]
    if name == "segments":
        return [chance.randbytes(chance.randrange(60))]
    return chance.choice((b"", chance.randbytes(chance.randrange(90)), [], 0, None))


def attack(seed: int) -> None:
    chance = random.Random(seed)
    stage = _stage()
    victim = copied(stage.victim, f"victim {seed}")
    before = victim.hash()
    hand = Hand(stage.liar, victim)
    if chance.random() < 0.9:
        hand.greet()
    honest, _ = _said()
    kinds = list(frames._TYPES)
    for _ in range(chance.randrange(1, 12)):
        what = chance.random()
        if what < 0.4:
            data = _odd(chance, chance.choice(kinds))
        elif what < 0.7:
            data = chance.choice(honest)
        else:
            data = mutate(chance.choice(honest), chance)
        hand.say_bytes(data)
    hand.victim.lost()
    assert victim.hash() == before
    other = copied(stage.other, f"other {seed}")
    caller, _ = meet(other.node, victim.node, binding=new_binding())
    assert caller.outcomes()[0].is_equal


def test_row_08_p8_what_a_member_s_device_says_ends_in_nothing_worse_than_a_code():
    for seed in range(300):
        attack(seed)


@pytest.mark.soak
def test_row_08_p8_the_same_for_many_seeds(count):
    for seed in range(count("SEEDS", 100_000)):
        attack(seed)
