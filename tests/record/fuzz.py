"""A seeded fuzzer of everything that takes bytes from outside.

    python -m tests.record.fuzz --executions 100000000 [--decoder NAME] [--seed N]

It mutates valid bytes and bytes that a forger signed. Anything but a result or `Refused` is
a failure, and the input is printed in hex with its seed. As a program it also holds itself
to 64 MiB over what it starts with and to one second an execution.

`DECODERS` is the one table: a decoder that comes later (bundles, media, sync) is added there
with a few valid inputs. The fuzzer does not know formats beyond MessagePack's first bytes.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from nacl.bindings import crypto_box_seed_keypair

from lumbre.errors import Refused
from lumbre.record import (
    Lane,
    LogName,
    MediaName,
    Ref,
    Sealed,
    read_frame,
    read_header,
    read_segment,
)
from lumbre.record.canonical import decode, encode
from lumbre.record.limits import BODY_MAX_BYTES
from lumbre.record.seal import Envelope, open_body, open_envelope, seal_envelope
from lumbre.schema import Registry
from lumbre.schema.fields import refs_in
from tests.record import make_vectors
from tests.record.helpers import Forger, log_of, secret
from tests.schema.samples import DOMAIN, SAMPLES
from tests.sync import decoders

MEMORY_MAX_BYTES = 64 * 1024 * 1024
EXECUTION_MAX_S = 1
SEED = 20260101


@dataclass(frozen=True)
class Decoder:
    """`decode` takes bytes, `seeds` makes valid ones, `forge` ones that get far inside."""

    decode: Callable[[bytes], Any]
    seeds: Callable[[], Sequence[bytes]]
    forge: Callable[[random.Random], bytes] | None = None


REGISTRY = Registry([DOMAIN])


def _decode_body(data: bytes) -> None:
    """Known or not, a body that is taken has the references that its form shows."""
    found = REGISTRY.decode(data)
    if found.refs != tuple(refs_in(decode(data, BODY_MAX_BYTES))):
        raise AssertionError("references differ from those of the form")


def _open_sealed(data: bytes) -> bytes:
    seal = make_vectors.seal_vector(b"")
    return open_body(data, seal["key"], log=seal["log"], seq=seal["seq"], prev=seal["prev"])


def _envelope_keys() -> tuple[bytes, bytes]:
    return crypto_box_seed_keypair(secret("reader"))


def _typed(kind: Any) -> Callable[[bytes], Any]:
    decoder = msgspec.msgpack.Decoder(kind)

    def read(data: bytes) -> Any:
        try:
            return decoder.decode(data)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise Refused("refused.not-msgpack") from error

    return read


_read_envelope = _typed(Envelope)


def _open_envelope(data: bytes) -> bytes:
    return open_envelope(_read_envelope(data), *_envelope_keys())


def _envelope_seeds() -> list[bytes]:
    """Two for the reader, one of them beside another's; one whose box is no box."""
    public, _ = _envelope_keys()
    other, _ = crypto_box_seed_keypair(secret("other"))
    envelopes = [
        seal_envelope(b"", [public]),
        seal_envelope(b"x" * 50, [other, public]),
        [Sealed(public[:4], bytes(60)), *seal_envelope(b"x", [public])],
    ]
    return [encode(envelope) for envelope in envelopes]


def _good(name: str, key: str) -> Callable[[], list[bytes]]:
    def seeds() -> list[bytes]:
        found = make_vectors.kept(make_vectors.vectors()[name])
        return [v[key] for verdict in ("good", "bad") for v in found[verdict] if v[key]]

    return seeds


def _log_names(tag: bytes) -> list[LogName]:
    return [log_of(1), log_of(1, Lane.URGENT)]


def forged_segment(chance: random.Random) -> bytes:
    """Signed by its author, with numbers at the edges: gets past every signature."""
    forger = Forger(lane=chance.randrange(4))
    edges = (0, 1, 2, 255, 2**16, 2**40 - 1, 2**40, 2**53 - 1, 2**53, 2**62)
    if chance.random() < 0.7:
        forger.base = [
            chance.choice(edges),
            secret("id"),
            *(chance.choice(edges) for _ in range(3)),
        ]
    items = [
        forger.item(
            depth=chance.choice((*edges, -1)) if chance.random() < 0.3 else 1,
            wall=chance.choice((*edges, -1, -(2**40))) if chance.random() < 0.3 else 0,
            key_id=chance.choice((None, None, b"abcd", bytes(4))),
            content=chance.choice((b"", b"x", [chance.choice(edges), secret("body")])),
            sign=chance.random() < 0.8,
        )
        for _ in range(chance.randrange(4))
    ]
    return forger.segment(*items)


def forged_seal(chance: random.Random) -> bytes:
    """Sealed by a holder of the key, with whatever inside."""
    inside = bytes([chance.choice((0, 0, 1, 255))]) + chance.randbytes(chance.randrange(20))
    end = chance.choice((b"", b"\x80", b"\x80\0\0", b"\0"))
    return make_vectors.raw_seal(inside + end if chance.random() < 0.9 else end)["sealed"]


DECODERS: dict[str, Decoder] = {
    "segment": Decoder(read_segment, _good("segments", "segment"), forged_segment),
    "header": Decoder(read_header, _good("headers", "header")),
    "value": Decoder(lambda data: decode(data, BODY_MAX_BYTES), _good("bodies", "body")),
    "body": Decoder(_decode_body, lambda: [REGISTRY.encode(body) for body in SAMPLES]),
    "sealed body": Decoder(_open_sealed, _good("seals", "sealed"), forged_seal),
    "envelope": Decoder(_open_envelope, _envelope_seeds),
    "frame": Decoder(lambda data: read_frame(data, _log_names), _good("frames", "frame")),
    "media name": Decoder(
        _typed(MediaName), lambda: [msgspec.msgpack.encode(MediaName(bytes(32), 9, 4))]
    ),
    "reference": Decoder(
        _typed(Ref), lambda: [msgspec.msgpack.encode(Ref(bytes(32), 9, bytes(32)))]
    ),
    **{name: Decoder(*parts) for name, parts in decoders.DECODERS.items()},
}

# First bytes of MessagePack that say much in little: lengths, depths, other types.
TOKENS = (
    b"\xdd\xff\xff\xff\xff", b"\xdc\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xdb\x7f\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff", b"\x91" * 64, b"\x81\x80\x01", b"\xc1", b"\xcb\x7f\xf8" + bytes(6),
    b"\xca\0\0\0\0", b"\xd6\xff\0\0\0\0", b"\xc7\x0c\xff" + b"\xff" * 12, b"\xc0", b"\xc2", b"\xc3",
    b"\xcf" + b"\xff" * 8, b"\xd3\x80" + bytes(7), b"\xcf\0\x20" + bytes(6), b"\x80", b"\x90",
    b"\x93\xc4\x20" + bytes(32) + b"\x01\xc4\x20" + bytes(32), b"\xa3\xed\xa0\x80",
)  # fmt: skip


def mutate(data: bytes, chance: random.Random) -> bytes:
    """One to four small changes."""
    altered = bytearray(data)
    for _ in range(1 + chance.getrandbits(2)):
        at = chance.randrange(len(altered) + 1)
        what = chance.randrange(8)
        if what == 0 and altered:
            altered[at - 1] ^= 1 << chance.getrandbits(3)
        elif what == 1 and altered:
            altered[at - 1] = chance.getrandbits(8)
        elif what == 2:
            del altered[at:]
        elif what == 3:
            del altered[at : at + 1 + chance.getrandbits(4)]
        elif what == 4:
            altered[at:at] = chance.choice(TOKENS)
        elif what == 5:
            token = chance.choice(TOKENS)
            altered[at : at + len(token)] = token
        elif what == 6:
            start = chance.randrange(len(altered) + 1)
            altered[at:at] = altered[start : start + 1 + chance.getrandbits(6)]
        else:
            altered += chance.randbytes(1 + chance.getrandbits(4))
    return bytes(altered)


def run(
    name: str, executions: int, seed: int = SEED, guard: Callable[[], object] = lambda: None
) -> int:
    """Runs one decoder; gives how many inputs were taken. Raises on what is no `Refused`.

    `guard` is called before each execution: it may start a watch.
    """
    chance = random.Random(f"{name} {seed}")
    decoder = DECODERS[name]
    seeds = list(decoder.seeds())
    take = decoder.decode
    taken = 0
    for number in range(executions):
        if number < len(seeds):
            data = seeds[number]
        elif decoder.forge and number % 8 == 0:
            data = decoder.forge(chance)
        else:
            data = mutate(chance.choice(seeds), chance)
        guard()
        try:
            take(data)
            taken += 1
        except Refused:
            pass
        except BaseException as error:
            error.add_note(f"{name}, seed {seed}, execution {number}: {data.hex()}")
            raise
    return taken


def _size_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _start_watch() -> None:
    signal.setitimer(signal.ITIMER_REAL, EXECUTION_MAX_S)


def _too_slow(*_: object) -> None:
    raise TimeoutError(f"an execution took more than {EXECUTION_MAX_S} s")


def main() -> None:
    """What the soak runs: limits on, counts printed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--executions", type=int, default=100_000)
    parser.add_argument("--decoder", choices=DECODERS, action="append")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    # What is imported and loaded so far, and 64 MiB: over it the kernel refuses memory, and
    # MemoryError is no Refused.
    size_bytes = _size_bytes() + MEMORY_MAX_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (size_bytes, size_bytes))
    signal.signal(signal.SIGALRM, _too_slow)
    for name in options.decoder or DECODERS:
        started = time.monotonic()
        taken = run(name, options.executions, options.seed, _start_watch)
        signal.setitimer(signal.ITIMER_REAL, 0)
        seconds = time.monotonic() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        sys.stdout.write(
            f"{name}: {options.executions} executions, {taken} taken, 0 failed, "
            f"{seconds:.0f} s, process peak {peak} MiB, seed {options.seed}\n"
        )


if __name__ == "__main__":
    main()
