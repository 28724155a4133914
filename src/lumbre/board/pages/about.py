"""About this device: what it holds, what it does not promise; and entries in doubt."""

from __future__ import annotations

from starlette.responses import Response

from lumbre import __version__
from lumbre.board.visit import Visit

SHOWN_MAX = 60


async def show(visit: Visit) -> Response:
    """The state hash, the mode, what is not promised."""
    return visit.page(
        "about",
        state_hash=visit.space.ledger.state_hash().hex(),
        space_id=visit.space.id.hex(),
        program_version=__version__,
    )


async def doubts(visit: Visit) -> Response:
    """Entries that have no effect or wait, and logs with two branches, with the reason."""
    cut = visit.cut(visit.reading.doubts(visit.space.id), SHOWN_MAX)
    rows = [
        (ref.hash.hex()[:8], verdict.outcome.name.lower(), visit.words.reason(verdict.reason))
        for ref, verdict in cut.pop("rows")
    ]
    forks = [key.hex()[:8] for key in visit.reading.forks(visit.space.id)][:SHOWN_MAX]
    return visit.page("doubts", rows=rows, forks=forks, **cut)
