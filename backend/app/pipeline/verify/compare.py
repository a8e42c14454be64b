"""Compare the statements of two reports of one company in the years that both state."""

from collections.abc import Sequence
from decimal import Decimal

from app.pipeline.statement import Issue, Row, Statement
from app.pipeline.verify.alignment import align
from app.pipeline.verify.lookup import shared_periods, worth

_Difference = tuple[Row | None, Row | None, str, str]
"""Row here and there, key of the period here and there."""


def compare(
    one: Sequence[Statement], other: Sequence[Statement]
) -> tuple[list[Statement], list[Statement]]:
    """Return the verified statements of two reports with an issue at each figure that differs.

    The issue is `restated` where the sum above the figure differs as well, as it does when a
    company restates a year; else `differs_from_other_report`: the figure is misread, or was
    reclassified. A line that the other report has not is `not_in_other_report`. The status of a
    statement stays as its own report proves it.
    """
    firsts, seconds = list(one), list(other)
    for i, first in enumerate(firsts):
        for j, second in enumerate(seconds):
            if not _is_same(first, second):
                continue
            periods = shared_periods(first, second)
            if periods:
                here, there = _compare(first, second, periods)
                firsts[i] = _with(firsts[i], here)
                seconds[j] = _with(seconds[j], there)
    return firsts, seconds


def _is_same(first: Statement, second: Statement) -> bool:
    """Whether two statements are of one kind, entity, framework and currency."""
    return first.statement == second.statement and all(
        not here or not there or here == there
        for here, there in (
            (first.scope, second.scope),
            (first.framework, second.framework),
            (first.currency, second.currency),
        )
    )


def _with(statement: Statement, issues: Sequence[Issue]) -> Statement:
    new = [each for each in issues if each not in statement.issues]
    return statement.model_copy(update={"issues": [*statement.issues, *new]})


def _compare(
    first: Statement, second: Statement, periods: Sequence[tuple[str, str]]
) -> tuple[list[Issue], list[Issue]]:
    """Return the issues of both statements."""
    differences: list[_Difference] = []
    for row, partner in align(first, second, periods):
        for here, there in periods:
            value = worth(first, row, here) if row else None
            stated = worth(second, partner, there) if partner else None
            if not _is_equal(first, second, value, stated):
                differences.append((row, partner, here, there))
    changed = {(row.n, here) for row, _, here, _ in differences if row}
    also = {(row.n, there) for _, row, _, there in differences if row}
    issues: tuple[list[Issue], list[Issue]] = ([], [])
    for row, partner, here, there in differences:
        restated = (
            row is not None
            and partner is not None
            and (
                _is_restated(first, row, here, changed)
                or _is_restated(second, partner, there, also)
            )
        )
        for found, own, key, statement, others, against, their in (
            (issues[0], row, here, first, second, partner, there),
            (issues[1], partner, there, second, first, row, here),
        ):
            if own is None:
                continue
            code = "restated" if restated else "differs_from_other_report"
            text = f"{worth(statement, own, key) or 0:f}"
            message = f"{own.label!r} is {text} here, and "
            if against is None:
                code = "not_in_other_report"
                message = f"the other report has no line {own.label!r} of this figure"
            else:
                message += f"{worth(others, against, their) or 0:f} in the other report"
            found.append(Issue(code=code, message=message, row=own.n, period=key))
    return issues


def _is_equal(
    first: Statement, second: Statement, value: Decimal | None, stated: Decimal | None
) -> bool:
    """Whether two figures are equal, or are after rounding to the coarser scale."""
    apart = abs((value or Decimal(0)) - (stated or Decimal(0)))
    if not apart or first.scale is None or second.scale is None or first.scale == second.scale:
        return not apart
    return apart < Decimal(10) ** max(first.scale, second.scale)


def _is_restated(
    statement: Statement, row: Row, period: str, changed: set[tuple[int, str]]
) -> bool:
    """Whether a sum explains that a figure changed: its total, or its own terms, changed too."""
    for each in statement.equations:
        if each.kind != "sum" or period not in each.diff or each.total is None:
            continue
        terms = {term for _, term in each.terms}
        if row.n in terms and (each.total, period) in changed:
            return True
        if row.n == each.total and any((term, period) in changed for term in terms):
            return True
    return False
