"""Bit rot, misdirected writes: THREATS row 19. All found, the rest readable, gaps repaired."""

import random
from pathlib import Path

import pytest

from lumbre.errors import StoreError
from lumbre.store import LogStore, PrivateStore
from lumbre.store.salvage import Gap, gaps, repair, salvage
from tests.store.faulty_disk import FAULTY, PAGE_BYTES, faulty_disk, flipped, misdirected
from tests.store.writing import KEY, Log, seeded

PATH = Path("/node/log.lumbre")
FRESH = Path("/node/fresh.lumbre")


@pytest.fixture(scope="module")
def whole():
    """Three logs, of which one is long, as bytes of a closed file."""
    disk = faulty_disk()
    store = LogStore(PATH, KEY, vfs=FAULTY)
    logs = [Log(n, seed=n) for n in (1, 2, 3)]
    for log, count in zip(logs, (600, 40, 3), strict=True):
        for start in range(0, count, 100):
            bodies = [b"%06d" % n * 20 for n in range(start, min(count, start + 100))]
            store.append([log.write(bodies)])
    store.close()
    return logs, bytes(disk.files[str(PATH)])


def read_all(logs):
    store = LogStore(PATH, KEY, vfs=FAULTY)
    try:
        if store.database.value("PRAGMA integrity_check") != "ok":
            raise StoreError("store.damaged")
        return [list(store.entries(log.number, 0, 2**30)) for log in logs]
    finally:
        store.database.abandon()


def test_every_flipped_bit_is_found(whole):
    logs, content = whole
    rng = random.Random(1)
    pages = len(content) // PAGE_BYTES
    # One in each page, and many anywhere.
    bits = [page * PAGE_BYTES * 8 + rng.randrange(PAGE_BYTES * 8) for page in range(pages)]
    bits += [rng.randrange(len(content) * 8) for _ in range(300)]
    found = 0
    for bit in bits:
        faulty_disk({str(PATH): flipped(content, bit)})
        with pytest.raises(StoreError, match=r"store\.damaged"):
            read_all(logs)
        found += 1
    assert found == len(bits)


def test_every_page_in_anothers_place_is_found(whole):
    logs, content = whole
    pages = len(content) // PAGE_BYTES
    for page in range(1, pages):
        onto = page % (pages - 1) + 1
        faulty_disk({str(PATH): misdirected(content, page, onto)})
        with pytest.raises(StoreError, match=r"store\.damaged"):
            read_all(logs)


def test_what_lies_around_a_damaged_page_is_kept_and_the_rest_comes_from_a_peer(whole):
    logs, content = whole
    everything = {log.number: log.entries for log in logs}
    for page in range(1, len(content) // PAGE_BYTES):
        damaged = flipped(content, page * PAGE_BYTES * 8 + 77)
        disk = faulty_disk({str(PATH): damaged})
        found = salvage(PATH, FRESH, KEY, seeded(page), vfs=FAULTY)
        assert disk.files[str(PATH)] == damaged
        store = LogStore(FRESH, KEY, vfs=FAULTY)
        assert gaps(store) == found.gaps
        missing = set()
        for gap in found.gaps:
            missing |= {(gap.branch, seq) for seq in range(gap.first_seq, gap.last_seq + 1)}
        held = 0
        for number, entries in everything.items():
            if store.branch(number) is None:
                assert found.lost_branches
                continue
            kept = list(store.entries(number, 0, 2**30))
            assert kept == [e for e in entries if (number, e.seq) not in missing]
            held += len(kept)
        assert held == found.kept
        arrived = sum(a.last_seq - a.first_seq + 1 for a in store.arrivals())
        assert arrived == held
        if not found.lost_branches:
            peer = [e for entries in everything.values() for e in entries]
            assert repair(store, peer) == found.missing
            assert gaps(store) == []
            for number, entries in everything.items():
                assert list(store.entries(number, 0, 2**30)) == entries
        store.close()


def test_a_leaf_page_takes_only_what_lies_on_it(whole):
    _, content = whole
    lost = []
    for page in range(len(content) // PAGE_BYTES // 2, len(content) // PAGE_BYTES - 4):
        faulty_disk({str(PATH): flipped(content, page * PAGE_BYTES * 8 + 77)})
        lost.append(salvage(PATH, FRESH, KEY, seeded(page), vfs=FAULTY).missing)
    assert 0 < sorted(lost)[len(lost) // 2] < 30


def test_repair_takes_only_what_fits_the_chain(whole):
    logs, content = whole
    for page in range(5, len(content) // PAGE_BYTES):
        faulty_disk({str(PATH): flipped(content, page * PAGE_BYTES * 8 + 77)})
        found = salvage(PATH, FRESH, KEY, seeded(page), vfs=FAULTY)
        if found.missing > 1 and [gap.branch for gap in found.gaps] == [1]:
            break
    store = LogStore(FRESH, KEY, vfs=FAULTY)
    other = Log(1, seed=1)
    other.write([b"another history" for _ in range(600)])
    assert other.name == logs[0].name
    assert repair(store, other.entries) == 0
    gap = found.gaps[0]
    # The first of the gap: nothing here proves it yet.
    assert repair(store, [logs[0].entries[gap.first_seq]]) == 0
    assert repair(store, [logs[0].entries[gap.last_seq]]) == 1
    assert gaps(store) == [Gap(gap.log, 1, gap.first_seq, gap.last_seq - 1)]
    store.close()


def test_views_are_folded_again_after_a_salvage():
    faulty_disk()
    private = PrivateStore(Path("/node/private.lumbre"), KEY, vfs=FAULTY)
    assert not private.follow(b"")
    private.put("t", b"k", b"v")
    private.put_draft(b"1", b"x")
    private.commit(5)
    assert private.follow(b"another")
    assert private.marker() == 0
    assert private.get("t", b"k") is None
    assert private.drafts() == [(b"1", b"x")]
    assert not private.follow(b"another")
    private.close()


def test_a_damaged_first_page_is_told():
    disk = faulty_disk()
    LogStore(PATH, KEY, vfs=FAULTY).close()
    disk.files[str(PATH)] = flipped(disk.files[str(PATH)], 30 * 8)
    with pytest.raises(StoreError, match=r"store\.damaged"):
        salvage(PATH, FRESH, KEY, seeded(), vfs=FAULTY)
