"""What the store costs: rows a second, one append, opening a million entries.

Entries are of the size of an ordinary movement, sealed: BODY_BYTES of body, a signature on one
in SIGNED_EVERY (a write of that many marks its last).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import apsw

from bench.harness import OUT, Reading, figure, medians, peak_mb
from lumbre.record import LogName, SigningKey, Tip, Writer, read_segment, write_segment
from lumbre.record.branch import Branch, Row, Write, to_row
from lumbre.record.log import Lane
from lumbre.store import LogStore
from lumbre.store.database import CIPHER
from lumbre.store.limits import PAGE_BYTES

KEY = bytes(range(32))
BODY_BYTES = 200
SIGNED_EVERY = 64
BATCH = 4096
ROUNDS = 7
MILLION = 1_000_000
# Two communes' worth of an ordinary day; ten years of days.
ENTRIES_A_DAY = 5_000
DAYS = 3_650


class _Batches:
    """Segments of one log, and the writes that store them."""

    def __init__(self, count: int) -> None:
        rng = random.Random(1)
        key = SigningKey(rng.randbytes(32))
        self.name = LogName(rng.randbytes(32), key.public, Lane.ORDINARY)
        writer = Writer(self.name, key)
        self.segments: list[bytes] = []
        self.tips: list[Tip] = []
        self.rows: list[list[Row]] = []
        for _ in range(count):
            base = writer.tip
            entries = [
                writer.append(
                    rng.randbytes(BODY_BYTES),
                    depth=writer.tip.depth + 1,
                    wall_s=1_700_000_000,
                    is_last=n % SIGNED_EVERY == 0,
                )
                for n in range(1, BATCH // 4 + 1)
            ]
            self.segments.append(write_segment(entries, base))
            self.tips.append(writer.tip)
            self.rows.append([to_row(entry) for entry in entries])
        first = read_segment(self.segments[0])[0]
        self.log, self.first_id = first.log, first.id

    def write(self, at: int, rows: list[Row]) -> Write:
        branch = Branch(1, self.name, self.log, None, 0, self.first_id, self.tips[at])
        return Write(branch, rows)


def _folder() -> tempfile.TemporaryDirectory[str]:
    OUT.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=OUT)


def _raw(path: Path) -> apsw.Connection:
    """An encrypted file with one table, set as the store sets its own."""
    connection = apsw.Connection(f"file:{path}?psow=0", flags=70, vfs="multipleciphers-unix")
    connection.pragma("cipher", CIPHER)
    connection.pragma("hexkey", (b"raw:" + KEY).hex())
    connection.pragma("locking_mode", "exclusive")
    connection.pragma("page_size", PAGE_BYTES)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    connection.pragma("wal_autocheckpoint", 0)
    connection.execute("CREATE TABLE entry (key INTEGER PRIMARY KEY, h BLOB, b BLOB, s BLOB)")
    return connection


@figure("raw_rows_per_s", unit="1/s")
def raw_rows_per_s() -> Iterator[Reading]:
    """Bare encrypted inserts, the store's append, and checking with it, in one run."""
    batches = _Batches(40)
    with _folder() as folder:
        places = [Path(folder) / f"{n}" for n in range(3)]
        raw = _raw(places[0])
        stored, checked = LogStore(places[1], KEY), LogStore(places[2], KEY)

        def put_raw(at: int) -> None:
            with raw:
                raw.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", batches.rows[at])

        def put_stored(at: int) -> None:
            stored.append([batches.write(at, batches.rows[at])])

        def put_checked(at: int) -> None:
            rows = [to_row(entry) for entry in read_segment(batches.segments[at])]
            checked.append([batches.write(at, rows)])

        took_s = [0.0, 0.0, 0.0]
        for at in range(len(batches.rows)):
            for which, put in enumerate((put_raw, put_stored, put_checked)):
                start_s = time.perf_counter()
                put(at)
                took_s[which] += time.perf_counter() - start_s
        for store in (stored, checked):
            store.close()
        raw.close()
    count = sum(map(len, batches.rows))
    names = ("raw_rows_per_s", "store_rows_per_s", "check_and_store_rows_per_s")
    for name, seconds in zip(names, took_s, strict=True):
        yield Reading(name, count / seconds, "1/s")
    yield Reading("check_and_store_of_raw", took_s[0] / took_s[2], "ratio")


@figure("append_vs_fdatasync", unit="ratio")
def append_vs_fdatasync() -> float:
    """One entry stored and on the disk, against a bare write of its bytes and fdatasync."""
    batches = _Batches(1)
    rows = batches.rows[0]
    size = sum(len(part) for part in rows[0][1:3] if part is not None)
    with _folder() as folder:
        store = LogStore(Path(folder) / "log", KEY)
        descriptor = os.open(Path(folder) / "bare", os.O_WRONLY | os.O_CREAT)
        left = iter(rows)

        def append() -> None:
            for _ in range(20):
                store.append([batches.write(0, [next(left)])])

        def bare() -> None:
            for _ in range(20):
                os.write(descriptor, os.urandom(size))
                os.fdatasync(descriptor)

        append_s, bare_s = medians(ROUNDS * 5, append, bare)
        os.close(descriptor)
        store.close()
    return append_s / bare_s


def _fill(path: Path, count: int) -> float:
    """A store of `count` entries in a hundred logs; returns the bytes of the file an entry."""
    store = LogStore(path, KEY)
    rng = random.Random(2)
    each = count // 100
    # Not checked anywhere: what opening and size depend on is the number and size of rows.
    header, signature = rng.randbytes(150), rng.randbytes(64)
    for number in range(1, 101):
        name = LogName(bytes(32), rng.randbytes(32), Lane.ORDINARY)
        for start in range(0, each, BATCH):
            seqs = range(start, min(each, start + BATCH))
            tip = Tip(seqs[-1], bytes(32), seqs[-1] + 1, 1_700_000_000, seqs[-1] * 300)
            branch = Branch(number, name, name.id, None, 0, bytes(32), tip)
            rows: list[Row] = [
                (seq, header, rng.randbytes(BODY_BYTES), None if seq % SIGNED_EVERY else signature)
                for seq in seqs
            ]
            store.append([Write(branch, rows)])
            store.tend()
    store.close()
    return path.stat().st_size / (each * 100)


@figure("store_open_1m_s", unit="s")
def store_open_1m_s() -> Iterator[Reading]:
    """Opening a million entries and reading one, and the whole process's memory then.

    Then the size of an entry on the disk, and of ten years of them without their views.
    """
    with _folder() as folder:
        path = Path(folder) / "log"
        entry_bytes = _fill(path, MILLION)
        said = subprocess.run(  # noqa: S603 this very module
            [sys.executable, "-m", "bench.store", str(path)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
    yield Reading("store_open_1m_s", float(said[0]), "s")
    yield Reading("store_open_1m_mb", float(said[1]), "MB")
    yield Reading("entry_on_disk_bytes", entry_bytes, "B")
    yield Reading("ten_years_log_gb", entry_bytes * ENTRIES_A_DAY * DAYS / 1e9, "GB")


def _open_and_say(path: Path) -> None:
    start_s = time.perf_counter()
    store = LogStore(path, KEY)
    row = store.database.row("SELECT * FROM entry WHERE key = ?", (50 << 40 | 5000,))
    assert row is not None
    assert store.next_number() == 101
    assert store.last_arrival() > 0
    took_s = time.perf_counter() - start_s
    print(took_s, peak_mb())
    store.close()


if __name__ == "__main__":
    _open_and_say(Path(sys.argv[1]))
