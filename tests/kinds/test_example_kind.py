"""A kind from another package: found by its entry point, held to the same rules, and carried
on by devices that do not have it.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from lumbre.kinds import DOMAINS, ENTRY_POINTS
from lumbre.kinds.document import document
from lumbre.record.log import Ref
from lumbre.schema import Domain, Fact, Registry, Role, Standing, Via
from tests.kinds.walks import forbidden_words, p14, p15

EXAMPLE = Path(__file__).parent / "example_kind"


@pytest.fixture
def seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Domain]:
    """The example as an installer would leave it: its package, and what pyproject says of it."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = tmp_path / f"lumbre_seeds-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n",
        encoding="utf-8",
    )
    lines = [f"[{ENTRY_POINTS}]"]
    lines += [f"{k} = {v}" for k, v in project["entry-points"][ENTRY_POINTS].items()]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(EXAMPLE))
    (point,) = metadata.entry_points(group=ENTRY_POINTS, name="seeds")
    yield point.load()
    sys.modules.pop("lumbre_seeds", None)


def test_kinds_of_another_package_are_found_and_work(seeds: Domain) -> None:
    registry = Registry([*DOMAINS, seeds])
    loan, back = (registry.kinds[name] for name in ("seeds.loan", "seeds.return"))
    here = {"via": Via.OWN_DEVICE, "speaks_for": None}
    ref = Ref(bytes(32), 1, bytes(32))
    lent = loan.record(**here, place=ref, variety="maize", packets=10)
    brought = back.record(**here, loan=ref, variety="maize", packets=4)
    assert registry.decode(registry.encode(lent)).body == lent
    assert back.check is not None
    assert back.check(brought, {ref: lent}, b"") is None
    other = back.record(**here, loan=ref, variety="beans", packets=4)
    assert back.check(other, {ref: lent}, b"") == "content.other-variety"

    def fact(depth: int, body: object) -> Fact:
        role, counts = Role.MEMBER, Standing.COUNTS
        return Fact(depth, ref, bytes(32), bytes(32), role, counts, 0, body)

    view = registry.views["seeds.loans"]
    (group,) = loan.groups(lent, ref)
    assert [group] == list(back.groups(brought, Ref(bytes(32), 2, bytes(32))))
    row = view.derive(group[1], [fact(1, lent), fact(2, brought)])
    assert view.sums is not None
    assert list(view.sums(row)) == [("seeds.out", b"maize", 6)]
    assert view.derive(group[1], [fact(2, brought)]) is None


def test_the_rules_of_the_house_hold_for_it(seeds: Domain) -> None:
    domains = [*DOMAINS, seeds]
    assert [*p14(domains), *p15(domains), *forbidden_words(domains)] == []
    assert "### `seeds.loan`" in document(domains)


def test_p10_a_device_without_it_keeps_its_bodies_unread(seeds: Domain) -> None:
    here = {"via": Via.OWN_DEVICE, "speaks_for": None}
    ref = Ref(bytes(32), 1, bytes(32))
    (loan, _) = seeds.kinds
    body = loan.record(**here, place=ref, variety="maize", packets=10)
    data = Registry([*DOMAINS, seeds]).encode(body)
    decoded = Registry(DOMAINS).decode(data)
    assert (decoded.body, decoded.kind, decoded.refs) == (None, None, (ref,))
