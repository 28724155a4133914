"""Row 21: what lies on a stick that somebody else has had."""

from __future__ import annotations

import os

import pytest

from lumbre.carriers import file as carrier
from lumbre.errors import Refused, StoreError


def test_row_21_a_link_under_the_temporary_name_leads_to_no_write_elsewhere(tmp_path):
    stick, victim = tmp_path / "stick", tmp_path / "victim"
    stick.mkdir()
    victim.write_bytes(b"mine")
    (stick / "request.lumbre.part").symlink_to(victim)
    path = carrier.write_file(stick, "request.lumbre", [b"bundle"])
    assert victim.read_bytes() == b"mine"
    assert path.read_bytes() == b"bundle"
    assert not path.is_symlink()


def test_row_21_a_pipe_under_the_temporary_name_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "request.lumbre.part")
    assert carrier.write_file(tmp_path, "request.lumbre", [b"bundle"]).read_bytes() == b"bundle"


def test_row_21_a_folder_under_the_temporary_name_is_an_error_of_the_family(tmp_path):
    (tmp_path / "request.lumbre.part").mkdir()
    with pytest.raises(StoreError):
        carrier.write_file(tmp_path, "request.lumbre", [b"bundle"])


def test_row_21_a_stick_that_is_pulled_out_is_an_error_of_the_family(tmp_path, monkeypatch):
    (tmp_path / "a.lumbre").write_bytes(b"x" * 100)

    def pulled(_: object) -> bytes:
        raise Refused("file.cannot-read", why="Input/output error")

    class Gone:
        def read(self, _: int) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(Refused):
        carrier._read_part(Gone())
    monkeypatch.setattr(carrier, "_read_part", pulled)
    taken = carrier.Taken(tmp_path)
    assert list(taken.segments()) == []
    assert taken.refused == [("a.lumbre", "file.cannot-read")]


def test_row_21_a_stick_full_of_other_files_hides_no_bundle(tmp_path):
    carrier.give(tmp_path, "honest", [])
    for number in range(2000):
        (tmp_path / f"{number}.txt").touch()
    assert carrier.names_in(tmp_path, carrier.SUFFIX) == ["honest.lumbre"]
