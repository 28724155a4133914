"""hypercore: one log for each author, in one store, over one stream."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from bench.peers.source import HOST, PeerSource
from bench.wire_proxy import WireProxy


class HypercoreSource(PeerSource):
    """A node with `authors` logs."""

    script: ClassVar[str] = "hypercore.mjs"
    package: ClassVar[str] = "hypercore"

    def __init__(self, entries: int = 100_000, authors: int = 100) -> None:
        super().__init__(entries, authors)
        self._bare_port = 0
        self._logs: list[dict[str, Any]] = []

    async def handshake_bytes(self) -> int:
        """Both ways, of a connection that makes its encrypted stream and carries nothing."""
        async with WireProxy(HOST, self._bare_port) as wire, self._program() as program:
            await program.ask("handshake", port=wire.port)
        return wire.bytes_total

    async def _serve(self, bodies: Path) -> None:
        answer = await self._server.ask(
            "serve", folder=str(self._folder / "source"), bodies=str(bodies), authors=self.authors
        )
        self.port, self._bare_port = answer["port"], answer["bare_port"]
        self._logs = answer["logs"]

    async def _append(self, bodies: Path, authors: int) -> None:
        answer = await self._server.ask("append", bodies=str(bodies), authors=authors)
        self._logs = answer["logs"]

    async def _make_empty(self, folder: Path) -> None:
        """Hypercore makes it."""

    def _details(self) -> dict[str, Any]:
        return {"logs": self._logs}

    async def _settle(self) -> None:
        """Each connection stands for itself: a new one need not wait."""
