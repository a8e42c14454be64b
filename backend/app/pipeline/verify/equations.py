"""Find the sums of a table: which rows add up to which, in every period that states them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import groupby, pairwise, zip_longest
from math import sqrt
from operator import add

from app.pipeline.statement import Equation, Row
from app.pipeline.verify.blocks import (
    Block,
    Terms,
    check,
    find_block,
)
from app.pipeline.verify.figures import Figures, Table, tabulate
from app.pipeline.verify.tolerance import CUT_OFF, EXACT, ROUNDED, Rounding, twice_expected

_ROWS = 400
"""Rows of the longest table that is searched: no statement has so many."""
_PARTS = 8
"""Rows of the longest split of a total that stands elsewhere."""
# log10 of the chance that two rows are equal by accident.
_EQUAL = -4.0
_ELSEWHERE = -4.0
_DEVIATIONS = 3
"""Standard deviations by which sums have to differ before digits are held for cut off."""


def find_equations(
    rows: Sequence[Row],
    periods: Sequence[str],
    *,
    rounding: Rounding | None = None,
    thorough: bool = True,
) -> list[Equation]:
    """Return the sums and equalities that hold in every period that states their rows.

    Args:
        rows: In printed order; those that are no money are left out.
        periods: Keys of the cells.
        rounding: That of the figures; by default rounded, or cut off where the sums say so.
        thorough: Look for totals above their parts, and for cut-off digits; a list of facts that
            lacks terms has none, and is searched for long.
    """
    table = tabulate(rows, periods)
    if len(table.rows) > _ROWS:
        return []
    if rounding or not thorough:
        rounding = rounding or ROUNDED
        blocks = _solve(table, rounding, thorough=thorough)
    else:
        rounding, blocks = ROUNDED, _solve(table, ROUNDED)
        if _has_open_totals(table, blocks):
            cut = _solve(table, CUT_OFF)
            if len(_proved(cut)) > len(_proved(blocks)) and looks_cut([_evidence(cut, table.step)]):
                rounding, blocks = CUT_OFF, cut
    return _as_equations(blocks, table, periods, rounding)


def find_cut_off(
    rows: Sequence[Row], periods: Sequence[str]
) -> tuple[list[Equation], tuple[float, float]]:
    """Return the sums for figures whose digits are cut off, and what speaks for it.

    Returns:
        The equations, and the evidence for `looks_cut`, which may be that of several statements.
    """
    table = tabulate(rows, periods)
    if len(table.rows) > _ROWS:
        return [], (0.0, 0.0)
    blocks = _solve(table, CUT_OFF)
    return _as_equations(blocks, table, periods, CUT_OFF), _evidence(blocks, table.step)


def looks_cut(evidence: Iterable[tuple[float, float]]) -> bool:
    """Whether the differences are those of cut-off digits, by three standard deviations."""
    weighed, variance = map(sum, zip(*evidence, strict=True))
    return weighed > _DEVIATIONS * sqrt(variance) > 0


def _has_open_totals(table: Table, blocks: Sequence[Block]) -> bool:
    proved = {row for block in blocks for row in _rows(block)}
    return any(row.total_like and not row.is_zero and row.n not in proved for row in table.rows)


def _rows(block: Block) -> set[int]:
    return {block.total.n, *(row.n for _, row in block.terms)}


def _proved(blocks: Iterable[Block]) -> set[tuple[int, int]]:
    """Return row and period of each proved figure."""
    return {(row, column) for block in blocks for row in _rows(block) for column in block.diffs}


def _evidence(blocks: Iterable[Block], step: int) -> tuple[float, float]:
    """Return how the differences agree with those that cutting off makes, and its variance.

    The expected differences are weighed by their size; each has a variance of (n + 1) / 12.
    """
    weighed = variance = 0.0
    for block in blocks:
        for column, diff in block.diffs.items():
            terms = [v for sign, row in block.terms if (v := sign * row.values[column])]
            expected = twice_expected(block.total.values[column], terms) / 2
            weighed += expected * diff / step
            variance += expected**2 * (len(terms) + 1) / 12
    return weighed, variance


def _solve(table: Table, rounding: Rounding, *, thorough: bool = True) -> list[Block]:
    """Return the sums that are found downwards, upwards, and the equal totals."""
    found: dict[frozenset[tuple[int, int]], Block] = {}
    directions = [(table.rows, True), *([(table.rows[::-1], False)] if thorough else [])]
    for rows, mixed in directions:
        for block in _reduce(rows, rounding, table.step, mixed=mixed):
            found.setdefault(_identity(block), _written(block))
    for search in (_equal_rows, _sums_elsewhere, _parts_elsewhere):
        for block in search(table, list(found.values())):
            found.setdefault(_identity(block), _written(block))
    return sorted(found.values(), key=lambda block: (block.total.n, block.terms[0][1].n))


def _identity(block: Block) -> frozenset[tuple[int, int]]:
    """Return a sum as its rows and signs, however it is written."""
    signs = [(-1, block.total.n), *((sign, row.n) for sign, row in block.terms)]
    first = min(signs, key=lambda each: each[1])[0]
    return frozenset((sign * first, row) for sign, row in signs)


def _written(block: Block) -> Block:
    """Return `part = later total - other parts` as `later total = parts`."""
    added = [row for sign, row in block.terms if sign > 0]
    if len(added) != 1 or len(block.terms) == 1 or added[0].n < block.total.n:
        return block
    terms = [(1, row) for sign, row in block.terms if sign < 0]
    terms = sorted([*terms, (1, block.total)], key=lambda term: term[1].n)
    diffs = {column: -diff for column, diff in block.diffs.items()}
    return Block(added[0], tuple(terms), diffs, block.chance)


def _reduce(rows: Sequence[Figures], rounding: Rounding, step: int, *, mixed: bool) -> list[Block]:
    """Return the sums of one direction: each total takes the place of its terms on a stack."""
    stack: list[Figures] = []
    blocks: list[Block] = []
    for row, below in zip_longest(rows, rows[1:]):
        block = find_block(row, stack, rounding, step, mixed=mixed)
        if block is None:
            stack.append(row)
            continue
        if (row.part or not row.total_like) and (above := _read_from_above(block)):
            if below and _is_last_part(row, below, stack, rounding, step):
                stack.append(row)
                continue
            blocks.append(above)
            used = _rows(above) - {above.total.n}
            stack = [each for each in stack if each.n not in used]
            continue
        blocks.append(block := _with_zero_rows(block, stack))
        first = next(i for i, each in enumerate(stack) if each.n == block.terms[0][1].n)
        stack = [*stack[:first], replace(row, closed=True)]
    return blocks


def _is_last_part(
    row: Figures, below: Figures, stack: Sequence[Figures], rounding: Rounding, step: int
) -> bool:
    """Return whether the total below adds up a row and those above it.

    The last line of a balance sheet is total assets minus all other lines, and part of a sum.
    """
    if not below.total_like:
        return False
    block = find_block(below, [*stack, row], rounding, step, mixed=False)
    return block is not None and len(block.terms) > 1 and all(sign > 0 for sign, _ in block.terms)


def _read_from_above(block: Block) -> Block | None:
    """Return `last = first - others` as `first = others + last`: parts below their total."""
    (sign, first), *others = block.terms
    if sign < 0 or not others or any(each > 0 for each, _ in others):
        return None
    terms: Terms = (*((1, row) for _, row in others), (1, block.total))
    diffs = {column: -diff for column, diff in block.diffs.items()}
    return Block(first, terms, diffs, block.chance)


def _with_zero_rows(block: Block, stack: Sequence[Figures]) -> Block:
    """Add the rows before a block that state nothing but zero, under the same headings."""
    first = block.terms[0][1]
    at = next(i for i, row in enumerate(stack) if row.n == first.n)
    zeros: list[tuple[int, Figures]] = []
    for row in reversed(stack[:at]):
        if not row.is_zero or row.section != first.section:
            break
        zeros.insert(0, (1, row))
    return replace(block, terms=(*zeros, *block.terms))


def _equal_rows(table: Table, blocks: Sequence[Block]) -> list[Block]:
    """Return the rows that repeat a total which a sum proves."""
    proved = {row for block in blocks for row in _rows(block)}
    groups: dict[tuple[int, ...], list[Figures]] = {}
    for row in table.rows:
        if row.n in proved or row.total_like:
            groups.setdefault(row.values, []).append(row)
    equal: list[Block] = []
    for group in groups.values():
        for first, second in pairwise(group):
            if first.n not in proved and second.n not in proved:
                continue
            block = check(second, ((1, first),), EXACT, table.step, len(table.rows))
            if block and block.chance < _EQUAL:
                equal.append(block)
    return equal


def _sums_elsewhere(table: Table, blocks: Sequence[Block]) -> list[Block]:
    """Return the unproved rows that are the sum or the difference of two rows anywhere.

    Such are totals that leave rows between out, and those of rows that another total has taken:
    net current assets below total assets.
    """
    proved = {row for block in blocks for row in _rows(block)}
    terms = [row for row in table.rows if row.n in proved and not row.is_zero]
    found: list[Block] = []
    for total in table.rows:
        if total.n in proved or total.is_zero:
            continue
        column = max(range(len(total.values)), key=lambda each: abs(total.values[each]))
        goal = total.values[column]
        by_value = {row.values[column]: row for row in terms}
        for row in terms:
            value = row.values[column]
            for other, sign in ((by_value.get(goal - value), 1), (by_value.get(value - goal), -1)):
                if other is None or other.n == row.n:
                    continue
                pair: Terms = ((1, row), (sign, other))
                block = check(total, pair, EXACT, table.step, 2 * len(terms) ** 2)
                if block and block.chance < _ELSEWHERE:
                    found.append(block)
    return found


def _parts_elsewhere(table: Table, blocks: Sequence[Block]) -> list[Block]:
    """Return the sums of rows that follow each other which a proved row anywhere states.

    Such are the owners' and others' shares of a profit, printed below other sums.
    """
    proved = {row for block in blocks for row in _rows(block)}
    by_values: dict[tuple[int, ...], Figures] = {}
    for row in table.rows:
        if row.n in proved:
            by_values.setdefault(row.values, row)
    found: list[Block] = []
    for run in _runs([row for row in table.rows if row.n not in proved]):
        for first in range(len(run) - 1):
            block = _longest_part(run[first : first + _PARTS], by_values, table)
            if block:
                found.append(block)
    return found


def _longest_part(
    rows: Sequence[Figures], by_values: Mapping[tuple[int, ...], Figures], table: Table
) -> Block | None:
    """Return the sum of the most rows, from the first on, that a row states."""
    sums = rows[0].values
    longest: Block | None = None
    for length in range(2, len(rows) + 1):
        sums = tuple(map(add, sums, rows[length - 1].values))
        if (total := by_values.get(sums)) is not None:
            terms: Terms = tuple((1, row) for row in rows[:length])
            block = check(total, terms, EXACT, table.step, len(table.rows) * _PARTS)
            if block and block.chance < _ELSEWHERE:
                longest = block
    return longest


def _runs(rows: Sequence[Figures]) -> Iterator[list[Figures]]:
    """Yield the rows that stand below one heading."""
    for _, group in groupby(rows, key=lambda row: row.section):
        yield list(group)


def _as_equations(
    blocks: Sequence[Block], table: Table, periods: Sequence[str], rounding: Rounding
) -> list[Equation]:
    """Return sums in the form of a statement, figures in the printed scale."""
    written: list[Equation] = []
    for number, block in enumerate(blocks):
        diff = {periods[column]: value * table.unit for column, value in block.diffs.items()}
        if len(block.terms) == 1:
            rows = sorted(_rows(block))
            written.append(Equation(id=f"e{number}", kind="equal", rows=rows, diff=diff))
            continue
        allowed = Decimal(rounding.slack(len(block.terms)) * table.step) * table.unit
        written.append(
            Equation(
                id=f"e{number}",
                total=block.total.n,
                terms=[(1 if sign > 0 else -1, row.n) for sign, row in block.terms],
                diff=diff,
                tolerance=allowed,
            )
        )
    return written
