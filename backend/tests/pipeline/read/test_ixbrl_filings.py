"""Tests of Inline XBRL as it was filed (FILINGS): every statement, and every figure its fact."""

import os
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from app.pipeline.read.ixbrl import read_ixbrl
from app.pipeline.read.package import Package, read_package
from app.pipeline.statement import Filing, Statement, StatementName
from app.pipeline.verify import verify

FILINGS = os.environ.get("FILINGS", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FILINGS, reason="FILINGS names no folder of filings"),
]
ALL: set[StatementName] = {"income_statement", "balance_sheet", "cash_flow_statement"}


def read(name: str) -> Filing:
    return read_ixbrl(Path(FILINGS, "ixbrl", name).read_bytes())


def statement(filing: Filing, name: StatementName) -> Statement:
    return next(each for each in filing.statements if each.statement == name)


def figures(found: Statement, label: str) -> list[str]:
    row = next(each for each in found.rows if each.label == label)
    return [str(cell.v) for cell in row.cells.values()]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("aapl-fy2020.htm", (24, 35, 42)),
        ("aapl-fy2024.htm", (24, 35, 35)),
        ("aapl-fy2025.htm", (24, 35, 35)),
        ("nflx-fy2024.htm", (18, 31, 39)),
    ],
)
def test_each_statement_of_a_10_k_is_whole_and_proved(name: str, rows: tuple[int, ...]) -> None:
    filing = read(name)

    assert tuple(len(each.rows) for each in filing.statements) == rows
    assert not any(each.issues or each.skipped for each in filing.statements)
    for each in verify(filing.statements):
        assert each.checks is not None
        assert each.checks.status == "verified"
        for row, _, cell in each.cells():
            assert cell.tagged is not None
            assert cell.v is not None
            scale = each.scale if row.scale is None else row.scale
            assert abs(cell.v).scaleb(scale or 0) == abs(cell.tagged)


def test_figures_of_apple_have_their_printed_sign_scale_and_period() -> None:
    filing = read("aapl-fy2024.htm")
    income = statement(filing, "income_statement")
    cash = statement(filing, "cash_flow_statement")

    assert (income.currency, income.scale, income.framework) == ("USD", 6, "us-gaap")
    assert [each.fiscal_year for each in income.periods] == [2024, 2023, 2022]
    assert figures(income, "Total net sales") == ["391035", "383285", "394328"]
    assert figures(cash, "Purchases of marketable securities") == ["-48656", "-29513", "-76923"]
    payments = next(each for each in cash.rows if each.label.startswith("Purchases of marketable"))
    assert payments.cells["p0"].tagged == Decimal(48_656_000_000)
    assert filing.company.identifiers == {"cik": "0000320193", "ticker": "AAPL"}


def test_accounts_of_a_micro_entity_have_their_balance_sheet() -> None:
    filing = read("ukch-04457427_20201231.html")
    (balance,) = filing.statements

    assert (balance.framework, balance.currency, balance.scale) == ("frs-105", "GBP", 0)
    assert balance.title == "Balance Sheet as at 31 December 2020"
    assert figures(balance, "Current assets") == ["1101", "1101"]
    assert Counter(each.code for each in filing.issues) == {"statement_not_found": 2}


def test_the_groups_statements_are_read_though_only_the_companys_are_tagged() -> None:
    filing = read("ukch-12040362_20201231.html")

    assert {each.statement for each in filing.statements} == ALL
    assert {each.scope for each in filing.statements} == {"consolidated"}
    income = statement(filing, "income_statement")
    assert [each.label for each in income.periods] == ["2020", "2019 (7 months)"]
    assert figures(income, "REVENUE") == ["13511844", "8273387"]
    assert figures(statement(filing, "balance_sheet"), "NET LIABILITIES") == [
        "-3306666",
        "-1110416",
    ]
    for each in verify(filing.statements):
        assert each.checks is not None
        assert each.checks.status == "verified"


def test_a_folder_of_filings_in_xbrl_is_read_as_a_package() -> None:
    filing = read_package(Package.from_folder(Path(FILINGS, "xbrl", "aapl-fy2023")))

    assert filing.kind == "xbrl"
    assert {each.statement for each in filing.statements} == ALL
