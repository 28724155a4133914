"""Acts of trust folded into who may write what. Pure."""

from lumbre.trust.acts import Act
from lumbre.trust.domain import MEMBERSHIP
from lumbre.trust.duties import current_epoch
from lumbre.trust.rights import AuthorRight, Rights, grant_bytes
from lumbre.trust.trust import Trust

__all__ = [
    "MEMBERSHIP",
    "Act",
    "AuthorRight",
    "Rights",
    "Trust",
    "current_epoch",
    "grant_bytes",
]
