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
