"""A device that is taken: THREATS rows 15 and 16. Canaries are looked for in every file."""

import base64
import logging
import time

import pytest

from lumbre.errors import LumbreError
from lumbre.record.seal import seal_body
from lumbre.store import LIGHT, Folder
from lumbre.store import folder as module
from lumbre.store.backup import back_up
from lumbre.store.events import LOGGER, open_events
from tests.store.writing import SPACE, Log, seeded

PASS = "las ocho en la plaza"
CANARIES = [f"canario-{n:04d}-Ximena-Calle-9" for n in range(1000)]


# Every canary holds both: where neither is, in no form, no canary is.
MARKS = ("canario-", "Ximena-Calle")


def forms(mark):
    plain = mark.encode()
    yield plain
    yield mark.encode("utf-16-le")
    yield plain.hex().encode()
    # Whatever the offset, the middle of a base64 text repeats.
    for skip in range(3):
        yield base64.b64encode(plain[skip:])[: 4 * ((len(plain) - skip) // 3)]


def hits(path):
    """Files below whose bytes or name hold a canary in some form."""
    files = [p for p in path.rglob("*") if p.is_file()]
    wanted = [form for mark in MARKS for form in forms(mark)]
    return [p.name for p in files if any(w in p.read_bytes() + p.name.encode() for w in wanted)]


def used(path):
    """A node's folder after a day, as it lies on the disk while it runs."""
    folder, ana = Folder.create(path, seeded(), PASS, cost=LIGHT)
    log, private, pieces = folder.open_log(), folder.open_private(ana), folder.open_pieces()
    handler = open_events(folder.path / "events.log", lambda: 1_700_000_000)
    logger = logging.getLogger(LOGGER)
    logger.addHandler(handler)
    author = Log()
    for n, canary in enumerate(CANARIES):
        text = canary.encode()
        tip = author.writer.tip
        body = seal_body(
            text, bytes(32), log=author.name.id, seq=tip.seq + 1, prev=tip.id, salt=bytes(8)
        )
        if n % 5 == 0:
            log.append([author.write([body])])
        private.put(f"view {canary}" if n < 20 else "view", text, text * 3)
        private.put_secret("epoch" if n % 2 else "author", text, text)
        if n % 10 == 0:
            private.put_draft(text, text)
            private.commit(n)
            folder.week_keys(ana).put(bytes([n % 256, n // 256]), text)
            pieces.put(bytes([n % 256, n // 256]) * 16, ana.seal(text, seeded(n)))
            logger.warning("%s wrote %s", canary, canary)
            logger.warning("sync.met", {"peers": 3, "name": canary})  # noqa: PLE1205
        if n % 400 == 0:
            private.tend()
            log.database._fold_wal()
    private.commit(1000)
    for canary in CANARIES[::7]:
        private.put_draft(canary.encode(), None)
        private.delete_secret("author", canary.encode())
    back_up(log, private, path / "copia", "otra frase larga", seeded(7), cost=LIGHT)
    # A query that sorts more than memory's cache holds would spill, were it let to.
    private.database.rows("SELECT value FROM pair ORDER BY value || value DESC")
    logger.removeHandler(handler)
    handler.close()
    return folder


def test_p12_a_locked_device_shows_no_content_and_no_names(tmp_path):
    folder = used(tmp_path / "node")
    names = {p.name for p in folder.path.iterdir()}
    assert {"log.lumbre-wal", "private.lumbre-wal"} <= names
    assert hits(folder.path) == []
    for secret in (SPACE, Log().name.author, Log().name.id, PASS.encode()):
        for path in folder.path.rglob("*"):
            assert path.is_dir() or secret not in path.read_bytes()
    folder.close()
    assert hits(folder.path) == []


def test_the_search_for_canaries_finds_one(tmp_path):
    assert all(mark in canary for canary in CANARIES for mark in MARKS)
    texts = [
        CANARIES[0].encode(),
        CANARIES[1].encode("utf-16-le"),
        CANARIES[2].encode().hex().encode(),
        *(base64.b64encode(bytes(n) + CANARIES[5].encode()) for n in range(3)),
    ]
    for n, text in enumerate(texts):
        (tmp_path / f"{n}").write_bytes(b"xyz" + text)
    (tmp_path / CANARIES[3]).touch()
    assert len(hits(tmp_path)) == len(texts) + 1


def test_a_wipe_ends_in_two_seconds_and_leaves_nothing(tmp_path):
    folder = used(tmp_path / "node")
    copies = {p: p.read_bytes() for p in folder.path.rglob("*") if p.is_file()}
    start_s = time.perf_counter()
    folder.wipe()
    assert time.perf_counter() - start_s <= 2
    assert [p for p in folder.path.rglob("*") if p.is_file()] == []
    # Whoever finds the large files' blocks again finds them without a key.
    for path, content in copies.items():
        if path.parent == folder.path:
            path.write_bytes(content)
    assert hits(folder.path) == []
    with pytest.raises(LumbreError, match=r"store\.missing"):
        Folder(folder.path, seeded())


def test_an_interrupted_wipe_has_destroyed_keys_first(tmp_path, monkeypatch):
    folder = used(tmp_path / "node")
    order = []
    real = module.destroy_file

    def destroy(path, *rest):
        order.append(path)
        real(path, *rest)

    monkeypatch.setattr(module, "destroy_file", destroy)
    monkeypatch.setattr(module, "sync_folder", lambda _path: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        folder.wipe()
    assert {p.name for p in order[:3]} == {"relay.key", "sensor.key", "slots"}
    assert not list(folder.path.glob("keys/*"))
    folder.close()
