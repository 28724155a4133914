"""The board's addresses, and what answers each."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lumbre.board.guard import Guard
from lumbre.board.pages import (
    about,
    carry,
    community,
    door,
    needs,
    network,
    offers,
    places,
    start,
    today,
)
from lumbre.board.render import STATIC, static_file
from lumbre.board.visit import Board, Page, Visit
from lumbre.errors import Locked, LumbreError, NotFound
from lumbre.node.home import Home

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_YEAR_S = 365 * 86400

# (path, method, page). What is reachable while the node is locked or has no space is in OPEN.
PAGES: tuple[tuple[str, str, Page], ...] = (
    ("/", "GET", today.show),
    ("/start", "GET", start.show),
    ("/found", "POST", start.found),
    ("/join", "POST", start.join),
    ("/join/code", "POST", door.join),
    ("/joining", "GET", door.coming),
    ("/request", "GET", start.request_file),
    ("/unlock", "POST", start.unlock),
    ("/language", "POST", start.language),
    ("/needs/new", "GET", needs.new),
    ("/needs/new", "POST", needs.create),
    ("/needs/{id}", "GET", needs.show),
    ("/needs/{id}", "POST", needs.act),
    ("/offers", "GET", offers.show),
    ("/offers/new", "GET", offers.new),
    ("/offers/new", "POST", offers.create),
    ("/places", "GET", places.show),
    ("/places", "POST", places.create),
    ("/carry", "GET", carry.show),
    ("/carry/take", "POST", carry.take),
    ("/carry/bundle", "GET", carry.bundle),
    ("/community", "GET", community.show),
    ("/community/invitation", "GET", community.invitation),
    ("/community/request", "POST", community.request),
    ("/community/admit", "POST", community.admit),
    ("/community/code", "GET", door.show),
    ("/community/code", "POST", door.open_code),
    ("/community/answer", "POST", door.answer),
    ("/community/choose", "POST", community.choose),
    ("/network", "GET", network.show),
    ("/network/call", "POST", network.call),
    ("/doubts", "GET", about.doubts),
    ("/about", "GET", about.show),
)
OPEN = frozenset({"/start", "/found", "/join", "/request", "/unlock", "/language", "/carry",
                  "/carry/take", "/carry/bundle", "/join/code", "/joining"})  # fmt: skip


def make_app(home: Home, *, language: str = "es") -> Starlette:
    """The board of a home. It runs in one thread, the one in which the home was opened."""
    board = Board(home, language)
    routes = [
        Route(path, _handler(board, path, page), methods=[method]) for path, method, page in PAGES
    ]
    routes.append(Route("/s/{name}", _static, methods=["GET"]))

    async def problem(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return Visit(board, request).page("problem", status, message=f"board.status.{status}")

    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard)],
        exception_handlers={HTTPException: problem},
    )


def _handler(board: Board, path: str, page: Page) -> _Handler:
    async def handle(request: Request) -> Response:
        visit = Visit(board, request)
        if path not in OPEN and (visit.node.is_locked or not visit.node.spaces()):
            return visit.go("/start")
        try:
            return await page(visit)
        except Locked:
            return visit.go("/start")
        except LumbreError as error:
            board.home.events.error(error)
            status = 404 if isinstance(error, NotFound) else 409
            return visit.page("problem", status, error=visit.words.error(error), message="")
        except Exception as error:  # noqa: BLE001 a page that fails must not take the board down
            board.home.events.crash(error)
            return visit.page("problem", 500, message="board.crash")

    return handle


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in STATIC:
        raise HTTPException(404)
    headers = {"cache-control": f"max-age={_YEAR_S}, immutable"}
    return Response(static_file(name), media_type=STATIC[name], headers=headers)
