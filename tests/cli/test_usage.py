"""A command that is not understood: what is wrong and what to do next, in both languages."""

from __future__ import annotations

import json

import pytest

from lumbre.cli.run import run

CASES = [
    (["no-such-command"], "cli.usage.command", "no-such-command"),
    (["ned"], "cli.usage.command-near", "need"),
    (["need"], "cli.usage.missing", "GOOD"),
    (["need", "flour", "3"], "cli.usage.missing", "--place"),
    (["needs", "--nope"], "cli.usage.option", "--nope"),
    (["needs", "left", "over"], "cli.usage.extra", "left over"),
    (["up", "--port", "soon"], "cli.usage.number", "soon"),
    (["quorum", "half"], "cli.usage.number", "PERCENT"),
    (["up", "--port"], "cli.usage.option-empty", "--port"),
    (["needs", "--closed=3"], "cli.usage.value", "3"),
    (["needs", "--closed", "--closed"], "cli.usage.twice", "--closed"),
]


@pytest.mark.parametrize(("given", "message_id", "names"), CASES)
def test_a_usage_error_has_words_of_its_own_in_both_languages(capsys, given, message_id, names):
    said = {}
    for language in ("es", "en"):
        assert run(["--lang", language, "--json", *given]) == 2
        found = json.loads(capsys.readouterr().out)
        assert found["error"] == message_id
        assert names in found["says"]
        assert "--help" in found["says"]
        said[language] = found["says"]
    assert said["es"] != said["en"]
    for english in ("Unknown", "requires", "Unused", "convert", "specified", "Did you"):
        assert english not in said["es"]


@pytest.mark.parametrize("before", [["--lang", "es"], ["--lang=es"], ["--json", "--lang", "es"]])
def test_the_language_may_stand_before_the_command(terminal, before) -> None:
    none = terminal("none")
    assert none(*before, "needs") == 7
    assert "Empiece con" in none.out + none.err


def test_what_stands_before_the_command_counts_as_if_it_stood_after(terminal, capsys) -> None:
    made = terminal("home")
    made.lines("found", "Space", "--person", "Keeper")
    capsys.readouterr()
    home = str(made.home)
    assert run(["--home", home, "--space", "Space", "--json", "needs"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run(["--home", home, "need", "flour", "25 kg", "--place", "--json"]) == 2
    assert run(["--home", home, "--space", "Other", "needs"]) == 8


def test_without_a_command_the_language_is_that_of_the_help(capsys) -> None:
    assert run(["--lang", "es"]) == 0
    assert "Mantiene organizada" in capsys.readouterr().out
    assert run(["--lang", "es", "--help"]) == 0
    assert "Mantiene organizada" in capsys.readouterr().out
    assert run(["--lang", "es", "--version"]) == 0
