"""Places: where things are. A building is the finest; nothing says where a person is."""

from __future__ import annotations

from starlette.responses import Response

from lumbre.board.forms import Form
from lumbre.board.visit import REFILL_STATUS, Visit, post
from lumbre.errors import Invalid
from lumbre.kinds.situation.records import PlaceType

SHOWN_MAX = 24


async def show(visit: Visit) -> Response:
    """Places by name, and the form for one more."""
    return _page(visit, {}, "")


def _page(visit: Visit, form: Form, error: str) -> Response:
    return visit.page(
        "places",
        REFILL_STATUS if error else 200,
        form=form,
        error=error,
        types=[kind.name.lower() for kind in PlaceType if kind is not PlaceType.OTHER],
        **visit.cut(visit.reading.places(visit.space.id), SHOWN_MAX),
    )


async def create(visit: Visit) -> Response:
    """Add a place."""
    return await post(visit, _create, _page)


def _create(visit: Visit, form: Form) -> str:
    try:
        kind = PlaceType[form.get("type", "").upper()]
    except KeyError:
        raise Invalid("invalid.empty", field="type") from None
    visit.desk.place(name=form.get("name", ""), place_type=kind)
    return "/places"
