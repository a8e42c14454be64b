"""The headings under which each row of a table stands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.pipeline.read.pdf.rows import is_childless, is_inner
from app.pipeline.statement import RowKind

_STEP = 2.0  # points: a smaller difference is no indentation
# Words that a total adds to those of its heading.
_GENERIC_WORDS = (
    "total totals net cash flow flows generated provided used from for the and in by of to"
    " summe gesamt gesamte netto cashflow der die das des aus und von"
    " totaal kasstroom kasstromen uit en van het"
    " flux nets nettes tr\u00e9sorerie de du les la le et"
)
_GENERIC = frozenset(_GENERIC_WORDS.split())


@dataclass(slots=True)
class Heading:
    """A line without figures that introduces rows.

    Attributes:
        outer: Whether another heading follows at once: then it holds several groups of rows.
        rows: How many rows stand directly under it so far.
        groups: How many headings.
        indented: Whether one of them stands further in than the heading.
    """

    label: str
    x0: float
    bold: bool
    outer: bool = False
    rows: int = 0
    groups: int = 0
    indented: bool = False

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """Smaller is further out, among headings of one indentation."""
        return (is_inner(self.label), not self.label.isupper(), not self.bold)


class Sections:
    """The open headings while the rows of a table are read from top to bottom.

    Args:
        edges: Left edges of all labels, which make the levels.
    """

    def __init__(self, edges: Sequence[float]) -> None:
        ordered = sorted(edges)
        self._levels: list[float] = []
        for edge in ordered:
            if not self._levels or edge - self._levels[-1] > _STEP:
                self._levels.append(edge)
        self._open: list[Heading] = []
        # Behind the labels of most rows only a centred heading begins.
        self._centred = ordered[len(ordered) * 9 // 10] + 4 * _STEP if ordered else 0.0

    def level(self, x0: float) -> int:
        """Return the rank of a left edge, from 0."""
        return max((i for i, edge in enumerate(self._levels) if edge <= x0 + 0.01), default=0)

    def open(self, heading: Heading) -> tuple[str, ...]:
        """Open a heading, close those that it ends, and return the ones that stay above it."""
        if heading.x0 > self._centred:
            heading.x0 = self._levels[0]
        while self._open and _ends(self._open[-1], heading):
            self._open.pop()
        above = self.labels()
        if self._open:
            self._open[-1].groups += 1
        if not is_childless(heading.label):
            self._open.append(heading)
        return above

    def of_row(self, label: str, x0: float, kind: RowKind) -> tuple[str, ...]:
        """Return the headings of a row, outermost first."""
        if label:
            if kind == "total":
                self._close_to_named(label)
            while self._open and _is_behind(self._open[-1], label, x0):
                self._open.pop()
        if self._open:
            last = self._open[-1]
            last.rows += 1
            last.indented = last.indented or (bool(label) and x0 > last.x0 + _STEP)
        return self.labels()

    def after_row(self, label: str, kind: RowKind) -> None:
        """Close the innermost heading behind the total of its rows."""
        if not self._open or kind != "total":
            return
        last = self._open[-1]
        if _sums_up(label, last.label) or (not label and not last.outer and last.rows > 2):  # noqa: PLR2004
            self._open.pop()

    def _close_to_named(self, total: str) -> None:
        """Close the headings within the one that a total names."""
        for index, heading in enumerate(self._open):
            if _key(heading.label) == _key(total):
                del self._open[index + 1 :]
                return

    def labels(self) -> tuple[str, ...]:
        """Return the headings that are open, outermost first."""
        return tuple(each.label.rstrip(" :") for each in self._open)


def _ends(last: Heading, heading: Heading) -> bool:
    """Whether a heading ends the one before it, rather than to stand under it."""
    if abs(heading.x0 - last.x0) > _STEP:
        return heading.x0 < last.x0
    if heading.rank != last.rank:
        return heading.rank < last.rank
    # Of the same style: a heading of several groups stays open for the next group.
    return not last.outer or (heading.outer and last.groups > 0) or last.rows > 0


def _is_behind(last: Heading, label: str, x0: float) -> bool:
    """Whether a row is no longer under a heading, by its left edge."""
    if x0 < last.x0 - _STEP:
        return True
    return last.indented and x0 < last.x0 + _STEP and not _sums_up(label, last.label)


def _sums_up(total: str, heading: str) -> bool:
    """Whether a total names the heading: "Total current assets" under "Current assets"."""
    of_total, of_heading = _key(total), _key(heading)
    if not of_total:
        return False
    both = re.search(r"\b(?:and|und|et|en)\b|&", heading, re.IGNORECASE) is not None
    return of_total == of_heading or (of_total < of_heading and not both)


def _key(text: str) -> frozenset[str]:
    words = frozenset(re.findall(r"[^\W\d_]{2,}", text.lower()))
    return words - _GENERIC or words
