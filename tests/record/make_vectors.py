"""Writes tests/record/vectors/*.json: what any reader of the format must read alike.

    python -m tests.record.make_vectors

Everything comes from fixed seeds, so a run changes nothing unless the format changed; a test
holds the files to it. Bytes are hex. `good` vectors say what a reader finds, `bad` ones why
they are refused (for people: a reader may word it otherwise).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from nacl import bindings

from lumbre.record import Entry, Lane, MediaName, Tip, Writer, write_segment
from lumbre.record.dictionary import DICTIONARY_1
from lumbre.record.entry import entry_id
from lumbre.record.media import name_media
from lumbre.record.radio import write_frame
from lumbre.record.seal import RADIO_PAD_BYTES, body_nonce, seal_body
from tests.record.helpers import SPACE, Forger, body_of, key_of, log_of, run_of, secret, tip_before

FOLDER = Path(__file__).parent / "vectors"
Vector = dict[str, Any]
VECTOR_MAX_CHARS = 50_000
B = msgspec.msgpack.encode


def vectors() -> dict[str, dict[str, list[Vector]]]:
    """File name to its vectors."""
    return {
        "segments": {"good": list(good_segments()), "bad": list(bad_segments())},
        "headers": {"good": list(good_headers()), "bad": list(bad_headers())},
        "bodies": {"good": list(good_bodies()), "bad": list(bad_bodies())},
        "seals": {"good": list(good_seals()), "bad": list(bad_seals())},
        "frames": {"good": list(good_frames()), "bad": list(bad_frames())},
        "media": {"good": list(good_media()), "bad": []},
    }


def text_of(vectors: dict[str, list[Vector]]) -> str:
    return json.dumps(vectors, indent=1, sort_keys=True, default=bytes.hex) + "\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, found in vectors().items():
        (FOLDER / f"{name}.json").write_text(text_of(kept(found)), encoding="utf-8")


def kept(vectors: dict[str, list[Vector]]) -> dict[str, list[Vector]]:
    """Without those that only show a large cap; tests make these anew."""
    return {
        verdict: [one for one in found if len(text_of({"": [one]})) <= VECTOR_MAX_CHARS]
        for verdict, found in vectors.items()
    }


def entry_vector(entry: Entry) -> Vector:
    fields = ("log", "seq", "id", "prev", "depth", "wall_s", "total_bytes", "key_id")
    found = {field: getattr(entry, field) for field in fields}
    return found | {"header": entry.header, "body": entry.body, "signature": entry.signature}


def _without_body(entry: Entry) -> Entry:
    return msgspec.structs.replace(entry, body=None)


def sealed_run(count: int, lane: Lane = Lane.URGENT, pad_bytes: int = 16) -> list[Entry]:
    writer = Writer(log_of(1, lane), key_of(1))
    entries = []
    for i in range(count):
        at = {"log": writer.name.id, "seq": i, "prev": writer.tip.id, "salt": secret("salt", i)[:8]}
        body = seal_body(body_of(i)[:54], secret("epoch"), **at, pad_bytes=pad_bytes)
        step = {"depth": writer.tip.depth + 2, "wall_s": 1_800_000_000 + i}
        entries.append(writer.append(body, **step, key_id=secret("epoch id")[:4]))
    return entries


def good_segments() -> Iterator[Vector]:
    ordinary = run_of(9)
    cases = {
        "one entry": run_of(1),
        "nine entries, three marks": ordinary,
        "from the middle": ordinary[4:],
        "all bodies absent": [_without_body(entry) for entry in ordinary],
        "some bodies absent": [*map(_without_body, ordinary[:3]), *ordinary[3:]],
        "sealed, lane 1": sealed_run(3),
        "lane 0": run_of(3, lane=Lane.TRUST),
        "256 entries, one mark": run_of(256, marks=1000),
    }
    for what, entries in cases.items():
        segment = write_segment(entries, tip_before(entries[0]))
        yield {"what": what, "segment": segment, "entries": list(map(entry_vector, entries))}
    founding = Writer(log_of(2, Lane.TRUST, bytes(32)), key_of(2))
    entry = founding.append(body_of(0), depth=1, wall_s=0)
    one = {"segment": write_segment([entry]), "entries": [entry_vector(entry)]}
    yield {"what": "a founding entry, clock at 1970", **one}


def bad_segments() -> Iterator[Vector]:
    good = write_segment(run_of(3))
    yield {"what": "empty", "segment": b""}
    yield {"what": "cut short", "segment": good[:-1]}
    yield {"what": "a byte after the end", "segment": good + b"\0"}
    yield {"what": "the signature's last bit", "segment": good[:-1] + bytes([good[-1] ^ 1])}
    yield {"what": "version not in its shortest form", "segment": b"\x94\xcc\x01" + good[2:]}
    other_space = good.replace(SPACE, secret("other space"))
    yield {"what": "the same entries under another space", "segment": other_space}
    other_lane = good.replace(key_of(0).public + b"\2", key_of(0).public + b"\3")
    yield {"what": "the same entries under another lane", "segment": other_lane}
    for what, forger, items in forged():
        yield {"what": what, "segment": forger.segment(*items)}


def forged() -> Iterator[tuple[str, Forger, list[Vector]]]:
    """Segments that their author signed, and that break a rule."""

    def case(what: str, *items: Vector, lane: int = 2, **changes: Any) -> tuple[str, Forger, Any]:
        forger = Forger(lane=lane)
        for name, value in changes.items():
            if name.startswith("name"):
                forger.name[int(name[-1])] = value
            else:
                setattr(forger, name, value)
        return what, forger, list(items)

    item = Forger().item
    some = secret("id")
    yield case("version 2", version=2)
    yield case("volume 1", name3=1)
    yield case("lane 4", name2=4)
    yield case("a space of 31 bytes", name0=bytes(31))
    yield case("depth step 0", item(depth=0))
    yield case("depth over 2^53", item(depth=2**53 - 1), item(depth=2**53 - 1))
    yield case("depth over 2^64", *[item(depth=2**53 - 1)] * 2050)
    yield case("clock before 1970", item(wall=-1))
    yield case("clock over its cap", item(wall=2**40), item(wall=1))
    yield case("key id of zero bytes", item(key_id=bytes(4)))
    yield case("key id of 5 bytes", item(key_id=b"abcde"))
    yield case("a body over its cap", item(content=bytes(65_537)))
    yield case("an absent body over its cap", item(content=[65_537, some]))
    yield case("an absent body's hash of 31 bytes", item(content=[1, bytes(31)]))
    yield case("no mark", item(sign=False))
    yield case("no mark at the end", item(), item(sign=False))
    yield case("257 entries, one mark", *[item(sign=False)] * 256, item())
    run = [item(content=[60_000, some], sign=False)] * 2
    yield case("a mark too many bytes away", *run, item())
    yield case("lane 0, an entry without signature", item(sign=False), item(), lane=0)
    yield case("lane 1, an entry without signature", item(sign=False), item(), lane=1)
    yield case("a start that is not the start", base=[-1, some, 0, 0, 0])
    yield case("a start with a depth", base=[-1, bytes(32), 1, 0, 0])
    yield case("seq -2", base=[-2, bytes(32), 0, 0, 0])
    yield case("prev of zero bytes after the start", base=[3, bytes(32), 9, 0, 1000])
    yield case("a depth that seq 3 cannot have", base=[3, some, 3, 0, 1000])
    yield case("a total that seq 3 cannot have", base=[3, some, 9, 0, 511])
    yield case("seq over 2^40", base=[2**40 - 1, some, 2**41, 0, 2**50])
    yield case("a total over 2^53", base=[3, some, 9, 0, 2**53 - 1])
    yield case("a base of six values", base=[-1, bytes(32), 0, 0, 0, 0])
    yield case("more items than the cap", *[item(content=[0, some])] * 4097)


def good_headers() -> Iterator[Vector]:
    for entry in (*run_of(2), *sealed_run(1)):
        yield {"what": f"seq {entry.seq}", "header": entry.header, "id": entry.id}
    top = [1, secret("log"), 2**40 - 1, secret("prev"), 2**53 - 1, 2**40, 2**53 - 1]
    header = B([*top, b"abcd", 65_536, secret("body")])
    yield {"what": "the greatest", "header": header, "id": entry_id(header)}


def bad_headers() -> Iterator[Vector]:
    honest: list[Any] = [1, secret("l"), 3, secret("p"), 9, 5, 1000, bytes(4), 7, secret("b")]
    changes: list[tuple[str, int, Any]] = [
        ("version 0", 0, 0),
        ("a log of 31 bytes", 1, bytes(31)),
        ("seq -1", 2, -1),
        ("seq over its cap", 2, 2**40),
        ("seq 0 with a prev", 2, 0),
        ("prev of zero bytes", 3, bytes(32)),
        ("a depth below seq + 1", 4, 3),
        ("a depth over its cap", 4, 2**53),
        ("a clock before 1970", 5, -1),
        ("a clock over its cap", 5, 2**40 + 1),
        ("a total below its least", 6, 128 * 4 + 6),
        ("a total over its cap", 6, 2**53),
        ("a key id of text", 7, "abcd"),
        ("a body over its cap", 8, 65_537),
        ("true for a length", 8, True),
        ("a float", 8, 7.0),
    ]
    for what, place, value in changes:
        yield {"what": what, "header": B([*honest[:place], value, *honest[place + 1 :]])}
    yield {"what": "nine fields", "header": B(honest[:9])}
    yield {"what": "eleven fields", "header": B([*honest, 0])}
    first = [1, secret("l"), 0, bytes(32), 9, 5, 136, bytes(4), 7, secret("b")]
    yield {"what": "seq 0 with a total of more", "header": B(first)}


def good_bodies() -> Iterator[Vector]:
    ref = [secret("log"), 7, secret("entry")]
    mention = [7, secret("log"), secret("entry")]
    short = [secret("log")[:4], 7, secret("entry")[:8]]
    cases: dict[str, tuple[list[Any], list[Any]]] = {
        "a kind and nothing more": (["x"], []),
        "speaks for an organisation": (["x", 1, ref], [ref]),
        "a mention is no reference": (["x", 0, None, mention], []),
        "a reference by radio is none": (["x", 0, None, short], []),
        "references inside of lists": (["x", 0, ref, [ref, [[ref]]]], [ref, ref, ref]),
        "four values are none": (["x", 0, None, [*ref, 0]], []),
        "a seq over its cap is none": (["x", 0, None, [ref[0], 2**40, ref[2]]], []),
        "the greatest seq": (["x", [ref[0], 2**40 - 1, ref[2]]], [[ref[0], 2**40 - 1, ref[2]]]),
        "true is no seq": (["x", 0, None, [ref[0], True, ref[2]]], []),
        "text and edges of integers": (
            [
                "ñandú",
                *(2**n + d for n in (7, 8, 16, 32) for d in (-1, 0)),
                2**64 - 1,
                *(-(2**n) - d for n in (5, 7, 15, 31, 62) for d in (0, 1)),
                -(2**63),
                "x" * 32,
                "x" * 256,
                b"",
                bytes(256),
                False,
                [],
            ],
            [],
        ),
        "eight arrays deep": (["x", [[[[[[[1]]]]]]]], []),
    }
    for what, (body, refs) in cases.items():
        yield {"what": what, "body": B(body), "kind": body[0], "refs": refs}
    largest = ["x", bytes(65_536 - 6)]
    yield {"what": "the largest", "body": B(largest), "kind": "x", "refs": []}


def bad_bodies() -> Iterator[Vector]:
    yield {"what": "nothing", "body": b""}
    yield {"what": "nil", "body": B(None)}
    yield {"what": "an array of nothing", "body": B([])}
    yield {"what": "a kind that is a number", "body": B([1])}
    yield {"what": "a kind of bytes", "body": B([b"x"])}
    yield {"what": "a map", "body": B(["x", {}])}
    yield {"what": "a map whose key is a map", "body": b"\x92\xa1x\x81\x80\x01"}
    yield {"what": "a float", "body": B(["x", 1.5])}
    yield {"what": "not a number", "body": B(["x", float("nan")])}
    yield {"what": "a short float", "body": b"\x92\xa1x\xca\0\0\0\0"}
    yield {"what": "an extension", "body": B(["x", msgspec.msgpack.Ext(1, b"x")])}
    yield {"what": "a timestamp", "body": b"\x92\xa1x\xd6\xff\0\0\0\0"}
    yield {"what": "c1", "body": b"\x92\xa1x\xc1"}
    yield {"what": "an integer that is too long", "body": b"\x92\xa1x\xcc\x01"}
    yield {"what": "a negative that is too long", "body": b"\x92\xa1x\xd0\xff"}
    yield {"what": "a positive in a signed form", "body": b"\x92\xa1x\xd1\x01\x00"}
    yield {"what": "text that is too long", "body": b"\x92\xa1x\xd9\x01x"}
    yield {"what": "bytes that are too long", "body": b"\x92\xa1x\xc5\x00\x01x"}
    yield {"what": "an array that is too long", "body": b"\xdc\x00\x01\xa1x"}
    yield {"what": "text that is not UTF-8", "body": b"\x92\xa1x\xa1\xff"}
    yield {"what": "a surrogate", "body": b"\x92\xa1x\xa3\xed\xa0\x80"}
    yield {"what": "bytes after the end", "body": B(["x"]) + b"\xc0"}
    yield {"what": "a declared array without values", "body": b"\xdd\xff\xff\xff\xff"}
    yield {"what": "declared bytes without bytes", "body": b"\x92\xa1x\xc6\xff\xff\xff\xff"}
    yield {"what": "nine arrays deep", "body": B(["x", [[[[[[[[1]]]]]]]]])}
    yield {"what": "60,000 arrays deep", "body": b"\x91" * 60_000}
    yield {"what": "over the cap", "body": B(["x", bytes(65_536 - 5)])}


def good_seals() -> Iterator[Vector]:
    for what, plain, pad_bytes in (
        ("a short body", body_of(1), 16),
        ("no bytes", b"", 16),
        ("just a block", bytes(14), 16),
        ("one more than a block", bytes(15), 16),
        ("zero bytes at its end", b"x\0\0\x80\0", 16),
        ("by radio", body_of(2), RADIO_PAD_BYTES),
        ("large", bytes(range(256)) * 5, 16),
        ("words of the dictionary", b"falta agua potable para 12 familias" * 2, 16),
    ):
        yield {"what": what, "plain": plain, **seal_vector(plain, pad_bytes)}


def seal_vector(plain: bytes, pad_bytes: int = 16) -> Vector:
    at = {"log": secret("log"), "seq": 7, "prev": secret("prev")}
    salt = secret("salt", plain)[:8]
    sealed = seal_body(plain, secret("epoch"), **at, salt=salt, pad_bytes=pad_bytes)
    return {**at, "key": secret("epoch"), "sealed": sealed}


def raw_seal(padded: bytes) -> Vector:
    """Seals what no writer pads like this."""
    found = seal_vector(b"")
    nonce = body_nonce(found["log"], found["seq"], found["prev"], bytes(8))
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        padded, b"lumbre/body/1\0", nonce, found["key"]
    )
    return found | {"sealed": bytes(8) + sealed}


def deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=DICTIONARY_1)
    return packer.compress(body) + packer.flush()


def bad_seals() -> Iterator[Vector]:
    good = seal_vector(body_of(1))
    sealed = good["sealed"]
    yield {"what": "another key", **good, "key": secret("other")}
    yield {"what": "another log", **good, "log": secret("other")}
    yield {"what": "another seq", **good, "seq": 8}
    yield {"what": "another prev", **good, "prev": secret("other")}
    yield {"what": "another salt", **good, "sealed": bytes(8) + sealed[8:]}
    yield {"what": "a flipped bit", **good, "sealed": sealed[:-1] + bytes([sealed[-1] ^ 1])}
    yield {"what": "cut short", **good, "sealed": sealed[:-1]}
    yield {"what": "salt and tag only", **good, "sealed": sealed[:24]}
    yield {"what": "a reserved id byte", **raw_seal(b"\2x\x80")}
    yield {"what": "no deflate", **raw_seal(b"\1x\x80")}
    yield {"what": "deflate without its end", **raw_seal(b"\1" + deflated(b"agua")[:-1] + b"\x80")}
    yield {"what": "more after deflate", **raw_seal(b"\1" + deflated(b"agua") + b"x\x80")}
    yield {"what": "too large", **raw_seal(b"\1" + deflated(bytes(65_537)) + b"\x80")}
    yield {"what": "no padding", **raw_seal(b"\0x")}
    yield {"what": "something after the padding", **raw_seal(b"\0x\x80X\0")}
    yield {"what": "zero bytes only", **raw_seal(bytes(16))}
    yield {"what": "padding only", **raw_seal(b"\x80" + bytes(15))}


def good_frames() -> Iterator[Vector]:
    entries = sealed_run(3, pad_bytes=RADIO_PAD_BYTES)
    tip = Tip(2**24 - 2, secret("prev"), 2**32, 0, 128 * (2**24 - 1) + 2**24 - 81)
    late = Writer(entries[0].name, key_of(1), tip)
    entries.append(late.append(bytes(80), depth=2**32 + 2**24 - 1, wall_s=2**32 - 1))
    for entry in entries:
        what = f"seq {entry.seq}"
        yield {"what": what, **frame_vector(entry), "entry": entry_vector(entry)}


def frame_vector(entry: Entry) -> Vector:
    names = [list(msgspec.structs.astuple(name)) for name in (log_of(5), entry.name)]
    return {"frame": write_frame(entry), "logs": names}


def bad_frames() -> Iterator[Vector]:
    entry = sealed_run(3, pad_bytes=RADIO_PAD_BYTES)[2]
    good = frame_vector(entry)
    frame = good["frame"]
    yield {"what": "empty", **good, "frame": b""}
    yield {"what": "cut short", **good, "frame": frame[:-1]}
    yield {"what": "a byte after the end", **good, "frame": frame + b"\0"}
    yield {"what": "no log is known", **good, "logs": []}
    yield {"what": "form 2", **good, "frame": bytes([frame[0] & 15 | 32]) + frame[1:]}
    yield {
        "what": "a flipped bit",
        **good,
        "frame": frame[:50] + bytes([frame[50] ^ 1]) + frame[51:],
    }
    longer = (int.from_bytes(frame[:2], "big") + (1 << 9)).to_bytes(2, "big")
    yield {
        "what": "a zero byte before seq",
        **good,
        "frame": longer + frame[2:10] + b"\0" + frame[10:],
    }
    yield {"what": "too large", **good, "frame": frame + bytes(201 - len(frame))}


def good_media() -> Iterator[Vector]:
    for size, piece in ((1, 1), (5, 2), (6, 2), (4096, 1000)):
        data = (bytes(range(256)) * 17)[:size]
        name: MediaName = name_media(data, piece)
        yield {"what": f"{size} in {piece}", "data": data, "piece_bytes": piece, "root": name.root}


if __name__ == "__main__":
    main()
