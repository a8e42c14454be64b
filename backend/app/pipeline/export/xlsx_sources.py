"""The sheets Sources and Checks: which filings were compiled, and what is proved."""

from collections.abc import Iterator, Sequence
from typing import Final

from xlsxwriter.worksheet import Worksheet

from app.pipeline.compiled import Compiled, digest_of
from app.pipeline.export.wording import (
    NAMES,
    filing_of,
    framework_of,
    unit_of_statement,
)
from app.pipeline.export.xlsx_formats import Formats
from app.pipeline.export.xlsx_sheets import Table, Value, set_up_page, text_of, write_table
from app.pipeline.statement import Equation

SOURCES: Final = (
    *("Statement", "No.", "Role", "File", "Kind", "Form", "Filed", "Fiscal year", "Period end"),
    *("Status", "Pages", "Title", "Amends", "Equal", "Different", "Reader", "Accession"),
    "SHA-256",
)
SOURCE_WIDTHS: Final = (*(22, 5, 15, 34, 12, 8, 11, 8, 11, 9, 8, 44, 9, 8, 10, 19, 21, 66),)
PRINTED: Final = 15  # columns; the others would make the print too small

YEARS: Final = (
    *("Statement", "Period", "Period end", "Figures", "Checkable", "Proved", "Balance", "Cash"),
)
CORRECTIONS: Final = (*("Statement", "Line", "Reason", "Period", "Figure", "Was read", "By", "On"),)
REMARKS: Final = ("Statement", "Line", "Remark", "Period", "Page", "Code")
CHECK_WIDTHS: Final = (*(22, 36, 70),)
MAX_TERMS: Final = 12  # of an equation that is written out


def write_sources(
    sheet: Worksheet, company: str, statements: Sequence[Compiled], formats: Formats
) -> None:
    """Write each statement's filings, the newest first, and what identifies the statement."""
    sheet.write_string(0, 0, f"{text_of(company)} · Sources", formats.title)
    lines = [line for each in statements for line in _sources_of(each)]
    bottom = write_table(sheet, 2, Table(SOURCES, lines, SOURCE_WIDTHS), formats)
    for number, each in enumerate(statements, bottom + 1):
        parts = [
            *(NAMES[each.statement], framework_of(each), each.scope or "scope not known"),
            *(unit_of_statement(each), f"compiler {each.algorithm}"),
            f"digest {digest_of(each.as_json())}",
        ]
        sheet.write_string(number, 0, " · ".join(parts), formats.quiet)
    for column, width in enumerate(SOURCE_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(3, 1)
    sheet.repeat_rows(2)
    sheet.print_area(0, 0, bottom + len(statements), PRINTED - 1)
    set_up_page(sheet, company, "Sources")


def _sources_of(compiled: Compiled) -> Iterator[tuple[Value, ...]]:
    for number, each in enumerate(compiled.inputs):
        second = each.role == "second_reading"
        yield (
            NAMES[compiled.statement],
            number,
            each.role.replace("_", " "),
            each.file,
            each.kind,
            each.form,
            each.filed,
            each.fiscal_year,
            each.period_end,
            each.status,
            ", ".join(map(str, each.pages)),
            each.title,
            "yes" if each.amends else None,
            each.equal if second else None,
            each.different if second else None,
            each.reader,
            each.accession,
            each.sha256,
        )


def write_checks(
    sheet: Worksheet, company: str, statements: Sequence[Compiled], formats: Formats
) -> None:
    """Write what is proved by year, each equation with its differences, and every remark."""
    sheet.write_string(0, 0, f"{text_of(company)} · Checks", formats.title)
    top = 2
    for title, header, lines in _blocks(statements):
        if lines:
            sheet.write_string(top, 0, title, formats(bold=True, font_size=11))
            top = write_table(sheet, top + 1, Table(header, lines, CHECK_WIDTHS), formats) + 1
    for column, width in enumerate(CHECK_WIDTHS):
        sheet.set_column(column, column, width)
    columns = max([len(each.periods) for each in statements], default=0)
    sheet.set_column(len(CHECK_WIDTHS), max(8, len(CHECK_WIDTHS) + columns), 12)
    sheet.freeze_panes(2, 1)
    set_up_page(sheet, company, "Checks")


Block = tuple[str, Sequence[str], list[tuple[Value, ...]]]


def _blocks(statements: Sequence[Compiled]) -> Iterator[Block]:
    """Yield title, header and lines of each table."""
    years = [line for each in statements for line in _years_of(each)]
    yield "Proof by period", YEARS, years
    for each in statements:
        labels = [text_of(period.label) for period in each.periods]
        yield (
            f"{NAMES[each.statement]}: sums and equalities, with their differences",
            ("Equation", "Total", "Equals", "Tolerance", *labels),
            [_equation(equation, each) for equation in each.equations],
        )
    lines = [line for each in statements for line in _corrections_of(each)]
    yield "Corrections by people", CORRECTIONS, lines
    yield "Remarks", REMARKS, [line for each in statements for line in _issues_of(each)]
    gaps: list[tuple[Value, ...]] = [
        (NAMES[each.statement], f"FY{gap.fiscal_year}", gap.reason)
        for each in statements
        for gap in each.gaps
    ]
    yield "Missing years", ("Statement", "Year", "Reason"), gaps
    breaks: list[tuple[Value, ...]] = [
        (NAMES[each.statement], " to ".join(found.between), found.reason)
        for each in statements
        for found in each.breaks
    ]
    yield "Not comparable", ("Statement", "Between", "Reason"), breaks
    unplaced: list[tuple[Value, ...]] = [
        (NAMES[each.statement], line.label, line.reason, filing_of(each.inputs[line.input]))
        for each in statements
        for line in each.unplaced
    ]
    yield "Lines without a place", ("Statement", "Line", "Reason", "Filing"), unplaced


def _years_of(compiled: Compiled) -> Iterator[tuple[Value, ...]]:
    for period in compiled.periods:
        if checks := compiled.checks.get(period.key):
            yield (
                *(NAMES[compiled.statement], period.label, period.end),
                *(checks.cells, checks.checkable, checks.verified),
                *(checks.balance.replace("_", " "), checks.cash.replace("_", " ")),
            )


def _equation(equation: Equation, compiled: Compiled) -> tuple[Value, ...]:
    differences = (equation.diff.get(period.key) for period in compiled.periods)
    return equation.id, *_in_words(equation, compiled), equation.tolerance, *differences


def _in_words(equation: Equation, compiled: Compiled) -> tuple[str, str]:
    """Return both sides of an equation, with the labels of its rows."""

    def label(row: int) -> str:
        return text_of(compiled.rows[row].label, 60) or f"row {row}"

    if equation.kind == "equal" or equation.total is None:
        first, *others = [label(row) for row in equation.rows] or ["?"]
        if equation.other:
            others.append(f"row {equation.other.row} of the {NAMES[equation.other.statement]}")
        return first, " = ".join(others)
    terms = [(" - " if sign < 0 else " + ") + label(row) for sign, row in equation.terms]
    left = f" + {len(terms) - MAX_TERMS} more" if len(terms) > MAX_TERMS else ""
    return label(equation.total), "".join(terms[:MAX_TERMS]).removeprefix(" + ") + left


def _corrections_of(compiled: Compiled) -> Iterator[tuple[Value, ...]]:
    for row in compiled.rows:
        for period in compiled.periods:
            cell = row.cells.get(period.key)
            if cell and (made := cell.corrected):
                yield (
                    *(NAMES[compiled.statement], row.label, made.because, period.label),
                    *(cell.v, made.was, made.by, made.on),
                )


def _issues_of(compiled: Compiled) -> Iterator[tuple[Value, ...]]:
    labels = {period.key: period.label for period in compiled.periods}
    for issue in compiled.issues:
        line = None if issue.row is None else compiled.rows[issue.row].label
        period = labels.get(issue.period or "", issue.period)
        page = issue.page
        yield NAMES[compiled.statement], line, issue.message, period, page, issue.code
