"""A folder that somebody else filled: nothing is written, read or followed outside of it."""

from __future__ import annotations

import os

import pytest

from lumbre.carriers.file import bundles_in, read_file, read_whole, safe_path, write_file
from lumbre.errors import Refused, StoreError


@pytest.mark.parametrize(
    "name", ["../x.lumbre", "/x.lumbre", ".x.lumbre", "a/b.lumbre", "x", "", "x.lumbre\n", "X.a"]
)
def test_row_21_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    with pytest.raises(Refused):
        safe_path(tmp_path, name)


def test_row_21_a_link_on_a_stick_leads_no_write_elsewhere(tmp_path):
    stick, other = tmp_path / "stick", tmp_path / "other"
    stick.mkdir()
    other.write_bytes(b"mine")
    for name in ("x.lumbre", "x.lumbre.part"):
        (stick / name).symlink_to(other)
    write_file(stick, "x.lumbre", [])
    assert other.read_bytes() == b"mine"
    assert not (stick / "x.lumbre").is_symlink()
    assert [path.name for path in stick.iterdir()] == ["x.lumbre"]


def test_row_21_what_is_no_plain_file_is_not_read(tmp_path):
    (tmp_path / "a.lumbre").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "b.lumbre")
    (tmp_path / "c.lumbre").mkdir()
    assert list(bundles_in(tmp_path).segments()) == []
    for name in ("a.lumbre", "b.lumbre", "c.lumbre"):
        with pytest.raises(Refused):
            list(read_file(tmp_path, name, 100))


def test_row_21_a_file_that_grows_while_it_is_read_is_refused(tmp_path, monkeypatch):
    (tmp_path / "a.lumbre").write_bytes(b"x" * 10)
    monkeypatch.setattr("lumbre.carriers.file.read_file", lambda *_: iter([b"x" * 60] * 2))
    with pytest.raises(Refused, match=r"refused\.too-large"):
        read_whole(tmp_path, "a.lumbre", 100)


def test_a_file_that_cannot_be_written_is_said_so(tmp_path):
    (tmp_path / "x.lumbre.part").mkdir()
    with pytest.raises(StoreError):
        write_file(tmp_path, "x.lumbre", [b"x"])
