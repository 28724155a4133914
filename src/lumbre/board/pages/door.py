"""The door: a code that lets somebody in over the network, on both sides of it.

Keeper: open a code, see who came with it, hear the six words, admit or send away. Newcomer: type
the code, read the six words aloud, wait. A page that waits asks again by itself, unless there is
something to fill in on it.
"""

from __future__ import annotations

import segno
from starlette.responses import Response

from lumbre.board.forms import Form
from lumbre.board.pages import start
from lumbre.board.visit import REFILL_STATUS, Visit, post
from lumbre.errors import Invalid, NotFound
from lumbre.node import joining
from lumbre.node.codes import GUESSES_MAX, Asking, link_for
from lumbre.node.desk import one_line, own_key
from lumbre.node.network import JoinState
from lumbre.schema import Role

LOOK_EVERY_S = 4
SHOWN_MAX = 8
ADDRESSES_MAX = 4
"""Names of 120 characters and their words: the page stays under its bound."""


# The keeper's side


async def show(visit: Visit) -> Response:
    """The code that is open, and who waits to be let in."""
    return _page(visit, {}, "")


def _page(visit: Visit, form: Form, error: str) -> Response:
    codes = visit.home.codes.opened(visit.space.id)
    network = visit.home.network
    code = codes[-1] if codes and network is not None else ""
    addresses = network.addresses() if network is not None else []
    asking = asking_here(visit)
    is_waiting = bool(code) and not asking and not error
    return visit.page(
        "code",
        REFILL_STATUS if error else 200,
        form=form,
        error=error,
        code=code,
        qr=_qr(link_for(addresses[0], code)) if code and addresses else "",
        addresses=addresses[:ADDRESSES_MAX],
        has_network=network is not None,
        guesses=GUESSES_MAX,
        asking=[(one.request.author.hex(), one.name, one.said) for one in asking[:SHOWN_MAX]],
        refresh_s=LOOK_EVERY_S if is_waiting else 0,
    )


def asking_here(visit: Visit) -> list[Asking]:
    """Who waits to be let into the space that this browser looks at."""
    space = visit.space.id
    return [one for one in visit.home.codes.asking() if one.request.space == space]


def _qr(link: str) -> str:
    """The link as a picture inside the page: no address of a picture, no style, no script."""
    # White around it even on a dark page: cameras look for that.
    made = segno.make_qr(link, error="m")
    svg: str = made.svg_inline(light="#fff", border=4, svgclass="qr", lineclass=None, omitsize=True)
    return svg


async def open_code(visit: Visit) -> Response:
    """Open a code, or another one in the place of the one that is open."""
    return await post(visit, _open_code, _page)


def _open_code(visit: Visit, form: Form) -> str:
    codes = visit.home.codes
    if visit.home.network is None:
        raise NotFound("not-found.network")
    for code in codes.opened(visit.space.id):
        codes.close(code)
    if form.get("do") != "close":
        codes.open(visit.space.id)
        return "/community/code"
    return "/community"


async def answer(visit: Visit) -> Response:
    """Admit who waits, once both sides have read the words aloud; or send them away."""
    return await post(visit, _answer, _page)


def _answer(visit: Visit, form: Form) -> str:
    try:
        author = bytes.fromhex(form.get("author", ""))
    except ValueError:
        author = b""
    if form.get("do") == "away":
        visit.home.codes.forget(author)
        return "/community/code"
    asking = next((one for one in asking_here(visit) if one.request.author == author), None)
    if asking is None:
        raise NotFound("not-found.asking")
    if form.get("heard") != "yes":
        raise Invalid("invalid.words-not-read")
    key = own_key(visit.node, visit.space)
    joining.admit(visit.node, key, asking.request, asking.name, Role.MEMBER)
    visit.home.codes.forget(author)
    visit.home.events.note("admitted", role=int(Role.MEMBER))
    return "/community?in"


# The newcomer's side


async def join(visit: Visit) -> Response:
    """Begin to join by a code; how it goes is shown at /joining."""
    return await post(visit, _join, start.again, form="code")


def _join(visit: Visit, form: Form) -> str:
    network = visit.home.network
    if network is None:
        raise NotFound("not-found.network")
    code, person = one_line(form.get("code", ""), "code"), one_line(form.get("who", ""), "name")
    start.choose_passphrase(visit, form)
    network.join(code, person, form.get("address", ""))
    return "/joining"


async def coming(visit: Visit) -> Response:
    """How far this device has come: searching, six words to read aloud, in."""
    network = visit.home.network
    tried = None if network is None or visit.node.is_locked else network.joining
    if tried is None:
        return visit.go("/start")
    if tried.problem is not None:
        typed = {"code": tried.code, "who": tried.person, "address": tried.address}
        return start.again(visit, typed, visit.complain(tried.problem, form="code"))
    is_in = tried.state is JoinState.ADMITTED
    return visit.page(
        "joining",
        state=tried.state.value,
        said=tried.said,
        code=tried.code,
        refresh_s=0 if is_in else LOOK_EVERY_S,
        # Until then the lists are empty, and lead away from the words.
        has_space=is_in,
    )
