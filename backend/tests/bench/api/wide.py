"""A statement of 30 years and 150 lines, put into a database as if it had been compiled."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy import URL, create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.db.models import Company, CompiledStatement
from app.pipeline.compiled import (
    Compiled,
    CompiledCell,
    CompiledPeriod,
    CompiledRow,
    Input,
    LabelUse,
    Stated,
    YearChecks,
    digest_of,
)
from app.pipeline.statement import Equation

YEARS: Final = 30
ROWS: Final = 150
NEWEST: Final = 2025
_BLOCK: Final = 10
"""Rows of a heading, eight lines and their total."""
_NOUNS: Final = ("Trade", "Lease", "Pension", "Deferred", "Current", "Other", "Associated", "Held")


def wide_statement() -> Compiled:
    """Return blocks of lines with their totals; each figure is stated by three filings."""
    keys = [str(NEWEST - number) for number in range(YEARS)]
    rows = [_row(number, keys) for number in range(ROWS)]
    return Compiled(
        statement="balance_sheet",
        framework="ifrs",
        currency="EUR",
        scope="consolidated",
        scale=6,
        title="Consolidated balance sheet",
        inputs=[_input(number) for number in range(YEARS)],
        periods=[_period(number) for number in range(YEARS)],
        rows=rows,
        equations=[_equation(total, keys) for total in range(_BLOCK - 1, ROWS, _BLOCK)],
        checks={
            key: YearChecks(
                cells=ROWS - ROWS // _BLOCK,
                checkable=ROWS - ROWS // _BLOCK,
                verified=ROWS - ROWS // _BLOCK,
            )
            for key in keys
        },
    )


def _input(number: int) -> Input:
    year = NEWEST - number
    return Input(
        sha256=f"{number:064x}",
        file=f"annual-report-{year}.pdf",
        kind="pdf",
        reader="pdf-geometry/2",
        period_end=date(year, 12, 31),
        fiscal_year=year,
        status="verified",
        title="Consolidated balance sheet",
        pages=[80],
    )


def _period(number: int) -> CompiledPeriod:
    year = NEWEST - number
    return CompiledPeriod(
        key=str(year),
        label=f"FY{year}",
        fiscal_year=year,
        end=date(year, 12, 31),
        input=number,
    )


def _row(number: int, keys: list[str]) -> CompiledRow:
    block, place = divmod(number, _BLOCK)
    if place == 0:
        return CompiledRow(id=f"block-{block}", label=f"Assets of group {block}", kind="heading")
    is_total = place == _BLOCK - 1
    label = f"Total of group {block}" if is_total else f"{_NOUNS[place - 1]} receivables {block}"
    return CompiledRow(
        id=f"line-{number}",
        label=label,
        section=[f"Assets of group {block}"],
        level=0 if is_total else 1,
        kind="total" if is_total else "line",
        labels=[LabelUse(label=label, inputs=list(range(YEARS)))],
        cells={key: _cell(number, label, year, is_total=is_total) for year, key in enumerate(keys)},
    )


def _value(number: int, year: int) -> Decimal:
    """Return the figure of a line, now and then a negative one."""
    value = (number * 7919 + year * 104729) % 90_000 + 10
    return Decimal(-value if value % 11 == 0 else value)


def _total(number: int, year: int) -> Decimal:
    return sum((_value(row, year) for row in range(number - _BLOCK + 2, number)), Decimal(0))


def _cell(number: int, label: str, year: int, *, is_total: bool) -> CompiledCell:
    value = _total(number, year) if is_total else _value(number, year)
    is_restated = (number + year) % 5 == 0
    earlier = [filing for filing in (year, year - 1) if 0 < filing < YEARS]
    history = [
        Stated(
            input=filing,
            row=number,
            period="p0",
            page=80,
            at=(80, 389.2, 634.5, 420.1, 643.0),
            printed=f"{value:,}",
            v=value - 1 if is_restated and filing == year else value,
            label=label,
            change="restated" if is_restated and filing == year else "none",
        )
        for filing in earlier
    ]
    return CompiledCell(
        input=max(0, year - 2),
        row=number,
        period="p2",
        page=81,
        at=(81, 389.2, 634.5, 420.1, 643.0),
        printed=f"{value:,}",
        v=value,
        verified=True,
        by=[f"e{number // _BLOCK}"],
        change="restated" if is_restated and year else "none",
        history=history,
    )


def _equation(total: int, keys: list[str]) -> Equation:
    return Equation(
        id=f"e{total // _BLOCK}",
        kind="sum",
        total=total,
        terms=[(1, row) for row in range(total - _BLOCK + 2, total)],
        diff=dict.fromkeys(keys, Decimal(0)),
        tolerance=Decimal(1),
    )


@contextmanager
def wide_company(url: URL) -> Iterator[int]:
    """Keep a company with the statement in a database during a block; give its id."""
    engine = create_engine(url, poolclass=NullPool)
    data = wide_statement().as_json()
    with Session(engine) as session, session.begin():
        company = Company(name="Thirty Years of Lines plc")
        session.add(company)
        session.flush()
        company_id = company.id
        session.add(
            CompiledStatement(
                company_id=company_id,
                statement_type="balance_sheet",
                data=data,
                digest=digest_of(data),
            )
        )
    try:
        yield company_id
    finally:
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM companies WHERE id = :id"), {"id": company_id})


def make_anew(url: URL, company_id: int) -> None:
    """Give the statement another digest, so that no page of it is kept."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.execute(
            text("""
                UPDATE compiled_statements
                   SET digest = encode(sha256(convert_to(digest, 'UTF8')), 'hex')
                 WHERE company_id = :id
            """),
            {"id": company_id},
        )
