"""Meetings of two processes over TCP: what they took, and what went over the wire.

A source serves from its folder, a receiver calls from its own; each is a process with an
encrypted channel between them. Through a wire (`bench.wire_proxy`) bytes are counted, and
delayed where that is asked for; without one, times are the processes' own.

What a meeting changes stays in the folders, as baselines do: `Pair` meets in copies of them.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.harness import OUT, ROOT
from bench.sync_material import RECEIVER, SOURCE
from bench.sync_node import HOST
from bench.wire_proxy import WireProxy
from lumbre.carriers.lan import connect

_GREETING: Final = frozenset({"Hello", "Proof", "Introduce", "Acts"})
_FRONTIER: Final = frozenset({"Warm", "Cold", "Heads", "Same"})
_CENSUS: Final = frozenset({"Tags", "Census"})
_LEAVE_TIMEOUT_S: Final = 60


class NodeFailedError(RuntimeError):
    """A device's program ended before it answered."""


@dataclass(frozen=True)
class Met:
    """One meeting. `wire_bytes` are of both ways with the handshake; 0 without a wire."""

    new: int
    took_s: float
    cpu_s: float
    wire_bytes: int
    greeted_at_s: float
    began_at_s: float
    called_greeted_at_s: float
    stored_at_s: float | None
    frames: dict[str, int]

    @property
    def per_s(self) -> float:
        """Entries a second."""
        return self.new / self.took_s

    @property
    def cpu_us(self) -> float:
        """Microseconds of the receiver's processor an entry."""
        return self.cpu_s / self.new * 1e6

    @property
    def stored_s(self) -> float:
        """From the greeting's end on both sides until all was stored and folded."""
        assert self.stored_at_s is not None
        return self.stored_at_s - self.greeted_at_s

    @property
    def stored_from_caller_s(self) -> float:
        """The same from when the receiver, which called, had judged the other's proof."""
        assert self.stored_at_s is not None
        return self.stored_at_s - self.called_greeted_at_s

    @property
    def stored_from_call_s(self) -> float:
        """The same from the call, with both handshakes."""
        assert self.stored_at_s is not None
        return self.stored_at_s - self.began_at_s

    @property
    def greeting_bytes(self) -> int:
        """Frames of hello and proofs, both ways."""
        return sum(size for name, size in self.frames.items() if name in _GREETING)

    @property
    def frontier_bytes(self) -> int:
        """Frames of frontiers, both ways."""
        return sum(size for name, size in self.frames.items() if name in _FRONTIER)

    @property
    def census_bytes(self) -> int:
        """Frames about what devices hold, both ways: bounded by itself, and said last."""
        return sum(size for name, size in self.frames.items() if name in _CENSUS)

    @property
    def payload_bytes(self) -> int:
        """All frames but hello and proofs, both ways."""
        return sum(self.frames.values()) - self.greeting_bytes


class Server:
    """A serving process: `async with serving(...)`."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.port = 0

    async def said(self) -> dict[str, Any]:
        """Its next line."""
        return await _line(self._process)

    async def fetch(
        self, folder: Path, expected: int = 0, *, has_wire: bool = False, delay_s: float = 0.0
    ) -> Met:
        """Let a receiver call from `folder` and meet."""
        if not has_wire:
            return await self._fetch(folder, self.port, expected, None)
        async with WireProxy(HOST, self.port, delay_s) as wire:
            return await self._fetch(folder, wire.port, expected, wire)

    async def _fetch(self, folder: Path, port: int, expected: int, wire: WireProxy | None) -> Met:
        process = await _start("fetch", folder, RECEIVER, str(port), str(expected))
        fetched = await _line(process)
        await _leave(process)
        served = await self.said()
        assert fetched["is_equal"], fetched
        return Met(
            new=fetched["new"],
            took_s=fetched["took_s"],
            cpu_s=fetched["cpu_s"],
            wire_bytes=0 if wire is None else wire.bytes_total,
            greeted_at_s=max(fetched["greeted_at_s"], served["greeted_at_s"]),
            began_at_s=fetched["began_at_s"],
            called_greeted_at_s=fetched["greeted_at_s"],
            stored_at_s=fetched["stored_at_s"],
            frames=_sum(fetched["said"], fetched["heard"]),
        )

    async def handshake_bytes(self) -> int:
        """Both ways, of a channel that is opened and closed with nothing said."""
        async with WireProxy(HOST, self.port) as wire:
            channel = await connect(HOST, wire.port)
            await channel.close()
        return wire.bytes_total


@asynccontextmanager
async def serving(folder: Path, *, is_locked: bool = False) -> AsyncIterator[Server]:
    """A process that serves from a folder, until the block ends."""
    process = await _start("serve", folder, SOURCE, *(["--locked"] if is_locked else []))
    server = Server(process)
    try:
        server.port = (await server.said())["port"]
        yield server
    finally:
        await _leave(process)


@contextmanager
def new_folder() -> Iterator[Path]:
    """A folder under bench/out that goes away with the block."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as name:
        yield Path(name)


class Pair:
    """Two folders as they were after some meeting: each new meeting is of copies of them."""

    def __init__(self, source: Path, receiver: Path) -> None:
        self.source, self.receiver = source, receiver

    def copy(self, folder: Path) -> Pair:
        """The same in another folder."""
        for name, one in (("source", self.source), ("receiver", self.receiver)):
            shutil.copytree(one, folder / name)
        return Pair(folder / "source", folder / "receiver")

    async def meet(self, expected: int = 0, *, has_wire: bool = True, delay_s: float = 0.0) -> Met:
        """One meeting; these folders stay as they were."""
        with new_folder() as folder:
            pair = self.copy(folder)
            async with serving(pair.source) as server:
                return await server.fetch(
                    pair.receiver, expected, has_wire=has_wire, delay_s=delay_s
                )


async def _start(what: str, folder: Path, number: int, *rest: str) -> Process:
    command = (sys.executable, "-m", "bench.sync_node", what, str(folder), str(number), *rest)
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE)


async def _line(process: Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise NodeFailedError("a device of the bench ended before it answered")
    answer: dict[str, Any] = json.loads(line)
    return answer


async def _leave(process: Process) -> None:
    """Let it end by the end of its stdin, or kill it."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(_LEAVE_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _sum(said: dict[str, int], heard: dict[str, int]) -> dict[str, int]:
    return {name: said.get(name, 0) + heard.get(name, 0) for name in sorted({*said, *heard})}
