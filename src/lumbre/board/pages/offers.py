"""Offers: what can be given, and saying that one can give."""

from __future__ import annotations

from starlette.responses import Response

from lumbre.board.forms import Form
from lumbre.board.visit import REFILL_STATUS, Visit, post
from lumbre.node.goods import OTHER, READY
from lumbre.node.said import good as good_name

SHOWN_MAX = 40


async def show(visit: Visit) -> Response:
    """What can be given, and how much of it is left."""
    found = visit.reading.offers(visit.space.id)
    return visit.page(
        "offers",
        offers=found[:SHOWN_MAX],
        more=max(0, len(found) - SHOWN_MAX),
        goods=visit.reading.goods(visit.space.id),
    )


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
        own_goods=own[:40],
        other=OTHER,
        places=[row.name for row in visit.reading.places(visit.space.id)][:100],
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
