"""An epoch's keys come from one secret, each for one use, and travel boxed to one device."""

from __future__ import annotations

import pytest
from nacl import bindings

from lumbre.errors import Invalid, Refused
from lumbre.record.epoch import EpochKeys, box_for, unbox
from lumbre.record.keys import SigningKey
from lumbre.record.limits import KEY_BYTES
from lumbre.record.seal import open_text, seal_text
from tests.record.helpers import secret

KEY = secret("epoch")
NONCE = secret("nonce")[:24]


def test_the_keys_of_an_epoch_differ_and_hang_on_its_secret_alone():
    keys = EpochKeys.of(KEY)
    parts = {keys.secret, keys.body, keys.text, keys.public, keys.private}
    assert len(parts) == 5
    assert {len(part) for part in parts} == {KEY_BYTES}
    assert EpochKeys.of(KEY) == keys
    other = EpochKeys.of(secret("another"))
    assert not parts & {other.secret, other.body, other.text, other.public, other.private}
    assert bindings.crypto_scalarmult_base(keys.private) == keys.public


def test_the_keys_of_an_epoch_are_these_bytes():
    """Another program derives the same, or reads nothing of what this one sealed."""
    keys = EpochKeys.of(bytes(32))
    assert keys.body.hex()[:16] == "834515fdbe9e16cb"
    assert keys.text.hex()[:16] == "ad4bf7b7f2fe0311"
    assert keys.public.hex()[:16] == "e5040a07bb75fc9c"


def test_an_epoch_in_a_log_line_shows_its_public_half_alone():
    keys = EpochKeys.of(KEY)
    assert repr(keys) == f"EpochKeys(public={keys.public.hex()[:16]}...)"


def test_a_secret_travels_to_one_device_alone():
    key, other = SigningKey(secret("device")), SigningKey(secret("other"))
    box = box_for(key.public, KEY)
    assert unbox(box, key) == KEY
    with pytest.raises(Refused, match=r"refused\.not-for-this-key"):
        unbox(box, other)
    for broken in (b"", box[:-1], box + b"x"):
        with pytest.raises(Refused, match=r"refused\.not-for-this-key"):
            unbox(broken, key)


@pytest.mark.parametrize("author", [b"", b"short", bytes(31), bytes(33), bytes(32), b"\xff" * 32])
def test_no_box_is_made_for_a_key_that_is_none(author):
    with pytest.raises(Refused, match=r"refused\.bad-key"):
        box_for(author, KEY)


def test_a_text_opens_by_the_first_key_that_fits():
    sealed = seal_text("Ñandú", KEY, NONCE)
    assert sealed[:24] == NONCE
    assert open_text(sealed, [KEY]) == "Ñandú"
    assert open_text(sealed, [secret("wrong"), b"short", KEY]) == "Ñandú"
    assert open_text(sealed, [secret("wrong")]) is None
    assert open_text(sealed, []) is None


@pytest.mark.parametrize("length", [0, 23, 24, 39])
def test_a_text_that_is_cut_short_does_not_open(length):
    assert open_text(seal_text("hola", KEY, NONCE)[:length], [KEY]) is None


def test_a_text_shows_its_length_to_16_bytes_only():
    assert {len(seal_text("x" * n, KEY, NONCE)) for n in range(16)} == {24 + 16 + 16}
    assert len(seal_text("x" * 16, KEY, NONCE)) == 24 + 32 + 16


def test_a_text_is_no_body_and_a_body_no_text():
    body_domain = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        b"hola\x80" + bytes(11), b"lumbre/body/1\0", NONCE, KEY
    )
    assert open_text(NONCE + body_domain, [KEY]) is None


@pytest.mark.parametrize("inside", [b"\xff\x80", b"no padding", b""])
def test_what_is_inside_of_a_text_is_padded_utf8(inside):
    sealed = NONCE + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        inside, b"lumbre/text/1\0", NONCE, KEY
    )
    assert open_text(sealed, [KEY]) is None


@pytest.mark.parametrize(("key", "nonce"), [(KEY[1:], NONCE), (KEY, NONCE[1:])])
def test_a_text_is_sealed_with_a_whole_key_and_nonce(key, nonce):
    with pytest.raises(Invalid) as invalid:
        seal_text("hola", key, nonce)
    assert invalid.value.message_id == "invalid.seal"
