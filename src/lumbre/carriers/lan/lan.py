"""Meets every device on the local network, again and again, while the node runs.

    async with Lan(node.new_meeting, addresses=[("192.168.4.7", 8421)]) as lan:
        lan.changed()             when something was written or came in
        lan.seen()                who is there, for a screen

Rules: of two devices that find each other the one whose random name is lower calls, and the
other only where no call came. A device is met when it is found, soon after something changed
here, and at the latest after the interval; who does not answer is called ever more rarely. Never
more than so many meetings at once, and strangers who call may take only part of them. What goes
wrong in one meeting ends that meeting.

What this does not do: know what is said (`new_meeting` gives that), or keep whom it met.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Final, NamedTuple, Self

from lumbre.carriers.lan.channel import HANDSHAKE_TIMEOUT_S, Channel, connect
from lumbre.carriers.lan.discovery import Discovery, Found
from lumbre.carriers.lan.listener import LIMITS, PORT, Limits, Listener
from lumbre.carriers.lan.pump import IDLE_TIMEOUT_S, meet
from lumbre.errors import LumbreError, NotFound, Refused
from lumbre.node.ports import NewMeeting

# Known at once: a whole neighbourhood's; where somebody announces more, strangers and those that
# fail give way.
PEERS_MAX: Final = 256
# Of one address among several; on a local network a device answers in a tenth of it.
ADDRESS_TIMEOUT_S: Final = 3.0
_RANDOM: Final = random.SystemRandom()


class Pace(NamedTuple):
    """How often, and how many at once."""

    # Nothing new costs a handshake and a few hundred bytes.
    interval_s: float = 60.0
    # What is written in one go goes out in one meeting.
    after_change_s: float = 0.5
    # How long the higher name leaves the call to the lower.
    yield_s: float = 2.0
    retry_s: float = 1.0
    retry_max_s: float = 60.0
    # Nothing moved for so long: the link or the other device is gone.
    idle_timeout_s: float = IDLE_TIMEOUT_S
    # A board with one slow core; each meeting holds a few hundred kB.
    meetings_max: int = 8
    # Of these, taken from callers: a flood of calls leaves room for one's own.
    taken_max: int = 6


PACE: Final = Pace()


class Seen(NamedTuple):
    """A device as a screen shows it."""

    host: str
    port: int
    is_meeting: bool
    meetings: int
    problem: str
    """The message id of why the last meeting failed; empty where it went well."""


@dataclass
class _Peer:
    name: str
    hosts: tuple[str, ...]
    port: int
    due_at_s: float
    meetings_now: int = 0
    is_stale: bool = False
    meetings: int = 0
    failures: int = 0
    problem: str = ""
    is_given: bool = False
    is_acquainted: bool = False

    @property
    def may_give_way(self) -> bool:
        """Whether it does not answer, or was met and takes part in nothing here."""
        is_idle = not (self.is_given or self.meetings_now)
        is_stranger = self.meetings > 0 and not self.is_acquainted
        return is_idle and (self.failures > 0 or is_stranger)


class Lan:
    """Listens, finds, calls, and meets."""

    def __init__(
        self,
        new_meeting: NewMeeting,
        *,
        addresses: Iterable[tuple[str, int]] = (),
        host: str = "",
        port: int = PORT,
        pace: Pace = PACE,
        limits: Limits = LIMITS,
        is_found_by_others: bool = True,
        on_met: Callable[[str, LumbreError | None], None] = lambda _host, _error: None,
    ) -> None:
        self._new_meeting = new_meeting
        self._addresses = list(addresses)
        self._pace = pace
        self._on_met = on_met
        self._listener = Listener(
            self._take, host=host, port=port, limits=limits, on_refused=self._refused
        )
        self._is_found_by_others = is_found_by_others
        self._discovery: Discovery | None = None
        self._peers: dict[str, _Peer] = {}
        self._taken = 0
        self._calls: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._stack = AsyncExitStack()

    @property
    def port(self) -> int:
        """The port that calls are taken on."""
        return self._listener.port

    @property
    def meetings(self) -> int:
        """How many meetings there are now."""
        return len(self._calls) + self._taken

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._listener)
            if self._is_found_by_others:
                self._discovery = Discovery(self.port, self._found, self._gone, self._moved)
                await stack.enter_async_context(self._discovery)
            for host, port in self._addresses:
                key = f"{host} {port}"
                self._peers[key] = _Peer("", (host,), port, self._loop.time(), is_given=True)
            running = self._loop.create_task(self._run())
            stack.push_async_callback(self._end, running)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def changed(self) -> None:
        """Something is new here: everybody who answers is met soon."""
        for peer in self._peers.values():
            peer.is_stale = peer.meetings_now > 0
            # Who does not answer is no nearer for it.
            if not peer.failures:
                self._hasten(peer, self._pace.after_change_s)

    def call(self, host: str, port: int) -> None:
        """Meet the device at an address from now on; where it is known already, do it soon."""
        known = [one for one in self._peers.values() if one.port == port and host in one.hosts]
        for peer in known:
            self._hasten(peer, 0.0)
        if not known and self._make_room():
            self._peers[f"{host} {port}"] = _Peer("", (host,), port, self._loop.time())
            self._wake.set()

    def seen(self) -> list[Seen]:
        """Every device that is known on this network now."""
        return [
            Seen(peer.hosts[0], peer.port, peer.meetings_now > 0, peer.meetings, peer.problem)
            for peer in self._peers.values()
        ]

    # Whom to call, and when.

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            for peer in self._due():
                if self.meetings >= self._pace.meetings_max:
                    break
                peer.meetings_now += 1
                self._later(peer, self._pace.interval_s)
                call = self._loop.create_task(self._call(peer))
                self._calls.add(call)
                call.add_done_callback(self._calls.discard)
                call.add_done_callback(lambda _: self._wake.set())
            await self._next()

    def _due(self) -> list[_Peer]:
        now_s = self._loop.time()
        due = [peer for peer in self._idle() if peer.due_at_s <= now_s]
        # Announcing devices that do not exist, or are strangers', keeps nobody from the others.
        return sorted(due, key=lambda p: (p.failures > 0, not p.is_acquainted, p.due_at_s))

    def _idle(self) -> list[_Peer]:
        """Those with whom there is no meeting now, whoever called."""
        return [peer for peer in self._peers.values() if not peer.meetings_now]

    async def _next(self) -> None:
        """Wait until somebody is due, or something happened."""
        due = [peer.due_at_s for peer in self._idle()]
        is_full = self.meetings >= self._pace.meetings_max
        try:
            async with asyncio.timeout_at(min(due) if due and not is_full else None):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _call(self, peer: _Peer) -> None:
        try:
            channel = await _reach(peer)
            await self._meet(channel, peer)
        except LumbreError as error:
            self._failed(peer, error)
        else:
            self._met(peer)
        finally:
            peer.meetings_now -= 1

    async def _meet(self, channel: Channel, peer: _Peer) -> None:
        meeting = self._new_meeting(channel.binding, channel.is_caller)
        try:
            await meet(channel, meeting, idle_timeout_s=self._pace.idle_timeout_s)
        finally:
            peer.is_acquainted = peer.is_acquainted or meeting.is_acquainted

    def _met(self, peer: _Peer) -> None:
        peer.meetings += 1
        peer.failures = 0
        peer.problem = ""
        self._later(peer, self._pace.after_change_s if peer.is_stale else self._pace.interval_s)
        peer.is_stale = False
        self._on_met(peer.hosts[0], None)

    def _failed(self, peer: _Peer, error: LumbreError) -> None:
        peer.problem = error.message_id
        wait_s = min(self._pace.retry_s * 2.0 ** min(peer.failures, 16), self._pace.retry_max_s)
        peer.failures += 1
        self._later(peer, wait_s)
        self._on_met(peer.hosts[0], error)

    def _later(self, peer: _Peer, wait_s: float) -> None:
        """Call again then; a quarter more or less, so that not all call at once."""
        peer.due_at_s = self._loop.time() + wait_s * _RANDOM.uniform(0.75, 1.25)

    def _hasten(self, peer: _Peer, wait_s: float) -> None:
        own = self._discovery.name if self._discovery is not None else ""
        if peer.name and peer.name < own:
            wait_s += self._pace.yield_s
        peer.due_at_s = min(peer.due_at_s, self._loop.time() + wait_s)
        self._wake.set()

    # Who calls here.

    async def _take(self, channel: Channel) -> None:
        if self._taken >= self._pace.taken_max or self.meetings >= self._pace.meetings_max:
            raise Refused("refused.busy")
        host = _plain(channel.host)
        peer = self._peer_at(host) or _Peer("", (host,), 0, 0.0)
        self._taken += 1
        peer.meetings_now += 1
        try:
            await self._meet(channel, peer)
        finally:
            self._taken -= 1
            peer.meetings_now -= 1
            self._wake.set()
        self._met(peer)

    def _refused(self, host: str, error: LumbreError) -> None:
        self._on_met(host, error)

    def _peer_at(self, host: str) -> _Peer | None:
        """The one that calls come from there; None where several devices share an address."""
        there = [
            peer
            for peer in self._peers.values()
            if any(_plain(known) == host for known in peer.hosts)
        ]
        return there[0] if len(there) == 1 else None

    # Who is there.

    def _found(self, found: Found) -> None:
        peer = self._peers.get(found.name) or self._given(found)
        if peer is None:
            if not self._make_room():
                return
            peer = _Peer(*found, due_at_s=float("inf"))
            self._peers[found.name] = peer
        if peer.is_given:
            peer.name = found.name
        else:
            peer.hosts, peer.port = found.hosts, found.port
        self._hasten(peer, self._pace.retry_s if peer.failures else 0.0)

    def _given(self, found: Found) -> _Peer | None:
        """The one that was given by an address which is announced now: it is met once."""
        hosts = {_plain(host) for host in found.hosts}
        for peer in self._peers.values():
            if peer.is_given and peer.port == found.port and _plain(peer.hosts[0]) in hosts:
                return peer
        return None

    def _make_room(self) -> bool:
        if len(self._peers) < PEERS_MAX:
            return True
        spare = [key for key, peer in self._peers.items() if peer.may_give_way]
        if not spare:
            return False
        del self._peers[max(spare, key=self._strangeness)]
        return True

    def _strangeness(self, key: str) -> tuple[bool, int]:
        peer = self._peers[key]
        return not peer.is_acquainted, peer.failures

    def _gone(self, name: str) -> None:
        self._peers.pop(name, None)

    def _moved(self) -> None:
        """This device's own addresses are others now: who was out of reach may not be."""
        for peer in self._peers.values():
            peer.failures = 0
            self._hasten(peer, self._pace.retry_s)

    async def _end(self, running: asyncio.Task[None]) -> None:
        tasks = [running, *self._calls]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _reach(peer: _Peer) -> Channel:
    """A channel to the first of its addresses that answers."""
    last: LumbreError = NotFound("not-found.device", host="", port=peer.port)
    # An address of a network that has gone takes no time from the next one.
    timeout_s = max(HANDSHAKE_TIMEOUT_S / max(len(peer.hosts), 1), ADDRESS_TIMEOUT_S)
    for host in peer.hosts:
        try:
            return await connect(host, peer.port, timeout_s=timeout_s)
        except LumbreError as error:
            last = error
    raise last


def _plain(host: str) -> str:
    """An address without the interface that it is reached by."""
    return host.partition("%")[0]
