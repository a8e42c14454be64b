"""The parts of a printed line: its label, the number of a note, and figures in their columns."""

import re
from dataclasses import dataclass, field

from app.pipeline.read.ixbrl.columns import Column, Columns
from app.pipeline.read.ixbrl.document import Tag
from app.pipeline.read.ixbrl.figures import is_figure, is_label, is_nil, is_note, note_in_words
from app.pipeline.read.ixbrl.grid import FLOW
from app.pipeline.read.ixbrl.layout import Line, Run


@dataclass(slots=True, eq=False)
class Figure:
    """A figure of a line and its column.

    Attributes:
        key: Of the column's period.
        index: Of the run in its line.
    """

    column: Column
    key: str
    run: Run
    index: int

    def fact(self) -> Tag | None:
        """Return the tag of the figure that is of the column's period."""
        return next((tag for tag in self.run.tags if self.column.fits(tag.context)), None)


@dataclass(slots=True)
class Parts:
    """What stands in a line.

    Attributes:
        lost: Why figures are of no column, in printed order.
    """

    label: str = ""
    note: str | None = None
    figures: list[Figure] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def split_line(line: Line, columns: Columns) -> Parts:
    """Return the parts of a line."""
    parts = Parts()
    words: list[str] = []
    note = _note(line, columns)
    for index, run in enumerate(line.runs):
        if is_label(run) and not is_nil(run.text):
            noted = note_in_words(run.text) if words else None
            parts.note = noted or parts.note
            if not parts.figures and not noted:
                words.append(run.text)
            continue
        if not is_figure(run):
            if words and not parts.figures and is_note(run.text):
                parts.note = run.text
            continue
        if run is note or columns.dropped.get((line.unit, run.x1)) == "note":
            parts.note = run.text
            continue
        column = _column(columns, line, run, len(parts.figures))
        if column is None:
            parts.lost.append(columns.dropped.get((line.unit, run.x1), "no_column"))
            continue
        key = f"p{columns.columns.index(column)}"
        parts.figures.append(Figure(column, key, run, index))
    parts.label = " ".join(words)
    return parts


def _note(line: Line, columns: Columns) -> Run | None:
    """Return the number of a note that stands behind the label and in no column."""
    figures = [run for run in line.runs if is_figure(run)]
    first = figures[0] if figures else None
    if first is None or first.tags or not is_note(first.text) or columns.at(line, first):
        return None
    if line.unit == FLOW and len(figures) <= len(columns.columns) and not figures[-1].tags:
        return None
    before = line.runs[: line.runs.index(first)]
    return first if any(is_label(run) for run in before) and len(figures) > 1 else None


def _column(columns: Columns, line: Line, run: Run, order: int) -> Column | None:
    """Return the column of a figure: by its right edge, else by the period of its tag."""
    if (line.unit, run.x1) in columns.dropped:
        return None
    column = columns.at(line, run)
    if column:
        return column
    known = columns.columns
    if line.unit == FLOW:
        note = _note(line, columns)
        figures = [each for each in line.runs if is_figure(each) and each is not note]
        if len(figures) == len(known):
            return known[order]
    if not run.tags:
        return None
    fitting = [each for each in known if each.fits(run.tags[0].context)]
    if len(fitting) > 1 and order < len(known) and known[order] in fitting:
        return known[order]
    return fitting[0] if len(fitting) == 1 else None


def is_column_heading(text: str) -> bool:
    """Return whether a text above the figures is about columns or units, not about rows."""
    return bool(
        re.search(
            r"\b(?:ended|millions?|thousands?|except|as (?:at|of)|statements?|notes?)\b|\d{4}|^\(",
            text,
            re.IGNORECASE,
        )
    )
