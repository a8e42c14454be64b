"""Search the block of rows that a total is the sum of, and refuse sums that chance explains."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from math import log10

from app.pipeline.verify.figures import BLANK, UNREADABLE, Figures
from app.pipeline.verify.tolerance import Rounding

Terms = tuple[tuple[int, Figures], ...]
"""Sign and row of each term."""

_LONGEST = 60
"""Rows of the longest block: a bank's balance sheet has some forty lines a side."""
_SIGNED = range(3, 9)
"""Rows of the blocks of which every combination of signs is tried."""
_PAIR = 2
_TRIED = 40
"""Sums that are tried of each sort: where more fit in one period, figures are too alike to prove
anything."""
# log10 of the chance that figures drawn at random fit as well, over all combinations tried.
_LIMIT = -4.0
_LIMIT_TOTAL = -3.0  # of rows that are totals by their label or print
_LIMIT_SIGNED = -6.0


@dataclass(frozen=True, slots=True)
class Block:
    """A sum that holds in each period that states its rows.

    Attributes:
        diffs: Total minus terms by position of the period, in units of the table.
        chance: log10 of the chance that it holds by accident.
    """

    total: Figures
    terms: Terms
    diffs: dict[int, int]
    chance: float


def check(
    total: Figures, terms: Terms, rounding: Rounding, step: int, combinations: int
) -> Block | None:
    """Return the sum if it holds in every period that states it, else None.

    Args:
        total: The row that the terms may add up to.
        terms: One or more.
        rounding: What differences it explains.
        step: The rounding of the figures, in units of the table.
        combinations: How many sums were tried, or would have been before this one.
    """
    diffs: dict[int, int] = {}
    chance = log10(combinations)
    seen: set[tuple[int, ...]] = set()
    for column, value in enumerate(total.values):
        if total.states[column] in {BLANK, UNREADABLE}:
            continue
        states = [row.states[column] for _, row in terms]
        if UNREADABLE in states or not any(states):
            continue
        values = tuple(sign * row.values[column] for sign, row in terms)
        diff = value - sum(values)
        # Figures that are rounded alike differ by whole steps; another difference is a fault.
        if diff % step or not rounding.explains(diff // step, value, [v for v in values if v]):
            return None
        diffs[column] = diff
        if values in seen:
            continue
        seen.add(values)
        spread = max(abs(value), *map(abs, values))
        chance += min(0.0, log10((2 * abs(diff) + step) / (2 * spread + step)))
    return Block(total, terms, diffs, chance) if diffs else None


def _near(doubled: int, slack: int, step: int) -> range:
    """Return the multiples of a step that are half of a number, give or take half of the slack."""
    lowest = -((slack - doubled) // (2 * step))
    return range(lowest * step, (doubled + slack) // 2 + 1, step)


def _led(block: Sequence[Figures], rest: int, *, but: int | None = None) -> Terms:
    """Return a block with its first row added, the rest with a sign, and one row with the other."""
    return tuple(
        (1 if i == 0 else -rest if row.n == but else rest, row) for i, row in enumerate(block)
    )


@lru_cache(maxsize=64)
def _slacks(rounding: Rounding, step: int) -> tuple[int, ...]:
    """Return what rounding explains by the length of a block, in units of the table."""
    return tuple(rounding.slack(length) * step for length in range(_LONGEST + 1))


@dataclass(frozen=True, slots=True)
class _Search:
    """What is searched: rows at the top of the stack that make up a total in one period.

    Attributes:
        column: The period in which the total is largest.
        goal: The total there.
        slacks: By the length of a block, what rounding explains.
    """

    stack: Sequence[Figures]
    column: int
    goal: int
    slacks: Sequence[int]
    step: int


def _signs(search: _Search) -> Iterator[Terms]:
    """Yield blocks at the top of the stack with some terms subtracted, simplest first.

    They fit in one period within the slack: all but the first few subtracted; one exception to
    "all added" or to "the rest subtracted"; one row left out.
    """
    goal, stack, step, column = search.goal, search.stack, search.step, search.column
    added = 0
    lengths: dict[int, int] = {}  # by the sum of the last rows: how many they are
    rows: dict[int, int] = {}  # by value
    for length, row in enumerate(reversed(stack), 1):
        value, slack = row.values[column], search.slacks[length]
        added += value
        if length > 1:
            excess = added - goal
            near = _near(excess, slack, step)
            for half in near:
                if half in lengths:
                    first = length - lengths[half]
                    yield tuple((1 if i < first else -1, r) for i, r in enumerate(stack[-length:]))
            lacking = excess + 2 * (goal - value)
            for rest, off, halves in (
                (1, excess, near),
                (-1, lacking, _near(lacking, slack, step)),
            ):
                for half in halves:
                    if half in rows:
                        yield _led(stack[-length:], rest, but=rows[half])
                if off in rows:
                    kept = [each for each in stack[-length:] if each.n != rows[off]]
                    yield _led(kept, rest)
        if value:
            rows.setdefault(value, row.n)
            lengths.setdefault(added, length)


def _any_signs(search: _Search) -> Iterator[Terms]:
    """Yield short blocks at the top of the stack with any signs that fit in one period."""
    stack = search.stack
    sums = [0]
    for length in range(1, min(_SIGNED.stop, len(stack) + 1)):
        value = stack[-length].values[search.column]
        sums = [each + value for each in sums] + [each - value for each in sums]
        if length not in _SIGNED:
            continue
        reached = set(sums)
        slack = search.slacks[length]
        for goal in range(search.goal - slack, search.goal + slack + 1, search.step):
            if goal in reached:
                picked = sums.index(goal)
                yield tuple(
                    (-1 if picked >> (length - 1 - i) & 1 else 1, row)
                    for i, row in enumerate(stack[-length:])
                )


def _whole(stack: Sequence[Figures], terms: Terms) -> bool:
    """Whether a block begins where the table begins one: after a total, or below a heading."""
    before = len(stack) - len(terms) - 1
    return before < 0 or stack[before].closed or stack[before].section != terms[0][1].section


def _added(search: _Search) -> Iterator[tuple[Terms, int]]:
    """Yield blocks at the top of the stack that are added, or the first minus the rest.

    Each comes with how many were as simple. Of two rows also the nearest minus the other: the
    change of cash, above closing and opening cash.
    """
    stack, added = search.stack, 0
    goal, column = search.goal, search.column
    for length, row in enumerate(reversed(stack), 1):
        value, slack = row.values[column], search.slacks[length]
        added += value
        if abs(added - goal) <= slack:
            terms = tuple((1, each) for each in stack[-length:])
            yield terms, 2 if _whole(stack, terms) else 2 * length
        if length > 1 and abs(2 * value - added - goal) <= slack:
            terms = tuple((1 if i == 0 else -1, r) for i, r in enumerate(stack[-length:]))
            yield terms, 4 if _whole(stack, terms) else 4 * length
        if length == _PAIR and abs(added - 2 * value - goal) <= slack:
            yield ((-1, row), (1, stack[-1])), 4


def _is_odd_sign(terms: Terms, slack: int) -> bool:
    """Whether the sign by which a row of one year only is added is not confirmed by anything.

    Such a row may as well have lost its minus sign. It is confirmed by another year or row with
    that sign, or by the label of a gain among costs.
    """
    lead, *rest = terms
    if len(rest) > 1 and len({sign for sign, _ in rest}) == 1:
        return False
    for own in (1, -1):
        rows = [row for sign, row in rest if sign == own]
        if rows and all(
            not row.gain and sum(2 * abs(v) > slack for v in row.values) == 1 < len(row.values)
            for row in rows
        ):
            return True
    return lead[0] < 0


def find_block(
    total: Figures,
    stack: Sequence[Figures],
    rounding: Rounding,
    step: int,
    *,
    mixed: bool = True,
) -> Block | None:
    """Return the simplest sum of rows at the top of the stack that a row is the total of.

    Args:
        total: The row that may be a total.
        stack: Rows above that are no part of another total yet, the nearest one last.
        rounding: What differences it explains.
        step: The rounding of the figures, in units of the table.
        mixed: Try other signs than "all added" and "the first minus the rest".
    """
    if not stack or total.is_zero:
        return None
    columns = sorted(range(len(total.values)), key=lambda each: -abs(total.values[each]))
    top = stack[-_LONGEST:]
    slacks = _slacks(rounding, step)
    search = _Search(top, columns[0], total.values[columns[0]], slacks, step)
    limit = _LIMIT_TOTAL if total.total_like else _LIMIT
    for terms, tried in islice(_added(search), _TRIED):
        block = check(total, terms, rounding, step, tried)
        if block and block.chance < limit:
            return block
    if not mixed:
        return None
    # A row that is zero in the first period has its sign from another one.
    largest = slacks[len(top)]
    again = total.total_like and any(not row.values[columns[0]] for row in top)
    for column in columns if again else columns[:1]:
        in_period = _Search(top, column, total.values[column], slacks, step)
        for terms in islice(_signs(in_period), _TRIED):
            block = check(total, terms, rounding, step, 2 * len(terms) ** 2)
            if block and block.chance < limit and not _is_odd_sign(terms, largest):
                return block
    for terms in islice(_any_signs(search), _TRIED) if total.total_like else ():
        block = check(total, terms, rounding, step, 2 ** len(terms))
        if block and block.chance < _LIMIT_SIGNED and not _is_odd_sign(terms, largest):
            return block
    return None
