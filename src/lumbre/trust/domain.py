"""The kinds of membership: the acts of trust, and objections, as the registry knows them.

Acts are signed alone and open. Who may write an act is judged by the replay, not by `writers`.
"""

from __future__ import annotations

from typing import Final

from lumbre.record.log import Lane
from lumbre.schema.fields import Body
from lumbre.schema.kind import Domain, Kind
from lumbre.schema.roles import ADMITTED, ANYONE
from lumbre.trust import acts

_ACTS: Final[tuple[type[Body], ...]] = (
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
