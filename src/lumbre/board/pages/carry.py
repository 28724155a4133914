"""Carrying: all that this device holds as a file, and taking in a file from another."""

from __future__ import annotations

from starlette.responses import Response

from lumbre.board.forms import UPLOAD_MAX_BYTES, read_upload
from lumbre.board.visit import REFILL_STATUS, Visit
from lumbre.errors import Invalid, LumbreError
from lumbre.node.exchange import take_in
from lumbre.node.intake import Received
from lumbre.sync import BundleReader, write_bundle


async def show(visit: Visit) -> Response:
    """Both ways."""
    return _page(visit, None, "")


def _page(visit: Visit, received: Received | None, error: str) -> Response:
    return visit.page("carry", REFILL_STATUS if error else 200, received=received, error=error)


async def bundle(visit: Visit) -> Response:
    """Everything that this device holds of the space, sealed as it is.

    At most what another board takes in: more goes by a folder, in several bundles.
    """
    space = visit.space
    data = b"".join(write_bundle(visit.node.give(space.id), UPLOAD_MAX_BYTES))
    visit.home.events.note("gave", size_bytes=len(data))
    name = f"lumbre-{space.id.hex()[:8]}-{visit.home.random.bytes(4).hex()}.lumbre"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type="application/octet-stream", headers=headers)


async def take(visit: Visit) -> Response:
    """Take in a file. Doing it twice changes nothing, so it needs no memory of the first."""
    try:
        form, file = await read_upload(visit.request)
        if not visit.board.slips.is_ours(form.get("slip", "")):
            return _page(visit, None, visit.words("board.old-form"))
        if not file:
            raise Invalid("invalid.empty", field="file")
        received, _ = take_in(visit.node, BundleReader().feed(file))
    except LumbreError as error:
        visit.home.events.error(error)
        return _page(visit, None, visit.words.error(error))
    visit.home.events.note("took", new=received.new, refused=sum(received.refused.values()))
    return _page(visit, received, "")
