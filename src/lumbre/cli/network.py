"""The local network from the command line: meet once and end, or for as long as a board runs.

lumbre meet                 everybody who is found
lumbre meet 192.168.4.7     one device
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any, Final

from cyclopts import Parameter

from lumbre.carriers.lan import PORT, Lan
from lumbre.cli.options import DEFAULTS, Common, open_home
from lumbre.cli.speech import data, note, out, say, words
from lumbre.errors import Invalid, LumbreError, NotFound, StoreError
from lumbre.node.home import Home
from lumbre.node.meetings import new_meeting
from lumbre.node.names import space_name
from lumbre.sync.frames import Code
from lumbre.sync.meeting import Meeting, Outcome

LOOK_S: Final = 0.5
"""How often a running node looks whether anything was written that others should have."""
# Discovery answers in a second; a phone's hotspot takes some more.
WAIT_S: Final = 15.0
_SETTLED_S: Final = 2.0
_HOST: Final = re.compile(r"[0-9A-Za-z._:%-]{1,64}", re.ASCII)
_NOTHING: Final[dict[str, Any]] = {"space": None, "new": 0, "equal": False, "twin": False}

Wait = Annotated[float, Parameter(help=say("cli.arg.wait"))]
Address = Annotated[str | None, Parameter(help=say("cli.arg.address"))]


class Meetings:
    """Makes a home's meetings, and tells of each once it has ended."""

    def __init__(self, home: Home, *, takes_codes: bool = False) -> None:
        self._home = home
        self._takes_codes = takes_codes
        self._running: list[Meeting] = []

    def __call__(self, binding: bytes, is_caller: bool) -> Meeting:
        """A new meeting over a channel."""
        # A home that is unlocked meanwhile has another node.
        node, codes = self._home.node, self._home.codes if self._takes_codes else None
        meeting = new_meeting(node, binding, is_caller=is_caller, codes=codes)
        self._running.append(meeting)
        return meeting

    def ended(self) -> list[Meeting]:
        """Those that have ended since this was last asked."""
        found = [meeting for meeting in self._running if meeting.is_over]
        self._running = [meeting for meeting in self._running if not meeting.is_over]
        return found


@asynccontextmanager
async def network(
    home: Home,
    *,
    port: int = PORT,
    on_met: Callable[[str, Meetings, LumbreError | None], None] | None = None,
) -> AsyncIterator[Lan]:
    """Meet whoever is on the local network for as long as this lasts, and soon after a change.

    Where another program has the port, any free one is taken: others are told which.
    """
    meetings = Meetings(home, takes_codes=True)

    def met(host: str, error: LumbreError | None) -> None:
        if on_met is not None:
            on_met(host, meetings, error)
            return
        for meeting in meetings.ended():
            for outcome in meeting.outcomes():
                home.events.note("met", new=outcome.new, rounds=outcome.rounds)
        if error is not None:
            home.events.error(error)

    async with Lan(meetings, port=port, on_met=met) as lan:
        looking = asyncio.get_running_loop().create_task(_look(home, lan))
        try:
            yield lan
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)


async def _look(home: Home, lan: Lan) -> None:
    seen = home.node.changes
    while True:
        await asyncio.sleep(LOOK_S)
        if home.node.changes != seen:
            seen = home.node.changes
            lan.changed()


def meet(address: Address = None, *, wait: Wait = WAIT_S, common: Common = DEFAULTS) -> int:
    """Meet the devices on the local network, or the one at an address, and end."""
    where = [] if address is None else [read_address(address)]
    with _open(common) as home:
        found = asyncio.run(_meet(home, where, wait, is_told=not common.json))
    if common.json:
        data(found)
    elif not found:
        raise NotFound("not-found.nobody")
    return 0 if any(one["problem"] is None for one in found) else NotFound.exit_code


@contextmanager
def _open(common: Common) -> Iterator[Home]:
    """The home; where a board has it open, it is said that the board meets by itself."""
    try:
        with open_home(common, must_unlock=False) as home:
            yield home
    except StoreError as error:
        if error.message_id == "store.in-use":
            raise StoreError("store.in-use-meets", **error.values) from error
        raise


async def _meet(
    home: Home, where: list[tuple[str, int]], wait_s: float, *, is_told: bool
) -> list[dict[str, Any]]:
    meetings = Meetings(home)
    told: list[dict[str, Any]] = []

    def met(host: str, error: LumbreError | None) -> None:
        outcomes = [outcome for meeting in meetings.ended() for outcome in results(meeting)]
        if error is not None:
            says = words().error(error)
            outcomes = [_NOTHING | {"problem": error.message_id, "says": says}]
        for outcome in outcomes:
            told.append({"host": host} | outcome)
            if is_told:
                _tell(home, told[-1])

    # Who asks for one device meets that one: nobody else is looked for.
    lan = Lan(meetings, port=0, addresses=where, is_found_by_others=not where, on_met=met)
    async with lan:
        await _until(lambda: _is_settled(lan, where), wait_s)
    return told


def _is_settled(lan: Lan, where: list[tuple[str, int]]) -> bool:
    """Whether everybody who was found, or asked for, has been met."""
    hosts = {host for host, _ in where}
    seen = [one for one in lan.seen() if not hosts or one.host in hosts]
    return bool(seen) and not lan.meetings and all(one.meetings or one.problem for one in seen)


async def _until(is_so: Callable[[], bool], wait_s: float) -> bool:
    """Wait until something has been so for a moment; False where it never was."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + wait_s
    since_s: float | None = None
    while loop.time() < end_s:
        await asyncio.sleep(0.1)
        if not is_so():
            since_s = None
        elif since_s is None:
            since_s = loop.time()
        elif loop.time() - since_s >= _SETTLED_S:
            return True
    return is_so()


def results(meeting: Meeting) -> list[dict[str, Any]]:
    """What came of a meeting, space by space, or why there was none."""
    if meeting.code is not None or meeting.other_code is not None:
        return [_NOTHING | {"problem": message_of(meeting.code, meeting.other_code)}]
    return [
        {
            "space": outcome.space,
            "new": outcome.new,
            "equal": outcome.is_equal,
            "twin": outcome.is_twin,
            "problem": problem_of(outcome),
        }
        for outcome in meeting.outcomes()
    ]


def problem_of(outcome: Outcome) -> str | None:
    """Why the part about a space ended early, as a message id; None where it did not."""
    if outcome.code is None and outcome.other_code is None:
        return None
    return message_of(outcome.code, outcome.other_code)


def message_of(code: Code | None, other_code: int | None) -> str:
    """What a person is told of a refusal, by whichever side it was made."""
    if code is Code.NOT_ADMITTED:
        return "sync.unknown-device"
    if code is Code.KEY_CLOSED:
        return "sync.closed-device"
    if code is not None:
        return code.message_id
    known = {int(one) for one in Code}
    return Code(other_code).message_id if other_code in known else Code.NOT_A_MESSAGE.message_id


def _tell(home: Home, one: dict[str, Any]) -> None:
    if one["problem"] is not None:
        why = one.get("says") or words().reason(one["problem"])
        note("cli.meet.problem", host=one["host"], why=why)
        return
    name = space_name(home.node.space(one["space"])) or one["space"].hex()[:8]
    said = words().count("cli.meet.new", one["new"], host=one["host"], space=name)
    out(said + ("" if one["equal"] else " " + say("cli.meet.more")))


def read_address(text: str) -> tuple[str, int]:
    """(host, port) of "192.168.4.7", "192.168.4.7:8421" or "[fe80::1]:8421"."""
    host, port = text.strip(), str(PORT)
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif host.count(":") == 1:
        host, port = host.split(":")
    if not _HOST.fullmatch(host) or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise Invalid("invalid.address")
    return host, int(port)
