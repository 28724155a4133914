"""What is where, missing, given and on its way. Pure."""

from __future__ import annotations

from typing import Final

from lumbre.kinds.supply import needs, offers, records, rules
from lumbre.record.log import Lane
from lumbre.schema.kind import Domain, Kind
from lumbre.schema.roles import ANYONE

NEEDS: Final = (
    Kind(
        record=records.Good,
        lane=Lane.ORDINARY,
        groups=offers.good_groups,
        check=rules.check_good,
    ),
    Kind(
        record=records.Need,
        lane=Lane.URGENT,
        writers=ANYONE,
        groups=needs.need_groups,
        check=rules.check_need,
        signed_alone=True,
        shown_if_removed=True,
    ),
    Kind(
        record=records.RadioNeed,
        lane=Lane.URGENT,
        writers=ANYONE,
        groups=needs.radio_need_groups,
        check=rules.check_radio_need,
        signed_alone=True,
        by_radio=True,
        shown_if_removed=True,
    ),
    Kind(
        record=records.Confirmed,
        lane=Lane.ORDINARY,
        groups=offers.confirmed_groups,
        check=rules.check_confirmed,
    ),
    Kind(
        record=records.NeedClosed,
        lane=Lane.ORDINARY,
        groups=needs.of_need,
        check=rules.check_need_closed,
    ),
    Kind(
        record=records.StillNeeded,
        lane=Lane.ORDINARY,
        writers=ANYONE,
        groups=needs.of_need,
        check=rules.check_still_needed,
        shown_if_removed=True,
    ),
    Kind(
        record=records.Offer,
        lane=Lane.ORDINARY,
        writers=ANYONE,
        groups=offers.offer_groups,
        check=rules.check_offer,
    ),
    Kind(
        record=records.OfferWithdrawn,
        lane=Lane.ORDINARY,
        writers=ANYONE,
        groups=offers.withdrawn_groups,
        check=rules.check_offer_withdrawn,
    ),
    Kind(
        record=records.Commitment,
        lane=Lane.ORDINARY,
        groups=offers.commitment_groups,
        check=rules.check_commitment,
    ),
    Kind(
        record=records.CommitmentWithdrawn,
        lane=Lane.ORDINARY,
        groups=offers.answer_groups,
        check=rules.check_commitment_withdrawn,
    ),
    Kind(
        record=records.NotArrived,
        lane=Lane.ORDINARY,
        writers=ANYONE,
        groups=offers.answer_groups,
        check=rules.check_not_arrived,
    ),
)

SUPPLY: Final = Domain(
    name="supply",
    kinds=NEEDS,
    views=needs.NEED_VIEWS + offers.OFFER_VIEWS,
)

__all__ = ["SUPPLY"]
