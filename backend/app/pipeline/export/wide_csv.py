"""Wide CSV: a line for each row of the statements, a column for each period, the newest first."""

from collections.abc import Sequence
from typing import Final

from app.pipeline.compiled import Compiled, CompiledCell, CompiledPeriod, CompiledRow
from app.pipeline.export.csv_lines import csv_of
from app.pipeline.export.spreadsheet_text import as_text
from app.pipeline.export.wording import scale_of, unit_of, written

COLUMNS: Final = (
    *("company", "statement", "row", "label", "section", "kind", "unit", "scale", "concept"),
)
UNREADABLE: Final = "?"
"""Where a figure stands that cannot be read; where none is stated, the field is empty."""
SEPARATOR: Final = " > "  # between headings


def wide_csv(company: str, statements: Sequence[Compiled]) -> str:
    """Return statements below each other, with exact figures in the scale of each row.

    Args:
        company: Its name.
        statements: One or more, cut to the periods that are wanted.
    """
    periods = _periods(statements)
    header = [*COLUMNS, *(as_text(each) for each in periods)]
    name = as_text(company)
    lines = (
        [name, compiled.statement, *_line(row, compiled, periods)]
        for compiled in statements
        for row in compiled.rows
    )
    return csv_of(header, lines)


def _periods(statements: Sequence[Compiled]) -> list[str]:
    """Return the keys of all periods, the newest first."""
    by_key: dict[str, CompiledPeriod] = {}
    for compiled in statements:
        for period in compiled.periods:
            by_key.setdefault(period.key, period)
    return sorted(by_key, key=lambda key: (by_key[key].end, key), reverse=True)


def _line(row: CompiledRow, compiled: Compiled, periods: Sequence[str]) -> list[str]:
    scale = scale_of(row, compiled)
    is_heading = row.kind == "heading"
    return [
        as_text(row.id),
        as_text(row.label),
        as_text(SEPARATOR.join(row.section)),
        row.kind,
        "" if is_heading else as_text(unit_of(row, compiled)),
        "" if is_heading or scale is None else str(scale),
        as_text(row.concepts[0] if row.concepts else None),
        *(_figure(row.cells.get(key)) for key in periods),
    ]


def _figure(cell: CompiledCell | None) -> str:
    if cell is None:
        return ""
    return UNREADABLE if cell.v is None else written(cell.v)
