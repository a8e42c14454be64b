"""Recognize rows whose values an upgrade computes, such as `uuid4()` or the current time.

A value is computed if two runs of the same upgrade write different ones.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

MAX_COMPUTED_COLUMNS = 6  # their subsets are tried

Row = tuple[str | None, ...]
"""The values of a row as text."""
ComputedRow = tuple[Row, tuple[int, ...]]
"""A row, and the positions of its computed values."""


def find_computed(first: Sequence[Row], second: Sequence[Row]) -> list[ComputedRow]:
    """Return the rows of the second run with computed values: as few for each as possible.

    Args:
        first: the rows that the first run has written.
        second: the rows that the second run has written.
    """
    earlier, later = Counter(first), Counter(second)
    common = earlier & later
    left, right = [*(earlier - common).elements()], [*(later - common).elements()]
    found: list[ComputedRow] = []
    for positions in _candidates(left, right):
        partners = defaultdict(list)
        for row in left:
            partners[without(row, positions)].append(row)
        for row in list(right):
            if same := partners[without(row, positions)]:
                left.remove(same.pop())
                right.remove(row)
                found.append((row, positions))
    return found


def _candidates(left: Sequence[Row], right: Sequence[Row]) -> Iterator[tuple[int, ...]]:
    """Yield the sets of columns that may be computed, small ones first, never all columns."""
    columns = [[Counter(values) for values in zip(*rows, strict=True)] for rows in (left, right)]
    pairs = list(zip(*columns, strict=False))
    differing = [position for position, (one, other) in enumerate(pairs) if one != other]
    if len(differing) <= MAX_COMPUTED_COLUMNS:
        for size in range(1, min(len(differing), len(pairs) - 1) + 1):
            yield from combinations(differing, size)


def count_matches(rows: Collection[ComputedRow], missing: Counter[Row]) -> int:
    """Count the missing rows that the written rows restore, except for computed values.

    Args:
        rows: the rows written, with their computed values.
        missing: the earlier rows that are gone, with their numbers.
    """
    gone = list(missing.elements())
    count = 0
    for row, positions in sorted(rows, key=lambda each: len(each[1])):
        kept = without(row, positions)
        match = next((each for each in gone if without(each, positions) == kept), None)
        if match is not None:
            gone.remove(match)
            count += 1
    return count


def without(row: Row, positions: Collection[int]) -> Row:
    """Return a row without the values at some positions."""
    return tuple(value for position, value in enumerate(row) if position not in positions)
