from decimal import Decimal

import pytest

from app.pipeline.read.pdf.numbers import Number, Style, decide_style, is_nil, read_number

ENGLISH = Style(",", ".", grouped=4)
GERMAN = Style(".", ",", grouped=4)
SWISS = Style("'", ".", grouped=4)
FRENCH = Style(" ", ",", grouped=4)
INDIAN = Style(",", ".", indian=True, grouped=4)


@pytest.mark.parametrize(
    ("text", "style", "value"),
    [
        ("1,234", ENGLISH, "1234"),
        ("(1,234)", ENGLISH, "-1234"),
        ("( 1,234 )", ENGLISH, "-1234"),
        ("1,234,567.5", ENGLISH, "1234567.5"),
        ("0.26", ENGLISH, "0.26"),
        ("$ .26", ENGLISH, "0.26"),
        ("$(0.26)", ENGLISH, "-0.26"),
        ("-$1,234", ENGLISH, "-1234"),
        ("US$1,234", ENGLISH, "1234"),
        ("£ 1,234", ENGLISH, "1234"),
        ("CHF18.3", ENGLISH, "18.3"),
        ("\u2212 1,234", ENGLISH, "-1234"),
        ("\u20131,234", ENGLISH, "-1234"),
        ("\u25b31,234", ENGLISH, "-1234"),
        ("1,234-", ENGLISH, "-1234"),
        ("+12", ENGLISH, "12"),
        ("1.234,5", GERMAN, "1234.5"),
        ("1.234", GERMAN, "1234"),
        ("-0,26", GERMAN, "-0.26"),
        ("1'234'567", SWISS, "1234567"),
        ("1\u2019234.50", SWISS, "1234.50"),
        ("1\u2009234\u2009567", FRENCH, "1234567"),
        ("-12\u00a0345,6", FRENCH, "-12345.6"),
        ("12,34,567", INDIAN, "1234567"),
        ("1,234", INDIAN, "1234"),
        ("\u2014", ENGLISH, "0"),
        ("-", ENGLISH, "0"),
        ("nil", ENGLISH, "0"),
        ("-0-", ENGLISH, "0"),
        ("(\u2013)", ENGLISH, "0"),
        ("$ \u2014", ENGLISH, "0"),
        ("1234", Style(None, None), "1234"),
    ],
)
def test_a_printed_number_is_read_exactly(text: str, style: Style, value: str) -> None:
    number = read_number(text, style)
    assert number is not None
    assert number.v == Decimal(value)


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("1,2345,678", ENGLISH),  # two numbers that touch
        ("12 345", ENGLISH),  # a number torn apart, or two
        ("1 ,234", ENGLISH),
        ("1,23", ENGLISH),
        ("12345", ENGLISH),  # 12 and 345 without a gap, where 1,234 is grouped
        ("1.234.567", ENGLISH),
        ("1,234,567", INDIAN),
        ("123,456", INDIAN),
        ("01,234", ENGLISH),
        ("(1,234", ENGLISH),  # whether the sign is lost is not known
        ("1,234)", ENGLISH),
        ("-(1,234)", ENGLISH),
        ("1,234 CR", ENGLISH),
        ("1.234", Style(None, None, unknown=frozenset("."))),
    ],
)
def test_a_number_that_does_not_fit_its_table_is_not_guessed(text: str, style: Style) -> None:
    assert read_number(text, style) == Number(None)


@pytest.mark.parametrize(
    "text", ["", "O", "1,O23", "l23", "n/a", "12.3.4x5", "abc", "\u00b2", "-e5"]
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert read_number(text, ENGLISH) is None


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("12.5%", "12.5", "%"),
        ("(12.5)%", "-12.5", "%"),
        ("(12.5%)", "-12.5", "%"),
        ("5.93p", "5.93", "p"),
        ("(10.09 pence)", "-10.09", "pence"),
        ("50 bps", "50", "bps"),
        ("1.5x", "1.5", "x"),
    ],
)
def test_a_number_names_its_unit(text: str, value: str, unit: str) -> None:
    assert read_number(text, ENGLISH) == Number(Decimal(value), unit)


@pytest.mark.parametrize(
    ("numbers", "group", "decimal"),
    [
        (["1,234,567", "12"], ",", "."),
        (["1.234.567", "1.234"], ".", ","),
        (["1,234", "0.26"], ",", "."),
        (["1.234", "0,26"], ".", ","),
        (["1.234", "12", "3", "45", "6", "789"], ".", ","),  # no table mixes 1.234 and whole ones
        (["1,234", "12,345", "2,001", "3,450", "9,999", "1,001"], ",", "."),
        (["1'234", "12"], "'", None),
        (["1 234", "1 234,5"], " ", ","),
        (["12,34,567", "1,234"], ",", "."),
        (["12", "345"], None, None),
    ],
)
def test_the_numbers_of_a_table_decide_its_style(
    numbers: list[str], group: str | None, decimal: str | None
) -> None:
    style = decide_style(numbers)
    assert (style.group, style.decimal) == (group, decimal)


def test_a_single_separator_stays_unknown_without_other_evidence() -> None:
    assert decide_style(["1.234", "2.345"]).unknown == {"."}
    assert decide_style(["1.234", "2.345"], hint=",").group == "."
    assert decide_style(["1.234", "2.345"], hint=".").decimal == "."


def test_earnings_per_share_with_three_places_do_not_make_thousands() -> None:
    style = decide_style(["12", "34", "5", "678", "90", "12"], ["1.234", "1.345"])
    assert read_number("1.234", style) == Number(None)
    style = decide_style(["1,200", "34", "5", "678", "90", "12"], ["1.234", "1.345"])
    assert read_number("1.234", style) == Number(Decimal("1.234"))


def test_one_torn_number_does_not_change_the_style_of_a_table() -> None:
    style = decide_style(["1,234", "2,345", "3,456", "4,567", "5,678", "6,789", "12 345"])
    assert style.group == ","
    assert read_number("12 345", style) == Number(None)


def test_a_separator_in_two_uses_is_that_of_the_many() -> None:
    style = decide_style(["1,234,567"] * 8 + ["1,23"])
    assert read_number("1,234,567", style) == Number(Decimal(1234567))
    assert read_number("1,23", style) == Number(None)
    assert decide_style(["1,234,567", "1,23"]).unknown == {","}


def test_dashes_and_words_say_that_there_is_nothing() -> None:
    assert all(map(is_nil, ["-", "\u2013", "\u2014", "--", "nil", "Nil", "\u20ac \u2013"]))
    assert not any(map(is_nil, ["0", "n/a", "", "1", "-1"]))
