"""Who takes part: the acts of trust as kinds, and objections. The rules are in `lumbre.trust`."""

from lumbre.trust.domain import MEMBERSHIP

__all__ = ["MEMBERSHIP"]
