"""Tests of which periods of an XBRL report are columns, and what stands in them."""

import pytest

from app.pipeline.read.xbrl import read_xbrl
from tests.pipeline.read.xbrl_builder import (
    BEFORE,
    YEAR,
    F,
    R,
    codes,
    figures,
    package,
    row,
    statement,
)
from tests.pipeline.read.xbrl_examples import (
    BALANCE,
    BALANCE_FACTS,
    CASH_TREE,
    INCOME,
    NOW,
    THEN,
    US,
    cash_facts,
    income_facts,
    read_income,
)


@pytest.mark.parametrize("marked", [True, False])
def test_opening_cash_is_the_instant_of_the_day_before(marked: bool) -> None:
    arcs = CASH_TREE if marked else [(parent, child, None) for parent, child, _ in CASH_TREE]
    cash = [F(f"{US}Cash", value, day) for value, day in ((9, NOW), (4, THEN), (3, "2022-01-01"))]
    facts = cash_facts(YEAR, BEFORE) + cash
    found = read_xbrl(package(facts, [R("cf", arcs, "7 - Statement - CASH FLOWS")]))
    sheet = statement(found, "cash_flow_statement")
    opening, closing = row(sheet, f"{US}Cash", 0), row(sheet, f"{US}Cash", 1)
    assert {key: cell.tagged for key, cell in opening.cells.items()} == {"p0": 4}
    assert {key: cell.tagged for key, cell in closing.cells.items()} == {"p0": 9, "p1": 4}


def test_a_fact_of_a_quarter_or_another_year_is_no_substitute() -> None:
    facts = [
        fact
        for fact in income_facts(YEAR, BEFORE)
        if (fact.concept, fact.period) != (f"{US}Revenues", YEAR)
    ]
    facts += [
        F(f"{US}Revenues", 25_000_000, ("2023-10-01", "2023-12-31")),
        F(f"{US}Revenues", 99_000_000, ("2021-01-01", "2021-12-31")),
    ]
    found = read_income(facts)
    assert [each.label for each in found.periods] == ["2023", "2022"]
    assert figures(row(found, f"{US}Revenues")) == {"p1": "100"}


@pytest.mark.parametrize(
    ("start", "end", "year"),
    [
        ("2022-09-25", "2023-09-30", 2023),  # 53 weeks
        ("2021-09-26", "2022-09-24", 2022),  # 52 weeks
        ("2022-07-01", "2023-06-30", 2023),
        ("2022-01-30", "2023-01-28", 2023),
        ("2022-03-01", "2023-02-28", 2023),
        ("2021-01-04", "2022-01-02", 2021),
        ("2020-01-01", "2021-01-07", 2020),
        ("2020-01-09", "2021-01-08", 2021),
    ],
)
def test_a_fiscal_year_is_that_of_its_end_unless_it_ends_in_the_first_week(
    start: str, end: str, year: int
) -> None:
    period = read_income(income_facts((start, end))).periods[0]
    assert (period.fiscal_year, period.label) == (year, str(year))
    assert period.days in range(350, 381)


def test_the_filings_own_name_of_its_fiscal_year_decides() -> None:
    own, earlier = ("2022-01-30", "2023-01-28"), ("2021-01-31", "2022-01-29")
    facts = [
        *income_facts(own, earlier),
        F("dei:DocumentFiscalYearFocus", "2022", own, None, None),
        F("dei:DocumentPeriodEndDate", "2023-01-28", own, None, None),
    ]
    found = read_income(facts)
    assert [(each.fiscal_year, str(each.end)) for each in found.periods] == [
        (2022, "2023-01-28"),
        (2021, "2022-01-29"),
    ]


@pytest.mark.parametrize("year", ["2009", "2011", "2019"])
def test_a_fiscal_year_that_the_filing_cannot_mean_is_not_believed(year: str) -> None:
    own = ("2009-09-27", "2010-09-25")
    facts = [
        *income_facts(own),
        F("dei:DocumentFiscalYearFocus", year, own, None, None),
        F("dei:DocumentPeriodEndDate", "2010-09-25", own, None, None),
    ]
    filing = read_xbrl(package(facts, [INCOME]))
    assert statement(filing, "income_statement").periods[0].fiscal_year == 2010
    assert "fiscal_year_contradicted" in codes(filing)


def test_a_transition_period_is_a_column_of_its_own() -> None:
    short = ("2023-01-01", "2023-06-30")
    found = read_income(income_facts(("2023-07-01", "2024-06-30"), short, BEFORE))
    assert [(each.label, each.days) for each in found.periods] == [
        ("2024", 366),
        ("6 months to 2023-06-30", 181),
        ("2022", 365),
    ]


def test_the_period_of_the_filing_is_a_column_even_if_it_is_short() -> None:
    short = ("2023-01-01", "2023-06-30")
    facts = [*income_facts(short, BEFORE), F("dei:DocumentType", "10-KT", short, None, None)]
    assert [each.label for each in read_income(facts).periods] == ["6 months to 2023-06-30", "2022"]


def test_quarters_alone_make_no_annual_statement() -> None:
    found = read_xbrl(package(income_facts(("2023-10-01", "2023-12-31")), [INCOME]))
    assert found.statements == []
    assert "no_annual_period" in codes(found)


def test_a_column_of_a_balance_sheet_states_total_assets() -> None:
    older = [F(f"{US}{name}", 10**6, "2021-12-31") for name in ("Cash", "StockholdersEquity")]
    found = statement(read_xbrl(package(BALANCE_FACTS + older, [BALANCE])), "balance_sheet")
    assert [each.label for each in found.periods] == ["2023", "2022"]
