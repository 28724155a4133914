"""The one family of errors.

Every error that lumbre raises on purpose is a `LumbreError`. It carries a message id, which
the catalogues turn into a sentence that says what happened and what to do next, and the
values of that sentence. The floors hold ids, never prose.

Rules: bad bytes from outside end as `Refused`, whoever sent them; nothing of another family
leaves `record.read_segment`, `ledger.admit` or `store`. An error never holds what a person
typed, only where it is kept.
"""

from __future__ import annotations

from typing import ClassVar


class LumbreError(Exception):
    """An error with a message id and the values of its sentence.

    `exit_code` is what the command line ends with.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message_id: str, **values: object) -> None:
        super().__init__(message_id, values)
        self.message_id = message_id
        self.values = values

    def __str__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in sorted(self.values.items()))
        return f"{self.message_id}({values})" if values else self.message_id


class Refused(LumbreError):
    """Bytes from outside that have no valid link: not stored, not forwarded."""

    exit_code = 3


class Invalid(LumbreError):
    """Something that this device was asked to write and that the rules do not allow."""

    exit_code = 4


class NotAllowed(LumbreError):
    """The author has no right to this act."""

    exit_code = 5


class Locked(LumbreError):
    """A passphrase is needed first."""

    exit_code = 6


class StoreError(LumbreError):
    """The disk or the store on it failed; nothing acknowledged is lost."""

    exit_code = 7


class NotFound(LumbreError):
    """There is no such thing here."""

    exit_code = 8
