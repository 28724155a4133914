"""Joining by files: what is asked, read and refused before anybody is admitted."""

from __future__ import annotations

import pytest

from lumbre.errors import Refused
from lumbre.node import joining
from tests.world import Device, World


def test_a_request_that_somebody_changed_is_refused():
    world = World()
    device = Device("beto")
    invitation = joining.invite(world.founder.node, world.space)
    request = bytearray(joining.ask(device.node, invitation, "beto"))
    request[-1] ^= 1
    with pytest.raises(Refused):
        joining.read_request(world.founder.node, bytes(request))
    with pytest.raises(Refused):
        joining.read_request(world.founder.node, b"\x90")
    with pytest.raises(Refused):
        joining.ask(device.node, bytes(600), "beto")
