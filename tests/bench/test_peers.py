"""The peers' side: what it carries, what it counts, and what it says where a peer is missing."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bench import __main__ as bench_command
from bench import harness
from bench.harness import SkippedError
from bench.peers import __main__ as peers_command
from bench.peers import bodies, install, runs, source
from bench.peers.bodies import body, body_json, write_bodies
from bench.peers.comapeo import ComapeoSource
from bench.peers.hypercore import HypercoreSource
from bench.peers.program import NodeProgram, PeerFailedError
from bench.peers.runs import median_run
from bench.peers.source import PeerRun, PeerSource

STAND_IN = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked["ask"] == "fail":
        raise TypeError("as asked")
    if asked["ask"] == "leave":
        break
    print(json.dumps({**asked, "answered": True}), flush=True)
"""


@pytest.fixture
def no_programs(monkeypatch, tmp_path) -> Path:
    """A PATH with nothing on it, and no peers installed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(install, "STAMP", tmp_path / "stamp")
    return tmp_path


def put_program(folder: Path, name: str, lines: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)


def test_bodies_are_the_same_on_every_side_and_every_day(tmp_path) -> None:
    assert body(7) == {
        "id": 7,
        "t": 1_760_000_007,
        "lat": 0.690933,
        "lon": -78.971375,
        "kind": "report/water",
        "txt": "Pozo 7 sin agua desde ayer; 4bCs+GuWIbjBPKF7svKiPWYr+pQEU9jol6d+Odno"
        " familias afectadas, enviar tanque",
        "tags": ["agua", "urgente"],
        "n": 107,
    }
    sizes = [len(body_json(number)) for number in range(1000)]
    assert 220 <= statistics.mean(sizes) <= 230
    write_bodies(tmp_path / "bodies", [3, bodies.NEW_FROM])
    lines = (tmp_path / "bodies").read_bytes().splitlines()
    assert [json.loads(line) for line in lines] == [body(3), body(bodies.NEW_FROM)]


def test_a_run_counts_both_ways_for_each_entry() -> None:
    run = PeerRun(entries=200, authors=2, took_s=4.0, cpu_s=0.01, bytes_up=1_000, bytes_down=9_000)
    assert run.per_s == 50
    assert run.bytes_total == 10_000
    assert run.wire_bytes == 50
    assert run.cpu_us == pytest.approx(50)


def test_medians_are_taken_of_each_field() -> None:
    seen = [
        PeerRun(10, 2, took_s=1.0, cpu_s=9.0, bytes_up=5, bytes_down=7),
        PeerRun(10, 2, took_s=3.0, cpu_s=7.0, bytes_up=6, bytes_down=9),
        PeerRun(10, 2, took_s=2.0, cpu_s=8.0, bytes_up=4, bytes_down=8),
    ]
    assert median_run(seen) == PeerRun(10, 2, took_s=2.0, cpu_s=8.0, bytes_up=5, bytes_down=8)


def test_entries_are_shared_evenly_or_not_at_all() -> None:
    with pytest.raises(ValueError, match="10 entries are not shared evenly by 3 authors"):
        HypercoreSource(entries=10, authors=3)


class StandIn(PeerSource):
    """A source without a program: a fetch takes 10 ms and `trips` round trips, or more."""

    script = "none"
    loads_s = (5.0, 9.0, 0.0, 0.0, 2.0)

    def __init__(self, trips: float) -> None:
        super().__init__(entries=1000, authors=10)
        self.trips = trips
        self.calls: list[float] = []
        self.written: list[tuple[int, int]] = []

    async def write_more(self, entries: int, authors: int) -> None:
        self.written.append((entries, authors))

    async def catch_up(self, delay_s: float = 0.0) -> PeerRun:
        load_s = self.loads_s[len(self.calls) % len(self.loads_s)]
        self.calls.append(delay_s)
        return PeerRun(100, 10, 0.01 + load_s + 2 * delay_s * self.trips, 0.0, 40, 60)

    async def _serve(self, bodies: Path) -> None: ...
    async def _append(self, bodies: Path, authors: int) -> None: ...
    async def _settle(self) -> None: ...
    async def _make_empty(self, folder: Path) -> None: ...
    def _details(self) -> dict:
        return {}


def test_round_trips_are_what_a_longer_link_costs() -> None:
    stand_in = StandIn(trips=4.5)
    delta = asyncio.run(runs.delta(stand_in, authors=10, runs=3))
    assert delta.round_trips == pytest.approx(4.5)
    assert delta.run.took_s == pytest.approx(2.01)
    assert stand_in.calls == [0.0, 0.1] * 3
    assert stand_in.written == [(100, 10)] * 6


def test_the_lock_holds_hashes_and_no_hosts() -> None:
    lock = json.loads(install.LOCK.read_text(encoding="utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert len(packages) > 100
    assert [name for name, one in packages.items() if "integrity" not in one] == []
    assert [name for name, one in packages.items() if "resolved" in one] == []
    assert install.version("hypercore") == "hypercore 11.37.1"
    assert install.version("@comapeo/core") == "@comapeo/core 7.1.0"


def test_what_is_asked_for_is_pinned() -> None:
    asked = json.loads((install.FOLDER / "package.json").read_text(encoding="utf-8"))
    lock = json.loads(install.LOCK.read_text(encoding="utf-8"))
    assert lock["packages"][""]["dependencies"] == asked["dependencies"]
    for name, version in asked["dependencies"].items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version


def test_lumbre_does_not_depend_on_peers(repo_root) -> None:
    listed = ["git", "grep", "-l", "-i", "-E", "hypercore|comapeo", "--", "src", "pyproject.toml"]
    found = subprocess.run(listed, cwd=repo_root, capture_output=True, text=True, check=False)
    assert found.stdout == ""


def test_without_node_a_figure_is_skipped_with_the_reason(no_programs, capsys) -> None:
    bench_command.load_figures()
    assert bench_command.main(["ONLY=hypercore_per_s"], harness.REGISTRY) == 0
    (line,) = capsys.readouterr().out.splitlines()
    read = json.loads(line)
    assert read["figure"] == "hypercore_per_s"
    assert read["skipped"].startswith("node is not on PATH: ")
    assert peers_command.main(["install"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("node is not on PATH: ")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["instal"], ["install", "now"]])
def test_the_command_installs_and_nothing_else(no_programs, arguments, capsys) -> None:
    assert peers_command.main(arguments) == 2
    assert capsys.readouterr().err == "usage: python -m bench.peers install\n"


def test_a_failed_install_is_one_line_and_is_tried_again(no_programs, capsys) -> None:
    put_program(no_programs, "node", "echo v20.0.0")
    with pytest.raises(SkippedError, match=r"^npm is not on PATH: "):
        install.ensure_installed()
    put_program(no_programs, "npm", "echo 'npm error code E1' >&2; echo more >&2; exit 1")
    for _ in range(2):
        with pytest.raises(SkippedError, match=r"^npm ci failed: npm error code E1$"):
            install.ensure_installed()


def test_what_is_installed_is_installed_again_only_after_a_change(no_programs) -> None:
    calls = no_programs / "calls"
    put_program(no_programs, "node", "echo v20.0.0")
    put_program(no_programs, "npm", f'echo "$1" >>"{calls}"')
    for _ in range(2):
        assert install.ensure_installed() == no_programs / "node"
    assert calls.read_text() == "ci\n"
    put_program(no_programs, "node", "echo v22.0.0")
    install.ensure_installed()
    assert calls.read_text() == "ci\nci\n"


async def ask_stand_in(tmp_path: Path, *asked: str) -> list[dict]:
    script = tmp_path / "stand_in"
    script.write_text(STAND_IN)
    with tempfile.TemporaryFile() as errors:
        async with NodeProgram.running(Path(sys.executable), script, errors) as program:
            return [await program.ask(what, detail=1) for what in asked]


def test_a_program_answers_line_by_line(tmp_path) -> None:
    one, two = asyncio.run(ask_stand_in(tmp_path, "one", "two"))
    assert one == {"ask": "one", "detail": 1, "answered": True}
    assert two["ask"] == "two"


@pytest.mark.parametrize(
    ("asked", "reason"), [("fail", "TypeError: as asked"), ("leave", "no reason given")]
)
def test_a_program_that_ends_says_why(tmp_path, asked, reason) -> None:
    with pytest.raises(PeerFailedError, match=rf"stand_in ended: {asked}: {reason}"):
        asyncio.run(ask_stand_in(tmp_path, "one", asked))


@pytest.fixture
def installed() -> None:
    """The peers as they are; a test does not install them."""
    if not install.STAMP.is_file():
        pytest.skip("python -m bench.peers install")


@pytest.mark.soak
@pytest.mark.needs("node")
def test_hypercore_copies_all_and_then_only_what_is_new(installed, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(source, "OUT", tmp_path)

    async def run() -> None:
        async with HypercoreSource(entries=200, authors=4) as peer:
            full = await peer.copy()
            assert (full.entries, full.authors) == (200, 4)
            assert full.bytes_down > sum(len(body_json(number)) for number in range(200))
            assert full.bytes_up > 0
            assert full.took_s > 0
            assert full.cpu_s > 0
            for writers in (1, 4):
                await peer.write_more(20, writers)
                new = await peer.catch_up()
                assert new.entries == 20
                assert 20 * 200 < new.bytes_down < full.bytes_down / 2
            assert 0 < await peer.handshake_bytes() < 1000

    asyncio.run(run())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.soak
@pytest.mark.needs("node")
def test_comapeo_copies_all_and_then_only_what_is_new(installed, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(source, "OUT", tmp_path)

    async def run() -> None:
        async with ComapeoSource(entries=200) as peer:
            full = await peer.copy()
            assert (full.entries, full.authors) == (200, 1)
            assert full.bytes_down > 200 * 200
            await peer.write_more(20, 1)
            assert (await peer.catch_up()).entries == 20

    asyncio.run(run())
    assert list(tmp_path.iterdir()) == []
