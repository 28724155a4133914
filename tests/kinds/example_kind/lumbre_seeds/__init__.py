"""A seed library: packets lent out at a place, and packets brought back.

Rules: a loan has no borrower's name; what comes back is of a loan, and may be more than it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final

import msgspec

from lumbre.record.log import Lane, Ref
from lumbre.schema import (
    Body,
    Domain,
    Fact,
    GroupKey,
    Kind,
    View,
    points_to,
    quantity,
    ref_key,
)
from lumbre.schema.fields import Code, WallTime

Packets = Annotated[int, quantity(unit="packet", high=10_000)]


class SeedLoan(Body, frozen=True, tag="seeds.loan"):
    """Packets of a variety that left the library."""

    place: Annotated[Ref, points_to("place")]
    variety: Code
    packets: Packets
    back_by_s: WallTime | None = None


class SeedReturn(Body, frozen=True, tag="seeds.return"):
    """Packets that came back from a harvest."""

    loan: Annotated[Ref, points_to("seeds.loan")]
    variety: Code
    packets: Packets


class LoanRow(msgspec.Struct, array_like=True, frozen=True):
    """A loan and how much of it is still out; below zero, more came back."""

    loan: Ref
    place: Ref
    variety: Code
    lent: int
    out: int


def _return_groups(body: SeedReturn, ref: Ref) -> Iterable[GroupKey]:
    return (("seeds.loans", ref_key(body.loan)),)


def _loan_groups(body: SeedLoan, ref: Ref) -> Iterable[GroupKey]:
    return (("seeds.loans", ref_key(ref)),)


def _check_return(body: SeedReturn, targets: Any, author: bytes) -> str | None:
    same = targets[body.loan].variety == body.variety
    return None if same else "content.other-variety"


def derive_loan(key: bytes, facts: Sequence[Fact]) -> LoanRow | None:
    """What of a loan is still out."""
    loan = next((fact for fact in facts if isinstance(fact.body, SeedLoan)), None)
    if loan is None:
        return None
    back = sum(f.body.packets for f in facts if isinstance(f.body, SeedReturn) and f.counts)
    body: SeedLoan = loan.body
    lent = body.packets if loan.counts else 0
    return LoanRow(loan.ref, body.place, body.variety, lent, lent - back)


def _sums(row: LoanRow) -> Iterable[tuple[str, bytes, int]]:
    yield "seeds.out", row.variety.encode(), row.out


SEEDS: Final = Domain(
    name="seeds",
    kinds=(
        Kind(record=SeedLoan, lane=Lane.ORDINARY, groups=_loan_groups),
        Kind(record=SeedReturn, lane=Lane.ORDINARY, groups=_return_groups, check=_check_return),
    ),
    views=(View(name="seeds.loans", row=LoanRow, derive=derive_loan, sums=_sums),),
)
