"""Cut a compiled statement to its newest years, without a trace of those left out."""

from collections.abc import Collection, Mapping, Sequence

from app.pipeline.compiled import Compiled, CompiledPeriod, CompiledRow
from app.pipeline.statement import Equation, Issue


def of_newest_years(compiled: Compiled, years: int | None) -> Compiled:
    """Return the statement with the newest fiscal years, and the periods of other length between.

    A year that no filing states counts too: ten years of 2023 begin with 2014. Rows, equations,
    gaps, breaks, checks and issues of other years are left out; `inputs` keep their positions.

    Args:
        compiled: In one framework and currency.
        years: At least one; None for all.
    """
    kept = _newest(compiled.periods, years)
    return compiled if len(kept) == len(compiled.periods) else of_periods(compiled, kept)


def of_periods(
    compiled: Compiled, periods: Sequence[CompiledPeriod], *, replaced: bool = True
) -> Compiled:
    """Return the statement with some of its periods, the newest first.

    Args:
        compiled: In one framework and currency.
        periods: Some of its periods.
        replaced: Whether to keep a row that newer filings have replaced in all of them.
    """
    keys = {each.key for each in periods}
    rows = [_cut_row(each, keys) for each in compiled.rows]
    place = _places(rows, replaced=replaced)
    years = [each.fiscal_year for each in periods if each.fiscal_year is not None]
    return compiled.model_copy(
        update={
            "periods": list(periods),
            "rows": [row for number, row in enumerate(rows) if number in place],
            "equations": _cut_equations(compiled.equations, keys, place),
            "gaps": [each for each in compiled.gaps if each.fiscal_year >= min(years, default=0)],
            "breaks": [each for each in compiled.breaks if keys.issuperset(each.between)],
            "checks": {key: each for key, each in compiled.checks.items() if key in keys},
            "issues": _cut_issues(compiled.issues, keys, place),
        }
    )


def _newest(periods: list[CompiledPeriod], years: int | None) -> list[CompiledPeriod]:
    """Return the periods that are kept, newest first."""
    regular = [each for each in periods if each.regular]
    if years is None or not regular:
        return periods
    counted = regular[:years]
    newest = max((each.fiscal_year for each in counted if each.fiscal_year is not None), default=0)
    last = [
        each for each in counted if each.fiscal_year is None or each.fiscal_year > newest - years
    ][-1]
    if last is regular[-1]:
        return periods  # a short period may be the first of all
    return [each for each in periods if each.end >= last.end]


def _cut_row(row: CompiledRow, keys: Collection[str]) -> CompiledRow:
    return row.model_copy(
        update={
            "cells": {key: cell for key, cell in row.cells.items() if key in keys},
            "replaced": {key: each for key, each in row.replaced.items() if key in keys},
        }
    )


def _places(rows: list[CompiledRow], *, replaced: bool) -> dict[int, int]:
    """Return the new position of each row that is kept: those with figures, and their headings."""
    kept: list[int] = []
    below: list[CompiledRow] = []
    is_kept = True
    for number in range(len(rows) - 1, -1, -1):
        row = rows[number]
        if row.kind == "heading":
            is_kept = _is_filled(row, below, replaced=replaced) if below else is_kept
            below = []
        else:
            below.append(row)
        if _has_figures(row, replaced=replaced) or (row.kind == "heading" and is_kept):
            kept.append(number)
    return {number: place for place, number in enumerate(reversed(kept))}


def _has_figures(row: CompiledRow, *, replaced: bool) -> bool:
    return bool(row.cells or (replaced and row.replaced))


def _is_filled(heading: CompiledRow, below: list[CompiledRow], *, replaced: bool) -> bool:
    """Return whether a row before the next heading has a figure, and is the heading's own."""
    own = [row for row in below if heading.label in row.section] or below
    return any(_has_figures(row, replaced=replaced) for row in own)


def _cut_equations(
    equations: list[Equation], keys: Collection[str], place: Mapping[int, int]
) -> list[Equation]:
    """Return the equations that were tested in a period that is kept; an empty term is nothing."""
    kept = []
    for each in equations:
        diff = {key: value for key, value in each.diff.items() if key in keys}
        total = None if each.total is None else place.get(each.total)
        rows = [place[row] for row in each.rows if row in place]
        terms = [(sign, place[row]) for sign, row in each.terms if row in place]
        if diff and (total is not None or rows):
            changed = {"diff": diff, "total": total, "rows": rows, "terms": terms}
            kept.append(each.model_copy(update=changed))
    return kept


def _cut_issues(
    issues: list[Issue], keys: Collection[str], place: Mapping[int, int]
) -> list[Issue]:
    return [
        each if each.row is None else each.model_copy(update={"row": place[each.row]})
        for each in issues
        if (each.period is None or each.period in keys) and (each.row is None or each.row in place)
    ]
