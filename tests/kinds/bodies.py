"""Random bodies of any record, from nothing but its fields: also for other floors' tests."""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import Any

from hypothesis import strategies as st

from lumbre.record.log import Ref
from lumbre.schema.fields import LIST_MAX, Body, Field, Shows, fields_of

hashes = st.binary(min_size=32, max_size=32)
refs = st.builds(Ref, hashes, st.integers(0, 2**40 - 1), hashes)


@cache
def body_strategy(
    record: type[Body], *, list_max: int = 4, **given: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    """Bodies within the bounds of their fields; `given` replaces the strategy of a field."""
    fields = {f.name: field_strategy(f, list_max) for f in fields_of(record)}
    return st.builds(record, **{**fields, **given})


def field_strategy(field: Field, list_max: int = 4) -> st.SearchStrategy[Any]:
    if field.is_list or field.shows is Shows.SEALED:
        most = LIST_MAX if field.items_max is None else field.items_max
        least = field.items_min or 0
        most = max(least, min(most, list_max))
        return st.lists(_one(field), min_size=least, max_size=most).map(tuple)
    value = _one(field)
    return value if field.default is not None or not field.is_optional else st.none() | value


def _one(field: Field) -> st.SearchStrategy[Any]:
    base: Any = field.base
    if base is Ref:
        return refs
    if issubclass(base, Enum):
        return st.sampled_from(base)
    if base is bool:
        return st.booleans()
    if base is int:
        return st.integers(field.low, field.high)
    least, most = field.length_min or 0, field.length_max
    if base is bytes:
        return st.binary(min_size=least, max_size=max(least, min(64, 64 if most is None else most)))
    if base is str:
        most = min(40, 40 if most is None else most)
        if field.pattern:
            matching = st.from_regex(field.pattern, fullmatch=True)
            return matching.map(lambda text: text[:most].rstrip("\n"))
        return st.text(st.characters(exclude_categories=["Cs"]), min_size=least, max_size=most)
    parts = {part.name: field_strategy(part) for part in fields_of(base)}
    return st.builds(base, **parts)
