"""The truth of a statement, and the form in which it is typed from the images of its pages."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from app.pipeline.statement import RowKind, StatementName

Origin = Literal["typed", "ixbrl", "xbrl", "xbrl_json", "companyfacts"]
STATEMENTS: tuple[StatementName, ...] = (
    "income_statement",
    "balance_sheet",
    "cash_flow_statement",
)


@dataclass(frozen=True, slots=True)
class TruthPeriod:
    """A column: the last day of its period, and the fiscal year that the filing names."""

    end: date | None
    fiscal_year: int | None


@dataclass(frozen=True, slots=True)
class TruthRow:
    """A printed line.

    Attributes:
        labels: Any of them is right; none for a total without a label.
        values: By column, with the printed sign and in the printed scale; None: not stated.
        scale: Power of ten of the values.
        signed: Whether the signs of the values are those of the page.
    """

    labels: tuple[str, ...]
    kind: RowKind
    values: tuple[Decimal | None, ...]
    scale: int
    section: tuple[str, ...] = ()
    nil: frozenset[int] = frozenset()
    signed: bool = True


@dataclass(frozen=True, slots=True)
class TruthStatement:
    """One statement of one filing.

    Attributes:
        complete: Whether every printed line is in it: facts have no line for an untagged one.
    """

    statement: StatementName
    pages: frozenset[int]
    periods: tuple[TruthPeriod, ...]
    rows: tuple[TruthRow, ...]
    origin: Origin
    complete: bool
    currency: str | None = None
    notes: tuple[str, ...] = field(default=())


def read_typed(path: Path) -> tuple[str, list[TruthStatement]]:
    """Return the name of the file that a typed truth is about, and its statements."""
    typed = json.loads(path.read_text(encoding="utf-8"))
    statements = [_statement(each, typed.get("currency")) for each in typed["statements"]]
    return Path(typed["file"]).name, statements


def find_typed(folders: Sequence[Path]) -> dict[str, list[TruthStatement]]:
    """Return the typed truths of folders by the name of their file; other JSON is left aside."""
    found: dict[str, list[TruthStatement]] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*.json")):
            try:
                name, statements = read_typed(path)
            except (ValueError, KeyError, TypeError, ArithmeticError):
                continue
            found[name] = statements
    return found


def _statement(typed: dict[str, Any], currency: str | None) -> TruthStatement:
    scale = int(typed.get("scale") or 0)
    return TruthStatement(
        statement=typed["statement"],
        pages=frozenset(typed["pages"]),
        periods=tuple(_period(each) for each in typed["periods"]),
        rows=tuple(_row(each, scale) for each in typed["rows"]),
        origin="typed",
        complete=True,
        currency=typed.get("currency", currency),
    )


def _period(typed: dict[str, Any]) -> TruthPeriod:
    end = typed.get("end")
    return TruthPeriod(date.fromisoformat(end) if end else None, typed.get("fiscal_year"))


def _row(typed: dict[str, Any], scale: int) -> TruthRow:
    kind: RowKind = typed["kind"]
    label = typed.get("label")
    return TruthRow(
        labels=tuple(each for each in (label, *(typed.get("alt_labels") or ())) if each),
        kind=kind,
        values=tuple(None if each is None else Decimal(str(each)) for each in typed["values"]),
        scale=int(typed.get("scale", 0 if kind == "per_share" else scale)),
        section=tuple(typed.get("section") or ()),
        nil=frozenset(typed.get("nil_columns") or ()),
    )
