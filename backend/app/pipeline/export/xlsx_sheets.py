"""What all sheets share: valid names, print set-up, and tables of values of any type."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from textwrap import wrap
from typing import Final
from unicodedata import east_asian_width

from xlsxwriter.worksheet import Worksheet

from app.pipeline.decimals import decimals_of
from app.pipeline.export.xlsx_formats import Formats
from app.pipeline.export.xlsx_numbers import as_number, format_of, is_number
from app.pipeline.plain import plain

LONGEST_NAME: Final = 31  # characters; a limit of the format
LONGEST_TEXT: Final = 2000  # characters in a cell; a limit against hostile labels
LONGEST_HEADER: Final = 100  # characters of a name in the page header; 255 in all
LONGEST_SUBJECT: Final = 255  # characters of a document property
A4: Final = 9
ROWS_OF_A_PAGE: Final = 72  # that can be read in landscape on A4
LINE: Final = 13  # points
MAX_LINES: Final = 25  # of a wrapped text; a row has at most 409 points
NARROWER: Final = 0.95  # of a column's width is certain to hold the text of another font
FIRST_YEAR: Final = 1900  # of the dates that a spreadsheet knows
Value = str | int | Decimal | date | None
"""What a cell of a table holds; a number is an `int` or a `Decimal`."""


def text_of(text: str | None, longest: int = LONGEST_TEXT) -> str:
    """Return text from a file in one line of limited length."""
    line = plain(text) if text else ""
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def sheet_name(name: str, taken: Collection[str]) -> str:
    """Return a name that a workbook allows, and that differs from others also in lower case."""
    valid = re.sub(r"[\[\]:*?/\\]", " ", plain(name)).strip(" '")[:LONGEST_NAME].strip(" '")
    valid = valid or "Sheet"
    lower = {each.lower() for each in taken} | {"history"}
    number, unique = 1, valid
    while unique.lower() in lower:
        number += 1
        suffix = f" ({number})"
        unique = valid[: LONGEST_NAME - len(suffix)] + suffix
    return unique


def set_up_page(sheet: Worksheet, company: str, title: str, *, rows: int | None = None) -> None:
    """Print in landscape on A4, as wide as one page, with company, sheet and page numbers.

    Args:
        sheet: The sheet.
        company: Its name.
        title: Of the sheet.
        rows: How many there are, if they may be drawn smaller to fit on one page.
    """
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    sheet.fit_to_pages(1, 1 if rows is not None and rows <= ROWS_OF_A_PAGE else 0)
    name = text_of(company, LONGEST_HEADER).replace("&", "&&")
    sheet.set_header(f"&L{name}&R{title}")
    sheet.set_footer("&LFinancial Data Extractor&RPage &P of &N")
    sheet.hide_gridlines(2)


def write_value(sheet: Worksheet, row: int, column: int, value: Value, formats: Formats) -> None:
    """Write a value with its type; text is never a formula, a number never rounded."""
    number = {"align": "right", "indent": 1, "valign": "top"}
    day = formats(num_format="yyyy-mm-dd", align="left", valign="top")
    plain_text = formats(text_wrap=True, valign="top")
    if value is None or value == "":
        return
    if isinstance(value, str):
        sheet.write_string(row, column, text_of(value), plain_text)
    elif isinstance(value, date):
        write_date(sheet, row, column, value, day)
    elif isinstance(value, Decimal):
        if is_number(value):
            form = formats(num_format=format_of(decimals_of(value)), **number)
            sheet.write_number(row, column, as_number(value), form)
        else:
            sheet.write_string(row, column, format(value, "f"), formats(**number))
    else:
        sheet.write_number(row, column, value, formats(num_format="0", **number))


def write_date(sheet: Worksheet, row: int, column: int, day: date, form: object) -> None:
    """Write a day, as text where spreadsheets know none: before 1900."""
    if day.year < FIRST_YEAR:
        sheet.write_string(row, column, day.isoformat(), form)
    else:
        sheet.write_datetime(row, column, datetime.combine(day, time()), form)


def measured(text: str) -> str:
    """Return text to measure, in which a wide character, as of Japanese, takes two."""
    if text.isascii():
        return text
    return "".join(each * 2 if east_asian_width(each) in "WF" else each for each in text)


def fit_height(sheet: Worksheet, row: int, texts: Iterable[tuple[str, int]]) -> None:
    """Make a row as high as its longest wrapped text: not every spreadsheet does so by itself.

    Args:
        sheet: The sheet.
        row: Its position.
        texts: Each with the width of its column in characters.
    """
    lines = [len(wrap(measured(text), max(int(width * NARROWER), 4))) for text, width in texts]
    if (most := min(max(lines, default=1), MAX_LINES)) > 1:
        sheet.set_row(row, most * LINE + 2)


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a header, in columns of known widths in characters."""

    header: Sequence[str]
    lines: Sequence[Sequence[Value]]
    widths: Sequence[int]


def write_table(sheet: Worksheet, top: int, table: Table, formats: Formats) -> int:
    """Write a table and return the row below it."""
    for column, name in enumerate(table.header):
        numeric = any(isinstance(line[column], int | Decimal) for line in table.lines)
        form = formats.heading_right if numeric else formats.heading
        sheet.write_string(top, column, text_of(name), form)
    for number, line in enumerate(table.lines, top + 1):
        for column, value in enumerate(line):
            write_value(sheet, number, column, value, formats)
        texts = zip(line, table.widths, strict=False)
        known = ((text_of(each), width) for each, width in texts if isinstance(each, str))
        fit_height(sheet, number, known)
    return top + 1 + len(table.lines)
