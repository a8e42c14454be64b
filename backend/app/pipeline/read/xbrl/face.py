"""Tell lines of a statement from figures of its notes by arithmetic, where no file says it.

A list of concepts also catches figures that stand in notes only: a part of another line, or the
sum of several. Where the lines before a total add up to it in every period without a few of them,
and in one way only, those few are no lines of the statement. Else nothing is concluded.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

from app.pipeline.statement import Row
from app.pipeline.verify.concepts import is_subtracted

_MOST_LINES: Final = 40
_BASE: Final = 10**42  # more than the sum of any figures of the form
_EXPENSES: Final = re.compile(
    r"Expense(?!Net|Benefit)|Cost|Fuel|Depreciation|Amortization|Amortisation|Impairment"
    r"|Restructuring|Materials|Professional|Provision|ProfitLossAttributable|Used$"
)
_INCOME_FIRST: Final = re.compile(r"Income|Gain|Revenue")


def mark_notes(rows: Sequence[Row], *, expenses: bool) -> int:
    """Mark rows that are in no sum, beside lines that are in one, as memo.

    Args:
        rows: Of one statement, in order; their kinds are changed.
        expenses: Whether expenses are subtracted, as in an income statement.

    Returns:
        How many were marked.
    """
    marked = 0
    block: list[Row] = []
    totals: list[Row] = []
    for row in rows:
        if row.kind == "line":
            block.append(row)
        elif row.kind == "total":
            for note in _notes(row, block, totals, expenses=expenses):
                note.kind = "memo"
                marked += 1
            block = []
            totals.append(row)
    return marked


def _notes(total: Row, block: Sequence[Row], totals: Sequence[Row], *, expenses: bool) -> list[Row]:
    """Return the rows of a block that its total is the sum of the others without."""
    values = [(row, _encoded(row, total)) for row in block]
    goal = _encoded(total, total)
    stated = [(row, value) for row, value in values if value]
    if goal is None or not 0 < len(stated) <= _MOST_LINES or len(values) < 2:  # noqa: PLR2004
        return []
    if any(value is None for _, value in values):
        return []
    bases = [0]
    if totals and (before := _encoded(totals[-1], total)):
        bases.append(before)
    for plain in (False, True) if expenses else (False,):
        signed = [
            (row, -value if _is_subtracted(row, expenses=expenses and not plain) else value)
            for row, value in stated
            if value is not None
        ]
        added = sum(value for _, value in signed)
        for base in bases:
            excess = added - goal + base
            if not excess:
                return []
            found = _only(_subsets([value for _, value in signed], excess))
            if found is not None:
                return [signed[n][0] for n in sorted(found)] if len(found) < len(signed) else []
    return []


def _is_subtracted(row: Row, *, expenses: bool) -> bool:
    name = (row.concept or "").rpartition(":")[2]
    if expenses:
        return bool(_EXPENSES.search(name)) and not _INCOME_FIRST.match(name)
    return is_subtracted(row)


def _encoded(row: Row, total: Row) -> int | None:
    """Return the tagged figures of a total's periods as one number, which adds up as they do.

    Returns:
        None if one of them is unknown or no whole number.
    """
    code = 0
    for period in total.cells:
        cell = row.cells.get(period)
        code *= _BASE
        if cell is None:
            continue
        if cell.tagged is None:
            if cell.v is None:
                return None
            continue
        whole = int(cell.tagged)
        if whole != cell.tagged:
            return None
        code += whole
    return code


def _subsets(values: Sequence[int], goal: int) -> Iterator[frozenset[int]]:
    """Yield sets of up to four positions whose values add up to the goal; some more than once."""
    pairs: dict[int, list[frozenset[int]]] = defaultdict(list)
    for first, second in combinations(range(len(values)), 2):
        pairs[values[first] + values[second]].append(frozenset((first, second)))
    for number, value in enumerate(values):
        if value == goal:
            yield frozenset((number,))
    yield from pairs.get(goal, ())
    yield from _larger(values, goal, pairs)


def _larger(
    values: Sequence[int], goal: int, pairs: Mapping[int, Sequence[frozenset[int]]]
) -> Iterator[frozenset[int]]:
    """Yield the sets of three and of four positions, made of pairs by their sums."""
    for number, value in enumerate(values):
        for pair in pairs.get(goal - value, ()):
            if number not in pair:
                yield pair | {number}
    for added, some in pairs.items():
        for one in some:
            for other in pairs.get(goal - added, ()):
                if not one & other:
                    yield one | other


def _only(subsets: Iterator[frozenset[int]]) -> frozenset[int] | None:
    """Return the set if there is one only; an empty one if there are several, None if none."""
    first = next(subsets, None)
    if first is None or all(each == first for each in subsets):
        return first
    return frozenset()
