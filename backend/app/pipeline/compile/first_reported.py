"""Show the figures of a compiled statement as they were first reported, and prove them anew."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, localcontext

from app.pipeline.compiled import (
    Change,
    Compiled,
    CompiledCell,
    CompiledPeriod,
    CompiledRow,
    Input,
    Stated,
    YearChecks,
)
from app.pipeline.statement import CheckResult, Equation, Row
from app.pipeline.verify.figures import EXACT

_DAYS = 14
"""How far the ends of one fiscal period may be apart in two filings."""


def as_first_reported(compiled: Compiled) -> Compiled:
    """Return the statement with the figures of each year's own report.

    A figure is that of the earliest filing whose newest period is the year; where no such filing
    states the line, that of the earliest filing that states it. Lines of a sum that newer filings
    break down otherwise have their figures again. The proofs were made for other figures: each
    equation is tested on those shown, and one that does not hold proves nothing.
    """
    own = {
        period.key: {number for number, each in enumerate(compiled.inputs) if is_own(period, each)}
        for period in compiled.periods
    }
    rows = [_first_of_row(row, own) for row in compiled.rows]
    changed = {
        (number, key)
        for number, (row, stored) in enumerate(zip(rows, compiled.rows, strict=True))
        for key, cell in row.cells.items()
        if key not in stored.cells or cell.v != stored.cells[key].v
    }
    first = compiled.model_copy(update={"rows": rows})
    with localcontext(EXACT):
        return _prove(first, changed) if changed else first


def is_own(period: CompiledPeriod, filing: Input) -> bool:
    """Return whether a period is the newest of a filing."""
    if filing.period_end is not None:
        return abs((filing.period_end - period.end).days) <= _DAYS
    return period.regular and filing.fiscal_year in {period.fiscal_year} - {None}


def _first_of_row(row: CompiledRow, own: Mapping[str, Collection[int]]) -> CompiledRow:
    cells = {key: _first(cell, row, own.get(key, ())) for key, cell in row.cells.items()}
    for key, stated in row.replaced.items():
        if key in own:
            cells[key] = _chosen(stated, own[key], "reclassified")
    return row.model_copy(update={"cells": cells, "replaced": {}})


def _first(cell: CompiledCell, row: CompiledRow, own: Collection[int]) -> CompiledCell:
    """Return the figure as it was first reported; its proof, if it is the newest one too."""
    newest = _as_stated(cell, row)
    # The figure that is shown may be an older filing's, of a block that newer ones do not close.
    stated = sorted([*cell.history, newest], key=lambda each: each.input, reverse=True)
    first = _chosen(stated, own, cell.change)
    if first.input == newest.input and first.v == cell.v:
        return cell
    if first.v != cell.v:
        return first
    return first.model_copy(update={"by": cell.by, "verified": cell.verified})


def _chosen(stated: Sequence[Stated], own: Collection[int], change: Change) -> CompiledCell:
    """Return the first figure of the year's own filings, with the others as its history."""
    place = next((n for n, each in enumerate(stated) if each.input in own), 0)
    first = stated[place]
    values = first.model_dump(exclude={"label", "change"})
    return CompiledCell(**values, change=change, history=[*stated[:place], *stated[place + 1 :]])


def _as_stated(cell: CompiledCell, row: CompiledRow) -> Stated:
    """Return the figure of the newest filing as one of the history, with its own sign."""
    label = next((each.label for each in row.labels if cell.input in each.inputs), row.label)
    values = cell.model_dump(include={*Stated.model_fields} - {"v", "label", "change"})
    value = -cell.v if cell.turned and cell.v else cell.v
    return Stated(**values, v=value, label=label, change="none")


def _prove(compiled: Compiled, changed: Collection[tuple[int, str]]) -> Compiled:
    """Return the statement with its equations tested on the figures shown.

    Args:
        compiled: With the proofs of other figures.
        changed: Row and period of the figures that are others.
    """
    keys = {key for _, key in changed}
    equations = [_tested(each, compiled, keys, changed) for each in compiled.equations]
    proofs: dict[tuple[int, str], list[str]] = {}
    for equation in equations:
        for key in keys.intersection(equation.diff):
            for row in _rows_of(equation):
                proofs.setdefault((row, key), []).append(equation.id)
    rows = [_with_proofs(row, number, keys, proofs) for number, row in enumerate(compiled.rows)]
    checks = {
        key: _checks(key, each, rows, equations) if key in keys else each
        for key, each in compiled.checks.items()
    }
    kept = [each for each in equations if each.diff]
    return compiled.model_copy(update={"rows": rows, "equations": kept, "checks": checks})


def _tested(
    equation: Equation,
    compiled: Compiled,
    keys: Collection[str],
    changed: Collection[tuple[int, str]],
) -> Equation:
    """Return an equation with the periods in which it holds, of those with changed figures.

    The other side of a tie is another statement: it holds while no figure of this one changed.
    """
    rows = _rows_of(equation)
    diff = {key: value for key, value in equation.diff.items() if key not in keys}
    for key in sorted(keys):
        if equation.other:
            tied = key in equation.diff and not any((row, key) in changed for row in rows)
            found = equation.diff[key] if tied else None
        else:
            found = _difference(equation, key, compiled)
        if found is not None and abs(found) <= equation.tolerance:
            diff[key] = found
    return equation.model_copy(update={"diff": diff})


def _rows_of(equation: Equation) -> list[int]:
    total = [] if equation.total is None else [equation.total]
    return [*total, *(row for _, row in equation.terms), *equation.rows]


def _difference(equation: Equation, key: str, compiled: Compiled) -> Decimal | None:
    """Return total minus terms, or the range of equal rows; None where it cannot be told."""
    values = {}
    for number in _rows_of(equation):
        row = compiled.rows[number]
        cell = row.cells.get(key)
        if cell is None and key in equation.diff:
            values[number] = Decimal(0)  # it was tested without this row
        elif cell is None or cell.v is None or cell.unconfirmed:
            return None
        else:
            values[number] = cell.v.scaleb(_exponent(row, compiled))
    if equation.total is None:
        same = [values[row] for row in equation.rows]
        return max(same) - min(same)
    return values[equation.total] - sum(sign * values[row] for sign, row in equation.terms)


def _exponent(row: CompiledRow, compiled: Compiled) -> int:
    """Return how many digits the row's scale is above the statement's."""
    return 0 if row.scale is None else row.scale - (compiled.scale or 0)


def _with_proofs(
    row: CompiledRow,
    number: int,
    keys: Collection[str],
    proofs: Mapping[tuple[int, str], list[str]],
) -> CompiledRow:
    return row.model_copy(
        update={
            "cells": {
                key: _with_proof(cell, proofs.get((number, key), [])) if key in keys else cell
                for key, cell in row.cells.items()
            }
        }
    )


def _with_proof(cell: CompiledCell, by: list[str]) -> CompiledCell:
    """Return a figure with its new proofs; one that another reading contradicts stays unproved."""
    is_contradicted = bool(cell.by) and not cell.verified
    return cell.model_copy(
        update={"by": by, "verified": bool(by or cell.own) and not is_contradicted}
    )


def _checks(
    key: str, before: YearChecks, rows: Sequence[CompiledRow], equations: Sequence[Equation]
) -> YearChecks:
    """Return what is proved of a period of which figures changed."""
    cells = [(_is_checkable(row), row.cells[key]) for row in rows if key in row.cells]
    balances = any(each.id.startswith("balance") and key in each.diff for each in equations)
    return YearChecks(
        cells=len(cells),
        checkable=sum(money for money, _ in cells),
        verified=sum(money and cell.verified for money, cell in cells),
        balance="pass" if balances else _not_known(before.balance),
        cash=_not_known(before.cash),
    )


def _is_checkable(row: CompiledRow) -> bool:
    # The newest figures, which most commands show, are proved already.
    from app.pipeline.verify.status import is_checkable  # noqa: PLC0415 slow

    return is_checkable(Row(n=0, label=row.label, kind=row.kind))


def _not_known(before: CheckResult) -> CheckResult:
    """Return the result of a check that was made for other figures."""
    return before if before == "not_applicable" else "unknown"
