"""TLS 1.3 without a socket and without names: bytes in, bytes out, and a binding.

    tls = Tls(is_caller=True)
    tls.to_send()                 bytes for the other end, at any time
    tls.receive(data)             what the other end said, decrypted
    tls.is_open, tls.binding      once both ends have proved that they hold the same keys

Rules: TLS 1.3 and nothing older; keys agreed by X25519, with ML-KEM beside it where both ends
can; no tickets are kept and no session is taken up again, so every channel has keys of its own.
The certificate is made for one connection and names nothing; nobody looks at it. The binding is
the exporter of RFC 9266. See docs/adr/0007-the-channel-is-tls-without-names.md.

What this does not do: say who the other is. That is said inside, bound to `binding`.
"""

from __future__ import annotations

import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from OpenSSL import SSL

from lumbre.errors import Refused

BINDING_BYTES: Final = 32
# A whole handshake is 1.6 kB each way; a chain of certificates or endless fragments is none.
HANDSHAKE_MAX_BYTES: Final = 16 * 1024

# What a channel says by itself once it is open: an alert, new keys when asked. Whoever asks for
# new keys without end, and reads none of the answers, would have them pile up here.
ANSWERS_MAX_BYTES: Final = 1024

_EXPORTER: Final = b"EXPORTER-Channel-Binding"
# ChaCha20 first: the boards that are left have no AES in their processors.
_CIPHERS: Final = b"TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
_GROUPS: Final = frozenset({"x25519mlkem768", "x25519"})
# The same for every device: a date says when it was installed, or how wrong its clock is.
_FROM: Final = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
_UNTIL: Final = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)
_NOBODY: Final = x509.Name([])
_READ_BYTES: Final = 64 * 1024


class Tls:
    """One end of a connection: ciphertext goes in and comes out, plaintext too."""

    def __init__(self, *, is_caller: bool) -> None:
        self._ssl = SSL.Connection(_context(is_caller=is_caller), None)
        self._before_open_bytes = 0
        self._answers_bytes = 0
        self._out = bytearray()
        self.binding = b""
        self.is_ended = False
        if is_caller:
            self._ssl.set_connect_state()
            self._shake()
        else:
            self._ssl.set_accept_state()

    @property
    def is_open(self) -> bool:
        """Whether the handshake is done and `binding` is there."""
        return bool(self.binding)

    def receive(self, data: bytes) -> bytes:
        """Take in ciphertext; what it says. `Refused` if it is not TLS, or not as is asked."""
        if self.is_ended or not data:
            return b""
        self._ssl.bio_write(data)
        if not self.is_open:
            self._before_open_bytes += len(data)
            if not self._shake():
                if self._before_open_bytes > HANDSHAKE_MAX_BYTES:
                    raise Refused("refused.handshake")
                return b""
            return self._read()
        said = self._read()
        self._answers_bytes += self._drain()
        if self._answers_bytes > ANSWERS_MAX_BYTES:
            raise Refused("refused.channel")
        return said

    def send(self, data: bytes) -> None:
        """Encrypt; the ciphertext is in `to_send`."""
        try:
            self._ssl.sendall(data)
        except SSL.Error as error:
            raise Refused("refused.channel") from error

    def to_send(self) -> bytes:
        """Ciphertext that the other end has to get; empty where there is none."""
        self._drain()
        data = bytes(self._out)
        self._out.clear()
        return data

    def end(self) -> None:
        """Say that nothing more will be said."""
        if self.is_open:
            try:
                self._ssl.shutdown()
            except SSL.Error:
                return

    def _drain(self) -> int:
        """Fetch what OpenSSL has to send; how many bytes that was."""
        before_bytes = len(self._out)
        try:
            while True:
                self._out += self._ssl.bio_read(_READ_BYTES)
        except SSL.Error:
            return len(self._out) - before_bytes

    def _shake(self) -> bool:
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as error:
            raise Refused("refused.handshake") from error
        # OpenSSL would also take groups that nobody here offers on purpose.
        if (self._ssl.get_group_name() or "").lower() not in _GROUPS:
            raise Refused("refused.handshake")
        self.binding = self._ssl.export_keying_material(_EXPORTER, BINDING_BYTES)
        return True

    def _read(self) -> bytes:
        parts = []
        try:
            while True:
                parts.append(self._ssl.recv(_READ_BYTES))
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.is_ended = True
        except SSL.Error as error:
            raise Refused("refused.channel") from error
        return b"".join(parts)


def _context(*, is_caller: bool) -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD if is_caller else SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.set_tls13_ciphersuites(_CIPHERS)
    # A ticket would let the keys of one meeting reach into the next.
    context.set_options(SSL.OP_NO_TICKET)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_verify(SSL.VERIFY_NONE)
    if not is_caller:
        key = Ed25519PrivateKey.generate()
        context.use_privatekey(key)
        context.use_certificate(_certificate(key))
    return context


def _certificate(key: Ed25519PrivateKey) -> x509.Certificate:
    """What TLS asks for and nobody reads."""
    return (
        x509.CertificateBuilder()
        .subject_name(_NOBODY)
        .issuer_name(_NOBODY)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .sign(key, None)
    )
