"""A second reader of lumbre's format, written from docs/FORMAT.md.

Plain Python with hashlib, struct and zlib, and nothing of lumbre: where this and lumbre agree on
the vectors, the page says enough. Every refusal is `Bad`. Section numbers are the page's.

What it does not do: envelopes' boxes (X25519), media's transport, speed.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path
from typing import Any

from tests.record.second_crypto import open_xchacha20_poly1305, verify_strictly

VECTORS = Path(__file__).with_name("vectors")


class Bad(Exception):
    """Refused."""


def need(holds: bool, why: str) -> None:
    if not holds:
        raise Bad(why)


# 1. Values


def decode(data: bytes, nesting: int = 8) -> Any:
    """One canonical value that fills `data`."""
    value, end = _value(data, 0, nesting)
    need(end == len(data), "bytes after the end")
    return value


def _take(data: bytes, at: int, length: int) -> bytes:
    need(at + length <= len(data), "cut short")
    return data[at : at + length]


def _number(data: bytes, at: int, form: str, least: int = 0, most: int = -1) -> tuple[int, int]:
    """An integer in a longer form; refused if a shorter form would have held it."""
    size = struct.calcsize(form)
    (value,) = struct.unpack(form, _take(data, at, size))
    need(value >= least or value < most, "not the shortest form")
    return value, at + size


_UNSIGNED = {0xCC: (">B", 128), 0xCD: (">H", 2**8), 0xCE: (">I", 2**16), 0xCF: (">Q", 2**32)}
_SIGNED = {0xD0: (">b", -32), 0xD1: (">h", -(2**7)), 0xD2: (">i", -(2**15)), 0xD3: (">q", -(2**31))}
_TEXT = {0xD9: (">B", 32), 0xDA: (">H", 2**8), 0xDB: (">I", 2**16)}
_BYTES = {0xC4: (">B", 0), 0xC5: (">H", 2**8), 0xC6: (">I", 2**16)}
_ARRAY = {0xDC: (">H", 16), 0xDD: (">I", 2**16)}
_CONSTANT = {0xC0: None, 0xC2: False, 0xC3: True}


def _value(data: bytes, at: int, nesting: int) -> tuple[Any, int]:
    first = _take(data, at, 1)[0]
    at += 1
    if first < 0x80:
        return first, at
    if first >= 0xE0:
        return first - 256, at
    if first in _CONSTANT:
        return _CONSTANT[first], at
    if first in _UNSIGNED:
        form, least = _UNSIGNED[first]
        return _number(data, at, form, least)
    if first in _SIGNED:
        form, most = _SIGNED[first]
        return _number(data, at, form, 2**64, most)
    if 0xA0 <= first < 0xC0 or first in _TEXT:
        length, at = (first - 0xA0, at) if first < 0xC0 else _number(data, at, *_TEXT[first])
        try:
            return _take(data, at, length).decode("utf-8"), at + length
        except UnicodeDecodeError:
            raise Bad("not UTF-8") from None
    if first in _BYTES:
        length, at = _number(data, at, *_BYTES[first])
        return _take(data, at, length), at + length
    need(0x90 <= first < 0xA0 or first in _ARRAY, "a type that is not allowed")
    need(nesting > 0, "too deep")
    length, at = (first - 0x90, at) if first < 0xA0 else _number(data, at, *_ARRAY[first])
    items = []
    for _ in range(length):
        item, at = _value(data, at, nesting - 1)
        items.append(item)
    return items, at


def encode(value: Any) -> bytes:
    """Canonical bytes of what headers and names hold: integers, bytes, arrays."""
    if isinstance(value, int):
        if 0 <= value < 128:
            return bytes([value])
        for first, (form, _) in _UNSIGNED.items():
            if value < 256 ** struct.calcsize(form):
                return bytes([first]) + struct.pack(form, value)
    if isinstance(value, bytes):
        assert len(value) < 256
        return b"\xc4" + bytes([len(value)]) + value
    assert len(value) < 16
    return bytes([0x90 + len(value)]) + b"".join(map(encode, value))


def is_int(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def is_bytes(value: Any, length: int) -> bool:
    return type(value) is bytes and len(value) == length


def is_array(value: Any, length: int) -> bool:
    return type(value) is list and len(value) == length


# 2. Logs


def check_name(name: Any) -> None:
    need(is_array(name, 4), "name")
    need(is_bytes(name[0], 32) and is_bytes(name[1], 32), "space or author")
    need(is_int(name[2], 0, 3) and is_int(name[3], 0, 0), "lane or volume")


def log_id(name: list[Any]) -> bytes:
    return hashlib.sha256(b"lumbre/log/1\0" + encode(name)).digest()


# 3 and 4. Entries, signatures

ZERO = bytes(32)
FIELDS = (
    "version",
    "log",
    "seq",
    "prev",
    "depth",
    "wall_s",
    "total_bytes",
    "key_id",
    "body_bytes",
    "body_hash",
)


def check_header(fields: list[Any]) -> dict[str, Any]:
    need(is_array(fields, 10), "header")
    header = dict(zip(FIELDS, fields, strict=True))
    need(is_int(header["version"], 1, 1), "version")
    need(all(is_bytes(header[name], 32) for name in ("log", "prev", "body_hash")), "hash")
    need(is_bytes(header["key_id"], 4), "key id")
    need(is_int(header["seq"], 0, 2**40 - 1), "seq")
    need(is_int(header["depth"], header["seq"] + 1, 2**53 - 1), "depth")
    need(is_int(header["wall_s"], 0, 2**40), "wall")
    need(is_int(header["body_bytes"], 0, 65_536), "body length")
    need(is_int(header["total_bytes"], 0, 2**53 - 1), "total")
    before = header["total_bytes"] - 128 - header["body_bytes"]
    need((header["seq"] == 0) == (header["prev"] == ZERO), "prev")
    need(before == 0 if header["seq"] == 0 else before >= 128 * header["seq"], "total")
    return header


def read_header(data: bytes) -> dict[str, Any]:
    need(len(data) <= 151, "too large")
    return check_header(decode(data))


def is_entry_signed(id_: bytes, signature: bytes, author: bytes) -> bool:
    return verify_strictly(b"lumbre/entry/1\0" + id_, signature, author)


# 5. Segments


def read_segment(data: bytes) -> list[dict[str, Any]]:
    """The entries of a segment: their header's fields, id, body and signature."""
    need(len(data) <= 1_048_576, "too large")
    segment = decode(data)
    need(is_array(segment, 4) and is_int(segment[0], 1, 1), "segment")
    _, name, base, items = segment
    check_name(name)
    _check_base(base)
    need(type(items) is list and 1 <= len(items) <= 4096, "items")
    entries: list[dict[str, Any]] = []
    before, run, run_bytes = base, 0, 0
    for item in items:
        entry = _entry(name, before, item)
        run, run_bytes = run + 1, run_bytes + entry["body_bytes"]
        if entry["signature"] is not None:
            run = run_bytes = 0
        need(run == 0 or (name[2] > 1 and run < 256 and run_bytes <= 65_536), "no mark")
        entries.append(entry)
        before = [entry[key] for key in ("seq", "id", "depth", "wall_s", "total_bytes")]
    need(run == 0, "no mark at the end")
    return entries


def _check_base(base: Any) -> None:
    need(is_array(base, 5) and is_int(base[0], -1, 2**40 - 1) and is_bytes(base[1], 32), "base")
    seq, id_, depth, wall_s, total = base
    need(is_int(depth, 0, 2**53 - 1) and is_int(wall_s, 0, 2**40), "base")
    need(is_int(total, 0, 2**53 - 1), "base")
    if seq == -1:
        need(base == [-1, ZERO, 0, 0, 0], "start")
    else:
        need(id_ != ZERO and depth > seq and total >= 128 * (seq + 1), "base")


def _entry(name: list[Any], before: list[Any], item: Any) -> dict[str, Any]:
    need(is_array(item, 5), "item")
    depth_step, wall_step, key_id, content, signature = item
    need(is_int(depth_step, 1, 2**53 - 1), "depth step")
    need(is_int(wall_step, -(2**40), 2**40), "wall step")
    need(key_id is None or (is_bytes(key_id, 4) and key_id != bytes(4)), "key id")
    if type(content) is bytes:
        body, body_bytes, body_hash = content, len(content), hashlib.sha256(content).digest()
    else:
        need(is_array(content, 2) and is_int(content[0], 0, 65_536), "content")
        body, (body_bytes, body_hash) = None, content
    fields = [
        1,
        log_id(name),
        before[0] + 1,
        before[1],
        before[2] + depth_step,
        before[3] + wall_step,
        before[4] + 128 + body_bytes,
        key_id or bytes(4),
        body_bytes,
        body_hash,
    ]
    entry = check_header(fields)
    id_ = hashlib.sha256(encode(fields)).digest()
    if signature is not None:
        need(is_bytes(signature, 64) and is_entry_signed(id_, signature, name[1]), "signature")
    return {**entry, "id": id_, "header": encode(fields), "body": body, "signature": signature}


# 6. Bodies


def read_body(data: bytes) -> dict[str, Any]:
    """The kind and the references of a body, whatever its kind."""
    need(len(data) <= 65_536, "too large")
    body = decode(data)
    need(type(body) is list and body != [] and type(body[0]) is str, "no kind")
    return {"kind": body[0], "refs": references(body)}


def references(value: Any) -> list[list[Any]]:
    if type(value) is not list:
        return []
    if is_array(value, 3) and [is_bytes(part, 32) for part in value] == [True, False, True]:
        return [value] if is_int(value[1], 0, 2**40 - 1) else []
    return [found for part in value for found in references(part)]


def media_root(data: bytes, piece_bytes: int) -> bytes:
    pieces = [data[at : at + piece_bytes] for at in range(0, len(data), piece_bytes)]
    hashes = [
        hashlib.sha256(b"lumbre/piece/1\0" + struct.pack(">Q", i) + piece).digest()
        for i, piece in enumerate(pieces)
    ]
    start = b"lumbre/media/1\0" + struct.pack(">Q", len(data))
    return hashlib.sha256(start + b"".join(hashes)).digest()


# 7. Sealed bodies


def open_body(sealed: bytes, key: bytes, log: bytes, seq: int, prev: bytes) -> bytes:
    need(24 < len(sealed) <= 65_536, "length")
    salt = sealed[:8]
    position = log + struct.pack(">Q", seq) + prev + salt
    nonce = hashlib.blake2b(position, digest_size=24).digest()
    padded = open_xchacha20_poly1305(sealed[8:], key, nonce, b"lumbre/body/1\0")
    need(padded is not None, "seal")
    assert padded is not None
    plain = padded.rstrip(b"\0")
    need(plain.endswith(b"\x80") and len(plain) >= 2 and plain[0] in (0, 1), "padding or id byte")
    return plain[1:-1] if plain[0] == 0 else inflate(plain[1:-1])


def inflate(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(-15, (VECTORS / "dictionary-1.bin").read_bytes())
    try:
        body = unpacker.decompress(packed, 65_536)
    except zlib.error:
        raise Bad("deflate") from None
    need(unpacker.eof and not unpacker.unused_data, "deflate's end")
    return body


# 10. Radio


def read_frame(frame: bytes, names: list[list[Any]]) -> dict[str, Any]:
    need(2 + 4 + 4 + 32 + 64 <= len(frame) <= 200, "length")
    (first,) = struct.unpack(">H", frame[:2])
    need(first >> 12 == 1, "form")
    at, numbers = 10, []
    for shift in (9, 6, 3, 0):
        packed = frame[at : at + (first >> shift & 7)]
        need(not packed.startswith(b"\0"), "not the shortest form")
        numbers.append(int.from_bytes(packed, "big"))
        at += first >> shift & 7
    need(len(frame) >= at + 96, "cut short")
    seq, depth, wall_s, bodies = numbers
    prev, signature, body = frame[at : at + 32], frame[at + 32 : at + 96], frame[at + 96 :]
    for name in names:
        log = log_id(name)
        total, body_hash = bodies + 128 * (seq + 1), hashlib.sha256(body).digest()
        key_id = frame[6:10]
        fields = [1, log, seq, prev, depth + seq + 1, wall_s, total, key_id, len(body), body_hash]
        entry = check_header(fields)
        id_ = hashlib.sha256(encode(fields)).digest()
        if log[:4] == frame[2:6] and is_entry_signed(id_, signature, name[1]):
            header = encode(fields)
            return {**entry, "id": id_, "header": header, "body": body, "signature": signature}
    raise Bad("no log under which the signature holds")
