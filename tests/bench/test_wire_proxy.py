"""The wire carries, counts, delays and is cut, with real sockets and without a clock."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bench import wire_proxy
from bench.wire_proxy import WireProxy

ANSWER = b"and back"
BIG = random.Random(1).randbytes(3_000_000)


@asynccontextmanager
async def target(serve: Callable[..., Awaitable[None]]) -> AsyncIterator[int]:
    """A server on the loopback; its streams are closed after `serve`."""

    async def one(reader, writer) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def echo(reader, writer) -> None:
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()
    writer.write_eof()


async def send(port: int, data: bytes) -> bytes:
    """What comes back until the end of the stream."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def write() -> None:
        writer.write(data)
        await writer.drain()
        writer.write_eof()

    _, came = await asyncio.gather(write(), reader.read())
    writer.close()
    return came


def test_what_is_carried_is_equal_and_counted_each_way() -> None:
    async def run() -> None:
        async with target(echo) as port, WireProxy("127.0.0.1", port) as wire:
            assert await send(wire.port, BIG) == BIG
            assert (wire.bytes_up, wire.bytes_down) == (len(BIG), len(BIG))
            assert await asyncio.gather(send(wire.port, b"ab"), send(wire.port, b"c")) == [
                b"ab",
                b"c",
            ]
            assert (wire.bytes_up, wire.bytes_down) == (len(BIG) + 3, len(BIG) + 3)
            assert wire.bytes_total == 2 * len(BIG) + 6
            assert wire.connections == 3

    asyncio.run(run())


def test_one_way_may_end_before_the_other() -> None:
    async def serve(reader, writer) -> None:
        asked = await reader.read()
        writer.write(asked + ANSWER)

    async def run() -> None:
        async with target(serve) as port, WireProxy("127.0.0.1", port) as wire:
            assert await send(wire.port, b"there ") == b"there and back"
            assert (wire.bytes_up, wire.bytes_down) == (6, 14)

    asyncio.run(run())


def test_a_cut_is_exact_at_every_byte() -> None:
    asked = b"there"

    async def run(cut: int) -> None:
        arrived = bytearray()
        is_over = asyncio.Event()

        async def serve(reader, writer) -> None:
            while len(arrived) < len(asked) and (byte := await reader.read(1)):
                arrived.extend(byte)
            writer.write(ANSWER)
            await reader.read()
            is_over.set()

        async with (
            target(serve) as port,
            WireProxy("127.0.0.1", port, cut_after_bytes=cut) as wire,
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
            writer.write(asked)
            came = await reader.read()
            writer.close()
            if cut:
                await is_over.wait()
            assert bytes(arrived) + came == (asked + ANSWER)[:cut]
            assert (wire.bytes_up, wire.bytes_down) == (len(arrived), len(came))
            assert wire.is_cut
            assert await send(wire.port, asked) == b""

    for cut in range(len(asked + ANSWER) + 1):
        asyncio.run(run(cut))


def test_a_cut_while_both_ends_send_gives_what_was_counted_and_then_the_end() -> None:
    cut = 1_000_001
    arrived = bytearray()
    is_over = asyncio.Event()

    async def serve(reader, writer) -> None:
        async def read() -> None:
            while chunk := await reader.read(65536):
                arrived.extend(chunk)

        writer.write(BIG)
        await read()
        is_over.set()

    async def run() -> None:
        async with (
            target(serve) as port,
            WireProxy("127.0.0.1", port, cut_after_bytes=cut) as wire,
        ):
            came = await send(wire.port, BIG)
            await is_over.wait()
            assert len(arrived) + len(came) == cut == wire.bytes_total
            assert (wire.bytes_up, wire.bytes_down) == (len(arrived), len(came))
            assert BIG.startswith(bytes(arrived))
            assert BIG.startswith(came)

    asyncio.run(run())


def test_a_cut_at_a_signal_ends_what_is_connected_until_the_wire_is_mended() -> None:
    async def run() -> None:
        async with target(echo) as port, WireProxy("127.0.0.1", port, cut_after_bytes=99) as wire:
            reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
            writer.write(b"x")
            assert await reader.readexactly(1) == b"x"
            wire.cut()
            writer.write(b"lost")
            assert await reader.read() == b""
            writer.close()
            assert await send(wire.port, b"refused") == b""
            assert wire.bytes_total == 2
            wire.mend()
            assert await send(wire.port, BIG) == BIG
            assert wire.bytes_total == 2 + 2 * len(BIG)

    asyncio.run(run())


def test_each_way_is_delayed_and_keeps_its_order(monkeypatch) -> None:
    delay_s = 3600.0
    waits: list[tuple[float, asyncio.Event]] = []

    async def until(due_s: float) -> None:
        passed = asyncio.Event()
        waits.append((due_s, passed))
        await passed.wait()

    monkeypatch.setattr(wire_proxy, "_until", until)

    async def next_wait(number: int) -> float:
        while len(waits) <= number:  # noqa: ASYNC110 the loop has to turn
            await asyncio.sleep(0)
        return waits[number][0]

    async def run() -> None:
        clock = asyncio.get_running_loop()
        async with target(echo) as port, WireProxy("127.0.0.1", port, delay_s) as wire:
            reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
            sent_s = clock.time()
            writer.write(b"first")
            assert await next_wait(0) >= sent_s + delay_s
            writer.write(b"second")
            assert wire.bytes_total == 0
            waits[0][1].set()
            sent_s = clock.time()
            for number in (1, 2):  # "second" up, and "first" down
                assert await next_wait(number) >= waits[0][0]
            assert max(waits[1][0], waits[2][0]) >= sent_s + delay_s
            assert (wire.bytes_up, wire.bytes_down) == (5, 0)
            for _, passed in waits:
                passed.set()
            assert await reader.readexactly(5) == b"first"
            await next_wait(3)
            wire.cut()
            assert await reader.read() == b""
            assert (wire.bytes_up, wire.bytes_down) == (11, 5)
            writer.close()

    asyncio.run(run())


def test_the_delay_passes_by_the_clock_of_the_loop() -> None:
    async def run() -> None:
        async with target(echo) as port, WireProxy("127.0.0.1", port, 0.01) as wire:
            assert await send(wire.port, b"late") == b"late"

    asyncio.run(run())


def test_what_nobody_reads_is_not_taken_without_end() -> None:
    async def run() -> None:
        is_over = asyncio.Event()

        async def serve(reader, writer) -> None:
            await is_over.wait()

        async with target(serve) as port, WireProxy("127.0.0.1", port) as wire:
            _, writer = await asyncio.open_connection("127.0.0.1", wire.port)
            writer.write(BIG * 20)
            left, before = writer.transport.get_write_buffer_size(), -1
            while left != before:
                await asyncio.sleep(0.05)
                left, before = writer.transport.get_write_buffer_size(), left
            assert left > 0
            assert wire.bytes_up < len(BIG * 20)
            writer.transport.abort()
            is_over.set()

    asyncio.run(run())


@pytest.mark.parametrize("is_there", [True, False])
def test_an_end_that_is_gone_closes_the_other(is_there) -> None:
    async def abort(reader, writer) -> None:
        await reader.readexactly(1)
        writer.transport.abort()

    async def run() -> None:
        async with (
            target(abort) as port,
            WireProxy("127.0.0.1", port if is_there else 1) as wire,
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
            writer.write(b"x")
            assert await reader.read() == b""
            assert wire.connections == is_there
            writer.close()

    asyncio.run(run())
