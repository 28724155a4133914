"""The first page: found a community, ask to join one, or give the passphrase."""

from __future__ import annotations

from starlette.responses import Response

from lumbre.board.forms import Form, read_upload
from lumbre.board.visit import COOKIE_MAX_AGE_S, LANGUAGE_COOKIE, REFILL_STATUS, Visit, post
from lumbre.errors import Invalid, LumbreError
from lumbre.node import founding, joining
from lumbre.node.aloud import six_words
from lumbre.node.desk import one_line
from lumbre.node.network import JoinState
from lumbre.node.words import LANGUAGES


async def show(visit: Visit) -> Response:
    """What fits this device: the passphrase's form, or founding and joining."""
    return _page(visit, {}, "")


def _page(visit: Visit, form: Form, error: str) -> Response:
    status = REFILL_STATUS if error else 200
    name = "unlock" if visit.node.is_locked else "start"
    waiting = [] if visit.node.is_locked else _waiting(visit)
    network = visit.home.network
    tried = None if network is None or visit.node.is_locked else network.joining
    is_joining = tried is not None and tried.state in (JoinState.SEARCHING, JoinState.WAITING)
    can_choose = not visit.node.is_locked and not visit.home.has_passphrase
    return visit.page(
        name,
        status,
        form=form,
        error=error,
        waiting=waiting,
        can_choose_passphrase=can_choose,
        has_network=network is not None,
        is_joining=is_joining,
    )


def again(visit: Visit, form: Form, error: str) -> Response:
    """The page with what was typed, and what was wrong."""
    return _page(visit, form, error)


def _waiting(visit: Visit) -> list[list[str]]:
    """The six words of requests that this device made and that nobody has answered yet."""
    found = []
    for space in visit.node.spaces():
        request = joining.pending(visit.node, space.id)
        if request is not None:
            found.append(six_words(joining.words_bytes_of(request)))
    return found


async def found(visit: Visit) -> Response:
    """Found a community on this device."""
    return await post(visit, _found, _page)


def _found(visit: Visit, form: Form) -> str:
    name, person = one_line(form.get("name", ""), "space"), one_line(form.get("person", ""), "name")
    choose_passphrase(visit, form)
    founding.found(visit.node, name, person)
    visit.home.events.note("founded")
    return "/"


def choose_passphrase(visit: Visit, form: Form) -> None:
    """A passphrase of a person's own, before there is anything to hide."""
    chosen = form.get("passphrase", "")
    if chosen and not visit.home.has_passphrase:
        if chosen != form.get("again", ""):
            raise Invalid("invalid.passphrases-differ")
        visit.home.set_passphrase(chosen)


async def join(visit: Visit) -> Response:
    """Ask to take part: an invitation goes in, a request comes out."""
    form, file = await read_upload(visit.request)
    token = form.pop("slip", "")
    if not visit.board.slips.is_ours(token):
        return _page(visit, form, visit.words("board.old-form"))
    try:
        person = one_line(form.get("person", ""), "name")
        if not file:
            raise Invalid("invalid.empty", field="file")
        choose_passphrase(visit, form)
        joining.ask(visit.node, file, person)
    except LumbreError as error:
        said = visit.complain(error, form="join", field="file")
        return _page(visit, {"joining": form.get("person", "")}, said)
    return visit.go("/start")


async def request_file(visit: Visit) -> Response:
    """The request of this device, to be carried back."""
    for space in [] if visit.node.is_locked else visit.node.spaces():
        request = joining.pending(visit.node, space.id)
        if request is not None:
            name = f"lumbre-{joining.words_bytes_of(request).hex()[:8]}.request"
            headers = {"content-disposition": f'attachment; filename="{name}"'}
            return Response(request, media_type="application/octet-stream", headers=headers)
    return visit.go("/start")


async def unlock(visit: Visit) -> Response:
    """Let a person in."""
    return await post(visit, _unlock, _page)


def _unlock(visit: Visit, form: Form) -> str:
    visit.home.unlock(form.get("passphrase", ""))
    visit.home.events.note("unlocked")
    return "/"


async def language(visit: Visit) -> Response:
    """Speak another language to this browser."""
    chosen = {"language": ""}

    def act(visit: Visit, form: Form) -> str:
        chosen["language"] = form.get("language", "")
        back = form.get("back", "/")
        is_own = back.startswith("/") and not back.startswith("//") and "\\" not in back
        return back if is_own else "/"

    response = await post(visit, act, _page)
    if chosen["language"] in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE,
            chosen["language"],
            max_age=COOKIE_MAX_AGE_S,
            httponly=True,
            samesite="strict",
        )
    return response
