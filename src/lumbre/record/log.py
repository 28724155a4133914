"""Logs: one author's entries in one space and lane.

A log's name is (space, author, lane, volume); its id is the SHA-256 of that name under a
domain of its own, so the same author is another log in another space, and an entry cannot be
replayed from one space into another.
"""

from __future__ import annotations

import hashlib
from enum import IntEnum
from typing import Annotated, Final

import msgspec

from lumbre.record.canonical import encode
from lumbre.record.limits import HASH_BYTES, KEY_BYTES, KEY_ID_BYTES, SEQ_MAX

NO_SPACE: Final = bytes(HASH_BYTES)
"""The space under which a founding entry is signed: the space is named by that entry's id."""

_LOG_DOMAIN: Final = b"lumbre/log/1\0"


class Lane(IntEnum):
    """What a log is for, and so in which order it travels."""

    TRUST = 0
    URGENT = 1
    ORDINARY = 2
    BULK = 3


Hash32 = Annotated[bytes, msgspec.Meta(min_length=HASH_BYTES, max_length=HASH_BYTES)]
SIGNED_ALONE: Final = frozenset({Lane.TRUST, Lane.URGENT})
"""Lanes of which each entry is signed: the urgent ones are taken in above a gap, too."""

KeyId = Annotated[bytes, msgspec.Meta(min_length=KEY_ID_BYTES, max_length=KEY_ID_BYTES)]
Seq = Annotated[int, msgspec.Meta(ge=0, le=SEQ_MAX)]
Key32 = Annotated[bytes, msgspec.Meta(min_length=KEY_BYTES, max_length=KEY_BYTES)]


class LogName(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """(space, author, lane, volume): what a log is; volume is 0 in this version."""

    space: Hash32
    author: Key32
    lane: Lane
    volume: Annotated[int, msgspec.Meta(ge=0, le=0)] = 0

    @property
    def id(self) -> bytes:
        """32 bytes that headers and references name the log by."""
        return hashlib.sha256(_LOG_DOMAIN + encode(self)).digest()


class Ref(
    msgspec.Struct,
    array_like=True,
    frozen=True,
    gc=False,
    order=True,
    forbid_unknown_fields=True,
):
    """A reference to an entry: (log id, seq, entry id). It resolves only there.

    Exactly three fields: with a fourth it would be a reference to those who know the kind,
    and none to those who find references by form.
    """

    log: Hash32
    seq: Seq
    hash: Hash32


class Mention(msgspec.Struct, array_like=True, frozen=True, gc=False, forbid_unknown_fields=True):
    """Names an entry without standing on it: nothing waits for it and no depth counts it.

    The order of its fields differs from `Ref`'s on purpose: references are found by form.
    """

    seq: Seq
    log: Hash32
    hash: Hash32

    @classmethod
    def of(cls, ref: Ref) -> Mention:
        """The mention of what `ref` refers to."""
        return cls(ref.seq, ref.log, ref.hash)

    @property
    def ref(self) -> Ref:
        """The reference to what this names."""
        return Ref(self.log, self.seq, self.hash)
