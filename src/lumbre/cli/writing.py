"""Writing any kind from its fields, and what is kept of what could not be written.

Fields come from `schema.fields_of`: a number is a whole number, a choice is one of its names,
a reference is the beginning of an entry's id, `true` and `false` are what they say.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from lumbre.cli.options import DEFAULTS, Common, open_home, space_of
from lumbre.cli.speech import data, note, say, table, tell
from lumbre.errors import Invalid, LumbreError
from lumbre.node import drafts as kept
from lumbre.node import government, said
from lumbre.node.desk import Desk
from lumbre.node.home import Home
from lumbre.node.reading import Reading
from lumbre.node.spaces import Space
from lumbre.record import Entry, Lane, Ref
from lumbre.schema import Body, Field, Via, fields_of

SHORT_ID = 8
_BY_ITSELF = frozenset({"via", "speaks_for", "slip"})


def write(
    kind: Annotated[str | None, Parameter(help=say("cli.arg.kind"))] = None,
    /,
    *fields: Annotated[str, Parameter(help=say("cli.arg.fields"), allow_leading_hyphen=False)],
    common: Common = DEFAULTS,
) -> None:
    """Write one entry of any kind: `lumbre write place name="Bloque 4" place_type=block`."""
    with open_home(common) as home:
        if kind is None:
            _list_kinds(home, common)
            return
        if not fields:
            _list_fields(home, kind, common)
            return
        pairs = dict(_pair(field) for field in fields)
        try:
            entry = _write(home, common, kind, pairs)
        except LumbreError:
            id_ = kept.keep(home, kept.Draft(kind, pairs))
            note("cli.draft-kept", id=id_.hex()[:SHORT_ID])
            raise
    if common.json:
        data({"entry": entry.id})
    else:
        tell("cli.write.done", entry=entry.id.hex()[:SHORT_ID])


def _pair(field: str) -> tuple[str, str]:
    name, equals, value = field.partition("=")
    if not equals:
        raise Invalid("invalid.field-form", field=field)
    return name.strip().lstrip("-").replace("-", "_"), value


def _write(home: Home, common: Common, kind: str, pairs: dict[str, str]) -> Entry:
    space = space_of(home, common)
    record = _record(home, kind)
    body = make_body(home, space, record, pairs)
    return Desk(home.node, Reading(home.node), space).write(body)[0]


def _record(home: Home, kind: str) -> type[Body]:
    found = home.node.registry.kinds.get(kind)
    # Acts of trust say what their writer knew of the others; they have commands of their own.
    if found is None or found.lane is Lane.TRUST:
        raise Invalid("invalid.unknown-kind", kind=kind)
    return found.record


def make_body(home: Home, space: Space, record: type[Body], pairs: dict[str, str]) -> Body:
    """A body from fields as they were typed."""
    fields = {field.name: field for field in fields_of(record)}
    for name in pairs:
        if name not in fields:
            raise Invalid("invalid.no-such-field", field=name)
    values: dict[str, Any] = {"via": Via.OWN_DEVICE, "speaks_for": None}
    for name, field in fields.items():
        if name in pairs:
            values[name] = _value(home, space, field, pairs[name])
        elif name == "slip":
            values[name] = home.random.bytes(16)
        elif name not in values and not field.is_optional:
            raise Invalid("invalid.empty", field=name)
    return record(**values)


def _value(home: Home, space: Space, field: Field, typed: str) -> Any:
    if typed == "" and field.is_optional:
        return None if field.default is None else field.default
    if field.is_list:
        parts = [part.strip() for part in typed.split(",") if part.strip()]
        return tuple(_one(home, space, field, part) for part in parts)
    return _one(home, space, field, typed)


def _one(home: Home, space: Space, field: Field, typed: str) -> Any:
    try:
        if field.base is Ref:
            return Reading(home.node).entry(space.id, typed).ref
        if issubclass(field.base, Enum):
            return _choice(field, typed)
        if field.base is bool:
            return {"true": True, "false": False, "yes": True, "no": False, "si": True}[typed]
        if field.base is int:
            return int(typed)
        if field.base is bytes:
            return bytes.fromhex(typed)
        return msgspec.convert(typed, field.base)
    except (KeyError, ValueError, TypeError) as error:
        raise Invalid("invalid.field-value", field=field.name, value=typed) from error


def _choice(field: Field, typed: str) -> Any:
    wanted = typed.upper().replace("-", "_")
    names = dict(field.choices)
    if wanted not in names:
        given = ", ".join(name.lower() for name in names)
        raise Invalid("invalid.choice", field=field.name, choices=given)
    return field.base(names[wanted])


def _list_kinds(home: Home, common: Common) -> None:
    kinds = [k for k in home.node.registry.kinds.values() if k.lane is not Lane.TRUST]
    if common.json:
        data([kind.name for kind in kinds])
        return
    table(
        [say("col.kind"), say("col.fields")],
        [(kind.name, ", ".join(_names(kind.record))) for kind in kinds],
    )


def _names(record: type[Body]) -> Sequence[str]:
    return [field.name for field in fields_of(record) if field.name not in _BY_ITSELF]


def _list_fields(home: Home, kind: str, common: Common) -> None:
    fields = [f for f in fields_of(_record(home, kind)) if f.name not in _BY_ITSELF]
    if common.json:
        data(
            [
                {"field": f.name, "needed": not f.is_optional, "choices": [c[0] for c in f.choices]}
                for f in fields
            ]
        )
        return
    rows = []
    for f in fields:
        choices = ", ".join(name.lower() for name, _ in f.choices)
        what = choices or ("→ " + ", ".join(f.points_to) if f.points_to else f.base.__name__)
        rows.append((f.name, what, f.unit, "" if f.is_optional else say("cli.write.needed")))
    table([say("col.field"), say("col.value"), say("col.unit"), ""], rows)


def drafts(
    *,
    again: Annotated[str | None, Parameter(help=say("cli.arg.draft-again"))] = None,
    discard: Annotated[str | None, Parameter(help=say("cli.arg.draft-discard"))] = None,
    common: Common = DEFAULTS,
) -> None:
    """What was typed and could not be written yet."""
    with open_home(common) as home:
        if discard is not None:
            kept.discard(home, kept.find(home, discard)[0])
            tell("cli.drafts.discarded")
            return
        if again is not None:
            entry = _again(home, common, again)
            tell("cli.write.done", entry=entry.id.hex()[:SHORT_ID])
            return
        found = kept.listed(home)
        now_s = home.clock.now_s()
    _list_drafts(found, now_s, common)


def _again(home: Home, common: Common, prefix: str) -> Entry:
    id_, draft = kept.find(home, prefix)
    desk = Desk(home.node, Reading(home.node), space_of(home, common))
    if draft.what in ("need", "offer") and "amount" in draft.said:
        entry = (desk.need if draft.what == "need" else desk.offer)(**draft.said)
    elif draft.what == "objection" and "text" in draft.said:
        space = space_of(home, common)
        disputed = Reading(home.node).entry(space.id, draft.said["entry"])
        entry = government.object_to(home.node, space, disputed, draft.said["text"])
    else:
        entry = _write(home, common, draft.what, draft.said)
    kept.discard(home, id_)
    return entry


def _list_drafts(found: list[tuple[bytes, kept.Draft]], now_s: int, common: Common) -> None:
    from lumbre.cli.speech import words

    if common.json:
        data([{"draft": id_, "what": d.what, "said": d.said} for id_, d in found])
        return
    if not found:
        tell("cli.drafts.none")
        return
    rows = [
        (
            id_.hex()[:SHORT_ID],
            said.kind(words(), d.what),
            " ".join(f"{name}={value!r}" for name, value in d.said.items() if value),
            said.age(words(), d.saved_s, now_s),
        )
        for id_, d in found
    ]
    table([say("col.id"), say("col.kind"), say("col.fields"), say("col.age")], rows)
