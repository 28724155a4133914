"""The channel on a local network: what a handshake costs in bytes and time, and what it carries.

Bytes are counted in memory, both ways until both ends hold the binding. Beside the shipping
handshake stands the same one without ML-KEM (keys agreed over P-256, because pyOpenSSL sets no
other group in public), for docs/adr/0007.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from statistics import median
from typing import Final
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from bench.harness import Reading, figure, medians
from lumbre.carriers.lan import Channel, Listener, connect, tls
from lumbre.carriers.lan.tls import Tls

_ROUNDS: Final = 50
_HOST: Final = "127.0.0.1"
_CARRIED_BYTES: Final = 64_000_000
_PIECE_BYTES: Final = 64 * 1024
_shipping = tls._context  # noqa: SLF001 what is measured, with one setting changed


def _shake() -> tuple[int, int]:
    """Bytes that the caller said, and that the taker said."""
    caller, taker = Tls(is_caller=True), Tls(is_caller=False)
    up_bytes = down_bytes = 0
    while not (caller.is_open and taker.is_open):
        said = caller.to_send()
        up_bytes += len(said)
        taker.receive(said)
        said = taker.to_send()
        down_bytes += len(said)
        caller.receive(said)
    assert caller.binding == taker.binding
    return up_bytes, down_bytes


def _shake_classic() -> tuple[int, int]:
    """The same, with elliptic curves alone."""
    with patch.object(tls, "_context", _classic), patch.object(tls, "_GROUPS", {"secp256r1"}):
        return _shake()


def _classic(*, is_caller: bool) -> SSL.Context:
    context = _shipping(is_caller=is_caller)
    context.set_tmp_ecdh(ec.SECP256R1())
    return context


@figure("channel_handshake_bytes", unit="B")
def channel_handshake_bytes() -> Iterator[Reading]:
    """The handshake of docs/SYNC.md: both ways, each way, and the processor time of both ends."""
    up_bytes, down_bytes = _shake()
    yield Reading("channel_handshake_bytes", up_bytes + down_bytes, "B")
    yield Reading("channel_handshake_caller_bytes", up_bytes, "B")
    yield Reading("channel_handshake_taker_bytes", down_bytes, "B")
    yield Reading("channel_handshake_classic_bytes", sum(_shake_classic()), "B")
    took_s, classic_s = medians(_ROUNDS, _shake, _shake_classic, time.process_time)
    yield Reading("channel_handshake_ms", took_s * 1000, "ms")
    yield Reading("channel_handshake_classic_ms", classic_s * 1000, "ms")


@figure("channel_open_ms", unit="ms")
def channel_open_ms() -> float:
    """From the call to a channel with its binding, over loopback TCP, both ends in one process."""
    return asyncio.run(_open_ms())


async def _open_ms() -> float:
    async def on_channel(channel: Channel) -> None:
        await channel.read()

    took_s = []
    async with Listener(on_channel, host=_HOST) as listener:
        for _ in range(_ROUNDS):
            start_s = time.perf_counter()
            channel = await connect(_HOST, listener.port)
            took_s.append(time.perf_counter() - start_s)
            await channel.close()
    return median(took_s) * 1000


@figure("channel_mb_per_s", unit="MB/s")
def channel_mb_per_s() -> float:
    """One way over loopback TCP, both ends in one process on one core."""
    return asyncio.run(_carried_mb_per_s())


async def _carried_mb_per_s() -> float:
    heard_bytes = 0

    async def on_channel(channel: Channel) -> None:
        nonlocal heard_bytes
        while data := await channel.read():
            heard_bytes += len(data)

    async with Listener(on_channel, host=_HOST) as listener:
        channel = await connect(_HOST, listener.port)
        start_s = time.perf_counter()
        for _ in range(_CARRIED_BYTES // _PIECE_BYTES):
            await channel.write(bytes(_PIECE_BYTES))
        await channel.close()
        took_s = time.perf_counter() - start_s
    assert heard_bytes == _CARRIED_BYTES // _PIECE_BYTES * _PIECE_BYTES
    return heard_bytes / took_s / 1e6
