"""Seals, their nonces, and envelopes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_box_seal, crypto_box_seed_keypair

from lumbre.errors import Invalid, Refused
from lumbre.record import Sealed, Writer
from lumbre.record.limits import BODY_MAX_BYTES
from lumbre.record.seal import (
    ENVELOPE_MAX_BYTES,
    ENVELOPE_READERS_MAX,
    PAD_BYTES,
    RADIO_PAD_BYTES,
    body_nonce,
    open_body,
    open_envelope,
    seal_body,
    seal_envelope,
    sealed_bytes,
)
from tests.record.helpers import key_of, log_of, secret
from tests.record.make_vectors import deflated, raw_seal
from tests.record.second_crypto import chacha20, hchacha20, open_chacha20_poly1305, poly1305

KEY = secret("epoch")
AT = {"log": secret("log"), "seq": 7, "prev": secret("prev")}


@given(
    body=st.binary(max_size=200),
    pad=st.sampled_from([PAD_BYTES, RADIO_PAD_BYTES]),
    salt=st.binary(min_size=8, max_size=8),
)
def test_a_body_comes_out_as_it_went_in(body, pad, salt) -> None:
    sealed = seal_body(body, KEY, **AT, salt=salt, pad_bytes=pad)
    assert open_body(sealed, KEY, **AT) == body
    assert len(sealed) <= sealed_bytes(len(body), pad)
    assert (len(sealed) - 24) % pad == 0
    assert sealed[:8] == salt


def test_a_body_of_ordinary_words_is_sealed_shorter_than_it_is() -> None:
    body = "Pozo sin agua desde ayer; familias afectadas, enviar camión cisterna".encode()
    sealed = seal_body(body, KEY, **AT, salt=bytes(8))
    assert len(sealed) < len(body)
    assert open_body(sealed, KEY, **AT) == body


def test_what_a_dictionary_does_not_shorten_is_sealed_as_it_is() -> None:
    body = secret("noise")
    assert len(seal_body(body, KEY, **AT, salt=bytes(8))) == sealed_bytes(len(body))
    longer = b"agua " * 1000
    assert len(seal_body(longer, KEY, **AT, salt=bytes(8))) == sealed_bytes(len(longer))


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"not deflate",
        deflated(b"agua")[:-1],
        deflated(b"agua") + b"more",
        deflated(bytes(BODY_MAX_BYTES + 1)),
        b"\x03\x00" + b"\x03\x00",
    ],
)
def test_a_body_that_does_not_unpack_to_one_that_fits_is_refused(packed) -> None:
    found = raw_seal(b"\x01" + packed + b"\x80")
    with pytest.raises(Refused) as error:
        open_body(found["sealed"], found["key"], **AT)
    assert error.value.message_id == "refused.bad-compression"


def test_row_27_a_forked_log_has_other_nonces() -> None:
    """Two branches share space, log, seq and prev: only the salt is between them."""
    writer = Writer(log_of(), key_of())
    first = writer.append(b"first", depth=1, wall_s=0)
    fork = {"log": first.log, "seq": 1, "prev": first.id}
    salts = [secret("branch", i)[:8] for i in range(1000)]
    nonces = {body_nonce(**fork, salt=salt) for salt in salts}
    assert len(nonces) == 1000
    one, other = (seal_body(b"same body", KEY, **fork, salt=salt) for salt in salts[:2])
    assert one[8:] != other[8:]
    streams = [bytes(a ^ b for a, b in zip(one[8:], other[8:], strict=True))]
    assert bytes(len(streams[0])) not in streams


def test_row_27_a_later_fork_has_other_nonces_even_with_the_same_salt() -> None:
    salt = bytes(8)
    nonces = {
        body_nonce(log=secret("log", log), seq=seq, prev=secret("prev", prev), salt=salt)
        for log in range(5)
        for seq in range(5)
        for prev in range(5)
    }
    assert len(nonces) == 125
    assert all(len(nonce) == 24 for nonce in nonces)


@pytest.mark.parametrize(
    "changes", [{"log": secret("x")}, {"seq": 8}, {"prev": secret("x")}], ids=["log", "seq", "prev"]
)
def test_a_seal_opens_in_its_own_place_only(changes) -> None:
    sealed = seal_body(b"body", KEY, **AT, salt=bytes(8))
    with pytest.raises(Refused) as refused:
        open_body(sealed, KEY, **(AT | changes))
    assert refused.value.message_id == "refused.bad-seal"


def test_row_8_a_seal_that_is_cut_or_flipped_anywhere_is_refused() -> None:
    sealed = seal_body(b"body", KEY, **AT, salt=bytes(8))
    for end in range(len(sealed)):
        with pytest.raises(Refused):
            open_body(sealed[:end], KEY, **AT)
    for bit in range(8 * len(sealed)):
        altered = bytearray(sealed)
        altered[bit >> 3] ^= 1 << (bit & 7)
        with pytest.raises(Refused):
            open_body(bytes(altered), KEY, **AT)
    with pytest.raises(Refused):
        open_body(sealed, b"short", **AT)
    with pytest.raises(Refused):
        open_body(bytes(BODY_MAX_BYTES + 1), KEY, **AT)


def test_a_seal_is_made_of_a_whole_key_and_salt_and_fits_a_body() -> None:
    largest = 65_502
    assert sealed_bytes(largest) == BODY_MAX_BYTES - 8
    sealed = seal_body(bytes(largest), KEY, **AT, salt=bytes(8))
    assert open_body(sealed, KEY, **AT) == bytes(largest)
    at_the_cap = seal_body(bytes(65_510), KEY, **AT, salt=bytes(8), pad_bytes=RADIO_PAD_BYTES)
    assert len(at_the_cap) == BODY_MAX_BYTES
    assert open_body(at_the_cap, KEY, **AT) == bytes(65_510)
    for body, key, salt, says in (
        (b"", KEY[1:], bytes(8), "invalid.seal"),
        (b"", KEY, bytes(7), "invalid.seal"),
        (bytes(largest + 1), KEY, bytes(8), "invalid.body-too-large"),
    ):
        with pytest.raises(Invalid) as invalid:
            seal_body(body, key, **AT, salt=salt)
        assert invalid.value.message_id == says


def test_the_second_readers_cipher_agrees_with_wycheproof(shared_data) -> None:
    path = shared_data / "vectors" / "chacha20_poly1305_test.json"
    groups = json.loads(path.read_text("utf-8"))["testGroups"]
    tests = [t for g in groups if g["ivSize"] == 96 for t in g["tests"]]
    assert len(tests) == 316
    for test in tests:
        key, iv, aad, ct, tag, msg = (
            bytes.fromhex(test[name]) for name in ("key", "iv", "aad", "ct", "tag", "msg")
        )
        opened = open_chacha20_poly1305(ct + tag, key, iv, aad)
        assert opened == (msg if test["result"] == "valid" else None), test["tcId"]


def test_the_second_readers_parts_agree_with_their_standards() -> None:
    """draft-irtf-cfrg-xchacha-03 section 2.2.1; RFC 8439 sections 2.4.2 and 2.5.2."""
    key = bytes(range(32))
    nonce = bytes.fromhex("000000090000004a0000000031415927")
    assert hchacha20(key, nonce).hex() == (
        "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
    )
    stream = chacha20(key, bytes.fromhex("000000000000004a00000000"), 1, 8)
    assert (
        bytes(a ^ b for a, b in zip(stream, b"Ladies a", strict=True)).hex() == "6e2e359a2568f980"
    )
    one_time = bytes.fromhex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b")
    assert poly1305(one_time, b"Cryptographic Forum Research Group").hex() == (
        "a8061dc1305136c6c22b8baf0c0127a9"
    )


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        (b"\2x\x80", "refused.unknown-compression"),
        (b"\x80", "refused.unknown-compression"),
        (b"\0x", "refused.bad-padding"),
        (b"\0x\x80X\0", "refused.bad-padding"),
        (b"\0x\x80" + bytes(99), None),
    ],
)
def test_what_is_inside_of_a_seal_has_an_id_byte_and_padding(inside, says) -> None:
    sealed = raw_seal(inside)
    at = {name: sealed[name] for name in ("log", "seq", "prev")}
    if says is None:
        assert open_body(sealed["sealed"], sealed["key"], **at) == b"x"
        return
    with pytest.raises(Refused) as refused:
        open_body(sealed["sealed"], sealed["key"], **at)
    assert refused.value.message_id == says


@pytest.mark.parametrize("length", [0, 24, BODY_MAX_BYTES + 1])
def test_a_seal_of_an_impossible_length_is_refused(length) -> None:
    with pytest.raises(Refused) as refused:
        open_body(bytes(length), KEY, **AT)
    assert refused.value.message_id == "refused.bad-seal"


# Envelopes


def pair(number: int) -> tuple[bytes, bytes]:
    return crypto_box_seed_keypair(secret("reader", number))


def test_an_envelope_opens_for_each_of_its_readers_and_for_nobody_else() -> None:
    readers = [pair(i) for i in range(4)]
    envelope = seal_envelope(b"secret", [public for public, _ in readers[:3]])
    for public, private in readers[:3]:
        assert open_envelope(envelope, public, private) == b"secret"
    for public, private in (readers[3], (readers[0][0], readers[1][1])):
        with pytest.raises(Refused) as refused:
            open_envelope(envelope, public, private)
        assert refused.value.message_id == "refused.not-for-this-key"


def test_the_order_of_readers_does_not_show() -> None:
    publics = [pair(i)[0] for i in range(5)]
    orders = [
        [box.key_id for box in seal_envelope(b"", order)] for order in (publics, publics[::-1])
    ]
    assert orders[0] == orders[1] == [public[:4] for public in sorted(publics)]


def test_boxes_show_the_length_to_16_bytes_only() -> None:
    publics = [pair(0)[0]]
    lengths = {len(seal_envelope(bytes(n), publics)[0].box) for n in range(16)}
    assert lengths == {48 + 16}


def test_a_reader_tries_each_box_under_its_key_id() -> None:
    public, private = pair(0)
    honest = seal_envelope(b"secret", [public])
    junk = [Sealed(public[:4], box) for box in (b"", bytes(47), bytes(64), bytes(200))]
    assert open_envelope([*junk, *honest], public, private) == b"secret"
    with pytest.raises(Refused):
        open_envelope(junk, public, private)


def test_a_box_without_padding_is_refused() -> None:
    public, private = pair(0)
    with pytest.raises(Refused) as refused:
        open_envelope([Sealed(public[:4], crypto_box_seal(b"x", public))], public, private)
    assert refused.value.message_id == "refused.bad-padding"


@pytest.mark.parametrize("count", [0, ENVELOPE_READERS_MAX + 1])
def test_an_envelope_has_one_to_sixteen_readers(count) -> None:
    with pytest.raises(Invalid) as invalid:
        seal_envelope(b"", [pair(i)[0] for i in range(count)])
    assert invalid.value.message_id == "invalid.envelope-readers"
    assert invalid.value.values == {"count": count, "most": ENVELOPE_READERS_MAX}
    assert len(seal_envelope(b"", [pair(i)[0] for i in range(ENVELOPE_READERS_MAX)])) == 16


def test_a_box_is_at_most_2048_bytes() -> None:
    largest = ENVELOPE_MAX_BYTES - 48 - 1
    assert len(seal_envelope(bytes(largest), [pair(0)[0]])[0].box) == ENVELOPE_MAX_BYTES
    with pytest.raises(Invalid) as invalid:
        seal_envelope(bytes(largest + 1), [pair(0)[0]])
    assert invalid.value.message_id == "invalid.body-too-large"
    assert invalid.value.values == {"size_bytes": largest + 1, "max_bytes": ENVELOPE_MAX_BYTES}


def test_a_readers_key_of_another_length_is_invalid() -> None:
    with pytest.raises(Invalid) as invalid:
        seal_envelope(b"", [b"short"])
    assert invalid.value.message_id == "invalid.seal"
