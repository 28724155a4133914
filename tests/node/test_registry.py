"""Kinds of other packages: a bad one is left out and named, and stops nothing."""

from __future__ import annotations

from importlib import metadata

import pytest

from lumbre.kinds import DOMAINS
from lumbre.node.registry import load_registry
from lumbre.record import Lane
from lumbre.schema import Body, Domain, Kind


class Revive(Body, frozen=True, tag="revive"):
    """Takes a name that is reserved."""


class Untold(Body, frozen=True, tag="untold"):
    """Has a field that canonical bytes do not know."""

    weight_kg: float


class Point:
    """An entry point."""

    def __init__(self, name: str, found: object) -> None:
        self.name = name
        self._found = found

    def load(self) -> object:
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


def domain_of(record: type[Body]) -> Domain:
    return Domain(name="other", kinds=(Kind(record=record, lane=Lane.ORDINARY),))


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(ImportError("gone"), id="it does not load"),
        pytest.param("no domain", id="it is no domain"),
        pytest.param(DOMAINS[1], id="it claims a name that is taken"),
        pytest.param(domain_of(Revive), id="it claims a name that is reserved"),
        pytest.param(domain_of(Untold), id="it has a field that is no value"),
    ],
)
def test_p10_a_bad_package_of_kinds_is_left_out_and_named(monkeypatch, found):
    monkeypatch.setattr(metadata, "entry_points", lambda group: [Point("other", found)])
    registry, failed = load_registry()
    assert failed == ["other"]
    assert registry.domains == DOMAINS
