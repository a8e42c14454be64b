"""The lines of a filing around a figure, as the filing states them, of what is kept of it."""

from dataclasses import dataclass
from typing import Final

from app.pipeline.statement import Cell, Period, Row, RowKind, Statement
from app.pipeline.wording import is_nil
from app.services.values import write_value

AROUND: Final = 4
"""Lines before a figure's line, and behind it."""
NIL: Final = "\N{EM DASH}"


@dataclass(frozen=True, slots=True)
class LineCell:
    """A figure of a filing.

    Attributes:
        printed: The characters of the page, or the figure where none are known.
        is_asked: Whether it is the figure that was asked for.
    """

    printed: str
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class FilingLine:
    """A line of a filing.

    Attributes:
        cells: By column; None where nothing stands.
    """

    label: str
    level: int
    kind: RowKind
    note: str | None
    is_asked: bool
    cells: tuple[LineCell | None, ...]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a statement of a filing.

    Attributes:
        title: As printed.
        columns: Headings.
        are_printed: Whether the characters of the page are known; else the figures are of facts.
        before: Lines of the statement above the first one; below the last one: `after`.
    """

    title: str | None
    columns: tuple[str, ...]
    lines: tuple[FilingLine, ...]
    has_notes: bool
    are_printed: bool
    before: int
    after: int


def excerpt_of(statement: Statement, row: int, period: str) -> Excerpt | None:
    """Return the lines around a figure; None if the reading has not its line.

    Args:
        statement: The reading of the filing.
        row: Of the figure, by its number in the reading.
        period: Key of its period there.
    """
    position = next((n for n, each in enumerate(statement.rows) if each.n == row), None)
    if position is None:
        return None
    first = max(0, position - AROUND)
    last = min(len(statement.rows), position + AROUND + 1)
    chosen = statement.rows[first:last]
    periods = statement.periods
    lines = tuple(_line(each, periods, row, period) for each in chosen)
    return Excerpt(
        title=statement.title,
        columns=tuple(each.printed or each.label for each in periods),
        lines=lines,
        has_notes=any(each.note for each in chosen),
        are_printed=any(
            cell.printed is not None for each in chosen for cell in each.cells.values()
        ),
        before=first,
        after=len(statement.rows) - last,
    )


def _line(row: Row, periods: list[Period], asked_row: int, asked_period: str) -> FilingLine:
    is_asked = row.n == asked_row
    cells = tuple(
        _cell(row.cells[each.key], is_asked=is_asked and each.key == asked_period)
        if each.key in row.cells
        else None
        for each in periods
    )
    return FilingLine(row.label, row.level, row.kind, row.note, is_asked, cells)


def _cell(cell: Cell, *, is_asked: bool) -> LineCell:
    if cell.printed is not None:
        return LineCell(cell.printed, is_asked)
    return LineCell(NIL if is_nil(cell.v, cell.printed) else write_value(cell.v), is_asked)
