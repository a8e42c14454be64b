"""Sections of a statement: which headings a row stands under, by indentation and by totals."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.pipeline.read.ixbrl.layout import Line
from app.pipeline.statement import Row, StatementName

_FUNCTION_WORDS: Final = frozenset(
    ["cash", "flow", "flows", "from", "in", "by", "of", "and", "the", "used", "provided"]
)
_TOTAL_WORDS: Final = frozenset(
    ["total", "net", "sum", "des", "du", "de", "der", "van", "gesamt", "summe", "totaal"]
)
_INDENT_STEP: Final = 2.0
"""Points; smaller differences of indentation are none."""


def number_rows(rows: Sequence[Row], lines: Sequence[Line], statement: StatementName) -> None:
    """Number rows; set their levels by indentation, and their sections by the headings.

    Args:
        rows: In printed order; they are changed.
        lines: The printed line of each.
        statement: That they are of; in balance sheets a total may stand above its parts.
    """
    _set_levels(rows, lines)
    above: list[_Heading] = []
    for number, (row, line) in enumerate(zip(rows, lines, strict=True)):
        rank = (row.label.isupper(), line.bold)
        while above and above[-1].is_closed_by(row, rank):
            above.pop()
        if row.kind == "total":
            named = [at for at, each in enumerate(above) if _names(row.label, each.row.label)]
            above = above[: named[-1] + 1] if named else above
        if above:
            above[-1].look_at(row, rank)
        row.section = [each.row.label.rstrip(" :") for each in above]
        leads = row.kind == "total" and statement == "balance_sheet" and number + 1 < len(rows)
        if row.kind == "heading" or (leads and _is_below(rows[number + 1], row)):
            above.append(_Heading(row, rank))
        elif above and above[-1].is_ended_by(row):
            above.pop()


def _is_below(row: Row, total: Row) -> bool:
    """Return whether a row is a part of the total that is printed above it."""
    return bool(total.label) and row.kind == "line" and row.level > total.level


def _set_levels(rows: Sequence[Row], lines: Sequence[Line]) -> None:
    """Number rows, and set their levels by the order of the indentations that occur."""
    steps: list[float] = []
    for indent in sorted({line.indent for line in lines}):
        if not steps or indent - steps[-1] > _INDENT_STEP:
            steps.append(indent)
    for number, (row, line) in enumerate(zip(rows, lines, strict=True)):
        row.n = number
        row.level = sum(step <= line.indent for step in steps) - 1
        if not row.label and number:
            row.level = rows[number - 1].level


@dataclass(slots=True)
class _Heading:
    """A heading above the row that is looked at.

    Attributes:
        rank: Whether it is in capitals, and bold: how much it stands out.
        inner: Whether its rows are printed further to the right than itself.
        outer: Whether another heading of its indentation follows at once, and stands below it.
    """

    row: Row
    rank: tuple[bool, bool]
    inner: bool = False
    outer: bool = False

    def look_at(self, row: Row, rank: tuple[bool, bool]) -> None:
        """Learn from the row that follows the heading how it is printed."""
        if row.n != self.row.n + 1:
            return
        self.inner = row.level > self.row.level
        self.outer = row.kind == "heading" and not self.inner and self._outranks(row, rank)

    def is_closed_by(self, row: Row, rank: tuple[bool, bool]) -> bool:
        """Return whether a row stands outside the section that this heading began."""
        if row.level != self.row.level:
            return row.level < self.row.level
        if row.kind == "heading":
            follows = row.n == self.row.n + 1
            colon = not follows and rank == self.rank and self._has_colon_only(row)
            below = colon or rank < self.rank or (follows and self._outranks(row, rank))
            return not (self.outer or below)
        return self.inner or (self.row.label.isupper() and row.label.isupper())

    def is_ended_by(self, row: Row) -> bool:
        """Return whether a row is the total below the rows of this heading."""
        if row.kind != "total" or row.n == self.row.n + 1:
            return False
        return not row.label or _names(row.label, self.row.label)

    def _has_colon_only(self, row: Row) -> bool:
        return row.label.endswith(":") and not self.row.label.endswith(":")

    def _outranks(self, row: Row, rank: tuple[bool, bool]) -> bool:
        colons = self.row.label.endswith(":") >= row.label.endswith(":")
        return self.rank > rank or (self.rank == rank and colons)


def _names(total: str, heading: str) -> bool:
    """Return whether a total names the heading whose rows it sums up."""
    words, all_words = _content(heading), _content(total)
    return bool(words) and words <= all_words and len(all_words - words - _TOTAL_WORDS) <= 1


def _content(label: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", label.lower())) - _FUNCTION_WORDS
