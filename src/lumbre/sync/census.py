"""The census: what each device last said that it holds. Bytes and choices, no disk.

    record = [1, space, author, counter, key id, sealed, signature]     at most 4 KiB
    inside = [binding, device, wall_s, digest, without, rows]

Outside the logs: of each author the record with the greatest counter replaces the others. It is
signed by the author, so that a courier can check it, and sealed to the space, so that it cannot
read it. The frontier's digest says the common case in 16 bytes: who had the same frontier knows
all that is meant. Rows say it log by log to those who never had it.

Rules: what a record leaves out is not claimed. A row names the entry that it reaches up to, so
that it claims one branch and not another. Whatever does not open or has another form claims
nothing. Lengths are padded.

What it does not do: know which authors are admitted, or what is held here (`node.census`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Annotated, Final, NamedTuple, TypeVar

import msgspec
from nacl import bindings
from nacl.exceptions import CryptoError

from lumbre.errors import Invalid, Refused
from lumbre.record.canonical import encode
from lumbre.record.epoch import EpochKeys
from lumbre.record.keys import SigningKey, is_signed
from lumbre.record.limits import DEPTH_MAX, KEY_ID_BYTES, SIGNATURE_BYTES, WALL_MAX_S
from lumbre.record.log import Hash32, Key32, KeyId, Seq

CENSUS_MAX_BYTES: Final = 4096
"""A record: a device's share of a meeting, and one page on a disk."""
MEETING_MAX_BYTES: Final = 64 * 1024
"""Records in a meeting: sixteen of the largest, some hundreds of the common ones."""
PADDED_BYTES: Final = (128, 256, 512, 1024, 2048, 3840)
"""Lengths that the inside of a record may have: they tell a listener next to nothing."""
WITHOUT_MAX: Final = 64
"""Logs that a digest may leave out; who lacks bodies in more claims by rows alone."""
ROWS_MAX: Final = 256
"""More than fit: the form is bounded before the rows are looked at."""
PREFIX_BYTES: Final = 8
DEVICE_BYTES: Final = 8
DIGEST_BYTES: Final = 16
TAG_BYTES: Final = 4
VERSION: Final = 1

_SIGN_DOMAIN: Final = b"lumbre/census/1\0"
_BIND_DOMAIN: Final = b"lumbre/census/bind/1\0"
_FRONTIER_DOMAIN: Final = b"lumbre/census/frontier/1\0"
_ARRAY_MARGIN_BYTES: Final = 4

Prefix = Annotated[bytes, msgspec.Meta(min_length=PREFIX_BYTES, max_length=PREFIX_BYTES)]
_T = TypeVar("_T")


class Row(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The bodies from `first` to `seq` are held, in the branch where `seq` is the entry `id`.

    Log and entry are named by 8 bytes: beyond chance, and who makes two alike harms own logs only.
    """

    log: Prefix
    first: Seq
    seq: Seq
    id: Prefix


class Says(msgspec.Struct, array_like=True, frozen=True):
    """What a device says that it holds.

    `device` is random, the same under every author key that the device has in the space: two
    accounts on one laptop are one holder. `digest` is of its frontier and claims all of it, but
    for the logs in `without`; empty, it claims nothing.
    """

    device: Annotated[bytes, msgspec.Meta(min_length=DEVICE_BYTES, max_length=DEVICE_BYTES)]
    wall_s: Annotated[int, msgspec.Meta(ge=0, le=WALL_MAX_S)]
    digest: Annotated[bytes, msgspec.Meta(max_length=DIGEST_BYTES)]
    without: Annotated[tuple[Prefix, ...], msgspec.Meta(max_length=WITHOUT_MAX)]
    rows: Annotated[tuple[Row, ...], msgspec.Meta(max_length=ROWS_MAX)]


class _Inside(msgspec.Struct, array_like=True, frozen=True):
    binding: Annotated[bytes, msgspec.Meta(min_length=DIGEST_BYTES, max_length=DIGEST_BYTES)]
    says: Says


class Record(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One device's record as it travels."""

    version: Annotated[int, msgspec.Meta(ge=VERSION, le=VERSION)]
    space: Hash32
    author: Key32
    counter: Annotated[int, msgspec.Meta(ge=0, le=DEPTH_MAX)]
    key_id: KeyId
    sealed: Annotated[bytes, msgspec.Meta(max_length=CENSUS_MAX_BYTES)]
    signature: Annotated[
        bytes, msgspec.Meta(min_length=SIGNATURE_BYTES, max_length=SIGNATURE_BYTES)
    ]

    @property
    def is_signed(self) -> bool:
        """Whether the author signed exactly this."""
        message = _signed(self.space, self.author, self.counter, self.key_id, self.sealed)
        return is_signed(_SIGN_DOMAIN, message, self.signature, self.author)


class Kept(NamedTuple):
    """A record as a device keeps it: when it was taken, and which sending was its last."""

    author: bytes
    counter: int
    record: bytes
    taken_s: int
    sent: int


class Chain(NamedTuple):
    """One branch's way down: its log, the first and the last seq that are there, the last id."""

    log: bytes
    first_seq: int
    seq: int
    id: bytes


def frontier_digest(chains: Iterable[Chain]) -> bytes:
    """16 bytes that name how far every log is known: equal only where all of it is."""
    digest = hashlib.sha256(_FRONTIER_DOMAIN)
    for chain in sorted(chains):
        digest.update(chain.log + chain.first_seq.to_bytes(8, "big"))
        digest.update(chain.seq.to_bytes(8, "big") + chain.id)
    return digest.digest()[:DIGEST_BYTES]


def row_of(log: bytes, first_seq: int, seq: int, id_: bytes) -> Row:
    """The claim of a run of bodies up to an entry."""
    return Row(log[:PREFIX_BYTES], first_seq, seq, id_[:PREFIX_BYTES])


def fitting(rows: Iterable[Row], without: Sequence[bytes]) -> tuple[Row, ...]:
    """The first of `rows` that fit into one record beside what else it says."""
    empty = Says(bytes(DEVICE_BYTES), WALL_MAX_S, bytes(DIGEST_BYTES), tuple(without), ())
    room = PADDED_BYTES[-1] - 1 - len(encode(_Inside(bytes(DIGEST_BYTES), empty)))
    room -= _ARRAY_MARGIN_BYTES
    found: list[Row] = []
    for row in rows:
        room -= len(encode(row))
        if room < 0 or len(found) == ROWS_MAX:
            break
        found.append(row)
    return tuple(found)


def write(key: SigningKey, space: bytes, counter: int, public: bytes, says: Says) -> bytes:
    """A signed record, sealed to the public half of the space's epoch.

    Whoever is admitted knows that half: couriers, who read nothing, say what they hold too.
    """
    plain = encode(_Inside(_binding(space, key.public, counter), says))
    try:
        sealed = bindings.crypto_box_seal(_pad(plain), public)
    except (CryptoError, RuntimeError, TypeError, ValueError) as error:
        raise Refused("refused.bad-key") from error
    key_id = public[:KEY_ID_BYTES]
    message = _signed(space, key.public, counter, key_id, sealed)
    signature = key.sign(_SIGN_DOMAIN, message)
    record = encode(Record(VERSION, space, key.public, counter, key_id, sealed, signature))
    assert len(record) <= CENSUS_MAX_BYTES
    return record


def read(data: bytes) -> Record:
    """A record of canonical form; its signature is another question (`Record.is_signed`)."""
    if len(data) > CENSUS_MAX_BYTES:
        raise Refused("refused.too-large", size_bytes=len(data), max_bytes=CENSUS_MAX_BYTES)
    return _decode(data, Record)


def open_(record: Record, keys: Iterable[EpochKeys]) -> Says | None:
    """What a record says, by the first of `keys` that opens it; None where it says nothing."""
    for epoch in keys:
        if epoch.public[:KEY_ID_BYTES] != record.key_id:
            continue
        try:
            padded = bindings.crypto_box_seal_open(record.sealed, epoch.public, epoch.private)
        except (CryptoError, RuntimeError, TypeError, ValueError):
            continue
        return _inside(record, padded)
    return None


def _inside(record: Record, padded: bytes) -> Says | None:
    plain = padded.rstrip(b"\0")
    if len(padded) not in PADDED_BYTES or not plain.endswith(b"\x80"):
        return None
    try:
        inside = _decode(plain[:-1], _Inside)
    except Refused:
        return None
    # Another author, who may not even read it, cannot put this into a record of its own.
    is_own = inside.binding == _binding(record.space, record.author, record.counter)
    return inside.says if is_own and len(inside.says.digest) in (0, DIGEST_BYTES) else None


def summary(kept: Iterable[Kept]) -> bytes:
    """8 bytes that are equal on two devices that keep the same records: none has to travel."""
    named = sorted((one.author, one.counter) for one in kept)
    digest = hashlib.blake2b(digest_size=PREFIX_BYTES)
    for author, counter in named:
        digest.update(author + counter.to_bytes(8, "big"))
    return digest.digest()


def tag(salt: bytes, author: bytes, counter: int) -> bytes:
    """4 bytes by which one side tells the other that it has a record; `salt` is the meeting's."""
    named = author + counter.to_bytes(8, "big")
    return hashlib.blake2b(named, key=salt, digest_size=TAG_BYTES).digest()


def select(
    kept: Iterable[Kept],
    budget_bytes: int,
    known: frozenset[bytes] = frozenset(),
    salt: bytes = b"",
) -> list[Kept]:
    """The records for one meeting: least recently sent first, within the budget.

    `known` are the tags of what the other side said it has.
    """
    found = []
    for one in sorted(kept, key=lambda one: (one.sent, one.author)):
        if tag(salt, one.author, one.counter) in known:
            continue
        budget_bytes -= len(one.record)
        if budget_bytes < 0:
            break
        found.append(one)
    return found


def left_over(first: int, last: int, taken: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of `first` to `last` without some ranges; all ends are included."""
    found = []
    for low, high in sorted(taken):
        if low > first:
            found.append((first, min(last, low - 1)))
        first = max(first, high + 1)
        if first > last:
            break
    if first <= last:
        found.append((first, last))
    return [(low, high) for low, high in found if low <= high]


def _signed(space: bytes, author: bytes, counter: int, key_id: bytes, sealed: bytes) -> bytes:
    return encode((VERSION, space, author, counter, key_id, sealed))


def _binding(space: bytes, author: bytes, counter: int) -> bytes:
    message = _BIND_DOMAIN + space + author + counter.to_bytes(8, "big")
    return hashlib.sha256(message).digest()[:DIGEST_BYTES]


def _pad(plain: bytes) -> bytes:
    for size in PADDED_BYTES:
        if len(plain) < size:
            return plain + b"\x80" + bytes(size - len(plain) - 1)
    raise Invalid("invalid.body-too-large", size_bytes=len(plain), max_bytes=PADDED_BYTES[-1])


def _decode(data: bytes, type_: type[_T]) -> _T:
    try:
        found = msgspec.msgpack.decode(data, type=type_)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise Refused("refused.not-a-census") from error
    if type_ is Record and encode(found) != data:
        raise Refused("refused.not-canonical")
    return found
