"""Long CSV: a line for each figure, with its unit, its proof and its filing."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from app.pipeline.compiled import Compiled
from app.pipeline.export.csv_lines import csv_of
from app.pipeline.export.records import COLUMNS, records_of
from app.pipeline.export.spreadsheet_text import as_text
from app.pipeline.export.wording import written


def long_csv(company: str, statements: Sequence[Compiled]) -> str:
    """Return all figures of statements.

    Args:
        company: Its name.
        statements: One or more, cut to the periods that are wanted.
    """
    records = records_of(company, statements)
    return csv_of(COLUMNS, ([_field(getattr(each, name)) for name in COLUMNS] for each in records))


def _field(value: str | Decimal | date | int | None) -> str:
    """Return what a spreadsheet reads as the same value; nothing for what is not known."""
    if value is None:
        return ""
    if isinstance(value, str):
        return as_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return written(value) if isinstance(value, Decimal) else str(value)
