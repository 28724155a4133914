"""Letting a device in when there is no network at all.

    keeper:  invitation  ->  (a file)  ->  newcomer: request  ->  (a file)  ->  keeper: admit

An invitation names the space and the X25519 half of its epoch; a request carries the
newcomer's fresh author key, signed by itself, and its name sealed to that epoch, so that a
stick shows neither names nor content. Both sides read six words aloud before `admit`.

A request is kept in the private file until it is answered: who asks twice hands in the same
one, with the same words.

What this does not do: carry the files.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Final, TypeVar

import msgspec

from lumbre.errors import Refused
from lumbre.node.epochs import READS
from lumbre.node.names import plain
from lumbre.node.node import Node
from lumbre.node.spaces import sealed_text
from lumbre.record import Entry, SigningKey, is_signed
from lumbre.record.canonical import encode
from lumbre.record.epoch import box_for
from lumbre.record.limits import KEY_BYTES, KEY_ID_BYTES
from lumbre.record.log import Hash32, Key32
from lumbre.record.seal import Sealed, open_envelope, seal_envelope
from lumbre.schema import Role, Via
from lumbre.trust.acts import Admit, Box32, Wrap
from lumbre.trust.duties import closed_keys
from lumbre.trust.people import CONSENT_DOMAIN, NEW_PERSON, consent_message

# Five keys, and a key with a name of 120 characters and a signature: both fit a QR code.
INVITATION_MAX_BYTES: Final = 512
REQUEST_MAX_BYTES: Final = 2048

_REQUEST_DOMAIN: Final = b"lumbre/request/1\0"
_WORDS_DOMAIN: Final = b"lumbre/words/1\0"
_REQUESTS: Final = "request"

_T = TypeVar("_T")


class Invitation(msgspec.Struct, array_like=True, frozen=True, tag="lumbre-invitation"):
    """Which space, to which key a request is sealed, and who is to be consented to."""

    space: Hash32
    epoch: Hash32
    public: Key32
    admitter: Annotated[bytes, msgspec.Meta(max_length=KEY_BYTES)] = b""
    person: Annotated[bytes, msgspec.Meta(max_length=KEY_BYTES)] = b""


class Request(msgspec.Struct, array_like=True, frozen=True, tag="lumbre-request"):
    """A newcomer's key for a space, its name sealed, and its own signature over both.

    `consents`: the key's word that who invited it may admit it, as a new person or as one of
    that person's own devices. Without it anybody could claim the key first.
    """

    space: Hash32
    author: Key32
    sealed_name: Annotated[bytes, msgspec.Meta(max_length=512)]
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
    consents: Annotated[tuple[bytes, ...], msgspec.Meta(max_length=2)] = ()

    @property
    def signed(self) -> bytes:
        """What the signature is over, and what the six words are chosen by."""
        return self.space + self.author + self.sealed_name + b"".join(self.consents)


class _Asked(msgspec.Struct, array_like=True, frozen=True):
    """A request that this device made, and what it answers."""

    invitation: bytes
    person: str
    request: bytes


def invite(node: Node, space: bytes) -> bytes:
    """An invitation to a space, for a file or a QR link. It gives nobody a right."""
    held = node.space(space)
    epoch, keys = held.current_keys()
    for key in node.authors(space):
        right = held.ledger.rights.author(key.public)
        if right is not None and right.pins is None:
            return encode(Invitation(space, epoch, keys.public, key.public, right.person))
    return encode(Invitation(space, epoch, keys.public))


def ask(node: Node, invitation: bytes, person_name: str) -> bytes:
    """Begin to hold the space of an invitation, and a request to be let in.

    The same one as before, while nobody has answered it and it says the same.
    """
    asked, person = read_invitation(invitation), plain(person_name)
    sealed = seal_envelope(person.encode(), [asked.public])[0].box
    space = node.add_space(asked.space)
    kept = _asked(node, asked.space)
    if kept is not None and (kept.invitation, kept.person) == (invitation, person):
        return kept.request
    closed = closed_keys(space.ledger.rights)
    keys = [key for key in node.authors(asked.space) if key.public not in closed]
    key = keys[0] if keys else node.keep_author(asked.space, node.random.bytes(KEY_BYTES))
    consents = _consents(key, asked)
    signed = asked.space + key.public + sealed + b"".join(consents)
    signature = key.sign(_REQUEST_DOMAIN, signed)
    request = encode(Request(asked.space, key.public, sealed, signature, consents))
    node.keep_secret(_REQUESTS, asked.space, encode(_Asked(invitation, person, request)))
    return request


def _consents(key: SigningKey, asked: Invitation) -> tuple[bytes, ...]:
    if not asked.admitter:
        return ()
    return tuple(
        key.sign(CONSENT_DOMAIN, consent_message(asked.space, asked.admitter, person))
        for person in (NEW_PERSON, asked.person)
    )


def consent_in(request: Request, admitter: bytes, person: bytes = NEW_PERSON) -> bytes:
    """The key's word that `admitter` may admit it; empty where it gave another, or none."""
    message = consent_message(request.space, admitter, person)
    for consent in request.consents:
        if is_signed(CONSENT_DOMAIN, message, consent, request.author):
            return consent
    return b""


def read_invitation(data: bytes) -> Invitation:
    """An invitation. Nobody has signed it: it gives nobody a right."""
    return _read(data, INVITATION_MAX_BYTES, Invitation)


def pending(node: Node, space: bytes) -> bytes | None:
    """The request by which this device asks to take part, while nobody has answered it."""
    asked = _asked(node, space)
    return None if asked is None else asked.request


def _asked(node: Node, space: bytes) -> _Asked | None:
    kept = node.secret(_REQUESTS, space)
    if kept is None:
        return None
    asked = msgspec.msgpack.decode(kept, type=_Asked)
    author = _read(asked.request, REQUEST_MAX_BYTES, Request).author
    is_answered = node.space(space).ledger.rights.author(author) is not None
    return None if is_answered else asked


def read_request(node: Node, data: bytes) -> tuple[Request, str]:
    """A request whose signature holds, and the name in it."""
    request = _read(data, REQUEST_MAX_BYTES, Request)
    if not is_signed(_REQUEST_DOMAIN, request.signed, request.signature, request.author):
        raise Refused("refused.bad-signature")
    for keys in node.space(request.space).epoch_keys():
        boxed = (Sealed(keys.public[:KEY_ID_BYTES], request.sealed_name),)
        try:
            name = open_envelope(boxed, keys.public, keys.private).decode()
        except (Refused, UnicodeDecodeError):
            continue
        return request, plain(name)
    raise Refused("refused.other-epoch")


def admit(node: Node, key: SigningKey, request: Request, name: str, role: Role) -> Entry:
    """Admit the key of a request as a new person, and give it the epoch's key."""
    space = node.space(request.space)
    epoch, keys = space.current_keys()
    sealed = sealed_text(plain(name), keys, node.random)
    consent = consent_in(request, key.public)
    after = space.after()
    act = Admit(Via.OWN_DEVICE, None, after, request.author, consent, role, None, None, sealed)
    (admitted,) = node.write(space.id, key, [act])
    if role in READS:
        boxes = (Box32(request.author, box_for(request.author, keys.secret)),)
        epoch_ref = node.find_id(space.id, epoch)
        node.write(space.id, key, [Wrap(Via.OWN_DEVICE, None, space.after(), epoch_ref, boxes)])
    return admitted


def words_bytes(request: Request) -> bytes:
    """What both sides read aloud: bytes from which six words are chosen."""
    return hashlib.sha256(_WORDS_DOMAIN + request.signed).digest()


def words_bytes_of(request: bytes) -> bytes:
    """The same for a request that this device made itself."""
    return words_bytes(_read(request, REQUEST_MAX_BYTES, Request))


def space_of(request: bytes) -> bytes:
    """The space that a request of this device is for."""
    return _read(request, REQUEST_MAX_BYTES, Request).space


def _read(data: bytes, max_bytes: int, type_: type[_T]) -> _T:
    if len(data) > max_bytes:
        raise Refused("refused.too-large", max_bytes=max_bytes)
    try:
        return msgspec.msgpack.decode(data, type=type_)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise Refused("refused.not-a-request") from error
