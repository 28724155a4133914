"""Today: what is missing, and the ways to say so or to help."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from lumbre.board.visit import Visit
from lumbre.kinds.supply.needs import NeedState

SHOWN_MAX: Final = 20
"""About a kilobyte each: the page stays under its bound; the rest is counted."""


async def show(visit: Visit) -> Response:
    """Open needs, the most vital first."""
    space = visit.space.id
    needs = visit.reading.needs(space)
    everything = "all" in visit.request.query_params
    at = _page_number(visit.request.query_params.get("p", "0"))
    shown = needs[at * SHOWN_MAX : (at + 1) * SHOWN_MAX]
    return visit.page(
        "today",
        needs=shown,
        count=len(needs),
        page=at,
        pages=-(-len(needs) // SHOWN_MAX),
        goods=visit.reading.goods(space),
        offers=len(visit.reading.offers(space)),
        open=sum(1 for need in needs if need.state is NeedState.OPEN),
        everything=everything,
        doubts=len(visit.reading.doubts(space)),
    )


def _page_number(said: str) -> int:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 6 else 0
