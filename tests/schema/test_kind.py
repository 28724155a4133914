"""How kinds and views are declared, and what a fact says."""

from __future__ import annotations

import dataclasses

import pytest

from lumbre.record import Lane, Ref
from lumbre.schema import ANYONE, MEMBERS, STEWARDS, Fact, Kind, Role, Standing, View, ref_key
from lumbre.schema.kind import NO_TARGETS, REF_KEY_BYTES, ref_of
from lumbre.schema.roles import ADMITTED, OBSERVERS, SENSORS
from tests.record.helpers import secret
from tests.schema.samples import REF, SMALL, Small


def fact(role: Role = Role.MEMBER, standing: Standing = Standing.COUNTS) -> Fact:
    return Fact(1, REF, secret("author"), secret("person"), role, standing, 0, SMALL)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("standing", Standing)
def test_a_guests_and_a_removed_members_facts_do_not_count(role, standing) -> None:
    found = fact(role, standing)
    assert found.is_guest == (role is Role.GUEST)
    assert found.counts == (standing is Standing.COUNTS and role is not Role.GUEST)


def test_a_kind_is_by_default_for_members_and_promises_nothing() -> None:
    kind = Kind(record=Small, lane=Lane.ORDINARY)
    assert kind.name == "small"
    assert kind.writers == MEMBERS
    assert tuple(kind.groups(SMALL, REF)) == ()
    assert (kind.check, kind.signed_alone, kind.may_be_open) == (None, False, False)
    assert (kind.by_radio, kind.shown_if_removed) == (False, False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        kind.lane = Lane.TRUST
    assert dict(NO_TARGETS) == {}
    assert View(name="v", row=Small, derive=lambda key, facts: None).sums is None


def test_the_key_of_an_entrys_group_is_its_reference() -> None:
    assert ref_key(REF) == REF.log + REF.seq.to_bytes(8, "big") + REF.hash
    assert len(ref_key(REF)) == 72


def test_roles_are_sets_that_grow() -> None:
    assert STEWARDS < MEMBERS < ANYONE < OBSERVERS < ADMITTED
    assert OBSERVERS - ANYONE == SENSORS
    assert Role.COURIER not in OBSERVERS
    assert frozenset(Role) == ADMITTED


@pytest.mark.parametrize("seq", [0, 1, 255, 256, 2**40 - 1])
def test_a_reference_as_a_key_comes_back_and_sorts_by_seq(seq) -> None:
    ref = Ref(b"l" * 32, seq, b"h" * 32)
    key = ref_key(ref)
    assert len(key) == REF_KEY_BYTES
    assert key == b"l" * 32 + seq.to_bytes(8, "big") + b"h" * 32
    assert ref_of(key) == ref
    assert ref_of(key + b"and what a table puts behind it") == ref
