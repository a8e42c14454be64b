"""Lines of which a filer turned the sign, and what proves it."""

import pytest

from tests.helpers.reports import cell, figures, reading, row
from tests.pipeline.compile.compiling import Y2022, Y2023, changes, compiled

TAXED = """
    Profit before tax | 12,999 | 12,063
    Benefit from (provision for) taxes | 747 | -1,928
    = Profit for the year | 13,746 | 10,135"""
PROVIDED = """
    Profit before tax | 11,517 | 11,442
    Provision for taxes | 2,182 | 2,541
    = Profit for the year | 9,335 | 8,901"""
EARNED = """
    Revenue | 31,517 | 30,442
    Cost of sales | -22,182 | -22,541
    = Profit for the year | 9,335 | 7,901"""
LOSS_WITHOUT_SIGN = """
    Revenue | 11,517 | 11,442
    Cost of sales | 22,182 | 22,541
    = Profit for the year | 10,665 | 11,099"""


def test_a_sign_is_turned_by_the_sums_where_no_year_is_shared() -> None:
    result = compiled(reading(2021, TAXED), reading(2017, PROVIDED))
    taxes = row(result, "Benefit from (provision for) taxes").cells

    assert {key: str(each.v) for key, each in taxes.items()} == {
        "2021": "747",
        "2020": "-1928",
        "2017": "-2182",
        "2016": "-2541",
    }
    assert [each.turned for _, each in sorted(taxes.items())] == [True, True, False, False]
    assert all(each.verified for each in taxes.values())


SPENT = "Capital expenditure | -3,172 | -2,845"


@pytest.mark.parametrize(
    ("older", "turned"),
    [
        ("Capital expenditure | 2,845 | 2,413", True),
        ("Capital expenditure | 2,845 | -2,413", False),
    ],
)
def test_one_year_turns_a_line_whose_figures_have_one_sign_in_each_report(
    older: str, *, turned: bool
) -> None:
    result = compiled(reading(2023, SPENT, accepted=True), reading(2022, older, accepted=True))

    assert cell(result, "Capital expenditure", "2021").turned is turned


def test_a_total_of_the_other_sign_turns_no_term() -> None:
    result = compiled(reading(2021, EARNED), reading(2017, LOSS_WITHOUT_SIGN))

    assert not any(each.turned for each in row(result, "Revenue").cells.values())


def test_a_sign_that_the_filer_turned_is_turned_in_older_years_too() -> None:
    old = Y2022.replace("-28,450", "28,450").replace("-26,003", "26,003")
    result = compiled(reading(2023, Y2023), reading(2022, old))

    cost = row(result, "Cost of sales").cells
    assert figures(result, "Cost of sales") == {
        "2023": "-30172", "2022": "-28450", "2021": "-26003"
    }  # fmt: skip
    assert [each.turned for each in cost.values()] == [False, False, True]
    assert changes(result, "Cost of sales") == {"2022": "sign", "2021": "sign"}
    assert cost["2022"].history[0].v == 28450
    assert cost["2021"].printed == "26003"
    assert cost["2021"].verified


FLIPPED = """
    Revenue | -44,087 | -40,112
    Cost of sales | 28,450 | 26,003
    = Gross profit | -15,637 | -14,109
    Selling expenses | 9,890 | 9,355
    = Operating profit | -5,747 | -4,754"""


def test_a_statement_of_which_all_signs_are_turned_is_turned_with_one_common_year() -> None:
    result = compiled(reading(2023, Y2023), reading(2022, FLIPPED))

    assert figures(result, "Revenue") == {"2023": "48211", "2022": "44087", "2021": "40112"}
    assert cell(result, "Revenue", "2021").turned
    assert figures(result, "Cost of sales")["2021"] == "-26003"


def test_the_nearest_report_tells_whether_a_sign_was_turned() -> None:
    """The newest one shares one year with the oldest, and the middle one two."""
    newest = "Revenue | 50,211 | 48,211 | 44,087\n Tax | 1,011 | 977 | 803"
    middle = "Revenue | 48,211 | 44,087 | 40,112\n Tax | 977 | 803 | 702"
    oldest = "Revenue | 44,087 | 40,112 | 39,007\n Tax | -803 | -702 | -655"
    result = compiled(
        *(
            reading(year, text, accepted=True)
            for year, text in ((2024, newest), (2023, middle), (2022, oldest))
        )
    )

    assert figures(result, "Tax")["2020"] == "655"
