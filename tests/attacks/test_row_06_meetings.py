"""Row 6: frames that were recorded in one meeting are said again, in it or in another."""

from __future__ import annotations

import random

import pytest

from lumbre.node.meetings import new_meeting
from lumbre.sync.frames import Code
from lumbre.sync.meeting import Meeting
from tests.ledger.test_ledger import history, need
from tests.sync.meet import Line, assert_equal, copied, meet, new_binding
from tests.world import Device, World


def frames_of(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        end = at + 3 + int.from_bytes(data[at : at + 3], "big")
        found.append(data[at:end])
        at = end
    return found


def recorded(one: Device, other: Device, binding: bytes) -> Line:
    line = Line()
    meet(one.node, other.node, line=line, binding=binding)
    return line


class Echo(Line):
    """A line on which every frame that passes is followed by an earlier one, half of the time."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.chance = random.Random(seed)
        self.repeated = 0

    def _pass(self, data, receive, whole):
        frames = frames_of(data)
        for frame in frames:
            receive(frame)
            whole += frame
            if self.chance.random() < 0.5:
                self.repeated += 1
                receive(self.chance.choice(frames_of(bytes(whole))))
        self.captured += data
        return len(data)


def run_to_end(line: Line, caller: Meeting, called: Meeting) -> None:
    """Like a carrier: what one side has ended is ended for the other too."""
    for _ in range(200):
        up = line._pass(caller.send(), called.receive, line.up)
        down = line._pass(called.send(), caller.receive, line.down)
        if caller.is_over or called.is_over or not (up or down):
            break
    caller.lost()
    called.lost()


@pytest.mark.parametrize("seed", range(12))
def test_row_06_frames_replayed_at_50_percent_leave_the_same_state(seed):
    world = history(seed)
    ana, beto, _ = world.devices
    ana.write(need("Bloque 1"))
    like = copied(ana, "ana again"), copied(beto, "beto again")
    line = Echo(seed)
    binding = new_binding()
    run_to_end(
        line,
        new_meeting(ana.node, binding, is_caller=True),
        new_meeting(beto.node, binding, is_caller=False),
    )
    assert line.repeated
    meet(ana.node, beto.node, binding=new_binding())
    assert_equal(ana, beto)
    meet(like[0].node, like[1].node, binding=new_binding())
    assert_equal(ana, *like)


def replay(device: Device, data: bytes, binding: bytes, *, is_caller: bool = False) -> Meeting:
    meeting = new_meeting(device.node, binding, is_caller=is_caller)
    meeting.receive(data)
    return meeting


def test_row_06_a_meeting_recorded_on_another_channel_finds_nothing_in_common():
    world = World()
    ana, eva = world.founder, world.join("eva")
    line = recorded(ana, eva, new_binding())
    ana.write(need("Bloque 1"))
    before = eva.hash(), ana.hash()
    for device, data in ((eva, line.up), (ana, line.down)):
        meeting = replay(device, bytes(data), new_binding())
        assert meeting.code is Code.NO_COMMON_SPACE
        assert meeting.outcomes() == []
    assert (eva.hash(), ana.hash()) == before


def test_row_06_one_s_own_words_on_the_same_channel_are_no_other_s():
    world = World()
    ana, _ = world.founder, world.join("eva")
    meeting = new_meeting(ana.node, new_binding(), is_caller=True)
    meeting.receive(meeting.send())
    assert meeting.code is Code.NO_COMMON_SPACE


def test_row_06_a_proof_of_another_channel_is_a_bad_proof():
    world = World()
    ana, eva = world.founder, world.join("eva")
    line = recorded(ana, eva, new_binding())
    _, proof, *_ = frames_of(bytes(line.up))
    binding = new_binding()
    caller = new_meeting(ana.node, binding, is_caller=True)
    called = new_meeting(eva.node, binding, is_caller=False)
    hello, *_ = frames_of(caller.send())
    called.receive(hello + proof)
    assert called.outcomes()[0].code is Code.BAD_PROOF
    assert called.outcomes()[0].new == 0


def test_row_06_a_proof_of_another_space_is_a_bad_proof():
    """The same two devices share two spaces: what is said about one is nothing in the other."""
    world = World()
    ana, eva = world.founder, world.join("eva")
    second = World("zoe")
    ana.node.add_space(second.space)
    eva.node.add_space(second.space)
    ana.node.keep_author(second.space, b"a" * 32)
    eva.node.keep_author(second.space, b"e" * 32)
    binding = new_binding()
    caller = new_meeting(ana.node, binding, is_caller=True)
    called = new_meeting(eva.node, binding, is_caller=False)
    caller_hello = caller.send()
    caller.receive(called.send())
    called.receive(caller_hello)
    one, other = frames_of(caller.send())[:2]
    # Each proof under the other's number.
    swapped = other[:5] + one[5:6] + other[6:], one[:5] + other[5:6] + one[6:]
    called.receive(b"".join(swapped))
    assert {outcome.code for outcome in called.outcomes()} == {Code.BAD_PROOF}
