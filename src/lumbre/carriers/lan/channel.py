"""A channel: an ordered stream of bytes over TCP, encrypted, anonymous, with a binding.

    channel = await connect("192.168.4.7", 8421)
    await channel.write(b"...")          waits while the other end does not take it
    data = await channel.read()          b"" at the end, however it came
    await channel.close()                says so, and sees the last bytes off

Rules: one task reads and one task writes, at the same time if they like; no more than a few
buffers of 64 KiB are held for either. Whether all was said is for the meeting to know: an end
that was cut reads as `b""` too.

What this does not do: time out a silent peer once the handshake is over (`meet` does).
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Final

from lumbre.carriers.lan.tls import Tls
from lumbre.errors import NotFound, Refused

# A board that wakes from sleep answers within this; who is slower comes again later.
HANDSHAKE_TIMEOUT_S: Final = 10.0
# How long the other end is given to take the last bytes, and then to hang up.
FLUSH_TIMEOUT_S: Final = 30.0
LINGER_S: Final = 5.0
# Read and thrown away while lingering, so that the kernel sends no reset over the last bytes.
LINGER_MAX_BYTES: Final = 1 << 20
BUFFER_BYTES: Final = 64 * 1024


class Channel:
    """One open channel; made by `connect` and by `Listener`."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        tls: Tls,
        early: bytes,
        *,
        is_caller: bool,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._tls = tls
        self._early = early
        self._is_at_end = False
        self._is_closing = False
        self.is_caller = is_caller
        self.binding = tls.binding
        self.host = host_of(writer)

    async def read(self) -> bytes:
        """What came, as soon as anything did; b"" at the end. `Refused` for bad bytes."""
        if early := self._early:
            self._early = b""
            return early
        while not (self._is_at_end or self._tls.is_ended):
            try:
                data = await self._reader.read(BUFFER_BYTES)
            except OSError:
                data = b""
            if not data:
                self._is_at_end = True
                break
            try:
                said = self._tls.receive(data)
            finally:
                self._flush()
            if said:
                return said
        return b""

    async def write(self, data: bytes) -> None:
        """Send, and wait while the other end lags behind. `Refused` where it has gone."""
        for start in range(0, len(data), BUFFER_BYTES):
            if self._is_closing:
                raise Refused("refused.cut")
            self._tls.send(data[start : start + BUFFER_BYTES])
            self._flush()
            try:
                await self._writer.drain()
            except OSError as error:
                raise Refused("refused.cut") from error

    async def close(self) -> None:
        """End it in order: what was written arrives if the other end still listens."""
        if self._is_closing:
            return
        self._is_closing = True
        self._tls.end()
        try:
            self._flush()
            self._writer.transport.set_write_buffer_limits(high=0)
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(FLUSH_TIMEOUT_S):
                    await self._writer.drain()
                self._writer.write_eof()
                async with asyncio.timeout(LINGER_S):
                    await self._linger()
        finally:
            await hang_up(self._writer)

    def abort(self) -> None:
        """End it now: what has not left is dropped."""
        self._is_closing = True
        self._writer.transport.abort()

    async def _linger(self) -> None:
        left_bytes = LINGER_MAX_BYTES
        while left_bytes > 0 and (data := await self._reader.read(BUFFER_BYTES)):
            left_bytes -= len(data)

    def _flush(self) -> None:
        if data := self._tls.to_send():
            self._writer.write(data)


async def connect(host: str, port: int, *, timeout_s: float = HANDSHAKE_TIMEOUT_S) -> Channel:
    """Call a device; `NotFound` where nobody answers, `Refused` where it is no channel."""
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(host, port, limit=BUFFER_BYTES)
            return await shake(reader, writer, is_caller=True)
    except TimeoutError as error:
        raise NotFound("not-found.device", host=host, port=port) from error
    except (OSError, UnicodeError, OverflowError) as error:
        raise NotFound("not-found.device", host=host, port=port) from error


async def shake(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_caller: bool
) -> Channel:
    """Shake hands over an open connection; it is hung up unless that ends in a channel."""
    writer.transport.set_write_buffer_limits(high=BUFFER_BYTES)
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    tls = Tls(is_caller=is_caller)
    early = b""
    try:
        while not tls.is_open:
            writer.write(tls.to_send())
            await writer.drain()
            early = tls.receive(await _some(reader))
        writer.write(tls.to_send())
    except OSError as error:
        writer.transport.abort()
        raise Refused("refused.cut") from error
    except Refused:
        # The other end is told why, in TLS's own words, if it is there to hear.
        writer.write(tls.to_send())
        writer.close()
        raise
    except BaseException:
        writer.transport.abort()
        raise
    return Channel(reader, writer, tls, early, is_caller=is_caller)


async def _some(reader: asyncio.StreamReader) -> bytes:
    if data := await reader.read(BUFFER_BYTES):
        return data
    raise Refused("refused.cut")


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close a connection whose last bytes have left, or will not."""
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


def host_of(writer: asyncio.StreamWriter) -> str:
    """The other end's address; IPv4 as such, though a socket for both spells it in IPv6."""
    peer = writer.get_extra_info("peername")
    return str(peer[0]).removeprefix("::ffff:") if peer else ""
