"""Find rows of a statement by label or concept, and compare figures across statements."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from app.pipeline.statement import Equation, Period, Row, Statement
from app.pipeline.verify.figures import EXACT
from app.pipeline.verify.vocabulary import Words, normalise

_WEEK = 7


def money_rows(statement: Statement) -> list[Row]:
    """Return the lines and totals of a statement, in printed order."""
    return [row for row in statement.rows if row.kind in {"line", "total"} and row.cells]


def labelled(statement: Statement, pattern: Words, concepts: Iterable[str] = ()) -> list[Row]:
    """Return the money rows whose label fits a pattern, or whose concept has one of the names."""
    names = frozenset(concepts)
    return [
        row
        for row in money_rows(statement)
        if pattern.search(normalise(row.label))
        or (row.concept and not row.axes and row.concept.rpartition(":")[2] in names)
    ]


def members(equation: Equation) -> set[int]:
    """Return the rows of an equation."""
    total = set() if equation.total is None else {equation.total}
    return total | {row for _, row in equation.terms} | set(equation.rows)


def totals(equations: Iterable[Equation]) -> set[int]:
    """Return the rows that are the total of a sum."""
    return {each.total for each in equations if each.kind == "sum" and each.total is not None}


def connected(equations: Sequence[Equation], row: int) -> set[int]:
    """Return the rows that chains of equations connect with a row."""
    reached, grown = {row}, True
    while grown:
        grown = False
        for equation in equations:
            rows = members(equation)
            if rows & reached and not rows <= reached:
                reached |= rows
                grown = True
    return reached


def figure(row: Row, period: str) -> Decimal | None:
    """Return the figure of a row in its printed scale, None where it has none."""
    cell = row.cells.get(period)
    return None if cell is None else cell.v


def worth(statement: Statement, row: Row, period: str) -> Decimal | None:
    """Return the figure of a row in units of its currency, as far as the scale is known."""
    value = figure(row, period)
    scale = row.scale if row.scale is not None else statement.scale
    return None if value is None else EXACT.scaleb(value, scale or 0)


def same_period(first: Period, second: Period) -> bool:
    """Whether two periods end on one day, or in one fiscal year where no day is known.

    Two durations start together as well: a quarter is no year.
    """
    if first.end and second.end:
        apart = first.start and second.start and abs((first.start - second.start).days) > _WEEK
        return first.end == second.end and not apart
    return first.fiscal_year is not None and first.fiscal_year == second.fiscal_year


def shared_periods(first: Statement, second: Statement) -> list[tuple[str, str]]:
    """Return the keys of the periods that end on the same day."""
    return [
        (one.key, other.key)
        for one in first.periods
        for other in second.periods
        if same_period(one, other)
    ]


def following(statement: Statement) -> Iterator[tuple[str, str]]:
    """Yield each period with the period that ends where it starts."""
    for later in statement.periods:
        for earlier in statement.periods:
            if later is earlier:
                continue
            if later.start and earlier.end:
                if (later.start - earlier.end).days == 1:
                    yield later.key, earlier.key
            elif (
                later.fiscal_year is not None
                and earlier.fiscal_year is not None
                and later.fiscal_year - earlier.fiscal_year == 1
            ):
                yield later.key, earlier.key
