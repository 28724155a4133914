"""Full, failing and read-only disks: THREATS row 20."""

from contextlib import suppress
from pathlib import Path

import apsw
import pytest

from lumbre.errors import StoreError
from lumbre.store import LogStore, PieceStore, PrivateStore
from lumbre.store.faults import as_store_error
from tests.store.faulty_disk import FAULTY, faulty_disk
from tests.store.writing import KEY, Log

PATH = Path("/node/log.lumbre")


def a_life(log, acknowledged):
    """Open, write, fold, read, close: what a node does. Faults are told and lived with."""
    store = LogStore(PATH, KEY, vfs=FAULTY)
    faults = 0
    try:
        for n in range(4):
            tip, known = log.writer.tip, len(log.entries)
            write = log.write([b"%d" % n, bytes(5000)])
            try:
                store.append([write])
                acknowledged[:] = log.entries
            except StoreError:
                faults += 1
                # What was not stored is not in the log: the writer stands where it stood.
                log.writer.tip, log.entries[known:] = tip, []
            if n == 1:
                store.database._fold_wal()
        try:
            assert list(store.entries(1, 0, 99)) == acknowledged
        except StoreError:
            faults += 1
    finally:
        try:
            store.close()
        except StoreError:
            store.database.abandon()
            raise


@pytest.mark.parametrize("error", [apsw.IOError, apsw.FullError])
@pytest.mark.parametrize("fails_on", [False, True])
@pytest.mark.parametrize("writes_part", [False, True])
def test_p1_the_nth_call_fails_for_every_n(error, fails_on, writes_part):
    n = 0
    while True:
        n += 1
        disk = faulty_disk()
        disk.fail_at, disk.fails_on = n, fails_on
        disk.error, disk.writes_part = error, writes_part
        log, acknowledged = Log(), []
        with suppress(StoreError):
            a_life(log, acknowledged)
        finished = disk.calls < n
        disk = faulty_disk(disk.files)
        store = LogStore(PATH, KEY, vfs=FAULTY)
        held = list(store.entries(1, 0, 99))
        # A commit whose call failed may still have reached the disk; nothing else may.
        assert held[: len(acknowledged)] == acknowledged
        assert len(held) - len(acknowledged) <= 2
        assert store.database.value("PRAGMA integrity_check") == "ok"
        store.close()
        if finished:
            break
    assert n > 50


def test_p1_after_one_failed_call_the_store_goes_on_without_being_opened_again():
    for n in range(1, 400):
        disk = faulty_disk()
        log = Log()
        store = LogStore(PATH, KEY, vfs=FAULTY)
        store.append([log.write([b"uno"])])
        disk.calls, disk.fail_at = 0, n
        tip = log.writer.tip
        write = log.write([b"dos", bytes(9000)])
        try:
            store.append([write])
        except StoreError:
            assert list(store.entries(1, 0, 9)) == log.entries[:1]
            assert store.branches(log.name.id)[0].tip == tip
            store.append([write])
        assert list(store.entries(1, 0, 9)) == log.entries
        was_reached = disk.calls >= n
        disk.fail_at = 0
        store.close()
        store = LogStore(PATH, KEY, vfs=FAULTY)
        assert list(store.entries(1, 0, 9)) == log.entries
        store.close()
        if not was_reached:
            return
    pytest.fail("a write that never ends")


def test_a_full_disk_takes_nothing_shows_everything_and_takes_again_when_there_is_room():
    disk = faulty_disk()
    log = Log()
    store = LogStore(PATH, KEY, vfs=FAULTY)
    store.append([log.write([b"uno"])])
    disk.room_bytes = 3000
    tip, entries = log.writer.tip, list(log.entries)
    write = log.write([bytes(60_000)])
    for _ in range(3):
        with pytest.raises(StoreError, match=r"store\.full"):
            store.append([write])
    assert list(store.entries(1, 0, 9)) == entries
    assert store.branches(log.name.id)[0].tip == tip
    assert not store.tend()
    disk.room_bytes = None
    store.append([write])
    assert list(store.entries(1, 0, 9)) == log.entries
    store.close()


def test_a_disk_that_turns_read_only_is_still_read():
    disk = faulty_disk()
    log = Log()
    store = LogStore(PATH, KEY, vfs=FAULTY)
    store.append([log.write([b"uno"])])
    disk.is_read_only = True
    with pytest.raises(StoreError, match=r"store\.(read-only|io)"):
        store.append([log.write([b"dos"])])
    assert list(store.entries(1, 0, 9)) == log.entries[:1]
    store.database.abandon()


def test_the_private_file_and_the_pieces_fail_in_the_same_family():
    for make, act in (
        (PrivateStore, lambda s: (s.put("t", b"k", b"v"), s.commit(1), s.put_draft(b"1", b"x"))),
        (PieceStore, lambda s: (s.put(b"h", bytes(100_000)), s.get(b"h"), s.drop([b"h"]))),
    ):
        for n in range(1, 200):
            disk = faulty_disk()
            disk.fail_at, disk.fails_on = n, True
            try:
                store = make(PATH, KEY, vfs=FAULTY)
            except StoreError:
                continue
            try:
                act(store)
                store.close()
            except StoreError:
                store.database.abandon()


@pytest.mark.parametrize(
    ("error", "message_id"),
    [
        (apsw.FullError(), "store.full"),
        (apsw.IOError(), "store.io"),
        (apsw.CorruptError(), "store.damaged"),
        (apsw.BusyError(), "store.in-use"),
        (apsw.ReadOnlyError(), "store.read-only"),
        (OSError(28, "No space left on device"), "store.full"),
        (OSError(30, "Read-only file system"), "store.read-only"),
        (OSError(5, "Input/output error"), "store.io"),
        (OSError("no number"), "store.io"),
    ],
)
def test_each_fault_has_its_message(error, message_id):
    assert as_store_error(error, "log.lumbre").message_id == message_id
