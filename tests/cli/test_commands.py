"""Commands: their exit codes, their words, what they keep when something is refused."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from lumbre.cli.commands import COMMANDS
from lumbre.cli.run import run


@pytest.fixture
def space(terminal):
    """A terminal whose home holds one space."""
    made = terminal("home")
    made.lines("found", "Space", "--person", "Keeper")
    return made


def test_help_and_version_need_no_node() -> None:
    program = (
        "import sys; from lumbre.cli.run import run; run(['--help']);"
        "heavy = ('apsw', 'nacl', 'starlette', 'pint');"
        "sys.exit(any(name.startswith(heavy) for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert run(["--version"]) == 0


def test_each_command_has_help_in_both_languages() -> None:
    program = (
        "import sys; from lumbre.cli.run import run;"
        "[print('\\f', run([name, '--help'])) for name in sys.argv[1:]]"
    )
    names = [name for _, name, _ in COMMANDS]
    said = {
        language: subprocess.run(
            [sys.executable, "-c", program, *names],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"LUMBRE_LANG": language},
        ).stdout.split("\f 0")
        for language in ("es", "en")
    }
    for name, spanish, english in zip(names, said["es"], said["en"], strict=False):
        assert spanish != english, name
        assert "cli." not in spanish + english, name


def test_an_unknown_command_ends_with_2_and_says_where_to_look(capsys) -> None:
    assert run(["no-such-command"]) == 2
    assert "lumbre --help" in capsys.readouterr().err


def test_where_there_is_no_home_it_says_how_to_begin(terminal) -> None:
    assert terminal("none")("needs") == 7
    empty = terminal("none")
    empty("needs")
    assert "lumbre up" in empty.err
    assert not empty.home.exists()


def test_an_error_as_json_carries_its_id_and_values(terminal) -> None:
    none = terminal("none")
    assert none("needs", "--json") == 7
    assert json.loads(none.out)["error"] == "store.no-home"


def test_what_was_typed_is_kept_as_a_draft_and_can_be_written_again(space) -> None:
    assert space("need", "flour", "25", "--place", "School") == 4
    assert "draft" in space.err
    (draft,) = space.json("drafts")
    assert draft["said"]["place"] == "School"
    assert space.json("needs") == []
    space.lines("drafts", "--discard", draft["draft"][:8])
    assert space.json("drafts") == []


def test_a_draft_of_any_kind_can_be_written_once_it_may_be(terminal, space) -> None:
    assert space("write", "place", "name=Block 4", "place_type=castle") == 4
    assert space("write", "place", "place_type=block") == 4
    assert len(space.json("drafts")) == 2
    space.lines("write", "place", "name=Block 4", "place_type=block")
    (place,) = space.json("places")
    assert place["name"] == "Block 4"


def test_write_lists_kinds_and_fields(space) -> None:
    assert "place" in space.json("write")
    fields = {field["field"] for field in space.json("write", "need")}
    assert {"place_name", "good", "quantity"} <= fields


def test_an_act_of_trust_is_not_written_field_by_field(space) -> None:
    assert space("write", "admit", "role=steward") == 4
    assert len(space.json("members")) == 1


def test_a_list_is_also_csv_that_no_spreadsheet_runs(space) -> None:
    space.lines("need", "flour", "25 kg", "--place", "=HYPERLINK(1)", "--people", "3")
    rows = list(csv.reader(io.StringIO("\n".join(space.lines("needs", "--csv")))))
    assert rows[1][4] == "'=HYPERLINK(1)"


def test_no_escape_sequence_of_others_reaches_the_terminal(space) -> None:
    space.lines("need", "flour", "25 kg", "--place", "A\x1b[2JB")
    shown = "\n".join(space.lines("needs"))
    assert "\x1b[2J" not in shown


def test_show_says_what_an_entry_is_and_whether_it_counts(space) -> None:
    entry = space.json("need", "flour", "25 kg", "--place", "School")["entry"]
    shown = space.json("show", entry[:10])
    assert (shown["kind"], shown["verdict"]) == ("need", "accepted")
    founding = space.json("status")["spaces"][0]["id"]
    assert space.json("show", founding[:10])["kind"] == "found"
    assert space("show", "zz") == 4
    assert space("show", "0000000000") == 8


def test_a_second_process_is_told_what_to_do(space) -> None:
    from lumbre.node.home import Home

    with Home.open(space.home):
        assert space("needs") == 7
        assert "Another lumbre" in space.err


def test_a_locked_home_asks_and_takes_in_meanwhile(space, stick: Path, monkeypatch) -> None:
    space.lines("give", str(stick))
    monkeypatch.setenv("LUMBRE_NEW_PASSPHRASE", "four words are enough")
    space.lines("passphrase")
    assert space("needs") == 6
    assert space.json("status")["locked"] is True
    space.lines("take", str(stick))
    monkeypatch.setenv("LUMBRE_PASSPHRASE", "another phrase")
    assert space("needs") == 6
    monkeypatch.setenv("LUMBRE_PASSPHRASE", "four words are enough")
    assert space.json("needs") == []
    space.lines("unlock", "--yes")
    monkeypatch.delenv("LUMBRE_PASSPHRASE")
    assert space.json("needs") == []


def test_a_backup_restores_what_was_written_and_signs_nothing(
    space, terminal, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("LUMBRE_BACKUP_PASSPHRASE", "the backup has its own")
    space.lines("need", "flour", "25 kg", "--place", "School")
    file = tmp_path / "copy.lumbre-backup"
    space.lines("backup", str(file))
    again = terminal("again")
    again.lines("restore", str(file))
    assert again.json("hash") == space.json("hash")
    assert again("need", "flour", "1 kg", "--place", "School") == 5


def test_the_doctor_finds_nothing_in_a_fresh_home(space) -> None:
    assert space("doctor", "--deep", "--json") == 0
    assert json.loads(space.out)["findings"] == [{"id": "doctor.open-mode", "values": {}}]


def test_wipe_asks_first_and_then_leaves_nothing_to_open(space) -> None:
    assert space("wipe") == 5
    assert space.json("needs") == []
    space.lines("wipe", "--yes")
    assert space("needs") == 7


def test_admit_without_a_yes_admits_nobody(space, terminal, stick: Path) -> None:
    space.lines("invite", str(stick))
    terminal("other").lines("ask", str(stick), "--person", "Stranger")
    assert space("admit", str(stick)) == 5
    assert len(space.json("members")) == 1


def test_the_event_log_holds_no_names_and_no_content(space) -> None:
    space.lines("need", "flour", "25 kg", "--place", "Secret corner")
    space("need", "flour", "25 wrong", "--place", "Secret corner")
    text = (space.home / "events.log").read_text()
    assert "node.founded" in text
    assert "node.error.invalid" in text
    for word in ("Secret", "Keeper", "Space", "flour"):
        assert word not in text


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_up_prints_its_address_answers_and_stops_cleanly(tmp_path: Path, stop) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "lumbre", "up", "--home", tmp_path / "h", "--port", str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            line = process.stdout.readline().strip()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", line), process.stderr.read()
            assert f":{port}/" not in line
            with urllib.request.urlopen(line) as answer:  # noqa: S310 it was just matched
                assert answer.status == 200
            process.send_signal(stop)
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.communicate()
    text = (tmp_path / "h" / "events.log").read_text()
    assert "node.down" in text
