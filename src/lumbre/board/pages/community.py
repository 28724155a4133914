"""The community: who takes part, inviting, and admitting who asked."""

from __future__ import annotations

from starlette.responses import Response

from lumbre.board.forms import Form, read_upload
from lumbre.board.visit import COOKIE_MAX_AGE_S, REFILL_STATUS, SPACE_COOKIE, Visit, post
from lumbre.errors import Invalid, LumbreError
from lumbre.node import joining
from lumbre.node.aloud import six_words
from lumbre.node.desk import own_key
from lumbre.node.names import members, space_name
from lumbre.schema import Role

SHOWN_MAX = 24


async def show(visit: Visit) -> Response:
    """Members, and the ways in."""
    return _page(visit, {}, "")


def _page(visit: Visit, form: Form, error: str, **values: object) -> Response:
    spaces = [(space.id.hex(), space_name(space) or "?") for space in visit.node.spaces()]
    found = [(m.name or m.person.hex()[:8], m.role.name.lower()) for m in members(visit.space)]
    shared: dict[str, object] = {
        "asks": None,
        "is_in": "in" in visit.request.query_params,
        "has_network": visit.home.network is not None,
    }
    return visit.page(
        "community",
        REFILL_STATUS if error else 200,
        form=form,
        error=error,
        **visit.cut(found, SHOWN_MAX),
        spaces=spaces,
        **(shared | values),
    )


async def invitation(visit: Visit) -> Response:
    """The file that tells another device which community this is. It gives nobody a right."""
    space = visit.space.id
    headers = {"content-disposition": f'attachment; filename="lumbre-{space.hex()[:8]}.invitation"'}
    data = joining.invite(visit.node, space)
    return Response(data, media_type="application/octet-stream", headers=headers)


async def request(visit: Visit) -> Response:
    """Look at a request: whose name, which six words."""
    try:
        form, file = await read_upload(visit.request)
        if not visit.board.slips.is_ours(form.get("slip", "")):
            return _page(visit, {}, visit.words("board.old-form"))
        asked, name = joining.read_request(visit.node, file)
    except LumbreError as error:
        return _page(visit, {}, visit.complain(error, field="file"))
    said = six_words(joining.words_bytes(asked))
    return _page(visit, {}, "", asks={"name": name, "words": said, "request": file.hex()})


async def admit(visit: Visit) -> Response:
    """Admit, once both sides have read the words aloud."""
    return await post(visit, _admit, _page)


def _admit(visit: Visit, form: Form) -> str:
    if form.get("heard") != "yes":
        raise Invalid("invalid.words-not-read")
    try:
        data = bytes.fromhex(form.get("request", ""))
    except ValueError:
        raise Invalid("invalid.empty", field="file") from None
    asked, name = joining.read_request(visit.node, data)
    space = visit.node.space(asked.space)
    if space.ledger.rights.author(asked.author) is None:
        joining.admit(visit.node, own_key(visit.node, space), asked, name, Role.MEMBER)
        visit.home.events.note("admitted", role=int(Role.MEMBER))
    return "/community"


async def choose(visit: Visit) -> Response:
    """Look at another community from this browser."""
    chosen = {"space": ""}

    def act(visit: Visit, form: Form) -> str:
        chosen["space"] = form.get("space", "")
        return "/"

    response = await post(visit, act, _page)
    if any(space.id.hex() == chosen["space"] for space in visit.node.spaces()):
        response.set_cookie(
            SPACE_COOKIE,
            chosen["space"],
            max_age=COOKIE_MAX_AGE_S,
            httponly=True,
            samesite="strict",
        )
    return response
