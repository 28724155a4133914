"""Acts of trust folded into who may write what. Pure."""

from lumbre.trust.acts import Act
from lumbre.trust.rights import AuthorRight, Rights, grant_bytes
from lumbre.trust.trust import Trust

__all__ = ["Act", "AuthorRight", "Rights", "Trust", "grant_bytes"]
