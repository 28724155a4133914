"""Row 21: what lies on a stick that somebody else has had."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lumbre.carriers import file as carrier
from lumbre.carriers.stick import give
from lumbre.errors import Refused, StoreError
from lumbre.node.carrying import Bundles, recipients, sealed_bundles, take_bundles
from lumbre.sync.sealed_bundle import SEALED_MAX_BYTES, seal_bundle
from tests.ledger.test_ledger import fresh, need
from tests.world import World


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
    bundles = carrier.bundles_in(tmp_path)
    assert list(bundles.segments()) == []
    assert bundles.refused == [("a.lumbre", "file.cannot-read")]


def test_row_21_a_stick_full_of_other_files_hides_no_bundle(tmp_path):
    carrier.write_file(tmp_path, "honest.lumbre", [])
    for number in range(2000):
        (tmp_path / f"{number}.txt").touch()
    assert carrier.names_in(tmp_path, carrier.SUFFIX) == ["honest.lumbre"]


def tree(folder: Path) -> dict[str, tuple[bool, bytes]]:
    """Everything below a folder but the stick itself: to assert that nothing changed."""
    return {
        path.relative_to(folder).as_posix(): (path.is_symlink(), path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "stick" not in path.relative_to(folder).parts
    }


def names_that_lead_elsewhere() -> st.SearchStrategy[str]:
    """Names with parts that mean something to a file system, and any text."""
    parts = st.sampled_from(
        [
            "..",
            ".",
            "/",
            "\\",
            "~",
            "\0",
            "\n",
            "%2e",
            "C:",
            "$HOME",
            "-rf",
            " ",
            "a",
            "\u202e",
            "🔥",
        ]
    )
    return st.one_of(st.text(max_size=80), st.lists(parts, max_size=8).map("".join))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=names_that_lead_elsewhere())
def test_row_21_no_name_leads_out_of_the_folder(tmp_path, name):
    for wanted in (name, name + carrier.SUFFIX, f"../stick2/{name}"):
        try:
            path = carrier.safe_path(tmp_path, wanted)
        except Refused:
            continue
        assert path.parent == tmp_path
        assert path.resolve().parent == tmp_path.resolve()


def test_row_21_a_hostile_stick_is_taken_and_given_to_without_a_write_outside(tmp_path):
    """Links, pipes, devices, folders and odd names under every name that is written or read."""
    stick, home = tmp_path / "stick", tmp_path / "home"
    stick.mkdir()
    home.mkdir()
    (home / "mine").write_bytes(b"mine")
    world = World()
    world.founder.write(need("Block 4"))
    node, space = world.founder.node, world.founder.node.space(world.space)
    (honest,) = sealed_bundles(node, space)
    before, arrivals = world.founder.hash(), world.founder.log.last_arrival()
    for name in ("lumbre-stick.id", "lumbre-stick.id.part", "a.lumbre", "-rf.lumbre", "..lumbre"):
        (stick / name).symlink_to(home / "mine")
    (stick / "b.lumbre").symlink_to("/dev/zero")
    (stick / "c.lumbre").symlink_to(stick)
    os.mkfifo(stick / "d.lumbre")
    (stick / "e.lumbre").mkdir()
    for name in (
        "\n.lumbre",
        "A.lumbre",
        "$(reboot).lumbre",
        "\u202egpj.lumbre",
        "x" * 100 + ".lumbre",
    ):
        (stick / name).write_bytes(honest)
    with (stick / "f.lumbre").open("wb") as file:
        file.truncate(SEALED_MAX_BYTES + 1)
    with (stick / "g.lumbre").open("wb") as file:
        file.truncate(SEALED_MAX_BYTES)
    outside = tree(tmp_path)
    bundles = carrier.bundles_in(stick)
    received, keys = take_bundles(node, bundles)
    assert (received.new, keys) == (0, 0)
    assert bundles.names == ["f.lumbre", "g.lumbre"]
    assert {name for name, _ in bundles.refused} == {"f.lumbre", "g.lumbre"}
    assert len(give(stick, node, space).files) == 1
    assert tree(tmp_path) == outside
    assert (world.founder.hash(), world.founder.log.last_arrival()) == (before, arrivals)


def test_row_21_bombs_inside_a_seal_store_nothing(tmp_path):
    """age does not compress: what is small outside is small inside. Lies inside are refused."""
    world = World()
    beto = world.join("beto")
    node = world.founder.node
    keys = recipients(node, node.space(world.space))
    parts = list(node.give(world.space))
    arrivals = beto.log.last_arrival()
    for number, segments in enumerate(
        (
            [b"\x94" * 100_000],
            [b"\xdd\xff\xff\xff\xff" * 1000],
            [b"\xc6\xff\xff\xff\xff"] * 20_000,
            [bytes(1024 * 1024)] * 15,
            [part[:-1] for part in parts],
        )
    ):
        (tmp_path / f"{number}.lumbre").write_bytes(seal_bundle(segments, keys))
    received, _ = take_bundles(beto.node, carrier.bundles_in(tmp_path))
    assert received.new == 0
    assert sum(received.refused.values()) > 20_000
    assert beto.log.last_arrival() == arrivals


def test_row_21_a_bundle_that_is_cut_at_any_byte_stores_only_what_is_whole():
    """Nothing is stored that the whole bundle does not hold, and the whole one mends it."""
    world = World()
    world.founder.write(need("Block 4"))
    node = world.founder.node
    (data,) = sealed_bundles(node, node.space(world.space))
    beto = fresh(world, world.founder)
    for cut in range(0, len(data), 7):
        bundles = Bundles(["cut"], lambda _, cut=cut: data[:cut])
        assert take_bundles(beto.node, bundles)[0].new == 0
    assert beto.log.last_arrival() == 0
    take_bundles(beto.node, Bundles(["whole"], lambda _: data))
    assert beto.hash() == world.founder.hash()
