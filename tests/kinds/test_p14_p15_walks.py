"""P14 and P15 over every registered kind and row, and over bad ones that must be noticed."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

import msgspec
import pytest

from lumbre.kinds import DOMAINS
from lumbre.record.log import Lane
from lumbre.record.seal import Envelope
from lumbre.schema.fields import AuthorKey, Body, Latitude, Name, Shows
from lumbre.schema.kind import Domain, Kind, View
from lumbre.schema.roles import MEMBERS
from tests.kinds.walks import flat, forbidden_words, p14, p15

NeedText = Annotated[str, msgspec.Meta(max_length=9, extra={"unit": "", "shows": Shows.NEED})]


class ListOfTheIll(Body, frozen=True, tag="list-of-the-ill"):
    who: AuthorKey
    illness: NeedText


class Track(Body, frozen=True, tag="track"):
    latitude: Latitude


class HiddenKey(Body, frozen=True, tag="hidden-key"):
    needs: NeedText
    recipient: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class HiddenInAList(Body, frozen=True, tag="hidden-in-a-list"):
    needs: NeedText
    recipients: Annotated[
        tuple[Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)], ...],
        msgspec.Meta(max_length=9),
    ]


class Care(Body, frozen=True, tag="care"):
    who: AuthorKey
    sealed: Envelope


class Line(msgspec.Struct, array_like=True, frozen=True):
    keeper: AuthorKey


class JoiningRow(msgspec.Struct, array_like=True, frozen=True):
    lines: tuple[Line, ...]
    people: NeedText


class FoldingRow(msgspec.Struct, array_like=True, frozen=True):
    sealed: Envelope


class Flag(IntEnum):
    RED_PARTY = 1


class Asked(Body, frozen=True, tag="asked"):
    name: Name
    flag: Flag


class Need(Body, frozen=True, tag="need"):
    name: Name


def domain(record: type[Body] | None = None, row: type[msgspec.Struct] | None = None) -> Domain:
    kinds = () if record is None else (Kind(record=record, lane=Lane.ORDINARY, writers=MEMBERS),)
    views = () if row is None else (View(name="bad", row=row, derive=lambda key, facts: None),)
    return Domain(name="bad", kinds=kinds, views=views)


def test_p14_no_kind_and_no_row_joins_who_takes_part_with_who_needs() -> None:
    assert list(p14(DOMAINS)) == []


def test_p14_the_walk_sees_needs_persons_and_positions_at_all() -> None:
    """Were no field marked, nothing could be joined."""
    marks = {field.shows for d in DOMAINS for k in d.kinds for _, field in flat(k.record)}
    assert {Shows.WHO, Shows.NEED, Shows.WHERE} <= marks


@pytest.mark.parametrize("record", [ListOfTheIll, Track, HiddenKey, HiddenInAList])
def test_p14_a_bad_kind_is_noticed(record: type[Body]) -> None:
    assert list(p14([domain(record)]))


@pytest.mark.parametrize("row", [JoiningRow, FoldingRow])
def test_p14_a_bad_row_is_noticed(row: type[msgspec.Struct]) -> None:
    assert list(p14([domain(row=row)]))


def test_p14_what_is_sealed_may_stand_beside_who_writes_it() -> None:
    assert list(p14([domain(Care)])) == []


def test_p15_what_must_stay_stays_and_anyone_may_file_it() -> None:
    assert list(p15(DOMAINS)) == []


def test_p15_a_need_that_only_members_file_is_noticed() -> None:
    assert len(list(p15([domain(Need)]))) == 2


def test_row_28_no_kind_asks_what_must_not_be_asked() -> None:
    assert list(forbidden_words(DOMAINS)) == []


def test_row_28_a_field_of_that_sort_is_noticed() -> None:
    assert list(forbidden_words([domain(Asked)])) == ["asked: RED_PARTY"]
