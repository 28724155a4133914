"""Sealed bundles: opened by whom they are for, whatever else is in the file is refused."""

from __future__ import annotations

import base64
import random
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumbre.errors import Invalid, Refused
from lumbre.record.canonical import encode
from lumbre.record.epoch import EpochKeys, exchange_public
from lumbre.record.keys import SigningKey
from lumbre.sync import sealed_bundle
from lumbre.sync.bundle import write_bundle
from lumbre.sync.frames import HeadSaid
from lumbre.sync.sealed_bundle import (
    AGE_HEADER_MAX_BYTES,
    CONTAINER_MAX_BYTES,
    IDENTITIES_MAX,
    PAD_BYTES,
    RECIPIENTS_MAX,
    SEALED_MAX_BYTES,
    Claim,
    open_bundle,
    public_of,
    seal_bundle,
)
from tests.record.helpers import secret

OWN = secret("own")
OTHER = secret("other")
SEGMENTS = [b"first segment", b"second segment" * 100, b"third"]


def sealed(segments=SEGMENTS, claim=None, to=(OWN,)) -> bytes:
    return seal_bundle(segments, [public_of(key) for key in to], claim)


def whole(data: bytes, key: bytes = OWN) -> list[bytes]:
    opened = open_bundle(data, [key])
    found = list(opened.segments())
    assert opened.is_whole
    return found


def partly(data: bytes) -> list[bytes]:
    """What comes out of damaged bytes; anything but `Refused` fails the test."""
    found: list[bytes] = []
    with suppress(Refused):
        found.extend(open_bundle(data, [OWN]).segments())
    return found


def test_each_recipient_opens_it_and_nobody_else():
    data = sealed(to=(OWN, OTHER))
    assert whole(data, OWN) == whole(data, OTHER) == SEGMENTS
    with pytest.raises(Refused, match=r"refused\.not-for-this-device"):
        open_bundle(data, [secret("nobody")])
    with pytest.raises(Refused, match=r"refused\.not-for-this-device"):
        open_bundle(data, [])


def test_a_signing_key_and_an_epoch_open_what_is_sealed_to_them():
    key, epoch = SigningKey(secret("device")), EpochKeys.of(secret("epoch"))
    data = seal_bundle(SEGMENTS, [exchange_public(key.public), public_of(epoch.bundle)])
    assert whole(data, key.exchange_private) == whole(data, epoch.bundle) == SEGMENTS
    # The key beside the log opens bundles and nothing else of the epoch.
    assert epoch.bundle not in {epoch.secret, epoch.body, epoch.text, epoch.private}


def test_two_bundles_of_the_same_have_nothing_in_common_and_a_padded_size():
    one, other = sealed(), sealed()
    assert one[200:] != other[200:]
    inside = sealed_bundle._decrypt(one, [OWN])
    assert len(inside) % PAD_BYTES == 0
    assert len(sealed_bundle._decrypt(sealed([b"x"]), [OWN])) == len(inside)


def test_a_bundle_that_nobody_sealed_is_read_as_before():
    opened = open_bundle(b"".join(write_bundle(SEGMENTS)), [])
    assert list(opened.segments()) == SEGMENTS
    assert opened.is_whole


def test_what_is_too_large_for_one_file_is_refused_before_it_is_sealed(monkeypatch):
    monkeypatch.setattr(sealed_bundle, "CONTAINER_MAX_BYTES", 5000)
    with pytest.raises(Invalid):
        sealed([bytes(6000)])
    with pytest.raises(Invalid):
        sealed_bundle.seal_container(bytes(6000), [public_of(OWN)])


def test_no_recipient_or_too_many_are_refused():
    for keys in ([], [secret(str(n)) for n in range(RECIPIENTS_MAX + 1)]):
        with pytest.raises(Invalid):
            seal_bundle(SEGMENTS, keys)


def test_p8_a_bundle_that_is_cut_at_any_byte_gives_a_prefix():
    data = sealed()
    for cut in range(len(data)):
        found = partly(data[:cut])
        assert found == SEGMENTS[: len(found)]
        assert found == []


def test_p8_a_large_bundle_that_is_cut_keeps_what_is_whole():
    chance = random.Random(3)
    segments = [chance.randbytes(20_000) for _ in range(20)]
    data = sealed(segments)
    kept = []
    for cut in [*range(0, len(data), 9973), len(data) - 1]:
        found = partly(data[:cut])
        assert found == segments[: len(found)]
        kept.append(len(found))
    assert kept == sorted(kept)
    assert kept[-1] >= 16
    assert whole(data) == segments


def test_p8_what_follows_the_head_may_be_cut_and_is_said_so():
    data = sealed([bytes(200_000), b"x"])
    opened = open_bundle(data[: len(data) // 2], [OWN])
    assert list(opened.segments()) == []
    assert not opened.is_whole


def test_p8_a_flipped_bit_anywhere_gives_nothing_else():
    data = sealed()
    chance = random.Random(4)
    for _ in range(2000):
        broken = bytearray(data)
        broken[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        found = partly(bytes(broken))
        assert found in ([], SEGMENTS)


@given(st.binary(max_size=400))
def test_p8_any_bytes_are_a_bundle_or_refused(data):
    assert partly(data) == []
    assert partly(b"age-encryption.org/v1\n" + data) == []


def test_p8_random_damage_ends_in_the_one_family(count):
    data = sealed()
    chance = random.Random(5)
    for _ in range(count("FUZZ", 3000)):
        broken = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(broken) + 1)
            piece = data[chance.randrange(len(data)) :][: chance.randint(1, 60)]
            broken[at : at + chance.choice((0, 1, 40))] = chance.choice((b"", piece))
        found = partly(bytes(broken))
        assert found == SEGMENTS[: len(found)]


@given(st.binary(max_size=300))
def test_p8_any_bytes_inside_the_seal_are_read_or_refused(plain):
    for inside in (plain, len(plain).to_bytes(4, "big") + plain, encode((1, None)) + plain):
        recipient = sealed_bundle._recipient(public_of(OWN))
        assert partly(sealed_bundle.pyrage.encrypt(inside, [recipient])) == []


def test_p8_lengths_that_lie_are_refused_before_anything_is_read():
    recipient = sealed_bundle._recipient(public_of(OWN))
    head = encode((1, None))
    for inside in (
        b"\xff\xff\xff\xff" + bytes(100),
        len(head).to_bytes(4, "big") + head + b"\xff\xff\xff\xff" + bytes(100),
    ):
        with pytest.raises(Refused, match=r"refused\.too-large"):
            open_bundle(sealed_bundle.pyrage.encrypt(inside, [recipient]), [OWN])


def test_p8_a_newer_head_is_refused_and_a_longer_one_read():
    recipient = sealed_bundle._recipient(public_of(OWN))
    container = b"".join(write_bundle(SEGMENTS))

    def with_head(head: bytes) -> bytes:
        inside = len(head).to_bytes(4, "big") + head
        inside += len(container).to_bytes(4, "big") + container
        return sealed_bundle.pyrage.encrypt(inside, [recipient])

    assert whole(with_head(encode((1, None, b"a field of later")))) == SEGMENTS
    with pytest.raises(Refused, match=r"refused\.bad-bundle"):
        open_bundle(with_head(encode((2, None))), [OWN])


def test_row_08_a_header_of_a_million_recipients_is_refused_unread():
    stanza = b"-> X25519 " + base64.b64encode(OTHER).rstrip(b"=") + b"\n" + b"A" * 43 + b"\n"
    bomb = b"age-encryption.org/v1\n" + stanza * (AGE_HEADER_MAX_BYTES // len(stanza) + 1)
    bomb += b"--- " + b"A" * 43 + b"\n" + bytes(100)
    with pytest.raises(Refused, match=r"refused\.bad-bundle"):
        open_bundle(bomb, [OWN])
    with pytest.raises(Refused, match=r"refused\.too-large"):
        open_bundle(b"age-encryption.org/v1\n" + bytes(SEALED_MAX_BYTES), [OWN])


def test_row_08_a_passphrase_in_the_header_costs_nothing():
    """scrypt with 2^30 rounds: only keys are tried."""
    bomb = b"age-encryption.org/v1\n-> scrypt " + b"A" * 22 + b" 30\n" + b"A" * 43
    bomb += b"\n--- " + b"A" * 43 + b"\n" + bytes(100)
    with pytest.raises(Refused):
        open_bundle(bomb, [OWN])


def test_row_08_no_more_than_so_many_keys_are_tried():
    others = [secret(str(n)) for n in range(IDENTITIES_MAX)]
    with pytest.raises(Refused, match=r"refused\.not-for-this-device"):
        open_bundle(sealed(), [*others, OWN])
    assert open_bundle(sealed(), [*others[1:], OWN])


def test_row_08_an_empty_share_in_the_header_opens_nothing():
    lines = sealed().split(b"\n")
    lines[1] = b"-> X25519 " + base64.b64encode(bytes(32)).rstrip(b"=")
    assert partly(b"\n".join(lines)) == []


def test_a_claim_travels_signed():
    key = SigningKey(secret("device"))
    heads = [HeadSaid(secret("log")[:8], 7, secret("entry")[:8])]
    claim = Claim.make(secret("space"), key, heads)
    found = open_bundle(sealed(claim=claim), [OWN]).claim
    assert found == claim
    assert found.is_signed
    assert found.heads == tuple(heads)
    for change in (
        {"space": secret("elsewhere")},
        {"author": SigningKey(secret("x")).public},
        {"heads": ()},
    ):
        assert not msgspec.structs.replace(found, **change).is_signed


def test_a_claim_that_would_be_too_large_is_left_out(monkeypatch):
    monkeypatch.setattr(sealed_bundle, "CLAIM_MAX_HEADS", 1)
    heads = [HeadSaid(secret("log")[:8], n, bytes(8)) for n in range(2)]
    assert Claim.make(secret("space"), SigningKey(secret("device")), heads) is None


def test_the_caps_leave_room_for_what_is_written():
    last = 2**40 - 1
    heads = [HeadSaid(bytes(8), last, bytes(8), last, [(last, bytes(8))])] * 4096
    claim = Claim.make(secret("space"), SigningKey(secret("device")), heads)
    keys = [public_of(secret(str(n))) for n in range(RECIPIENTS_MAX - 1)] + [public_of(OWN)]
    data = seal_bundle([b"x" * 10], keys, claim)
    assert data.index(b"\n--- ") < AGE_HEADER_MAX_BYTES
    assert len(data) + CONTAINER_MAX_BYTES * 65552 // 65536 < SEALED_MAX_BYTES
    assert whole(data) == [b"x" * 10]
