"""Tests of the transformation registries: what tagged characters mean, or that it is unknown."""

from decimal import Decimal

import pytest

from app.pipeline.read.transformations import apply_scale, parse_scale, transform

REGISTRY = "http://www.xbrl.org/inlineXBRL/transformation/2020-02-12"
SEC = "http://www.sec.gov/inlineXBRL/transformation/2015-08-31"


@pytest.mark.parametrize(
    ("rule", "text", "number"),
    [
        ("numcommadot", "1,234.50", "1234.50"),
        ("numdotcomma", "1.234,50", "1234.50"),
        ("numcomma", "1234,5", "1234.5"),
        ("numspacedot", "1 234.5", "1234.5"),
        ("numspacecomma", "1\u00a0234,5", "1234.5"),
        ("numdash", "-", "0"),
        ("numdotdecimal", "1,234.5", "1234.5"),
        ("num-dot-decimal", "1 234.5", "1234.5"),
        ("numcommadecimal", "1.234,5", "1234.5"),
        ("num-comma-decimal", "12,5", "12.5"),
        ("num-comma-decimal-apos", "1\u2019234,5", "1234.5"),
        ("num-dot-decimal-apos", "1'234.5", "1234.5"),
        ("numdotdecimalin", "12,34,567.89", "1234567.89"),
        ("numunitdecimal", "12 Euro 5 Cent", "12.05"),
        ("num-unit-decimal", "1,234 pounds 50 pence", "1234.50"),
        ("numunitdecimalin", "1,23,456 rupees 7 paise", "123456.07"),
        ("zerodash", "\u2014", "0"),
        ("fixed-zero", "nil", "0"),
        ("num-dot-decimal", "\uff11\uff12", "12"),
    ],
)
def test_both_spellings_of_each_registry_are_known(rule: str, text: str, number: str) -> None:
    assert transform(text, rule, REGISTRY) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("None", 0),
        ("seven", 7),
        ("twenty-five", 25),
        ("one hundred and five", 105),
        ("two million three hundred thousand", 2_300_000),
        ("12", 12),
    ],
)
def test_numbers_in_words_of_the_sec_are_known(text: str, number: int) -> None:
    assert transform(text, "numwordsen", SEC) == number


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("num-dot-decimal", "1.234.5"),
        ("num-dot-decimal", ""),
        ("num-dot-decimal", "1e5"),
        ("num-dot-decimal", ",5"),
        ("num-dot-decimal", "\u0663"),
        ("num-dot-decimal", "1'234"),
        ("num-dot-decimal", "(5)"),
        ("numcomma", "1.234,5"),
        ("zerodash", "5"),
        ("nocontent", "5"),
        ("date-day-month-year", "1.1.2022"),
        ("numwordsen", "several"),
        ("numinf", "INF"),
        ("lunar", "5"),
        (None, "1,234"),
        (None, "NaN"),
        (None, "9" * 31),
    ],
)
def test_characters_that_do_not_fit_their_format_are_not_known(rule: str | None, text: str) -> None:
    assert transform(text, rule, REGISTRY) is None


def test_a_format_of_no_registry_is_not_known() -> None:
    assert transform("5", "num-dot-decimal", "http://www.example.com/formats") is None


def test_scale_and_sign_make_the_value() -> None:
    assert apply_scale(Decimal("1.5"), "6", None) == Decimal(1_500_000)
    assert apply_scale(Decimal("1.5"), "-2", "-") == Decimal("-0.015")
    assert apply_scale(Decimal(0), None, "-") == 0
    assert not apply_scale(Decimal(0), None, "-").is_signed()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("scale", "sign"), [("400", None), ("19", None), ("x", None), ("3", "+"), ("1.5", None)]
)
def test_an_invalid_scale_or_sign_makes_the_value_unknown(scale: str, sign: str | None) -> None:
    assert apply_scale(Decimal(1), scale, sign) is None


def test_an_absent_scale_is_zero() -> None:
    assert parse_scale(None) == 0
    assert parse_scale(" ") == 0
    assert parse_scale("+3") == 3
