"""A test without its tool is skipped for a newcomer and fails where tools are required."""

from __future__ import annotations

from pathlib import Path

import pytest

SAMPLE = """
import pytest
from hypothesis import given, settings, strategies as st

@pytest.mark.needs("no-such-program")
def test_tool(): pass

def test_data(shared_data): pass

def test_plain(count): assert count("KILLS", 3) == 5

@pytest.mark.xfail(reason="known")
def test_known(): assert False

@given(st.integers())
def test_profile(_): assert settings().derandomize and settings().deadline is None
"""

ABSENT_MODULE = "import pytest\npytest.importorskip('no_such_module')\n"


@pytest.fixture
def suite(pytester, repo_root: Path, monkeypatch) -> pytest.Pytester:
    conftest = (repo_root / "tests" / "conftest.py").read_text(encoding="utf-8")
    pytester.makeconftest(conftest)
    pytester.makeini("[pytest]\nmarkers =\n    needs(*programs): .\n    shared_data: .\n")
    pytester.makepyfile(SAMPLE)
    monkeypatch.setenv("LUMBRE_SHARED", str(pytester.path / "absent"))
    monkeypatch.setenv("LUMBRE_KILLS", "5")
    return pytester


def test_a_newcomer_sees_skips(suite, monkeypatch) -> None:
    monkeypatch.delenv("LUMBRE_REQUIRE_TOOLS", raising=False)
    suite.makepyfile(test_module=ABSENT_MODULE)
    outcomes = suite.runpytest_subprocess("-p", "no:cacheprovider").parseoutcomes()
    assert outcomes == {"passed": 2, "skipped": 3, "xfailed": 1}


def test_where_tools_are_required_only_absent_data_is_skipped(suite, monkeypatch) -> None:
    monkeypatch.setenv("LUMBRE_REQUIRE_TOOLS", "1")
    result = suite.runpytest_subprocess("-p", "no:cacheprovider")
    assert result.parseoutcomes() == {"passed": 2, "skipped": 1, "errors": 1, "xfailed": 1}
    result.stdout.fnmatch_lines(["*a skip is a failure here*no-such-program*"])


def test_where_tools_are_required_a_skipped_module_is_an_error(suite, monkeypatch) -> None:
    monkeypatch.setenv("LUMBRE_REQUIRE_TOOLS", "1")
    suite.makepyfile(test_module=ABSENT_MODULE)
    outcomes = suite.runpytest_subprocess("-p", "no:cacheprovider").parseoutcomes()
    assert outcomes == {"errors": 1}
