"""A wire between two programs: it carries TCP, counts, delays and can be cut.

- It knows nothing of what it carries; "up" is from whoever connects to the target.
- A byte counts when it is handed on, so that what a cut drops is in no count.
- A cut is exact: the ends receive what was counted, in order, and then the end of the stream.
  What was under way is lost. A cut wire takes no connection until it is mended; the port stays.
- A delay moves bytes and ends of streams to a later time, each way, and limits no rate short of
  UNDER_WAY_CHUNKS. TCP's own opening is between each end and the proxy: it is not delayed.

It loses, reorders and changes nothing: TCP would hide that from both ends.
"""

from __future__ import annotations

import asyncio
from asyncio import Queue, StreamReader, StreamWriter, Task
from types import TracebackType
from typing import Final, Self

_HOST: Final = "127.0.0.1"
_CHUNK_BYTES: Final = 16 * 1024
# 16 MiB each way at most, and more than ten thousand small writes a second at 100 ms.
UNDER_WAY_CHUNKS: Final = 1024

# When it is due, by the loop's clock, and the bytes: none of them is the end of the stream.
_Line = Queue[tuple[float, bytes]]
_End = tuple[StreamReader, StreamWriter]


class WireProxy:
    """An async context manager that listens on `port` and carries to the target."""

    def __init__(
        self,
        target_host: str,
        target_port: int,
        delay_s: float = 0.0,
        cut_after_bytes: int | None = None,
    ) -> None:
        """`cut_after_bytes` counts both ways together."""
        self.port = 0
        self.bytes_up = 0
        self.bytes_down = 0
        self.connections = 0
        self.is_cut = cut_after_bytes == 0
        self._target = (target_host, target_port)
        self._delay_s = delay_s
        self._cut_after_bytes = cut_after_bytes
        self._server: asyncio.Server | None = None
        self._joins: set[Task[None]] = set()
        self._carriers: set[Task[None]] = set()

    @property
    def bytes_total(self) -> int:
        """Both ways."""
        return self.bytes_up + self.bytes_down

    async def __aenter__(self) -> Self:
        """Listen on a free port of the loopback."""
        self._server = await asyncio.start_server(self._accept, _HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        assert self._server is not None
        self._server.close()
        for join in self._joins:
            join.cancel()
        await asyncio.gather(*self._joins, return_exceptions=True)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Cut what is connected, and take no connection any more."""
        self.is_cut = True
        for carrier in self._carriers:
            carrier.cancel()

    def mend(self) -> None:
        """Take connections again, without a limit of bytes."""
        self.is_cut = False
        self._cut_after_bytes = None

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        join = asyncio.create_task(self._join(reader, writer))
        self._joins.add(join)
        join.add_done_callback(self._joins.discard)

    async def _join(self, near_reader: StreamReader, near_writer: StreamWriter) -> None:
        near = near_reader, near_writer
        far: _End | None = None
        try:
            far = await self._reach()
            if far is None or self.is_cut:
                await _end(near)
            else:
                self.connections += 1
                await self._carry(near, far)
        except OSError:
            # One end is gone: the other learns it by the close below.
            pass
        except asyncio.CancelledError:
            # The proxy is closed: it does not wait for an end that reads nothing.
            for end in filter(None, (near, far)):
                end[1].transport.abort()
            raise
        finally:
            for end in filter(None, (near, far)):
                end[1].close()

    async def _reach(self) -> _End | None:
        if self.is_cut:
            return None
        try:
            return await asyncio.open_connection(*self._target)
        except OSError:
            return None

    async def _carry(self, near: _End, far: _End) -> None:
        """Both ways, until both have ended, one has failed, or the wire is cut."""
        up, down = _Line(UNDER_WAY_CHUNKS), _Line(UNDER_WAY_CHUNKS)
        carriers = {
            asyncio.create_task(step)
            for step in (
                self._take(near[0], up),
                self._give(up, far[1], is_up=True),
                self._take(far[0], down),
                self._give(down, near[1], is_up=False),
            )
        }
        self._carriers |= carriers
        try:
            await asyncio.wait(carriers, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            self._carriers -= carriers
            for carrier in carriers:
                carrier.cancel()
            ended = await asyncio.gather(*carriers, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error
        if any(isinstance(error, asyncio.CancelledError) for error in ended):
            await _end(near, far)

    async def _take(self, reader: StreamReader, line: _Line) -> None:
        clock = asyncio.get_running_loop()
        chunk = b"-"
        while chunk:
            chunk = await reader.read(_CHUNK_BYTES)
            await line.put((clock.time() + self._delay_s, chunk))

    async def _give(self, line: _Line, writer: StreamWriter, *, is_up: bool) -> None:
        while True:
            due_s, chunk = await line.get()
            await _until(due_s)
            if not chunk:
                writer.write_eof()
                return
            self._hand_on(chunk, writer, is_up=is_up)
            await writer.drain()

    def _hand_on(self, chunk: bytes, writer: StreamWriter, *, is_up: bool) -> None:
        # Cut between being due and now, by the other way.
        if self.is_cut:
            return
        limit = self._cut_after_bytes
        if limit is not None:
            chunk = chunk[: limit - self.bytes_total]
        writer.write(chunk)
        if is_up:
            self.bytes_up += len(chunk)
        else:
            self.bytes_down += len(chunk)
        if self.bytes_total == limit:
            self.cut()


async def _until(due_s: float) -> None:
    left_s = due_s - asyncio.get_running_loop().time()
    if left_s > 0:
        await asyncio.sleep(left_s)


async def _end(*ends: _End) -> None:
    """End the streams, and drop what comes until the ends have closed.

    Closing at once would reset the connection where an end still sends, and a reset may take
    away what was handed on before.
    """
    for _, writer in ends:
        writer.write_eof()
    await asyncio.gather(*(_drop(reader) for reader, _ in ends), return_exceptions=True)


async def _drop(reader: StreamReader) -> None:
    while await reader.read(_CHUNK_BYTES):
        pass
