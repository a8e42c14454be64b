"""The lines of a statement on a page: label, figures, marks and trend."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from app.pages import addresses
from app.pages.statement.columns import Column
from app.pages.statement.comparable import Comparing
from app.pages.statement.details import details_of
from app.pages.statement.marks import MARKS, UNREADABLE, WITHOUT_DETAILS, Name, marks_of
from app.pages.statement.measures import Measure, Measured
from app.pages.statement.options import Options
from app.pages.statement.percentages import NOT_AVAILABLE, NOT_MEANINGFUL
from app.pages.statement.trends import Point, Trend, trend_of
from app.pages.statement.words import Words
from app.pipeline.compile.first_reported import is_own
from app.pipeline.compiled import Compiled, CompiledCell, CompiledRow
from app.pipeline.show.figures import label_of, level_of
from app.pipeline.show.headings import totals_of
from app.pipeline.show.marks import UNREADABLE as ILLEGIBLE
from app.pipeline.show.marks import Marking

_MOST_DETAILS: Final = 6
"""Sentences of a figure; its own page has all."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure on a page.

    Attributes:
        text: With its sign.
        year: The end of its address.
        css: Classes.
        signs: Its marks.
        words: The same for a screen reader.
        details: What it was, and in which filing; "" has none.
        described: Ids of the elements that say more of it.
    """

    text: str
    year: str
    css: str = ""
    signs: str = ""
    words: str = ""
    details: Sequence[Words] = ()
    id: str = ""
    described: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row.

    Attributes:
        id: Of the element.
        label: With its unit, where that is not the statement's.
        href: The address of its figures, up to the year.
        css: Classes.
        cells: By column; None where no filing states a figure.
        trend: None where there are not two figures.
    """

    id: str
    label: str
    href: str
    css: str
    cells: Sequence[Cell | None] = ()
    trend: Trend | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Rows below a heading, or without one at the beginning."""

    heading: Line | None
    lines: list[Line] = field(default_factory=list)


class Drawing:
    """Makes the lines of a statement.

    Attributes:
        used: The marks that occur.
        unadjusted: Keys of the periods with figures from before a split.
        is_replaced: Whether an empty place stands for a figure that newer filings leave out.
    """

    def __init__(  # noqa: PLR0913, PLR0917 what a table depends on
        self,
        company_id: int,
        compiled: Compiled,
        columns: Sequence[Column],
        options: Options,
        measure: Measure,
        comparing: Comparing,
        marking: Marking,
    ) -> None:
        self._company_id = company_id
        self._compiled = compiled
        self._columns = columns
        self._options = options
        self._measure = measure
        self._comparing = comparing
        self._marking = marking
        self._own = {
            period.key: {n for n, each in enumerate(compiled.inputs) if is_own(period, each)}
            for period in compiled.periods
        }
        self._doubtful = {n for n, each in enumerate(compiled.inputs) if each.status == "doubtful"}
        self._number = 0
        self.used: set[str] = set()
        self.is_replaced = False
        self.unadjusted: set[str] = set()

    def blocks(self) -> list[Block]:
        """Return the lines in groups, each below its heading."""
        totals, last = totals_of(self._compiled), _last_sums(self._compiled)
        blocks = [Block(None)]
        is_below_figures = False
        for number, row in enumerate(self._compiled.rows):
            if row.kind == "heading":
                below = self._compiled.rows[number + 1 : number + 2]
                level = min(level_of(each) for each in [row, *below])
                blocks.append(Block(Line(_id_of(row), self._label(row), "", f"i{level}")))
                is_below_figures = False
                continue
            css = [f"i{level_of(row)}"] if level_of(row) else []
            if number in totals:
                css += ["t", *("r" * is_below_figures), *("e" * (number in last))]
            blocks[-1].lines.append(self._line(number, row, " ".join(css)))
            is_below_figures = bool(row.cells)
        return [each for each in blocks if each.heading or each.lines]

    def _label(self, row: CompiledRow) -> str:
        return label_of(row, row.scale if row.kind == "heading" else self._compiled.scale)

    def _line(self, number: int, row: CompiledRow, css: str) -> Line:
        cells: list[Cell | None] = []
        points: list[Point | None] = []
        for column in self._columns:
            key = column.period.key if column.period else None
            cell = row.cells.get(key) if key is not None else None
            if key is None or cell is None:
                cells.append(self._empty(row, key, column))
                points.append(None)
                continue
            measured = self._measure.of(number, row, key, cell)
            cells.append(self._cell(row, key, cell, measured, column))
            points.append(_point(measured, column))
        href = addresses.figure(
            self._company_id,
            self._compiled.statement,
            {"line": _reference(row), **self._options.query},
        )
        if self._options.order == "newest":
            points.reverse()  # time goes from left to right, whatever the columns do
        trend = trend_of(points, lambda older, newer: self._is_next(row, older, newer))
        return Line(_id_of(row), self._label(row), f"{href}&year=", css, cells, trend)

    def _empty(self, row: CompiledRow, key: str | None, column: Column) -> Cell | None:
        """Return an empty place; of a missing year, or of a figure that newer filings leave out."""
        if key is None:
            return _GAP
        if row.replaced.get(key):
            self.is_replaced = True
            return Cell("○", f"{column.year}&view=original", "o", described="ko")
        return _EMPTY_AFTER_BREAK if column.after_break else None

    def _cell(
        self, row: CompiledRow, key: str, cell: CompiledCell, measured: Measured, column: Column
    ) -> Cell:
        names = marks_of(
            self._marking.of(cell, row, self._own.get(key, ())),
            cell,
            is_rounded=measured.is_rounded,
            is_doubtful=cell.input in self._doubtful,
        )
        extra: dict[Name, bool] = {
            "unproved": measured.is_unproved,
            "deducted": measured.is_of_deduction,
        }
        names = [each for each in MARKS if each in names or extra.get(each)]
        self.used.update(names)
        if "unadjusted" in names or (self._options.view == "original" and "split" in names):
            self.unadjusted.add(key)
        if measured.text == ILLEGIBLE:
            self.used.add(UNREADABLE)
        elif measured.text in {NOT_AVAILABLE, NOT_MEANINGFUL}:
            self.used.add(measured.text)
        details = details_of(names, cell, self._compiled, row.kind, is_rounded=measured.is_rounded)[
            :_MOST_DETAILS
        ]
        css = _classes(measured, column, names)
        if not names:
            return Cell(measured.text, column.year, css)
        legend = [MARKS[each].id for each in names if each in WITHOUT_DETAILS or not details]
        self._number += bool(details)
        number = f"d{self._number}" if details else ""
        return Cell(
            measured.text,
            column.year,
            css,
            "".join(MARKS[each].sign for each in names),
            ", ".join(MARKS[each].words for each in names),
            details,
            number,
            " ".join(filter(None, [number, *legend])),
        )

    def _is_next(self, row: CompiledRow, older: Point, newer: Point) -> bool:
        """Return whether a trend goes on from a year to the next."""
        return self._comparing.before.get(newer.key) == older.key and (
            self._comparing.is_one_basis(row, row.cells[newer.key], row.cells[older.key])
        )


_GAP: Final = Cell("", "", "g")
_EMPTY_AFTER_BREAK: Final = Cell("", "", "b")


def _last_sums(compiled: Compiled) -> set[int]:
    """Return the sums that no other sum contains, such as the net income, or the total assets."""
    totals = {each.total for each in compiled.equations if each.total is not None}
    return totals - {row for each in compiled.equations for _, row in each.terms}


def _id_of(row: CompiledRow) -> str:
    """Return the id of the element of a row, to which a link can lead."""
    return f"line-{row.id}"


def _reference(row: CompiledRow) -> str:
    """Return the id of a row, which is taken for nothing else."""
    return f"id:{row.id}" if row.id.casefold().startswith("id:") else row.id


def _point(measured: Measured, column: Column) -> Point | None:
    """Return the point of a figure; a short period is no year, and has none."""
    if measured.value is None or column.period is None or column.is_short:
        return None
    return Point(column.period.key, measured.value, column.name, measured.text)


def _classes(measured: Measured, column: Column, names: Sequence[Name]) -> str:
    """Return what tells a figure apart: its form, its proof, and the edge of its column."""
    css = []
    if measured.text.endswith(")"):
        css.append("n")
    if measured.missing:
        css.append(f"f{measured.missing}")
    if "unproved" in names:
        css.append("u")
    if "doubtful" in names or "unconfirmed" in names:
        css.append("d")
    if measured.text == ILLEGIBLE:
        css.append("q")
    if "corrected" in names:
        css.append("c")
    if names and {*names} <= {"rounded", "deducted"}:
        css.append("a")
    if column.is_short:
        css.append("x")
    if column.after_break:
        css.append("b")
    return " ".join(css)
