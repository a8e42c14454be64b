"""Statements from facts alone: rows by the published order of concepts, labels from their names.

Such a file does not say what stands on the face of a statement, in which order, and with which
sign: figures have the sign they are tagged with, and no statement of it is more than partly
verified.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from app.pipeline.read.xbrl.concept_order import PREFIXES, STATEMENTS, Entry, Framework, order_of
from app.pipeline.read.xbrl.face import mark_notes
from app.pipeline.read.xbrl.fact_table import Facts, currency_of
from app.pipeline.read.xbrl.lines import Line
from app.pipeline.read.xbrl.periods import (
    Span,
    choose_durations,
    choose_instants,
    closing,
    days_of,
    is_annual,
    opening,
    periods_of,
)
from app.pipeline.read.xbrl.roles import is_total_assets, kind_of_concepts
from app.pipeline.read.xbrl.rows import Sheet
from app.pipeline.read.xbrl.values import spelled_out
from app.pipeline.statement import Issue, Source, Statement, StatementName

_SIGN: Final = "figures have the sign of their tags: the file does not say the printed one"
_QUARTER_DAYS: Final = 100
_MOMENTS: Final = {"<": ", beginning of period", ">": ", end of period"}
_ROWS: Final = "rows are those of a published list of concepts, not the filing's own lines"


@dataclass(slots=True)
class Unordered:
    """Facts of one filing whose presentation is not known.

    Attributes:
        placed: By statement and listed concept, the concepts that follow it in the file and are
            in no list.
        language: Of the labels; concepts' names are English.
        transition: Whether the filing says that its period may be as short as a quarter.
    """

    facts: Facts
    source: Source
    placed: Mapping[StatementName, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    language: str | None = "en"
    transition: bool = False

    def statements(self) -> list[Statement]:
        """Return the statements that the facts are enough for."""
        framework = self._framework()
        if framework is None:
            return []
        stated = self.facts.undimensioned()
        durations = self._durations(framework, stated)
        found = []
        for name in STATEMENTS:
            lines = self._lines(framework, name, stated)
            concepts = [line.concept for line in lines]
            if name == "balance_sheet":
                totals = self.facts.spans(filter(is_total_assets, concepts))
                columns = choose_instants(self.facts.spans(concepts), totals)
            else:
                columns = durations
            present = [each for each in concepts if self._in(each, columns)]
            if columns and kind_of_concepts(present) == name:
                lines = [line for line in lines if self._has(line, columns)]
                found.append(self._statement(framework, name, lines, columns))
        return found

    def _framework(self) -> Framework | None:
        """Return the framework that most of the concepts are of."""
        counts = {
            framework: sum(1 for each in self.facts.by_concept if each.startswith(f"{prefix}:"))
            for framework, prefix in PREFIXES.items()
        }
        best = max(counts, key=lambda each: counts[each])
        return best if counts[best] else None

    def _durations(self, framework: Framework, stated: set[str]) -> list[Span]:
        """Return the columns of income and cash flow statement, which are the same periods."""
        concepts = [
            concept
            for name in ("income_statement", "cash_flow_statement")
            for entry in order_of(framework, name)
            if (concept := entry.chosen(stated))
        ]
        counts = {span: n for span, n in self.facts.spans(concepts).items() if span[0]}
        if not counts:
            return []
        last = max(end for _, end in counts)
        ending = [span for span in counts if span[1] == last]
        own = max(ending, key=lambda span: (is_annual(span), counts[span]))
        if not self.transition and (days_of(own) or 0) <= _QUARTER_DAYS:
            return choose_durations(counts)
        return choose_durations(counts, own)

    def _lines(self, framework: Framework, name: StatementName, stated: set[str]) -> list[Line]:
        """Return the lines of a statement whose concepts are stated, in their order."""
        following = self.placed.get(name, {})
        lines = []
        for entry in order_of(framework, name):
            concept = entry.chosen(stated)
            if concept is None:
                continue
            lines.append(_line(concept, entry))
            if entry.mark != "<":
                lines.extend(Line(spelled_out(each), each) for each in following.get(concept, ()))
        return lines

    def _in(self, concept: str, columns: Sequence[Span]) -> bool:
        spans = self.facts.by_concept.get(concept, {}).get((), {})
        return any(column in spans for column in columns)

    def _has(self, line: Line, columns: Sequence[Span]) -> bool:
        """Return whether a line has a fact of any column, or of the instant it stands for."""
        spans = self.facts.by_concept[line.concept].get((), {})
        moment = opening if line.moment == "start" else closing
        return any(column in spans or moment(column) in spans for column in columns)

    def _statement(
        self,
        framework: Framework,
        name: StatementName,
        lines: Sequence[Line],
        columns: list[Span],
    ) -> Statement:
        currency = currency_of(self.facts, [line.concept for line in lines])
        sheet = Sheet(self.facts, columns, currency)
        rows, scale = sheet.rows(lines)
        notes_marked = mark_notes(rows, expenses=name == "income_statement")
        notes = [
            Issue(code="sign_as_tagged", message=_SIGN),
            Issue(code="rows_by_concept_list", message=_ROWS),
        ]
        if notes_marked:
            message = f"{notes_marked} rows are in no sum: of the notes, or of another place"
            notes.append(Issue(code="notes_by_sum", message=message))
        added = {each for after in self.placed.get(name, {}).values() for each in after}
        for row in rows:
            if row.concept in added:
                message = f"{row.label!r} is placed by its neighbours in the file"
                notes.append(Issue(code="placed_by_neighbours", message=message, row=row.n))
        return Statement(
            statement=name,
            framework=framework,
            scope="consolidated",
            language=self.language,
            title=None,
            currency=currency,
            scale=scale,
            source=self.source,
            periods=periods_of(columns),
            rows=rows,
            issues=[*notes, *sheet.issues],
        )


@cache
def _line(concept: str, entry: Entry) -> Line:
    mark = entry.mark
    return Line(
        label=spelled_out(concept) + _MOMENTS.get(mark, ""),
        concept=concept,
        total=mark == "=",
        moment="start" if mark == "<" else "end" if mark == ">" else None,
        memo=mark == "~",
    )
