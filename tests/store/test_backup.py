import json
import os

import pytest

from lumbre.errors import Locked, StoreError
from lumbre.store import LIGHT, Folder
from lumbre.store.backup import back_up, restore
from lumbre.store.doctor import examine
from lumbre.store.migrate import LOG_STEPS
from tests.store.writing import Log, seeded

PASS = "las ocho en la plaza"
COPY_PASS = "la copia del comité"


@pytest.fixture
def made(tmp_path):
    folder, ana = Folder.create(tmp_path / "node", seeded(), PASS, cost=LIGHT)
    log, private = folder.open_log(), folder.open_private(ana)
    yield folder, log, private
    folder.close()


def new_folder(tmp_path):
    return Folder.create(tmp_path / "new", seeded(5), PASS, cost=LIGHT)[0]


def test_a_backup_taken_while_the_node_writes_holds_the_log_and_epoch_keys_only(made, tmp_path):
    _, log, private = made
    author = Log()
    for _ in range(20):
        log.append([author.write([bytes(60_000)] * 10)])
    log.set_meta("tail", b"own tail")
    private.put_secret("epoch", b"e", b"epoch key")
    private.put_secret("author", b"a", b"signing key")
    before = len(author.entries)

    def write_on():
        log.append([author.write([b"meanwhile"])])

    target = tmp_path / "copia.lumbre"
    back_up(log, private, target, COPY_PASS, seeded(2), cost=LIGHT, pause=write_on)
    assert len(author.entries) > before + 1
    assert [p.name for p in tmp_path.iterdir()] == ["node", "copia.lumbre"]

    folder = new_folder(tmp_path)
    secrets = restore(target, COPY_PASS, folder, seeded(3))
    assert secrets == [("epoch", b"e", b"epoch key")]
    restored = folder.open_log()
    held = list(restored.entries(1, 0, 2**30))
    assert held == author.entries[: len(held)]
    assert len(held) >= before
    assert restored.is_restored
    assert restored.generation != log.generation
    assert restored.meta("tail") is None
    assert not log.is_restored
    assert [p for p in folder.path.iterdir() if "pages" in p.name] == []
    folder.close()


def test_a_backup_opens_by_its_own_passphrase_and_into_an_empty_folder_only(made, tmp_path):
    _, log, private = made
    log.append([Log().write([b"uno"])])
    target = tmp_path / "copia"
    back_up(log, private, target, COPY_PASS, seeded(2), cost=LIGHT)
    folder = new_folder(tmp_path)
    with pytest.raises(Locked):
        restore(target, PASS, folder, seeded(3))
    folder.open_log()
    with pytest.raises(StoreError, match=r"store\.not-empty"):
        restore(target, COPY_PASS, folder, seeded(3))
    folder.close()


def test_a_damaged_backup_is_refused_and_leaves_an_empty_folder(made, tmp_path):
    _, log, private = made
    log.append([Log().write([b"uno"])])
    target = tmp_path / "copia"
    back_up(log, private, target, COPY_PASS, seeded(2), cost=LIGHT)
    whole = target.read_bytes()
    folder = new_folder(tmp_path)
    files = sorted(folder.path.rglob("*"))
    for at in [0, 17, 40, *range(4096, len(whole), 2048)]:
        damaged = bytearray(whole)
        damaged[at] ^= 1
        target.write_bytes(damaged)
        with pytest.raises((StoreError, Locked)):
            restore(target, COPY_PASS, folder, seeded(3))
        assert sorted(folder.path.rglob("*")) == files
    target.write_bytes(b"")
    with pytest.raises(StoreError, match=r"store\.not-a-backup"):
        restore(target, COPY_PASS, folder, seeded(3))
    with pytest.raises(StoreError, match=r"store\.missing"):
        restore(tmp_path / "absent", COPY_PASS, folder, seeded(3))
    folder.close()


def test_doctor_finds_a_well_folder_well_and_says_it_in_json(made):
    folder, log, _ = made
    log.append([Log().write([b"uno", b"dos"])])
    report = examine(folder, log, is_deep=True)
    assert report.is_well
    facts = json.loads(report.to_json())["facts"]
    assert facts["version"] == len(LOG_STEPS)
    assert facts["branches"] == 1
    assert facts["people"] == 1
    assert facts["bytes of log.lumbre"] > 0


def test_doctor_finds_what_is_wrong(made):
    folder, log, _ = made
    author = Log()
    log.append([author.write([b"%d" % n for n in range(9)])])
    folder.set_open_mode(folder.unlock(PASS), is_open=True)
    (folder.path / "carta.txt").touch(mode=0o644)
    with log.database.writing() as connection:
        connection.execute("DELETE FROM entry WHERE key = ?", (1 << 40 | 4,))
        connection.execute(
            "UPDATE entry SET header = ? WHERE key = ?", (author.entries[2].header, 1 << 40 | 8)
        )
    found = {finding.id for finding in examine(folder, log, is_deep=True).findings}
    assert found == {
        "doctor.open-mode",
        "doctor.readable-by-others",
        "doctor.entries-missing",
        "doctor.tip-differs",
    }


def test_doctor_finds_damage_and_a_salvage_heals_it(made):
    folder, log, _ = made
    author = Log()
    for _ in range(20):
        log.append([author.write([b"%d" % n * 50 for n in range(100)])])
    folder.close()
    data = bytearray(folder.log_path.read_bytes())
    data[len(data) // 2] ^= 1
    folder.log_path.write_bytes(data)
    folder = Folder(folder.path, seeded(4))
    log = folder.open_log()
    report = examine(folder, log, is_deep=True)
    assert {f.id for f in report.findings} == {"doctor.damaged"}
    log.close()
    folder._opened.clear()
    salvaged = folder.salvage_log()
    assert salvaged.missing > 0
    log = folder.open_log()
    found = {f.id for f in examine(folder, log, is_deep=True).findings}
    assert found == {"doctor.gap"}
    folder.close()


def test_a_report_is_bounded(made, monkeypatch):
    folder, log, _ = made
    monkeypatch.setattr("lumbre.store.doctor.FINDINGS_MAX", 2)
    for n in range(5):
        (folder.path / f"{n}").touch(mode=0o644)
    report = examine(folder, log)
    assert (len(report.findings), report.more) == (2, 3)


def test_doctor_ends_wherever_the_damage_is(made):
    folder, log, _ = made
    for n in range(1, 30):
        author = Log(n, seed=n)
        log.append([author.write([bytes([n]) * 300 for _ in range(9)])])
    folder.close()
    whole = folder.log_path.read_bytes()
    for page in range(1, len(whole) // 4096):
        damaged = bytearray(whole)
        damaged[page * 4096 + 99] ^= 1
        folder.log_path.write_bytes(damaged)
        folder = Folder(folder.path, seeded(4))
        try:
            log = folder.open_log()
        except StoreError:
            folder.close()
            continue
        report = examine(folder, log, is_deep=True)
        assert "doctor.damaged" in {f.id for f in report.findings}
        log.database.abandon()
        folder._opened.clear()
        folder.close()


@pytest.mark.parametrize("suffix", [".pages", ".part"])
def test_row_21_a_link_beside_a_backup_leads_to_no_write_elsewhere(made, tmp_path, suffix):
    _, log, private = made
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (tmp_path / f"copia.lumbre{suffix}").symlink_to(victim)
    back_up(log, private, tmp_path / "copia.lumbre", COPY_PASS, seeded(2), cost=LIGHT)
    assert victim.read_bytes() == b"mine"
    assert (tmp_path / "copia.lumbre").stat().st_size > 0


def test_row_21_a_pipe_in_place_of_a_backup_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "copia.lumbre")
    folder = new_folder(tmp_path)
    with pytest.raises(StoreError):
        restore(tmp_path / "copia.lumbre", COPY_PASS, folder, seeded(3))
    folder.close()
