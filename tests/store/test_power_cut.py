"""P1 on a disk that loses power after any call: THREATS row 18."""

import random
from pathlib import Path

import pytest

from lumbre.store import LogStore, PrivateStore
from tests.store.faulty_disk import FAULTY, after_power_cut, faulty_disk
from tests.store.writing import KEY, Log

PATH = Path("/node/log.lumbre")
PRIVATE = Path("/node/private.lumbre")


def a_run(seed):
    """A node's trace, and what it had acknowledged at which length of it."""
    rng = random.Random(seed)
    disk = faulty_disk()
    store = LogStore(PATH, KEY, vfs=FAULTY)
    log = Log(seed=seed)
    acknowledged = [(0, 0)]
    for _ in range(rng.randrange(3, 7)):
        bodies = [rng.randbytes(rng.choice([9, 60, 300, 6000])) for _ in range(rng.randrange(1, 9))]
        store.append([log.write(bodies)])
        acknowledged.append((len(disk.trace), len(log.entries)))
        if rng.random() < 0.4:
            store.database._fold_wal()
    if rng.random() < 0.5:
        store.close()
    else:
        store.database.abandon()
    return log, disk.trace, acknowledged


def check(log, files, least, most):
    """What the disk holds opens unattended, whole, with all that was acknowledged."""
    faulty_disk(files)
    store = LogStore(PATH, KEY, vfs=FAULTY)
    held = list(store.entries(1, 0, 2**30))
    assert least <= len(held) <= most
    assert held == log.entries[: len(held)]
    branches = store.branches(log.name.id)
    assert [b.tip.seq for b in branches] == ([len(held) - 1] if held else [])
    arrived = sum(a.last_seq - a.first_seq + 1 for a in store.arrivals())
    assert arrived == len(held)
    assert store.database.value("PRAGMA integrity_check") == "ok"
    store.database.abandon()


def test_p1_power_cut_after_any_write(count):
    for seed in range(count("TRACES", 20)):
        log, trace, acknowledged = a_run(seed)
        written = 0
        for length in range(len(trace) + 1):
            while written < len(acknowledged) and acknowledged[written][0] <= length:
                written += 1
            least = acknowledged[written - 1][1]
            most = acknowledged[min(written, len(acknowledged) - 1)][1]
            for how in ("all", "synced", "some"):
                files = after_power_cut(trace, length, how, seed=length)
                check(log, files, least, most)


@pytest.mark.parametrize("seed", range(5))
def test_the_private_file_is_whole_after_a_power_cut_and_never_ahead_of_its_marker(seed):
    rng = random.Random(seed)
    disk = faulty_disk()
    store = PrivateStore(PRIVATE, KEY, vfs=FAULTY)
    done = [0]
    for marker in range(1, 5):
        for n in range(rng.randrange(1, 40)):
            store.put("t", b"%d" % n, b"%d" % marker)
        store.put("t", b"0", b"%d" % marker)
        store.commit(marker)
        done.append(len(disk.trace))
    store.database.abandon()
    trace = disk.trace
    for length in range(len(trace) + 1):
        files = after_power_cut(trace, length, "some", seed=length)
        faulty_disk(files)
        store = PrivateStore(PRIVATE, KEY, vfs=FAULTY)
        marker = store.marker()
        assert marker >= max(m for m, at in enumerate(done) if at <= length)
        assert store.get("t", b"0") == (b"%d" % marker if marker else None)
        store.database.abandon()
