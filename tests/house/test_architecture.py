"""docs/ARCHITECTURE.md and the index of the decisions say what is so."""

from __future__ import annotations

import re

import pytest

from tests.house import promises
from tests.house.promises import Row

ANEW = "run: python -m tests.house.promises"


def test_the_tables_and_the_floors_are_those_of_the_code(repo_root) -> None:
    text = (repo_root / promises.PAGE).read_text(encoding="utf-8")
    assert text == promises.page(repo_root), ANEW


def test_the_index_of_decisions_is_that_of_their_pages(repo_root) -> None:
    text = (repo_root / promises.INDEX).read_text(encoding="utf-8")
    assert text == promises.index(repo_root), ANEW


def test_every_promise_and_every_attack_has_its_row() -> None:
    assert list(promises.PROMISES) == list(range(1, 16))
    assert list(promises.THREATS) == list(range(1, 33))


@pytest.mark.parametrize(
    ("row", "names", "why"),
    [
        (Row("x", ("test_gone",)), {"test_p1_a"}, "no such test"),
        (Row("x"), set(), "held by nothing"),
        (Row("x", missing="all"), {"test_p2_a"}, "not in the table"),
    ],
)
def test_a_table_that_is_not_true_is_found(row, names, why) -> None:
    with pytest.raises(LookupError, match=why):
        promises.table({1: row}, "p", names)


def test_a_test_is_found_by_the_number_in_its_name() -> None:
    names = {"test_row_02_a", "test_row_2_b", "test_row_20_c", "test_p2_d"}
    lines = promises.table({2: Row("x"), 20: Row("y")}, "row_", names)
    assert lines[2:] == [
        "| 2 | x | `test_row_02_a`<br>`test_row_2_b` |  |",
        "| 20 | y | `test_row_20_c` |  |",
    ]


def test_every_file_that_is_named_exists(repo_root) -> None:
    text = (repo_root / promises.PAGE).read_text(encoding="utf-8")
    paths = re.findall(r"`((?:src|tests|docs|bench)/[\w/.-]+)`", text)
    paths += [f"docs/{link}" for link in re.findall(r"\]\(([\w/.-]+\.md)\)", text)]
    assert len(paths) > 20
    assert [path for path in paths if not (repo_root / path).exists()] == []


def test_the_steps_to_a_kind_are_those_of_the_example(repo_root) -> None:
    text = (repo_root / promises.PAGE).read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    lines = [line for line in block.splitlines() if line.strip()]
    assert 8 <= len(lines) <= 16
    example = repo_root / "tests" / "kinds" / "example_kind"
    known = (example / "lumbre_seeds" / "__init__.py").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line not in known] == []
    assert 'seeds = "lumbre_seeds:SEEDS"' in text
    assert 'seeds = "lumbre_seeds:SEEDS"' in (example / "pyproject.toml").read_text("utf-8")


def test_the_floors_of_contributing_are_those_of_the_contract(repo_root) -> None:
    contracts = promises.tidy.pyproject(repo_root)["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    named = [layer.replace("(", "").replace(")", "") for layer in layers]
    text = (repo_root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = text.partition("its place there.\n")[2].partition("\nrecord, schema")[0]
    drawn = [re.split(r"\s{3,}", line.strip())[0] for line in block.splitlines() if line.strip()]
    assert drawn == [name for name in named if name != "__main__"]
