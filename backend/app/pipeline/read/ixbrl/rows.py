"""Printed lines as rows of a statement, with the facts behind their figures."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from app.pipeline.read.ixbrl.columns import Columns
from app.pipeline.read.ixbrl.document import Tag
from app.pipeline.read.ixbrl.figures import is_figure, is_label, is_negative, printed_number
from app.pipeline.read.ixbrl.kinds import row_kind
from app.pipeline.read.ixbrl.layout import Line
from app.pipeline.read.ixbrl.parts import Figure, Parts, is_column_heading, split_line
from app.pipeline.read.ixbrl.regions import is_year
from app.pipeline.read.ixbrl.sections import number_rows
from app.pipeline.statement import Cell, Issue, Row, SkippedLine, StatementName

_LONGEST_HEADING: Final = 80
_SHOWN: Final = 200
_KEPT_APART: Final = frozenset(
    [
        "note",
        "percentage",
        "other_dimension",
        "other_currency",
        "repeated_period",
        "column_without_period",
    ]
)
"""Reasons to leave out a printed column that the statement names once, and not row by row."""


@dataclass(slots=True)
class Built:
    """The rows of a statement, with the facts of their cells until the scale is known.

    Attributes:
        facts: By row and period key.
        lines: The printed line of each row.
    """

    statement: StatementName
    rows: list[Row] = field(default_factory=list)
    skipped: list[SkippedLine] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    facts: dict[tuple[int, str], Tag] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def add(self, row: Row, line: Line) -> None:
        """Add a row below the others."""
        self.rows.append(row)
        self.lines.append(line)

    def keep(self, kept: Sequence[int]) -> None:
        """Keep rows by their places, and what is said of them."""
        moved = {old: new for new, old in enumerate(kept)}
        self.rows = [self.rows[at] for at in kept]
        self.lines = [self.lines[at] for at in kept]
        self.facts = {(moved[n], key): tag for (n, key), tag in self.facts.items() if n in moved}
        for issue in self.issues:
            issue.row = None if issue.row is None else moved.get(issue.row)


def build_rows(
    lines: Sequence[Line], columns: Columns, point: str, statement: StatementName
) -> Built:
    """Return the rows of a statement's lines.

    Args:
        lines: Of the statement, header included.
        columns: Of the statement.
        point: The decimal separator of figures without a tag.
        statement: Which one it is.
    """
    built = Built(statement)
    for line in _first_headings(lines[: columns.header]):
        built.add(Row(n=0, label=line.text, kind="heading"), line)
    for line in lines[columns.header :]:
        _add_line(built, line, split_line(line, columns), point)
    _join_wrapped(built)
    last = max((at for at, row in enumerate(built.rows) if row.cells), default=-1)
    built.keep(range(last + 1))
    number_rows(built.rows, built.lines, statement)
    return built


def _first_headings(header: Sequence[Line]) -> list[Line]:
    """Return the lines right above the first figures that are headings of rows."""
    found: list[Line] = []
    for line in reversed(header):
        run = line.runs[0]
        alone = not line.prose and len(line.runs) == 1 and run.x0 == 0
        if not alone or not is_label(run) or len(run.text) > _LONGEST_HEADING:
            break
        if is_column_heading(run.text) or is_year(run.text):
            break
        found.insert(0, line)
    return found


def _add_line(built: Built, line: Line, parts: Parts, point: str) -> None:
    """Add the rows of one printed line: one, or two where a period has two figures."""
    label = parts.label
    if parts.figures and all(is_year(each.run.text) for each in parts.figures):
        return  # years again, above the second part of a statement
    if line.prose or not (parts.figures or label) or (parts.lost and not parts.figures):
        if re.search(r"\d", line.text):
            reason = "text" if line.prose else next(iter(parts.lost), "no_label")
            reason = "page_number" if _is_page_number(line) else reason
            reason = "column_left_out" if reason in _KEPT_APART else reason
            built.skipped.append(SkippedLine(text=line.text[:_SHOWN], reason=reason))
        return
    if not parts.figures:
        over_columns = line.runs[0].x0 > 0 and is_column_heading(label)
        if not over_columns and not (label.startswith("(") and label.endswith(")")):
            built.add(Row(n=0, label=label, kind="heading"), line)
        return
    lost = [reason for reason in parts.lost if reason not in _KEPT_APART]
    if lost:
        message = f"A figure of {label[:60]!r} is of no column ({lost[0]})"
        built.issues.append(
            Issue(code="figure_without_column", message=message, row=len(built.rows))
        )
    first: dict[str, Figure] = {}
    second: dict[str, Figure] = {}
    for figure in parts.figures:
        (second if figure.key in first else first).setdefault(figure.key, figure)
    _add_row(built, line, Parts(label, parts.note, list(first.values())), point)
    if second:  # a subtotal in a column of its own, beside the last of its terms
        _add_row(built, line, Parts("", None, list(second.values())), point)


def _is_page_number(line: Line) -> bool:
    """Return whether a line of a page has no other figure than one without any separator."""
    figures = [run.text for run in line.runs if is_figure(run)]
    plain = len(figures) == 1 and re.fullmatch(r"[\-\u2013|/ ]*\d{1,3}[\-\u2013|/ ]*", figures[0])
    return line.page is not None and bool(plain) and not any(run.tags for run in line.runs)


def _add_row(built: Built, line: Line, parts: Parts, point: str) -> None:
    number = len(built.rows)
    row = Row(n=number, label=parts.label, kind="line", note=parts.note)
    tags: list[Tag] = []
    for figure in parts.figures:
        tag = figure.fact()
        row.cells[figure.key] = _cell(line, figure, tag, point)
        if tag:
            tags.append(tag)
            built.facts[number, figure.key] = tag
        elif figure.run.tags:
            message = f"{figure.run.text!r} is tagged as of another period than its column"
            built.issues.append(
                Issue(code="fact_of_other_period", message=message, row=number, period=figure.key)
            )
    if tags:
        _set_concept(built, row, tags, parts.figures[0].column.axes)
    row.kind = row_kind(row, line, tags, built.rows, built.statement)
    built.add(row, line)


def _set_concept(
    built: Built, row: Row, tags: Sequence[Tag], common: tuple[tuple[str, str], ...]
) -> None:
    """Set concept, dimensions and unit of a row by its facts."""
    row.concept = Counter(tag.concept for tag in tags).most_common(1)[0][0]
    row.axes = dict(axis for axis in tags[0].context.axes if axis not in common)
    units = {tag.unit for tag in tags if tag.unit}
    row.unit = units.pop() if len(units) == 1 else None
    if len({(tag.concept, tag.context.axes) for tag in tags}) > 1:
        message = f"The facts of {row.label[:60]!r} are of different concepts or dimensions"
        built.issues.append(Issue(code="mixed_concepts", message=message, row=row.n))


def _cell(line: Line, figure: Figure, tag: Tag | None, point: str) -> Cell:
    run = figure.run
    number = tag.number if tag else None
    if number is None:
        number = printed_number(run.text, point)
    if number and is_negative(line.runs, figure.index):
        number = -number
    return Cell(
        v=number,
        printed=run.text,
        at=tag.id if tag else _place(run.element),
        fact=tag.element.get("id") if tag else None,
        tagged=tag.value if tag else None,
    )


def _place(element: etree._Element | None) -> str | None:
    """Return the id of an element, or of the nearest around it."""
    while element is not None and not element.get("id"):
        element = element.getparent()
    return None if element is None else element.get("id")


def _join_wrapped(built: Built) -> None:
    """Join a heading with the row below that goes on with it in lower case."""
    kept: list[int] = []
    for at, row in enumerate(built.rows):
        before = built.rows[at - 1] if kept and kept[-1] == at - 1 else None
        if (
            before is not None
            and before.kind == "heading"
            and row.label[:1].islower()
            and not before.label.endswith(":")
        ):
            row.label = f"{before.label} {row.label}"
            built.lines[at] = built.lines[at - 1]
            kept.pop()
        kept.append(at)
    built.keep(kept)
