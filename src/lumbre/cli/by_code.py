"""Letting a device in over the network: a short code said aloud, or its QR code.

    keeper: lumbre invite --code        newcomer: lumbre join 7-tifo-plane --person Eva

Both sides read six words aloud before anybody is let in.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Annotated, Final

from cyclopts import Parameter

from lumbre.carriers.lan import Lan, connect
from lumbre.carriers.lan import meet as drive
from lumbre.carriers.lan.discovery import Discovery, Found, addresses_here
from lumbre.cli.community import offer_passphrase
from lumbre.cli.network import WAIT_S, Address, Wait, message_of, network, problem_of, read_address
from lumbre.cli.options import DEFAULTS, Common, Yes, confirm, open_home, space_of
from lumbre.cli.speech import data, note, out, say, tell, words
from lumbre.errors import LumbreError, NotAllowed, NotFound, Refused
from lumbre.node.aloud import six_words
from lumbre.node.codes import Asking, Coming, link_for, read_code
from lumbre.node.desk import own_key
from lumbre.node.home import Home
from lumbre.node.joining import admit, words_bytes_of
from lumbre.node.joining import space_of as space_asked
from lumbre.node.meetings import new_meeting
from lumbre.schema import Role

# A person walks to the other device, reads six words, and says yes.
ADMIT_WAIT_S: Final = 600.0
ASK_AGAIN_S: Final = 2.0


def invite_by_code(*, yes: Yes, common: Common) -> int:
    """Open a code, wait for one newcomer, and let in who read the same six words."""
    with open_home(common) as home:
        space = space_of(home, common)
        admitted = asyncio.run(_keep(home, space.id, yes=yes, is_json=common.json))
    return 0 if admitted else NotAllowed.exit_code


async def _keep(home: Home, space: bytes, *, yes: bool, is_json: bool) -> bool:
    codes = home.codes
    async with network(home) as lan:
        code = codes.open(space)
        _show(code, lan.port, is_json=is_json)
        if not await _wait_for(lambda: bool(codes.asking()) or not codes.is_open(code)):
            raise NotFound("not-found.newcomer")
        for asking in codes.asking():
            if await _is_let_in(asking, yes=yes):
                key = own_key(home.node, home.node.space(space))
                admit(home.node, key, asking.request, asking.name, Role.MEMBER)
                note("cli.admit.done", name=asking.name)
                await _hand_over(lan)
                return True
        note("cli.admit.not-now")
        return False


def _show(code: str, port: int, *, is_json: bool) -> None:
    import segno

    here = addresses_here()
    links = [
        link_for(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", code) for host in here
    ]
    if is_json:
        data({"code": code, "links": links})
        sys.stdout.flush()
        return
    tell("cli.code.is", code=code)
    if links:
        segno.make(links[0], error="l").terminal(compact=True)
        out(links[0])
    tell("cli.code.how", code=code)
    sys.stdout.flush()


async def _is_let_in(asking: Asking, *, yes: bool) -> bool:
    note("cli.admit.asks", name=asking.name, role=words().of("role", "member"))
    note("cli.words", words=" ".join(asking.said))
    # Others go on meeting while a person reads.
    return yes or await asyncio.to_thread(confirm, "cli.admit.confirm")


async def _hand_over(lan: Lan) -> None:
    """Give the newcomer time to fetch what is here."""
    lan.changed()
    before = sum(one.meetings for one in lan.seen())
    await _wait_for(lambda: sum(one.meetings for one in lan.seen()) > before, wait_s=WAIT_S)
    await asyncio.sleep(ASK_AGAIN_S)


async def _wait_for(is_so: Callable[[], bool], *, wait_s: float = ADMIT_WAIT_S) -> bool:
    loop = asyncio.get_running_loop()
    end_s = loop.time() + wait_s
    while not is_so():
        if loop.time() >= end_s:
            return False
        await asyncio.sleep(0.2)
    return True


# lumbre join


def join(
    code: Annotated[str, Parameter(help=say("cli.arg.code"))],
    *,
    person: Annotated[str, Parameter(help=say("cli.arg.person"))],
    at: Address = None,
    wait: Wait = ADMIT_WAIT_S,
    common: Common = DEFAULTS,
) -> int:
    """Ask to take part in a community by the code that one of its devices shows."""
    plain, in_link = read_code(code)
    address = at or in_link
    where = None if address is None else read_address(address)
    with open_home(common, may_create=True) as home:
        if not home.node.spaces():
            offer_passphrase(home)
        is_in = asyncio.run(_join(home, plain, person, where, wait, is_json=common.json))
    return 0 if is_in else NotAllowed.exit_code


async def _join(
    home: Home,
    code: str,
    person: str,
    where: tuple[str, int] | None,
    wait_s: float,
    *,
    is_json: bool,
) -> bool:
    request, place = await _knock_anywhere(home, code, person, where)
    space, said = space_asked(request), six_words(words_bytes_of(request))
    if not is_json:
        tell("cli.words", words=" ".join(said))
        tell("cli.join.wait")
        sys.stdout.flush()
    loop = asyncio.get_running_loop()
    end_s = loop.time() + wait_s
    is_in = False
    while not is_in and loop.time() < end_s:
        await asyncio.sleep(ASK_AGAIN_S)
        is_in = await is_admitted(home, place, space)
    if is_json:
        data({"words": said, "admitted": is_in})
    else:
        tell("cli.join.done" if is_in else "cli.join.later")
    return is_in


async def is_admitted(home: Home, place: tuple[str, int], space: bytes) -> bool:
    """Ask at a place whether this device is in the space by now, and take what is there."""
    try:
        channel = await connect(*place)
        meeting = new_meeting(home.node, channel.binding, is_caller=True)
        await drive(channel, meeting)
    except LumbreError:
        # It may be busy with another meeting, or out of reach for a moment.
        return False
    return any(
        outcome.space == space and problem_of(outcome) is None for outcome in meeting.outcomes()
    )


async def _knock_anywhere(
    home: Home, code: str, person: str, where: tuple[str, int] | None
) -> tuple[bytes, tuple[str, int]]:
    """Knock at the given place, or at every device that is found, until one knows the code."""
    if where is not None:
        return await knock(home, code, person, where), where
    places: asyncio.Queue[tuple[str, int]] = asyncio.Queue()

    def found(one: Found) -> None:
        for host in one.hosts:
            places.put_nowait((host, one.port))

    problem: LumbreError = NotFound("not-found.nobody")
    async with Discovery(0, found):
        try:
            async with asyncio.timeout(WAIT_S):
                while True:
                    place = await places.get()
                    try:
                        return await knock(home, code, person, place), place
                    except LumbreError as error:
                        problem = error
        except TimeoutError:
            raise problem from None


async def knock(home: Home, code: str, person: str, place: tuple[str, int]) -> bytes:
    """Come to a place with a code; the request that was left there."""
    channel = await connect(*place)
    coming = Coming(home.node, code, person, channel.binding)
    await drive(channel, coming.door)
    if not coming.door.is_done or coming.request is None:
        raise Refused(message_of(coming.door.code, coming.door.other_code))
    return coming.request
