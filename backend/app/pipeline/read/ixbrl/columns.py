"""Which printed column holds which period."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from app.pipeline.read.facts import Context
from app.pipeline.read.ixbrl.document import Document, Tag
from app.pipeline.read.ixbrl.figures import is_figure, is_label, is_note, is_percentage
from app.pipeline.read.ixbrl.grid import FLOW
from app.pipeline.read.ixbrl.layout import Line, Run
from app.pipeline.read.ixbrl.periods import known_period
from app.pipeline.read.ixbrl.regions import has_figures
from app.pipeline.statement import Issue, StatementName

Edge = tuple[str, float]
"""The unit of a line's edges, and the right edge of a figure."""
Axes = tuple[tuple[str, str], ...]
_NEAR: Final = 3.0
_RARE: Final = 5
_REPEATED: Final = 3
_FEWEST: Final = 3
"""Figures of a column; fewer are strays."""
_ROUNDING: Final = 0.01
_SEPARATE: Final = re.compile(r"separate|parent|company", re.IGNORECASE)
NO_AXES: Final[Axes] = ()


@dataclass(slots=True, eq=False)
class Column:
    """One period, which several printed columns may share.

    Attributes:
        axes: Dimensions that all facts of the column have, such as those of the parent.
        edges: Right edges of its printed columns.
    """

    period: Context
    axes: Axes = NO_AXES
    currency: str | None = None
    edges: set[Edge] = field(default_factory=set)
    printed: str | None = None

    def fits(self, context: Context) -> bool:
        """Return whether a fact of that context belongs here.

        An opening balance is an instant of the day before the period.
        """
        own = self.period
        if context.start is None and own.start and context.end:
            return context.end in {own.end, own.start - timedelta(days=1)}
        return context.end == own.end and (own.start is None or context.start == own.start)


@dataclass(slots=True)
class Columns:
    """The columns of a statement in printed order.

    Attributes:
        header: How many lines stand above the first figures.
        dropped: Right edges of figures that are of no period: notes, percentages, other units.
    """

    columns: list[Column]
    header: int
    dropped: dict[Edge, str]
    issues: list[Issue]

    def at(self, line: Line, run: Run) -> Column | None:
        """Return the column at the right edge of a run."""
        edge = (line.unit, run.x1)
        return next((each for each in self.columns if edge in each.edges), None)


@dataclass(slots=True)
class _Found:
    """What stands at one right edge."""

    runs: list[tuple[Line, Run]] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)


def find_columns(lines: Sequence[Line], statement: StatementName, document: Document) -> Columns:
    """Return the columns of a statement's lines.

    Args:
        lines: From its title on.
        statement: Which one it is: a balance sheet has instants, the others durations.
        document: Its facts say which periods there are.
    """
    finder = _Finder(lines, document, instant=statement == "balance_sheet")
    finder.add_flowing()
    finder.drop_notes()
    finder.add_tagged()
    finder.add_untagged()
    finder.choose_axes()
    finder.choose_currency()
    finder.drop_repeated()
    columns = finder.columns
    columns.columns.sort(key=lambda each: min((x1 for _, x1 in each.edges), default=0.0))
    for at, column in enumerate(columns.columns):
        column.printed = finder.heading(column, at) or None
    return columns


class _Finder:
    """Finds the columns of one statement."""

    def __init__(self, lines: Sequence[Line], document: Document, *, instant: bool) -> None:
        header = next((at for at, line in enumerate(lines) if has_figures(line)), len(lines))
        self.header = lines[:header]
        self.lines = [line for line in lines[header:] if not line.prose]
        self.document, self.instant = document, instant
        self.columns = Columns([], header, {}, [])
        self.found: dict[Edge, _Found] = defaultdict(_Found)
        self.flowing: list[Tag] = []
        for line in self.lines:
            for run in line.runs:
                if not is_figure(run):
                    continue
                if line.unit == FLOW:
                    self.flowing += run.tags[:1]
                    continue
                each = self.found[line.unit, run.x1]
                each.runs.append((line, run))
                each.tags += run.tags[:1]

    def _column(
        self, start: date | None, end: date | None, axes: Axes, currency: str | None
    ) -> Column:
        """Return the column of a period, dimension and currency; a new one where it is new."""
        for known in self.columns.columns:
            same = (known.period.start, known.period.end, known.axes) == (start, end, axes)
            if same and (currency is None or known.currency in {None, currency}):
                return known
        column = Column(Context(None, start, end), axes, currency)
        self.columns.columns.append(column)
        return column

    def add_flowing(self) -> None:
        """Add the periods of lines whose figures have an order only, in that order."""
        fitting = [
            tag.context for tag in self.flowing if (tag.context.start is None) is self.instant
        ]
        plain = [each for each in fitting if not each.axes] or fitting
        count = Counter((each.start, each.end) for each in plain)
        axes = Counter(each.axes for each in plain).most_common(1)[0][0] if plain else NO_AXES
        most = max(count.values(), default=0)
        for start, end in count:  # in order of their first figure
            if count[start, end] * _RARE >= most:
                self._column(start, end, axes, _currency(self.flowing))

    def drop_notes(self) -> None:
        """Mark the edges of note numbers and of percentages."""
        named = any("note" in run.text.lower() for line in self.header for run in line.runs)
        first: dict[str, float] = {}  # edge of the first figures that cannot be notes
        for (unit, x1), each in self.found.items():
            if each.tags or not all(is_note(run.text) for _, run in each.runs):
                first[unit] = min(first.get(unit, x1), x1)
        for edge, each in self.found.items():
            unit, x1 = edge
            if each.tags:
                continue
            left = x1 < first.get(unit, 0) and all(is_note(run.text) for _, run in each.runs)
            if left and (named or _beside_figures(each)):
                self.columns.dropped[edge] = "note"
            elif all(is_percentage(run) for _, run in each.runs):
                self.columns.dropped[edge] = "percentage"

    def add_tagged(self) -> None:
        """Add a column for each period, dimension and currency that tags at one edge agree on."""
        for edge, each in self.found.items():
            contexts = [tag.context for tag in each.tags]
            periods = Counter(
                (context.start, context.end)
                for context in contexts
                if (context.start is None) is self.instant
            )
            if not periods:  # none, or opening balances: the period of the tag says the column
                continue
            axes = Counter(context.axes for context in contexts).most_common(1)[0][0]
            if len(contexts) > 1 and any(context.axes == NO_AXES for context in contexts):
                axes = NO_AXES
            start, end = periods.most_common(1)[0][0]
            self._column(start, end, axes, _currency(each.tags)).edges.add(edge)

    def add_untagged(self) -> None:
        """Find the columns of figures without tags: by their heading, or beside a known one."""
        for edge, each in self.found.items():
            if each.tags or edge in self.columns.dropped:
                continue
            text = self._above(edge)
            period = known_period(text, self.document, instant=self.instant)
            if period:
                axes = min((each.axes for each in self.columns.columns), key=len, default=NO_AXES)
                self._column(period.start, period.end, axes, None).edges.add(edge)
                continue
            near = self._near(edge, each)
            if near:
                near.edges.add(edge)
            elif len(each.runs) >= _FEWEST and not re.search(r"\d{4}", text):
                self.columns.dropped[edge] = "column_without_period"
                self._say("column_without_period", 1)  # such as one of changes
            else:
                self.columns.dropped[edge] = "no_period"

    def _near(self, edge: Edge, found: _Found) -> Column | None:
        """Return the column at whose edge figures end but for a sign or a space."""
        unit, x1 = edge
        for column in self.columns.columns:
            for other, at in column.edges:
                close = other == unit and abs(x1 - at) <= (_NEAR if unit == "%" else 1)
                if close and not any(_has_figure_at(line, at) for line, _ in found.runs):
                    return column
        return None

    def choose_axes(self) -> None:
        """Keep the columns of one entity: the group's, or those without a dimension."""
        columns = self.columns.columns
        if any(column.axes for column in columns):
            axes = min(
                (each.axes for each in columns), key=lambda axes: (len(axes), is_parent(axes))
            )
            self._keep([each for each in columns if each.axes == axes], "other_dimension")

    def choose_currency(self) -> None:
        """Keep the columns of the currency of most: a translation for convenience is none."""
        currencies = Counter(each.currency for each in self.columns.columns if each.currency)
        if len(currencies) > 1:
            first = max(currencies, key=lambda each: currencies[each])
            kept = [each for each in self.columns.columns if each.currency in {None, first}]
            self._keep(kept, "other_currency")

    def _keep(self, kept: list[Column], reason: str) -> None:
        gone = [each for each in self.columns.columns if each not in kept]
        if gone:
            self._say(reason, len(gone))
            self.columns.dropped.update({edge: reason for each in gone for edge in each.edges})
            self.columns.columns = kept

    def _say(self, reason: str, count: int) -> None:
        message = f"{count} printed columns are not kept: {reason.replace('_', ' ')}"
        self.columns.issues.append(Issue(code=reason, message=message))

    def drop_repeated(self) -> None:
        """Keep one printed column of a period that most lines print twice: that of the facts.

        Two are kept where lines use either: British balance sheets print totals further right.
        """
        for column in self.columns.columns:
            for unit in sorted({unit for unit, _ in column.edges}):
                edges = sorted(each for each in column.edges if each[0] == unit)
                counts = [
                    sum(_has_figure_at(line, x1, unit) for _, x1 in edges) for line in self.lines
                ]
                stated = sum(count > 0 for count in counts)
                if sum(count > 1 for count in counts) * _REPEATED > stated:
                    gone = [each for each in edges if each != max(edges, key=self._facts_at)]
                    self._say("repeated_period", len(gone))
                    self.columns.dropped.update(dict.fromkeys(gone, "repeated_period"))
                    column.edges.difference_update(gone)

    def _facts_at(self, edge: Edge) -> int:
        """Return how many facts without dimensions are printed at an edge."""
        return sum(tag.context.axes == NO_AXES for tag in self.found[edge].tags)

    def heading(self, column: Column, at: int) -> str:
        """Return what is printed above a column: by its edges, else by its place in the order."""
        if column.edges:
            return max((self._above(edge) for edge in sorted(column.edges)), key=len)
        for line in reversed(self.header):
            dated = [run.text for run in line.runs if re.search(r"\d{4}|\d\.\d\d", run.text)]
            if len(dated) == len(self.columns.columns) and line.unit == FLOW:
                return dated[at]
        return ""

    def _above(self, edge: Edge) -> str:
        """Return what is printed above a right edge, from top to bottom."""
        unit, x1 = edge
        parts = [
            run.text
            for line in self.header
            if line.unit == unit and not line.prose
            for run in line.runs
            if run.x0 < x1 <= run.x1 + _ROUNDING and (len(line.runs) > 1 or run.x0 > 0)
        ]
        return " ".join(dict.fromkeys(parts))


def _beside_figures(found: _Found) -> bool:
    """Return whether every run has a figure to its right and words to its left."""
    return all(
        any(is_figure(other) and other.x0 >= run.x1 for other in line.runs)
        and any(is_label(other) and other.x1 <= run.x0 for other in line.runs)
        for line, run in found.runs
    )


def _has_figure_at(line: Line, x1: float, unit: str | None = None) -> bool:
    if unit is not None and line.unit != unit:
        return False
    return any(run.x1 == x1 and is_figure(run) for run in line.runs)


def _currency(tags: Sequence[Tag]) -> str | None:
    money = Counter(tag.unit for tag in tags if is_money(tag.unit))
    return money.most_common(1)[0][0] if money else None


def is_money(unit: str | None) -> bool:
    """Return whether a unit is a currency: three capitals, and not per share."""
    return unit is not None and len(unit) == len("USD") and unit.isupper()


def is_parent(axes: Axes) -> bool:
    """Return whether dimensions are those of the parent alone."""
    members = " ".join(member for _, member in axes)
    return "onsolidated" not in members and bool(_SEPARATE.search(members))
