"""Alignment of real reports, of the folder that the variable FILINGS names."""

import os
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from app.pipeline.compile.lines import Line, Numbered
from app.pipeline.compile.merge import merge
from app.pipeline.read.companyfacts import read_companyfacts
from app.pipeline.read.pdf import read_pdf
from app.pipeline.statement import Row, Statement, StatementName
from app.pipeline.verify.lookup import worth

GOAL = Decimal("0.97")
NAMES: tuple[StatementName, ...] = ("income_statement", "balance_sheet", "cash_flow_statement")


def read(pattern: str) -> list[Statement]:
    """Return the statements of files, newest period first."""
    found: list[Statement] = []
    for path in sorted(Path(os.environ["FILINGS"]).glob(pattern)):
        reader = read_pdf if path.suffix == ".pdf" else read_companyfacts
        found += reader(path.read_bytes()).statements
    return sorted(found, key=lambda each: max(str(p.end) for p in each.periods), reverse=True)


def numbered(statements: Sequence[Statement]) -> list[Numbered]:
    return [
        Numbered(number, each, {p.key: str(p.end) for p in each.periods if p.end})
        for number, each in enumerate(statements)
    ]


def stated(of: Numbered, row: Row) -> dict[str, Decimal]:
    """Return the figures of a row other than zero, without their signs, by day."""
    found = {of.columns[key]: worth(of.statement, row, key) for key in row.cells}
    return {day: abs(value) for day, value in found.items() if value}


def overlapping(lines: Sequence[Line], newer: Numbered, older: Numbered) -> Iterator[bool]:
    """Yield, for each row that the older report states with the same figures, if it is joined."""
    others = [stated(older, row) for row in older.statement.rows]
    for line in lines:
        row = line.rows.get(newer.number)
        own = stated(newer, row) if row else {}
        if any(own.get(day) == value for other in others for day, value in other.items()):
            yield older.number in line.rows


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("FILINGS"), reason="FILINGS names no folder of filings")
@pytest.mark.parametrize(
    "pattern",
    [
        "pdf/apple-*.pdf",
        "pdf/netflix-*.pdf",
        "pdf/costco-*.pdf",
        "companyfacts/AAPL.json",
        "companyfacts/ASML.json",
    ],
)
def test_rows_that_two_reports_state_are_joined_and_none_is_lost(pattern: str) -> None:
    known = read(pattern)
    for currency in {each.currency for each in known}:
        for name in NAMES:
            reports = numbered(
                [each for each in known if each.statement == name and each.currency == currency]
            )
            lines = merge(reports)
            placed = sorted((number, row.n) for each in lines for number, row in each.rows.items())
            assert placed == [
                (each.number, row.n) for each in reports for row in each.statement.rows
            ]
            joined = [
                each
                for newer, older in pairwise(reports)
                for each in overlapping(lines, newer, older)
            ]
            assert sum(joined) >= GOAL * len(joined), (pattern, name)
