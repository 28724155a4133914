"""Writes docs/KINDS.md from the registry: what may be written, by whom, and what is shown of it.

`python -m lumbre.kinds` prints it; a test holds the file to it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Any

import msgspec

from lumbre.kinds.supply import keys
from lumbre.kinds.valueflows import MAPPING
from lumbre.record.log import Ref
from lumbre.schema.fields import Body, Field, Shows, fields_of
from lumbre.schema.kind import Domain, Kind
from lumbre.schema.roles import Role

_HEAD = """# Kinds and views

Printed by `python -m lumbre.kinds`; a test holds this file to the code.

Every body begins with its kind, then `via` (how it was written: own device, board, clerk,
paper, guest, sensor, import) and `speaks_for` (an organisation or a mandate, or nothing).
References are (log, seq, hash). Times are what the writing device's
clock said. A quantity is a whole number of the good's smallest unit.
"""
_ROLES = {
    frozenset({Role.GUEST, Role.READER, Role.MEMBER, Role.STEWARD}): "anyone, guests included",
    frozenset({Role.MEMBER, Role.STEWARD}): "members",
    frozenset({Role.STEWARD}): "stewards",
}


def document(domains: Sequence[Domain]) -> str:
    """The text of docs/KINDS.md."""
    parts = [_HEAD]
    for domain in domains:
        parts.append(f"## {domain.name}\n")
        parts.extend(_kind(kind) for kind in domain.kinds)
        parts.append(f"### Views of {domain.name}\n")
        parts.extend(_view(view.name, view.row, view.sums is not None) for view in domain.views)
    parts.append(f"## Totals of supply\n\n```\n{inspect.cleandoc(keys.__doc__ or '')}\n```\n")
    parts.append(_choices(domains))
    parts.append(_value_flows())
    return "\n".join(parts)


def first_sentence(thing: object) -> str:
    """What a docstring opens with, and its further paragraphs, each on one line."""
    return " ".join(inspect.cleandoc(thing.__doc__ or "").split())


def _kind(kind: Kind) -> str:
    facts = [f"lane {kind.lane.name.lower()}", f"written by {_writers(kind.writers)}"]
    facts += ["signed alone"] * kind.signed_alone
    facts += ["may go by radio"] * kind.by_radio
    facts += ["may be open"] * kind.may_be_open
    facts += ["stays shown if its author is removed"] * kind.shown_if_removed
    lines = [f"### `{kind.name}`\n", first_sentence(kind.record), "", "; ".join(facts) + ".", ""]
    if views := views_of(kind):
        lines += ["Shown in: " + ", ".join(f"`{view}`" for view in views) + ".", ""]
    own = [f for f in fields_of(kind.record) if f.name not in Body.__struct_fields__]
    return "\n".join([*lines, *_table(own)])


def views_of(kind: Kind) -> list[str]:
    """The views that a kind's bodies can be facts of, found by asking it for sample bodies."""
    ref = Ref(bytes(32), 0, bytes(32))
    return sorted({view for body in _samples(kind.record) for view, _ in kind.groups(body, ref)})


def _samples(record: type[Body]) -> Iterator[Body]:
    """Bodies with nothing left out: each choice of each field beside the others' last."""
    values = {field.name: _sample(field) for field in fields_of(record)}
    yield record(**values)
    for field in fields_of(record):
        for _, choice in field.choices:
            value = field.base(choice)
            yield record(**{**values, field.name: (value,) if field.is_list else value})


def _sample(field: Field) -> Any:
    base: Any = field.base
    value: Any
    if base is Ref:
        value = Ref(bytes(32), 0, bytes(32))
    elif field.choices:
        value = base(field.choices[-1][1])
    elif base is int:
        value = field.high if field.high is not None else 1
    elif base in (str, bytes):
        value = "0" if base is str else bytes(field.length_min or 1)
    elif base is bool:
        value = True
    else:
        parts = field.parts or fields_of(base)
        value = base(**{part.name: _sample(part) for part in parts})
    if field.is_list or field.shows is Shows.SEALED:
        return (value,) * (field.items_min or 1)
    return value


def _writers(roles: frozenset[Role]) -> str:
    return _ROLES.get(roles) or ", ".join(role.name.lower() + "s" for role in sorted(roles))


def _view(name: str, row: type[msgspec.Struct], has_sums: bool) -> str:
    lines = [f"#### View `{name}`\n", first_sentence(row), ""]
    lines += ["Its rows add to totals.", ""] * has_sums
    lines += _table(fields_of(row))
    for field in fields_of(row):
        if field.parts:
            lines += [f"Each of `{field.name}`: {first_sentence(field.base)}", ""]
            lines += _table(field.parts)
    return "\n".join(lines)


def _table(fields: Iterable[Field]) -> Iterator[str]:
    rows = [f"| `{f.name}` | {_type(f)} | {_bounds(f)} | {_shows(f)} |" for f in fields]
    if rows:
        yield "| field | what | bounds | tells |"
        yield "|---|---|---|---|"
        yield from rows
        yield ""


def _type(field: Field) -> str:
    base: Any = field.base
    if base is Ref:
        what = "-> " + (", ".join(field.points_to) or "entry")
    elif issubclass(base, Enum):
        what = f"`{base.__name__}`"
    else:
        what = {int: "number", str: "text", bytes: "bytes", bool: "yes or no"}.get(
            base, base.__name__
        )
    what = f"list of {what}" if field.is_list else what
    return f"{what}, {field.unit}" if field.unit else what


def _bounds(field: Field) -> str:
    said = []
    if field.low is not None or field.high is not None:
        said.append(f"{field.low} to {field.high}")
    if field.length_max is not None:
        exact = field.length_min == field.length_max
        said.append(f"exactly {field.length_max}" if exact else f"at most {field.length_max}")
    if field.items_max is not None:
        exact = field.items_min == field.items_max
        said.append(f"{field.items_max} of them" if exact else f"no more than {field.items_max}")
    if field.is_optional:
        said.append("may be left out")
    return "; ".join(said)


def _shows(field: Field) -> str:
    return "" if field.shows is Shows.NOTHING else field.shows.value


def _choices(domains: Sequence[Domain]) -> str:
    records: list[type[msgspec.Struct]] = [k.record for domain in domains for k in domain.kinds]
    records += [view.row for domain in domains for view in domain.views]
    records += [f.base for record in records for f in fields_of(record) if f.parts]
    fields = {f.base.__name__: f for record in records for f in fields_of(record) if f.choices}
    lines = ["## Choices", "", "| name | values | |", "|---|---|---|"]
    for name, field in sorted(fields.items()):
        values = ", ".join(f"{value} {choice.lower()}" for choice, value in field.choices)
        lines.append(f"| `{name}` | {values} | {first_sentence(field.base)} |")
    return "\n".join([*lines, ""])


def _value_flows() -> str:
    lines = [
        "## ValueFlows",
        "",
        "How the records map to the ValueFlows vocabulary (resources, events, agents).",
        "",
        "| here | in ValueFlows | notes |",
        "|---|---|---|",
    ]
    lines += [f"| {ours} | {theirs} | {note} |" for ours, theirs, note in MAPPING]
    return "\n".join([*lines, ""])
