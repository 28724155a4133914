"""What the sources of all peers share: a program that serves, and copies taken from it.

A source lives as long as its `async with`; its files lie in a folder of their own under
bench/out. Every copy is a process of its own, and goes through a wire of its own.
"""

from __future__ import annotations

import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, Self

from bench.harness import OUT
from bench.peers.bodies import NEW_FROM, write_bodies
from bench.peers.install import FOLDER, ensure_installed
from bench.peers.program import NodeProgram
from bench.wire_proxy import WireProxy

HOST: Final = "127.0.0.1"


@dataclass(frozen=True)
class PeerRun:
    """One copy, or the medians of several: from connect until all is on the receiving side."""

    entries: int
    authors: int
    took_s: float
    cpu_s: float
    bytes_up: float
    bytes_down: float

    @property
    def per_s(self) -> float:
        """Entries a second."""
        return self.entries / self.took_s

    @property
    def bytes_total(self) -> float:
        """Both ways, with the handshake."""
        return self.bytes_up + self.bytes_down

    @property
    def wire_bytes(self) -> float:
        """Bytes an entry, both ways."""
        return self.bytes_total / self.entries

    @property
    def cpu_us(self) -> float:
        """Microseconds of the receiver's CPU an entry, user and system, of all threads."""
        return self.cpu_s / self.entries * 1e6


class PeerSource(ABC):
    """A node of a peer that holds entries and serves them: `async with`."""

    script: ClassVar[str]

    def __init__(self, entries: int, authors: int) -> None:
        if entries % authors:
            raise ValueError(f"{entries} entries are not shared evenly by {authors} authors")
        self.entries = entries
        self.authors = authors
        self.port = 0
        self._node = Path()
        self._folder = Path()
        self._stack = AsyncExitStack()
        self._server: NodeProgram
        self._copies = 0
        self._met: tuple[Path, int] | None = None

    async def __aenter__(self) -> Self:
        """Install the peer if need be, and write the entries."""
        self._node = ensure_installed()
        try:
            self._folder = Path(self._stack.enter_context(_folder()))
            bodies = self._folder / "bodies"
            write_bodies(bodies, range(self.entries))
            self._server = await self._stack.enter_async_context(self._program())
            await self._serve(bodies)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the program and remove what it wrote."""
        await self._stack.aclose()

    async def copy(self, delay_s: float = 0.0) -> PeerRun:
        """Everything, to a node that holds nothing."""
        folder = self._new_folder()
        await self._make_empty(folder)
        try:
            return await self._fetch(folder, 0, delay_s)
        finally:
            shutil.rmtree(folder)

    async def write_more(self, entries: int, authors: int) -> None:
        """Write new entries, by the first `authors`, for a node that holds all others."""
        if self._met is None:
            self._met = self._new_folder(), 0
            await self._make_empty(self._met[0])
        if self._met[1] < self.entries:
            await self.catch_up()
        start = NEW_FROM + self.entries
        bodies = self._folder / "new"
        write_bodies(bodies, range(start, start + entries))
        self.entries += entries
        await self._append(bodies, authors)

    async def catch_up(self, delay_s: float = 0.0) -> PeerRun:
        """What was written last, to the node that met this one before that."""
        assert self._met is not None, "write_more comes first"
        folder, held = self._met
        self._met = folder, self.entries
        return await self._fetch(folder, held, delay_s)

    @abstractmethod
    async def _serve(self, bodies: Path) -> None:
        """Write the bodies and listen; sets `port`."""

    @abstractmethod
    async def _append(self, bodies: Path, authors: int) -> None:
        """Write more bodies."""

    @abstractmethod
    async def _make_empty(self, folder: Path) -> None:
        """Make a node that holds nothing, but may fetch."""

    @abstractmethod
    def _details(self) -> dict[str, Any]:
        """What a copy's program has to know beyond its folder, port and counts."""

    @abstractmethod
    async def _settle(self) -> None:
        """Wait until the server has noticed that a copy has ended."""

    async def _fetch(self, folder: Path, before: int, delay_s: float) -> PeerRun:
        async with (
            WireProxy(HOST, self.port, delay_s) as wire,
            self._program() as program,
        ):
            answer = await program.ask(
                "fetch",
                folder=str(folder),
                port=wire.port,
                before=before,
                after=self.entries,
                **self._details(),
            )
        await self._settle()
        counts = answer["before"], answer["after"]
        if counts != (before, self.entries):
            raise AssertionError(f"{counts} instead of {(before, self.entries)}")
        return PeerRun(
            entries=self.entries - before,
            authors=self.authors,
            took_s=answer["took_s"],
            cpu_s=answer["cpu_s"],
            bytes_up=wire.bytes_up,
            bytes_down=wire.bytes_down,
        )

    @asynccontextmanager
    async def _program(self) -> AsyncIterator[NodeProgram]:
        with tempfile.TemporaryFile(dir=self._folder) as errors:
            async with NodeProgram.running(self._node, FOLDER / self.script, errors) as program:
                yield program

    def _new_folder(self) -> Path:
        self._copies += 1
        return self._folder / f"copy{self._copies}"


def _folder() -> tempfile.TemporaryDirectory[str]:
    OUT.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=OUT)
