"""Frames: the messages of a meeting, and bytes made of them and back.

    frame = length (3, big endian, of what follows) | type (1) | payload (a MessagePack array)

Rules: the length is checked before anything is kept, and a payload is decoded as its type
and nothing else. A frame of an unknown type is skipped, and fields past those known here are
ignored: newer versions may add some. docs/SYNC.md says what each message means.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Annotated, Final

import msgspec

from lumbre.errors import Refused
from lumbre.record.limits import HASH_BYTES, PIECES_MAX, SEQ_MAX, SIGNATURE_BYTES
from lumbre.record.log import Key32
from lumbre.record.media import MediaName

VERSION: Final = 1
# Room for the heads of 30,000 logs in one frame; a reader holds one frame at a time.
FRAME_MAX_BYTES: Final = 1024 * 1024
TAG_BYTES: Final = 16
DIGEST_BYTES: Final = 16
# Enough to be told apart among what one peer knows; closing digests catch what chance does.
PREFIX_BYTES: Final = 8
SHORT_BYTES: Final = 4
# Of two censuses that are unlike, one in 2^32 pairs waits for the next change.
SUMMARY_BYTES: Final = 4
# A device takes part in a handful of communities.
SPACES_MAX: Final = 64
LADDER_MAX: Final = 48
# Codes that are open at once: so many newcomers at one table.
SLOTS_MAX: Final = 99
# Ranges of entries or of pieces in one ask.
RANGES_MAX: Final = 4096

_LENGTH_BYTES: Final = 3


class Code(IntEnum):
    """Why a meeting, or the part about one space, ends: shown to people on both sides."""

    NO_COMMON_SPACE = 1
    NOT_ADMITTED = 2
    KEY_CLOSED = 3
    BAD_PROOF = 4
    OTHER_VERSION = 5
    TOO_MUCH = 6
    NOT_A_MESSAGE = 7
    BUSY = 8
    WRONG_CODE = 9

    @property
    def message_id(self) -> str:
        """What a catalogue says of it."""
        return f"sync.{self.name.lower().replace('_', '-')}"


Digest = Annotated[bytes, msgspec.Meta(min_length=DIGEST_BYTES, max_length=DIGEST_BYTES)]
Prefix = Annotated[bytes, msgspec.Meta(min_length=PREFIX_BYTES, max_length=PREFIX_BYTES)]
Number = Annotated[int, msgspec.Meta(ge=0, lt=SPACES_MAX)]
Count = Annotated[int, msgspec.Meta(ge=0, le=SEQ_MAX)]
_Signature = Annotated[bytes, msgspec.Meta(min_length=SIGNATURE_BYTES, max_length=SIGNATURE_BYTES)]


class Message(msgspec.Struct, array_like=True, frozen=True):
    """One frame's payload."""


class Hello(Message, frozen=True):
    """A tag for each space, and as many others as fill the list."""

    version: Annotated[int, msgspec.Meta(ge=1, le=255)]
    tags: Annotated[bytes, msgspec.Meta(max_length=SPACES_MAX * TAG_BYTES)]


class Proof(Message, frozen=True):
    """Who one is in a space, readable by those who know the space."""

    space: Number
    sealed: Annotated[bytes, msgspec.Meta(max_length=512)]


class Vouched(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What a proof seals: a link key, the author who vouches for it, and its own signature."""

    author: Key32
    link: Key32
    voucher: _Signature
    signature: _Signature


class Introduce(Message, frozen=True):
    """The author of a proof is not known here: show the acts that admit it."""

    space: Number


class Acts(Message, frozen=True):
    """Segments of the trust lane; the last frame has none."""

    space: Number
    segments: Annotated[list[bytes], msgspec.Meta(max_length=4096)] = []


class Refuse(Message, frozen=True):
    """The part about a space ends, with its reason; without a space, the whole meeting does."""

    code: Annotated[int, msgspec.Meta(ge=0, le=255)]
    space: Number | None = None


class HeadSaid(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A head as it travels, its id by `frontier.short_id`; with a ladder of entries before it."""

    log: Prefix
    seq: Count
    id: Prefix
    first_seq: Count = 0
    ladder: Annotated[list[tuple[Count, Prefix]], msgspec.Meta(max_length=LADDER_MAX)] = []


class Warm(Message, frozen=True):
    """A frontier, as steps from the one with which the last meeting ended."""

    space: Number
    digest: Digest
    baseline: Annotated[bytes, msgspec.Meta(max_length=DIGEST_BYTES)] = b""
    moved: list[Count] = []
    heads: list[HeadSaid] = []


class Same(Message, frozen=True):
    """The frontier is still the baseline; and which census records are held, in short."""

    space: Number
    digest: Digest
    census: Annotated[bytes, msgspec.Meta(max_length=SUMMARY_BYTES)]


class Cold(Message, frozen=True):
    """A frontier for a stranger: a short hash of each head, in order."""

    space: Number
    digest: Digest
    shorts: bytes


class Heads(Message, frozen=True):
    """The heads that the other's list lacks."""

    space: Number
    heads: list[HeadSaid]


class Runs(Message, frozen=True):
    """A part of the stream of runs, compressed."""

    space: Number
    data: bytes


class Sent(Message, frozen=True):
    """Everything that the other lacked has been sent."""

    space: Number


class Wanted(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Entries of a log whose bodies are absent."""

    log: Prefix
    first_seq: Count
    last_seq: Count


class Want(Message, frozen=True):
    """Bodies that are absent here."""

    space: Number
    ranges: Annotated[list[Wanted], msgspec.Meta(max_length=RANGES_MAX)]


class Closing(Message, frozen=True):
    """The frontier after all was taken in, and how many entries were new."""

    space: Number
    digest: Digest
    new: Count


class Tags(Message, frozen=True):
    """Which census records are held: 4 bytes for each."""

    space: Number
    tags: Annotated[bytes, msgspec.Meta(max_length=64 * 1024)]


class Census(Message, frozen=True):
    """A device's newest record of what it holds."""

    space: Number
    record: Annotated[bytes, msgspec.Meta(max_length=8192)]


class Done(Message, frozen=True):
    """Nothing more about a space."""

    space: Number


class Knock(Message, frozen=True):
    """A newcomer's half of a key made of a spoken code; which code is open at which slot."""

    slot: Annotated[int, msgspec.Meta(ge=1, le=SLOTS_MAX)]
    share: Annotated[bytes, msgspec.Meta(max_length=64)]


class Opened(Message, frozen=True):
    """The keeper's half, and the invitation under the key of both."""

    share: Annotated[bytes, msgspec.Meta(max_length=64)]
    sealed: Annotated[bytes, msgspec.Meta(max_length=1024)]


class Asked(Message, frozen=True):
    """The newcomer's request under that key."""

    sealed: Annotated[bytes, msgspec.Meta(max_length=4096)]


class Heard(Message, frozen=True):
    """The request has come: a person will look at it."""


_Piece = Annotated[int, msgspec.Meta(ge=0, lt=PIECES_MAX)]


class WantPieces(Message, frozen=True):
    """Pieces of a medium that are missing here, by (first, last) number."""

    space: Number
    media: MediaName
    ranges: Annotated[list[tuple[_Piece, _Piece]], msgspec.Meta(max_length=RANGES_MAX)]
    has_hashes: bool


class Pieces(Message, frozen=True):
    """A piece of the medium that was asked for last, or the hashes of all its pieces."""

    space: Number
    number: _Piece
    data: Annotated[bytes, msgspec.Meta(max_length=PIECES_MAX * HASH_BYTES)]
    is_hashes: bool = False


_TYPES: Final[tuple[type[Message], ...]] = (
    Hello,
    Proof,
    Introduce,
    Acts,
    Refuse,
    Warm,
    Cold,
    Heads,
    Runs,
    Sent,
    Want,
    Closing,
    Census,
    Done,
    Knock,
    Opened,
    Asked,
    Heard,
    Same,
    Tags,
    WantPieces,
    Pieces,
)
"""By number of type, from 1. New ones are added at the end."""

_NUMBERS: Final = {type_: number for number, type_ in enumerate(_TYPES, 1)}
_DECODERS: Final = {number: msgspec.msgpack.Decoder(type_) for type_, number in _NUMBERS.items()}
_ENCODER: Final = msgspec.msgpack.Encoder()


def write_frame(message: Message) -> bytes:
    """The bytes of a message."""
    payload = _ENCODER.encode(message)
    length = len(payload) + 1
    assert length <= FRAME_MAX_BYTES
    return length.to_bytes(_LENGTH_BYTES, "big") + bytes((_NUMBERS[type(message)],)) + payload


class FrameReader:
    """Bytes in, messages out. Raises `Refused` on bytes that are no message.

    `frames` counts all that came, those of unknown types too.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0
        self.frames = 0

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are complete with these bytes."""
        self._buffer += data
        while len(self._buffer) - self._at >= _LENGTH_BYTES:
            start = self._at + _LENGTH_BYTES
            length = int.from_bytes(self._buffer[self._at : start], "big")
            if not 1 <= length <= FRAME_MAX_BYTES:
                raise Refused("refused.too-large", max_bytes=FRAME_MAX_BYTES)
            if len(self._buffer) - start < length:
                break
            decoder = _DECODERS.get(self._buffer[start])
            payload = bytes(self._buffer[start + 1 : start + length])
            self._at = start + length
            self.frames += 1
            if decoder is not None:
                yield _decode(decoder, payload)
        del self._buffer[: self._at]
        self._at = 0


def _decode(decoder: msgspec.msgpack.Decoder[Message], payload: bytes) -> Message:
    try:
        return decoder.decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise Refused("refused.not-a-message") from error
