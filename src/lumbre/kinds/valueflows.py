"""How records map to ValueFlows (the REA vocabulary), as data for docs and exports."""

from __future__ import annotations

from typing import Final

MAPPING: Final = (
    ("`good`", "`ResourceSpecification`", "`unit` is its `defaultUnitOfResource`"),
    ("`place`", "`SpatialThing`", "also the `currentLocation` of what a store holds"),
    ("organisation", "`Agent` (`Organization`)", "persons are no agents here: rows have no names"),
    ("`need`, `need-r`", "`Intent` with a `receiver` only", "`resourceQuantity`, `due`"),
    ("`offer`", "`Intent` with a `provider` only", "`availableQuantity`; `due` is `until_s`"),
    ("`commitment`", "`Commitment`", "`satisfies` the need, the offer or both"),
    ("`commitment-withdrawn`, `not-arrived`", "`Commitment.finished`", "with two reasons"),
    ("`received`", "`EconomicEvent`, action `transfer`", "its `commitment` is what it `fulfills`"),
    ("`dispatch`", "`EconomicEvent`, action `transferCustody`", "from the store onto the way"),
    ("`receipt`", "`EconomicEvent`, action `transferCustody`", "off the way into the store"),
    ("`handed-out`", "`EconomicEvent`, action `transfer`", "no receiver is ever named"),
    ("`loss`, `way-loss`", "`EconomicEvent`, action `lower`", "`reason` in the note"),
    ("`stocktake`", "`EconomicEvent`, `raise` or `lower` by the difference", "never sets"),
    ("`cash`", "`EconomicEvent`, action `transfer`", "two persons' marks"),
    ("total `stock`", "`EconomicResource.onhandQuantity`", "of one good in one store"),
    ("total `transit`", "`EconomicResource` of the way itself", "by from, to and good"),
)
