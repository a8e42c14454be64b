"""What the statements over ten years must hold, of reports that `decade.py` wrote.

It is known of each figure how it changed, since the story of the reports says so: nothing here is
found out by comparing labels or guessing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from app.pipeline.compiled import Change
from app.pipeline.statement import RowKind, StatementName
from tests.filings.decade import Decade, Filed
from tests.filings.instance import row_scale
from tests.filings.truth import STATEMENTS, TrueRow, TrueStatement

GRAVEST: tuple[Change, ...] = (
    "restated",
    "reclassified",
    "split",
    "sign",
    "rounding",
    "none",
)


@dataclass(frozen=True, slots=True)
class Said:
    """A figure as one report states it.

    Attributes:
        report: Position among the reports, of which the newest is 0.
        row: Position in the printed statement.
        value: As printed, in units of 10^scale.
        natural: -1 where the sign is the other one than that of the figure's effect.
        page: In a PDF.
        change: How the next newer report that states it does so otherwise.
    """

    report: int
    row: int
    label: str
    value: Decimal
    scale: int
    natural: int
    page: int | None
    change: Change = "none"

    @property
    def worth(self) -> Decimal:
        """In units of the currency, or in shares, with the printed sign."""
        return self.value.scaleb(self.scale)

    @property
    def effect(self) -> Decimal:
        """In the same units, with the sign of its effect, however it is printed."""
        return self.worth * self.natural


@dataclass(frozen=True, slots=True)
class TrueCell:
    """A figure over all reports that state it, the newest first."""

    said: tuple[Said, ...]

    @property
    def latest(self) -> Said:
        """As the newest report states it."""
        return self.said[0]

    @property
    def original(self) -> Said:
        """As the oldest report states it."""
        return self.said[-1]

    @property
    def change(self) -> Change:
        """The gravest change since the first report that states it."""
        return min((each.change for each in self.said), key=GRAVEST.index)


@dataclass(frozen=True, slots=True)
class TrueLine:
    """A line over the years: the cells by fiscal year, the newest first.

    Attributes:
        key: Of `labels.txt`: the same line in every report.
        label: Of the newest report that has the line; section and kind, too.
    """

    key: str
    label: str
    section: tuple[str, ...]
    kind: RowKind
    cells: dict[int, TrueCell]


@dataclass(frozen=True, slots=True)
class _Found:
    year: int
    row: TrueRow
    said: Said


def _found(at: int, report: Filed, statement: TrueStatement) -> Iterator[_Found]:
    """Yield the figures of one statement of a report."""
    for number, row in enumerate(statement.rows):
        for column, value in enumerate(row.values):
            if value is None:
                continue
            box = statement.boxes.get((number, column))
            said = Said(
                at,
                number,
                row.label,
                value,
                row_scale(row, statement),
                row.natural,
                box[0] if box and report.kind == "pdf" else None,
            )
            yield _Found(statement.periods[column].fiscal_year, row, said)


def _changed(decade: Decade, key: str, year: int, older: Said, newer: Said) -> Change:
    """Return how a newer report states a figure otherwise than an older one."""
    story = decade.story
    before, after = decade.reports[older.report], decade.reports[newer.report]
    amounts = [_stated(each, key, year) for each in (before, after)]
    age = decade.reports[0].fiscal_year - year
    if key.startswith(("eps_", "shares_")):
        split = story.split is not None and before.age > story.split >= after.age
        if age in story.restated and key.startswith("eps_") and before.age == age:
            return "restated"
        return "split" if split and amounts[0] != amounts[1] else "none"
    if amounts[0] != amounts[1]:
        return "restated" if age in story.restated and before.age == age else "reclassified"
    if older.natural != newer.natural and older.value:
        return "sign"
    return "none" if older.effect == newer.effect else "rounding"


def _stated(report: Filed, key: str, year: int) -> Decimal | int:
    """Return a figure as a report has it before it is rounded to its scale."""
    at = report.fiscal_year - year
    figures = report.figures
    if key.startswith("eps_"):
        return figures.eps[key][at]
    return figures.shares[key][at] if key.startswith("shares_") else figures.figures[key][at]


def true_lines(decade: Decade, name: StatementName) -> tuple[TrueLine, ...]:
    """Return the lines of one statement over all years; those of the newest report come first."""
    rows: dict[str, TrueRow] = {}
    said: dict[tuple[str, int], list[Said]] = {}
    for at, report in enumerate(decade.reports):
        for found in _found(at, report, report.truth.named(name)):
            rows.setdefault(found.row.key, found.row)
            said.setdefault((found.row.key, found.year), []).append(found.said)
    lines = []
    for key, row in rows.items():
        cells = {}
        for year in sorted((year for each, year in said if each == key), reverse=True):
            cells[year] = TrueCell(tuple(_history(decade, key, year, said[key, year])))
        lines.append(TrueLine(key, row.label, row.section, row.kind, cells))
    return tuple(lines)


def _history(decade: Decade, key: str, year: int, said: list[Said]) -> Iterator[Said]:
    """Yield what the reports say, each with how the next newer one changed it."""
    yield said[0]
    for newer, older in pairwise(said):
        yield replace(older, change=_changed(decade, key, year, older, newer))


def missing_years(decade: Decade, name: StatementName = "income_statement") -> tuple[int, ...]:
    """Return the fiscal years within the range that no report states, the oldest first."""
    stated = {
        period.fiscal_year
        for report in decade.reports
        for period in report.truth.named(name).periods
    }
    return tuple(year for year in range(min(stated), max(stated)) if year not in stated)


def as_json(decade: Decade) -> dict[str, Any]:
    """Return the truth of the reports, for readers in any language."""

    def told(said: Said) -> dict[str, Any]:
        return {
            "file": decade.reports[said.report].file,
            "row": said.row,
            "label": said.label,
            "v": format(said.value, "f"),
            "scale": said.scale,
            "page": said.page,
            "change": said.change,
        }

    return {
        "company": decade.company,
        "currency": decade.story.layout.currency,
        "framework": decade.story.layout.framework,
        "missing_years": list(missing_years(decade)),
        "files": [
            {
                "file": each.file,
                "sha256": each.sha256,
                "kind": each.kind,
                "fiscal_year": each.fiscal_year,
                "scale": each.layout.scale,
            }
            for each in decade.reports
        ],
        "statements": {
            name: [
                {
                    "key": line.key,
                    "label": line.label,
                    "section": list(line.section),
                    "kind": line.kind,
                    "cells": {
                        str(year): {
                            "change": cell.change,
                            "said": [told(said) for said in cell.said],
                        }
                        for year, cell in line.cells.items()
                    },
                }
                for line in true_lines(decade, name)
            ]
            for name in STATEMENTS
        },
    }
