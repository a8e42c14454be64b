"""Six ways in which a reading may be wrong, each done to one figure of a statement."""

import random
from collections.abc import Callable
from decimal import Decimal

from app.pipeline.statement import Cell, Row, Statement

Damage = Callable[[Statement, int, str, random.Random], Statement | None]
"""Statement, number of the row, key of the period; None where it would change nothing."""


def _with_rows(statement: Statement, changed: dict[int, Row]) -> Statement:
    rows = [changed.get(row.n, row) for row in statement.rows]
    return statement.model_copy(update={"rows": rows})


def _with_cells(row: Row, cells: dict[str, Cell]) -> Row:
    return row.model_copy(update={"cells": cells})


def _with_value(statement: Statement, number: int, period: str, value: Decimal) -> Statement:
    row = _row(statement, number)
    cells = {**row.cells, period: row.cells[period].model_copy(update={"v": value})}
    return _with_rows(statement, {number: _with_cells(row, cells)})


def _row(statement: Statement, number: int) -> Row:
    return next(row for row in statement.rows if row.n == number)


def change_digit(
    statement: Statement, number: int, period: str, draw: random.Random
) -> Statement | None:
    """Replace one digit of a figure by another."""
    value = _row(statement, number).cells[period].v
    if not value:
        return None
    scale = 0 if value != value.to_integral_value() else _zeros(value, statement)
    digits = list(format(value.scaleb(-scale), "f"))
    place = draw.choice([i for i, each in enumerate(digits) if each.isdigit()])
    digits[place] = draw.choice([each for each in "123456789" if each != digits[place]])
    return _with_value(statement, number, period, Decimal("".join(digits)).scaleb(scale))


def _zeros(value: Decimal, statement: Statement) -> int:
    """Return the zeros that unscaled figures in thousands or millions end in."""
    if statement.scale != 0:
        return 0
    return next((each for each in (6, 3) if value % 10**each == 0), 0)


def lose_sign(
    statement: Statement, number: int, period: str, draw: random.Random
) -> Statement | None:
    """Turn the sign of a figure."""
    del draw
    value = _row(statement, number).cells[period].v
    return _with_value(statement, number, period, -value) if value else None


def multiply(
    statement: Statement, number: int, period: str, draw: random.Random
) -> Statement | None:
    """Read a figure as a thousand times what it is."""
    del draw
    value = _row(statement, number).cells[period].v
    return _with_value(statement, number, period, value * 1000) if value else None


def drop_row(
    statement: Statement, number: int, period: str, draw: random.Random
) -> Statement | None:
    """Leave out the row of a figure."""
    del draw
    if not _row(statement, number).cells[period].v:
        return None
    rows = [row for row in statement.rows if row.n != number]
    return statement.model_copy(update={"rows": rows})


def exchange_rows(
    statement: Statement, number: int, period: str, draw: random.Random
) -> Statement | None:
    """Exchange the figures of a row and the next one of its kind."""
    del draw
    row = _row(statement, number)
    after = next(
        (
            each
            for each in statement.rows
            if each.n > number and each.cells and each.kind == row.kind
        ),
        None,
    )
    if after is None or period not in after.cells or after.cells[period].v == row.cells[period].v:
        return None
    return _with_rows(
        statement,
        {row.n: _with_cells(row, after.cells), after.n: _with_cells(after, row.cells)},
    )


def exchange_columns(
    statement: Statement, number: int, period: str, draw: random.Random
) -> Statement | None:
    """Exchange the figures of two periods in a row."""
    row = _row(statement, number)
    others = [
        key
        for key, cell in row.cells.items()
        if cell.v is not None and cell.v != row.cells[period].v
    ]
    if not others:
        return None
    other = draw.choice(others)
    cells = {**row.cells, period: row.cells[other], other: row.cells[period]}
    return _with_rows(statement, {number: _with_cells(row, cells)})


DAMAGES: dict[str, Damage] = {
    "a digit": change_digit,
    "a sign": lose_sign,
    "times 1,000": multiply,
    "a dropped row": drop_row,
    "two rows exchanged": exchange_rows,
    "two columns exchanged": exchange_columns,
}
