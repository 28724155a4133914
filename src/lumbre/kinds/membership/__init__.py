"""Who takes part: the acts of trust as kinds, and objections beside what they dispute. Pure.

The acts and their rules are `lumbre.trust`'s; here an objection gets its view.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lumbre.kinds.membership.view import OBJECTION_VIEW, objection_groups
from lumbre.trust.acts import Objection
from lumbre.trust.domain import MEMBERSHIP as ACTS

MEMBERSHIP: Final = replace(
    ACTS,
    kinds=tuple(
        replace(kind, groups=objection_groups) if kind.record is Objection else kind
        for kind in ACTS.kinds
    ),
    views=(OBJECTION_VIEW,),
)

__all__ = ["MEMBERSHIP"]
