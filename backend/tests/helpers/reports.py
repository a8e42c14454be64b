"""Annual reports of a made-up company, typed as text, for tests of compiling."""

import hashlib
from datetime import date
from typing import Any

from app.pipeline.compile.readings import Reading
from app.pipeline.compiled import Compiled, CompiledCell, CompiledRow
from app.pipeline.statement import Period, Source, SourceKind, Statement, StatementName
from app.pipeline.verify import verify
from tests.helpers.tables import typed_statement

NEWER = """
Revenue | 5,310 | 4,820
Cost of sales | -3,120 | -2,930
= Gross profit | 2,190 | 1,890
Selling expenses | -610 | -580
= Operating profit | 1,580 | 1,310
"""
"""An income statement of two years."""
OLDER = """
Revenue | 4,820 | 4,410
Cost of sales | -2,930 | -2,700
= Gross profit | 1,890 | 1,710
Selling expenses | -580 | -540
= Operating profit | 1,310 | 1,170
"""
"""That of the report before, which shares a year with it."""


def period(key: str, start: date | None, end: date | None, year: int | None = None) -> Period:
    """Return a period; its fiscal year is that of its end, if none is given."""
    named = year if year is not None or end is None else end.year
    return Period(key=key, fiscal_year=named, label=str(named), start=start, end=end)


def statement(
    year: int, text: str, name: StatementName = "income_statement", **changes: Any
) -> Statement:
    """Return the verified statement of a report on a calendar year and the years before."""
    kind: SourceKind = changes.pop("kind", "pdf")
    accession = changes.pop("accession", None)
    status = changes.pop("status", None)
    columns = len(typed_statement(name, text).periods)
    instant = name == "balance_sheet"
    values = {
        "periods": [
            period(f"p{i}", None if instant else date(year - i, 1, 1), date(year - i, 12, 31))
            for i in range(columns)
        ],
        "source": Source(kind=kind, reader="test/1", pages=[3], accession=accession),
        **changes,
    }
    (verified,) = verify([typed_statement(name, text, **values)])
    if status is not None:
        assert verified.checks
        verified.checks.status = status
    return verified


def reading(
    year: int, text: str, name: StatementName = "income_statement", **changes: Any
) -> Reading:
    """Return what was read in a report; its digest is that of its year, kind and form."""
    own = {
        each: changes.pop(each)
        for each in ("form", "filed", "supersedes", "accepted")
        if each in changes
    }
    read = statement(year, text, name, **changes)
    return as_reading(read, f"{year} {read.source.kind} {own.get('form')}", **own)


def as_reading(read: Statement, file: str, **own: Any) -> Reading:
    """Return a reading of a file that has the name as its content."""
    return Reading(read, hashlib.sha256(file.encode()).hexdigest(), file, **own)


def row(compiled: Compiled | None, label: str, *, section: str | None = None) -> CompiledRow:
    """Return the only row with a label, and a heading above."""
    assert compiled is not None
    found = [
        each
        for each in compiled.rows
        if each.label == label and (section is None or section in each.section)
    ]
    assert len(found) == 1, [each.label for each in compiled.rows]
    return found[0]


def cell(compiled: Compiled | None, label: str, key: str) -> CompiledCell:
    """Return the cell of the only row with a label."""
    return row(compiled, label).cells[key]


def figures(compiled: Compiled | None, label: str) -> dict[str, str]:
    """Return the figures of the only row with a label, by period."""
    return {
        key: "?" if each.v is None else f"{each.v:f}"
        for key, each in row(compiled, label).cells.items()
    }


def codes(compiled: Compiled | None) -> list[str]:
    """Return the codes of the issues."""
    assert compiled is not None
    return [each.code for each in compiled.issues]
