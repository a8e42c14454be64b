"""Tell rounding from a slip: sums that are off in one place only, where all others are exact."""

from collections.abc import Sequence

from app.pipeline.statement import Equation
from app.pipeline.verify.lookup import members

_TESTS = 24
"""Sums by period from which on none but one differing is no rounding: of rounded figures one sum
in three differs, so that 24 with a single cause have a chance below 1 in 1,000."""


def is_slip(statements: Sequence[Sequence[Equation]]) -> int | None:
    """Return the statement whose differences one figure explains, if rounding is no explanation.

    Args:
        statements: The equations of the statements of one filing and entity.
    """
    tests = 0
    off: list[tuple[int, str, set[int]]] = []
    for number, equations in enumerate(statements):
        for equation in equations:
            if equation.kind != "sum":
                continue
            tests += len(equation.diff)
            off += [
                (number, period, members(equation))
                for period, diff in equation.diff.items()
                if diff
            ]
    if not off or tests < _TESTS:
        return None
    number, period, rows = off[0]
    if any(each[:2] != (number, period) for each in off):
        return None
    common = set.intersection(rows, *(each[2] for each in off))
    return number if common else None
