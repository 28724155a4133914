"""The network beside a running board: it meets who is there, and joins by a code when asked.

    async with beside(home, calling=[("192.168.4.7", 8421)]):
        ...                     `home.network` is filled in for as long as this lasts

Rules: all runs in the board's own loop; what goes wrong here is shown on a page and noted in the
events, and ends nothing else. What was seen is forgotten when this ends.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from lumbre.carriers.lan import PORT, Lan
from lumbre.carriers.lan.discovery import addresses_here
from lumbre.cli.by_code import ADMIT_WAIT_S, ASK_AGAIN_S, is_admitted, knock
from lumbre.cli.network import LOOK_S, WAIT_S, Meetings, network, read_address, results
from lumbre.errors import LumbreError, NotFound, StoreError
from lumbre.node.aloud import six_words
from lumbre.node.codes import read_code
from lumbre.node.home import Home
from lumbre.node.joining import pending, space_of, words_bytes_of
from lumbre.node.network import Join, JoinState, Met, Neighbour

Place = tuple[str, int]

# What a screen shows of the past; more is in the events.
MET_MAX: Final = 8
HOSTS_MAX: Final = 256
# Nobody has said yes for long: it is still asked, but not every other second.
_ASK_RARELY_S: Final = 30.0


class Beside:
    """What the board sees of the network, and may ask of it."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lan: Lan | None = None
        self._met: deque[Met] = deque(maxlen=MET_MAX)
        self._met_s: OrderedDict[str, int] = OrderedDict()
        self._said: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None
        self._join: Join | None = None

    def use(self, lan: Lan) -> None:
        """The carrier that this tells of."""
        self._lan = lan

    # What a page shows

    @property
    def joining(self) -> Join | None:
        """The last try to join by a code since the start."""
        return self._join

    def addresses(self) -> list[str]:
        """How others reach this device; none where it is on no network."""
        port = self._open_lan().port
        return [address_of(host, port) for host in addresses_here() if _is_sayable(host)]

    def neighbours(self) -> list[Neighbour]:
        """Who is on the network now, each address once."""
        found: dict[str, Neighbour] = {}
        for one in self._open_lan().seen():
            before = found.get(one.host)
            problem = one.problem or self._said.get(one.host, "")
            is_meeting = one.is_meeting or (before is not None and before.is_meeting)
            met_s = self._met_s.get(one.host)
            found[one.host] = Neighbour(one.host, one.port, is_meeting, met_s, problem)
        return list(found.values())

    def last_met(self) -> list[Met]:
        """What the last meetings brought, the newest first."""
        return list(self._met)

    # What a page asks for

    def call(self, address: str) -> None:
        """Meet the device at an address, and go on doing so."""
        self._open_lan().call(*read_address(address))

    def join(self, code: str, person: str, address: str) -> None:
        """Begin to join by a code, in the background."""
        plain, in_link = read_code(code)
        wanted = address.strip() or in_link
        place = None if wanted is None else read_address(wanted)
        if self._task is not None:
            self._task.cancel()
        self._join = Join(code, person, address)
        self._task = asyncio.get_running_loop().create_task(self._come(self._join, plain, place))

    async def end(self) -> None:
        """Stop what runs in the background."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _come(self, join: Join, code: str, place: Place | None) -> None:
        try:
            request, place = await self._knock(join, code, place)
            join.said = six_words(words_bytes_of(request))
            join.state = JoinState.WAITING
            self._open_lan().call(*place)
            await self._wait(space_of(request), place)
            join.state = JoinState.ADMITTED
        except LumbreError as error:
            self._home.events.error(error)
            join.problem, join.state = error, JoinState.FAILED
        except Exception as error:  # noqa: BLE001 a page tells of it; the board goes on
            self._home.events.crash(error)
            join.problem, join.state = StoreError("board.crash"), JoinState.FAILED

    async def _knock(self, join: Join, code: str, place: Place | None) -> tuple[bytes, Place]:
        """Knock at the place, or at everybody who is seen, until one knows the code."""
        if place is not None:
            return await knock(self._home, code, join.person, place), place
        loop = asyncio.get_running_loop()
        end_s = loop.time() + WAIT_S
        tried: set[Place] = set()
        problem: LumbreError = NotFound("not-found.nobody")
        while loop.time() < end_s:
            seen = [(one.host, one.port) for one in self._open_lan().seen() if one.port]
            for found in [one for one in seen if one not in tried]:
                tried.add(found)
                try:
                    return await knock(self._home, code, join.person, found), found
                except LumbreError as error:
                    problem = error
            await asyncio.sleep(LOOK_S)
        raise problem

    async def _wait(self, space: bytes, place: Place) -> None:
        """Until somebody has said yes over there, and this device has heard of it."""
        loop = asyncio.get_running_loop()
        since_s = loop.time()
        while pending(self._home.node, space) is not None:
            is_long = loop.time() - since_s > ADMIT_WAIT_S
            await asyncio.sleep(_ASK_RARELY_S if is_long else ASK_AGAIN_S)
            await is_admitted(self._home, place, space)

    # What the carrier tells

    def note(self, host: str, meetings: Meetings, error: LumbreError | None) -> None:
        """A meeting with a host has ended, or a call to it came to nothing."""
        ended = meetings.ended()
        now_s = self._home.clock.now_s()
        # An ended one may be another host's, whose channel is still closing.
        whose = host if error is None and len(ended) == 1 else ""
        problem = ""
        for meeting in ended:
            for outcome in meeting.outcomes():
                self._home.events.note("met", new=outcome.new, rounds=outcome.rounds)
            for one in results(meeting):
                problem = one["problem"] or ("sync.twin" if one["twin"] else "")
                self._tell(Met(whose, now_s, one["space"], one["new"], one["equal"], problem))
        if error is not None:
            self._home.events.error(error)
        elif whose:
            self._keep(whose, now_s, problem)

    def _tell(self, met: Met) -> None:
        """Of meetings that brought nothing, a screen shows the last."""
        last = self._met[0] if self._met else None
        if last is not None and last._replace(host=met.host, at_s=met.at_s) == met and not met.new:
            self._met.popleft()
        self._met.appendleft(met)

    def _keep(self, host: str, now_s: int, problem: str) -> None:
        self._said[host] = problem
        if not problem:
            self._met_s[host] = now_s
            self._met_s.move_to_end(host)
        while len(self._met_s) > HOSTS_MAX:
            self._met_s.popitem(last=False)
        while len(self._said) > HOSTS_MAX:
            del self._said[next(iter(self._said))]

    def _open_lan(self) -> Lan:
        assert self._lan is not None
        return self._lan


@asynccontextmanager
async def beside(
    home: Home, *, port: int = PORT, calling: Iterable[Place] = ()
) -> AsyncIterator[Beside]:
    """Meet whoever is on the local network, and let the board see and ask."""
    made = Beside(home)
    async with network(home, port=port, on_met=made.note) as lan:
        made.use(lan)
        for place in calling:
            lan.call(*place)
        home.network = made
        try:
            yield made
        finally:
            home.network = None
            await made.end()


def address_of(host: str, port: int) -> str:
    """An address as people type it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_sayable(host: str) -> bool:
    """Whether it means the same on another device: loopback and link-local IPv6 do not."""
    address = ipaddress.ip_address(host.partition("%")[0])
    return not (address.is_loopback or (address.version == 6 and address.is_link_local))
