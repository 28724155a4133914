"""The meetings that are measured: real ones between two processes, counted to the byte."""

from __future__ import annotations

import asyncio
import math
import random
import re
import statistics

import pytest

from bench import growth, sync, sync_delta
from bench.growth import Point
from bench.peers import PeerRun, body
from bench.sync_material import RECEIVER, Material, offer, open_node, take
from bench.sync_node import frame_bytes
from bench.sync_runs import Met, NodeFailedError, serving
from lumbre.sync.frames import Done, Sent, write_frame

ENTRIES, AUTHORS = 400, 20


def met(**changed) -> Met:
    """A meeting as it might have been."""
    facts = {
        "new": 100,
        "took_s": 2.0,
        "cpu_s": 0.003,
        "wire_bytes": 9_000,
        "greeted_at_s": 10.0,
        "began_at_s": 9.0,
        "called_greeted_at_s": 9.5,
        "stored_at_s": 10.25,
        "frames": {"Hello": 100, "Proof": 50, "Warm": 30, "Runs": 400, "Census": 7, "Tags": 2},
    }
    return Met(**{**facts, **changed})


def test_an_entry_says_all_that_the_peers_body_says():
    for number in (0, 7, 1_000_003):
        theirs, ours = body(number), offer(number)
        words = f"{ours.quantity - 1} {ours.place_name} {ours.good} {ours.note}"
        for value in (theirs[name] for name in ("id", "lat", "lon", "txt", "n")):
            assert str(value) in words
        assert all(f"#{tag}" in ours.note for tag in theirs["tags"])
        assert theirs["kind"].endswith(ours.good)


@pytest.mark.parametrize(("signed_every", "signed"), [(100, 4), (5, 80)])
def test_material_has_its_share_of_signatures_and_all_of_it_counts(tmp_path, signed_every, signed):
    material = Material(4, signed_every=signed_every)
    node = material.make_node(tmp_path, RECEIVER, knows_acts=True)
    assert take(node, material.segments(range(400), 4)) == 400
    branches = [b for name in node.log.logs(material.space) for b in node.log.branches(name.id)]
    entries = [e for b in branches if b.tip.seq == 99 for e in node.log.entries(b.number, 0, 99)]
    assert [e.name.author for e in entries[::100]] != [entries[0].name.author] * 4
    assert sum(entry.signature is not None for entry in entries) == signed
    assert len(list(node.space(material.space).ledger.folds.rows("offer"))) == 400
    node.close()


def test_sealed_material_is_read_by_who_has_the_epoch(tmp_path):
    material = Material(2, is_sealed=True)
    node = material.make_node(tmp_path, RECEIVER, knows_acts=True)
    take(node, material.segments(range(20), 2))
    assert len(list(node.space(material.space).ledger.folds.rows("offer"))) == 20
    text = b"sin agua desde ayer"
    for name in node.log.logs(material.space):
        for branch in node.log.branches(name.id):
            bodies = [e.body for e in node.log.entries(branch.number, 0, branch.tip.seq)]
            assert not any(text in one for one in bodies if one)
    node.close()


def test_a_receiver_holds_nothing_before_a_copy(tmp_path):
    material = Material(2)
    material.make_node(tmp_path, RECEIVER, knows_acts=False).close()
    node = open_node(tmp_path, RECEIVER)
    assert [space.id for space in node.spaces()] == [material.space]
    assert list(node.log.logs(material.space)) == []
    node.close()


def test_frames_are_counted_by_type():
    data = write_frame(Sent(0)) + write_frame(Done(0)) + write_frame(Done(1))
    assert frame_bytes(data) == {"Sent": 6, "Done": 12}


def test_a_meeting_is_counted_by_its_parts():
    one = met()
    assert one.per_s == 50
    assert one.cpu_us == pytest.approx(30)
    assert (one.stored_s, one.stored_from_caller_s, one.stored_from_call_s) == (0.25, 0.75, 1.25)
    assert (one.greeting_bytes, one.frontier_bytes, one.census_bytes) == (150, 30, 9)
    assert one.payload_bytes == 439


def test_a_delta_is_what_went_over_the_wire_without_handshake_and_census():
    near = [met(stored_at_s=10.0 + late) for late in (0.03, 0.02, 0.9)]
    far = [met(stored_at_s=10.0 + late) for late in (0.13, 0.12, 0.9)]
    delta = sync_delta.Delta(near, far, handshake_bytes=3_000)
    sizes = {one.figure: one.value for one in delta.readings("delta", {})}
    assert sizes == {"delta_bytes": 9_000 - 3_000 - 9, "delta_census_bytes": 9}
    times = {one.figure: one.value for one in delta.times({})}
    # The least of each: (0.12 - 0.02) / 0.2.
    assert times["delta_round_trips"] == pytest.approx(0.5)
    assert times["delta100_ms"] == pytest.approx(30)


def test_a_ratio_is_of_each_turn():
    ours = [met(new=new, took_s=1.0) for new in (1000, 400, 90)]
    theirs = [PeerRun(n, 1, 1.0, 0, 0, 0) for n in (100, 100, 10)]
    assert sync.ratio(ours, theirs) == 9


def test_the_bound_is_the_binomial_and_the_entropy_of_steps():
    steps = [1] * 100
    which_bits = math.log2(math.comb(10_000, 100))
    assert sync_delta.bound_bytes(10_000, steps) == pytest.approx((which_bits + 324.5) / 8, abs=0.1)
    drawn = sync_delta.draw_steps(random.Random(1), 10_000)
    assert min(drawn) == 1
    assert statistics.mean(drawn) == pytest.approx(4, abs=0.1)
    shares = [drawn.count(step) / len(drawn) for step in set(drawn)]
    assert -sum(p * math.log2(p) for p in shares) == pytest.approx(3.245, abs=0.05)


def test_what_is_new_is_fetched_by_another_process_and_then_nothing_is():
    readings = asyncio.run(sync_delta.delta_readings(ENTRIES, AUTHORS, rounds=1))
    values = {one.figure: one.value for one in readings}
    assert 0 < values["idle_meeting_bytes"] <= 64
    assert 2_000 < values["handshake_bytes"] < 5_000
    # At least the signatures of the marks, and no more than the bodies as they are.
    assert 10 * 64 < values["delta100_10_bytes"] < values[f"delta100_{AUTHORS}_bytes"] < 100 * 250


def test_a_copy_is_of_all_and_its_frontier_grows_with_logs_alone():
    few, many = (asyncio.run(growth.measure(ENTRIES, authors, 1)) for authors in (4, 40))
    assert (few.entries, few.authors, few.idle_bytes) == (ENTRIES, 4, many.idle_bytes)
    # Four bytes of each log, both ways.
    assert many.cold_bytes - few.cold_bytes == pytest.approx(36 * 2 * 4, abs=8)


def test_frontiers_are_those_of_two_who_met_and_of_strangers():
    readings = asyncio.run(sync_delta.frontier_readings(200, 10))
    values = {one.figure: one.value for one in readings}
    assert values["frontier_warm_bytes"] < values["frontier_cold_bytes"]
    ratio = values["frontier_warm_bytes"] / values["frontier_bound_bytes"]
    assert values["frontier_warm_vs_bound"] == ratio >= 1
    # 4 bytes of each log, both ways.
    assert values["frontier_cold_bytes"] > 200 * 4 * 2


def test_a_device_that_cannot_open_its_files_is_said_to_have_failed(tmp_path):
    (tmp_path / "log").write_bytes(b"no database" * 1000)

    async def serve() -> None:
        async with serving(tmp_path):
            raise AssertionError("it serves nothing")

    with pytest.raises(NodeFailedError):
        asyncio.run(serve())


def test_the_plot_has_a_point_of_each_line_in_each_diagram():
    points = [Point(n, 100, 3, n / 2, 500, 60) for n in (1_000, 100_000)]
    points.append(Point(100_000, 10, 3, 9_000, 50, 60))
    drawn = growth.plot(points)
    wide, high = map(int, re.search(r'width="(\d+)" height="(\d+)"', drawn).groups())
    circles = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="3" fill="(#\w+)"', drawn)
    assert len(circles) == 3 * 4
    assert {colour for *_, colour in circles} == {"#0b5394", "#b45f06"}
    assert all(0 < float(x) < wide and 0 < float(y) < high for x, y, _ in circles)
