"""`lumbre up`: the board on this device's own address, until it is stopped."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from lumbre.cli.options import DEFAULTS, Common
from lumbre.cli.speech import note, out, say
from lumbre.errors import StoreError
from lumbre.node.home import Home
from lumbre.node.words import language_of

if TYPE_CHECKING:
    import uvicorn

PORT: Final = 8420
"""Not in common use, and easy to read aloud."""
LAN_PORT: Final = 8421
PORTS_TRIED: Final = 20
HOST: Final = "127.0.0.1"
# Phones on the desk and a few tabs; more would wait in any case.
BACKLOG: Final = 64
STOP_AFTER_S: Final = 3


def up(
    *,
    port: Annotated[int, Parameter(help=say("cli.arg.port"))] = PORT,
    alone: Annotated[bool, Parameter(help=say("cli.arg.alone"), negative="")] = False,
    lan_port: Annotated[int, Parameter(help=say("cli.arg.lan-port"))] = LAN_PORT,
    call: Annotated[
        list[str] | None, Parameter(help=say("cli.arg.call"), negative="", consume_multiple=False)
    ] = None,
    common: Common = DEFAULTS,
) -> None:
    """Open the board, print its address on a line of its own, and meet who is on the network."""
    import uvicorn

    from lumbre.board import make_app

    calling = _places(call or [])
    home = Home.open(common.path) if Home.exists(common.path) else Home.create(common.path)
    try:
        listening = listen(port)
        home.events.note("up", port=listening.getsockname()[1])
        app = make_app(home, language=language_of(common.lang))
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=STOP_AFTER_S,
        )
        # uvicorn stops cleanly and then raises the signal again: these take it.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        out(f"http://{HOST}:{listening.getsockname()[1]}/")
        sys.stdout.flush()
        note("cli.up.running")
        wanted = None if alone else lan_port
        asyncio.run(_serve(home, uvicorn.Server(config), listening, wanted, calling))
        home.events.note("down")
    finally:
        home.close()


async def _serve(
    home: Home,
    server: uvicorn.Server,
    listening: socket.socket,
    lan_port: int | None,
    calling: list[tuple[str, int]],
) -> None:
    """The board, and the network beside it unless `lan_port` is None."""
    async with AsyncExitStack() as stack:
        if lan_port is not None:
            from lumbre.cli.beside import beside

            await stack.enter_async_context(beside(home, port=lan_port, calling=calling))
        await server.serve(sockets=[listening])


def _places(calling: list[str]) -> list[tuple[str, int]]:
    if not calling:
        return []
    from lumbre.cli.network import read_address

    return [read_address(address) for address in calling]


def listen(port: int) -> socket.socket:
    """A socket on the wanted port, or on the next one that is free."""
    for candidate in [*range(port, min(port + PORTS_TRIED, 65536)), 0]:
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, candidate))
            listening.listen(BACKLOG)
        except OSError as error:
            listening.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise StoreError("cli.up.no-port", why=error.strerror) from error
            continue
        return listening
    raise StoreError("cli.up.no-port", why="")
