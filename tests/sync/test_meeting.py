"""Two devices that meet end equal, in few bytes, whatever each of them wrote apart."""

from __future__ import annotations

import pytest

from lumbre.node import census
from lumbre.record import Lane, read_segment
from lumbre.sync import runs, talk
from lumbre.sync.census import read
from lumbre.sync.frames import Census, Code, FrameReader, Hello, Proof, write_frame
from tests.attacks.test_row_02_fork import forked_world
from tests.attacks.test_row_04_withheld_bodies import bare
from tests.ledger.test_ledger import ledger_of, need, one_by_one
from tests.sync.meet import Line, assert_equal, heads, meet
from tests.world import Device, World


def test_what_two_devices_wrote_apart_is_on_both_after_a_meeting():
    world = World()
    ana, eva = world.founder, world.join("eva")
    ana.write(need("Bloque 1"))
    eva.write(need("Bloque 2"))
    caller, called = meet(ana.node, eva.node)
    assert_equal(ana, eva)
    for meeting in (caller, called):
        (outcome,) = meeting.outcomes()
        assert outcome.is_equal
        assert outcome.new == 1
        assert outcome.rounds == 1


def test_a_second_meeting_with_nothing_new_takes_few_bytes():
    world = World()
    ana, eva = world.founder, world.join("eva")
    ana.write(need("Bloque 1"))
    meet(ana.node, eva.node)
    line = Line()
    caller, _ = meet(ana.node, eva.node, line=line)
    assert caller.outcomes()[0].is_equal
    # Greeting and proofs, and then at most 64 bytes.
    assert line.total_bytes < 1_000


def test_three_devices_pass_on_what_they_were_given():
    world = World()
    ana, eva, leo = world.founder, world.join("eva"), world.join("leo")
    ana.write(need("Bloque 1"))
    meet(ana.node, eva.node)
    meet(leo.node, eva.node)
    eva.write(need("Bloque 2"))
    meet(leo.node, eva.node)
    meet(leo.node, ana.node)
    meet(eva.node, ana.node)
    assert_equal(ana, eva, leo)


def test_bytes_one_by_one_say_the_same():
    world = World()
    ana, eva = world.founder, world.join("eva")
    for number in range(3):
        ana.write(need(f"Bloque {number}"))
        eva.write(need(f"Torre {number}"))
    meet(ana.node, eva.node, line=Line(part_bytes=1))
    assert_equal(ana, eva)


@pytest.mark.parametrize("seed", range(12))
def test_a_fork_is_settled_in_one_meeting(seed):
    world, beto, twin = forked_world(seed)
    caro = world.join("caro")
    meet(caro.node, beto.node)
    caller, _ = meet(caro.node, twin.node)
    assert caller.outcomes()[0].is_equal
    assert_equal(caro, twin)
    meet(beto.node, caro.node)
    assert_equal(caro, twin, beto)


def test_a_meeting_that_is_cut_anywhere_keeps_what_arrived_and_the_next_ends_equal():
    def prepared() -> tuple[Device, Device]:
        world = World()
        ana, eva = world.founder, world.join("eva")
        meet(ana.node, eva.node)
        ana.write(need("Bloque 1"))
        eva.write(need("Bloque 2"))
        return ana, eva

    line = Line()
    ana, eva = prepared()
    meet(ana.node, eva.node, line=line)
    for cut in range(1, line.total_bytes, 7):
        ana, eva = prepared()
        meet(ana.node, eva.node, line=Line(cut_after=cut))
        meet(ana.node, eva.node)
        assert_equal(ana, eva)


def test_a_device_whose_admission_has_not_arrived_introduces_itself():
    world = World()
    eva = world.join("eva")
    leo = world.join("leo")
    assert eva.node.space(world.space).ledger.rights.author(leo.key.public) is None
    leo.write(need("Bloque 9"))
    caller, _ = meet(leo.node, eva.node)
    assert caller.outcomes()[0].is_equal
    assert_equal(leo, eva)


@pytest.mark.parametrize("knows", ["nothing", "most"])
def test_acts_of_any_length_introduce_a_device_to_one_that_knows_little_or_most(monkeypatch, knows):
    world = World()
    eva = world.join("eva")
    for number in range(8):
        world.join(f"person {number}")
    if knows == "most":
        world.meet(world.founder, eva)
    else:
        eva = Device("noa")
        eva.space = world.space
        eva.node.add_space(world.space)
        eva.node.keep_author(world.space, b"n" * 32)
    leo = world.join("leo")
    monkeypatch.setattr(runs, "CUT_ENTRIES", 1)
    monkeypatch.setattr(talk, "_ACTS_FRAME_BYTES", 1)
    size_bytes = sum(map(len, one_by_one(leo)))
    # What is known there is all but the last of it; what is new there costs nothing.
    monkeypatch.setattr(talk, "ACTS_WASTE_MAX_BYTES", size_bytes if knows == "most" else 0)
    assert ledger_of(eva).rights.author(leo.key.public) is None
    called = meet(leo.node, eva.node)[1]
    assert ledger_of(eva).rights.author(leo.key.public) is not None
    assert called.is_acquainted


def test_a_stranger_learns_nothing_but_that_nothing_is_in_common():
    ana, other = World().founder, World("zoe").founder
    line = Line()
    caller, called = meet(ana.node, other.node, line=line)
    assert caller.outcomes() == called.outcomes() == []
    assert {caller.code, called.code, caller.other_code} & {Code.NO_COMMON_SPACE}
    for secret in (ana.space, other.space, ana.key.public, other.key.public):
        assert secret not in line.captured


def test_who_is_behind_sends_nothing_of_a_log_that_has_moved_on_there():
    world = World()
    ana, eva = world.founder, world.join("eva")
    for number in range(50):
        ana.write(need(f"Bloque {number}"))
    eva.take_from(ana)
    ana.write(need("Torre"))
    line = Line()
    _, called = meet(ana.node, eva.node, line=line)
    assert called.outcomes()[0].new == 1
    # Its entries would be 6,000 bytes.
    assert line.down_bytes < 1_000


def test_nothing_new_is_said_in_at_most_64_bytes():
    world = World()
    ana, eva = world.founder, world.join("eva")
    ana.write(need("Bloque 1"))
    for _ in range(2):
        meet(ana.node, eva.node)
    line = Line()
    caller, _ = meet(ana.node, eva.node, line=line)
    assert caller.outcomes()[0].is_equal
    said = [message for part in line.parts for message in FrameReader().feed(part)]
    payload = [m for m in said if not isinstance(m, Hello | Proof)]
    assert len(said) == 6
    assert 0 < sum(len(write_frame(message)) for message in payload) <= 64


def test_nobody_is_sent_an_older_record_of_what_it_holds_itself():
    world = World()
    ana, eva = world.founder, world.join("eva")
    for number in range(3):
        ana.write(need(f"Bloque {number}"))
        line = Line()
        meet(ana.node, eva.node, line=line)
        said = [FrameReader().feed(bytes(way)) for way in (line.up, line.down)]
        records = [[read(m.record) for m in way if isinstance(m, Census)] for way in said]
        authors = [[record.author for record in way] for way in records]
        assert authors == [[ana.key.public], [eva.key.public]]


def test_each_says_after_a_meeting_that_the_other_holds_what_it_wrote():
    world = World()
    ana, eva = world.founder, world.join("eva")
    (entry,) = ana.write(need("Bloque 1"))
    assert census.Census(ana.node, world.space).holders(entry.ref).devices == 0
    meet(ana.node, eva.node)
    assert census.Census(ana.node, world.space).holders(entry.ref).devices == 1
    assert list(census.Census(ana.node, world.space).at_risk()) == []


def test_a_log_whose_gap_filled_late_is_the_same_frontier_as_one_that_never_had_it():
    world = World()
    ana, eva = world.founder, world.join("eva")
    ana.write(need("Bloque 1"))
    ana.write(need("Bloque 2"))
    lane = [p for p in one_by_one(ana) if read_segment(p)[0].name.lane is Lane.URGENT]
    for part in reversed(lane):
        eva.node.take([part])
    assert len(list(eva.log.branches(read_segment(lane[0])[0].log))) == 2
    assert heads(ana) == heads(eva)
    caller, _ = meet(ana.node, eva.node)
    assert caller.outcomes()[0].rounds == 1
    assert caller.outcomes()[0].is_equal


def test_p5_an_absent_body_comes_where_nothing_else_is_new():
    world = World()
    ana, eva = world.founder, world.join("eva")
    ana.write(need("Bloque 1"))
    eva.node.take([bare(part) for part in one_by_one(ana)])
    (number,) = eva.log.census.lacking_branches()
    assert len(eva.log.absent(number, 9)) == 1
    assert heads(ana) == heads(eva)
    caller, called = meet(ana.node, eva.node)
    assert caller.outcomes()[0].is_equal
    assert called.outcomes()[0].is_equal
    assert not eva.log.census.lacking_branches()
    assert_equal(ana, eva)


def test_who_proved_to_take_part_is_acquainted_and_who_only_knows_the_space_is_not():
    world = World()
    ana, eva = world.founder, world.join("eva")
    assert all(side.is_acquainted for side in meet(ana.node, eva.node))
    stranger = Device("mal")
    stranger.node.add_space(world.space)
    stranger.node.keep_author(world.space, b"m" * 32)
    caller, called = meet(stranger.node, ana.node)
    assert called.outcomes()[0].code is Code.NOT_ADMITTED
    assert not caller.is_acquainted
    assert not called.is_acquainted
