"""How many bytes an author's log may hold, by role and lane, before anyone grants more.

A grant is a bound on the log itself: cumulative bytes of headers and bodies, all branches.
What is past it is neither stored nor forwarded; it is asked for again when the grant grows.

What this does not do: say how fast. A meeting's rate limits are the node's.
"""

from __future__ import annotations

from typing import Final

from lumbre.schema.roles import Role

KIB: Final = 1024
MIB: Final = 1024 * KIB

LaneBytes = tuple[int, int, int, int]
"""Bytes for the lanes trust, urgent, ordinary and bulk."""

DEFAULTS: Final[dict[Role, LaneBytes]] = {
    # Holds and forwards; writes only to admit its owner's next device, or to show a fork.
    Role.COURIER: (64 * KIB, 0, 0, 0),
    # Hourly probes of 300 bytes for ten years.
    Role.SENSOR: (0, 0, 0, 32 * MIB),
    # One key for all who come to the board without an account; any member renews it.
    Role.GUEST: (0, 4 * MIB, 4 * MIB, 0),
    # Reads, and may file needs, offers and objections as anyone.
    Role.READER: (64 * KIB, 2 * MIB, 2 * MIB, 0),
    # 30 entries of 400 bytes a day for five years, and as much again in observations.
    # 500 members at the bound stay under 32 GB.
    Role.MEMBER: (512 * KIB, 8 * MIB, 24 * MIB, 16 * MIB),
    # Removals with many pins and keys for every device are the longest acts: 64 KiB each.
    Role.STEWARD: (8 * MIB, 16 * MIB, 24 * MIB, 16 * MIB),
}

RENEWED_BY_A_MEMBER_MAX: Final[LaneBytes] = (0, 64 * MIB, 64 * MIB, 64 * MIB)
"""To here any member raises the grant of a guest's or sensor's key; past it the stewards."""


def merge(*grants: LaneBytes) -> LaneBytes:
    """Lane by lane the greatest: a grant only ever raises."""
    trust, urgent, ordinary, bulk = (max(lane) for lane in zip(*grants, strict=True))
    return trust, urgent, ordinary, bulk


def cap(grant: LaneBytes, most: LaneBytes) -> LaneBytes:
    """Lane by lane the lesser."""
    trust, urgent, ordinary, bulk = (min(lane) for lane in zip(grant, most, strict=True))
    return trust, urgent, ordinary, bulk
