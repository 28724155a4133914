"""Founding a space, and letting a device in when there is no network at all.

    keeper:  invitation  ->  (a file)  ->  newcomer: request  ->  (a file)  ->  keeper: admit

An invitation names the space and the X25519 half of its epoch; a request carries the
newcomer's fresh author key, signed by itself, and its name sealed to that epoch, so that a
stick shows neither names nor content. Both sides read six words aloud before `admit`.

What this does not do: carry the files.
"""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Annotated, Final, TypeVar

import msgspec

from lumbre.errors import Invalid, Refused
from lumbre.node.node import Node
from lumbre.record import START, Entry, Lane, LogName, SigningKey, Writer, is_signed
from lumbre.record.canonical import encode
from lumbre.record.epoch import EpochKeys, box_for, unbox
from lumbre.record.limits import KEY_BYTES, KEY_ID_BYTES
from lumbre.record.log import NO_SPACE, Hash32, Key32
from lumbre.record.seal import Sealed, open_envelope, seal_envelope, seal_text
from lumbre.schema import Role, Via
from lumbre.schema.fields import NAME_MAX_CHARS
from lumbre.trust.acts import WRAPS_MAX, Admit, Box32, Epoch, Found, Wrap
from lumbre.trust.duties import closed_keys, epochs

READS: Final = frozenset({Role.READER, Role.MEMBER, Role.STEWARD})
"""Who gets an epoch's key: a guest's words pass over the board, which has it."""
RULES_VERSION: Final = 1
# More than half decides: the least that two majorities cannot contradict.
QUORUM_PERCENT: Final = 50
# Three keys, and a key with a name of 120 characters and a signature: both fit a QR code.
INVITATION_MAX_BYTES: Final = 512
REQUEST_MAX_BYTES: Final = 2048

_REQUEST_DOMAIN: Final = b"lumbre/request/1\0"
_WORDS_DOMAIN: Final = b"lumbre/words/1\0"
_NONCE_BYTES: Final = 24
_TURNS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})

_T = TypeVar("_T")


class Invitation(msgspec.Struct, array_like=True, frozen=True, tag="lumbre-invitation"):
    """Which space, and to which key a request is sealed."""

    space: Hash32
    epoch: Hash32
    public: Key32


class Request(msgspec.Struct, array_like=True, frozen=True, tag="lumbre-request"):
    """A newcomer's key for a space, its name sealed, and its own signature over both."""

    space: Hash32
    author: Key32
    sealed_name: Annotated[bytes, msgspec.Meta(max_length=512)]
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


def found(node: Node, space_name: str, person_name: str, *, paper: bytes | None = None) -> bytes:
    """Found a space with its first epoch; the id of the new space.

    `paper` is the public half of the recovery key that lies on paper, if there is one.
    """
    secret = node.random.bytes(KEY_BYTES)
    keys = EpochKeys.of(secret)
    seed = node.random.bytes(KEY_BYTES)
    key = SigningKey(seed)
    sealed = seal_text(_plain(space_name) + "\n" + _plain(person_name), keys.text, _nonce(node))
    body = Found(Via.OWN_DEVICE, None, paper, RULES_VERSION, QUORUM_PERCENT, (), sealed)
    writer = Writer(LogName(NO_SPACE, key.public, Lane.TRUST), key)
    entry = writer.append(node.registry.encode(body), depth=1, wall_s=node.clock.now_s())
    space = entry.id
    node.add_space(space)
    node.keep_author(space, seed)
    node.store(START, [entry])
    readers = (key.public,) if paper is None else (key.public, paper)
    boxes = tuple(Box32(reader, box_for(reader, secret)) for reader in readers)
    act = Epoch(Via.OWN_DEVICE, None, (entry.ref,), keys.public, boxes, None, b"", ())
    (made,) = node.write(space, key, [act])
    node.learn_epoch(space, made.id, secret)
    return space


def invite(node: Node, space: bytes) -> bytes:
    """An invitation to a space, for a file or a QR link. It gives nobody a right."""
    epoch, keys = node.space(space).current_keys()
    return encode(Invitation(space, epoch, keys.public))


def ask(node: Node, invitation: bytes, person_name: str) -> bytes:
    """Begin to hold the space of an invitation, and a request to be let in."""
    asked = _read(invitation, INVITATION_MAX_BYTES, Invitation)
    node.add_space(asked.space)
    closed = closed_keys(node.space(asked.space).ledger.rights)
    keys = [key for key in node.authors(asked.space) if key.public not in closed]
    key = keys[0] if keys else node.keep_author(asked.space, node.random.bytes(KEY_BYTES))
    sealed = seal_envelope(_plain(person_name).encode(), [asked.public])[0].box
    signature = key.sign(_REQUEST_DOMAIN, asked.space + key.public + sealed)
    return encode(Request(asked.space, key.public, sealed, signature))


def read_request(node: Node, data: bytes) -> tuple[Request, str]:
    """A request whose signature holds, and the name in it."""
    request = _read(data, REQUEST_MAX_BYTES, Request)
    signed = request.space + request.author + request.sealed_name
    if not is_signed(_REQUEST_DOMAIN, signed, request.signature, request.author):
        raise Refused("refused.bad-signature")
    for keys in node.space(request.space).epoch_keys():
        boxed = (Sealed(keys.public[:KEY_ID_BYTES], request.sealed_name),)
        try:
            name = open_envelope(boxed, keys.public, keys.private).decode()
        except (Refused, UnicodeDecodeError):
            continue
        return request, _plain(name)
    raise Refused("refused.other-epoch")


def admit(node: Node, key: SigningKey, request: Request, name: str, role: Role) -> Entry:
    """Admit the key of a request as a new person, and give it the epoch's key."""
    space = node.space(request.space)
    epoch, keys = space.current_keys()
    sealed = seal_text(_plain(name), keys.text, _nonce(node))
    act = Admit(Via.OWN_DEVICE, None, space.after(), request.author, b"", role, None, None, sealed)
    (admitted,) = node.write(space.id, key, [act])
    if role in READS:
        boxes = (Box32(request.author, box_for(request.author, keys.secret)),)
        epoch_ref = node.find_id(space.id, epoch)
        node.write(space.id, key, [Wrap(Via.OWN_DEVICE, None, space.after(), epoch_ref, boxes)])
    return admitted


def renew_epoch(node: Node, space: bytes, key: SigningKey) -> Entry:
    """Propose a new epoch that excludes every key taken away; those who read get it boxed.

    It is in effect once enough stewards approve. The epoch before is wrapped inside, so that a
    newcomer with the new key can read what was written under the old.
    """
    held = node.space(space)
    before, keys = held.current_keys()
    secret = node.random.bytes(KEY_BYTES)
    fresh = EpochKeys.of(secret)
    rights = held.ledger.rights
    closed = closed_keys(rights)
    readers = sorted(
        author
        for author, right in rights.authors()
        if author not in closed and (right.role in READS or author == rights.paper)
    )
    boxes = [box for author in readers for box in _boxed(author, secret)]
    predecessor_box = seal_envelope(keys.secret, [fresh.public])[0].box
    act = Epoch(
        Via.OWN_DEVICE,
        None,
        held.after(),
        fresh.public,
        tuple(boxes[:WRAPS_MAX]),
        node.find_id(space, before),
        predecessor_box,
        tuple(sorted(closed)),
    )
    (made,) = node.write(space, key, [act])
    node.learn_epoch(space, made.id, secret)
    for at in range(WRAPS_MAX, len(boxes), WRAPS_MAX):
        more = tuple(boxes[at : at + WRAPS_MAX])
        node.write(space, key, [Wrap(Via.OWN_DEVICE, None, held.after(), made.ref, more)])
    return made


def _boxed(author: bytes, secret: bytes) -> tuple[Box32, ...]:
    """A box for one device; none where anybody admitted 32 bytes that are no key."""
    try:
        return (Box32(author, box_for(author, secret)),)
    except Refused:
        return ()


def collect_keys(node: Node, space: bytes) -> int:
    """Learn the epoch keys that acts have boxed for this node's authors; how many were new."""
    learnt = sum(learn_boxes(node, space, key) for key in node.authors(space))
    return learnt + _collect_predecessors(node, space)


def learn_boxes(node: Node, space: bytes, key: SigningKey) -> int:
    """Learn the epoch keys that are boxed for one signing key; how many were new."""
    learnt = 0
    held = node.space(space)
    made = {epoch.ref.hash: epoch.body.public for epoch in epochs(held.ledger.rights)}
    for epoch, box in held.boxes(key.public):
        try:
            secret = unbox(box, key)
        except Refused:
            continue
        # Anybody may box anything: only the act itself says which key is the epoch's.
        if held.keys_of(epoch) is None and EpochKeys.of(secret).public == made[epoch]:
            node.learn_epoch(space, epoch, secret)
            learnt += 1
    return learnt


def _collect_predecessors(node: Node, space: bytes) -> int:
    """Learn older epochs from newer ones, one inside the other."""
    learnt = 0
    held = node.space(space)
    known = epochs(held.ledger.rights)
    made = {epoch.ref.hash: epoch.body.public for epoch in known}
    for epoch in reversed(known):
        older = epoch.body.predecessor
        keys = held.keys_of(epoch.ref.hash)
        if keys is None or older is None or held.keys_of(older.hash) is not None:
            continue
        boxed = (Sealed(keys.public[:KEY_ID_BYTES], epoch.body.predecessor_box),)
        try:
            secret = open_envelope(boxed, keys.public, keys.private)
        except Refused:
            continue
        if EpochKeys.of(secret).public == made.get(older.hash):
            node.learn_epoch(space, older.hash, secret)
            learnt += 1
    return learnt


def words_bytes(request: Request) -> bytes:
    """What both sides read aloud: bytes from which six words are chosen."""
    signed = request.space + request.author + request.sealed_name
    return hashlib.sha256(_WORDS_DOMAIN + signed).digest()


def words_bytes_of(request: bytes) -> bytes:
    """The same for a request that this device made itself."""
    return words_bytes(_read(request, REQUEST_MAX_BYTES, Request))


def space_of(request: bytes) -> bytes:
    """The space that a request of this device is for."""
    return _read(request, REQUEST_MAX_BYTES, Request).space


def _plain(name: str) -> str:
    """A name on one line, with something to see in it and nothing that turns other text round."""
    name = " ".join("".join(char for char in name if not _is_hidden(char)).split())
    if (
        not any(unicodedata.category(char)[0] in "LNPS" for char in name)
        or len(name) > NAME_MAX_CHARS
    ):
        raise Invalid("invalid.name", max_chars=NAME_MAX_CHARS)
    return name


def _is_hidden(char: str) -> bool:
    """Controls but spaces, halves of characters, and marks of direction."""
    if char.isspace():
        return False
    return unicodedata.category(char) in {"Cc", "Cs"} or unicodedata.bidirectional(char) in _TURNS


def _nonce(node: Node) -> bytes:
    return node.random.bytes(_NONCE_BYTES)


def _read(data: bytes, max_bytes: int, type_: type[_T]) -> _T:
    if len(data) > max_bytes:
        raise Refused("refused.too-large", max_bytes=max_bytes)
    try:
        return msgspec.msgpack.decode(data, type=type_)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise Refused("refused.not-a-request") from error
