"""What people call goods leads to the goods that are ready, in either language."""

from __future__ import annotations

import pytest

from lumbre.errors import Invalid
from lumbre.kinds.supply.records import Unit
from lumbre.node import founding, said
from lumbre.node.desk import Desk
from lumbre.node.goods import READY, code_of, ready_code
from lumbre.node.home import Home
from lumbre.node.reading import Reading
from lumbre.node.words import LANGUAGES, Words


@pytest.fixture
def home(tmp_path):
    with Home.create(tmp_path / "home") as made:
        yield made


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Agua potable", "water.potable"),
        ("AGUA  POTABLE", "water.potable"),
        ("agua para tomar", "water.potable"),
        ("drinking water", "water.potable"),
        ("water.potable", "water.potable"),
        ("agua para hervir", "water.to-boil"),
        ("agua para lavar", "water.washing"),
        ("Harina", "flour"),
        ("pañal", "nappies"),
        ("mantas", "blankets"),
        ("gasoil", "diesel"),
        ("Cable", None),
        ("amoxicilina", None),
    ],
)
def test_a_name_leads_to_the_good_that_is_ready(typed: str, code: str | None) -> None:
    assert ready_code(typed) == code


@pytest.mark.parametrize("typed", ["agua", "Agua", " AGUA. ", "water"])
def test_water_alone_is_asked_about(typed: str) -> None:
    with pytest.raises(Invalid, match="which-water"):
        ready_code(typed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_stands_for_two_goods(language: str) -> None:
    words = Words(language)
    for good in READY:
        assert ready_code(words(f"good.{good.code}")) == good.code
    names = [code_of(words(f"good.{good.code}")) for good in READY]
    assert len(set(names)) == len(READY)


def test_a_typed_name_makes_no_second_good(home) -> None:
    founding.found(home.node, "Commune", "Keeper")
    space = home.node.spaces()[0]
    reading = Reading(home.node)
    desk = Desk(home.node, reading, space)
    desk.need(good="other", other="Agua potable", amount="20 litros", people="3", place="School")
    desk.need(good="harina", amount="5 kg", people="3", place="School")
    assert {row.good for row in reading.needs(space.id)} == {"water.potable", "flour"}
    assert not reading.goods(space.id)
    with pytest.raises(Invalid, match="which-water"):
        desk.need(good="agua", amount="20 litros", people="3", place="School")


def test_an_amount_is_printable_on_a_terminal() -> None:
    for unit in Unit:
        assert said.amount(Words("es"), 1500, unit).isprintable()


def test_a_second_community_of_the_same_name_is_refused(home) -> None:
    founding.found(home.node, "Comuna", "Ana")
    with pytest.raises(Invalid, match="space-here"):
        founding.found(home.node, " COMUNA ", "Ana")
    founding.found(home.node, "Otra", "Ana")
    assert len(home.node.spaces()) == 2
