"""The network: who is seen on it, how this device is reached, what came of the last meetings.

Also what no other device is known to hold: it is by meeting that others come to hold it.
"""

from __future__ import annotations

from starlette.responses import Response

from lumbre.board.forms import Form
from lumbre.board.visit import REFILL_STATUS, Visit, post
from lumbre.errors import NotFound
from lumbre.node import said
from lumbre.node.census import Census
from lumbre.node.names import space_name
from lumbre.node.network import Met, Neighbour

SHOWN_MAX = 24


async def show(visit: Visit) -> Response:
    """Who is there, and the form to call somebody by address."""
    return _page(visit, {}, "")


def _page(visit: Visit, form: Form, error: str) -> Response:
    network = visit.home.network
    space = visit.space.id
    # Who is being met or was, before those who do not answer.
    seen = sorted(network.neighbours() if network else [], key=lambda one: bool(one.problem))
    return visit.page(
        "network",
        REFILL_STATUS if error else 200,
        form=form,
        error=error,
        has_network=network is not None,
        addresses=network.addresses() if network else [],
        rows=[(one.host, _said(visit, one)) for one in seen[:SHOWN_MAX]],
        more=max(0, len(seen) - SHOWN_MAX),
        met=[_met(visit, one) for one in (network.last_met() if network else [])],
        at_risk=visit.board.risks.count(visit.node, space),
        devices=Census(visit.node, space).devices(),
    )


def _said(visit: Visit, one: Neighbour) -> str:
    """What is known of a device, and no more: why it was not met, or when it was."""
    if one.is_meeting:
        return visit.words("board.network.meeting")
    if one.problem:
        return visit.words.error(NotFound(one.problem, host=one.host, port=one.port))
    if one.met_s is None:
        return visit.words("board.network.not-yet")
    age = said.age(visit.words, one.met_s, visit.home.clock.now_s())
    return visit.words("board.network.met", age=age)


def _met(visit: Visit, one: Met) -> dict[str, str]:
    """A meeting's result, in words."""
    words = visit.words
    what = [words.count("board.network.new", one.new)] if one.new else []
    if one.problem:
        what.append(words.reason(one.problem))
    elif one.is_equal:
        what.append(words("board.network.equal"))
    name = "" if one.space is None else space_name(visit.node.space(one.space)) or ""
    return {
        "host": one.host,
        "age": said.age(words, one.at_s, visit.home.clock.now_s()),
        "space": name,
        "what": " ".join(what) or words("board.network.nothing"),
    }


async def call(visit: Visit) -> Response:
    """Meet the device at an address."""
    return await post(visit, _call, _page)


def _call(visit: Visit, form: Form) -> str:
    network = visit.home.network
    if network is None:
        raise NotFound("not-found.network")
    network.call(form.get("address", ""))
    return "/network"
