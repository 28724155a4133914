"""Kinds of records and their views, one package a domain. Pure.

A domain says what is written, when that makes sense, and what is folded from it. `DOMAINS` are
the shipped ones; others come by the entry point group `lumbre.kinds`, whose entries name a
`Domain`.
"""

from __future__ import annotations

from typing import Final

from lumbre.kinds.membership import MEMBERSHIP
from lumbre.kinds.situation import SITUATION
from lumbre.kinds.supply import SUPPLY
from lumbre.schema.kind import Domain

DOMAINS: Final[tuple[Domain, ...]] = (MEMBERSHIP, SITUATION, SUPPLY)

ENTRY_POINTS: Final = "lumbre.kinds"
"""The group under which other packages offer a `Domain`."""

__all__ = ["DOMAINS", "ENTRY_POINTS", "MEMBERSHIP", "SITUATION", "SUPPLY"]
