"""Figures per share and numbers of shares before and after a split."""

from dataclasses import replace

import pytest

from app.pipeline.compile.readings import Reading
from tests.helpers.reports import as_reading, cell, figures, reading, row, statement
from tests.pipeline.compile.compiling import Y2022, Y2023, changes, compiled

SHARES = """
    Revenue | 48,211 | 44,087
    Cost of sales | -30,172 | -28,450
    = Gross profit | 18,039 | 15,637
    % Basic earnings per share | 1.17 | 0.79
    % Dividends per share | 0.45 | 0.40"""


def with_shares(year: int, text: str, *counts: str) -> Reading:
    """Return a report that ends with the number of shares."""
    read = statement(year, text + "\n    Weighted shares | " + " | ".join(counts))
    read.rows[-1].kind, read.rows[-1].scale = "shares", 3
    return as_reading(read, f"{year}")


def test_one_split_that_several_reports_show_counts_once() -> None:
    """A dividend that the middle report does not state shows the split a second time."""
    newest = """
        % Basic earnings per share | 1.17 | 0.79 | 0.76
        % Dividends per share | 0.45 | 0.40 | 0.38"""
    middle = "% Basic earnings per share | 3.16 | 3.04"
    oldest = """
        % Basic earnings per share | 3.04 | 2.99
        % Dividends per share | 1.52 | 1.44"""
    counts = (
        ("1,230,000", "1,222,080", "1,205,760"), ("305,520", "301,440"), ("301,440", "299,900")
    )  # fmt: skip
    texts = (newest, middle, oldest)
    result = compiled(
        *(
            replace(with_shares(year, text, *count), accepted=True)
            for year, text, count in zip((2023, 2022, 2021), texts, counts, strict=True)
        )
    )

    assert cell(result, "Dividends per share", "2021").change == "split"
    assert cell(result, "Dividends per share", "2020").unadjusted == "4:1"


def test_figures_that_no_later_report_adjusts_for_a_split_name_its_ratio() -> None:
    middle = """
        Revenue | 44,087 | 40,112
        % Basic earnings per share | 3.16 | 3.04"""
    oldest = """
        Revenue | 40,112 | 37,007
        % Basic earnings per share | 9.12 | 8.97"""
    counts = ("1,230,000", "1,222,080"), ("305,520", "301,440"), ("100,480", "99,900")
    texts = (SHARES, middle, oldest)
    result = compiled(
        *(
            replace(with_shares(year, text, *count), accepted=True)
            for year, text, count in zip((2023, 2022, 2021), texts, counts, strict=True)
        )
    )

    for label in ("Basic earnings per share", "Weighted shares"):
        cells = row(result, label).cells
        assert {key: each.unadjusted for key, each in cells.items()} == {
            "2023": None,
            "2022": None,
            "2021": "4:1",
            "2020": "12:1",
        }
    assert not any(each.unadjusted for each in row(result, "Revenue").cells.values())


@pytest.mark.parametrize(
    ("earnings", "dividend", "count"),
    [("3.16", "1.60", "305,520"), ("1.185", "0.60", "814,720"), ("0.079", "0.04", "12,220,800")],
    ids=["4:1", "3:2", "1:10"],
)
def test_a_split_is_told_by_figures_per_share_and_shares(
    earnings: str, dividend: str, count: str
) -> None:
    old = SHARES.replace("1.17 | 0.79", f"{earnings} | 3").replace("0.45 | 0.40", f"{dividend} | 1")
    old = old.replace("48,211 | 44,087", "44,087 | 40,112").replace("-30,172 | ", "")
    old = old.replace("18,039 | ", "").replace("-28,450", "-28,450 | -26,003")
    old = old.replace("15,637", "15,637 | 14,109")
    result = compiled(
        with_shares(2023, SHARES, "1,230,000", "1,222,080"),
        with_shares(2022, old, count, "300,000"),
    )

    assert changes(result, "Basic earnings per share") == {"2022": "split"}
    assert changes(result, "Dividends per share") == {"2022": "split"}
    assert changes(result, "Weighted shares") == {"2022": "split"}


@pytest.mark.parametrize(
    ("first", "now", "change"),
    [
        ("47.40", "2.37", "split"),
        ("1.58", "0.79", "restated"),
        ("237.00", "2.37", "restated"),
        ("2.41", "2.37", "restated"),
    ],
    ids=["20:1", "too few digits", "cents or 100:1", "no ratio"],
)
def test_earnings_that_changed_by_a_ratio_while_all_money_stayed_were_split(
    first: str, now: str, change: str
) -> None:
    newer, older = Y2023.replace("0.79", now), Y2022.replace("0.79", first)
    result = compiled(reading(2023, newer), reading(2022, older))

    assert changes(result, "Basic earnings per share") == {"2022": change}


def test_a_share_dividend_is_told_where_all_money_stayed() -> None:
    rows = "\n    % Diluted earnings per share | {} | 4.40"
    result = compiled(
        reading(2023, Y2023.replace("0.79", "4.41") + rows.format("4.80").replace("4.40", "4.35")),
        reading(2022, Y2022.replace("0.79", "4.63") + rows.format("4.57")),
    )

    assert changes(result, "Basic earnings per share") == {"2022": "split"}
    assert changes(result, "Diluted earnings per share") == {"2022": "split"}


def in_unit(unit: str, each: Reading) -> Reading:
    """Return a report that states its earnings per share in a unit."""
    each.statement.rows[-1].unit = unit
    return each


def test_earnings_in_pence_are_those_of_later_reports_in_pounds() -> None:
    older = reading(2022, Y2022.replace("0.79 | 0.64", "79.4 | 64.0"))
    result = compiled(in_unit("GBP/share", reading(2023, Y2023)), in_unit("pence/share", older))

    assert figures(result, "Basic earnings per share") == {
        "2023": "1.17",
        "2022": "0.79",
        "2021": "0.64",
    }
    assert changes(result, "Basic earnings per share") == {"2022": "rounding"}
