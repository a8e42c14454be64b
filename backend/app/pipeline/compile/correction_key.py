"""Name a printed cell by what stands on the page, and find it again in another reading."""

from collections.abc import Sequence
from typing import NamedTuple

from app.pipeline.compile.readings import Correction
from app.pipeline.statement import Row, Statement


class RowKey(NamedTuple):
    """A row by what is printed.

    Attributes:
        occurrence: From 1: which of the rows with this section and label, in printed order.
    """

    section: tuple[str, ...]
    label: str
    occurrence: int


def key_of(statement: Statement, row: Row) -> RowKey:
    """Return what names a row of a statement."""
    alike = _alike(statement, row.section, row.label)
    occurrence = next(place for place, each in enumerate(alike, 1) if each.n == row.n)
    return RowKey(tuple(row.section), row.label, occurrence)


def find_cell(statement: Statement, correction: Correction) -> tuple[Row, str] | None:
    """Return the row and the key of the period that a correction means, in a reading of its file.

    The row need not have a cell in that period: a person may give a figure that was not read. A
    row whose label or section is read otherwise by now is found by its concept, if that is unique.

    Args:
        statement: Read in the file of the correction.
        correction: Of a cell of this statement.
    """
    row = _find_row(statement, correction)
    ending = [each for each in statement.periods if each.end == correction.period_end]
    if row is None or not ending:
        return None
    # A year and its last quarter end on one day: the year is meant.
    longest = max(each.days or 0 for each in ending)
    keys = [each.key for each in ending if (each.days or 0) == longest]
    stated = [key for key in keys if key in row.cells] or keys
    return (row, stated[0]) if len(stated) == 1 else None


def _find_row(statement: Statement, correction: Correction) -> Row | None:
    alike = _alike(statement, correction.section, correction.label)
    if len(alike) >= correction.occurrence:
        row = alike[correction.occurrence - 1]
        if _may_be(row, correction):
            return row
    if correction.concept is None:
        return None
    tagged = [
        row
        for row in statement.rows
        if row.kind != "heading"
        and row.concept == correction.concept
        and row.axes == correction.axes
    ]
    return tagged[0] if len(tagged) == 1 else None


def _alike(statement: Statement, section: Sequence[str], label: str) -> list[Row]:
    return [
        row
        for row in statement.rows
        if row.kind != "heading" and row.label == label and row.section == list(section)
    ]


def _may_be(row: Row, correction: Correction) -> bool:
    """Whether a row has the concept and dimensions of the corrected one, as far as both have."""
    if row.concept is None or correction.concept is None:
        return True
    return (row.concept, row.axes) == (correction.concept, correction.axes)
