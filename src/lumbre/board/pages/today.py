"""Today: what is missing, and the ways to say so or to help."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from lumbre.board.visit import Visit

SHOWN_MAX: Final = 16
"""At most 1.5 kB each, however they are written: the page stays under its bound."""


async def show(visit: Visit) -> Response:
    """Open needs, the most vital first."""
    space = visit.space.id
    cut = visit.cut(visit.reading.needs(space), SHOWN_MAX)
    return visit.page(
        "today",
        held=visit.held([need.need for need in cut["rows"]]),
        at_risk=visit.board.risks.count(visit.node, space),
        without_key=len(visit.space.ledger.waiting_for_key()),
        goods=visit.reading.goods(space),
        doubts=len(visit.reading.doubts(space)),
        **cut,
    )
