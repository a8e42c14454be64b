"""Figures as people type them: exact, or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.values import parse_value, write_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-110", "-110"),
        ("\u2212110", "-110"),
        ("(110)", "-110"),
        ("+7", "7"),
        ("1,234.5", "1234.5"),
        ("1,234,567", "1234567"),
        ("(1,234.50)", "-1234.50"),
        ("0", "0"),
        ("-0", "0"),
        ("(0.0)", "0.0"),
        (" 12 ", "12"),
        ("1.234", "1.234"),
        ("9" * 40, "9" * 40),
    ],
)
def test_a_clear_figure_is_exact(text: str, value: str) -> None:
    assert str(parse_value(text)) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "\u2014", "()", "abc", "nan", "inf", "1e3", "0x10", "$5", "5 USD", "5%"),
        *("1,23", "1,2345", "12,34,567", "0,123", "1.234,5", "1.234.567", "1 234", "1'234", "1_0"),
        *("(-5)", "(5", "5)", "--5", "5-", "((5))", ".5", "5.", "1,234,56", ",123", "\uff11", "٣"),
        *("9" * 41, "0." + "1" * 21, "1" * 5000),
    ],
)
def test_what_is_not_clear_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it such as|up to 40 digits"):
        parse_value(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12),
                   max_value=10**12))  # fmt: skip
def test_a_printed_figure_is_read_as_it_is(value: Decimal) -> None:
    assert parse_value(write_value(value)) == value
    assert parse_value(str(value)) == value


@given(st.text("0123456789.,()- +e\u2212\u00a0", max_size=12))
def test_no_text_means_two_figures(text: str) -> None:
    try:
        value = parse_value(text)
    except ValueError:
        return
    plain = text.strip().strip("()+-\u2212").replace(",", "")
    assert abs(value) == Decimal(plain)
    assert parse_value(write_value(value)) == value


def test_a_figure_that_is_not_known_is_a_question_mark() -> None:
    assert write_value(None) == "?"
