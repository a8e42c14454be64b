"""Which totals of a compiled statement are live formulas, and their text."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final

from app.pipeline.compiled import Compiled
from app.pipeline.decimals import decimals_of
from app.pipeline.export.wording import scale_of, written
from app.pipeline.export.xlsx_numbers import DIGITS, is_number
from app.pipeline.statement import Equation

MIN_RANGE: Final = 3  # neighbouring terms that are written as SUM(…)
_EXACT: Final = Context(prec=200)  # sums of figures with up to 60 digits


@dataclass(frozen=True, slots=True)
class Sum:
    """A total as the sum of its terms in one column.

    Attributes:
        terms: Sign and row.
        rounding: What rounding adds, as printed: the total minus the sum.
        decimals: Of the total and its terms.
    """

    terms: tuple[tuple[int, int], ...]
    rounding: Decimal
    decimals: int


def sums_of(compiled: Compiled) -> dict[tuple[int, str], Sum]:
    """Return the sums that show the very figure of the total, by row and period.

    A total is computed if a sum was tested in that period and holds, all its figures are numbers
    of one scale, and none of them is computed from the total in turn. Of several sums the one that
    holds in most periods is taken, then the one with the fewest terms. A corrected total stays
    the number that a person typed.
    """
    usable = [
        (equation, found)
        for equation in compiled.equations
        if (found := _usable(equation, compiled))
    ]
    usable.sort(key=lambda each: (-len(each[1]), len(each[0].terms)))  # then as they are listed
    chosen: dict[tuple[int, str], Sum] = {}
    for period in compiled.periods:
        column: dict[int, Sum] = {}
        for equation, by_period in usable:
            each, total = by_period.get(period.key), equation.total
            if each is None or total is None or total in column:
                continue
            if not _depends([row for _, row in each.terms], total, column):
                column[total] = each
        chosen.update({(row, period.key): each for row, each in column.items()})
    return chosen


def _usable(equation: Equation, compiled: Compiled) -> dict[str, Sum]:
    """Return an equation's sum for each period in which it gives the printed total."""
    total = equation.total
    if equation.kind != "sum" or equation.other or total is None or not equation.terms:
        return {}
    rows = [compiled.rows[row] for row in (total, *(row for _, row in equation.terms))]
    if len({scale_of(row, compiled) for row in rows}) > 1:
        return {}
    found = {key: _sum_in(equation, compiled, key) for key in equation.diff}
    return {key: each for key, each in found.items() if each}


def _sum_in(equation: Equation, compiled: Compiled, key: str) -> Sum | None:
    """Return the sum in one period, unless it is not exact or its difference is no rounding."""
    total = compiled.rows[equation.total or 0].cells.get(key)
    if total is None or total.v is None or total.corrected:
        return None
    figures = [total.v]
    terms = Decimal(0)
    for sign, row in equation.terms:
        cell = compiled.rows[row].cells.get(key)
        if cell is None:
            continue  # an empty cell counts as 0
        if cell.v is None:
            return None
        figures.append(cell.v)
        terms = _EXACT.add(terms, _EXACT.multiply(Decimal(sign), cell.v))
    rounding = _EXACT.subtract(total.v, terms)
    decimals = max(decimals_of(each) for each in (*figures, rounding))
    size = sum((abs(each) for each in figures), Decimal(0)).scaleb(decimals)
    if len(figures) == 1 or abs(rounding) > equation.tolerance:
        return None
    if size >= 10**DIGITS or not all(map(is_number, figures)):
        return None
    return Sum(tuple((sign, row) for sign, row in equation.terms), rounding, decimals)


def _depends(rows: Sequence[int], total: int, column: Mapping[int, Sum]) -> bool:
    """Return whether a total is among rows, or among what they are computed from."""
    seen: set[int] = set()
    left = list(rows)
    while left:
        row = left.pop()
        if row == total:
            return True
        if row in column and row not in seen:
            seen.add(row)
            left.extend(each for _, each in column[row].terms)
    return False


def formula_of(found: Sum, cell: Callable[[int], str], headings: Sequence[bool]) -> str:
    """Return the text of a formula.

    Args:
        found: The sum.
        cell: Returns the reference of a row's cell in the column, such as `C7`.
        headings: For each row, whether it is a heading: a range may include its empty cells.
    """
    parts = [
        ("-" if sign < 0 else "+")
        + (f"SUM({cell(first)}:{cell(last)})" if first != last else cell(first))
        for sign, first, last in _runs(found.terms, headings)
    ]
    if found.rounding:
        text = written(abs(found.rounding))
        parts.append(("-" if found.rounding < 0 else "+") + text)
    joined = "".join(parts).removeprefix("+")
    return f"=ROUND({joined},{found.decimals})" if found.decimals else f"={joined}"


def _runs(
    terms: Sequence[tuple[int, int]], headings: Sequence[bool]
) -> Iterator[tuple[int, int, int]]:
    """Yield sign, first and last row of the terms; neighbours with one sign are taken together."""
    run: list[int] = []
    run_sign = 0
    for sign, row in sorted(terms, key=lambda each: each[1]):
        between = headings[run[-1] + 1 : row] if run else []
        if run and sign == run_sign and row > run[-1] and all(between):
            run.append(row)
            continue
        yield from _run(run_sign, run)
        run, run_sign = [row], sign
    yield from _run(run_sign, run)


def _run(sign: int, rows: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    if len(rows) >= MIN_RANGE:
        yield sign, rows[0], rows[-1]
    else:
        yield from ((sign, row, row) for row in rows)
