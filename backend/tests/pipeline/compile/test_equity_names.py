"""Labels whose words change with the sign, the par value or the allowance, of one line."""

import pytest

from app.pipeline.compile.labels import name_of
from app.pipeline.compile.merge import merge
from app.pipeline.statement import Equation
from app.pipeline.verify.equations import find_equations
from tests.pipeline.compile.reports import Report, shown

DEFICIT = """
# Equity
Share capital | 73,812 | 64,849
Accumulated deficit | -214 | -3,068
Accumulated other comprehensive loss | -11,452 | -11,109
= Total equity | 62,146 | 50,672
"""
EARNINGS = """
# Equity
Share capital | 40,201 | 35,867
Retained earnings | 70,400 | 98,330
Accumulated other comprehensive income | 150 | 634
= Total equity | 110,751 | 134,831
"""


def lines_of(*texts: str, proven: bool = True) -> list[str]:
    """Return the lines of balance sheets that share no year."""
    numbered = [
        Report(2023 - 4 * number, text, name="balance_sheet").numbered(number)
        for number, text in enumerate(texts)
    ]
    for each in numbered if proven else ():
        keys = [period.key for period in each.statement.periods]
        each.statement.equations = find_equations(each.statement.rows, keys)
    return shown(merge(numbered))


def test_a_deficit_and_retained_earnings_of_one_sign_in_the_sum_are_one_line() -> None:
    lines = lines_of(DEFICIT, EARNINGS)

    assert "Accumulated deficit | Retained earnings" in lines
    assert "Accumulated other comprehensive loss | Accumulated other comprehensive income" in lines


def test_a_deficit_printed_without_its_sign_stays_apart() -> None:
    unsigned = DEFICIT.replace("-214 | -3,068", "214 | 3,068")

    assert "Accumulated deficit | -" in lines_of(unsigned, EARNINGS)


def test_a_deficit_whose_sign_no_sum_tells_stays_apart() -> None:
    assert "Accumulated deficit | -" in lines_of(DEFICIT, EARNINGS, proven=False)


def test_a_deficit_stays_apart_from_earnings_that_are_there_twice() -> None:
    both = EARNINGS.replace(
        "Retained earnings | 70,400 | 98,330",
        "Retained earnings | 80,400 | 99,330\nAccumulated losses | -10,000 | -1,000",
    )

    assert "Accumulated deficit | -" in lines_of(DEFICIT, both)


def test_one_sum_written_with_another_total_tells_no_lines_apart() -> None:
    newer = """
    = Net income with other interests | 5,929 | 5,388
    Net income (loss) of other interests | 8 | 4
    = Net income of the parent | 5,921 | 5,384
    """
    older = """
    = Net income with other interests | 5,363 | 4,869
    Net income of other interests | 14 | 11
    = Net income of the parent | 5,349 | 4,858
    """
    reports = [Report(2023, newer).numbered(0), Report(2019, older).numbered(1)]
    sums = (
        [Equation(id="1", total=2, terms=[(1, 0), (-1, 1)])],
        [Equation(id="1", total=0, terms=[(1, 2), (1, 1)])],
    )
    for report, equations in zip(reports, sums, strict=True):
        report.statement.equations = equations

    assert "Net income (loss) of other interests | Net income of other interests" in shown(
        merge(reports)
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Accounts receivable, less allowances of $53 and $63", "Accounts receivable, net"),
        ("Trade receivables, net of allowances for doubtful accounts", "Trade receivables, net"),
        ("Treasury stock, at cost:", "Treasury stock"),
        ("Common stock, $.01 par value; 944,033,056 shares issued", "Common stock, par value $.01"),
        ("Ordinary shares, no par value, 1,200,000 authorised and issued", "Ordinary shares"),
        ("Preferred stock, shares authorized 5,000, no par value", "Preferred stock"),
    ],
)
def test_labels_with_and_without_what_changes_yearly_are_one_name(one: str, other: str) -> None:
    assert name_of(one) == name_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Class A common stock, $.01 par value", "Class B common stock, $.01 par value"),
        ("Preferred stock, $.01 par value", "Common stock, $.01 par value"),
        ("Common stock, shares issued", "Common stock, shares outstanding"),
        ("Investments, at cost", "Investments, at fair value"),
        ("Loans receivable, less allowances of $5", "Trade receivables, less allowances of $5"),
        ("Accumulated depreciation", "Accumulated deficit"),
    ],
)
def test_names_of_other_lines_stay_apart(one: str, other: str) -> None:
    assert name_of(one) != name_of(other)
