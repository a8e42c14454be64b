"""What a reader must find in a generated report: its statements with figures, periods and pages."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, get_args

from app.pipeline.statement import (
    Cell,
    Period,
    Row,
    RowKind,
    Source,
    SourceKind,
    Statement,
    StatementName,
)

STATEMENTS: tuple[StatementName, ...] = get_args(StatementName)
Box = tuple[int, float, float, float, float]


@dataclass(frozen=True, slots=True)
class TruePeriod:
    """A column, with the words over it."""

    end: dt.date
    start: dt.date | None
    fiscal_year: int

    @property
    def days(self) -> int | None:
        """Length of a duration, both ends included."""
        return (self.end - self.start).days + 1 if self.start else None


@dataclass(frozen=True, slots=True)
class TrueRow:
    """A printed line; `values` are in printed column order, with printed sign and scale.

    Attributes:
        key: Of `labels.txt`: the same line in every language.
        values: One for each period; None where nothing is printed. Headings have none.
        natural: Sign of the values against the company's figures: -1 for costs printed positive.
        rule: Whether a line is drawn above the figures, as above totals.
    """

    key: str
    label: str
    kind: RowKind
    section: tuple[str, ...] = ()
    values: tuple[Decimal | None, ...] = ()
    note: str | None = None
    scale: int | None = None
    unit: str | None = None
    natural: int = 1

    @property
    def level(self) -> int:
        """How many headings it stands under."""
        return len(self.section)


@dataclass(frozen=True, slots=True)
class TrueStatement:
    """A statement as printed; pages and places are known once it is drawn.

    Attributes:
        boxes: By row and column: page and box of the figure in points from the lower left.
    """

    statement: StatementName
    title: str
    framework: str
    language: str
    scope: str
    currency: str
    scale: int
    periods: tuple[TruePeriod, ...]
    rows: tuple[TrueRow, ...]
    pages: tuple[int, ...] = ()
    boxes: Mapping[tuple[int, int], Box] = field(default_factory=dict)

    def value(self, key: str, column: int) -> Decimal:
        """Return the figure of the first row of a key."""
        row = next(row for row in self.rows if row.key == key)
        value = row.values[column]
        if value is None:
            raise LookupError(key)
        return value

    def drawn(self, boxes: Mapping[tuple[int, int], Box]) -> "TrueStatement":
        """Return the statement with the places of its figures."""
        pages = tuple(sorted({box[0] for box in boxes.values()}))
        return replace(self, boxes=dict(boxes), pages=pages)

    def as_statement(self, kind: SourceKind = "pdf") -> Statement:
        """Return what a reader must return, without proof: the form `statement/1`."""
        periods = [
            Period(
                key=f"p{column}",
                fiscal_year=period.fiscal_year,
                label=str(period.fiscal_year),
                start=period.start,
                end=period.end,
                days=period.days,
            )
            for column, period in enumerate(self.periods)
        ]
        return Statement(
            statement=self.statement,
            framework=self.framework,
            scope="parent" if self.scope == "parent" else "consolidated",
            language=self.language,
            title=self.title,
            currency=self.currency,
            scale=self.scale,
            source=Source(kind=kind, reader="generator/1", pages=list(self.pages)),
            periods=periods,
            rows=[self._row(n, row) for n, row in enumerate(self.rows)],
        )

    def _row(self, n: int, row: TrueRow) -> Row:
        cells = {
            f"p{column}": Cell(v=value, at=self.boxes.get((n, column)))
            for column, value in enumerate(row.values)
            if value is not None
        }
        return Row(
            n=n,
            label=row.label,
            section=list(row.section),
            level=row.level,
            kind=row.kind,
            note=row.note,
            unit=row.unit,
            scale=row.scale,
            cells=cells,
        )

    def as_typed(self) -> dict[str, Any]:
        """Return the statement in the form of truths that people type off a page."""
        return {
            "statement": self.statement,
            "pages": list(self.pages),
            "title": self.title,
            "scale": self.scale,
            "periods": [
                {
                    "label": str(period.fiscal_year),
                    "end": period.end.isoformat(),
                    "fiscal_year": period.fiscal_year,
                }
                for period in self.periods
            ],
            "rows": [_typed_row(row) for row in self.rows if row.kind != "heading"],
        }


def _typed_row(row: TrueRow) -> dict[str, Any]:
    typed: dict[str, Any] = {
        "label": row.label,
        "section": list(row.section),
        "kind": row.kind,
        "values": [None if value is None else format(value, "f") for value in row.values],
        "nil_columns": [column for column, value in enumerate(row.values) if value == 0],
    }
    if row.scale is not None:
        typed["scale"] = row.scale
    if row.unit is not None:
        typed["unit"] = row.unit
    return typed


@dataclass(frozen=True, slots=True)
class Truth:
    """A generated report's content: the primary statements of the reporting entity."""

    company: str
    framework: str
    currency: str
    statements: tuple[TrueStatement, ...]

    def as_typed(self, file: str) -> dict[str, Any]:
        """Return the truth of a file in the form of truths that people type off a page."""
        return {
            "file": file,
            "company": self.company,
            "framework": self.framework,
            "currency": self.currency,
            "statements": [each.as_typed() for each in self.statements],
        }

    def named(self, statement: StatementName) -> TrueStatement:
        """Return one of the three statements."""
        return next(each for each in self.statements if each.statement == statement)
