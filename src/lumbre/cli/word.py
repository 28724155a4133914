"""What one person says or takes on: objections, adoptions, organisations, duties, room.

A duty and more room are proposals where others than a guest's key are meant.
"""

from __future__ import annotations

from typing import Annotated, Final

from cyclopts import Parameter

from lumbre.cli.council import Act, Who
from lumbre.cli.effects import outcome, tell_outcome
from lumbre.cli.options import DEFAULTS, Common, open_home, space_of
from lumbre.cli.speech import data, say, tell
from lumbre.errors import Invalid, LumbreError, NotFound
from lumbre.node import drafts, government
from lumbre.node.goods import code_of
from lumbre.node.names import find_act, find_key, find_person
from lumbre.node.reading import Reading
from lumbre.trust.acts import GRANT_MAX_BYTES, Mandate, Organisation

SHORT_ID = 8
_DAY_S: Final = 86_400
_MIB: Final = 1024 * 1024
_DAYS_MAX: Final = 10_000
EntryId = Annotated[str, Parameter(help=say("cli.arg.entry"))]
MegaBytes = Annotated[int, Parameter(help=say("cli.arg.megabytes"))]


def adopt(entry: EntryId, *, common: Common = DEFAULTS) -> int:
    """Take on what a removed member wrote after the removal: it counts then."""
    with open_home(common) as home:
        space = space_of(home, common)
        wanted = Reading(home.node).entry(space.id, entry)
        act = government.adopt(home.node, space, wanted)
        found = outcome(space, act, "cli.adopt.done", of=wanted.id.hex()[:SHORT_ID])
    return tell_outcome(found, common)


def object_(
    entry: EntryId,
    text: Annotated[str, Parameter(help=say("cli.arg.objection"))],
    *,
    common: Common = DEFAULTS,
) -> None:
    """Object to an entry, as anyone may."""
    with open_home(common) as home:
        try:
            space = space_of(home, common)
            wanted = Reading(home.node).entry(space.id, entry)
            act = government.object_to(home.node, space, wanted, text)
        except LumbreError:
            drafts.keep(home, drafts.Draft("objection", {"entry": entry, "text": text}))
            raise
    if common.json:
        data({"entry": act.id})
    else:
        tell("cli.object.done", entry=act.id.hex()[:SHORT_ID], of=wanted.id.hex()[:SHORT_ID])


def organisation(
    name: Annotated[str, Parameter(help=say("cli.arg.organisation"))],
    *,
    common: Common = DEFAULTS,
) -> int:
    """Name an organisation that takes part."""
    with open_home(common) as home:
        space = space_of(home, common)
        act = government.organisation(home.node, space, name)
        found = outcome(space, act, "cli.organisation.done", id=act.id.hex()[:SHORT_ID])
    return tell_outcome(found, common)


def mandate(
    duty: Annotated[str, Parameter(help=say("cli.arg.duty"))],
    person: Who,
    *,
    deputy: Annotated[tuple[str, ...], Parameter(help=say("cli.arg.deputy"))] = (),
    organisation: Annotated[str | None, Parameter(help=say("cli.arg.of-organisation"))] = None,
    days: Annotated[int, Parameter(help=say("cli.arg.days"))] = 0,
    common: Common = DEFAULTS,
) -> int:
    """Propose who has a duty, and who follows, in order."""
    if not 0 <= days <= _DAYS_MAX:
        raise Invalid("invalid.number", field="days")
    with open_home(common) as home:
        space = space_of(home, common)
        of = None
        if organisation is not None:
            named, body = find_act(space, organisation)
            if not isinstance(body, Organisation):
                raise NotFound("not-found.entry", entry=organisation)
            of = named.ref
        entry = government.mandate(
            home.node,
            space,
            code_of(duty),
            find_person(space, person).person,
            deputies=tuple(find_person(space, name).person for name in deputy),
            of=of,
            term_s=days * _DAY_S,
        )
        found = outcome(space, entry)
    return tell_outcome(found, common)


def mandate_end(mandate: Act, person: Who, *, common: Common = DEFAULTS) -> int:
    """End a person's turn in a duty: one's own, as a deputy, or as a proposal."""
    with open_home(common) as home:
        space = space_of(home, common)
        entry, body = find_act(space, mandate)
        if not isinstance(body, Mandate):
            raise NotFound("not-found.entry", entry=mandate)
        who = find_person(space, person).person
        act = government.end_mandate(home.node, space, entry, body, who)
        found = outcome(space, act)
    return tell_outcome(found, common)


def grant(
    key: Annotated[str, Parameter(help=say("cli.arg.key"))],
    *,
    urgent: MegaBytes = 0,
    ordinary: MegaBytes = 0,
    bulk: MegaBytes = 0,
    common: Common = DEFAULTS,
) -> int:
    """Let a key's log hold more, so many megabytes for each lane."""
    lanes = (0, urgent * _MIB, ordinary * _MIB, bulk * _MIB)
    if not any(lanes) or min(lanes) < 0 or max(lanes) > GRANT_MAX_BYTES:
        raise Invalid("invalid.megabytes", most=GRANT_MAX_BYTES // _MIB)
    with open_home(common) as home:
        space = space_of(home, common)
        act = government.grant(home.node, space, find_key(space, key), lanes)
        found = outcome(space, act)
    return tell_outcome(found, common)
