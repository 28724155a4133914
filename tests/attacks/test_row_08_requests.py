"""Row 8: what a stranger hands to the one who lets people in ends as `Refused`, whatever it is."""

from __future__ import annotations

import pytest

from lumbre.errors import Refused
from lumbre.node import joining
from lumbre.record.canonical import encode
from tests.world import Device, World

LOW_ORDER = (bytes(32), b"\x01" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f")


@pytest.mark.parametrize("depth", [100, 900, 1100, 1700])
def test_row_08_a_request_with_a_deep_nest_after_its_fields_is_refused(depth):
    world = World()
    tag = b"lumbre-request"
    data = bytes([0x96, 0xA0 + len(tag)]) + tag
    for field in (world.space, bytes(range(32)), b"name", bytes(64)):
        data += bytes([0xC4, len(field)]) + field
    data += b"\x91" * depth + b"\xc0"
    before = world.founder.hash()
    with pytest.raises(Refused):
        joining.read_request(world.founder.node, data)
    assert world.founder.hash() == before


@pytest.mark.parametrize("public", LOW_ORDER)
def test_row_08_an_invitation_to_seal_to_a_key_of_low_order_is_refused(public):
    invitation = encode(joining.Invitation(bytes(32), bytes(32), public))
    with pytest.raises(Refused):
        joining.ask(Device("eva").node, invitation, "Eva")
