"""The form of a thing and how much of it: what is missing and what can be given share it."""

from __future__ import annotations

from starlette.responses import Response

from lumbre.board.forms import Form
from lumbre.board.visit import OWN_GOODS_MAX, PLACES_MAX, REFILL_STATUS, Visit
from lumbre.node.goods import OTHER, READY
from lumbre.node.said import good as good_name


def thing_form(visit: Visit, page: str, form: Form, error: str) -> Response:
    """The form, empty or filled again with what was wrong."""
    goods = visit.reading.goods(visit.space.id)
    own = [(r.code, good_name(visit.words, r.code, r.name, r.name_en)) for r in goods.values()]
    return visit.page(
        page,
        REFILL_STATUS if error else 200,
        form=form,
        error=error,
        ready=READY,
        own_goods=own[:OWN_GOODS_MAX],
        other=OTHER,
        places=visit.reading.place_names(visit.space.id)[:PLACES_MAX],
    )


def thing_said(form: Form) -> Form:
    """What was typed of the thing, as the desk takes it."""
    fields = {name: form.get(name, "") for name in ("other", "amount", "place", "note")}
    return fields | {"good": form.get("good", OTHER)}
