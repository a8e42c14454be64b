"""Rows of figures for the lines of a statement: exact values in one scale, with printed signs.

The printed scale is not in XBRL. A statement has the scale that most of its money figures are
accurate to, as a power of thousand: `decimals="-6"` is 6, and so is -5, which is printed in
millions with one decimal place. Where accuracy is exact or unknown, the zeros that the figures end
with stand for it. Every figure is exact in that scale, if need be with decimal places.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from app.pipeline.read.facts import Fact
from app.pipeline.read.xbrl.fact_table import Facts, by_unit, is_currency
from app.pipeline.read.xbrl.lines import Axes, Line
from app.pipeline.read.xbrl.periods import Span, closing, opening
from app.pipeline.read.xbrl.values import best_of, negated, scaled, thousands
from app.pipeline.statement import Cell, Issue, Row, RowKind, SkippedLine

_LARGEST_SCALE: Final = 9
# Figures of another entity, of the parent alone, before a restatement, or of a scenario.
_OTHER_WORLDS: Final = (
    "LegalEntityAxis",
    "ConsolidatedEntitiesAxis",
    "ConsolidatedAndSeparateFinancialStatementsAxis",
    "RestatementAxis",
    "ScenarioAxis",
    "PeriodOfAdoptionAxis",
    "TransitionAxis",
)


@dataclass(slots=True)
class Drawn:
    """A line with the facts of its columns.

    Attributes:
        facts: By column; None where a figure stands that cannot be read.
    """

    line: Line
    axes: Axes
    facts: dict[int, Fact | None] = field(default_factory=dict)
    unit: str | None = None
    memo: bool = False
    total: bool = False
    heading: bool = False

    @property
    def kind(self) -> RowKind:
        """The kind of the row."""
        unit = self.unit or ""
        if self.heading:
            return "heading"
        if unit.endswith("/share") or (is_currency(unit) and "PerShare" in self.line.concept):
            return "per_share"
        if unit == "shares":
            return "shares"
        if self.memo or self.line.memo or (unit and not is_currency(unit)):
            return "memo"
        return "total" if self.total else "line"


@dataclass(slots=True)
class Sheet:
    """Puts the facts of a filing's columns to the lines of one statement.

    Attributes:
        columns: Periods, in order.
        currency: Of the statement; figures in another one are left out and named.
        issues: What was noticed on the way, with the rows' final numbers.
    """

    facts: Facts
    columns: Sequence[Span]
    currency: str | None
    issues: list[Issue] = field(default_factory=list)
    skipped: list[SkippedLine] = field(default_factory=list)
    _noted: list[tuple[Drawn, Issue]] = field(default_factory=list)

    def rows(self, lines: Sequence[Line]) -> tuple[list[Row], int | None]:
        """Return the rows, and the scale of the statement's money."""
        drawn: list[Drawn] = []
        for line in lines:
            drawn.extend(self._draw(line))
        drawn = _without_bare_headings(drawn)
        if drawn and any(span[0] for span in self.columns):
            _mark_after_closing(drawn)
        scale = scale_of(
            fact
            for each in drawn
            if each.kind in {"line", "total", "memo"}
            for fact in each.facts.values()
            if fact is not None and fact.unit and is_currency(fact.unit)
        )
        rows = [self._row(number, each, scale) for number, each in enumerate(drawn)]
        numbers = {id(each): number for number, each in enumerate(drawn)}
        for each, issue in self._noted:
            issue.row = numbers.get(id(each))
            self.issues.append(issue)
        return rows, scale

    def _draw(self, line: Line) -> list[Drawn]:
        """Return the rows of a line: itself, and its parts by dimension.

        Parts that sum up to it in each column stand above it, under its name as a heading, as
        they are printed; others are "of which" lines below it.
        """
        if line.heading:
            return [Drawn(line, (), heading=True)]
        whole = self._filled(line, ())
        parts = []
        for axes, label in line.members:
            part = self._filled(_member(line, label), axes)
            if not part.facts:
                continue
            if any(axis.endswith(_OTHER_WORLDS) for axis, _ in axes):
                self.skipped.append(
                    SkippedLine(text=f"{line.label}: {label}", reason="other_entity_or_scenario")
                )
                continue
            parts.append(part)
        if not whole.facts and not parts:
            blank = self.facts.by_concept.get(line.concept, {}).get(())
            return [whole] if blank and self._is_blank(line) else []
        if not parts:
            return [whole]
        heading = Drawn(line, (), heading=True)
        if not whole.facts:
            return [heading, *parts]
        if _sums_up(whole, parts):
            whole.total = True
            return [heading, *parts, whole]
        for part in parts:
            part.memo = True
        return [whole, *parts]

    def _is_blank(self, line: Line) -> bool:
        """Return whether the line stands in the statement without figures: all nil."""
        return any(
            self.facts.at(line.concept, (), span)
            for column in self.columns
            for span in _spans(line, column)
        )

    def _filled(self, line: Line, axes: Axes) -> Drawn:
        """Return a line with the facts of its columns; without any if all of them are nil."""
        drawn = Drawn(line, axes, total=line.total and not axes)
        nil = True
        by_span = self.facts.by_concept.get(line.concept, {}).get(axes, {})
        for number, column in enumerate(self.columns):
            for span in _spans(line, column):
                facts = by_span.get(span)
                if not facts:
                    continue
                fact = self._pick(drawn, number, facts)
                if fact is not None and fact.unit is None:
                    break
                drawn.facts[number] = fact
                nil = nil and fact is not None and fact.value is None
                break
        if nil:
            drawn.facts = {}
        stated = [fact.unit for fact in drawn.facts.values() if fact is not None]
        drawn.unit = stated[0] if stated else self.currency
        if len(set(stated)) > 1:
            self._keep_one_unit(drawn, Counter(stated))
        return drawn

    def _keep_one_unit(self, drawn: Drawn, units: Counter[str | None]) -> None:
        """Take the figures in other units out of a row."""
        drawn.unit = self._preferred(units)
        for number, fact in list(drawn.facts.items()):
            if fact is not None and fact.unit != drawn.unit:
                del drawn.facts[number]
                self._note(drawn, number, "other_currency", f"is stated in {fact.unit}: left out")

    def _pick(self, drawn: Drawn, column: int, facts: Sequence[Fact]) -> Fact | None:
        """Return the fact of a cell, or None if it cannot be known which is right."""
        if len(facts) == 1 and id(facts[0]) not in self.facts.unreadable:
            return facts[0]
        units = by_unit(facts)
        if len(units) > 1:
            unit = self._preferred(Counter(fact.unit for fact in facts))
            others = ", ".join(sorted(str(each) for each in units if each != unit))
            self._note(drawn, column, "other_currency", f"is also stated in {others}: left out")
            facts = units[unit]
        readable = [fact for fact in facts if id(fact) not in self.facts.unreadable]
        if len(readable) < len(facts):
            self._note(drawn, column, "unreadable_figure", "has a figure that cannot be read")
            if not readable:
                return None
        best, consistent = best_of(readable)
        if consistent:
            return best
        values = ", ".join(sorted({str(fact.value) for fact in readable}))
        self._note(
            drawn, column, "inconsistent_duplicates", f"is stated twice and differently: {values}"
        )
        return None

    def _preferred(self, units: Counter[str | None]) -> str | None:
        """Return the unit in the statement's currency, else the most frequent one."""
        own = (each for each in units if (each or "").partition("/")[0] == self.currency)
        return next(own, units.most_common(1)[0][0])

    def _note(self, drawn: Drawn, column: int, code: str, message: str) -> None:
        text = f"{drawn.line.label!r} {message}"
        issue = Issue(code=code, message=text[:300], period=f"p{column}")
        self._noted.append((drawn, issue))

    def _row(self, number: int, drawn: Drawn, scale: int | None) -> Row:
        line, kind = drawn.line, drawn.kind
        own = _own_scale(drawn, kind, scale)
        row = Row(
            n=number,
            label=line.label,
            section=list(line.section),
            level=len(line.section),
            kind=kind,
            concept=line.concept,
            axes=dict(drawn.axes),
            unit=drawn.unit if kind != "heading" and drawn.unit != self.currency else None,
            scale=own if own != scale else None,
        )
        for column, fact in drawn.facts.items():
            row.cells[f"p{column}"] = self._cell(drawn, column, fact, own or 0)
        return row

    def _cell(self, drawn: Drawn, column: int, fact: Fact | None, scale: int) -> Cell:
        if fact is None:
            return Cell(v=None)
        if fact.value is None:  # nil beside stated figures is a printed dash
            return Cell(v=Decimal(0), fact=fact.id)
        value = scaled(fact.value, scale)
        if value is None:
            self._note(drawn, column, "unreadable_figure", "has a figure that is too long")
        elif drawn.line.negate:
            value = negated(value)
        return Cell(v=value, fact=fact.id, tagged=fact.value)


def scale_of(facts: Iterable[Fact]) -> int | None:
    """Return the scale that most figures are accurate to, a multiple of 3 up to 9.

    Returns:
        None without figures.
    """
    powers: Counter[int] = Counter()
    zeros: list[int] = []
    for fact in facts:
        if not fact.value:
            continue
        if fact.decimals is None:
            zeros.append(thousands(fact.value))
        else:
            powers[min(_LARGEST_SCALE, max(0, 3 * -(fact.decimals // 3)))] += 1
    if powers.total() >= len(zeros) and powers:
        return max(powers, key=lambda power: (powers[power], -power))
    return min(zeros) if zeros else None


def _own_scale(drawn: Drawn, kind: RowKind, scale: int | None) -> int | None:
    """Return the scale of a row: of money the statement's, of shares as they are accurate."""
    if kind == "shares":
        return scale_of(fact for fact in drawn.facts.values() if fact is not None) or 0
    if kind == "heading" or (kind != "per_share" and drawn.unit and is_currency(drawn.unit)):
        return scale
    return 0


def _spans(line: Line, column: Span) -> tuple[Span, ...]:
    """Return where a line's fact of a column is looked for: the period, or its own instant."""
    if column[0] is None:
        return (column,)
    return (column, opening(column) if line.moment == "start" else closing(column))


def _member(line: Line, label: str) -> Line:
    """Return the line of a part by dimension."""
    return Line(
        label=label,
        concept=line.concept,
        section=(*line.section, line.label),
        negate=line.negate,
        moment=line.moment,
        memo=line.memo,
    )


def _sums_up(whole: Drawn, parts: Sequence[Drawn]) -> bool:
    """Return whether the parts sum up to the whole in each column, and there are two or more."""
    if len(parts) < 2:  # noqa: PLR2004
        return False
    for column, fact in whole.facts.items():
        stated = [part.facts[column] for part in parts if column in part.facts]
        if fact is None or fact.value is None or any(each is None for each in stated):
            return False
        total = sum((each.value or Decimal(0) for each in stated if each is not None), Decimal(0))
        slack = 0 if fact.decimals is None else Decimal(10) ** -fact.decimals * len(stated) / 2
        if not stated or abs(total - fact.value) > slack:
            return False
    return True


def _without_bare_headings(drawn: Sequence[Drawn]) -> list[Drawn]:
    """Return the rows without headings that nothing stands under."""
    kept: list[Drawn] = []
    for each in reversed(drawn):
        if each.heading and not _heads(each, kept):
            continue
        kept.append(each)
    return kept[::-1]


def _heads(heading: Drawn, below: Sequence[Drawn]) -> bool:
    """Return whether the row after a heading is in its section (`below` is in reverse)."""
    path = (*heading.line.section, heading.line.label)
    return bool(below) and below[-1].line.section[: len(path)] == path


def _mark_after_closing(drawn: Sequence[Drawn]) -> None:
    """Mark what follows closing cash in a cash flow statement as disclosures that are no terms.

    The reconciliation of cash to the balance sheet follows it too, as instants, and is kept.
    """
    opened = {each.line.concept for each in drawn if each.line.moment == "start"}
    closed = [
        number
        for number, each in enumerate(drawn)
        if each.line.moment == "end" and each.line.concept in opened
    ]
    for each in drawn[closed[-1] + 1 :] if closed else ():
        durations = any(fact and fact.context.start for fact in each.facts.values())
        each.memo = each.memo or durations
