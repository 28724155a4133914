import os
import stat
import unicodedata

import pytest

from lumbre.errors import Invalid, Locked, StoreError
from lumbre.store import LIGHT, Folder, Keyring, open_secret, seal_secret
from tests.store.writing import Log, seeded

PASS = "las ocho en la plaza"


@pytest.fixture
def made(tmp_path):
    folder, unlocked = Folder.create(tmp_path / "node", seeded(), PASS, cost=LIGHT)
    yield folder, unlocked
    folder.close()


def reopened(folder):
    folder.close()
    return Folder(folder.path, seeded(9))


def test_p12_locked_only_the_log_opens(made):
    folder, unlocked = made
    folder.open_private(unlocked).put_draft(b"1", b"harina")
    folder = reopened(folder)
    log = Log()
    folder.open_log().append([log.write([b"uno"])])
    assert folder.open_pieces().total_bytes() == 0
    assert len(folder.sensor_key()) == 32
    with pytest.raises(Locked, match=r"locked\.passphrase-needed"):
        folder.open_private()
    with pytest.raises(Locked, match=r"locked\.wrong-passphrase"):
        folder.unlock("otra cosa muy larga")
    private = folder.open_private(folder.unlock(PASS))
    assert private.drafts() == [(b"1", b"harina")]
    folder.close()


def test_open_mode_starts_alone_until_it_is_ended(made):
    folder, unlocked = made
    folder.set_open_mode(unlocked, is_open=True)
    folder.open_private().put_draft(b"1", b"x")
    folder = reopened(folder)
    assert folder.is_open_mode
    assert folder.open_private().drafts() == [(b"1", b"x")]
    folder.set_open_mode(unlocked, is_open=False)
    assert not folder.is_open_mode
    with pytest.raises(Locked):
        folder.week_keys()
    folder.close()


def test_several_people_unlock_and_each_has_a_passphrase(made):
    folder, ana = made
    beto = folder.add_person(ana, "otra frase larga")
    assert beto.file_key == ana.file_key
    folder.change_passphrase(beto, "la tercera frase")
    assert folder.unlock("la tercera frase").slot == beto.slot
    assert folder.unlock(PASS).slot == ana.slot
    with pytest.raises(Locked):
        folder.unlock("otra frase larga")
    folder.remove_person(beto.slot)
    with pytest.raises(Locked):
        folder.unlock("la tercera frase")
    with pytest.raises(Locked, match=r"locked\.slot-removed"):
        folder.change_passphrase(beto, "la cuarta frase")
    with pytest.raises(Invalid, match=r"invalid\.last-person"):
        folder.remove_person(ana.slot)
    assert folder.unlock(PASS).slot == ana.slot


def test_what_a_person_seals_opens_after_a_change_of_passphrase_and_for_nobody_else(made):
    folder, ana = made
    beto = folder.add_person(ana, "otra frase larga")
    sealed = ana.seal(b"author key", seeded(3))
    folder.change_passphrase(ana, "una frase nueva")
    assert folder.unlock("una frase nueva").open(sealed) == b"author key"
    with pytest.raises(Locked):
        beto.open(sealed)
    assert PASS not in repr(ana)
    assert ana.file_key.hex() not in repr(ana)
    with pytest.raises(TypeError):
        ana.__reduce__()


def test_a_passphrase_is_the_same_on_two_keyboards():
    ring, unlocked = Keyring.create(" canción de cuna\n", seeded(), cost=LIGHT)
    typed = unicodedata.normalize("NFD", "canción de cuna")
    assert Keyring(ring.to_bytes()).unlock(typed).file_key == unlocked.file_key


@pytest.mark.parametrize("passphrase", ["", "corta", "       x      ", "ñ" * 600])
def test_a_passphrase_that_protects_nothing_is_refused(passphrase):
    with pytest.raises(Invalid):
        Keyring.create(passphrase, seeded(), cost=LIGHT)
    with pytest.raises(Invalid):
        seal_secret(passphrase, b"x", seeded(), cost=LIGHT)


def test_the_number_of_slots_has_a_cap(monkeypatch):
    monkeypatch.setattr("lumbre.store.keyring.SLOTS_MAX", 2)
    ring, ana = Keyring.create(PASS, seeded(), cost=LIGHT)
    ring.add(ana, "otra frase larga", seeded(2))
    with pytest.raises(Invalid, match=r"invalid\.too-many-people"):
        ring.add(ana, "una frase más", seeded(2))


def test_a_sealed_secret_opens_by_its_passphrase_only():
    sealed = seal_secret(PASS, b"key", seeded(), cost=LIGHT)
    assert open_secret(PASS, sealed) == b"key"
    with pytest.raises(Locked):
        open_secret("otra frase larga", sealed)


def test_p8_slots_from_elsewhere_are_capped_before_anything_is_spent():
    ring, _ = Keyring.create(PASS, seeded(), cost=LIGHT)
    good = ring.to_bytes()
    for cut in range(len(good)):
        with pytest.raises(StoreError, match=r"store\.bad-key-file"):
            Keyring(good[:cut])
    greedy = good.replace(bytes([0x92, 1, 0xCD, 0x20, 0]), b"\x92\x01\xce\x7f\xff\xff\xff")
    assert greedy != good
    for bad in (greedy, bytes(70_000), b"\xff" * 100):
        with pytest.raises(StoreError, match=r"store\.bad-key-file"):
            Keyring(bad)


def test_files_are_their_owners_alone(made):
    folder, unlocked = made
    os.umask(0)
    folder.open_log().append([Log().write([b"uno"])])
    folder.open_private(unlocked)
    folder.open_pieces()
    folder.set_open_mode(unlocked, is_open=True)
    folder.week_keys(unlocked).put(b"\1", b"secret")
    for path in folder.path.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_week_keys_end_by_themselves(made):
    folder, unlocked = made
    keys = folder.week_keys(unlocked)
    assert list(keys.ids()) == []
    keys.put(b"\1", b"private half")
    keys.put(b"\2", b"another")
    again = folder.week_keys(unlocked)
    assert list(again.ids()) == [b"\1", b"\2"]
    assert again.get(b"\1") == b"private half"
    again.destroy(b"\1")
    assert again.get(b"\1") is None
    assert list(again.ids()) == [b"\2"]
    stolen = folder.path / "week" / "02.key"
    assert b"another" not in stolen.read_bytes()
    stolen.rename(stolen.with_name("03.key"))
    with pytest.raises(Locked):
        again.get(b"\3")


def test_a_second_process_is_told(made):
    folder, _ = made
    with pytest.raises(StoreError, match=r"store\.in-use"):
        Folder(folder.path, seeded())


def test_a_folder_with_something_in_it_is_not_made_into_one(tmp_path):
    (tmp_path / "carta.txt").write_text("hola")
    with pytest.raises(StoreError, match=r"store\.not-empty"):
        Folder.create(tmp_path, seeded(), PASS, cost=LIGHT)
    with pytest.raises(StoreError, match=r"store\.missing"):
        Folder(tmp_path, seeded())
    assert [p.name for p in tmp_path.iterdir()] == ["carta.txt"]


def test_a_damaged_key_file_is_told_from_a_damaged_store(made):
    folder, _ = made
    relay = folder.path / "keys" / "relay.key"
    data = bytearray(relay.read_bytes())
    data[5] ^= 1
    relay.write_bytes(data)
    with pytest.raises(StoreError, match=r"store\.bad-key-file"):
        folder.open_log()


def test_read_only_media_are_read_in_memory(made, monkeypatch):
    folder, unlocked = made
    log = Log()
    store = folder.open_log()
    store.append([log.write([b"uno", b"dos"])])
    folder.open_private(unlocked).put_draft(b"1", b"x")
    # As a pulled plug leaves it: with a write-ahead log beside the file.
    store.database.abandon()
    folder._opened.pop(0)
    folder.close()
    real_open = os.open

    def read_only(path, flags, *rest, **more):
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(30, "Read-only file system")
        return real_open(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", read_only)
    before = {p: p.read_bytes() for p in folder.path.rglob("*") if p.is_file()}
    assert any(p.name.endswith("-wal") for p in before)
    folder = Folder(folder.path, seeded())
    assert folder.is_read_only
    store = folder.open_log()
    assert list(store.entries(1, 0, 9)) == log.entries
    store.append([log.write([b"tres"])])
    assert store.entry(1, 2).body == b"tres"
    assert folder.open_private(folder.unlock(PASS)).drafts() == [(b"1", b"x")]
    with pytest.raises(StoreError, match=r"store\.read-only"):
        folder.wipe()
    folder.close()
    assert before == {p: p.read_bytes() for p in folder.path.rglob("*") if p.is_file()}


def test_a_medium_too_large_for_memory_is_told(made, monkeypatch):
    folder, _ = made
    folder.open_log()
    folder.close()
    monkeypatch.setattr("lumbre.store.memory_disk.MEMORY_COPY_MAX_BYTES", 4096)
    monkeypatch.setattr("lumbre.store.folder._READ_ONLY", (2,))
    (folder.path / "lock").unlink()
    real_open = os.open

    def refuse(path, flags, *rest, **more):
        if str(path).endswith("lock"):
            raise OSError(2, "absent")
        return real_open(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StoreError, match=r"store\.too-large-for-memory"):
        Folder(folder.path, seeded())
