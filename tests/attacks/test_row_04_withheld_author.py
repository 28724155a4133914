"""Row 4: a relay withholds one author. Heads are exchanged, so the gap is found on the first
honest path, and bodies that it kept back are counted as absent.
"""

from __future__ import annotations

import random

import pytest

from lumbre.node.meetings import new_meeting
from lumbre.record import Lane
from lumbre.sync import runs
from lumbre.sync.missing import Known
from tests.attacks.test_row_04_withheld_bodies import bare
from tests.ledger.test_ledger import history, ledger_of, need
from tests.sync.hostile import Stage
from tests.sync.meet import Line, assert_equal, heads, meet, new_binding, short_segments
from tests.world import Device


def withhold(monkeypatch, author: bytes) -> None:
    """A relay that gives everything but one author's logs."""
    honest = Known.missing

    def missing(self):
        return [one for one in honest(self) if one.branch.name.author != author]

    monkeypatch.setattr(Known, "missing", missing)


def relayed(monkeypatch, relay: Device, to: Device, author: bytes) -> tuple[object, object]:
    with monkeypatch.context() as during:
        withhold(during, author)
        return meet(relay.node, to.node, binding=new_binding())


@pytest.mark.parametrize("seed", range(8))
def test_row_04_what_a_relay_withholds_is_known_in_the_meeting_and_comes_on_the_first_honest_path(
    monkeypatch, seed
):
    world = history(seed)
    ana, beto, caro = world.devices
    beto.write(need("withheld"))
    meet(beto.node, ana.node, binding=new_binding())
    caller, called = relayed(monkeypatch, ana, caro, beto.key.public)
    # Both know that they are not equal: nothing reads "100 % synced".
    assert not caller.outcomes()[0].is_equal
    assert not called.outcomes()[0].is_equal
    assert "withheld" not in {row.place_name for row in caro.rows("need")}
    honest, _ = meet(caro.node, beto.node, binding=new_binding())
    assert honest.outcomes()[0].is_equal
    assert_equal(caro, beto)


def test_row_04_a_relay_that_withholds_keeps_no_baseline_that_hides_it(monkeypatch):
    world = history(3)
    ana, beto, caro = world.devices
    meet(ana.node, caro.node, binding=new_binding())
    beto.write(need("withheld"))
    meet(beto.node, ana.node, binding=new_binding())
    relayed(monkeypatch, ana, caro, beto.key.public)
    # The same relay is honest the next time.
    again, _ = meet(ana.node, caro.node, binding=new_binding())
    assert again.outcomes()[0].is_equal
    assert_equal(ana, caro)


def test_row_04_bodies_that_a_relay_withholds_are_asked_for_at_the_next(monkeypatch):
    world = history(2)
    ana, _, caro = world.devices
    ana.write(need("withheld"))
    with monkeypatch.context() as during:
        during.setattr(runs, "_without_bulk", runs._bare)
        bare_parts = [bare(part) for part in short_segments(ana)]
    caro.node.take(bare_parts)
    assert caro.log.census.lacking_branches()
    assert "withheld" not in {row.place_name for row in caro.rows("need")}
    meet(caro.node, ana.node, binding=new_binding())
    assert not caro.log.census.lacking_branches()
    assert_equal(caro, ana)


def test_row_04_an_urgent_entry_above_what_is_withheld_says_that_earlier_ones_are_missing():
    stage = Stage()
    ana, leo = stage.victim, stage.other
    for number in range(3):
        ana.write(need(f"Bloque {number}"))
    urgent = [p for p in short_segments(ana) if _lane(p) is Lane.URGENT]
    leo.node.take(urgent[-1:])
    above = [body.place_name for _, body in ledger_of(leo).above_gap()]
    assert above == ["Bloque 2"]
    assert heads(leo) != heads(ana)
    meet(leo.node, ana.node, binding=new_binding())
    assert not list(ledger_of(leo).above_gap())
    assert_equal(leo, ana)


def _lane(part: bytes) -> Lane:
    return runs.read_segment_with_base(part)[1][0].name.lane


def test_row_04_every_author_in_turn_is_found_by_any_honest_device(monkeypatch):
    chance = random.Random(4)
    world = history(5)
    world.meet_all()
    for device in world.devices:
        others = [other for other in world.devices if other is not device]
        device.write(need(f"by {device.name}"))
        relay, last = chance.sample(others, 2)
        meet(device.node, relay.node, binding=new_binding())
        relayed(monkeypatch, relay, last, device.key.public)
        assert heads(relay) != heads(last)
        meet(last.node, device.node, binding=new_binding())
        assert heads(device) == heads(last)


def test_row_04_the_bytes_that_show_a_gap_are_the_frontiers():
    world = history(6)
    world.meet_all()
    ana, beto, _ = world.devices
    line = Line()
    binding = new_binding()
    caller = new_meeting(ana.node, binding, is_caller=True)
    line.run(caller, new_meeting(beto.node, binding, is_caller=False))
    assert caller.outcomes()[0].is_equal
    assert caller.outcomes()[0].rounds == 1
