"""Canonical bytes, keys, names of logs and media, errors: the small parts."""

from __future__ import annotations

import copy
import pickle
from typing import ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lumbre.errors
from lumbre.errors import Invalid, LumbreError, Refused
from lumbre.record import Lane, LogName, MediaName, Mention, Ref, SigningKey
from lumbre.record.canonical import decode, encode
from lumbre.record.limits import MEDIA_MAX_BYTES, NESTING_MAX, PIECE_MAX_BYTES, PIECES_MAX
from lumbre.record.media import is_piece, name_media, piece_hash, root_hash, split
from tests.record import second_reader
from tests.record.helpers import key_of, log_of, secret

SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.binary()
VALUES = st.lists(st.recursive(SCALARS, st.lists, max_leaves=20), max_size=8)


def depth_of(value: object) -> int:
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(VALUES)
def test_a_value_has_one_encoding_that_both_readers_take(value) -> None:
    data = encode(value)
    if depth_of(value) > NESTING_MAX:
        with pytest.raises(Refused):
            decode(data, len(data))
        return
    assert decode(data, len(data)) == value
    assert second_reader.decode(data) == value


@given(st.binary(max_size=40) | VALUES.map(encode), st.binary(max_size=3), st.integers(0, 40))
def test_both_readers_take_or_refuse_the_same_bytes(data, more, at) -> None:
    altered = data[:at] + more + data[at + len(more) :]
    try:
        first = decode(altered, 1000)
    except Refused:
        first = None
    try:
        second = second_reader.decode(altered)
    except second_reader.Bad:
        second = None
    assert first == (second if isinstance(second, list) else None)


def test_a_value_over_its_cap_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(Refused) as refused:
        decode(b"\xc1\xc1\xc1", 2)
    assert refused.value.message_id == "refused.too-large"
    assert refused.value.values == {"size_bytes": 3, "max_bytes": 2}
    assert decode(b"\x91\x01", 2) == [1]


@pytest.mark.parametrize("depth", [NESTING_MAX - 1, NESTING_MAX, NESTING_MAX + 1])
def test_nesting_is_at_most_eight(depth) -> None:
    data = b"\x91" * (depth - 1) + b"\x90"
    if depth <= NESTING_MAX:
        assert depth_of(decode(data, 100)) == depth
        return
    with pytest.raises(Refused) as refused:
        decode(data, 100)
    assert refused.value.message_id == "refused.not-canonical"


# Keys


def test_a_key_shows_neither_its_secret_nor_itself_to_pickles() -> None:
    key = key_of()
    assert repr(key) == f"SigningKey(public={key.public.hex()[:16]}...)"
    for copier in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            copier(key)


def test_a_key_comes_from_32_bytes() -> None:
    """RFC 8032, test 1."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = SigningKey(seed)
    assert key.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign(b"", b"").hex().startswith("e5564300c360ac729086e2cc806e828a")
    for bad in (b"", seed[1:], seed + b"\0"):
        with pytest.raises(Refused) as refused:
            SigningKey(bad)
        assert refused.value.message_id == "refused.bad-key"


# Logs and references


@pytest.mark.parametrize(
    "change", [{"space": secret("x")}, {"author": secret("x")}, {"lane": Lane.TRUST}]
)
def test_each_part_of_a_logs_name_makes_another_log(change) -> None:
    name = log_of()
    assert msgspec.structs.replace(name, **change).id != name.id


def test_names_and_references_have_exactly_their_fields() -> None:
    ref = Ref(secret("log"), 7, secret("entry"))
    assert Mention.of(ref).ref == ref
    assert list(msgspec.structs.astuple(Mention.of(ref))) == [7, ref.log, ref.hash]
    for value in (ref, Mention.of(ref), MediaName(secret("root"), 9, 4), log_of()):
        fields = list(msgspec.structs.astuple(value))
        decoder = msgspec.msgpack.Decoder(type(value))
        assert decoder.decode(encode(fields)) == value
        for wrong in ([*fields, 0], fields[1:]):
            with pytest.raises(msgspec.ValidationError):
                decoder.decode(encode(wrong))


@pytest.mark.parametrize("kind", [Ref, Mention])
@pytest.mark.parametrize(
    ("seq", "holds"), [(0, True), (2**40 - 1, True), (-1, False), (2**40, False)]
)
def test_a_references_seq_is_bounded(kind, seq, holds) -> None:
    ref = Ref(bytes(32), seq, bytes(32))
    data = encode(ref if kind is Ref else Mention.of(ref))
    if holds:
        assert msgspec.msgpack.decode(data, type=kind).seq == seq
    else:
        with pytest.raises(msgspec.ValidationError):
            msgspec.msgpack.decode(data, type=kind)


def test_a_volume_is_zero_in_this_version() -> None:
    fields = [*msgspec.structs.astuple(log_of())[:3], 1]
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(encode(fields), type=LogName)


# Media


@given(st.binary(min_size=1, max_size=300), st.integers(1, 64))
def test_media_is_verified_piece_by_piece(data, piece_bytes) -> None:
    name = name_media(data, piece_bytes)
    pieces = split(data, piece_bytes)
    hashes = [piece_hash(i, piece) for i, piece in enumerate(pieces)]
    assert name.pieces == len(pieces)
    assert [name.length_bytes(i) for i in range(name.pieces)] == [len(p) for p in pieces]
    assert all(is_piece(name, hashes, i, piece) for i, piece in enumerate(pieces))
    assert b"".join(pieces) == data


def test_a_piece_that_is_another_longer_or_elsewhere_is_none() -> None:
    data = bytes(range(100))
    name = name_media(data, 30)
    pieces = split(data, 30)
    hashes = [piece_hash(i, piece) for i, piece in enumerate(pieces)]
    assert is_piece(name, hashes, 3, pieces[3])
    for wrong in (
        (name, hashes, 1, pieces[0]),
        (name, hashes, -1, pieces[3]),
        (name, hashes, 4, b""),
        (name, hashes[:3], 0, pieces[0]),
        (name, [*hashes[1:], hashes[0]], 0, pieces[1]),
        (name, hashes, 0, pieces[0] + b"\0"),
        (msgspec.structs.replace(name, size_bytes=99), hashes, 0, pieces[0]),
    ):
        assert not is_piece(*wrong)


def test_there_is_no_piece_after_the_last() -> None:
    name = name_media(bytes(90), 30)
    hashes = [piece_hash(i, piece) for i, piece in enumerate(split(bytes(90), 30))]
    assert not is_piece(name, hashes, 3, b"")


def test_a_piece_longer_than_its_name_says_is_none_even_if_its_author_hashed_it() -> None:
    large = bytes(1_000)
    hashes = [piece_hash(0, large)]
    name = MediaName(root_hash(hashes, 10), 10, 10)
    assert not is_piece(name, hashes, 0, large)


def test_media_has_at_most_16384_pieces_and_4_gib() -> None:
    assert MediaName(bytes(32), MEDIA_MAX_BYTES, PIECE_MAX_BYTES).pieces == PIECES_MAX
    for size, piece in ((PIECES_MAX + 1, 1), (MEDIA_MAX_BYTES, PIECE_MAX_BYTES - 1)):
        with pytest.raises(msgspec.ValidationError):
            msgspec.msgpack.decode(encode([bytes(32), size, piece]), type=MediaName)
    assert name_media(bytes(PIECES_MAX), 1).pieces == PIECES_MAX
    for data, piece in (
        (b"", 1),
        (b"x", 0),
        (b"x", PIECE_MAX_BYTES + 1),
        (bytes(PIECES_MAX + 1), 1),
    ):
        with pytest.raises(Invalid) as invalid:
            name_media(data, piece)
        assert invalid.value.message_id == "invalid.media-size"
        assert invalid.value.values == {"size_bytes": len(data), "max_bytes": MEDIA_MAX_BYTES}
    assert name_media(b"x", PIECE_MAX_BYTES).pieces == 1
    with pytest.raises(ValueError, match="pieces"):
        MediaName(bytes(32), 1, 0)


# Errors


def families() -> list[type[LumbreError]]:
    return [found for found in vars(lumbre.errors).values() if isinstance(found, type)
            and issubclass(found, LumbreError)]  # fmt: skip


class TestErrors:
    codes: ClassVar = {family.exit_code for family in families()}

    def test_each_family_ends_with_a_code_of_its_own(self) -> None:
        assert len(self.codes) == len(families()) == 7

    def test_an_error_says_its_id_and_its_values(self) -> None:
        assert str(Refused("refused.x")) == "refused.x"
        error = Refused("refused.x", b=2, a="one")
        assert str(error) == "refused.x(a='one', b=2)"
        assert (error.message_id, error.values) == ("refused.x", {"a": "one", "b": 2})
