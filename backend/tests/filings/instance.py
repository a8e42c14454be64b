"""Facts of a truth: concepts, contexts and units, as any XBRL syntax writes them."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from app.pipeline.statement import SourceKind, Statement
from tests.filings.concepts import Concept, concept_of
from tests.filings.truth import TruePeriod, TrueRow, TrueStatement, Truth

IDENTIFIERS = {
    "us-gaap": ("http://www.sec.gov/CIK", "0001234567"),
    "ifrs": ("http://standards.iso.org/iso/17442", "529900EXAMPLE0LEI042"),
    "frs-102": ("http://www.companieshouse.gov.uk/", "01234567"),
}
Axes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TrueFact:
    """One fact of a row.

    Attributes:
        value: Unscaled, with the sign of its concept.
        start: None for an instant.
        decimals: Accuracy: of money the last printed digit.
    """

    id: str
    concept: str
    axes: Axes
    unit: str
    start: dt.date | None
    end: dt.date
    value: Decimal
    decimals: int

    @property
    def context(self) -> str:
        """A name for its period and dimensions."""
        span = f"{self.start or 'instant'}_{self.end}".replace("-", "")
        return "_".join(("c", span, *(member.partition(":")[2] for _, member in self.axes)))


def row_scale(row: TrueRow, statement: TrueStatement) -> int:
    """Return the power of ten of a row's figures."""
    return statement.scale if row.scale is None else row.scale


def row_unit(row: TrueRow, statement: TrueStatement) -> str:
    """Return `EUR`, `EUR/share` or `shares`."""
    return row.unit or statement.currency


def _span(key: str, period: TruePeriod, statement: TrueStatement) -> tuple[dt.date | None, dt.date]:
    """Return start and end of a figure: cash in a cash flow is an instant, also a day before."""
    if statement.statement == "balance_sheet" or key == "closing_cash":
        return None, period.end
    if key == "opening_cash" and period.start:
        return None, period.start - dt.timedelta(days=1)
    return period.start, period.end


def facts_of(
    row: TrueRow, statement: TrueStatement, *, dimensions: bool = True
) -> Iterator[tuple[int, TrueFact]]:
    """Yield the facts of a row with their columns."""
    if row.kind == "heading":
        return
    concept: Concept = concept_of(row.key, statement.framework, dimensions=dimensions)
    scale = row_scale(row, statement)
    for column, value in enumerate(row.values):
        if value is None:
            continue
        start, end = _span(row.key, statement.periods[column], statement)
        yield (
            column,
            TrueFact(
                f"{row.key}-{column}",
                concept.name,
                concept.axes,
                row_unit(row, statement),
                start,
                end,
                (value * row.natural * concept.sign).scaleb(scale),
                2 if row.kind == "per_share" else -scale,
            ),
        )


def truth_facts(truth: Truth, *, dimensions: bool = True) -> list[TrueFact]:
    """Return all facts of a truth once: a figure that stands on two statements is one fact."""
    found: dict[tuple[object, ...], TrueFact] = {}
    for statement in truth.statements:
        for row in statement.rows:
            for _, fact in facts_of(row, statement, dimensions=dimensions):
                found.setdefault((fact.concept, fact.context, fact.unit), fact)
    return [replace(fact, id=f"f-{number}") for number, fact in enumerate(found.values(), 1)]


def tagged_statement(
    statement: TrueStatement,
    kind: SourceKind,
    extension: str = "ext",
    *,
    dimensions: bool = True,
) -> Statement:
    """Return what a reader must return of tagged rows: with concepts and unscaled values.

    Args:
        statement: As printed.
        kind: Of the file.
        extension: The prefix that the file uses for the company's own concepts.
        dimensions: As `concept_of` has it.
    """
    read = statement.as_statement(kind)
    for row, true in zip(read.rows, statement.rows, strict=True):
        if true.kind == "heading":
            continue
        concept = concept_of(true.key, statement.framework, dimensions=dimensions)
        row.concept, row.axes = concept.name, dict(concept.axes)
        if concept.name.startswith("ext:"):
            row.concept = f"{extension}:{concept.name.removeprefix('ext:')}"
        for column, fact in facts_of(true, statement, dimensions=dimensions):
            row.cells[f"p{column}"].tagged = fact.value
            row.cells[f"p{column}"].at = None
    return read
