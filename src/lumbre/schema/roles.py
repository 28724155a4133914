"""Roles: who takes part in a space, and who may write a kind."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Role(IntEnum):
    """What an author is in a space. A courier holds and forwards what it cannot read."""

    COURIER = 0
    SENSOR = 1
    GUEST = 2
    READER = 3
    MEMBER = 4
    STEWARD = 5


ANYONE: Final = frozenset({Role.GUEST, Role.READER, Role.MEMBER, Role.STEWARD})
"""P15: a need or an objection may be filed by anyone, guests included."""

MEMBERS: Final = frozenset({Role.MEMBER, Role.STEWARD})
STEWARDS: Final = frozenset({Role.STEWARD})
OBSERVERS: Final = ANYONE | {Role.SENSOR}
"""Who may say what they saw: people, and the device's own probes."""
SENSORS: Final = frozenset({Role.SENSOR})
ADMITTED: Final = frozenset(Role)
"""Anyone with an admitted key."""


class Via(IntEnum):
    """How a body came to be written. Nobody else's signature is ever implied."""

    OWN_DEVICE = 0
    BOARD = 1
    CLERK = 2
    PAPER = 3
    GUEST = 4
    SENSOR = 5
    IMPORT = 6
