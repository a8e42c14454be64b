"""Put the corrections of people into copies of the statements that were read."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from app.pipeline.compile.correction_key import find_cell
from app.pipeline.compile.entry import Entry, newest_first
from app.pipeline.compile.grid import converted
from app.pipeline.compile.readings import Correction, Reading
from app.pipeline.compile.units import power_of
from app.pipeline.compiled import Corrected
from app.pipeline.statement import Cell, Equation, Issue, Row, Statement
from app.pipeline.verify.confirm import confirmed
from app.pipeline.verify.equations import find_equations
from app.pipeline.verify.lookup import figure, members
from app.pipeline.verify.status import proofs

WITHOUT_CELL = "correction_without_cell"


def apply_corrections(
    readings: Sequence[Reading], corrections: Sequence[Correction]
) -> tuple[list[Entry], list[Issue]]:
    """Return the readings as entries, the newest first, and an issue for each lost correction.

    A file may hold many filings (companyfacts); its newest one that prints the cell is corrected,
    which is the one that was shown.
    """
    entries = newest_first(Entry(each, each.statement) for each in readings)
    issues: list[Issue] = []
    for correction in corrections:
        for entry in entries:
            if entry.reading.sha256 == correction.sha256 and _correct(entry, correction):
                break
        else:
            message = (
                f"the correction of {correction.label!r} for {correction.period_end} finds no cell "
                f"in the file {correction.sha256[:12]}"
            )
            issues.append(Issue(code=WITHOUT_CELL, message=message))
    for entry in entries:
        if entry.corrected:
            entry.statement = _proved_again(entry.statement, entry.corrected)
    return entries, issues


def _correct(entry: Entry, correction: Correction) -> bool:
    """Put a corrected figure into an entry; return whether it has the cell."""
    found = find_cell(entry.statement, correction)
    if found is None:
        return False
    row, key = found
    cell = row.cells.get(key, Cell(v=None))  # one that was not read can be given
    scale = entry.scale_of(row.scale) + power_of(row.unit)
    value = converted(correction.value, correction.scale - scale)
    before = entry.corrected.get((row.n, key))
    entry.corrected[row.n, key] = Corrected(
        was=before.was if before else cell.v,
        because=correction.because,
        by=correction.by,
        on=correction.on,
    )
    new = cell.model_copy(update={"v": value, "by": [], "unconfirmed": None})
    entry.statement = _with_cell(entry.statement, row, key, new)
    return True


def _with_cell(statement: Statement, row: Row, key: str, cell: Cell) -> Statement:
    rows = [
        each.model_copy(update={"cells": {**each.cells, key: cell}}) if each is row else each
        for each in statement.rows
    ]
    return statement.model_copy(update={"rows": rows})


def _proved_again(statement: Statement, corrected: dict[tuple[int, str], Corrected]) -> Statement:
    """Return a corrected statement with the equations that hold for it."""
    rows = {row.n: row for row in statement.rows}
    kept = [
        each.model_copy(update={"diff": diff})
        for each in statement.equations
        if each.other is None
        and (diff := {key: d for key in each.diff if (d := _holds(each, rows, key)) is not None})
    ]
    keys = [each.key for each in statement.periods]
    known = {(frozenset(members(each)), key) for each in kept for key in each.diff}
    found = [
        each.model_copy(update={"id": f"again-{each.id}", "diff": diff})
        for each in find_equations(confirmed(statement).rows, keys)
        if (
            diff := {
                key: value
                for key, value in each.diff.items()
                if (frozenset(members(each)), key) not in known
            }
        )
    ]
    ties = [
        each
        for each in statement.equations
        if each.other is not None and not any((each.rows[0], key) in corrected for key in each.diff)
    ]
    equations = [*_as_exact_as_others([*kept, *found], statement.equations, corrected), *ties]
    proved = proofs(equations)
    return statement.model_copy(
        update={
            "equations": equations,
            "rows": [
                row.model_copy(
                    update={
                        "cells": {
                            key: cell.model_copy(update={"by": proved.get((row.n, key), [])})
                            for key, cell in row.cells.items()
                        }
                    }
                )
                for row in statement.rows
            ],
        }
    )


def _as_exact_as_others(
    equations: Sequence[Equation],
    read: Sequence[Equation],
    corrected: Collection[tuple[int, str]],
) -> list[Equation]:
    """Return equations; those with corrected figures are as exact as the others that were read.

    A sum that rounding may put off by one would prove a figure that is wrong by one as well.
    """

    def is_corrected(equation: Equation, key: str) -> bool:
        return any((row, key) in corrected for row in members(equation))

    most = max(
        (
            abs(diff)
            for each in (*read, *equations)
            if each.other is None
            for key, diff in each.diff.items()
            if not is_corrected(each, key)
        ),
        default=Decimal(0),
    )
    cut = [
        each.model_copy(
            update={
                "diff": {
                    key: diff
                    for key, diff in each.diff.items()
                    if abs(diff) <= most or not is_corrected(each, key)
                }
            }
        )
        for each in equations
    ]
    return [each for each in cut if each.diff]


def _holds(equation: Equation, rows: dict[int, Row], key: str) -> Decimal | None:
    """Return the difference of an equation in a period, None where it does not hold."""
    if equation.total is None:
        values = [figure(rows[each], key) for each in equation.rows]
        return equation.diff[key] if len(set(values)) == 1 and None not in values else None
    total = figure(rows[equation.total], key)
    terms = [(sign, figure(rows[each], key)) for sign, each in equation.terms]
    if total is None or any(
        value is None and key in rows[each].cells
        for (_, each), (_, value) in zip(equation.terms, terms, strict=True)
    ):
        return None
    diff = total - sum(sign * value for sign, value in terms if value is not None)
    return diff if abs(diff) <= equation.tolerance else None
