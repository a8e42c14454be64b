"""Draws a statement as a table: header, labels, note numbers, figures, rules under them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from tests.filings.layout import Layout, print_figure
from tests.filings.sheet import BOTTOM, LEFT, RIGHT, Sheet
from tests.filings.truth import Box, TrueRow, TrueStatement
from tests.filings.words import (
    CHANGE,
    CONTINUED,
    NOTE,
    RESTATED,
    column_lines,
    column_unit,
    period_phrase,
    spanner,
    symbol,
    unit_caption,
)

_HANGING = 4.5
_SIZE = 8.5
_RATE = Decimal("1.0837")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of any table: a label and its figures, one a column."""

    label: str
    figures: tuple[str | None, ...] = ()
    indent: float = 0.0
    note: str | None = None
    bold: bool = False
    rule: bool = False
    sign: str | None = None
    inset: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures: its right edge, and the lines over it."""

    right: float
    lines: tuple[str, ...]
    width: float


@dataclass(frozen=True, slots=True)
class Grid:
    """Where labels and figures of a table stand, and how large.

    Attributes:
        note: Centre of the column of notes, if there is one.
        label_width: In points, from the left edge.
        inset: How far left of a column's edge the parts of totals end, in points.
    """

    left: float
    columns: tuple[Column, ...]
    note: float | None
    label_width: float
    size: float = _SIZE
    leading: float = 12.5
    inset: float = 0.0

    @property
    def right(self) -> float:
        """The right edge of the last column."""
        return self.columns[-1].right


def make_grid(
    heads: Sequence[tuple[str, ...]], *, notes: bool = False, width: float = 68.0
) -> Grid:
    """Return a grid whose columns end at the right margin."""
    columns = tuple(
        Column(RIGHT - (len(heads) - 1 - at) * width, lines, width)
        for at, lines in enumerate(heads)
    )
    first = columns[0].right - width
    note = first - 8 if notes else None
    return Grid(LEFT, columns, note, first - LEFT - (28 if notes else 4))


def draw_header(sheet: Sheet, grid: Grid, y: float, note: str | None) -> float:
    """Draw the lines over the columns, bottom-aligned; return the baseline under them."""
    depth = max(len(column.lines) for column in grid.columns)
    for column in grid.columns:
        first = depth - len(column.lines)
        for at, text in enumerate(column.lines, first):
            baseline = y - at * grid.leading
            sheet.text(column.right, baseline, text, grid.size, bold=True, align="right")
    last = y - (depth - 1) * grid.leading
    if note and grid.note is not None:
        sheet.text(grid.note, last, note, grid.size, bold=True, align="centre")
    sheet.rule(grid.left, grid.right, last - 3)
    return last - grid.leading - 2


def label_lines(sheet: Sheet, grid: Grid, line: Line, width: float | None) -> list[str]:
    """Return a label in the lines that it takes."""
    room = min(width or grid.label_width, grid.label_width) - line.indent
    return sheet.wrap(line.label, room, grid.size, bold=line.bold)


def draw_lines(
    sheet: Sheet, grid: Grid, lines: Sequence[Line], y: float
) -> tuple[dict[tuple[int, int], Box], float]:
    """Draw the lines of a table; return the figures' boxes by line and column, and the baseline."""
    boxes: dict[tuple[int, int], Box] = {}
    layout = sheet.layout
    for number, line in enumerate(lines):
        parts = label_lines(sheet, grid, line, layout.label_width)
        with_figures = 0 if layout.number_line == "first" else len(parts) - 1
        for at, part in enumerate(parts):
            hanging = _HANGING if at else 0
            if part:
                x = grid.left + line.indent + hanging
                _, end = sheet.text(x, y, part, grid.size, bold=line.bold)
                if layout.marks and number % 7 == 3 and at == len(parts) - 1:
                    sheet.text(end - sheet.shift, y + 3, "1", 5)
                if layout.leaders and at == with_figures and line.figures:
                    _draw_leaders(sheet, grid, end - sheet.shift, y)
            if at == with_figures:
                for index, box in _draw_figures(sheet, grid, line, y).items():
                    boxes[number, index] = box
            y -= grid.leading
    return boxes, y


def _draw_leaders(sheet: Sheet, grid: Grid, x: float, y: float) -> None:
    """Draw dots from the end of a label to the first column."""
    room = grid.left + grid.label_width - x - 6
    dots = int(room / sheet.width(".", grid.size))
    if dots > 0:
        sheet.text(x + 3, y, "." * dots, grid.size)


def _draw_figures(sheet: Sheet, grid: Grid, line: Line, y: float) -> dict[int, Box]:
    boxes = {}
    if line.note and grid.note is not None:
        sheet.text(grid.note, y, line.note, grid.size, align="centre")
    for index, (column, figure) in enumerate(zip(grid.columns, line.figures, strict=False)):
        if figure is None:
            continue
        right = column.right - (grid.inset if line.inset else 0)
        if line.rule:
            left = column.right - column.width + grid.inset + 10
            sheet.rule(left, column.right, y + grid.size)
        if line.sign:
            sheet.text(
                right - column.width + grid.inset + 12, y, line.sign, grid.size, bold=line.bold
            )
        boxes[index] = sheet.figure(right, y, figure, grid.size, bold=line.bold)
        if sheet.layout.marks and line.rule and index == 1:
            sheet.text(boxes[index][3] - sheet.shift, y + 3, "2", 5)
    return boxes


def _figures(row: TrueRow, layout: Layout, newest: int) -> tuple[str | None, ...]:
    """Return the printed figures of a row, with those of a convenience and a change column."""
    places = 2 if row.kind == "per_share" else 0
    figures = [
        None if value is None else print_figure(value, layout, places) or None
        for value in row.values
    ]
    if not row.values:
        return ()
    older = newest - 1 if layout.ascending else newest + 1
    latest, before = row.values[newest], row.values[older]
    money = row.kind not in {"per_share", "shares"}
    if layout.convenience:
        places = 2 if row.kind == "per_share" else 0
        rate = Decimal(1) if row.kind == "shares" else _RATE
        exact = (latest or Decimal(0)) * rate
        rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        figures.append(print_figure(rounded, layout, places) or None)
    if layout.change:
        percent = None
        if money and latest and before:
            change = (latest - before) / abs(before) * 100
            percent = print_figure(change.quantize(Decimal("0.1"), ROUND_HALF_UP), layout, 1)
        figures.append(percent)
    return tuple(figures)


def join_sign(figure: str | None, sign: str) -> str | None:
    """Return a printed figure with the currency sign before its digits."""
    if figure is None or not any(each.isdigit() for each in figure):
        return figure
    first = next(at for at, each in enumerate(figure) if each.isdigit())
    return figure[:first] + sign + figure[first:]


def statement_lines(
    statement: TrueStatement, layout: Layout, beside: TrueStatement | None
) -> list[Line]:
    """Return the lines of a statement as printed, with the parent's figures beside the group's."""
    ends = [period.end for period in statement.periods]
    newest = ends.index(max(ends))
    lines = []
    for at, row in enumerate(statement.rows):
        above = statement.rows[at - 1] if at else None
        signed = row.kind in {"total", "per_share"} or above is None or above.kind == "heading"
        figures = _figures(row, layout, newest)
        if beside and row.values:
            figures += _figures(beside.rows[at], layout, newest)
        has_sign = signed and row.kind not in {"heading", "shares"}
        if layout.sign_joined and has_sign:
            figures = tuple(join_sign(each, symbol(statement.currency)) for each in figures)
        in_label = layout.note_style == "label"
        lines.append(
            Line(
                f"{row.label} (note {row.note})" if in_label and row.note else row.label,
                figures,
                layout.indent * (row.level + (row.kind == "memo")),
                None if in_label else row.note,
                bold=row.kind in {"total", "heading"},
                rule=row.kind == "total",
                inset=layout.inset and row.kind == "line" and bool(row.section),
                sign=symbol(statement.currency) if layout.sign_apart and has_sign else None,
            )
        )
    return lines


def statement_grid(
    sheet: Sheet, statement: TrueStatement, lines: Sequence[Line], *, beside: bool
) -> Grid:
    """Return the columns of a statement: its years, then a convenience and a change column."""
    layout = sheet.layout
    unit = (column_unit(layout),) if layout.unit_place == "column" else ()
    newest = max(period.end for period in statement.periods)
    heads = [
        (
            *column_lines(statement.statement, period, layout),
            *((RESTATED[layout.language],) if layout.restated and period.end != newest else ()),
            *unit,
        )
        for period in statement.periods
    ]
    if layout.convenience:
        heads.append(("US$", str(newest.year), "Note 2"))
    if layout.change:
        heads.append(tuple(CHANGE[layout.language].split()))
    if beside:
        heads = [(owner, *lines) for owner in ("Group", "Company") for lines in heads]
    figures = {figure for line in lines for figure in line.figures if figure}
    widest = max(sheet.width(figure, _SIZE, bold=True) for figure in figures)
    usual = 52 if layout.tight else 68 if len(heads) < 4 else 60
    width = max(usual, widest + (14 if layout.sign_apart else 8))
    notes = layout.notes and layout.note_style != "label"
    inset = widest + 8 if layout.inset else 0.0
    grid = make_grid(heads, notes=notes, width=width + inset)
    return replace(grid, inset=inset)


def draw_title(
    sheet: Sheet, statement: TrueStatement, layout: Layout, y: float, *, continued: bool
) -> float:
    """Draw title, period and unit over a statement; return the baseline under them."""
    phrase = period_phrase(statement.statement, statement.periods, layout)
    title = statement.title
    if continued:
        title += f" {CONTINUED[layout.language]}"
    if layout.heading == "title":
        title += f" {phrase}"
    for part in sheet.wrap(title, RIGHT - LEFT, 13, bold=True):
        sheet.text(LEFT, y, part, 13, bold=True)
        y -= 16
    if layout.heading == "year":
        for part in sheet.wrap(phrase, RIGHT - LEFT, 9):
            sheet.text(LEFT, y, part, 9)
            y -= 12
    if layout.unit_place == "caption":
        for part in sheet.wrap(unit_caption(layout), RIGHT - LEFT, 8.5):
            sheet.text(LEFT, y, part, 8.5)
            y -= 12
    return y - 8


def draw_statement(
    sheet: Sheet,
    statement: TrueStatement,
    top: float,
    bottom: float = BOTTOM,
    *,
    rows: tuple[int, int] | None = None,
    beside: TrueStatement | None = None,
) -> tuple[Mapping[tuple[int, int], Box], float]:
    """Draw a statement, or some of its rows, between two heights.

    Args:
        sheet: Its current page is drawn on.
        statement: To draw.
        top: Baseline of the title.
        bottom: No line stands below.
        rows: First row and the one after the last; all by default.
        beside: The same statement of the parent, whose columns stand beside the group's.

    Returns:
        The boxes of the figures by row and column (only the statement's own columns), and the
        baseline of the line that would follow.
    """
    layout = sheet.layout
    first, last = rows or (0, len(statement.rows))
    lines = statement_lines(statement, layout, beside)[first:last]
    y = draw_title(sheet, statement, layout, top, continued=first > 0)
    grid = statement_grid(sheet, statement, lines, beside=beside is not None)
    needed = sum(len(label_lines(sheet, grid, line, layout.label_width)) for line in lines)
    leading = min(13.0, (y - bottom) / (needed + 6))
    grid = replace(grid, leading=leading, size=min(_SIZE, leading * 0.82))
    if layout.heading == "spanner":
        left = grid.columns[0].right - grid.columns[0].width
        centre = (left + grid.columns[len(statement.periods) - 1].right) / 2
        words = spanner(statement.statement, layout)
        sheet.text(centre, y, words, grid.size, bold=True, align="centre")
        y -= leading
    if layout.unit_place == "header":
        depth = max(len(column.lines) for column in grid.columns)
        parts = sheet.wrap(unit_caption(layout).strip("()"), grid.label_width, grid.size)
        for at, part in enumerate(parts, depth - len(parts)):
            sheet.text(LEFT, y - at * leading, part, grid.size)
    y = draw_header(sheet, grid, y, NOTE[layout.variant])
    drawn, y = draw_lines(sheet, grid, lines, y)
    count = len(statement.periods)
    own = {(row + first, at): box for (row, at), box in drawn.items() if at < count}
    return own, y
