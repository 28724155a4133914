"""Fields with units, bounds and permission, as data; how kinds and views are declared. Pure."""

from lumbre.schema.fields import Body, Field, Shows, code, fields_of, points_to, quantity
from lumbre.schema.kind import Domain, Fact, GroupKey, Kind, Standing, View, ref_key
from lumbre.schema.radio import fits_radio, radio_body_max_bytes
from lumbre.schema.registry import Decoded, Registry
from lumbre.schema.roles import ANYONE, MEMBERS, STEWARDS, Role, Via

__all__ = [
    "ANYONE",
    "MEMBERS",
    "STEWARDS",
    "Body",
    "Decoded",
    "Domain",
    "Fact",
    "Field",
    "GroupKey",
    "Kind",
    "Registry",
    "Role",
    "Shows",
    "Standing",
    "Via",
    "View",
    "code",
    "fields_of",
    "fits_radio",
    "points_to",
    "quantity",
    "radio_body_max_bytes",
    "ref_key",
]
