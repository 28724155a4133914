"""Channels over loopback: calls, cuts, ends, and strangers who are no devices."""

from __future__ import annotations

import asyncio
import random
import struct

import pytest

from lumbre.carriers.lan import Listener, channel, connect
from lumbre.carriers.lan.tls import Tls
from lumbre.errors import NotFound, Refused
from tests.carriers.lan.toy import FEW, HOST, channels, until


def test_a_call_gives_two_ends_of_one_channel() -> None:
    async def go() -> None:
        async with channels() as (caller, taker):
            assert caller.binding == taker.binding
            assert len(caller.binding) == 32
            assert (caller.is_caller, taker.is_caller) == (True, False)
            assert caller.host == taker.host == HOST
            await caller.write(b"one")
            assert await taker.read() == b"one"
            await taker.write(b"two")
            assert await caller.read() == b"two"

    asyncio.run(go())


def test_what_was_written_before_the_end_arrives() -> None:
    """More than any buffer holds, to an end that begins to read only then."""
    said = random.Random(3).randbytes(3_000_000)

    async def go() -> None:
        async with channels() as (caller, taker):

            async def speak() -> None:
                await caller.write(said)
                await caller.close()

            speaking = asyncio.create_task(speak())
            heard = bytearray()
            while data := await taker.read():
                heard += data
            await taker.close()
            await speaking
            assert bytes(heard) == said
            with pytest.raises(Refused, match="cut"):
                await caller.write(b"after the end")

    asyncio.run(go())


def test_the_last_words_arrive_though_the_other_end_still_spoke() -> None:
    """Unread bytes at a close would make the kernel reset the connection over the last words."""

    async def go() -> None:
        async with channels() as (caller, taker):
            noise = asyncio.create_task(caller.write(b"noise" * 160_000))
            await asyncio.sleep(0.1)
            await taker.write(b"last words")
            closing = asyncio.create_task(taker.close())
            await asyncio.sleep(0.1)
            await noise
            assert await caller.read() == b"last words"
            assert await caller.read() == b""
            await caller.close()
            await closing

    asyncio.run(go())


def test_a_writer_waits_for_a_reader_and_holds_little() -> None:
    async def go() -> None:
        async with channels() as (caller, taker):
            writing = asyncio.create_task(caller.write(bytes(50_000_000)))
            await asyncio.sleep(0.3)
            assert not writing.done()
            held = caller._writer.transport.get_write_buffer_size()
            assert held <= 3 * channel.BUFFER_BYTES
            assert len(taker._reader._buffer) <= 4 * channel.BUFFER_BYTES
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    asyncio.run(go())


def test_an_end_that_is_cut_reads_as_the_end() -> None:
    async def go() -> None:
        async with channels() as (caller, taker):
            await caller.write(b"half")
            caller.abort()
            assert await taker.read() == b"half"
            assert await taker.read() == b""
            assert await taker.read() == b""

    asyncio.run(go())


def test_a_reset_reads_as_the_end_and_ends_a_writer() -> None:
    async def go() -> None:
        async with channels() as (caller, taker):
            sock = caller._writer.get_extra_info("socket")
            sock.setsockopt(*_RESET)
            caller.abort()
            assert await taker.read() == b""
            with pytest.raises(Refused, match="cut"):
                await taker.write(bytes(10_000_000))

    asyncio.run(go())


def test_a_device_that_is_not_there_is_not_found() -> None:
    async def go() -> None:
        async with Listener(_nothing, host=HOST) as listener:
            port = listener.port
        for host, wrong in ((HOST, port), ("no such host.invalid", 1), (HOST, 70_000)):
            with pytest.raises(NotFound, match="device"):
                await connect(host, wrong)

    asyncio.run(go())


def test_one_that_takes_the_call_and_is_silent_is_given_up_on() -> None:
    async def go() -> None:
        held = []
        server = await asyncio.start_server(lambda _, writer: held.append(writer), HOST, 0)
        with pytest.raises(NotFound, match="device"):
            await connect(HOST, server.sockets[0].getsockname()[1], timeout_s=0.2)
        for writer in held:
            writer.close()
        server.close()
        await server.wait_closed()

    asyncio.run(go())


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x03\x00\x02\x02\x28"]
)
def test_one_that_is_no_device_is_refused(answer) -> None:
    async def go() -> None:
        async def serve(reader, writer) -> None:
            await reader.read(100)
            writer.write(answer)
            writer.close()

        server = await asyncio.start_server(serve, HOST, 0)
        with pytest.raises(Refused):
            await connect(HOST, server.sockets[0].getsockname()[1])
        server.close()
        await server.wait_closed()

    asyncio.run(go())


def test_a_call_cut_at_any_byte_of_the_handshake_leaves_the_listener_taking_calls() -> None:
    whole = Tls(is_caller=True).to_send()

    async def go() -> None:
        refused = []
        async with Listener(
            _nothing, host=HOST, on_refused=lambda _, error: refused.append(error.message_id)
        ) as listener:
            cuts = [*range(40), *range(40, len(whole), 37)]
            for cut in cuts:
                _, writer = await asyncio.open_connection(HOST, listener.port)
                writer.write(whole[:cut])
                writer.close()
                await writer.wait_closed()
            await until(lambda: len(refused) == len(cuts))
            assert set(refused) == {"refused.cut"}
            await until(lambda: listener.connections == 0)
            (await connect(HOST, listener.port)).abort()

    asyncio.run(go())


def test_who_is_silent_or_trickles_is_hung_up_on_and_others_are_served() -> None:
    """A slow caller holds one place, for as long as a handshake may take."""
    hello = Tls(is_caller=True).to_send()

    async def go() -> None:
        refused = []
        async with Listener(
            _nothing,
            host=HOST,
            limits=FEW,
            on_refused=lambda _, error: refused.append(error.message_id),
        ) as listener:
            reader, writer = await asyncio.open_connection(HOST, listener.port)

            async def trickle() -> None:
                for byte in hello[:100]:
                    writer.write(bytes([byte]))
                    await asyncio.sleep(0.02)

            trickling = asyncio.create_task(trickle())
            other = await connect(HOST, listener.port)
            other.abort()
            assert await _rest(reader) == b""
            assert "refused.silence" in refused
            trickling.cancel()
            await asyncio.gather(trickling, return_exceptions=True)
            writer.close()
            await until(lambda: listener.connections == 0)

    asyncio.run(go())


def test_a_flood_from_one_address_takes_its_share_and_no_more() -> None:
    async def go() -> None:
        async with Listener(_nothing, host=HOST, limits=FEW) as listener:
            most = 0
            held = []
            for _ in range(60):
                held.append(await asyncio.open_connection(HOST, listener.port))
                most = max(most, listener.connections)
            # The kernel takes a call before the listener sees it.
            ended = await asyncio.wait_for(
                asyncio.gather(*(_rest(reader) for reader, _ in held)), 10
            )
            assert most <= FEW.per_host_max
            assert ended == [b""] * 60
            for _, writer in held:
                writer.close()
            await until(lambda: listener.connections == 0)
            (await connect(HOST, listener.port)).abort()

    asyncio.run(go())


def test_a_flood_from_many_addresses_is_bounded_too() -> None:
    async def go() -> None:
        async with Listener(_nothing, host=HOST, limits=FEW) as listener:
            held = [
                await asyncio.open_connection(
                    HOST, listener.port, local_addr=(f"127.0.0.{number}", 0)
                )
                for number in range(2, 12)
            ]
            most = 0
            while any(not reader.at_eof() for reader, _ in held):
                most = max(most, listener.connections)
                await asyncio.gather(*(asyncio.wait([_soon(reader)]) for reader, _ in held))
            assert 0 < most <= FEW.connections_max
            for _, writer in held:
                writer.close()

    asyncio.run(go())


def test_a_listener_that_closes_hangs_up_on_all() -> None:
    async def go() -> None:
        async with Listener(_forever, host=HOST) as listener:
            caller = await connect(HOST, listener.port)
            _, half_open = await asyncio.open_connection(HOST, listener.port)
            await until(lambda: listener.connections == 2)
        assert await caller.read() == b""
        caller.abort()
        half_open.close()
        with pytest.raises(NotFound):
            await connect(HOST, listener.port)

    asyncio.run(go())


def test_a_port_in_use_gives_way_to_another() -> None:
    async def go() -> None:
        async with (
            Listener(_nothing, host=HOST) as one,
            Listener(_nothing, host=HOST, port=one.port) as two,
        ):
            assert one.port != two.port

    asyncio.run(go())


def test_a_listener_on_all_addresses_takes_both_families() -> None:
    async def go() -> None:
        async with Listener(_nothing) as listener:
            four = await connect(HOST, listener.port)
            six = await connect("::1", listener.port)
            assert (four.host, six.host) == (HOST, "::1")
            four.abort()
            six.abort()

    asyncio.run(go())


_RESET = (1, 13, struct.pack("ii", 1, 0))  # SO_LINGER of 0 s: close sends a reset


async def _nothing(_channel) -> None:
    return


async def _forever(_channel) -> None:
    await asyncio.Event().wait()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


def _soon(reader: asyncio.StreamReader) -> asyncio.Task[bytes]:
    return asyncio.create_task(_rest(reader))
