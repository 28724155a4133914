"""P7 in any set of entries: whatever is missing, doubled or wrong, every unit is somewhere."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from lumbre.kinds.supply import keys
from lumbre.kinds.supply.movements import Adopted
from lumbre.record.log import Ref
from lumbre.schema.kind import Standing
from tests.kinds.stores import Stores, adopted, assert_nothing_is_lost_or_made
from tests.kinds.world import shuffled

REMOVED = Standing.REMOVED

KEEPERS = ("ana", "blas", "caro")
amounts = st.integers(1, 10**6)
acts = st.tuples(
    st.sampled_from(
        ("received", "dispatch", "receipt", "handed_out", "loss", "way_loss", "stocktake",
         "retry", "adopt", "removed")
    ),
    st.sampled_from(KEEPERS),
    st.sampled_from(KEEPERS),
    amounts,
    st.integers(0, 9),
)  # fmt: skip


Step = tuple[str, str, str, int, int]


def play(world: Stores, steps: list[Step]) -> None:
    """Write what the steps say, with the mistakes that people make: wrong amounts, retries."""
    sent: list[Ref] = []
    written: list[tuple[Any, str]] = []
    for step in steps:
        act, _, _, _, number = step
        if act == "retry":
            if not written:
                continue
            body, who = written[number % len(written)]
        else:
            body, who = _at_a_store(world, step) or _on_the_way(world, step, sent) or (None, "")
        if body is None:
            continue
        ref = world.write(body, who, standing=REMOVED if act == "removed" else Standing.COUNTS)
        if not isinstance(body, Adopted):
            written.append((body, who))
        if act in ("dispatch", "removed"):
            sent.append(ref)


def _at_a_store(world: Stores, step: Step) -> tuple[Any, str] | None:
    act, one, other, amount, _ = step
    if act in ("dispatch", "removed") and one != other:
        return world.dispatch(one, other, amount), one
    if act in ("received", "handed_out", "loss"):
        return getattr(world, act)(one, amount), one
    if act == "stocktake":
        return world.stocktake(one, amount, amount - 5 * 10**5), one
    return None


def _on_the_way(world: Stores, step: Step, sent: list[Ref]) -> tuple[Any, str] | None:
    act, _, _, amount, number = step
    if not sent or act not in ("adopt", "receipt", "way_loss"):
        return None
    ref = sent[number % len(sent)]
    dispatch: Any = world.body(ref)
    who = next(keeper for keeper in KEEPERS if world.store[keeper] == dispatch.to)
    if act == "adopt":
        return adopted(world, who, ref, ref), who
    return getattr(world, act)(who, ref, amount), who


@settings(max_examples=150)
@given(steps=st.lists(acts, max_size=30), dropped=st.sets(st.integers(0, 40)), seed=st.integers())
def test_p7_every_unit_is_accounted_for_in_any_set_of_entries(
    steps: list[Step], dropped: set[int], seed: int
) -> None:
    world = Stores(*KEEPERS)
    play(world, steps)
    whole = world.fold()
    assert_nothing_is_lost_or_made(whole)
    assert world.fold(shuffled(world.facts, seed)).digest() == whole.digest()
    some = [fact for number, fact in enumerate(world.facts) if number not in dropped]
    assert_nothing_is_lost_or_made(world.fold(some))
    twice = world.fold([*world.facts, *_again(world)])
    assert twice.totals(keys.STOCK) == whole.totals(keys.STOCK)


def _again(world: Stores) -> list[Any]:
    """Every movement written once more under another entry of the same log, later."""
    return [
        msgspec.structs.replace(
            fact,
            depth=fact.depth + 1000,
            ref=Ref(fact.ref.log, fact.ref.seq + 1000, bytes(reversed(fact.ref.hash))),
        )
        for fact in world.facts
        if hasattr(fact.body, "slip") and not isinstance(fact.body, Adopted)
    ]
