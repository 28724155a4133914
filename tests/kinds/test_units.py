"""Amounts as people write them: exact, or refused with the reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumbre.errors import Invalid
from lumbre.kinds.supply.records import Unit
from lumbre.kinds.supply.units import TEXT_MAX, readable, smallest
from lumbre.schema.fields import QUANTITY_MAX

G, ML, PIECE, WH, MM = Unit


@pytest.mark.parametrize(
    ("text", "unit", "amount"),
    [
        ("1,5 t", G, 1_500_000),
        ("1.5 t", G, 1_500_000),
        ("20 L", ML, 20_000),
        ("3 sacos de 25 kg", G, 75_000),
        ("3 bolsas grandes de 5 kg", G, 15_000),
        ("3x25kg", G, 75_000),
        ("12 × 1,5 L", ML, 18_000),
        ("12 botellas de 1,5 litros", ML, 18_000),
        ("1.500,5 kg", G, 1_500_500),
        ("1,500.5 kg", G, 1_500_500),
        ("1 500 kg", G, 1_500_000),
        ("1\u00a0500 kg", G, 1_500_000),
        ("1.500.000 g", G, 1_500_000),
        ("0,500 kg", G, 500),
        ("2 m³", ML, 2_000_000),
        ("2 metros cúbicos", ML, 2_000_000),
        ("2 docenas", PIECE, 24),
        ("7", PIECE, 7),
        ("4 unidades", PIECE, 4),
        ("1,25 kWh", WH, 1250),
        ("2,5 m", MM, 2500),
        ("  5   Kilos ", G, 5000),
        ("1000000 t", G, QUANTITY_MAX),
    ],
)
def test_an_amount_is_read_exactly(text: str, unit: Unit, amount: int) -> None:
    assert smallest(text, unit) == amount


@pytest.mark.parametrize(
    ("text", "unit", "reason"),
    [
        ("1.500 kg", G, "ambiguous"),
        ("1,500 kg", G, "ambiguous"),
        ("12.345", PIECE, "ambiguous"),
        ("0,5 piezas", PIECE, "not-whole"),
        ("0,0001 kg", G, "not-whole"),
        ("5 kg", ML, "other-measure"),
        ("5 L", G, "other-measure"),
        ("5 sacos", G, "no-such-unit"),
        ("2 quintales", G, "no-such-unit"),
        ("5", G, "needs-unit"),
        ("0 kg", G, "bounds"),
        ("1000001 t", G, "bounds"),
        ("-4 kg", G, "unreadable"),
        ("1/3 kg", G, "unreadable"),
        ("1,2,3 kg", G, "unreadable"),
        ("nan kg", G, "unreadable"),
        ("", G, "unreadable"),
        ("kg", G, "unreadable"),
        ("1e5 kg", G, "no-such-unit"),
        ("2 __class__", G, "unreadable"),
        ("2 kg*kg", G, "unreadable"),
        ("9" * (TEXT_MAX + 1), G, "too-long"),
    ],
)
def test_what_is_unclear_is_refused_with_its_reason(text: str, unit: Unit, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        smallest(text, unit)
    assert caught.value.message_id == f"invalid.amount-{reason}"
    assert text not in caught.value.values.values() or not text


@given(st.text(max_size=TEXT_MAX + 5), st.sampled_from(Unit))
def test_row_26_any_text_is_an_amount_or_invalid(text: str, unit: Unit) -> None:
    try:
        amount = smallest(text, unit)
    except Invalid:
        return
    assert 1 <= amount <= QUANTITY_MAX


@given(
    st.from_regex(r"[0-9.,]{1,12} ?(kg|l|m3|cm|docenas|x ?[0-9,.]{1,5} ?(t|g))?", fullmatch=True),
    st.sampled_from(Unit),
)
def test_row_26_anything_like_an_amount_is_one_or_invalid(text: str, unit: Unit) -> None:
    try:
        amount = smallest(text, unit)
    except Invalid:
        return
    assert 1 <= amount <= QUANTITY_MAX


@given(st.integers(1, QUANTITY_MAX), st.sampled_from(Unit))
def test_what_is_shown_is_read_back_to_the_unit(amount: int, unit: Unit) -> None:
    number, symbol = readable(amount, unit)
    grouped = number.replace(".", ",")
    if len(number.partition(".")[2]) == 3:
        grouped += "0"
    assert smallest(f"{grouped} {symbol}".strip(), unit) == amount


def test_amounts_below_zero_are_shown_too() -> None:
    assert readable(-1050, G) == ("-1.05", "kg")
    assert readable(0, G) == ("0", "g")
    assert readable(1_234_567, G) == ("1.234567", "t")
    assert readable(3, PIECE) == ("3", "")
