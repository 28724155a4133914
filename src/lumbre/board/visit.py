"""One request, as a page sees it: whose words, which space, what was typed.

`Board` is what outlives a request. A page is a function from a `Visit` to a response; a form
goes through `post`, which keeps what was typed whatever happens.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lumbre.board.forms import Form, Slips, read_form
from lumbre.board.render import Pages
from lumbre.board.risks import Risks
from lumbre.board.upload import Uploads
from lumbre.errors import LumbreError, NotFound
from lumbre.node import said
from lumbre.node.census import Census
from lumbre.node.desk import Desk
from lumbre.node.home import Home
from lumbre.node.names import space_name
from lumbre.node.reading import Reading
from lumbre.node.spaces import Space
from lumbre.node.todays import Todays
from lumbre.node.words import LANGUAGES, Words, language_of
from lumbre.record import Ref

LANGUAGE_COOKIE: Final = "lumbre_lang"
SPACE_COOKIE: Final = "lumbre_space"
COOKIE_MAX_AGE_S: Final = 365 * 86400
REFILL_STATUS: Final = 422
OWN_GOODS_MAX: Final = 12
PLACES_MAX: Final = 24
"""Choices of a form: with the ready goods, what fits a page whatever their names hold."""
PAGE_DIGITS: Final = 6
T = TypeVar("T")
_FIELDS: Final = {
    "invalid.address": "address",
    "invalid.code": "code",
    "invalid.good-name": "good",
    "invalid.which-water": "good",
    "invalid.passphrases-differ": "again",
    "invalid.passphrase-too-long": "passphrase",
    "invalid.passphrase-too-short": "passphrase",
    "invalid.space-here": "space",
    "invalid.words-not-read": "heard",
    "locked.wrong-passphrase": "passphrase",
    "not-found.device": "address",
    "sync.wrong-code": "code",
}
"""Errors that are about one field and do not name it in their values."""
_SECRET_FIELDS: Final = ("passphrase", "again")


class Board:
    """The home, its readings and the forms that are under way."""

    def __init__(self, home: Home, language: str) -> None:
        self.home = home
        self.language = language
        self.pages = Pages()
        self.slips = Slips(home.random)
        self.uploads = Uploads(home.clock)
        self.todays = Todays(home.clock)
        self.risks = Risks()
        self._reading = Reading(home.node)
        self._read_node = home.node

    @property
    def reading(self) -> Reading:
        """What the lists show; made anew when a person unlocks the node."""
        if self._read_node is not self.home.node:
            self._reading, self._read_node = Reading(self.home.node), self.home.node
        return self._reading


class Visit:
    """One request."""

    def __init__(self, board: Board, request: Request) -> None:
        self.board = board
        self.request = request
        self.home = board.home
        self.node = board.home.node
        self.words = Words(self._language())
        self._wrong = ""

    def _language(self) -> str:
        chosen = self.request.cookies.get(LANGUAGE_COOKIE)
        if chosen in LANGUAGES:
            return chosen
        for part in self.request.headers.get("accept-language", "").split(",")[:8]:
            short = part.split(";")[0].strip()[:2].lower()
            if short in LANGUAGES:
                return short
        return language_of(self.board.language)

    @property
    def reading(self) -> Reading:
        """What the lists show."""
        return self.board.reading

    @property
    def space(self) -> Space:
        """The space that this browser looks at: the chosen one, else the first."""
        spaces = self.node.spaces()
        chosen = self.request.cookies.get(SPACE_COOKIE, "")
        for space in spaces:
            if space.id.hex() == chosen:
                return space
        if not spaces:
            raise NotFound("not-found.no-space")
        return spaces[0]

    @property
    def desk(self) -> Desk:
        """Where this device's own key writes."""
        return Desk(self.node, self.reading, self.space)

    def page(self, name: str, status: int = 200, **values: Any) -> Response:
        """A page, at most as large as a page may be."""
        node = self.node
        ready = bool(node.spaces()) and not node.is_locked
        shared = {
            "words": self.words,
            "language": self.words.language,
            "path": self.request.url.path,
            "slip": self.board.slips.new(),
            "is_open_mode": self.home.is_open_mode,
            "is_locked": node.is_locked,
            "space_name": (space_name(self.space) or "") if ready else "",
            "has_space": ready,
            "now_s": self.home.clock.now_s(),
            "error": "",
            "form": {},
            "wrong": self._wrong,
            "at_door": self._at_door() if ready else 0,
            "refresh_s": 0,
        }
        return HTMLResponse(self.board.pages.render(name, shared | values), status)

    def _at_door(self) -> int:
        """How many wait to be let into the space that this browser looks at."""
        space = self.space.id
        return sum(1 for one in self.home.codes.asking() if one.request.space == space)

    def complain(self, error: LumbreError, *, form: str = "", field: str = "") -> str:
        """Note an error; its words. The page that shows them marks the field that it is about.

        `form`: which of several on the page. `field`: what it is about where it does not say.
        """
        self.home.events.error(error)
        found = error.values.get("field") or _FIELDS.get(error.message_id, field)
        if error.message_id.removeprefix("invalid.").startswith("amount-"):
            found = "amount"
        self._wrong = f"{form}.{found}" if form and found else str(found)
        return self.words.error(error)

    def held(self, refs: Sequence[Ref]) -> str:
        """Who holds all the entries of a list, and no more than was said (P6)."""
        holders = Census(self.node, self.space.id).holders_of(refs)
        return said.held_list(self.words, holders, self.home.clock.now_s())

    def cut(self, rows: Sequence[T], size: int) -> dict[str, Any]:
        """One page's worth of a list, for a template: `rows`, `page`, `pages`, `count`."""
        said = self.request.query_params.get("p", "0")
        pages = max(1, -(-len(rows) // size))
        at = int(said) if said.isascii() and said.isdigit() and len(said) < PAGE_DIGITS else 0
        at = min(at, pages - 1)
        shown = rows[at * size : (at + 1) * size]
        return {"rows": shown, "page": at, "pages": pages, "count": len(rows)}

    @staticmethod
    def go(where: str) -> Response:
        """Lead the browser on, so that a reload sends nothing again."""
        return RedirectResponse(where, 303)


Page = Callable[[Visit], Awaitable[Response]]
Again = Callable[[Visit, Form, str], Response]
"""Shows the form again, filled, with what was wrong."""
Act = Callable[[Visit, Form], str]
"""Does what a form asks for; where to go then."""


async def post(visit: Visit, act: Act, again: Again, *, form: str = "") -> Response:
    """Run what a form asks for, once; on an error the form comes back filled.

    `form`: which of several on the page, for the mark on the field that an error is about.
    """
    try:
        typed = await read_form(visit.request)
    except LumbreError as error:
        return again(visit, {}, visit.complain(error, form=form))
    token = typed.pop("slip", "")
    done = visit.board.slips.done(token)
    if done is not None:
        return visit.go(done)
    shown = {name: value for name, value in typed.items() if name not in _SECRET_FIELDS}
    if not visit.board.slips.is_ours(token):
        return again(visit, shown, visit.words("board.old-form"))
    try:
        where = act(visit, typed)
    except LumbreError as error:
        return again(visit, shown, visit.complain(error, form=form))
    except Exception as error:  # noqa: BLE001 what was typed must come back whatever failed
        visit.home.events.crash(error)
        return again(visit, shown, visit.words("board.crash"))
    visit.board.slips.finish(token, where)
    return visit.go(where)
