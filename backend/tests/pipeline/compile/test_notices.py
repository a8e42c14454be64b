"""What is said of a year: whether the figures that are shown balance, and the cash ties."""

from app.pipeline.compile.build import compile_statement
from app.pipeline.statement import StatementName
from tests.helpers.accounts import FLOW, SHEET
from tests.helpers.reports import as_reading, reading, row, statement


def checks(name: StatementName, text: str, *more: str, **changes: str) -> dict[str, str]:
    """Return the check of each year of a report, and of amendments of it."""
    read = statement(2023, text, name)
    assert read.checks
    for key, value in changes.items():
        setattr(read.checks, key, value)
    amendments = [reading(2023, each, name, form="10-K/A", accepted=True) for each in more]
    for each in amendments:
        assert each.statement.checks
        for key, value in changes.items():
            setattr(each.statement.checks, key, value)
    result = compile_statement(name, [as_reading(read, "a", accepted=True), *amendments])
    assert result
    kind = "balance" if name == "balance_sheet" else "cash"
    return {key: getattr(each, kind) for key, each in result.checks.items()}


def test_a_sheet_that_balances_passes_in_each_year() -> None:
    assert checks("balance_sheet", SHEET) == {"2023": "pass", "2022": "pass"}


def test_a_balance_holds_between_the_figures_that_are_shown_or_fails() -> None:
    amended = """
        Share capital | 6,000
        Borrowings | 27,350
        = Total equity and liabilities | 33,350"""
    assert checks("balance_sheet", SHEET, amended) == {"2023": "fail", "2022": "pass"}


def test_a_balance_is_an_equality_of_two_lines() -> None:
    result = compile_statement("balance_sheet", [reading(2023, SHEET, "balance_sheet")])
    assert result
    (balance,) = [each for each in result.equations if each.id == "balance"]
    assert balance.kind == "equal"
    assert [result.rows[each].label for each in balance.rows] == [
        "Total assets",
        "Total equity and liabilities",
    ]
    assert "balance" in row(result, "Total assets").cells["2022"].by


def test_a_balance_that_no_equality_shows_is_not_known() -> None:
    alone = SHEET.partition("# Equity")[0]
    assert checks("balance_sheet", alone, balance="pass") == {"2023": "unknown", "2022": "unknown"}
    assert checks("balance_sheet", alone, balance="fail") == {"2023": "fail", "2022": "fail"}
    assert checks("balance_sheet", SHEET, balance="not_applicable") == {
        "2023": "not_applicable",
        "2022": "not_applicable",
    }


def test_cash_ties_unless_a_block_of_the_year_is_open() -> None:
    amended = """
        = Net cash from operating activities | 8,149
        Paid to trustees | -149
        = Net cash to owners | 8,000"""
    assert checks("cash_flow_statement", FLOW, cash="pass") == {"2023": "pass", "2022": "pass"}
    assert checks("cash_flow_statement", FLOW, cash="fail") == {"2023": "fail", "2022": "fail"}
    assert checks("cash_flow_statement", FLOW, amended, cash="pass")["2022"] == "pass"
    assert checks("cash_flow_statement", FLOW, amended, cash="pass")["2023"] == "unknown"
