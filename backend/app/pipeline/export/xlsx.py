"""XLSX: a sheet for each statement, their sources, and what is proved."""

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Final

from xlsxwriter import Workbook

from app.pipeline.compile.view import View
from app.pipeline.compiled import Compiled
from app.pipeline.export.wording import NAMES
from app.pipeline.export.xlsx_formats import Formats
from app.pipeline.export.xlsx_sheets import LONGEST_SUBJECT, sheet_name, text_of
from app.pipeline.export.xlsx_sources import write_checks, write_sources
from app.pipeline.export.xlsx_statement import write_statement

OPTIONS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
EARLIEST: Final = date(1990, 1, 1)  # of a workbook whose filings have no date


def write_xlsx(company: str, statements: Sequence[Compiled], view: View = "latest") -> bytes:
    """Return statements as a workbook; same input, same bytes.

    Figures are numbers, and totals formulas where their sum is known; each has its stored value.
    A figure that a spreadsheet would round is text.

    Args:
        company: Its name.
        statements: One or more, cut to the periods that are wanted.
        view: That they are cut to, which the sheets name.
    """
    buffer = io.BytesIO()
    workbook = Workbook(buffer, OPTIONS)
    workbook.set_calc_mode("auto")
    workbook.set_properties(
        {
            "title": text_of(f"{company}: financial statements", LONGEST_SUBJECT),
            "subject": ", ".join(NAMES[each.statement] for each in statements)[:LONGEST_SUBJECT],
            "author": "Financial Data Extractor",
            "company": text_of(company, LONGEST_SUBJECT),
            "created": datetime.combine(_newest(statements), time(), UTC),
        }
    )
    formats = Formats(workbook)
    names: list[str] = []
    for compiled in statements:
        names.append(sheet_name(NAMES[compiled.statement], names))
        write_statement(workbook.add_worksheet(names[-1]), company, compiled, view, formats)
    write_sources(workbook.add_worksheet("Sources"), company, statements, formats)
    write_checks(workbook.add_worksheet("Checks"), company, statements, formats)
    workbook.close()
    return buffer.getvalue()


def _newest(statements: Sequence[Compiled]) -> date:
    """Return the newest day in the sources: a workbook has a date, and must not name today's."""
    inputs = [source for each in statements for source in each.inputs]
    days = [day for each in inputs for day in (each.filed, each.period_end) if day]
    return max([EARLIEST, *days])
