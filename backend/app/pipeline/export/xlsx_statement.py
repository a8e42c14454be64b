"""The sheet of a statement: labels, figures, live totals, and comments with the history."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from app.pipeline.compile.view import View
from app.pipeline.compiled import Compiled, CompiledCell, CompiledRow
from app.pipeline.decimals import decimals_of, shown_decimals
from app.pipeline.export.wording import (
    CHANGES,
    NAMES,
    framework_of,
    is_unproved,
    own_unit,
    unit_of_statement,
    written,
)
from app.pipeline.export.xlsx_comments import are_unproved_rare, comment_of, comment_of_replaced
from app.pipeline.export.xlsx_formats import FILLS, UNPROVED, UNREADABLE, Formats
from app.pipeline.export.xlsx_formulas import formula_of, sums_of
from app.pipeline.export.xlsx_numbers import (
    as_number,
    format_of,
    is_number,
)
from app.pipeline.export.xlsx_sheets import fit_height, measured, set_up_page, text_of, write_date
from app.pipeline.wording import is_nil

HEADER: Final = 4  # the row of the periods; their ends are below it
FIRST: Final = 6  # the first row of figures
LABEL, UNIT, FIGURES = 0, 1, 2  # columns
DEEPEST: Final = 15  # levels that are indented; a limit of the format
MAX_LABEL: Final = 60  # characters of the column's width; longer labels are wrapped
MAX_COLUMN: Final = 44  # characters of a column of figures
MAX_COMMENT_LINES: Final = 16
OTHER_MARKS: Final = {
    "corrected": "corrected by a person",
    "replaced": "only in older filings, in a sum that newer ones break down otherwise",
}


def write_statement(
    sheet: Worksheet, company: str, compiled: Compiled, view: View, formats: Formats
) -> None:
    """Write a statement into an empty sheet."""
    _Statement(sheet, compiled, formats).write(company, view)


class _Statement:
    """A statement while it is written."""

    def __init__(self, sheet: Worksheet, compiled: Compiled, formats: Formats) -> None:
        self.sheet = sheet
        self.compiled = compiled
        self.formats = formats
        self.with_unproved = are_unproved_rare(compiled)
        self.sums = sums_of(compiled)
        self.decimals = shown_decimals(compiled)
        self.empty = [row.kind == "heading" and not row.cells for row in compiled.rows]
        self.last = FIGURES + max(len(compiled.periods), 1) - 1
        self.marks: set[str] = set()

    def write(self, company: str, view: View) -> None:
        self._write_head(company, view)
        for number, row in enumerate(self.compiled.rows):
            self._write_row(number, row)
        bottom = self._write_notes(FIRST + len(self.compiled.rows) + 1)
        self._set_widths()
        self.sheet.freeze_panes(FIRST, FIGURES)
        self.sheet.repeat_rows(HEADER, FIRST - 1)
        self.sheet.repeat_columns(LABEL, UNIT)
        self.sheet.print_area(0, 0, max(bottom - 1, FIRST), self.last)
        set_up_page(self.sheet, company, NAMES[self.compiled.statement], rows=bottom)

    def _write_head(self, company: str, view: View) -> None:
        compiled, sheet, formats = self.compiled, self.sheet, self.formats
        title = text_of(compiled.title) or NAMES[compiled.statement]
        sheet.write_string(0, LABEL, text_of(company), formats.title)
        sheet.write_string(1, LABEL, title, formats(bold=True))
        parts = [
            unit_of_statement(compiled),
            framework_of(compiled),
            compiled.scope or "scope not known",
            *(["as first reported"] if view == "original" else []),
        ]
        sheet.write_string(2, LABEL, " · ".join(parts), formats.quiet)
        if missing := [f"FY{each.fiscal_year} ({each.reason})" for each in compiled.gaps]:
            text = f"Missing: {text_of(', '.join(missing))}"
            sheet.write_string(3, LABEL, text, formats.warning)
        plain_head = formats(bottom=1)
        sheet.write_string(HEADER, LABEL, unit_of_statement(compiled), formats(bold=True))
        sheet.write_string(HEADER, UNIT, "Unit", formats(bold=True))
        sheet.write_string(FIRST - 1, LABEL, "Period to", plain_head)
        sheet.write_blank(FIRST - 1, UNIT, None, plain_head)
        for column, period in enumerate(compiled.periods, FIGURES):
            label = text_of(period.label)
            sheet.write_string(
                HEADER, column, label, formats(bold=True, align="right", text_wrap=True)
            )
            day = formats(bottom=1, align="right", num_format="yyyy-mm-dd", font_color="#595959")
            write_date(sheet, FIRST - 1, column, period.end, day)
        for column, name in enumerate(("Line", "Concept"), self.last + 1):
            sheet.write_string(HEADER, column, name, formats(bold=True, align="left", indent=1))
            sheet.write_blank(FIRST - 1, column, None, plain_head)

    def _write_row(self, number: int, row: CompiledRow) -> None:
        sheet, formats, at = self.sheet, self.formats, FIRST + number
        style: dict[str, Any] = {"text_wrap": True}
        if row.level:
            style.update(align="left", indent=min(row.level, DEEPEST))
        if row.kind in {"heading", "total"}:
            style["bold"] = True
        sheet.write_string(at, LABEL, text_of(row.label) or "(no label)", formats(**style))
        if row.kind != "heading" and (unit := text_of(own_unit(row, self.compiled))):
            sheet.write_string(at, UNIT, unit, formats.quiet)
        for column, period in enumerate(self.compiled.periods, FIGURES):
            if cell := row.cells.get(period.key):
                self._write_figure(number, column, period.key)
                self._comment(
                    at,
                    column,
                    comment_of(row, cell, self.compiled, with_unproved=self.with_unproved),
                )
            elif stated := row.replaced.get(period.key):
                sheet.write_blank(at, column, None, formats(bg_color=FILLS["replaced"]))
                self.marks.add("replaced")
                self._comment(at, column, comment_of_replaced(row, stated, self.compiled))
        indented = formats(align="left", indent=1, font_color="#595959")
        sheet.write_string(at, self.last + 1, text_of(row.id), indented)
        if row.concepts:
            sheet.write_string(at, self.last + 2, text_of(row.concepts[0]), indented)

    def _write_figure(self, number: int, column: int, key: str) -> None:
        """Write a figure as a formula, a number, or text where a number would be rounded."""
        row = self.compiled.rows[number]
        cell = row.cells[key]
        style = self._style(row, cell)
        at = FIRST + number
        if cell.v is None:
            self.sheet.write_string(at, column, "?", self.formats(**{**style, **UNREADABLE}))
            self.marks.add("unreadable")
            return
        if not is_number(cell.v):
            form = self.formats(**style, align="right")
            self.sheet.write_string(at, column, written(cell.v), form)
            self.marks.add("text")
            return
        decimals = self.decimals[number]
        if decimals_of(cell.v) > decimals:
            self.marks.add("shorter")
        form = self.formats(
            **style, num_format=format_of(decimals, is_nil=is_nil(cell.v, cell.printed))
        )
        value = as_number(cell.v)
        found = self.sums.get((number, key))
        if found is None:
            self.sheet.write_number(at, column, value, form)
            return
        text = formula_of(found, lambda each: xl_rowcol_to_cell(FIRST + each, column), self.empty)
        self.sheet.write_formula(at, column, text, form, value)
        self.marks.update(["formula", *(["rounding"] if found.rounding else [])])

    def _style(self, row: CompiledRow, cell: CompiledCell) -> dict[str, Any]:
        style: dict[str, Any] = {}
        if row.kind == "total":
            style.update(bold=True, top=1)
        mark = "corrected" if cell.corrected else cell.change
        if mark in FILLS:
            style["bg_color"] = FILLS[mark]
            self.marks.add(mark)
        if is_unproved(row, cell):
            style.update(UNPROVED)
            self.marks.add("unproved")
        return style

    def _comment(self, at: int, column: int, text: str | None) -> None:
        if text is None:
            return
        lines = sum(1 + len(line) // 52 for line in text.split("\n"))
        height = 17 * min(lines, MAX_COMMENT_LINES) + 8
        options = {"author": "fde", "width": 330, "height": height, "font_size": 9}
        self.sheet.write_comment(at, column, text, options)

    def _write_notes(self, top: int) -> int:
        """Write the legend and what the reader has to know; return the row below."""
        sheet, formats = self.sheet, self.formats
        for at, (style, text) in enumerate(self._legend(), top):
            quiet: dict[str, Any] = {"font_color": "#595959"}
            sheet.write_string(at, LABEL, text, formats(**{**quiet, **style}))
            top = at + 1
        for at, text in enumerate(_notes(self.compiled), top):
            sheet.write_string(at, LABEL, text_of(text), formats.quiet)
            top = at + 1
        return top

    def _legend(self) -> Iterator[tuple[dict[str, Any], str]]:
        for mark, fill in FILLS.items():
            if mark in self.marks:
                words = {**OTHER_MARKS, **CHANGES}[mark]
                yield {"bg_color": fill}, f"{words.capitalize()}: see the comment"
        if "unproved" in self.marks:
            yield dict(UNPROVED), "Not proved: in no sum that holds"
        if "unreadable" in self.marks:
            yield {**UNREADABLE, "align": "left"}, "? A figure stands there that cannot be read"
        if "text" in self.marks:
            yield {}, "Figures with more than 15 digits are text: a number would be rounded"
        if "shorter" in self.marks:
            yield {}, "Older figures with more decimals are shown rounded; the cells hold them all"
        if "formula" in self.marks:
            yield {}, "Totals are formulas where their sum is known"
        if "rounding" in self.marks:
            yield {}, "A constant in the formula, such as +1, is rounding as printed"

    def _set_widths(self) -> None:
        rows = self.compiled.rows
        indents = [2 * min(row.level, DEEPEST) for row in rows]
        labels = [measured(text_of(row.label)) for row in rows]
        longest = max([22, *(len(text) + n for text, n in zip(labels, indents, strict=True))])
        width = min(longest + 2, MAX_LABEL)
        self.sheet.set_column(LABEL, LABEL, width)
        for at, (label, indent) in enumerate(zip(labels, indents, strict=True), FIRST):
            if len(label) + indent + 2 > MAX_LABEL:
                fit_height(self.sheet, at, [(label, width - indent)])
        units = [own_unit(row, self.compiled) for row in rows if row.kind != "heading"]
        self.sheet.set_column(UNIT, UNIT, min(_longest(units, 5) + 1, 24))
        for column, period in enumerate(self.compiled.periods, FIGURES):
            figures = [row.cells[period.key].v for row in rows if period.key in row.cells]
            self.sheet.set_column(column, column, _width(figures))
        ids = [row.id for row in rows]
        concepts = [each for row in rows for each in row.concepts[:1]]
        for column, texts in enumerate((ids, concepts), self.last + 1):
            self.sheet.set_column(column, column, min(_longest(texts, 8) + 2, MAX_LABEL))


def _longest(texts: Sequence[str], least: int) -> int:
    return max([least, *map(len, texts)])


def _width(figures: Sequence[Decimal | None]) -> int:
    """Return the width of a column of figures, in characters."""
    longest = max((len(f"{abs(each):,f}") for each in figures if each is not None), default=0)
    return min(max(longest + 4, 11), MAX_COLUMN)


def _notes(compiled: Compiled) -> Iterator[str]:
    """Yield what a reader has to know of the whole statement."""
    checkable = sum(each.checkable for each in compiled.checks.values())
    verified = sum(each.verified for each in compiled.checks.values())
    if checkable:
        yield f"{verified} of {checkable} figures are proved by sums"
    for each in compiled.breaks:
        yield f"Not comparable between {each.between[0]} and {each.between[1]}: {each.reason}"
    for other in compiled.others:
        stated = ", ".join(period.label for period in other.periods)
        yield f"Other figures in {framework_of(other)}, {unit_of_statement(other)}: {stated}"
    if compiled.unplaced:
        yield f"{len(compiled.unplaced)} lines have no place here: see the sheet Checks"
    if compiled.issues:
        yield f"{len(compiled.issues)} remarks: see the sheet Checks"
