"""Drives a meeting over a channel: what it says goes out, what comes goes in, both at once.

    await meet(channel, node.new_meeting(channel.binding, channel.is_caller))

Rules: one chunk is held for each direction, so that two ends that both send megabytes neither
wait for each other nor grow. Ends when the meeting is over, when the other end has gone, when
nothing has moved for so long, or when it has taken too long: a stranger, who has not proved that
it takes part in anything here, is given a minute. In all but the first case the
meeting is told (`lost`), and `Refused` says why. The channel is closed in the end.
"""

from __future__ import annotations

import asyncio
from typing import Final

from lumbre.carriers.lan.channel import Channel
from lumbre.errors import Refused
from lumbre.node.ports import Meeting

CHUNK_BYTES: Final = 64 * 1024
IDLE_TIMEOUT_S: Final = 30.0
# Who trickles a byte now and then ends here; a long copy goes on in the next meeting.
MEETING_TIMEOUT_S: Final = 900.0
# A greeting takes a second; the acts that introduce a newcomer, over a poor link, take some more.
STRANGER_TIMEOUT_S: Final = 60.0


async def meet(
    channel: Channel,
    meeting: Meeting,
    *,
    idle_timeout_s: float = IDLE_TIMEOUT_S,
    timeout_s: float = MEETING_TIMEOUT_S,
    stranger_timeout_s: float = STRANGER_TIMEOUT_S,
) -> None:
    """Drive a meeting until it is over."""
    pump = _Pump(channel, meeting, idle_timeout_s)
    try:
        async with asyncio.timeout(timeout_s):
            await pump.run(min(stranger_timeout_s, timeout_s))
    except TimeoutError as error:
        pump.lose()
        raise Refused("refused.silence") from error
    except BaseException:
        pump.lose()
        raise
    await channel.close()


class _Pump:
    """One meeting: a task that speaks, one that listens, two that watch."""

    def __init__(self, channel: Channel, meeting: Meeting, idle_timeout_s: float) -> None:
        self._channel = channel
        self._meeting = meeting
        self._idle_timeout_s = idle_timeout_s
        # A meeting that heard may have something to say, and one that spoke may take more in.
        self._heard = asyncio.Event()
        self._spoke = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._moved_at_s = self._loop.time()
        self._listening: asyncio.Task[None]

    async def run(self, stranger_timeout_s: float) -> None:
        """Until one of the tasks ends; what went wrong is raised."""
        self._listening = self._loop.create_task(self._listen())
        speaking = self._loop.create_task(self._speak())
        watching = (self._watch(), self._watch_stranger(stranger_timeout_s))
        tasks = [self._listening, speaking, *map(self._loop.create_task, watching)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if self._meeting.is_over:
                # The last words, a refusal among them, are still said.
                await asyncio.wait([speaking], timeout=self._idle_timeout_s)
            is_all_said = speaking.done()
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for result in ended:
            if isinstance(result, Exception):
                raise result
        if not (self._meeting.is_over and is_all_said):
            raise Refused("refused.cut")

    def lose(self) -> None:
        """Tell the meeting, and hang up."""
        self._channel.abort()
        self._meeting.lost()

    async def _speak(self) -> None:
        while True:
            self._heard.clear()
            data = self._meeting.send(CHUNK_BYTES)
            self._spoke.set()
            if data:
                await self._write(data)
                self._note()
            elif self._meeting.is_over:
                return
            else:
                await self._heard.wait()

    async def _write(self, data: bytes) -> None:
        try:
            await self._channel.write(data)
        except Refused:
            # The other end may have said its last word before it went: that is read first.
            await asyncio.wait([self._listening])
            if not self._meeting.is_over:
                raise

    async def _listen(self) -> None:
        while not self._meeting.is_over:
            self._spoke.clear()
            if not self._meeting.wants_more_input:
                await self._spoke.wait()
                continue
            data = await self._channel.read()
            if not data:
                return
            self._meeting.receive(data)
            self._heard.set()
            self._note()

    async def _watch(self) -> None:
        moved_at_s = None
        while moved_at_s != self._moved_at_s:
            moved_at_s = self._moved_at_s
            await asyncio.sleep(moved_at_s + self._idle_timeout_s - self._loop.time())
        raise Refused("refused.silence")

    async def _watch_stranger(self, timeout_s: float) -> None:
        await asyncio.sleep(timeout_s)
        if not self._meeting.is_acquainted:
            raise Refused("refused.silence")
        await self._loop.create_future()

    def _note(self) -> None:
        self._moved_at_s = self._loop.time()
