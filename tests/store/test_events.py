import logging

import pytest

from lumbre.store.events import LOGGER, note, open_events


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "events.log"
    handler = open_events(path, lambda: 1_700_000_000)
    loggers = [logging.getLogger(LOGGER), logging.getLogger("uvicorn.test")]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
    yield path
    for logger in loggers:
        logger.removeHandler(handler)
    handler.close()


def test_an_event_is_an_id_and_numbers(events):
    note("sync.met", peers=3, entries=120, is_first=True)
    assert events.read_text() == "1700000000 sync.met peers=3 entries=120 is_first=1\n"


def test_whatever_else_comes_is_left_out(events):
    logger = logging.getLogger(LOGGER)
    try:
        int("Ximena, Calle 9")
    except ValueError:
        logger.exception("Ximena fell ill")
    logger.info("sync.met", {"peers": "Ximena", "Ximena Calle": 3, "b": b"Ximena", "n": 1.5})  # noqa: PLE1205
    logger.info("about.%s", "ximena")
    logging.getLogger("uvicorn.test").warning("sync.met by %s", "Ximena")
    text = events.read_text()
    assert "ximena" not in text.lower()
    assert text.splitlines() == [
        "1700000000 event.left-out level=40",
        "1700000000 sync.met",
        "1700000000 event.left-out level=20",
        "1700000000 event.left-out level=30",
    ]


def test_files_are_rotated_and_bounded(events, monkeypatch):
    handler = logging.getLogger(LOGGER).handlers[0]
    handler.maxBytes = 2000
    for n in range(2000):
        note("store.stored", entries=n)
    files = sorted(events.parent.iterdir())
    assert len(files) == 4
    assert all(p.stat().st_size <= 2000 for p in files)
    assert all(p.stat().st_mode & 0o077 == 0 for p in files)


def test_a_disk_that_is_full_stops_nothing_and_prints_nothing(events, capsys, monkeypatch):
    handler = logging.getLogger(LOGGER).handlers[0]

    def full(_text):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(handler.stream, "write", full, raising=False)
    note("store.stored", entries=1)
    assert capsys.readouterr().err == ""
