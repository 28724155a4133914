"""The kinds through shipping nodes: signed, sealed, carried, judged and folded."""

from __future__ import annotations

from typing import Any

from lumbre.kinds.shared import Marks
from lumbre.kinds.situation.records import Place, PlaceType
from lumbre.kinds.supply import keys
from lumbre.kinds.supply.movements import Dispatch, Origin, Pen, Receipt, Received
from lumbre.kinds.supply.records import Need, Tier, Unit
from lumbre.record import Ref
from lumbre.schema import Body, Role, Via
from lumbre.trust.acts import Admit
from tests.world import Device, World

HERE: dict[str, Any] = {"via": Via.OWN_DEVICE, "speaks_for": None}
FLOUR: dict[str, Any] = {"good": "flour", "unit": Unit.GRAM}


def write(device: Device, body: Body) -> Ref:
    (entry,) = device.write(body)
    return entry.ref


def stores(world: World, *keepers: Device) -> list[dict[str, Any]]:
    """A store and its pen for each device, known to all."""
    sides = []
    for keeper in keepers:
        place = Place(**HERE, name=keeper.name, place_type=PlaceType.STORE)
        store = write(world.founder, place)
        pen = Pen(**HERE, store=store, keeper=keeper.key.public)
        sides.append({**HERE, "store": store, "pen": write(world.founder, pen), **FLOUR})
    world.meet_all()
    return sides


def totals(device: Device, name: str) -> int:
    folds = device.node.space(device.space).ledger.folds
    return sum(total for _, total in folds.totals(name))


def test_p7_flour_changes_hands_between_two_devices_that_meet() -> None:
    world = World("ana")
    blas = world.join("blas")
    left, right = stores(world, world.founder, blas)
    slip = bytes(16)
    write(world.founder, Received(**left, quantity=100, slip=slip, origin=Origin.DONATION))
    dispatch = Dispatch(**left, to=right["store"], quantity=40, slip=b"\1" * 16)
    sent = write(world.founder, dispatch)
    write(world.founder, dispatch)
    world.meet(world.founder, blas)
    receipt = Receipt(
        **right, dispatch=sent, dispatch_slip=dispatch.slip, sent_from=left["store"],
        sent_to=right["store"], quantity=40, slip=b"\2" * 16,
    )  # fmt: skip
    write(blas, receipt)
    world.meet(world.founder, blas)
    for device in world.devices:
        assert totals(device, keys.IN) == totals(device, keys.STOCK) == 100
        assert totals(device, keys.TRANSIT) == 0
        (row,) = device.rows("hand-over")
        assert (row.difference, row.marks) == (0, Marks.APART)
    assert world.founder.hash() == blas.hash()


def test_p15_a_guests_need_reaches_the_others_and_counts_as_no_members_word() -> None:
    world = World("ana")
    world.join("blas")
    board, host = world.founder, world.founder.key
    guest = board.node.keep_author(board.space, b"g" * 32)
    heads = tuple(board.node.space(board.space).ledger.trust_heads())
    role = {"role": Role.GUEST, "person": None, "invite": None}
    admit = Admit(**HERE, after=heads, key=guest.public, consent=b"", **role)
    board.node.write(board.space, host, [admit])
    need = Need(**HERE, place_name="Bloque 5", quantity=5, people=2, tier=Tier.LIFE, **FLOUR)
    board.node.write(board.space, guest, [need])
    world.meet_all()
    for device in world.devices:
        (row,) = device.rows("need")
        assert (row.left_by_guest, row.enters_plan, row.people) == (True, False, 2)


def test_a_movement_under_somebody_elses_pen_moves_nothing() -> None:
    world = World("ana")
    blas = world.join("blas")
    (left,) = stores(world, world.founder)
    stolen = Received(**left, quantity=100, slip=bytes(16), origin=Origin.DONATION)
    write(blas, stolen)
    world.meet_all()
    assert totals(world.founder, keys.STOCK) == 0
