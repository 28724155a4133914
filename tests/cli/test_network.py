"""Meeting and joining over the network: real processes, real sockets, on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from lumbre.cli.network import read_address
from lumbre.errors import Invalid
from lumbre.node.codes import GUESSES_MAX
from lumbre.node.home import Home

PATIENCE_S = 60


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def until(find):
    """What is found, as soon as it is."""
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        if found := find():
            return found
        time.sleep(0.1)
    raise AssertionError("it never was so")


@contextlib.contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs beside the test."""
    running = subprocess.Popen(
        [sys.executable, "-m", "lumbre", *arguments],
        env=os.environ | {"LUMBRE_LANG": "en"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield running
    finally:
        running.terminate()
        running.communicate(timeout=PATIENCE_S)


class Board:
    """A browser in front of a running `lumbre up`."""

    def __init__(self, at: str) -> None:
        self.client = httpx.Client(
            base_url=at, headers={"accept-language": "en"}, follow_redirects=True
        )
        self._origin = at.rstrip("/")

    def get(self, path: str) -> str:
        return self.client.get(path).text

    def post(self, form_at: str, path: str, **fields: str):
        fields["slip"] = re.search(r'name="slip" value="([0-9a-f]+)"', self.get(form_at))[1]
        return self.client.post(path, data=fields, headers={"origin": self._origin})


@contextlib.contextmanager
def up(home: Path, *arguments: str) -> Iterator[Board]:
    with process("up", "--home", str(home), "--port", "0", *arguments) as running:
        board = Board(running.stdout.readline().strip())
        # Its address is said first; once it answers, the network beside it is on.
        with board.client:
            board.get("/start")
            yield board


@pytest.fixture
def keeper(terminal):
    made = terminal("keeper")
    made.lines("found", "La Vega", "--person", "Ana")
    made.lines("need", "flour", "25 kg", "--place", "School")
    return made


@pytest.fixture
def two(terminal, keeper, stick: Path):
    """Two homes in one community; the second was admitted and has nothing yet."""
    other = terminal("other")
    keeper.lines("invite", str(stick))
    other.json("ask", str(stick), "--person", "Beto")
    keeper.json("admit", str(stick), "--yes")
    return keeper, other


@contextlib.contextmanager
def invited(home: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """`lumbre invite --code`: the process, the code, the address."""
    with process("invite", "--code", "--yes", "--json", "--home", str(home)) as running:
        said = json.loads(running.stdout.readline())
        port = said["links"][0].rpartition("/")[0].rpartition(":")[2]
        yield running, said["code"], f"127.0.0.1:{port}"


def wrong(code: str) -> str:
    """A code at the same slot with another last word."""
    head, _, word = code.rpartition("-")
    return f"{head}-{word[::-1] if word[::-1] != word else 'otra'}"


def entries(home: Path) -> int:
    with Home.open(home) as opened:
        return opened.log.last_arrival()


def test_who_joins_by_a_code_has_what_was_there(keeper, terminal) -> None:
    newcomer = terminal("newcomer")
    with invited(keeper.home) as (running, code, at):
        joined = newcomer.json("join", code, "--person", "Beto", "--at", at)
        assert running.wait(PATIENCE_S) == 0
        said = running.stderr.read()
    assert joined["admitted"]
    assert len(joined["words"]) == 6
    assert " ".join(joined["words"]) in said
    assert "Beto" in said
    assert newcomer.json("hash") == keeper.json("hash")
    assert [need["good"] for need in newcomer.json("needs")] == ["flour"]
    assert len(keeper.json("members")) == 2


def test_what_a_camera_reads_is_as_good_as_a_code(keeper, terminal) -> None:
    newcomer = terminal("newcomer")
    with invited(keeper.home) as (_, code, at):
        lines = newcomer.lines("join", f"lumbre:{at}/{code}", "--person", "Beto")
    assert any("Read the six words" in line for line in lines)
    assert "This device is in the community now." in lines


def test_three_wrong_guesses_close_a_code(keeper, terminal) -> None:
    newcomer, before = terminal("newcomer"), entries(keeper.home)
    with invited(keeper.home) as (running, code, at):
        for _ in range(GUESSES_MAX):
            assert newcomer("join", wrong(code), "--person", "Eve", "--at", at, "--json") == 3
            assert json.loads(newcomer.out)["error"] == "sync.wrong-code"
        assert newcomer("join", code, "--person", "Eve", "--at", at) == 3
        assert "not open there" in newcomer.err
        assert running.wait(PATIENCE_S) == 5
    assert newcomer.json("status")["spaces"] == []
    assert entries(keeper.home) == before


def test_nobody_at_an_address_is_said_with_what_to_check(terminal) -> None:
    newcomer, port = terminal("newcomer"), free_port()
    said = ["join", "7-tifo-plane", "--person", "Beto", "--at", f"127.0.0.1:{port}"]
    assert newcomer(*said) == 8
    assert f"No device answers at 127.0.0.1 (port {port})" in newcomer.err
    assert newcomer(*said, "--json") == 8
    assert json.loads(newcomer.out)["error"] == "not-found.device"


def test_nobody_on_the_network_is_said_without_naming_anybody(terminal, monkeypatch) -> None:
    class Silent:
        def __init__(self, *_: object) -> None:
            pass

        async def __aenter__(self) -> None:
            pass

        async def __aexit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr("lumbre.cli.by_code.Discovery", Silent)
    monkeypatch.setattr("lumbre.cli.by_code.WAIT_S", 0.2)
    newcomer = terminal("newcomer")
    assert newcomer("join", "7-tifo-plane", "--person", "Beto") == 8
    assert "No other device was found" in newcomer.err
    assert "?" not in newcomer.err


@pytest.mark.parametrize(
    "code", ["", "7", "tifo-plane", "0-tifo-plane", "7-t-p", "7-tifo-plane-x", "lumbre:/7", "é-é-é"]
)
def test_what_is_no_code_makes_no_home(terminal, code) -> None:
    newcomer = terminal("newcomer")
    assert newcomer("join", code, "--person", "Beto", "--json") == 4
    assert json.loads(newcomer.out)["error"] == "invalid.code"
    assert not newcomer.home.exists()


@pytest.mark.parametrize("address", ["", "a:b", "10.0.0.1:0", "10.0.0.1:65536", "[::1", ":8421"])
def test_what_is_no_address_is_refused(address) -> None:
    if address == "[::1":
        assert read_address("[::1]:5") == ("::1", 5)
        return
    with pytest.raises(Invalid):
        read_address(address)


def test_meeting_a_running_board_makes_both_equal(two) -> None:
    keeper, other = two
    port = free_port()
    with up(keeper.home, "--lan-port", str(port)) as board:
        (met,) = other.json("meet", f"127.0.0.1:{port}", "--wait", "10")
        assert met["problem"] is None
        assert met["equal"]
        assert met["new"] > 0
        other.lines("need", "water.potable", "20 litros", "--place", "Block 4")
        lines = other.lines("meet", f"127.0.0.1:{port}")
        assert "In La Vega, 0 new records came from 127.0.0.1." in "\n".join(lines)
        assert "Block 4" in until(lambda: "Block 4" in board.get("/") and board.get("/"))
        assert "1 new record came" in board.get("/network")
    assert keeper.json("hash") == other.json("hash")


def test_meeting_nobody_is_said_and_fails(keeper) -> None:
    port = free_port()
    assert keeper("meet", f"127.0.0.1:{port}", "--wait", "1") == 8
    assert f"No device answers at 127.0.0.1 (port {port})" in keeper.err
    assert keeper("meet", f"127.0.0.1:{port}", "--wait", "1", "--json") == 8
    assert {one["problem"] for one in json.loads(keeper.out)} == {"not-found.device"}


def test_meeting_a_stranger_says_that_nothing_is_in_common(keeper, terminal) -> None:
    stranger, port = terminal("stranger"), free_port()
    stranger.lines("found", "Elsewhere", "--person", "Caro")
    before = entries(stranger.home)
    with up(keeper.home, "--lan-port", str(port)):
        assert stranger("meet", f"127.0.0.1:{port}", "--wait", "3", "--json") == 8
        assert json.loads(stranger.out)[0]["problem"] == "sync.no-common-space"
    assert entries(stranger.home) == before


def test_a_board_that_is_open_says_that_it_meets_by_itself(keeper) -> None:
    with up(keeper.home, "--alone"):
        assert keeper("meet") == 7
        assert "meets who is on the network by itself" in keeper.err
        assert keeper("meet", "--json") == 7
        assert json.loads(keeper.out)["error"] == "store.in-use-meets"


def test_alone_nobody_can_call(keeper) -> None:
    port = free_port()
    with up(keeper.home, "--alone", "--lan-port", str(port)) as board:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
        assert "without the network" in board.get("/network")


def test_a_board_calls_an_address_and_what_is_written_passes_on(two) -> None:
    keeper, other = two
    port = free_port()
    with (
        up(keeper.home, "--lan-port", str(port)) as first,
        up(other.home, "--lan-port", "0", "--call", f"127.0.0.1:{port}") as second,
    ):
        until(lambda: "School" in second.get("/"))
        first.post("/needs/new", "/needs/new", good="flour", amount="5 kg", place="Bakery")
        until(lambda: "Bakery" in second.get("/"))
        # What came is shown as it is taken in, before the meeting's last word.
        until(lambda: "The last meeting went well" in second.get("/network"))
    assert keeper.json("hash") == other.json("hash")


def test_a_wrong_address_to_call_starts_no_board(keeper) -> None:
    assert keeper("up", "--call", "the school") == 4
    assert "An address is a number" in keeper.err


def test_joining_on_the_pages_of_two_running_boards(keeper, tmp_path: Path) -> None:
    port, home = free_port(), tmp_path / "newcomer"
    with up(keeper.home, "--lan-port", str(port)) as first, up(home, "--lan-port", "0") as second:
        page = first.post("/community", "/community/code").text
        code = re.search(r'class="code"><b>(.*?)</b>', page)[1]
        typed = {"who": "Beto", "address": f"127.0.0.1:{port}"}
        second.post("/start", "/join/code", code=wrong(code), **typed)
        until(lambda: "not open there" in second.get("/joining"))
        second.post("/start", "/join/code", code=code, **typed)
        page = until(lambda: re.findall(r"<b>([a-z]+)</b> ", second.get("/joining")))
        door = first.get("/community/code")
        assert re.findall(r"<b>([a-z]+)</b> ", door) == page
        assert "School" not in second.get("/")
        author = re.search(r'name="author" value="(\w+)"', door)[1]
        first.post("/community/code", "/community/answer", author=author, do="admit", heard="yes")
        until(lambda: "You are in the community" in second.get("/joining"))
        until(lambda: "School" in second.get("/"))
