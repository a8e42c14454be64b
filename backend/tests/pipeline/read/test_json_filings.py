"""Tests of companyfacts and xBRL-JSON as they were published (FILINGS)."""

import os
from pathlib import Path

import pytest

from app.pipeline.read.companyfacts import read_companyfacts
from app.pipeline.read.package import Package
from app.pipeline.read.xbrl import read_xbrl
from app.pipeline.read.xbrl_json import read_xbrl_json
from app.pipeline.statement import Filing, Statement
from tests.pipeline.read.xbrl_builder import codes, figures, statement

FILINGS = os.environ.get("FILINGS", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FILINGS, reason="FILINGS names no folder of filings"),
]


def companyfacts(name: str) -> Filing:
    return read_companyfacts(Path(FILINGS, "companyfacts", f"{name}.json").read_bytes())


def of(filing: Filing, accession: str) -> Filing:
    found = [each for each in filing.statements if each.source.accession == accession]
    return Filing(kind=filing.kind, statements=found)


def tagged(found: Statement) -> dict[tuple[object, ...], set[object]]:
    """Return the tagged values by concept and period."""
    values: dict[tuple[object, ...], set[object]] = {}
    for row in found.rows:
        for period in found.periods:
            if period.key in row.cells and not row.axes:
                key = row.concept, period.start, period.end
                values.setdefault(key, set()).add(row.cells[period.key].tagged)
    return values


@pytest.mark.parametrize(
    ("folder", "accession"),
    [
        ("aapl-fy2010", "0001193125-10-238044"),
        ("aapl-fy2022", "0000320193-22-000108"),
        ("aapl-fy2023", "0000320193-23-000106"),
    ],
)
def test_apples_companyfacts_agree_with_its_xbrl(folder: str, accession: str) -> None:
    filed = read_xbrl(Package.from_folder(Path(FILINGS, "xbrl", folder)))
    listed = of(companyfacts("AAPL"), accession)
    for name in ("income_statement", "balance_sheet", "cash_flow_statement"):
        face, facts = statement(filed, name), statement(listed, name)
        assert [(each.start, each.end) for each in facts.periods] == [
            (each.start, each.end) for each in face.periods
        ]
        assert facts.scale == face.scale
        expected, found = tagged(face), tagged(facts)
        shared = expected.keys() & found.keys()
        assert len(shared) >= 0.9 * len(expected)
        assert all(expected[key] == found[key] for key in shared)


def test_apple_has_three_statements_of_each_of_its_seventeen_annual_filings() -> None:
    found = companyfacts("AAPL")
    assert (found.company.name, found.company.identifiers) == ("Apple Inc.", {"cik": "0000320193"})
    assert len(found.statements) == 3 * 17
    newest = statement(found, "income_statement")
    assert newest.source.accession == "0000320193-24-000123"
    assert [(each.label, each.days) for each in newest.periods] == [
        ("2024", 364),
        ("2023", 371),
        ("2022", 364),
    ]
    amended = [each for each in found.statements if each.source.accession == "0001193125-10-012091"]
    assert len(amended) == 3
    assert all("amendment" in codes(each) for each in amended)


def test_asml_is_wrapped_and_in_euro() -> None:
    found = companyfacts("ASML")
    assert len(found.statements) == 3 * 17
    assert {each.currency for each in found.statements} == {"EUR"}
    sales = statement(of(found, "0000937966-25-000009"), "income_statement").rows[0]
    assert figures(sales) == {"p0": "28262900", "p1": "27558500", "p2": "21173400"}


def test_logistic_properties_is_ifrs_and_its_amendment_holds_no_statement() -> None:
    found = companyfacts("LPA")
    assert {each.framework for each in found.statements} == {"ifrs"}
    assert {each.source.accession for each in found.statements} == {
        "0001493152-24-016772",
        "0001997711-25-000030",
    }


def test_kainos_has_all_lines_of_its_statements() -> None:
    found = read_xbrl_json(Path(FILINGS, "xbrl-json", "kainos-fy2022.json").read_bytes())
    assert found.company.name == "Kainos Group plc"
    assert found.company.identifiers == {"lei": "213800H2PQMIF3OVZY47"}
    balance = statement(found, "balance_sheet")
    assert [str(each.end) for each in balance.periods] == ["2022-03-31", "2021-03-31"]
    printed = {row.label: figures(row) for row in balance.rows}
    assert printed["Treasury deposits"] == {"p0": "0", "p1": "18028"}
    assert printed["Current assets"] == {"p0": "158806", "p1": "138664"}
    current = balance.rows[7:12]
    for period in ("p0", "p1"):
        total = sum(row.cells[period].v or 0 for row in current)
        assert str(total) == printed["Current assets"][period]
    cash = statement(found, "cash_flow_statement")
    assert [figures(row) for row in cash.rows[-2:]] == [
        {"p0": "62896", "p1": "40785"},
        {"p0": "76609", "p1": "62896"},
    ]
    assert (len(statement(found, "income_statement").rows), len(balance.rows), len(cash.rows)) == (
        13,
        33,
        32,
    )
