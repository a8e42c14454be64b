"""The statements of a made-up group, which agree with each other, for tests of verification."""

from datetime import date
from typing import Any

from app.pipeline.statement import Statement
from tests.helpers.tables import typed_statement

_INCOME = """
    Revenue | 48,211 | 44,087 | 40,112
    Cost of sales | -30,172 | -28,450 | -26,003
    = Gross profit | 18,039 | 15,637 | 14,109
    Selling expenses | -6,120 | -5,988 | -5,644
    Administrative expenses | -4,087 | -3,902 | -3,711
    = Operating profit | 7,832 | 5,747 | 4,754
    Finance costs | -441 | -583 | -602
    = Profit before tax | 7,391 | 5,164 | 4,152
    Income tax | -1,552 | -1,190 | -958
    = Profit for the year | 5,839 | 3,974 | 3,194
    % Basic earnings per share | 1.17 | 0.79 | 0.64"""
_SHEET = """
    # Assets
    Property | 41,377 | 39,120 | 37,215
    Goodwill | 12,480 | 12,480 | 12,480
    = Non-current assets | 53,857 | 51,600 | 49,695
    Inventories | 9,871 | 8,032 | 7,544
    Trade receivables | 14,003 | 13,229 | 12,880
    Cash and cash equivalents | 7,253 | 4,870 | 3,755
    = Current assets | 31,127 | 26,131 | 24,179
    = Total assets | 84,984 | 77,731 | 73,874
    # Equity and liabilities
    Share capital | 5,000 | 5,000 | 5,000
    Retained earnings | 38,716 | 35,277 | 33,403
    = Total equity | 43,716 | 40,277 | 38,403
    Borrowings | 27,350 | 25,011 | 23,900
    Trade payables | 13,918 | 12,443 | 11,571
    = Total liabilities | 41,268 | 37,454 | 35,471
    = Total equity and liabilities | 84,984 | 77,731 | 73,874"""
_FLOW = """
    # Operating activities
    Profit for the year | 5,839 | 3,974 | 3,194
    Depreciation | 2,210 | 2,087 | 1,993
    = Net cash from operating activities | 8,049 | 6,061 | 5,187
    # Investing activities
    Purchases of property | -3,301 | -2,880 | -2,644
    Proceeds from sales of property | 122 | - | 88
    = Net cash used in investing activities | -3,179 | -2,880 | -2,556
    # Financing activities
    Dividends paid | -2,400 | -2,100 | -1,900
    = Net cash used in financing activities | -2,400 | -2,100 | -1,900
    #
    Effect of exchange rates | -87 | 34 | -15
    = Net increase in cash | 2,383 | 1,115 | 716
    Cash at the beginning of the year | 4,870 | 3,755 | 3,039
    = Cash at the end of the year | 7,253 | 4,870 | 3,755"""


def of_years(text: str, newest: int) -> str:
    """Return the figures of two of three years, from one of them on."""
    lines = []
    for line in text.splitlines():
        label, *figures = line.split("|")
        lines.append("|".join([label, *figures[newest : newest + 2]]))
    return "\n".join(lines)


INCOME, SHEET, FLOW = (of_years(text, 0) for text in (_INCOME, _SHEET, _FLOW))
EARLIER_INCOME, EARLIER_SHEET, EARLIER_FLOW = (
    of_years(text, 1) for text in (_INCOME, _SHEET, _FLOW)
)


def income(text: str = INCOME, **changes: Any) -> Statement:
    """Return the income statement, in millions of dollars for 2023 and 2022."""
    return typed_statement("income_statement", text, **changes)


def sheet(text: str = SHEET, **changes: Any) -> Statement:
    """Return the balance sheet."""
    return typed_statement("balance_sheet", text, **changes)


def flow(text: str = FLOW, **changes: Any) -> Statement:
    """Return the cash flow statement."""
    return typed_statement("cash_flow_statement", text, **changes)


def group() -> list[Statement]:
    """Return the three statements."""
    return [income(), sheet(), flow()]


def a_year_earlier(statements: list[Statement]) -> list[Statement]:
    """Return statements for 2022 and 2021 of such for 2023 and 2022."""
    for statement in statements:
        for period in statement.periods:
            year = (period.fiscal_year or 0) - 1
            period.fiscal_year, period.end = year, date(year, 12, 31)
            period.start = date(year, 1, 1) if period.start else None
    return statements
