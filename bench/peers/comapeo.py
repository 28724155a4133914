"""@comapeo/core: one device of a project writes observations, another copies them.

One author: each would be a device that was invited. A device that holds nothing is one that
has joined the project; joining is not counted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from bench.peers.source import PeerSource


class ComapeoSource(PeerSource):
    """A device that founded a project and wrote all its observations."""

    script: ClassVar[str] = "comapeo.mjs"
    package: ClassVar[str] = "@comapeo/core"

    def __init__(self, entries: int = 20_000) -> None:
        super().__init__(entries, authors=1)
        self._name = ""
        self._project = ""

    async def _serve(self, bodies: Path) -> None:
        answer = await self._server.ask("serve", folder=str(self._folder / "source"))
        self.port, self._name = answer["port"], answer["name"]
        await self._server.ask("write", bodies=str(bodies))

    async def _append(self, bodies: Path, authors: int) -> None:
        if authors != 1:
            raise ValueError("a source of CoMapeo has one author")
        await self._server.ask("write", bodies=str(bodies))

    async def _make_empty(self, folder: Path) -> None:
        """Each is a device of its own: two copies of one would contradict each other."""
        async with self._program() as program:
            answer = await program.ask("join", folder=str(folder), port=self.port, name=self._name)
            await self._server.ask("invite", device=answer["device"])
            answer = await program.ask("accepted")
        self._project = answer["project"]
        await self._settle()

    def _details(self) -> dict[str, Any]:
        return {"name": self._name, "project": self._project}

    async def _settle(self) -> None:
        await self._server.ask("alone")
