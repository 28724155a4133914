"""Carrying: today's bundle onto any phone, and what a phone brings from the next board.

Every neighbour is a courier: neither needs to be signed in, nor the node to be unlocked.
"""

from __future__ import annotations

from starlette.responses import Response

from lumbre.board.upload import read_bundle_upload
from lumbre.board.visit import REFILL_STATUS, Visit
from lumbre.errors import Invalid, LumbreError, NotFound, Refused
from lumbre.node.carrying import Bundles, take_bundles
from lumbre.node.intake import Received
from lumbre.node.todays import Today

_BUSY = "refused.busy-phones"
_BUSY_STATUS = 503
_NAME = "file"


async def show(visit: Visit) -> Response:
    """Both ways."""
    return _page(visit, None, "")


def _page(visit: Visit, received: Received | None, error: str, status: int = 200) -> Response:
    today = _today(visit)
    return visit.page(
        "carry",
        status,
        received=received,
        error=error,
        today=today,
        size_kb=-(-len(today.data) // 1000) if today else 0,
    )


def _today(visit: Visit) -> Today | None:
    if not visit.node.spaces():
        return None
    return visit.board.todays.of(visit.node, visit.space)


async def bundle(visit: Visit) -> Response:
    """Today's bundle. Its name is random: on a phone it says nothing either."""
    today = _today(visit)
    if today is None:
        raise NotFound("not-found.no-bundle")
    visit.home.events.note("gave", size_bytes=len(today.data))
    name = f"lumbre-{visit.home.random.bytes(4).hex()}.lumbre"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(today.data, media_type="application/octet-stream", headers=headers)


async def take(visit: Visit) -> Response:
    """Take in a file. Doing it twice changes nothing, so it needs no memory of the first.

    Of a file that is damaged or was cut off, what came whole before that is kept.
    """
    try:
        with visit.board.uploads.one():
            form, file = await read_bundle_upload(visit.request, visit.home.folder.path)
            if not visit.board.slips.is_ours(form.get("slip", "")):
                return _page(visit, None, visit.words("board.old-form"), REFILL_STATUS)
            if not file:
                raise Invalid("invalid.empty", field="file")
            received = _take_in(visit, file)
    except LumbreError as error:
        status = _BUSY_STATUS if error.message_id == _BUSY else REFILL_STATUS
        return _page(visit, None, visit.complain(error, field="file"), status)
    visit.home.events.note("took", new=received.new, refused=sum(received.refused.values()))
    return _page(visit, received, "")


def _take_in(visit: Visit, file: bytes) -> Received:
    bundles = Bundles([_NAME], lambda _: file)
    received, _ = take_bundles(visit.node, bundles)
    if bundles.sealed:
        raise Refused("refused.not-for-this-device")
    for _, message_id in bundles.refused:
        if not received.new and not received.known:
            raise Refused(message_id)
        received.refuse(message_id)
    if bundles.cut_short:
        received.refuse("refused.cut-short")
    return received
