"""Ciphers and signatures for the second reader, from their published definitions.

Ed25519 verification (RFC 8032, with the strict rule of docs/FORMAT.md) and
XChaCha20-Poly1305 (RFC 8439, draft-irtf-cfrg-xchacha-03), slow and plain, with hashlib and
struct only. Imports nothing of lumbre. It is for reading test vectors: it takes no care of
timing, so it never handles a secret that matters.
"""

from __future__ import annotations

import hashlib
import struct

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)

Point = tuple[int, int, int, int]
IDENTITY: Point = (0, 1, 1, 0)


def add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar: int, point: Point) -> Point:
    total = IDENTITY
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def negate(point: Point) -> Point:
    return -point[0] % P, point[1], point[2], -point[3] % P


def is_small(point: Point) -> bool:
    """Whether eight times the point is the neutral element."""
    x, y, z, _ = multiply(8, point)
    return x == 0 and y == z


def decompress(data: bytes) -> Point | None:
    """A point from its canonical 32 bytes; None where there is none."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * SQRT_MINUS_1 % P
        if v * x * x % P != u:
            return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


_BASE_Y = 4 * pow(5, P - 2, P) % P
_base = decompress(_BASE_Y.to_bytes(32, "little"))
assert _base is not None
BASE: Point = _base


def compress(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def verify_strictly(message: bytes, signature: bytes, public: bytes) -> bool:
    """Ed25519 by the strict rule: see "Signatures" in docs/FORMAT.md."""
    if len(signature) != 64 or len(public) != 32:
        return False
    a, r = decompress(public), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER or is_small(a) or is_small(r):
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    k = int.from_bytes(digest, "little") % ORDER
    computed = add(multiply(s, BASE), multiply(k, negate(a)))
    return compress(computed) == signature[:32]


def _rotate(value: int, bits: int) -> int:
    return (value << bits | value >> (32 - bits)) & 0xFFFFFFFF


def _quarter(s: list[int], a: int, b: int, c: int, d: int) -> None:
    for x, y, z, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & 0xFFFFFFFF
        s[z] = _rotate(s[z] ^ s[x], bits)


def _rounds(key: bytes, last: bytes) -> tuple[list[int], list[int]]:
    """The ChaCha state before and after its 20 rounds; `last` is its last row."""
    start = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<12I", key + last)]
    state = list(start)
    for _ in range(10):
        for i in range(4):
            _quarter(state, i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            _quarter(state, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return start, state


def hchacha20(key: bytes, nonce: bytes) -> bytes:
    _, state = _rounds(key, nonce)
    return struct.pack("<8I", *state[:4], *state[12:])


def chacha20(key: bytes, nonce: bytes, counter: int, length: int) -> bytes:
    stream = b""
    while len(stream) < length:
        start, state = _rounds(key, struct.pack("<I", counter) + nonce)
        stream += struct.pack(
            "<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(start, state, strict=True))
        )
        counter += 1
    return stream[:length]


def poly1305(key: bytes, message: bytes) -> bytes:
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(message), 16):
        total = (total + int.from_bytes(message[at : at + 16] + b"\1", "little")) * r
        total %= 2**130 - 5
    return (total + int.from_bytes(key[16:], "little")).to_bytes(32, "little")[:16]


def open_chacha20_poly1305(sealed: bytes, key: bytes, nonce: bytes, extra: bytes) -> bytes | None:
    """RFC 8439: the plain text, or None where the tag is wrong."""
    text, tag = sealed[:-16], sealed[-16:]
    parts = extra + bytes(-len(extra) % 16) + text + bytes(-len(text) % 16)
    parts += struct.pack("<QQ", len(extra), len(text))
    if len(sealed) < 16 or poly1305(chacha20(key, nonce, 0, 32), parts) != tag:
        return None
    stream = chacha20(key, nonce, 1, len(text))
    return bytes(a ^ b for a, b in zip(text, stream, strict=True))


def open_xchacha20_poly1305(sealed: bytes, key: bytes, nonce: bytes, extra: bytes) -> bytes | None:
    """draft-irtf-cfrg-xchacha-03: 24 bytes of nonce."""
    return open_chacha20_poly1305(sealed, hchacha20(key, nonce[:16]), bytes(4) + nonce[16:], extra)
