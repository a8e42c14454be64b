"""A statement's figures as a person reads them: columns of years, totals ruled, marks."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from rich.cells import cell_len

from app.cli.colours import Paint
from app.cli.text import pad, pad_left, plain, shorten, wrap
from app.pipeline.show.figures import DEEPEST
from app.pipeline.show.marks import CHECKABLE, UNPROVED, UNREADABLE
from app.pipeline.statement import Cell, Period, Row, Statement
from app.pipeline.wording import is_nil, scale_name

GAP: Final = 2  # columns between two periods
MIN_LABEL: Final = 26
MAX_LABEL: Final = 60


def figure_of(cell: Cell, row: Row) -> str:
    """Return a figure with its sign as printed, and a mark that says whether it is proved."""
    if cell.v is None:
        return f"{UNREADABLE}  "
    mark = UNPROVED if row.kind in CHECKABLE and not cell.by else " "
    if is_nil(cell.v, cell.printed):
        return f"— {mark}"
    number = f"{cell.v.copy_abs():,f}"
    return f"({number}){mark}" if cell.v < Decimal(0) else f"{number} {mark}"


def label_of(row: Row, statement: Statement) -> str:
    """Return the label of a row, indented, with its unit where that is not the statement's."""
    label = plain(row.label) or "(no label)"
    if row.unit is not None or row.scale is not None:
        scale = statement.scale if row.scale is None else row.scale
        scaled = scale_name(scale or 0)
        unit = plain(row.unit or "units")
        label += f" [{scaled} {unit}]" if scaled else f" [{unit}]"
    return "  " * min(row.level, DEEPEST) + label


def draw_figures(statement: Statement, width: int | None, paint: Paint) -> Iterator[str]:
    """Yield the lines of a statement; below each other, if not all columns fit.

    Args:
        statement: With its proof.
        width: Columns of the terminal, or None in a pipe.
        paint: Colours a text.
    """
    columns = [_Column(statement, period) for period in statement.periods]
    labels = [label_of(row, statement) for row in statement.rows]
    labelled = list(zip(statement.rows, labels, strict=True))
    widest = max((each.width + GAP for each in columns), default=1)
    together = len(columns)
    if width is not None:
        together = max(1, min(together, (width - MIN_LABEL) // widest))
    for first in range(0, len(columns), max(1, together)):
        if first:
            yield ""
        shown = columns[first : first + together]
        space = MAX_LABEL if width is None else width - sum(each.width + GAP for each in shown)
        longest = max((cell_len(label) for label in labels), default=1)
        yield from _draw_block(labelled, shown, max(10, min(longest, space)), paint)


class _Column:
    """The figures of a period, and its heading."""

    def __init__(self, statement: Statement, period: Period) -> None:
        self.cells = {
            row.n: figure_of(row.cells[period.key], row)
            for row in statement.rows
            if period.key in row.cells
        }
        self.heading = [
            shorten(plain(period.label), 20),
            period.end.isoformat() if period.end else "",
        ]
        self.width = max(
            cell_len(each) for each in [*self.cells.values(), "  ", *map(_padded, self.heading)]
        )


def _padded(heading: str) -> str:
    """Return a heading that ends above the last digit of its figures."""
    return f"{heading}  "


def _draw_block(
    rows: Sequence[tuple[Row, str]], columns: Sequence[_Column], space: int, paint: Paint
) -> Iterator[str]:
    """Yield the lines of the rows with the figures of some columns."""
    gap = " " * GAP
    for part in range(2):
        headings = (pad_left(_padded(each.heading[part]), each.width) for each in columns)
        yield paint((" " * space + gap + gap.join(headings)).rstrip(), "dim")
    was_figures = False
    for row, label in rows:
        figures = [each.cells.get(row.n, "") for each in columns]
        if row.kind == "total" and was_figures:
            rules = (
                "─" * (each.width - 2) + "  " if row.n in each.cells else " " * each.width
                for each in columns
            )
            yield (" " * space + gap + gap.join(rules)).rstrip()
        indent = " " * (len(label) - len(label.lstrip(" ")))
        *above, last = [indent + each for each in wrap(label, max(4, space - len(indent)))]
        drawn = (
            pad_left(figure, each.width) for figure, each in zip(figures, columns, strict=True)
        )
        for line in [*above, (pad(last, space) + gap + gap.join(drawn)).rstrip()]:
            yield paint(line, "bold") if row.kind in {"total", "heading"} else line
        was_figures = any(figures)
