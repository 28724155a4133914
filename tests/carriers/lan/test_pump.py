"""A meeting over a channel: whole, cut at any byte, slow, silent, greedy."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator

import pytest

from lumbre.carriers.lan import Listener, connect, meet
from lumbre.carriers.lan.pump import CHUNK_BYTES
from lumbre.errors import Refused
from tests.carriers.lan.toy import HOST, Recorder, Toy, channels, until

MEGABYTES = 5_000_000


def test_both_sides_hear_all_though_both_send_megabytes_at_once() -> None:
    here, there = random.Random(1).randbytes(MEGABYTES), random.Random(2).randbytes(MEGABYTES)

    async def go() -> None:
        async with channels() as (caller, taker):
            one, two = Toy(here), Toy(there)
            await asyncio.gather(meet(caller, one), meet(taker, two))
            assert (one.heard, two.heard) == (there, here)
            assert not one.is_lost
            assert not two.is_lost
            assert one.most_at_once_bytes <= 4 * CHUNK_BYTES

    asyncio.run(go())


def test_a_side_that_only_listens_is_not_idle_while_the_other_speaks() -> None:
    """The side that speaks hears nothing for longer than the idle time, and goes on."""

    async def go() -> None:
        async with channels() as (caller, taker):
            one, two = Slow(b"x" * 60, pause_s=0.02), Toy(b"")
            await asyncio.gather(
                meet(caller, one, idle_timeout_s=1), meet(taker, two, idle_timeout_s=1)
            )
            assert two.heard == b"x" * 60

    asyncio.run(go())


def test_a_meeting_that_takes_in_no_more_for_a_while_is_not_handed_more() -> None:
    """`Toy.receive` fails if it is; the other side waits, and nothing is dropped."""

    class Sluggish(Toy):
        is_full = False
        waits = 0

        @property
        def wants_more_input(self) -> bool:
            self.waits += self.is_full
            return not self.is_full

        def receive(self, data: bytes) -> None:
            super().receive(data)
            self.is_full = True

        def send(self, max_bytes: int) -> bytes:
            self.is_full = False
            return super().send(max_bytes)

    async def go() -> None:
        async with channels() as (caller, taker):
            one, two = Sluggish(bytes(10)), Toy(bytes(2_000_000))
            await asyncio.gather(meet(caller, one), meet(taker, two))
            assert (len(one.heard), len(two.heard)) == (2_000_000, 10)
            assert one.waits > 1

    asyncio.run(go())


def test_silence_ends_a_meeting_and_it_is_told() -> None:
    async def go() -> None:
        async with channels() as (caller, taker):
            meeting = Toy(b"hello")
            with pytest.raises(Refused, match="silence"):
                await meet(caller, meeting, idle_timeout_s=0.1)
            assert meeting.is_lost
            assert await taker.read() != b""
            assert await taker.read() == b""

    asyncio.run(go())


def test_who_reads_nothing_is_silent() -> None:
    async def go() -> None:
        async with channels() as (caller, _taker):
            meeting = Toy(bytes(50_000_000))
            with pytest.raises(Refused, match="silence"):
                await meet(caller, meeting, idle_timeout_s=0.2)
            assert meeting.is_lost

    asyncio.run(go())


def test_who_trickles_is_ended_by_the_whole_time() -> None:
    async def go() -> None:
        async with channels() as (caller, taker):
            meeting = Toy(b"hello")

            async def trickle() -> None:
                while True:
                    await taker.write(b"\1")
                    await asyncio.sleep(0.02)

            trickling = asyncio.create_task(trickle())
            with pytest.raises(Refused, match="silence"):
                await meet(caller, meeting, idle_timeout_s=5, timeout_s=0.3)
            assert meeting.is_lost
            with pytest.raises(Refused, match="cut"):
                await trickling

    asyncio.run(go())


@pytest.mark.parametrize("is_acquainted", [False, True])
def test_a_stranger_who_trickles_is_given_less_time_than_one_that_takes_part(is_acquainted) -> None:
    async def go() -> None:
        async with channels() as (caller, taker):
            meeting = Toy(b"hello")
            meeting.is_acquainted = is_acquainted

            async def trickle() -> None:
                for byte in (9).to_bytes(8, "big") + b"x" * 9:
                    await taker.write(bytes((byte,)))
                    await asyncio.sleep(0.02)

            trickling = asyncio.create_task(trickle())
            ending = meet(caller, meeting, stranger_timeout_s=0.1)
            if is_acquainted:
                await ending
                assert meeting.heard == b"x" * 9
                await trickling
            else:
                with pytest.raises(Refused, match="silence"):
                    await ending
                assert meeting.is_lost
                with pytest.raises(Refused, match="cut"):
                    await trickling

    asyncio.run(go())


def test_a_meeting_cut_at_any_byte_keeps_what_came_and_is_told() -> None:
    """A wire in the middle lets so many bytes through and then goes dead, either way."""
    payload = bytes(range(256)) * 4
    ended = set()

    async def go(cut_bytes: int) -> None:
        recorder = Recorder(lambda: Toy(payload), idle_timeout_s=2)
        async with Listener(recorder, host=HOST, on_refused=recorder.note) as listener:
            async with wire(listener.port, cut_bytes) as port:
                meeting = Toy(payload)
                try:
                    channel = await connect(HOST, port, timeout_s=2)
                    await meet(channel, meeting, idle_timeout_s=2)
                    ended.add("whole")
                except Refused:
                    ended.add("cut")
                    assert meeting.is_lost or meeting._said == 0
            await until(lambda: listener.connections == 0)
            for one in [meeting, *recorder.meetings]:
                assert payload.startswith(one.heard)
                assert one.is_lost or one._said == 0 or one.heard == payload

    for cut_bytes in [*range(1, 6000, 41), 20_000]:
        asyncio.run(go(cut_bytes))
    assert ended == {"whole", "cut"}


def test_garbage_inside_an_open_channel_ends_the_meeting_as_lost() -> None:
    async def go() -> None:
        async with channels() as (caller, taker):
            meeting = Toy(b"hello")
            taker._writer.write(b"\x17\x03\x03\x00\x20" + bytes(32))
            with pytest.raises(Refused, match="channel"):
                await meet(caller, meeting)
            assert meeting.is_lost

    asyncio.run(go())


def test_an_error_of_the_meeting_s_own_ends_it_and_no_task_stays() -> None:
    class Broken(Toy):
        def receive(self, data: bytes) -> None:
            raise Refused("refused.too-large", max_bytes=1)

    async def go() -> None:
        async with channels() as (caller, taker):
            meeting = Broken(b"")
            await taker.write(b"x")
            with pytest.raises(Refused, match="too-large"):
                await meet(caller, meeting)
            assert meeting.is_lost
            names = [task for task in asyncio.all_tasks() if "_Pump" in repr(task)]
            assert names == []

    asyncio.run(go())


def test_last_words_are_said_before_the_end() -> None:
    """A meeting that refuses is over at once; the refusal still reaches the other side."""

    class Refusing(Toy):
        is_over = False

        def receive(self, _data: bytes) -> None:
            self.is_over = True
            self._out += b"no, because"

    async def go() -> None:
        async with channels() as (caller, taker):
            meeting = Refusing(b"")
            await taker.write(b"please" * 10_000)
            meeting_task = asyncio.create_task(meet(caller, meeting))
            heard = b""
            while data := await taker.read():
                heard += data
            await taker.close()
            await meeting_task
            assert heard.endswith(b"no, because")
            assert not meeting.is_lost

    asyncio.run(go())


class Gone:
    """The end of a channel whose other end said its last words and went."""

    def __init__(self, *last_words: bytes) -> None:
        self._last_words = [*last_words, b""]
        self.is_aborted = self.is_closed = False

    async def read(self) -> bytes:
        await asyncio.sleep(0.01)
        return self._last_words.pop(0)

    async def write(self, _data: bytes) -> None:
        raise Refused("refused.cut")

    def abort(self) -> None:
        self.is_aborted = True

    async def close(self) -> None:
        self.is_closed = True


def test_the_last_words_of_one_that_went_are_heard_though_it_takes_no_more() -> None:
    async def go() -> None:
        channel, meeting = Gone(b"\0\0\0\0\0\0\0\4", b"last"), Toy(b"thanks")
        await meet(channel, meeting)
        assert meeting.heard == b"last"
        assert (meeting.is_lost, channel.is_closed, channel.is_aborted) == (False, True, False)
        channel, meeting = Gone(b"\0\0\0\0\0\0\0\4", b"la"), Toy(b"thanks")
        with pytest.raises(Refused, match="cut"):
            await meet(channel, meeting)
        assert meeting.heard == b"la"
        assert (meeting.is_lost, channel.is_closed, channel.is_aborted) == (True, False, True)

    asyncio.run(go())


def test_last_words_that_nobody_takes_are_a_loss() -> None:
    class Full(Gone):
        async def write(self, _data: bytes) -> None:
            await asyncio.Event().wait()

    class Over(Toy):
        @property
        def is_over(self) -> bool:
            return self._has_heard_all

    async def go() -> None:
        channel, meeting = Full(b"\0" * 8), Over(b"a refusal")
        with pytest.raises(Refused, match="silence"):
            await meet(channel, meeting, idle_timeout_s=0.1)
        assert meeting.is_lost

    asyncio.run(go())


def test_what_is_cancelled_is_lost() -> None:
    async def go() -> None:
        async with channels() as (caller, _taker):
            meeting = Toy(b"hello")
            task = asyncio.create_task(meet(caller, meeting))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert meeting.is_lost

    asyncio.run(go())


class Slow(Toy):
    """Says a byte now and then."""

    def __init__(self, payload: bytes, *, pause_s: float) -> None:
        super().__init__(payload)
        self._pause_s = pause_s
        self._next_at_s = 0.0

    def send(self, _max_bytes: int) -> bytes:
        time.sleep(self._pause_s)
        return super().send(1)


@contextlib.asynccontextmanager
async def wire(to_port: int, cut_bytes: int) -> AsyncIterator[int]:
    """A port that carries so many bytes, both ways together, to another; then it hangs up."""
    left = cut_bytes
    tasks = []

    async def carry(reader, writer, other) -> None:
        nonlocal left
        with contextlib.suppress(OSError):
            while left > 0 and (data := await reader.read(64)):
                writer.write(data[:left])
                left -= len(data)
                await writer.drain()
        if left <= 0:
            other.close()
        writer.close()

    async def serve(reader, writer) -> None:
        on_reader, on_writer = await asyncio.open_connection(HOST, to_port)
        tasks.append(asyncio.create_task(carry(reader, on_writer, writer)))
        tasks.append(asyncio.create_task(carry(on_reader, writer, on_writer)))

    server = await asyncio.start_server(serve, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
        await asyncio.wait_for(asyncio.gather(*tasks), 10)
    finally:
        server.close()
