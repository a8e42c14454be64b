"""Dates, years and lengths of periods, as headings print them."""

from datetime import date

import pytest

from app.pipeline.read.pdf.dates import (
    Length,
    find_length,
    find_stamps,
    fiscal_year,
    start_of,
)
from app.pipeline.read.pdf.language import fold


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("31 December 2022", date(2022, 12, 31)),
        ("December 31, 2022", date(2022, 12, 31)),
        ("31st March, 2022", date(2022, 3, 31)),
        ("52 weeks ended January 28, 2023", date(2023, 1, 28)),
        ("31.12.2022", date(2022, 12, 31)),
        ("12/31/2022", date(2022, 12, 31)),
        ("31/12/2022", date(2022, 12, 31)),
        ("2022-12-31", date(2022, 12, 31)),
        ("30-Jun-22", date(2022, 6, 30)),
        ("31. Dezember 2022", date(2022, 12, 31)),
        ("31 d\u00e9cembre 2022", date(2022, 12, 31)),
        ("31 maart 2022", date(2022, 3, 31)),
        ("March 2022", date(2022, 3, 31)),
        ("February 29, 2024", date(2024, 2, 29)),
    ],
)
def test_a_date_is_read_in_each_way_of_writing(text: str, day: date) -> None:
    assert [stamp.date for stamp in find_stamps(fold(text))] == [day]


@pytest.mark.parametrize(
    ("text", "year", "fiscal"),
    [
        ("2022", 2022, False),
        ("FY22", 2022, True),
        ("Fiscal 2022", 2022, True),
        ("2021/22", 2022, False),
        ("2021-2022", 2022, False),
    ],
)
def test_a_year_is_read_with_what_it_is_called(text: str, year: int, fiscal: bool) -> None:
    (stamp,) = find_stamps(fold(text))
    assert (stamp.year, stamp.month, stamp.fiscal) == (year, None, fiscal)


def test_two_days_without_year_are_told_apart_in_both_orders() -> None:
    for text in ("September 29, September 30,", "29 September 30 September"):
        assert [(stamp.month, stamp.day) for stamp in find_stamps(fold(text))] == [(9, 29), (9, 30)]


def test_a_date_of_which_day_and_month_cannot_be_told_is_none() -> None:
    assert all(stamp.month is None for stamp in find_stamps("4/3/2022"))


def test_the_first_day_of_a_range_gets_the_year_of_its_last() -> None:
    first, last = find_stamps(fold("1.1.-31.12.2022"))
    assert (first.opens, first.date, last.date) == (True, date(2022, 1, 1), date(2022, 12, 31))


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("Year ended", Length(months=12)),
        ("For the fiscal years ended", Length(months=12)),
        ("Exercice clos le", Length(months=12)),
        ("Nine months ended", Length(months=9)),
        ("53 weeks ended", Length(weeks=53)),
        ("Fifty-two weeks ended", Length(weeks=52)),
        ("Three months ended", Length(months=3)),
        ("As at", None),
    ],
)
def test_the_length_of_a_period_is_read(text: str, length: Length | None) -> None:
    assert find_length(fold(text)) == length


@pytest.mark.parametrize(
    ("end", "length", "start"),
    [
        (date(2022, 12, 31), Length(months=12), date(2022, 1, 1)),
        (date(2022, 3, 31), Length(months=12), date(2021, 4, 1)),
        (date(2024, 2, 29), Length(months=12), date(2023, 3, 1)),
        (date(2021, 12, 31), Length(months=9), date(2021, 4, 1)),
        (date(2023, 1, 28), Length(weeks=52), date(2022, 1, 30)),
    ],
)
def test_a_period_starts_where_its_length_says(end: date, length: Length, start: date) -> None:
    assert start_of(end, length) == start


@pytest.mark.parametrize(
    ("end", "year"),
    [
        (date(2022, 12, 31), 2022),
        (date(2023, 1, 1), 2022),
        (date(2016, 1, 3), 2015),
        (date(2023, 1, 7), 2022),
        (date(2023, 1, 28), 2023),
        (date(2022, 9, 24), 2022),
        (date(2022, 6, 30), 2022),
    ],
)
def test_a_year_that_ends_in_the_first_week_of_january_is_the_year_before(
    end: date, year: int
) -> None:
    assert fiscal_year(end) == year
