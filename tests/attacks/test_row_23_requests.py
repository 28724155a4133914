"""Row 23: the name in a stranger's request is read beside the six words, on a terminal."""

from __future__ import annotations

import pytest

from lumbre.cli.speech import say
from lumbre.errors import Invalid
from lumbre.node import joining
from tests.world import Device, World

ESCAPE = "Eva\x1b[2J\x1b[1;1Hword word"
TURNED = "Eva\u202eavE\u2066"


def asked_as(name: str) -> str:
    world, device = World(), Device("eva")
    request = joining.ask(device.node, joining.invite(world.founder.node, world.space), name)
    return joining.read_request(world.founder.node, request)[1]


@pytest.mark.parametrize("name", [ESCAPE, TURNED, "Eva\udce9"])
def test_row_23_a_name_keeps_no_control_and_no_mark_of_direction(name):
    found = asked_as(name)
    assert found.startswith("Eva")
    assert not set("\x1b\u202e\u2066\udce9") & set(found)


@pytest.mark.parametrize("name", ["\x00", "\u200b", "\u2066\u2069", " "])
def test_row_23_a_name_that_shows_nothing_is_refused(name):
    with pytest.raises(Invalid):
        asked_as(name)


def test_row_23_no_sentence_on_a_terminal_carries_an_escape_sequence():
    line = say("cli.admit.asks", name=ESCAPE + TURNED, role="member")
    assert not set("\x1b\u202e\u2066") & set(line)
