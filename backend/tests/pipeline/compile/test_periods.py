"""Columns: which periods of several reports are one, and what they are called."""

from datetime import date

import pytest

from app.pipeline.compile.entry import Entry
from app.pipeline.compile.periods import Columns, find_columns, missing_years, moved_ends
from app.pipeline.statement import Period, StatementName
from tests.helpers.reports import as_reading, period, statement

FIGURES = "Revenue | 48,211 | 44,087 | 40,112\n Cost | 30,172 | 28,450 | 26,003"


def entry(*periods: Period, text: str = FIGURES, name: StatementName = "income_statement") -> Entry:
    """Return a report with some periods, of the figures in their order."""
    figures = "\n".join("|".join(line.split("|")[: len(periods) + 1]) for line in text.split("\n"))
    for number, each in enumerate(periods):
        each.key = f"p{number}"
    read = statement(2023, figures, name, periods=list(periods))
    return Entry(as_reading(read, str(periods)), read)


def year(end: str, days: int = 365, fiscal: int | None = None) -> Period:
    last = date.fromisoformat(end)
    first = date.fromordinal(last.toordinal() - days + 1)
    return period("", first, last, fiscal)


def instant(end: str, fiscal: int | None = None) -> Period:
    return period("", None, date.fromisoformat(end), fiscal)


def keys(columns: Columns) -> list[str]:
    return [each.key for each in columns.columns]


def test_years_of_52_and_53_weeks_are_fiscal_years() -> None:
    columns = find_columns(
        [
            entry(year("2023-09-30", 371), year("2022-09-24", 364)),
            entry(year("2022-09-24", 364), year("2021-09-25", 364)),
        ]
    )

    assert keys(columns) == ["2023", "2022", "2021"]
    assert all(each.regular for each in columns.columns)
    assert moved_ends(columns.columns) == []
    assert [each.days for each in columns.columns] == [371, 364, 364]


def test_an_end_in_the_first_week_of_january_belongs_to_the_year_before() -> None:
    columns = find_columns(
        [
            entry(year("2021-01-03", 371, 2020), year("2019-12-29", 364, 2019)),
            entry(year("2019-12-29", 364, 2019), year("2018-12-30", 364, 2018)),
        ]
    )

    assert keys(columns) == ["2020", "2019", "2018"]


def test_the_year_is_called_as_most_reports_call_it() -> None:
    """A retailer's fiscal 2022 ends in January 2023; one file says only when."""
    columns = find_columns(
        [
            entry(year("2024-02-03", 371, 2023), year("2023-01-28", 364, 2022)),
            entry(year("2023-01-28", 364, 2023), year("2022-01-29", 364, 2022)),
            entry(year("2022-01-29", 364, 2021), year("2021-01-30", 364, 2020)),
        ]
    )

    assert keys(columns) == ["2023", "2022", "2021", "2020"]


def test_a_short_period_between_two_year_ends_has_a_column_of_its_own() -> None:
    columns = find_columns(
        [
            entry(year("2020-12-31", 366), year("2019-12-31", 184)),
            entry(year("2019-06-30"), year("2018-06-30")),
        ]
    )

    assert keys(columns) == ["2020", "2019-6m", "2019", "2018"]
    short = columns.columns[1]
    assert (short.label, short.regular, short.days) == ("6 months to 2019-12-31", False, 184)
    assert [(old.key, new.key) for old, new in moved_ends(columns.columns)] == [("2019", "2020")]
    assert missing_years(columns.columns) == []


@pytest.mark.parametrize(("days", "key"), [(550, "2019-18m"), (31, "2019-1m"), (12, "2019-12d")])
def test_a_long_or_a_very_short_period_is_named_by_its_length(days: int, key: str) -> None:
    columns = find_columns([entry(year("2019-12-31", days))])

    assert keys(columns) == [key]


def test_two_balances_of_one_fiscal_year_do_not_collide() -> None:
    columns = find_columns(
        [
            entry(instant("2020-12-31"), instant("2019-12-31"), name="balance_sheet"),
            entry(instant("2019-06-30"), instant("2018-06-30"), name="balance_sheet"),
        ]
    )

    assert keys(columns) == ["2020", "2019-12-31", "2019", "2018"]
    assert [each.regular for each in columns.columns] == [True, False, True, True]


def test_an_opening_balance_of_1_january_is_the_end_of_the_day_before() -> None:
    text = "Cash | 48,211 | 44,087 | 7,000\n Debt | 30,172 | 28,450 | 6,000"
    columns = find_columns(
        [
            entry(
                instant("2019-12-31"), instant("2018-12-31"), instant("2018-01-01", 2017),
                text=text, name="balance_sheet",
            ),
            entry(instant("2017-12-31"), instant("2016-12-31"), name="balance_sheet"),
        ]
    )  # fmt: skip

    assert keys(columns) == ["2019", "2018", "2017", "2016"]
    assert columns.columns[2].end == date(2017, 12, 31)


def test_both_balances_around_the_new_year_in_one_report_stay_apart() -> None:
    columns = find_columns(
        [
            entry(
                instant("2019-12-31"), instant("2019-01-01", 2018), instant("2018-12-31"),
                name="balance_sheet",
            )
        ]
    )  # fmt: skip

    assert sorted(keys(columns)) == ["2018", "2019", "2019-01-01"]
    assert keys(columns)[0] == "2019"
    regular = {each.key: each.end for each in columns.columns if each.regular}
    assert regular["2018"] == date(2018, 12, 31)


def test_ends_a_few_days_apart_are_one_year_only_where_the_figures_are_equal() -> None:
    newer = entry(year("2023-12-31"), year("2022-12-31"))
    shifted = "Revenue | 44,087 | 40,112\n Cost | 28,450 | 26,003"
    same = entry(year("2022-12-30", 364, 2022), year("2021-12-31"), text=shifted)
    assert keys(find_columns([newer, same])) == ["2023", "2022", "2021"]

    other = entry(year("2022-12-30", 364, 2022), year("2021-12-31"), text=shifted.replace("4", "5"))
    assert keys(find_columns([newer, other])) == ["2023", "2022", "2022-12-30", "2021"]


def test_of_two_columns_for_one_year_the_restated_one_counts() -> None:
    restated = year("2022-12-31")
    restated.printed = "2022 (restated)"
    given = entry(year("2023-12-31"), year("2022-12-31"), restated)
    columns = find_columns([given])
    assert columns.of[given] == {"p0": "2023", "p2": "2022"}

    given = entry(year("2023-12-31"), year("2022-12-31"), year("2022-12-31"))
    columns = find_columns([given])
    assert columns.of[given] == {"p0": "2023"}
    assert [each.code for each in columns.issues] == ["period_twice"]


def test_a_period_of_a_quarter_is_no_year() -> None:
    columns = find_columns([entry(year("2023-12-31"), year("2023-12-31", 92))])

    assert keys(columns) == ["2023", "2023-3m"]


def test_a_missing_year_is_named() -> None:
    columns = find_columns([entry(year("2023-12-31")), entry(year("2020-12-31"))])

    assert missing_years(columns.columns) == [2022, 2021]


def test_a_year_within_a_long_period_is_not_missing() -> None:
    columns = find_columns([entry(year("2022-06-30"), year("2021-06-30", 546), year("2019-12-31"))])

    assert keys(columns) == ["2022", "2021-18m", "2019"]
    assert missing_years(columns.columns) == []


@pytest.mark.parametrize("named", [(2022, 2021), (2023, 2020), (2017, 2017)])
def test_a_year_that_reports_name_wrongly_or_not_alike_is_that_of_its_end(
    named: tuple[int, int],
) -> None:
    columns = find_columns(
        [entry(instant("2023-12-31", named[0])), entry(instant("2021-12-31", named[1]))]
    )

    assert keys(columns) == ["2023", "2021"]
