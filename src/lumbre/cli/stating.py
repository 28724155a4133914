"""Stating a need or an offer in one line. What was typed is kept if it cannot be written."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from lumbre.cli.options import DEFAULTS, Common, open_home, space_of
from lumbre.cli.speech import data, note, say, tell
from lumbre.errors import LumbreError
from lumbre.node import drafts
from lumbre.node.desk import Desk
from lumbre.node.reading import Reading
from lumbre.record import Entry

SHORT_ID = 8
Good = Annotated[str, Parameter(help=say("cli.arg.good"))]
Amount = Annotated[str, Parameter(help=say("cli.arg.amount"))]
At = Annotated[str, Parameter(help=say("cli.arg.place"))]
People = Annotated[str, Parameter(help=say("cli.arg.people"))]
NoteText = Annotated[str, Parameter(name="--note", help=say("cli.arg.note"))]


def need(
    good: Good,
    amount: Amount,
    *,
    place: At,
    people: People = "0",
    text: NoteText = "",
    common: Common = DEFAULTS,
) -> None:
    """Something is missing at a place."""
    said = {"good": good, "amount": amount, "place": place, "people": people, "note": text}
    entry = state("need", said, common)
    _done("cli.need.done", entry, common)


def offer(
    good: Good,
    amount: Amount,
    *,
    place: At,
    text: NoteText = "",
    common: Common = DEFAULTS,
) -> None:
    """Something can be given."""
    said = {"good": good, "amount": amount, "place": place, "note": text}
    entry = state("offer", said, common)
    _done("cli.offer.done", entry, common)


def state(what: str, said: dict[str, str], common: Common) -> Entry:
    """Write what was said, or keep it as a draft and say where."""
    with open_home(common) as home:
        try:
            desk = Desk(home.node, Reading(home.node), space_of(home, common))
            return desk.need(**said) if what == "need" else desk.offer(**said)
        except LumbreError:
            id_ = drafts.keep(home, drafts.Draft(what, said))
            note("cli.draft-kept", id=id_.hex()[:SHORT_ID])
            raise


def _done(message_id: str, entry: Entry, common: Common) -> None:
    if common.json:
        data({"entry": entry.id})
    else:
        tell(message_id, entry=entry.id.hex()[:SHORT_ID])
