"""Files of other versions: THREATS row 24. Frozen stores lie in fixtures/."""

import shutil
from pathlib import Path

import pytest

from lumbre.errors import StoreError
from lumbre.store import Folder, LogStore
from lumbre.store.migrate import LOG_STEPS, MEDIA_STEPS, PRIVATE_STEPS
from tests.store.make_fixture import PASS, logs
from tests.store.writing import KEY, Log, seeded

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.mark.parametrize("version", sorted(p.name for p in FIXTURES.iterdir()))
def test_a_frozen_store_opens_and_holds_what_it_held(version, tmp_path):
    # Copied by content: in a checkout the modes and the lock are another's.
    shutil.copytree(FIXTURES / version, tmp_path / "node", copy_function=shutil.copyfile)
    folder = Folder(tmp_path / "node", seeded(9))
    log, private = folder.open_log(), folder.open_private(folder.unlock(PASS))
    made, _ = logs()
    for author in made:
        assert list(log.entries(author.number, 0, 99)) == author.entries
        assert log.branches(author.name.id)[0].tip == author.writer.tip
    assert log.last_arrival() == 2
    assert private.get("view", b"key") == b"value"
    assert private.marker() == 2
    assert private.secret("epoch", b"e") == b"epoch key"
    assert private.drafts() == [(b"1", b"harina")]
    pieces = folder.open_pieces()
    assert pieces.get(bytes(32)) == b"a sealed piece"
    assert list(pieces.hashes()) == [bytes(32)]
    assert pieces.missing([bytes(32), b"x"]) == [b"x"]
    assert log.census.records(bytes(32)) == []
    assert log.census.lacking_branches() == []
    log.append([made[0].write([b"one more"])])
    folder.close()


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "log.lumbre"
    store = LogStore(path, KEY)
    log = Log()
    store.append([log.write([b"uno"])])
    store.close()
    return path, log


def names(path):
    return sorted(p.name for p in path.parent.iterdir())


def test_a_running_nodes_store_is_brought_up_to_date(old, monkeypatch):
    path, log = old

    def fill(connection):
        assert path.with_name("log.lumbre.before").exists()
        connection.execute("INSERT INTO extra SELECT key FROM entry")

    steps = (*LOG_STEPS, "CREATE TABLE extra (key INTEGER)", fill)
    monkeypatch.setattr("lumbre.store.log_store.LOG_STEPS", steps)
    store = LogStore(path, KEY)
    assert store.database.value("PRAGMA user_version") == len(steps)
    assert store.database.value("SELECT count(*) FROM extra") == 1
    assert list(store.entries(1, 0, 9)) == log.entries
    store.close()
    assert names(path) == ["log.lumbre"]


def test_a_step_that_fails_changes_nothing_and_leaves_a_copy(old, monkeypatch):
    path, log = old
    steps = (*LOG_STEPS, "CREATE TABLE extra (key INTEGER); DELETE FROM entry", "NOT SQL")
    monkeypatch.setattr("lumbre.store.log_store.LOG_STEPS", steps)
    with pytest.raises(StoreError):
        LogStore(path, KEY)
    assert names(path) == ["log.lumbre", "log.lumbre.before"]
    monkeypatch.undo()
    for file in ("log.lumbre.before", "log.lumbre"):
        store = LogStore(path.with_name(file), KEY)
        assert list(store.entries(1, 0, 9)) == log.entries
        store.close()
    assert names(path) == ["log.lumbre"]


def test_a_result_that_does_not_hold_together_is_rolled_back(old, monkeypatch):
    path, log = old
    steps = (*LOG_STEPS, "CREATE TABLE extra (key INTEGER CHECK (key > 0))", _break_check)
    monkeypatch.setattr("lumbre.store.log_store.LOG_STEPS", steps)
    with pytest.raises(StoreError, match=r"store\.migration-failed"):
        LogStore(path, KEY)
    monkeypatch.undo()
    store = LogStore(path, KEY)
    assert list(store.entries(1, 0, 9)) == log.entries
    store.close()


def _break_check(connection):
    connection.pragma("ignore_check_constraints", True)
    connection.execute("INSERT INTO extra VALUES (-1)")
    connection.pragma("ignore_check_constraints", False)


def test_a_newer_store_is_refused_and_left_untouched(old):
    path, _ = old
    store = LogStore(path, KEY)
    with store.database.writing() as connection:
        connection.execute("PRAGMA user_version = 99")
    store.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"store\.newer-version"):
        LogStore(path, KEY)
    assert path.read_bytes() == before
    assert names(path) == ["log.lumbre"]


def test_every_version_has_a_frozen_store():
    versions = max(len(LOG_STEPS), len(PRIVATE_STEPS), len(MEDIA_STEPS))
    assert sorted(p.name for p in FIXTURES.iterdir()) == [f"v{n + 1}" for n in range(versions)]
