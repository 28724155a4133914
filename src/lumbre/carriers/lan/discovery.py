"""Finds devices on the same network by multicast DNS, and lets them find this one.

    async with Discovery(port, on_found, on_gone, on_moved) as discovery:
        discovery.name            what this start is called: random, another one each time

Rules: what is announced names no device, person or community: a random name, addresses, a port,
and the version of what is spoken. IPv4 and IPv6, every interface; a hotspot without internet or
DNS is the normal case, and no interface but loopback is no error. Addresses are looked at again
every few seconds: networks come and go while the node runs. What others announce is hostile
until shown otherwise: odd names are ignored, and no address outside the local network is called.

What this does not do: hide that lumbre runs here. Who listens on this network learns that.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, NamedTuple, Self

import ifaddr
from zeroconf import Error, IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

SERVICE: Final = "_lumbre._tcp.local."
VERSION: Final = "1"
# Networks come up in seconds; looking costs a few system calls.
LOOK_EVERY_S: Final = 2.0
ASK_TIMEOUT_MS: Final = 3000
# Of one device: a laptop with Wi-Fi, a cable and a bridge or two.
ADDRESSES_MAX: Final = 8
# Announcements being asked about; a flood of them waits for nobody and is dropped.
ASKING_MAX: Final = 32

_NAME_BYTES: Final = 8
_NAME: Final = re.compile(r"[0-9a-f]{16}")


class Found(NamedTuple):
    """A device that announces itself."""

    name: str
    hosts: tuple[str, ...]
    port: int


class Discovery:
    """This device's announcement, and an ear for others'; with port 0 the ear alone."""

    def __init__(
        self,
        port: int,
        on_found: Callable[[Found], None],
        on_gone: Callable[[str], None] = lambda _name: None,
        on_moved: Callable[[], None] = lambda: None,
        *,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self.name = secrets.token_hex(_NAME_BYTES)
        self._port = port
        self._on_found = on_found
        self._on_gone = on_gone
        self._on_moved = on_moved
        self._look_every_s = look_every_s
        self._addresses: tuple[str, ...] = ()
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._looking = asyncio.get_running_loop().create_task(self._look())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tasks = [task for task in (self._looking, *self._asking.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._stop()

    async def _look(self) -> None:
        while True:
            addresses = addresses_here()
            if addresses != self._addresses and await self._announce(addresses):
                self._addresses = addresses
                self._on_moved()
            await asyncio.sleep(self._look_every_s)

    async def _announce(self, addresses: tuple[str, ...]) -> bool:
        """Begin, or go on with other addresses; whether it could."""
        if not addresses:
            await self._stop()
            return True
        info = _info(self.name, self._port, addresses)
        try:
            if self._zeroconf is None:
                self._zeroconf = AsyncZeroconf(list(addresses), ip_version=_versions(addresses))
                if self._port:
                    await self._zeroconf.async_register_service(info, cooperating_responders=True)
            else:
                await self._zeroconf.async_update_interfaces(list(addresses), _versions(addresses))
                if self._port:
                    await self._zeroconf.async_update_service(info)
            await self._listen()
        except (OSError, RuntimeError, Error):
            # No interface takes multicast now: it is tried again at the next look.
            await self._stop()
            return False
        return True

    async def _listen(self) -> None:
        """Ask who is there, anew: an answer may not have reached the addresses of before."""
        assert self._zeroconf is not None
        if self._browser is not None:
            await self._browser.async_cancel()
        self._browser = AsyncServiceBrowser(
            self._zeroconf.zeroconf, SERVICE, handlers=[self._heard]
        )

    async def _stop(self) -> None:
        if self._browser is not None:
            await self._browser.async_cancel()
            self._browser = None
        if self._zeroconf is not None:
            with suppress(OSError, RuntimeError, Error):
                await self._zeroconf.async_close()
            self._zeroconf = None

    def _heard(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        short = name.removesuffix(f".{SERVICE}")
        if service_type != SERVICE or short == self.name or not _NAME.fullmatch(short):
            return
        if state_change is ServiceStateChange.Removed:
            self._on_gone(short)
        elif short not in self._asking and len(self._asking) < ASKING_MAX:
            task = asyncio.get_running_loop().create_task(self._ask(zeroconf, short))
            self._asking[short] = task
            task.add_done_callback(lambda _: self._asking.pop(short, None))

    async def _ask(self, zeroconf: Zeroconf, name: str) -> None:
        info = AsyncServiceInfo(SERVICE, f"{name}.{SERVICE}")
        try:
            if not await info.async_request(zeroconf, ASK_TIMEOUT_MS):
                return
            announced = info.parsed_scoped_addresses()
        except (OSError, RuntimeError, ValueError, Error):
            return
        hosts = tuple(host for host in announced if may_be_called(host, self._addresses))
        if hosts and info.port:
            self._on_found(Found(name, hosts[:ADDRESSES_MAX], info.port))


def addresses_here() -> tuple[str, ...]:
    """Addresses that can be used now, sorted; loopback's only where there is nothing else."""
    found = {
        address.ip if isinstance(address.ip, str) else address.ip[0]
        for adapter in ifaddr.get_adapters()
        for address in adapter.ips
        if isinstance(address.ip, str) or _is_ready(address.ip)
    }
    parsed = sorted(found)
    outside = [one for one in parsed if not ipaddress.ip_address(one).is_loopback]
    return tuple(outside or parsed)


def _is_ready(address: tuple[str, int, int]) -> bool:
    """Whether an IPv6 address has been found to be nobody else's: before, it cannot be used."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as trial:
            trial.bind((address[0], 0, *address[1:]))
    except OSError:
        return False
    return True


def may_be_called(host: str, here: tuple[str, ...]) -> bool:
    """Whether an announced address is on a local network: else anybody could aim calls."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if address.is_loopback:
        return all(ipaddress.ip_address(own).is_loopback for own in here)
    return not (address.is_global or address.is_multicast or address.is_unspecified)


def _info(name: str, port: int, addresses: tuple[str, ...]) -> AsyncServiceInfo:
    return AsyncServiceInfo(
        SERVICE,
        f"{name}.{SERVICE}",
        port=port,
        properties={"v": VERSION},
        # Not the host's own name, which people call after themselves.
        server=f"{name}.local.",
        parsed_addresses=list(addresses[:ADDRESSES_MAX]),
    )


def _versions(addresses: tuple[str, ...]) -> IPVersion:
    has_six = any(":" in address for address in addresses)
    return IPVersion.All if has_six else IPVersion.V4Only
