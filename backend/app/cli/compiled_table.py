"""A compiled statement as a person reads it: years side by side, the newest first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rich.cells import cell_len

from app.cli.colours import Paint
from app.cli.compiled_figures import Column, Measures, indent_of
from app.cli.text import pad, pad_left, shorten, wrap
from app.pipeline.compile.view import View
from app.pipeline.compile.years import of_periods
from app.pipeline.compiled import Compiled, CompiledPeriod, CompiledRow
from app.pipeline.decimals import shown_decimals
from app.pipeline.show.figures import label_of
from app.pipeline.show.headings import has_one_day, totals_of
from app.pipeline.show.marks import Marking

NARROWEST: Final = 24  # columns of the labels, before a year is left out
SHARE: Final = 4  # of the terminal, one part is for the labels in any case
WIDEST: Final = 60
READABLE: Final = 100  # columns of prose in a pipe
MOST_LINES: Final = 4  # of a label
HANGING: Final = 2  # columns by which the further lines of a label are indented


@dataclass(frozen=True, slots=True)
class Grid:
    """The columns that fit, and their measures.

    Attributes:
        shown: The statement, with the periods and rows that are drawn.
        columns: Newest first.
        dated: Whether the day on which each year ends is a second line of the heading.
        label: Columns of the labels.
        measures: Of each column, with as many columns behind each number.
        longest: Columns of the longest label in one line.
        room: Columns of the terminal.
    """

    shown: Compiled
    columns: Sequence[Column]
    dated: bool
    label: int
    measures: Sequence[Measures]
    longest: int
    room: int | None

    @property
    def periods(self) -> list[CompiledPeriod]:
        """Return the periods that are shown."""
        return [each.period for each in self.columns]

    @property
    def gap(self) -> str:
        """Return what stands before each column."""
        return " " * _gap(self.measures)

    @property
    def width(self) -> int:
        """Return the columns of the terminal that it takes."""
        return self.label + _taken(self.measures)

    def line(self, texts: Iterable[str]) -> str:
        """Return texts in their columns, behind an empty label."""
        return (" " * self.label + "".join(self.gap + each for each in texts)).rstrip()


def _gap(measures: Sequence[Measures]) -> int:
    """Return the columns between two periods."""
    after = max((each.after for each in measures), default=0)
    return 2 if after <= 1 else 1


def _alike(measures: Sequence[Measures]) -> list[Measures]:
    """Return measures with as many columns behind each number."""
    after = max((each.after for each in measures), default=0)
    return [replace(each, after=after) for each in measures]


def _taken(measures: Sequence[Measures]) -> int:
    return sum(_gap(measures) + each.all for each in measures)


def lay_out(compiled: Compiled, width: int | None, view: View = "latest") -> Grid:
    """Return the grid of the newest periods that fit, with the rows that have figures in them.

    Args:
        compiled: The years that are asked for.
        width: Columns of the terminal, or None where all periods are shown, as in a pipe.
        view: Which filings give the figures.
    """
    grid = _grid(compiled, compiled.periods, width, view)
    if width is None:
        return grid
    label = min(grid.longest, max(NARROWEST, min(WIDEST, width // SHARE)))
    measures = [each.measure(dated=grid.dated) for each in grid.columns]
    number = len(measures)
    while number > 1 and label + _taken(_alike(measures[:number])) > width:
        number -= 1
    return (
        grid if number == len(measures) else _grid(compiled, compiled.periods[:number], width, view)
    )


def _grid(
    compiled: Compiled, periods: Sequence[CompiledPeriod], width: int | None, view: View
) -> Grid:
    """Return the grid of some periods, whether they fit or not."""
    shown = of_periods(compiled, periods, replaced=False)
    decimals = shown_decimals(shown)
    marking = Marking.of_statement(compiled, view)
    columns = [Column(shown, period, decimals, marking) for period in periods]
    dated = not has_one_day(periods)
    measures = _alike([each.measure(dated=dated) for each in columns])
    longest = max((_length(row, shown.scale) for row in shown.rows), default=1)
    label = min(longest, WIDEST)
    if width is not None:
        label = max(1, min(label, width - _taken(measures)))
    return Grid(shown, columns, dated, label, measures, longest, width)


def _length(row: CompiledRow, scale: int | None) -> int:
    is_heading = row.kind == "heading"  # it has the width of the table
    return 1 if is_heading else indent_of(row) + cell_len(label_of(row, scale))


def draw_grid(grid: Grid, paint: Paint) -> Iterator[str]:
    """Yield the lines of the table."""
    for part in range(1 + grid.dated):
        headings = (
            pad_left(column.heading[part], each.number) + " " * each.after
            for column, each in zip(grid.columns, grid.measures, strict=True)
        )
        yield paint(grid.line(headings), "dim" if part else "bold")
    totals = totals_of(grid.shown)
    is_below_figures = False
    for number, row in enumerate(grid.shown.rows):
        if row.kind == "heading":
            yield from (paint(line, "bold") for line in _heading(number, grid))
            is_below_figures = False
            continue
        if number in totals and is_below_figures:
            yield paint(_rule(number, grid), "dim")
        *above, last = _label_lines(row, grid.shown.scale, grid.label)
        figures = (
            grid.gap + each.align(column.drawn.get(number))
            for column, each in zip(grid.columns, grid.measures, strict=True)
        )
        for line in [*above, (pad(last, grid.label) + "".join(figures)).rstrip()]:
            yield paint(line, "bold") if number in totals else line
        is_below_figures = any(number in each.drawn for each in grid.columns)


def _rule(number: int, grid: Grid) -> str:
    """Return the line above a total, over the years that state it."""
    return grid.line(
        ("─" if number in column.drawn else " ") * each.number + " " * each.after
        for column, each in zip(grid.columns, grid.measures, strict=True)
    )


def _heading(number: int, grid: Grid) -> list[str]:
    """Return the lines of a heading, which has all the room.

    One that is centred on its page is not deeper than the row below it.
    """
    row, below = grid.shown.rows[number], grid.shown.rows[number + 1 : number + 2]
    indent = " " * min(indent_of(each) for each in [row, *below])
    lines = wrap(label_of(row, row.scale), max(4, (grid.room or READABLE) - len(indent)))
    return [indent + line for line in lines]


def _label_lines(row: CompiledRow, scale: int | None, width: int) -> list[str]:
    """Return the lines of a label, of which the last stands beside the figures."""
    label = label_of(row, scale)
    indent = " " * min(indent_of(row), max(0, width - NARROWEST // 2))
    if cell_len(indent + label) <= width:
        return [indent + label]
    space = max(4, width - len(indent))
    first, *_ = wrap(label, space)
    rest = label[len(first) :].strip()
    further = wrap(rest, max(4, space - HANGING))
    if len(further) >= MOST_LINES:
        kept = further[: MOST_LINES - 1]
        further = [*kept[:-1], shorten(f"{kept[-1]}…", max(4, space - HANGING))]
    hanging = indent + " " * HANGING
    return [indent + first, *(hanging + line for line in further)]
