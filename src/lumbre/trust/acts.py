"""The acts of trust: who takes part in a space, in what role, and with which keys.

Each act is a body of lane 0, signed alone and open, so that a courier can judge it; names
and reasons are opaque bytes, sealed to members. `after` carries the heads of the trust lane
that the writer knew: with the log's own `prev` it is the act's causal past.

A `Ref` makes an entry wait for what it names; a `Mention` does not. Acts refer to the acts
that they stand on (a vote to its proposal) and mention what they judge (pins, disputed or
adopted entries).

A person is named by the id of the act that first admitted it. Acts that touch stewards, take
a right away from others, or make keys for the space are proposals: they are in effect once
enough stewards have approved them.

What this does not do: judge. See `lumbre.trust.council` and `lumbre.trust.people`.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from lumbre.record.entry import Entry
from lumbre.record.fork import PROOF_MAX_BYTES
from lumbre.record.log import Hash32, Key32, Mention, Ref
from lumbre.schema.fields import AuthorKey, Body, Code, Duration, Shows, points_to
from lumbre.schema.roles import Role

AFTER_MAX: Final = 16
"""Heads that one act names; further heads are joined by further acts. It bounds the work of
one act; honest lanes have a handful of heads."""
PINS_MAX: Final = 512
"""Pins of one act: 32 keys of a person, four lanes, and room for branches; fits 64 KiB."""
SEALED_MAX_BYTES: Final = 1024
"""A name or a reason, sealed and padded."""
COFOUNDERS_MAX: Final = 15
"""With the founder 16: a founding assembly's committee; more are appointed afterwards."""
WRAPS_MAX: Final = 400
"""Boxes for devices in one act; a larger space adds `Wrap` acts. Fits 64 KiB."""
EXCLUDES_MAX: Final = 1024
"""Keys that an epoch names as removed; ten years of a commune stay under it."""
DEPUTIES_MAX: Final = 8
"""Who follows whom in a duty: past a handful nobody knows that it is their turn."""
GRANT_MAX_BYTES: Final = 2**40
"""More than any of the community's disks: a bound on the number, not on the space."""
QUORUM_LEAST_PERCENT: Final = 50
QUORUM_MOST_PERCENT: Final = 90
"""Above it one silent steward in ten would stop a space."""

After = Annotated[tuple[Ref, ...], Meta(max_length=AFTER_MAX)]
Pins = Annotated[tuple[Mention, ...], Meta(max_length=PINS_MAX)]
SealedText = Annotated[bytes, Meta(max_length=SEALED_MAX_BYTES)]
Person = Annotated[bytes, Meta(min_length=32, max_length=32, extra={"shows": Shows.WHO})]
Consent = Annotated[bytes, Meta(max_length=64)]
"""The new key's signature over `people.consent_message`, or empty. It is looked at only where
two acts admit one key."""
Percent = Annotated[int, Meta(ge=QUORUM_LEAST_PERCENT, le=QUORUM_MOST_PERCENT)]
Version = Annotated[int, Meta(ge=1, le=10_000)]
LaneBytes = Annotated[int, Meta(ge=0, le=GRANT_MAX_BYTES)]
Box = Annotated[bytes, Meta(min_length=48, max_length=112)]

RESERVED_TAGS: Final = frozenset({"revive"})
"""Kinds that no other domain may take: members naming new stewards where all are silent."""


class Cofounder(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A steward from the first moment: a space of several founders is never one person's."""

    key: Key32
    consent: Consent


class Box32(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An epoch's key, boxed for one author's device."""

    key: Key32
    box: Box


class Found(Body, frozen=True, tag="found"):
    """The founding entry, alone in a log under the all-zero space; its id names the space.

    `recovery` is the public key that lies on paper: it may admit and close keys of its
    founder, and nothing else.
    """

    recovery: Key32 | None
    rules_version: Version
    quorum_percent: Percent
    cofounders: Annotated[tuple[Cofounder, ...], Meta(max_length=COFOUNDERS_MAX)]
    sealed: SealedText = b""


class TrustAct(Body, frozen=True):
    """What every act but the founding has: the heads of the trust lane that its writer knew."""

    after: After


class Invite(TrustAct, frozen=True, tag="invite"):
    """A member's promise to admit who shows the one-time key behind `token_hash`."""

    token_hash: Hash32
    role: Role
    sealed: SealedText = b""


class Admit(TrustAct, frozen=True, tag="admit"):
    """Admits `key`: as a new person (`person` None), or as a further key of a person.

    The first is any member's act, up to the role of member; the second is a proposal.
    """

    key: AuthorKey
    consent: Consent
    role: Role
    person: Person | None
    invite: Annotated[Ref | None, points_to("invite")]
    sealed: SealedText = b""


class Device(TrustAct, frozen=True, tag="device"):
    """A person's own key, or its paper, admits another key of the same person."""

    person: Person
    key: AuthorKey
    consent: Consent
    sealed: SealedText = b""


class Close(TrustAct, frozen=True, tag="close"):
    """A person's own other key, or its paper, closes `key`; entries past the pins are void."""

    key: AuthorKey
    pins: Pins
    sealed: SealedText = b""


class Remove(TrustAct, frozen=True, tag="remove"):
    """Proposes to remove a person with all its keys, or only `key` of it."""

    person: Person
    key: AuthorKey | None
    pins: Pins
    sealed: SealedText = b""


class Appoint(TrustAct, frozen=True, tag="appoint"):
    """Proposes that a member becomes a steward."""

    person: Person
    sealed: SealedText = b""


class Dismiss(TrustAct, frozen=True, tag="dismiss"):
    """Proposes that a steward goes back to being a member; stewards' acts past the pins void."""

    person: Person
    pins: Pins
    sealed: SealedText = b""


class MovePins(TrustAct, frozen=True, tag="pins"):
    """Proposes other pins for an earlier remove, dismiss or close."""

    removal: Annotated[Ref, points_to("remove", "dismiss", "close")]
    pins: Pins
    sealed: SealedText = b""


class SetQuorum(TrustAct, frozen=True, tag="quorum"):
    """Proposes that decisions take more than this share of the stewards."""

    percent: Percent


class SetRules(TrustAct, frozen=True, tag="rules"):
    """Proposes the version of the rules of rights."""

    version: Version


class Epoch(TrustAct, frozen=True, tag="epoch"):
    """Proposes a new key of the space: its X25519 half, boxes for devices, the one before."""

    public: Key32
    boxes: Annotated[tuple[Box32, ...], Meta(max_length=WRAPS_MAX)]
    predecessor: Annotated[Ref | None, points_to("epoch")]
    predecessor_box: Annotated[bytes, Meta(max_length=128)]
    excludes: Annotated[tuple[AuthorKey, ...], Meta(max_length=EXCLUDES_MAX)]


class Wrap(TrustAct, frozen=True, tag="wrap"):
    """Further boxes of an epoch's key, for devices that were admitted later."""

    epoch: Annotated[Ref, points_to("epoch")]
    boxes: Annotated[tuple[Box32, ...], Meta(max_length=WRAPS_MAX)]


class Organisation(TrustAct, frozen=True, tag="organisation"):
    """Names an organisation that takes part; its name is inside `sealed`."""

    sealed: SealedText


class Mandate(TrustAct, frozen=True, tag="mandate"):
    """Proposes who speaks for an organisation or has a duty, and who follows, in order.

    `term_s` is shown; no clock ends a mandate.
    """

    organisation: Annotated[Ref | None, points_to("organisation")]
    duty: Code
    holder: Person
    deputies: Annotated[tuple[Person, ...], Meta(max_length=DEPUTIES_MAX)]
    term_s: Duration
    sealed: SealedText = b""


class EndMandate(TrustAct, frozen=True, tag="mandate-end"):
    """Ends a person's turn in a mandate: by that person, by a deputy, or as a proposal."""

    mandate: Annotated[Ref, points_to("mandate")]
    person: Person
    sealed: SealedText = b""


class Grant(TrustAct, frozen=True, tag="grant"):
    """How many bytes an author's logs may hold, lane by lane; a grant only ever raises.

    For a guest's or sensor's key it is any member's act up to a cap; else a proposal.
    """

    key: AuthorKey
    lane_bytes: tuple[LaneBytes, LaneBytes, LaneBytes, LaneBytes]


class Approve(TrustAct, frozen=True, tag="approve"):
    """A steward's vote for a proposal. Persons count, not devices."""

    proposal: Ref


class Adopt(TrustAct, frozen=True, tag="adopt"):
    """A member takes on a removed member's entry: it counts, once however often adopted."""

    entry: Mention


class Objection(Body, frozen=True, tag="objection"):
    """Anyone's objection. Lane 1, so that no bound of the trust lane keeps it out."""

    disputes: Mention
    sealed: SealedText


class ForkSeen(TrustAct, frozen=True, tag="fork"):
    """Shows that one key wrote two branches. It proves itself and by itself stops nothing."""

    left: Annotated[bytes, Meta(max_length=PROOF_MAX_BYTES // 2)]
    right: Annotated[bytes, Meta(max_length=PROOF_MAX_BYTES // 2)]


class Act(msgspec.Struct, frozen=True):
    """An entry of lane 0 with a valid link, and its body.

    `body` is None where this version does not know the kind: the entry then only hands on
    its past, `refs`.
    """

    entry: Entry
    body: Body | None
    refs: tuple[Ref, ...] = ()
