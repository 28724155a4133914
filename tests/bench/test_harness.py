"""The harness, without a clock: what is measured elsewhere is not asserted here."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from bench import __main__ as command
from bench import harness
from bench.harness import Reading, Registry, medians


@pytest.fixture
def registry() -> Registry:
    registry = Registry()

    @registry.figure("b_one", unit="1/s")
    def one() -> float:
        return 7

    @registry.figure("a_two", unit="ratio")
    def two() -> Iterator[Reading]:
        yield Reading("a_two", 0.5, "ratio")
        yield Reading("a_two_baseline_s", 4.0, "s")

    return registry


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_figure_is_one_line_with_its_commit_and_machine(registry, capsys) -> None:
    assert command.main(["ONLY=b_one"], registry) == 0
    (line,) = lines(capsys)
    assert (line["figure"], line["value"], line["unit"]) == ("b_one", 7, "1/s")
    assert line["commit"]
    assert set(line["machine"]) == {"cpu", "cores", "python"}
    assert all(line["machine"].values())


def test_a_figure_may_yield_its_baseline_too(registry, capsys) -> None:
    assert command.main([], registry) == 0
    assert [line["figure"] for line in lines(capsys)] == ["a_two", "a_two_baseline_s", "b_one"]


def test_a_figure_says_what_it_was_taken_of(capsys) -> None:
    registry = Registry()

    @registry.figure("of_few", unit="s")
    def of_few() -> Iterator[Reading]:
        yield Reading("of_few", 2.0, "s", {"entries": 20_000})

    assert command.main([], registry) == 0
    (line,) = lines(capsys)
    assert (line["value"], line["entries"]) == (2.0, 20_000)
    assert "facts" not in line


def test_a_figure_that_cannot_be_taken_says_why_and_the_others_go_on(registry, capsys) -> None:
    @registry.figure("a_skipped", unit="s")
    def skipped() -> float:
        raise harness.SkippedError("node is not on PATH")

    assert command.main(["ONLY=b_one,a_skipped"], registry) == 0
    line, other = lines(capsys)
    assert (line["figure"], line["skipped"]) == ("a_skipped", "node is not on PATH")
    assert "value" not in line
    assert line["commit"]
    assert other["figure"] == "b_one"


def test_list_measures_nothing(capsys) -> None:
    registry = Registry()

    @registry.figure("never", unit="s")
    def never() -> float:
        raise AssertionError("measured")

    assert command.main(["--list"], registry) == 0
    assert capsys.readouterr().out == "never [s]\n"


@pytest.mark.parametrize("arguments", [["ONLY=none"], ["--lst"], ["b_one"]])
def test_what_is_not_there_is_refused(registry, capsys, arguments) -> None:
    assert command.main(arguments, registry) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1


def test_a_name_is_registered_once(registry) -> None:
    with pytest.raises(ValueError, match="b_one is registered twice"):
        registry.figure("b_one", unit="s")(lambda: 1)


def test_medians_alternate_and_do_not_count_the_first() -> None:
    calls: list[str] = []
    now_s = 0.0

    def clock_s() -> float:
        return now_s

    def fn(name: str, took_s: list[float]):
        def run() -> None:
            nonlocal now_s
            calls.append(name)
            now_s += took_s.pop(0)

        return run

    fn_a = fn("a", [900, 1, 2, 3, 4, 50])
    fn_b = fn("b", [900, 10, 20, 30, 40, 50])
    assert medians(5, fn_a, fn_b, clock_s) == (3, 30)
    assert calls == ["a", "b"] * 6


def test_medians_of_too_few_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 5"):
        medians(4, lambda: None, lambda: None)


def test_the_commit_says_where_it_is_unknown(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(harness, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert harness.commit() == "unknown"


def test_the_commit_says_where_files_differ(monkeypatch, tmp_path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True)

    monkeypatch.setattr(harness, "ROOT", tmp_path)
    (tmp_path / "file").write_text("1")
    git("init", "--quiet")
    git("add", "file")
    git("commit", "--quiet", "--message", "first")
    clean = harness.commit()
    (tmp_path / "file").write_text("2")
    assert harness.commit() == f"{clean}-dirty"


def test_modules_are_found_by_themselves() -> None:
    command.load_figures()
    assert "fdatasync_4k_per_s" in {one.name for one in harness.REGISTRY.chosen()}
