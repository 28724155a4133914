"""Offers: what can be given, and saying that one can give."""

from __future__ import annotations

from starlette.responses import Response

from lumbre.board.forms import Form
from lumbre.board.pages.things import thing_form, thing_said
from lumbre.board.visit import Visit, post

SHOWN_MAX = 12


async def show(visit: Visit) -> Response:
    """What can be given, and how much of it is left."""
    space = visit.space.id
    found = visit.cut(visit.reading.offers(space), SHOWN_MAX)
    is_new = "new" in visit.request.query_params
    held = visit.held([offer.offer for offer in found["rows"]])
    goods = visit.reading.goods(space)
    return visit.page("offers", goods=goods, is_new=is_new, held=held, **found)


async def new(visit: Visit) -> Response:
    """The empty form."""
    return _form(visit, {}, "")


def _form(visit: Visit, form: Form, error: str) -> Response:
    return thing_form(visit, "offer_new", form, error)


async def create(visit: Visit) -> Response:
    """State an offer."""
    return await post(visit, _create, _form)


def _create(visit: Visit, form: Form) -> str:
    visit.desk.offer(**thing_said(form))
    return "/offers?new"
