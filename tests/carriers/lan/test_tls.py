"""The channel's two ends in memory: bindings, what is refused, what can be read off the wire."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from lumbre.carriers.lan import tls as module
from lumbre.carriers.lan.tls import ANSWERS_MAX_BYTES, HANDSHAKE_MAX_BYTES, Tls
from lumbre.errors import Refused
from tests.carriers.lan.toy import shake


def pair() -> tuple[Tls, Tls]:
    caller, taker = Tls(is_caller=True), Tls(is_caller=False)
    shake(caller, taker)
    taker.receive(caller.to_send())
    caller.receive(taker.to_send())
    return caller, taker


def test_both_ends_of_a_channel_hold_its_binding_and_no_two_channels_share_one() -> None:
    bindings = set()
    for _ in range(20):
        caller, taker = pair()
        assert caller.binding == taker.binding
        assert len(caller.binding) == 32
        bindings.add(caller.binding)
    assert len(bindings) == 20


def test_one_in_the_middle_has_two_bindings() -> None:
    """It takes one call and makes another; who compares bindings finds it."""
    left, to_left = pair()
    to_right, right = pair()
    to_right.send(to_left.receive(_sent(left, b"a proof bound to this channel")))
    assert right.receive(to_right.to_send()) == b"a proof bound to this channel"
    assert left.binding != right.binding


def test_a_taker_that_repeats_itself_cannot_repeat_a_binding(monkeypatch) -> None:
    """The same key and certificate for all: the binding hangs on both ends' fresh halves."""
    key = Ed25519PrivateKey.generate()
    monkeypatch.setattr(module.Ed25519PrivateKey, "generate", lambda: key)
    assert pair()[0].binding != pair()[0].binding


def test_what_is_said_is_heard_in_order_in_pieces_of_any_size() -> None:
    caller, taker = pair()
    rng = random.Random(7)
    said = rng.randbytes(100_000)
    wire = _sent(caller, said)
    heard = b""
    while wire:
        size = rng.choice((1, 5, 100, 3000, 40_000))
        heard += taker.receive(wire[:size])
        wire = wire[size:]
    assert heard == said


def test_an_end_that_was_said_is_told_from_a_cut() -> None:
    caller, taker = pair()
    caller.end()
    assert taker.receive(caller.to_send()) == b""
    assert taker.is_ended
    assert not caller.is_ended


@pytest.mark.parametrize("is_caller", [True, False])
def test_garbage_for_a_handshake_is_refused(is_caller) -> None:
    rng = random.Random(1)
    for size in (5, 6, 100, 5000):
        with pytest.raises(Refused, match="handshake"):
            Tls(is_caller=is_caller).receive(b"\x16\x03\x01" + rng.randbytes(size))
        with pytest.raises(Refused, match="handshake"):
            Tls(is_caller=is_caller).receive(b"GET / HTTP/1.1\r\n\r\n" * size)


def test_garbage_after_the_handshake_is_refused() -> None:
    for garbage in (b"\x17\x03\x03\x00\x20" + bytes(32), b"hello, this is no record at all"):
        _, taker = pair()
        with pytest.raises(Refused, match="channel"):
            taker.receive(garbage)


def test_every_flipped_bit_of_a_record_is_refused() -> None:
    wire_bits = len(_sent(pair()[0], b"x" * 20)) * 8
    for bit in range(0, wire_bits, 3):
        caller, taker = pair()
        wire = bytearray(_sent(caller, b"x" * 20))
        wire[bit // 8] ^= 1 << bit % 8
        try:
            heard = taker.receive(bytes(wire))
        except Refused:
            continue
        # A longer length waits for bytes that never come.
        assert (heard, 24 <= bit < 40) == (b"", True)


def test_a_replayed_record_is_refused() -> None:
    caller, taker = pair()
    wire = _sent(caller, b"once")
    assert taker.receive(wire) == b"once"
    with pytest.raises(Refused, match="channel"):
        taker.receive(wire)


def test_a_record_over_its_size_is_refused_before_it_is_whole() -> None:
    _, taker = pair()
    with pytest.raises(Refused, match="channel"):
        taker.receive(b"\x17\x03\x03\xff\xff" + bytes(100))


def test_a_handshake_that_never_ends_is_refused_at_its_cap() -> None:
    taker = Tls(is_caller=False)
    # A hello of 64 kB, announced and sent piece by piece.
    head = b"\x16\x03\x01\x10\x00"
    records = [head + b"\x01\x00\xff\xff" + bytes(4092)] + [head + bytes(4096)] * 15
    taken = _taken_before_refusal(taker, iter(records), "handshake")
    assert 0 < taken * len(records[0]) <= HANDSHAKE_MAX_BYTES


@given(
    is_caller=st.booleans(),
    is_open=st.booleans(),
    pieces=st.lists(
        st.binary(max_size=40)
        | st.builds(
            lambda kind, data: bytes([kind, 3, 3]) + len(data).to_bytes(2, "big") + data,
            st.sampled_from([20, 21, 22, 23, 24]),
            st.binary(max_size=300),
        ),
        max_size=6,
    ),
)
def test_p8_whatever_comes_is_taken_or_refused(is_caller, is_open, pieces) -> None:
    ends = pair() if is_open else (Tls(is_caller=True), Tls(is_caller=False))
    tls = ends[0] if is_caller else ends[1]
    with contextlib.suppress(Refused):
        for piece in pieces:
            assert tls.receive(piece) == b""
            tls.to_send()
    assert tls.is_open == is_open


@given(flight=st.integers(0, 2), at=st.floats(0, 1), bit=st.integers(0, 7), is_cut=st.booleans())
def test_p8_a_handshake_that_was_tampered_with_never_gives_two_bindings(
    flight, at, bit, is_cut
) -> None:
    caller, taker = Tls(is_caller=True), Tls(is_caller=False)
    try:
        for number, (one, other) in enumerate(
            [(caller, taker), (taker, caller), (caller, taker), (taker, caller)]
        ):
            data = bytearray(one.to_send())
            if number == flight:
                place = min(int(at * len(data)), len(data) - 1)
                if is_cut:
                    del data[place:]
                else:
                    data[place] ^= 1 << bit
            other.receive(bytes(data))
    except Refused:
        pass
    # A bit of a record's own head may go unnoticed; nothing hangs on it.
    assert not (caller.is_open and taker.is_open) or caller.binding == taker.binding
    assert not (taker.is_open and is_cut)


def _foreign(method: int, *, newest: int | None = None) -> SSL.Connection:
    context = SSL.Context(method)
    if newest is not None:
        context.set_max_proto_version(newest)
    return SSL.Connection(context, None)


def test_older_versions_of_tls_are_refused() -> None:
    for version in (SSL.TLS1_2_VERSION, SSL.TLS1_1_VERSION):
        old = _foreign(SSL.TLS_CLIENT_METHOD, newest=version)
        old.set_connect_state()
        with pytest.raises(SSL.Error):
            old.do_handshake()
        with pytest.raises(Refused, match="handshake"):
            Tls(is_caller=False).receive(_drained(old) or b"\x16\x03\x01\x00\x00")


def test_an_older_taker_is_refused() -> None:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    key = Ed25519PrivateKey.generate()
    context.use_privatekey(key)
    context.use_certificate(module._certificate(key))
    old = SSL.Connection(context, None)
    old.set_accept_state()
    caller = Tls(is_caller=True)
    old.bio_write(caller.to_send())
    with pytest.raises(SSL.Error):
        old.do_handshake()
    with pytest.raises(Refused, match="handshake"):
        caller.receive(_drained(old))
    assert caller.binding == b""


def test_a_group_that_nobody_here_offers_on_purpose_is_refused() -> None:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_tmp_ecdh(ec.SECP256R1())
    odd = SSL.Connection(context, None)
    odd.set_connect_state()
    taker = Tls(is_caller=False)
    flights = _flights(odd, taker)
    assert _taken_before_refusal(taker, flights, "handshake") == 1  # it was asked to try again
    assert not taker.is_open


def test_no_renegotiation_and_nothing_to_take_a_session_up_with() -> None:
    """A caller that kept what the taker sent still has to shake hands anew, in full."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_session_cache_mode(SSL.SESS_CACHE_CLIENT)
    first = SSL.Connection(context, None)
    full_bytes = _shake_foreign(first, Tls(is_caller=False))
    with pytest.raises(SSL.Error):
        first.renegotiate()
    again = SSL.Connection(context, None)
    session = first.get_session()
    assert session is not None
    again.set_session(session)
    assert _shake_foreign(again, Tls(is_caller=False)) == full_bytes


def _shake_foreign(caller: SSL.Connection, taker: Tls) -> int:
    """The bytes that the taker said until both were open."""
    caller.set_connect_state()
    said_bytes = 0
    for flight in _flights(caller, taker):
        taker.receive(flight)
        if taker.is_open:
            answer = taker.to_send()
            caller.bio_write(answer)
            with pytest.raises(SSL.WantReadError):
                caller.recv(1)
            return said_bytes + len(answer)
        said_bytes += len(taker._out)
    raise AssertionError("never open")


def _flights(caller: SSL.Connection, taker: Tls) -> Iterator[bytes]:
    """What a foreign caller says, step by step."""
    for _ in range(4):
        if answer := taker.to_send():
            caller.bio_write(answer)
        with contextlib.suppress(SSL.WantReadError):
            caller.do_handshake()
        yield _drained(caller)


def _taken_before_refusal(taker: Tls, pieces: Iterator[bytes], why: str) -> int:
    """How many pieces were taken before one was refused."""
    for taken, piece in enumerate(pieces):
        try:
            taker.receive(piece)
        except Refused as error:
            return taken if why in error.message_id else -1
    raise AssertionError("nothing was refused")


def test_endless_wishes_for_new_keys_pile_up_no_answers() -> None:
    """What a caller can make the taker say, and never reads, stays small."""
    secrets = {}
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_tls13_ciphersuites(b"TLS_AES_128_GCM_SHA256")
    context.set_keylog_callback(lambda _, line: secrets.update([line.split()[::2]]))
    caller, taker = SSL.Connection(context, None), Tls(is_caller=False)
    _shake_foreign(caller, taker)
    secret = bytes.fromhex(secrets[b"CLIENT_TRAFFIC_SECRET_0"].decode())
    taker.to_send()
    # A few are answered, as the standard asks.
    assert 1 < _taken_before_refusal(taker, _key_updates(secret, 1000), "channel") < 50
    assert len(taker.to_send()) <= 2 * ANSWERS_MAX_BYTES


def _expand(secret: bytes, label: bytes, size_bytes: int) -> bytes:
    """HKDF-Expand-Label of RFC 8446, with an empty context."""
    label = b"tls13 " + label
    info = size_bytes.to_bytes(2, "big") + bytes([len(label)]) + label + b"\0"
    return HKDFExpand(hashes.SHA256(), size_bytes, info).derive(secret)


def _key_updates(secret: bytes, count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield _key_update(secret)
        secret = _expand(secret, b"traffic upd", 32)


def _key_update(secret: bytes) -> bytes:
    """The first record under a secret: a wish that the other end changes its keys too."""
    said = b"\x18\x00\x00\x01\x01" + b"\x16"
    head = b"\x17\x03\x03" + (len(said) + 16).to_bytes(2, "big")
    return head + AESGCM(_expand(secret, b"key", 16)).encrypt(
        _expand(secret, b"iv", 12), said, head
    )


def test_the_certificate_names_nothing_and_is_another_each_time() -> None:
    seen = [pair()[0]._ssl.get_peer_certificate(as_cryptography=True) for _ in range(2)]
    assert seen[0].public_key() != seen[1].public_key()
    key = Ed25519PrivateKey.generate()
    one, two = module._certificate(key), module._certificate(key)
    assert list(one.subject) == list(one.issuer) == []
    assert list(one.extensions) == []
    assert one.serial_number != two.serial_number
    assert (one.not_valid_before_utc, one.not_valid_after_utc) == (
        two.not_valid_before_utc,
        two.not_valid_after_utc,
    )
    assert isinstance(one, x509.Certificate)


def test_row_17_a_capture_of_a_channel_shows_no_identifiers() -> None:
    """Nothing of what is said, no name, and no key that two channels of one device share."""
    canaries = [f"canary-{number}-La Vega".encode() for number in range(50)]
    captures = []
    for _ in range(2):
        caller, taker = Tls(is_caller=True), Tls(is_caller=False)
        capture = b"".join(data for _, data in shake(caller, taker))
        for canary in canaries:
            capture += _sent(caller, canary * 30) + _sent(taker, canary)
        captures.append(capture)
    for capture in captures:
        assert [canary for canary in canaries if canary in capture] == []
        assert b"lumbre" not in capture.lower()
    first, second = ({c[i : i + 32] for i in range(len(c) - 32)} for c in captures)
    # What the two have in common is in every hello: lists of what TLS can do.
    hello = Tls(is_caller=True).to_send()
    assert [part for part in first & second if part not in hello] == []


def _sent(tls: Tls, data: bytes) -> bytes:
    tls.send(data)
    return tls.to_send()


def _drained(connection: SSL.Connection) -> bytes:
    try:
        return connection.bio_read(1 << 20)
    except SSL.Error:
        return b""
