"""Tests of exact figures: whatever the scale, nothing of a value is lost."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pipeline.read.facts import Context, Fact
from app.pipeline.read.xbrl.values import best_of, parse_figure, scaled, spelled_out
from app.pipeline.statement import Cell

CONTEXT = Context(None, None, date(2023, 12, 31))
FIGURES = st.builds(
    lambda digits, places: Decimal((int(digits < 0), tuple(map(int, str(abs(digits)))), -places)),
    st.integers(1 - 10**40, 10**40 - 1),
    st.integers(0, 20),
)


@given(FIGURES, st.sampled_from([0, 3, 6, 9]))
def test_a_scaled_figure_is_worth_its_fact_or_unknown(figure: Decimal, scale: int) -> None:
    value = parse_figure(format(figure, "f"))
    assert value == figure
    found = scaled(value, scale)
    if found is None:  # more decimal places than the form has
        assert Fraction(value) * 10 ** (20 - scale) % 1
    else:
        cell = Cell(v=found, tagged=value)
        assert Fraction(cell.v or 0) * 10**scale == Fraction(value)


@given(st.text(max_size=60))
def test_a_text_is_a_figure_of_the_form_or_none(text: str) -> None:
    value = parse_figure(text)
    if value is not None:
        assert Cell(v=value).v == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e3", "1000"),
        ("1.5E+6", "1500000"),
        ("-0", "0"),
        (" 12 ", "12"),
        ("+.5", "0.5"),
        ("1e41", None),
        ("1e-21", None),
        ("0." + "0" * 30, "0"),
        ("1,5", None),
        ("١٢", None),
        ("NaN", None),
        ("INF", None),
        ("", None),
    ],
)
def test_numbers_as_xml_schema_writes_them(text: str, value: str | None) -> None:
    found = parse_figure(text)
    assert (None if found is None else format(found, "f")) == value


@pytest.mark.parametrize(
    ("facts", "best", "agree"),
    [
        ([("1000000", -6), ("1400000", -5)], "1400000", True),
        ([("1000000", -6), ("1999999", 0)], "1999999", True),  # cut off, not rounded
        ([("1000000", -6), ("2000000", 0)], "2000000", False),
        ([("5", None), ("4", 0)], "5", False),
        ([(None, None), ("4", 0)], "4", True),
        ([("5", -6), ("6", -6)], "5", False),
    ],
)
def test_duplicates_agree_within_the_unit_they_are_accurate_to(
    facts: list[tuple[str | None, int | None]], best: str, *, agree: bool
) -> None:
    stated = [
        Fact("x:A", CONTEXT, "USD", None if value is None else Decimal(value), decimals)
        for value, decimals in facts
    ]
    found, consistent = best_of(stated)
    assert (found.value, consistent) == (Decimal(best), agree)


@pytest.mark.parametrize(
    ("concept", "label"),
    [
        ("us-gaap:AssetsCurrent", "Assets current"),
        ("ifrs-full:StatementOfCashFlowsAbstract", "Statement of cash flows"),
        ("x:EBITDAMargin2023", "EBITDA margin 2023"),
        ("us-gaap:ProductMember", "Product"),
        ("x:Abstract", "X:Abstract"),
    ],
)
def test_names_are_spelled_out(concept: str, label: str) -> None:
    assert spelled_out(concept) == label
