"""A toy meeting: each side says one payload, its length first, and hears the other's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from lumbre.carriers.lan import Channel, Listener, connect, meet
from lumbre.carriers.lan.listener import Limits
from lumbre.carriers.lan.tls import Tls

HOST = "127.0.0.1"


class Toy:
    """Ends when it has said its own payload and heard the other's."""

    def __init__(self, payload: bytes) -> None:
        self._out = len(payload).to_bytes(8, "big") + payload
        self._said = 0
        self._in = bytearray()
        self.is_lost = False
        self.is_acquainted = True
        self.most_at_once_bytes = 0

    @property
    def heard(self) -> bytes:
        return bytes(self._in[8:])

    @property
    def _has_heard_all(self) -> bool:
        return len(self._in) >= 8 and len(self._in) >= 8 + int.from_bytes(self._in[:8], "big")

    @property
    def is_over(self) -> bool:
        return self._said == len(self._out) and self._has_heard_all

    @property
    def wants_more_input(self) -> bool:
        return True

    def send(self, max_bytes: int) -> bytes:
        data = self._out[self._said : self._said + max_bytes]
        self._said += len(data)
        return data

    def receive(self, data: bytes) -> None:
        assert self.wants_more_input
        self.most_at_once_bytes = max(self.most_at_once_bytes, len(data))
        self._in += data

    def lost(self) -> None:
        self.is_lost = True


def shake(caller: Tls, taker: Tls) -> list[tuple[str, bytes]]:
    """Two ends in memory, until both are open; every flight, in order."""
    flights = []
    while not (caller.is_open and taker.is_open):
        for name, one, other in (("up", caller, taker), ("down", taker, caller)):
            if data := one.to_send():
                flights.append((name, data))
                other.receive(data)
    return flights


@contextlib.asynccontextmanager
async def channels() -> AsyncIterator[tuple[Channel, Channel]]:
    """The two ends of one channel over loopback: who called, and who took the call."""
    taken: asyncio.Queue[Channel] = asyncio.Queue()
    may_go = asyncio.Event()

    async def on_channel(channel: Channel) -> None:
        taken.put_nowait(channel)
        await may_go.wait()

    async with Listener(on_channel, host=HOST) as listener:
        caller = await connect(HOST, listener.port)
        taker = await taken.get()
        try:
            yield caller, taker
        finally:
            caller.abort()
            may_go.set()


class Recorder:
    """A listener's callback that meets, and keeps what went wrong and what went well."""

    def __init__(self, new_meeting: Callable[[], Toy], **timeouts: float) -> None:
        self._new_meeting = new_meeting
        self._timeouts = timeouts
        self.meetings: list[Toy] = []
        self.over = asyncio.Event()
        self.refused: list[str] = []

    async def __call__(self, channel: Channel) -> None:
        meeting = self._new_meeting()
        self.meetings.append(meeting)
        try:
            await meet(channel, meeting, **self._timeouts)
        finally:
            self.over.set()

    def note(self, _host: str, error: Exception) -> None:
        self.refused.append(error.message_id)


FEW = Limits(connections_max=3, per_host_max=2, handshake_timeout_s=0.3)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens in another task; a test that hangs fails by its timeout."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 what is waited for knows nothing of events
            await asyncio.sleep(0.01)
