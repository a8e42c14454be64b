"""What is compared of a row: the part of the statement it is in, its digits and its unit."""

import pytest

from app.pipeline.compile.items import items_of
from app.pipeline.statement import StatementName
from tests.pipeline.compile.reports import Report


def groups(name: StatementName, text: str) -> list[str | None]:
    return [each.group for each in items_of(Report(2023, text, name=name).numbered(0))]


def test_activities_are_told_by_headings() -> None:
    text = """
    Cash, beginning of year | 4
    # Operating activities
    Profit | 7
    ## Changes in operating assets
    Receivables | 3
    # Investing activities
    Land | 2
    # Supplemental disclosure of financing
    Interest paid | 1
    """
    assert groups("cash_flow_statement", text) == [
        None,
        "operating",
        "operating",
        "operating",
        "operating",
        "investing",
        "investing",
        "aside",
        "aside",
    ]


def test_activities_without_headings_are_told_by_three_totals() -> None:
    text = """
    Profit | 7
    = Net cash from operating activities | 7
    Land | 2
    = Net cash from investing activities | 2
    Dividends | 1
    = Net cash from financing activities | 1
    Cash at end of year | 9
    """
    told = ["operating"] * 2 + ["investing"] * 2 + ["financing"] * 2
    assert groups("cash_flow_statement", text) == [*told, None]
    without = text.replace("= Net cash from investing activities | 2", "")
    assert set(groups("cash_flow_statement", without)) == {None}


@pytest.mark.parametrize("turned", [False, True])
def test_sides_of_a_balance_sheet_are_told_by_their_totals(*, turned: bool) -> None:
    assets = "Land | 5\nCash | 4\n= Total assets | 9\n"
    funding = "Share capital | 6\nLoans | 3\n= Total equity and liabilities | 9\n"
    found = groups("balance_sheet", funding + assets if turned else assets + funding)
    names = ["assets"] * 3, ["funding"] * 3
    assert found == (names[1] + names[0] if turned else names[0] + names[1])


def test_a_deduction_of_liabilities_is_not_among_the_assets() -> None:
    text = """
    # Fixed assets
    Land | 5
    # Creditors: amounts falling due within one year
    Loans | 3
    """
    assert groups("balance_sheet", text) == ["assets", "assets", "funding", "funding"]


@pytest.mark.parametrize(
    ("printed", "digits"), [("4,820", 4), ("500", 1), ("1,000", 1), ("-12", 2), ("-", 0), ("7", 1)]
)
def test_zeros_at_the_end_are_no_digits_but_for_one(printed: str, digits: int) -> None:
    (item,) = items_of(Report(2023, f"Sales | {printed}").numbered(0))
    assert item.amounts["2023"].digits == digits


def test_the_figures_of_a_row_have_the_unit_of_its_most_exact_one() -> None:
    (item,) = items_of(Report(2023, "% Basic | 3 | 2.72").numbered(0))
    assert [each.unit for each in item.amounts.values()] == [-2, -2]


def test_whole_currency_units_have_the_unit_that_all_money_is_rounded_to() -> None:
    text = "\n".join(f"Line {n} | {n}31,000,000" for n in range(1, 9))
    items = items_of(Report(2023, f"{text}\n% Basic | 2.50", scale=0).numbered(0))
    assert {each.amounts["2023"].unit for each in items[:-1]} == {6}
    assert items[-1].amounts["2023"].unit == -2
