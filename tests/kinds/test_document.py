"""docs/KINDS.md is what the code says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lumbre.kinds import DOMAINS
from lumbre.kinds.document import document
from lumbre.kinds.valueflows import MAPPING
from tests.kinds.world import REGISTRY


def test_the_document_is_current(repo_root: Path) -> None:
    written = (repo_root / "docs" / "KINDS.md").read_text(encoding="utf-8")
    assert written == document(DOMAINS), "python -m lumbre.kinds > docs/KINDS.md"


def test_the_command_prints_it() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "lumbre.kinds"], capture_output=True, check=True, text=True
    )
    assert printed.stdout == document(DOMAINS)


def test_every_record_of_supply_is_mapped_to_valueflows() -> None:
    mapped = " ".join(ours for ours, _, _ in MAPPING)
    # Words about other entries, not about goods.
    about = {"confirmed", "need-closed", "still-needed", "offer-withdrawn", "pen", "pen-passed",
             "mark", "cash-mark", "adopted"}  # fmt: skip
    supply = next(domain for domain in DOMAINS if domain.name == "supply")
    assert {kind.name for kind in supply.kinds if f"`{kind.name}`" not in mapped} == about
    assert about <= set(REGISTRY.kinds)
