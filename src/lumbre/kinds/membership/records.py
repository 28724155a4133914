"""The kinds of membership: each act of trust travels in lane 0, signed alone and open.

Who may write an act is the replay's question (`lumbre.trust`), so here everyone admitted may.
An objection is a body like others, in the urgent lane, and anyone may file one (P15).
"""

from __future__ import annotations

from typing import Final

from lumbre.record.log import Lane
from lumbre.schema.kind import Domain, Kind
from lumbre.schema.roles import ADMITTED, ANYONE
from lumbre.trust import acts

_ACTS: Final = (
    acts.Found,
    acts.Invite,
    acts.Admit,
    acts.Device,
    acts.Close,
    acts.Remove,
    acts.Appoint,
    acts.Dismiss,
    acts.MovePins,
    acts.SetQuorum,
    acts.SetRules,
    acts.Epoch,
    acts.Wrap,
    acts.Organisation,
    acts.Mandate,
    acts.EndMandate,
    acts.Grant,
    acts.Approve,
    acts.Adopt,
    acts.ForkSeen,
)

MEMBERSHIP: Final = Domain(
    name="membership",
    kinds=(
        *(
            Kind(
                record=record,
                lane=Lane.TRUST,
                writers=ADMITTED,
                signed_alone=True,
                may_be_open=True,
            )
            for record in _ACTS
        ),
        Kind(
            record=acts.Objection,
            lane=Lane.URGENT,
            writers=ANYONE,
            signed_alone=True,
            shown_if_removed=True,
        ),
    ),
)
