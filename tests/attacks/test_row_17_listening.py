"""Row 17: who is at the channel's other end and knows no space learns nothing; two spaces of one
device cannot be linked; what two members say names nothing in the clear.

What a listener sees of the channel itself is encrypted bytes: that is the carrier's test.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec
import pytest

from lumbre.node import founding, joining
from lumbre.node.meetings import link_of, new_meeting
from lumbre.schema import Role
from lumbre.sync.frames import FrameReader, Hello, Refuse
from lumbre.sync.greeting import TAGS_STEP
from tests.ledger.test_ledger import history, need
from tests.sync.meet import Line, meet, new_binding
from tests.world import Device, World

NAMES = ("ana", "beto", "caro", "dora", "eva", "La Vega")


def secrets_of(device: Device) -> list[bytes]:
    """Everything that names a device, its person or its space."""
    found = [device.name.encode(), b"La Vega", b"Bloque", b"Casa", b"water.potable"]
    for space in device.node.spaces():
        found += [space.id, space.id[:8], *(key.public for key in device.node.authors(space.id))]
        link = link_of(device.node, space.id)
        if link is not None:
            found += [link.key.public, link.voucher]
    return found


def as_heard_by_a_stranger(device: Device, stranger: Device) -> bytes:
    """What a stranger gets who says all that a stranger can, on a channel of its own."""
    binding = new_binding()
    line = Line()
    caller = new_meeting(device.node, binding, is_caller=True)
    called = new_meeting(stranger.node, binding, is_caller=False)
    line.run(caller, called)
    return bytes(line.up)


def test_row_17_a_stranger_at_the_other_end_sees_tags_like_noise_and_a_code():
    stranger = World("zoe").founder
    world = history(1)
    for device in world.devices:
        heard = as_heard_by_a_stranger(device, stranger)
        messages = list(FrameReader().feed(heard))
        assert {type(message) for message in messages} <= {Hello, Refuse}
        for secret in secrets_of(device):
            assert secret not in heard


def test_row_17_the_number_of_tags_tells_little():
    device = World().founder
    counts = set()
    for number in range(4):
        meeting = new_meeting(device.node, new_binding(), is_caller=True)
        (hello,) = FrameReader().feed(meeting.send())
        counts.add(len(hello.tags) // 16)
        founding.found(device.node, f"Comuna {number}", "ana")
    assert counts == {TAGS_STEP}


def values(value: object) -> Iterator[bytes]:
    """The bytes in a message; what is around them is the protocol's own."""
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from values(one)


def windows(transcript: bytes, size: int) -> set[bytes]:
    """Every run of so many bytes in what was said."""
    found = set()
    for message in FrameReader().feed(transcript):
        for data in values(msgspec.msgpack.decode(msgspec.msgpack.encode(message))):
            found |= {data[at : at + size] for at in range(len(data) - size + 1)}
    return found


def test_row_17_two_spaces_of_one_device_share_no_8_bytes_in_their_transcripts():
    """Members of one space each, who met the same device, put together what they saw."""
    first, second = World("ana"), World("zoe")
    device = first.join("eva")
    keeper = second.founder
    invitation = joining.invite(keeper.node, second.space)
    asked = joining.ask(device.node, invitation, "eva of the second")
    request, name = joining.read_request(keeper.node, asked)
    joining.admit(keeper.node, keeper.key, request, name, Role.MEMBER)
    device.node.take(keeper.node.give(second.space))
    seen = []
    for member in (first.founder, second.founder):
        line = Line()
        caller, _ = meet(device.node, member.node, line=line, binding=new_binding())
        assert [outcome.is_equal for outcome in caller.outcomes()] == [True]
        seen.append(windows(bytes(line.up), 8))
    assert len(seen[0]) > 200
    assert seen[0] & seen[1] == set()


def test_row_17_link_keys_differ_in_each_space():
    device = World().founder
    other = founding.found(device.node, "Comuna", "ana")
    keys = [link_of(device.node, space) for space in (device.space, other)]
    assert keys[0].key.public != keys[1].key.public
    assert keys[0].author != keys[1].author


@pytest.mark.parametrize("seed", range(3))
def test_row_17_a_day_of_meetings_of_five_devices_names_nothing_to_strangers(seed):
    """At every channel's other end sits a stranger first; then the real one, after the greeting."""
    chance = random.Random(seed)
    world = World()
    devices = [world.founder, *(world.join(name) for name in ("beto", "caro", "dora", "eva"))]
    stranger = World("zoe").founder
    captured = bytearray()
    for hour in range(24):
        one, other = chance.sample(devices, 2)
        one.write(need(f"Bloque {hour}"))
        captured += as_heard_by_a_stranger(one, stranger)
        captured += as_heard_by_a_stranger(other, stranger)
        meet(one.node, other.node, binding=new_binding())
    hits = [secret for device in devices for secret in secrets_of(device) if secret in captured]
    assert hits == []
    # A tag is on each channel another one.
    tags = [
        message.tags[at : at + 16]
        for message in FrameReader().feed(bytes(captured))
        if isinstance(message, Hello)
        for at in range(0, len(message.tags), 16)
    ]
    assert len(set(tags)) == len(tags) == 48 * TAGS_STEP


def test_row_17_sealed_words_stay_sealed_between_members_too():
    """The channel's other end may be a courier: of what is sealed it sees no word."""
    world = World()
    ana, eva = world.founder, world.join("eva")
    for number in range(5):
        ana.write(need(f"Bloque {number}"))
    line = Line()
    meet(ana.node, eva.node, line=line, binding=new_binding())
    for word in (*NAMES, "Bloque", "water.potable"):
        assert word.encode() not in line.captured
