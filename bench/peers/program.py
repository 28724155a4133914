"""One Node.js process, asked and answering by JSON lines over its pipes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any, Final

# Keys of 200 logs are 20 kB.
_LINE_BYTES: Final = 1024 * 1024
_ASK_TIMEOUT_S: Final = 900
_LEAVE_TIMEOUT_S: Final = 20


class PeerFailedError(RuntimeError):
    """A peer's program ended, or did not answer; says what it said last."""


class NodeProgram:
    """A running program; `running` makes one and ends it."""

    def __init__(self, process: Process, errors: IO[bytes], name: str) -> None:
        self._process = process
        self._errors = errors
        self._name = name

    @classmethod
    @asynccontextmanager
    async def running(
        cls, node: Path, script: Path, errors: IO[bytes]
    ) -> AsyncIterator[NodeProgram]:
        """Start the script; what it says on stderr goes to `errors`, an empty file."""
        process = await asyncio.create_subprocess_exec(
            node, script, stdin=PIPE, stdout=PIPE, stderr=errors, limit=_LINE_BYTES
        )
        try:
            yield cls(process, errors, script.name)
        finally:
            await _leave(process)

    async def ask(self, what: str, **details: Any) -> dict[str, Any]:
        """Its answer to one request."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(ConnectionError):  # it has ended: no line comes either
            self._process.stdin.write(json.dumps({"ask": what, **details}).encode() + b"\n")
            await self._process.stdin.drain()
        try:
            async with asyncio.timeout(_ASK_TIMEOUT_S):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise PeerFailedError(f"{self._name} did not answer: {what}") from None
        if not line:
            raise PeerFailedError(f"{self._name} ended: {what}: {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").splitlines()
        # Node names the error in the line that has no indent; the rest is where it was.
        said = [line for line in lines if "Error" in line and not line.startswith(" ")]
        return (said or lines or ["no reason given"])[-1]


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
