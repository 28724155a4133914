"""One device of the benches, a process of its own: it serves, or calls and fetches.

    python -m bench.sync_node serve FOLDER NUMBER [--locked]    until its stdin ends
    python -m bench.sync_node fetch FOLDER NUMBER PORT EXPECTED

Both say JSON lines: `serve` its port and then each meeting that has ended, `fetch` its one
meeting. Times are of the one clock that all processes of a machine share (`time.monotonic`);
`cpu_s` is all of this process's between calling and the meeting's end, with everything stored
and folded, user and system.

What is not in these: Python's start, its imports, and opening the files.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from bench.sync_material import open_node
from lumbre.carriers.lan import Channel, Listener, connect, meet
from lumbre.node.meetings import new_meeting
from lumbre.node.node import Node
from lumbre.sync.frames import FrameReader, write_frame
from lumbre.sync.meeting import Meeting

HOST: Final = "127.0.0.1"
# What is kept of a meeting to count its frames by type; a full copy says more than that.
_COUNTED_MAX_BYTES: Final = 4 * 1024 * 1024


class Watched:
    """A meeting, with the times at which it got somewhere and the bytes of its frames."""

    def __init__(self, meeting: Meeting, expected: int = 0) -> None:
        self._meeting = meeting
        self._expected = expected
        self._heard, self._said = bytearray(), bytearray()
        self.greeted_at_s: float | None = None
        self.stored_at_s: float | None = None

    @property
    def is_over(self) -> bool:
        """As the meeting says."""
        return self._meeting.is_over

    @property
    def wants_more_input(self) -> bool:
        """As the meeting says."""
        return self._meeting.wants_more_input

    @property
    def is_acquainted(self) -> bool:
        """As the meeting says."""
        return self._meeting.is_acquainted

    def send(self, max_bytes: int) -> bytes:
        """What the meeting says."""
        data = self._meeting.send(max_bytes)
        _keep(self._said, data)
        return data

    def receive(self, data: bytes) -> None:
        """Hand on; note what has been reached since."""
        self._meeting.receive(data)
        _keep(self._heard, data)
        if self.greeted_at_s is None and self._meeting.is_acquainted:
            self.greeted_at_s = time.monotonic()
        if self._expected and self.stored_at_s is None and self.new() >= self._expected:
            self.stored_at_s = time.monotonic()

    def lost(self) -> None:
        """Hand on."""
        self._meeting.lost()

    def new(self) -> int:
        """How many entries were new, and have been stored and folded."""
        return sum(outcome.new for outcome in self._meeting.outcomes())

    def facts(self) -> dict[str, Any]:
        """What became of it."""
        outcomes = self._meeting.outcomes()
        return {
            "new": self.new(),
            "rounds": max((outcome.rounds for outcome in outcomes), default=0),
            "is_equal": bool(outcomes) and all(outcome.is_equal for outcome in outcomes),
            "greeted_at_s": self.greeted_at_s,
            "stored_at_s": self.stored_at_s,
            "said": frame_bytes(bytes(self._said)),
            "heard": frame_bytes(bytes(self._heard)),
        }


def _keep(kept: bytearray, data: bytes) -> None:
    if len(kept) < _COUNTED_MAX_BYTES:
        kept += data


def frame_bytes(data: bytes) -> dict[str, int]:
    """Bytes of the frames in a stream, by the name of their type."""
    sizes: Counter[str] = Counter()
    for message in FrameReader().feed(data):
        sizes[type(message).__name__] += len(write_frame(message))
    return dict(sizes)


async def _serve(node: Node) -> None:
    async def on_channel(channel: Channel) -> None:
        watched = Watched(new_meeting(node, channel.binding, is_caller=False))
        await meet(channel, watched)
        _say(watched.facts())

    async with Listener(on_channel, host=HOST) as listener:
        _say({"port": listener.port})
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def _fetch(node: Node, port: int, expected: int) -> dict[str, Any]:
    start_cpu_s, start_s = _cpu_s(), time.monotonic()
    channel = await connect(HOST, port)
    open_s = time.monotonic()
    watched = Watched(new_meeting(node, channel.binding, is_caller=True), expected)
    await meet(channel, watched)
    end_s = time.monotonic()
    took = {"cpu_s": _cpu_s() - start_cpu_s, "took_s": end_s - start_s, "open_s": open_s - start_s}
    return {"began_at_s": start_s, **took, **watched.facts()}


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _say(facts: dict[str, Any]) -> None:
    print(json.dumps(facts), flush=True)


def main(arguments: list[str]) -> None:
    """Run the command."""
    what, folder, number, *rest = arguments
    node = open_node(Path(folder), int(number), is_locked="--locked" in rest)
    if what == "serve":
        asyncio.run(_serve(node))
    else:
        _say(asyncio.run(_fetch(node, int(rest[0]), int(rest[1]))))
    node.close()


if __name__ == "__main__":
    main(sys.argv[1:])
