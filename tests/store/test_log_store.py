import msgspec
import pytest

from lumbre.errors import StoreError
from lumbre.record import Tip
from lumbre.record.branch import Arrival
from lumbre.record.log import Lane
from lumbre.store import LogStore
from tests.store.writing import KEY, Log


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.lumbre"


def test_p1_what_append_returned_from_is_there_after_opening_again(path):
    store = LogStore(path, KEY)
    log = Log()
    store.append([log.write([b"uno", b"dos"])])
    store.append([log.write([b"tres"])])
    store.close()

    store = LogStore(path, KEY)
    assert list(store.entries(1, 0, 99)) == log.entries
    assert store.entry(1, 2) == log.entries[2]
    assert store.entry(1, 3) is None
    assert store.entry(2, 0) is None
    assert list(store.entries(2, 0, 9)) == []
    [branch] = store.branches(log.name.id)
    assert branch.tip == log.writer.tip
    assert branch.name == log.name
    assert store.branches(bytes(32)) == ()
    store.close()


def test_a_range_of_entries_has_both_ends(path):
    store = LogStore(path, KEY)
    log = Log()
    store.append([log.write([b"%d" % n for n in range(1000)])])
    assert list(store.entries(1, 0, 2**40 - 1)) == log.entries
    assert list(store.entries(1, 255, 256)) == log.entries[255:257]
    assert list(store.entries(1, 3, 2)) == []
    store.close()


def test_absent_bodies_are_named_branch_by_branch(path):
    store = LogStore(path, KEY)
    one, two = Log(1, seed=1), Log(2, seed=2)
    for log in (one, two):
        log.write([b"a", b"b", b"c"])
        bare = [msgspec.structs.replace(entry, body=None) for entry in log.entries[1:]]
        store.append([log.write_of([log.entries[0], *bare])])
    assert store.absent(1, 9) == store.absent(2, 9) == [1, 2]
    assert store.absent(2, 1) == [1]
    assert store.absent(3, 9) == []
    store.close()


def test_arrivals_are_runs_in_the_order_in_which_they_came(path):
    store = LogStore(path, KEY)
    one, two = Log(1, seed=1), Log(2, seed=2)
    assert store.last_arrival() == 0
    assert store.append([one.write([b"a", b"b"]), two.write([b"c"])]) == 2
    assert store.append([one.write([b"d"])]) == 3
    assert list(store.arrivals()) == [
        Arrival(1, 1, 0, 1),
        Arrival(2, 2, 0, 0),
        Arrival(3, 1, 2, 2),
    ]
    assert list(store.arrivals(after=2)) == [Arrival(3, 1, 2, 2)]
    assert store.last_arrival() == 3
    store.close()


def test_logs_are_named_once_and_by_space(path):
    store = LogStore(path, KEY)
    logs = [Log(n, seed=n, space=bytes([n % 2]) * 32) for n in range(1, 20)]
    fork = Log(20, seed=1, space=logs[0].name.space)
    for log in [*logs, fork]:
        store.append([log.write([b"hola"])])
    assert list(store.logs()) == [log.name for log in logs]
    assert list(store.logs(bytes([1]) * 32)) == [log.name for log in logs[::2]]
    assert store.logs_of(logs[0].name.author) == [logs[0].name.id]
    assert store.logs_of(bytes(32)) == []
    assert [b.number for b in store.branches(fork.name.id)] == [1, 20]
    store.close()


def test_a_number_is_never_given_twice(path):
    store = LogStore(path, KEY)
    assert store.next_number() == 1
    log = Log(1)
    store.append([log.write([b"uno"])])
    assert store.next_number() == 2
    store.cut([(1, 0)])
    store.cut([(1, 0)])
    assert store.branches(log.name.id) == ()
    assert list(store.entries(1, 0, 9)) == []
    assert store.next_number() == 2
    store.close()


def test_a_branch_is_cut_where_it_is_told_and_what_is_below_stays(path):
    store = LogStore(path, KEY)
    log = Log()
    store.append([log.write([b"uno", b"dos", b"tres"])])
    store.cut([(1, 1)])
    (branch,) = store.branches(log.name.id)
    assert branch.tip == Tip.of(log.entries[0])
    assert [e.seq for e in store.entries(1, 0, 9)] == [0]
    store.close()


def test_a_body_may_be_absent_and_come_later(path):
    store = LogStore(path, KEY)
    log = Log()
    write = log.write([b"uno", b"dos"])
    seq, header, _, signature = write.rows[1]
    write.rows[1] = (seq, header, None, signature)
    store.append([write])
    held = store.entry(1, 1)
    assert held.body is None
    assert held.id == log.entries[1].id
    assert store.append([], [(1, log.entries[1])]) == 2
    assert store.entry(1, 1) == log.entries[1]
    store.drop_body(1, 1)
    assert store.entry(1, 1).body is None
    store.close()


def test_a_write_is_whole_or_not_at_all(path):
    store = LogStore(path, KEY)
    log = Log()
    first = log.write([b"uno"])
    store.append([first])
    tip = store.branches(log.name.id)[0].tip
    second = log.write([b"dos"])
    with pytest.raises(StoreError, match=r"store\.conflict"):
        store.append([second, first])
    assert store.branches(log.name.id)[0].tip == tip
    assert list(store.entries(1, 0, 9)) == log.entries[:1]
    store.append([second])
    assert list(store.entries(1, 0, 9)) == log.entries
    store.close()


def test_it_knows_whether_it_was_stopped_cleanly(path, tmp_path):
    store = LogStore(path, KEY)
    assert store.was_clean
    store.append([Log().write([b"uno"])])
    copy = tmp_path / "copy.lumbre"
    wal = path.with_name(path.name + "-wal")
    copy.write_bytes(path.read_bytes())
    copy.with_name(copy.name + "-wal").write_bytes(wal.read_bytes())
    store.close()
    again = LogStore(path, KEY)
    assert again.was_clean
    again.close()
    crashed = LogStore(copy, KEY)
    assert not crashed.was_clean
    assert crashed.entry(1, 0).body == b"uno"
    crashed.close()


def test_the_cache_of_branches_is_bounded(path, monkeypatch):
    monkeypatch.setattr("lumbre.store.log_store.CACHED_LOGS_MAX", 3)
    store = LogStore(path, KEY)
    logs = [Log(n, seed=n, lane=Lane.URGENT) for n in range(1, 9)]
    for log in logs:
        store.append([log.write([b"a"])])
    for log in logs * 2:
        assert store.branches(log.name.id)[0].tip == log.writer.tip
        assert len(store._by_log) <= 3
        assert len(store._by_number) <= 3
    store.close()


def test_a_second_opener_is_told_so(path):
    store = LogStore(path, KEY)
    with pytest.raises(StoreError, match=r"store\.in-use"):
        LogStore(path, KEY)
    store.close()


def test_another_key_opens_nothing_and_changes_nothing(path):
    store = LogStore(path, KEY)
    store.append([Log().write([b"uno"])])
    store.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"store\.damaged"):
        LogStore(path, bytes(32))
    with pytest.raises(StoreError, match=r"store\.bad-key-file"):
        LogStore(path, b"")
    assert path.read_bytes() == before
    store = LogStore(path, KEY)
    assert store.entry(1, 0).body == b"uno"
    store.close()
