"""The order of acts, their pasts, and what is within a pin where a log has branches."""

from __future__ import annotations

import pytest

from lumbre.record import Ref
from lumbre.trust.graph import Graph, Pin
from tests.trust.histories import Pen


def forked() -> tuple[Pen, Graph]:
    """M's log: m0, m1, m2, m3; from m1 also n2, n3; from n2 also o3. And l0 from its start."""
    pen = Pen()
    acts = {}
    for number in range(4):
        acts[f"m{number}"] = pen.admit("M", f"m{number}")
    acts["n2"] = pen.admit("M", "n2", branch="n", since=acts["m1"])
    acts["n3"] = pen.admit("M", "n3", branch="n")
    acts["o3"] = pen.admit("M", "o3", branch="o", since=acts["n2"])
    acts["l0"] = pen.admit("M", "l0", branch="l", since=pen.founding)
    acts["x0"] = pen.admit("X", "x0")
    pen.named = acts  # type: ignore[attr-defined]
    graph = Graph()
    for act in acts.values():
        graph.add(act)
    return pen, graph


def pin_at(pen: Pen, name: str) -> Pin:
    entry = pen.named[name].entry  # type: ignore[attr-defined]
    return entry.log, entry.seq, entry.id


@pytest.mark.parametrize(
    ("pinned", "within"),
    [
        ("m3", {"m0", "m1", "m2", "m3"}),
        ("m1", {"m0", "m1"}),
        ("m0", {"m0"}),
        ("n3", {"m0", "m1", "n2", "n3"}),
        ("o3", {"m0", "m1", "n2", "o3"}),
        ("l0", {"l0"}),
        ("x0", {"x0"}),
    ],
)
def test_within_a_pin_is_what_comes_before_it_on_its_branch(pinned: str, within: set[str]) -> None:
    pen, graph = forked()
    acts = pen.named  # type: ignore[attr-defined]
    pins = [pin_at(pen, pinned)]
    assert {name for name in acts if graph.is_within(acts[name].entry, pins)} == within
    both = [*pins, pin_at(pen, "x0")]
    found = {name for name in acts if graph.is_within(acts[name].entry, both)}
    assert found == within | {"x0"}


def test_a_pin_on_an_entry_that_is_not_here_holds_nothing() -> None:
    pen, graph = forked()
    entry = pen.named["m0"].entry  # type: ignore[attr-defined]
    assert not graph.is_within(entry, [(entry.log, 3, bytes(32))])
    assert not graph.is_within(entry, [])


def test_the_order_is_by_depth_among_acts_then_by_id_whatever_came_first() -> None:
    pen = Pen()
    one = pen.admit("A", "x")
    two = pen.admit("B", "y")
    last = pen.admit("A", "z", after=[two])
    alone = pen.admit("C", "w")
    graph = Graph()
    for act in (two, one, last, alone):
        graph.add(act)
    order = [graph.entries[number].id for number in graph.in_order(range(4))]
    assert order == [*sorted(act.entry.id for act in (one, two, alone)), last.entry.id]
    assert graph.depths == [1, 1, 2, 1]
    assert graph.follows == [(), (), (1, 0), ()]
    assert graph.add(one) is None
    assert len(graph) == 4


def test_what_an_act_refers_to_is_followed_once_and_only_where_it_is_known() -> None:
    pen = Pen()
    first = pen.admit("A", "x")
    far = pen.admit("B", "y")
    twice = pen.admit("A", "z", after=[first, far, far])
    graph = Graph()
    assert graph.add(first) == 0
    assert graph.add(twice) == 1
    assert graph.follows == [(), (0,)]
    assert far.entry.ref == Ref(far.entry.log, 0, far.entry.id)
