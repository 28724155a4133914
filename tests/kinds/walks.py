"""Walks over the schema: what no kind and no row may say. Each yields complaints.

P14: nothing joins who takes part with who needs or receives, where bytes that could be a key
count as one; only things have positions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum

import msgspec

from lumbre.schema.fields import Body, Field, Shows, fields_of
from lumbre.schema.kind import Domain
from lumbre.schema.roles import ANYONE

# The kind and the rows of things that stand still.
HAVE_POSITION = frozenset({"place", "PlaceRow", "PlaceVersion"})
SLIP_BYTES = 16

STAY_SHOWN = frozenset({"place", "people-count", "need", "need-r", "still-needed", "objection"})
ANYONE_MAY = frozenset({"need", "need-r", "still-needed", "objection"})

# Stems, in both languages, of what no field asks: what somebody believes, where they belong
# or descend from, what they could fight with.
FORBIDDEN_STEMS = (
    "loyal", "leal", "weapon", "arma", "ammun", "munici", "rifle", "pistol", "target", "ethni",
    "etni", "race", "raza", "religi", "creed", "credo", "party", "partido", "politic", "ideolog",
    "nationality", "nacionalidad", "suspect", "sospech", "traitor", "traidor", "informant",
    "fingerprint", "biometr", "passport", "cedula", "militia", "milicia",
)  # fmt: skip


def flat(struct: type[msgspec.Struct], path: str = "") -> Iterator[tuple[str, Field]]:
    """Every field, and the fields of what it holds."""
    for field in fields_of(struct):
        name = f"{path}{field.name}"
        yield name, field
        if field.parts:
            yield from flat(field.base, f"{name}.")


def may_be_key(field: Field) -> bool:
    """Bytes that do not say what they show and are long enough for a key."""
    if field.base is not bytes or field.shows is not Shows.NOTHING:
        return False
    return field.length_max is None or field.length_max > SLIP_BYTES


def joined(name: str, struct: type[msgspec.Struct]) -> Iterator[str]:
    """P14, of one kind's record or one view's row."""
    fields = list(flat(struct))
    who = [path for path, field in fields if field.shows is Shows.WHO or may_be_key(field)]
    need = [path for path, field in fields if field.shows is Shows.NEED]
    if who and need:
        yield f"{name} joins {who} with {need}"
    if name not in HAVE_POSITION:
        yield from (f"{name}.{path} is a position" for path, f in fields if f.shows is Shows.WHERE)
    for path, field in fields:
        if field.shows is Shows.SEALED and not issubclass(struct, Body):
            yield f"{name}.{path} folds what is sealed"


def p14(domains: Iterable[Domain]) -> Iterator[str]:
    for domain in domains:
        for kind in domain.kinds:
            yield from joined(kind.name, kind.record)
        for view in domain.views:
            yield from joined(view.row.__name__, view.row)


def p15(domains: Iterable[Domain]) -> Iterator[str]:
    for kind in (kind for domain in domains for kind in domain.kinds):
        if kind.name in STAY_SHOWN and not kind.shown_if_removed:
            yield f"{kind.name} goes when its author is removed"
        if kind.name in ANYONE_MAY and not kind.writers >= ANYONE:
            yield f"{kind.name} is not for anyone to file"


def forbidden_words(domains: Iterable[Domain]) -> Iterator[str]:
    """Names of kinds, views, fields and choices that ask what must not be asked."""
    for domain in domains:
        for kind in domain.kinds:
            yield from _forbidden(kind.name, kind.record)
        for view in domain.views:
            yield from _forbidden(view.name, view.row)


def _forbidden(name: str, struct: type[msgspec.Struct]) -> Iterator[str]:
    words = [name]
    for path, field in flat(struct):
        words.append(path.rsplit(".", 1)[-1])
        if issubclass(field.base, Enum):
            words += [choice for choice, _ in field.choices]
    for word in words:
        for part in re.split(r"[^a-z]+", word.lower()):
            if any(part.startswith(stem) for stem in FORBIDDEN_STEMS):
                yield f"{name}: {word}"
