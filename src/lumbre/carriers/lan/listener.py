"""Takes calls: shakes hands with who calls and hands each open channel over.

    async with Listener(on_channel, port=8421) as listener:
        ...                       `await on_channel(channel)` runs for each; then it is closed

Rules: so many connections at once and so many from one address, the others are hung up on
before a byte is read; who has not finished the handshake in time is hung up on, however busily
it sends. What one caller does wrong reaches nobody else.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, NamedTuple, Self

from lumbre.carriers.lan.channel import (
    BUFFER_BYTES,
    HANDSHAKE_TIMEOUT_S,
    Channel,
    host_of,
    shake,
)
from lumbre.errors import LumbreError, Refused, StoreError

PORT: Final = 8421
"""Beside the board's; another is taken where it is in use, and discovery says which."""
# Waiting in the kernel while the node writes; more callers come again later.
BACKLOG: Final = 64


class Limits(NamedTuple):
    """How much strangers may take."""

    # Each holds a few hundred kB at most, so that a board of 512 MB carries them all.
    connections_max: int = 32
    # Several communities on one device, or a meeting that is being cut while the next begins.
    per_host_max: int = 4
    handshake_timeout_s: float = HANDSHAKE_TIMEOUT_S


LIMITS: Final = Limits()


class Listener:
    """A port that takes channels."""

    def __init__(
        self,
        on_channel: Callable[[Channel], Awaitable[None]],
        *,
        host: str = "",
        port: int = 0,
        limits: Limits = LIMITS,
        on_refused: Callable[[str, LumbreError], None] = lambda _host, _error: None,
    ) -> None:
        self._on_channel = on_channel
        self._on_refused = on_refused
        self._limits = limits
        self._host = host
        self._wanted_port = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._hosts: Counter[str] = Counter()
        self.port = 0

    async def __aenter__(self) -> Self:
        listening = listening_socket(self._host, self._wanted_port)
        self.port = listening.getsockname()[1]
        self._server = await asyncio.start_server(
            self._accept, sock=listening, limit=BUFFER_BYTES, backlog=BACKLOG
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def connections(self) -> int:
        """How many are connected now, those that still shake hands too."""
        return self._hosts.total()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = host_of(writer)
        if (
            self.connections >= self._limits.connections_max
            or self._hosts[host] >= self._limits.per_host_max
        ):
            writer.transport.abort()
            return
        self._hosts[host] += 1
        task = asyncio.get_running_loop().create_task(self._serve(host, reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(
        self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            async with asyncio.timeout(self._limits.handshake_timeout_s):
                channel = await shake(reader, writer, is_caller=False)
            await self._on_channel(channel)
            await channel.close()
        except LumbreError as error:
            self._on_refused(host, error)
        except TimeoutError:
            self._on_refused(host, Refused("refused.silence"))
        finally:
            self._let_go(host, writer)

    def _let_go(self, host: str, writer: asyncio.StreamWriter) -> None:
        # Where bytes still leave (an alert), the kernel has them; nothing here waits for more.
        writer.transport.abort()
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket for IPv4 and, where the system has it, IPv6; on another port if it must be."""
    for candidate in dict.fromkeys((port, 0)):
        for family in (socket.AF_INET6, socket.AF_INET):
            try:
                return _bound(family, host, candidate)
            except OSError as error:
                why = error
            if why.errno == errno.EADDRINUSE:
                break
    raise StoreError("store.no-port", why=why.strerror)


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind((host, port))
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError:
        with suppress(OSError):
            listening.close()
        raise
    return listening
