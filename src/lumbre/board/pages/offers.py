"""Offers: what can be given, and saying that one can give."""

from __future__ import annotations

from starlette.responses import Response

from lumbre.board.forms import Form
from lumbre.board.visit import OWN_GOODS_MAX, PLACES_MAX, REFILL_STATUS, Visit, post
from lumbre.node.goods import OTHER, READY
from lumbre.node.said import good as good_name

SHOWN_MAX = 12


async def show(visit: Visit) -> Response:
    """What can be given, and how much of it is left."""
    space = visit.space.id
    found = visit.cut(visit.reading.offers(space), SHOWN_MAX)
    return visit.page("offers", goods=visit.reading.goods(space), **found)


async def new(visit: Visit) -> Response:
    """The empty form."""
    return _form(visit, {}, "")


def _form(visit: Visit, form: Form, error: str) -> Response:
    goods = visit.reading.goods(visit.space.id)
    own = [(r.code, good_name(visit.words, r.code, r.name, r.name_en)) for r in goods.values()]
    return visit.page(
        "offer_new",
        REFILL_STATUS if error else 200,
        form=form,
        error=error,
        ready=READY,
        own_goods=own[:OWN_GOODS_MAX],
        other=OTHER,
        places=visit.reading.place_names(visit.space.id)[:PLACES_MAX],
    )


async def create(visit: Visit) -> Response:
    """State an offer."""
    return await post(visit, _create, _form)


def _create(visit: Visit, form: Form) -> str:
    visit.desk.offer(
        good=form.get("good", OTHER),
        other=form.get("other", ""),
        amount=form.get("amount", ""),
        place=form.get("place", ""),
        note=form.get("note", ""),
    )
    return "/offers"
