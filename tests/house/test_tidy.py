"""The house rules hold, and each of them can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house import tidy

LONG_MODULE = '"""Long."""\n' + "x = 1\n" * tidy.MODULE_LINES_MAX
LONG_FUNCTION = '"""Long."""\n\n\ndef f():\n' + "    x = 1\n" * tidy.FUNCTION_LINES_MAX
TIDY = '"""Tidy."""\n\n\ndef f():\n' + "    x = 1\n" * (tidy.FUNCTION_LINES_MAX - 1)

FORBIDDEN = ("os", "time", "random")


@pytest.fixture(scope="module")
def forbidden_modules(repo_root) -> list[str]:
    """What import-linter forbids in the pure floors: one list for both."""
    contracts = tidy.pyproject(repo_root)["tool"]["importlinter"]["contracts"]
    (pure,) = [one for one in contracts if one["type"] == "forbidden"]
    assert {name.split(".")[1] for name in pure["source_modules"]} == set(tidy.PURE_FLOORS)
    return pure["forbidden_modules"]


def test_modules_and_functions_are_short_and_say_what_they_are(repo_root) -> None:
    assert [bad for path, text in tidy.modules(repo_root) for bad in tidy.shape(path, text)] == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x = 1\n", "a.py:1 opens without a docstring"),
        (LONG_MODULE, "a.py: 401 lines, at most 400"),
        (LONG_FUNCTION, "a.py:4 f: 61 lines, at most 60"),
        (LONG_FUNCTION.replace("def", "async def"), "a.py:4 f: 61 lines, at most 60"),
    ],
)
def test_a_bad_shape_is_found(text, complaint) -> None:
    assert list(tidy.shape("a.py", text)) == [complaint]


def test_the_longest_tidy_module_passes() -> None:
    assert list(tidy.shape("a.py", TIDY)) == []
    assert list(tidy.shape("a.py", LONG_MODULE.removesuffix("x = 1\n"))) == []


def test_nothing_is_left_for_later(repo_root) -> None:
    python = [name for name in tidy.tracked_files(repo_root) if name.endswith(".py")]
    assert python
    bad = [
        complaint
        for name in python
        for complaint in tidy.leftovers(name, (repo_root / name).read_text(encoding="utf-8"))
    ]
    assert bad == []


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    f()\nexcept:\n    g()\n",
        "x = 1  # TO" + "DO later\n",
        "# FIX" + "ME\n",
        "# XX" + "X\n",
        "x = f()  # type: " + "ignore\n",
    ],
)
def test_a_leftover_is_found(text) -> None:
    assert len(list(tidy.leftovers("a.py", text))) == 1


def test_a_named_waiver_passes() -> None:
    text = "try:\n    f()\nexcept ValueError:\n    x = g()  # type: ignore[assignment]\n"
    assert list(tidy.leftovers("a.py", text)) == []


def test_pure_floors_are_pure(repo_root, forbidden_modules) -> None:
    bad = [
        complaint
        for path, text in tidy.modules(repo_root, *tidy.PURE_FLOORS)
        for complaint in tidy.impurities(path, text, forbidden_modules)
    ]
    assert bad == []


@pytest.mark.parametrize(
    "text",
    [
        "import time\n",
        "import os.path as p\n",
        "from random import choice\n",
        "def f():\n    import time\n",
        "x = datetime.now()\n",
        "x = datetime.datetime.now(tz)\n",
        "x = date.today()\n",
        "x = nacl.signing.SigningKey.generate()\n",
        "x = nacl.utils.random(32)\n",
        "x = open('f')\n",
    ],
)
def test_an_impurity_is_found(text) -> None:
    assert len(list(tidy.impurities("a.py", text, FORBIDDEN))) == 1


def test_pure_code_passes() -> None:
    text = "from datetime import date\nimport timeit\nx = date(2020, 1, 1)\ny = s.reopen()\n"
    assert list(tidy.impurities("a.py", text, FORBIDDEN)) == []


def test_no_file_names_a_machine_or_a_registry(repo_root) -> None:
    bad: list[str] = []
    for name in tidy.tracked_files(repo_root):
        try:
            text = (repo_root / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        bad += tidy.places(name, text)
    assert bad == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.md", "see /ho" + "me/ana/x"),
        ("a.md", "`/ro" + "ot/x`"),
        ("a.py", '"/wo' + 'rk/x"'),
        ("a.txt", "https://pypi" + ".org/simple"),
        ("a.txt", "files.pythonhosted" + ".org"),
        ("requirements/a.txt", "--index-url x"),
        ("requirements/a.txt", "# see https:" + "//example.org"),
    ],
)
def test_a_machine_or_a_registry_is_found(path, text) -> None:
    assert len(list(tidy.places(path, text))) == 1


@pytest.mark.parametrize(
    "text", ["/usr/bin/chromium", "https://example.org/home/x", "../shared/data", "docs/work/x"]
)
def test_other_paths_pass(text) -> None:
    assert list(tidy.places("a.md", text)) == []


def test_tests_mirror_the_floors(repo_root) -> None:
    assert list(tidy.strays(repo_root)) == []


def test_a_stray_test_is_found(tmp_path: Path) -> None:
    for folder in ("src/lumbre/record", "tests/record", "tests/attic", "tests/house"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tests/test_loose.py").touch()
    (tmp_path / "tests/conftest.py").touch()
    assert list(tidy.strays(tmp_path)) == [
        "tests/attic/ mirrors no floor",
        "tests/test_loose.py belongs in the folder of its floor",
    ]


def test_modules_are_found_in_packages_and_files(tmp_path: Path) -> None:
    source = tmp_path / "src/lumbre"
    (source / "record").mkdir(parents=True)
    for name in ("__init__.py", "errors.py", "record/__init__.py", "record/entry.py"):
        (source / name).touch()
    assert len(list(tidy.modules(tmp_path))) == 4
    paths = [path for path, _ in tidy.modules(tmp_path, "record", "errors", "absent")]
    assert paths == [
        "src/lumbre/record/__init__.py",
        "src/lumbre/record/entry.py",
        "src/lumbre/errors.py",
    ]
