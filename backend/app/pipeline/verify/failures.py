"""Name the sums that hold in some periods and not in others: there a figure is wrong."""

from collections.abc import Sequence

from app.pipeline.statement import Equation, Issue, Statement
from app.pipeline.verify.equations import find_equations
from app.pipeline.verify.lookup import figure, members, money_rows, totals
from app.pipeline.verify.tolerance import Rounding


def failed_sums(
    statement: Statement, equations: Sequence[Equation], rounding: Rounding
) -> list[Issue]:
    """Return an issue for each total and period that its terms of the other periods do not reach.

    Args:
        statement: As it was read.
        equations: The sums that hold in all periods.
        rounding: That of the figures.
    """
    proved = {row for each in equations for row in members(each)}
    rows = {row.n: row for row in statement.rows}
    keys = [period.key for period in statement.periods]
    if {row.n for row in money_rows(statement)} <= proved:
        return []
    issues: list[Issue] = []
    of_one = [
        (key, each)
        for key in keys
        for each in find_equations(statement.rows, [key], rounding=rounding)
    ]
    of_one.sort(key=lambda pair: sum(sign < 0 for sign, _ in pair[1].terms))  # simplest first
    explained = totals(equations)
    for key, each in of_one:
        if each.total is None or each.total in explained:
            continue
        explained.add(each.total)
        for other in keys:
            total = figure(rows[each.total], other)
            terms = [(sign, figure(rows[row], other)) for sign, row in each.terms]
            unread = any(
                value is None and other in rows[row].cells
                for (_, row), (_, value) in zip(each.terms, terms, strict=True)
            )
            if other == key or total is None or unread or not any(value for _, value in terms):
                continue
            reached = sum(sign * value for sign, value in terms if value is not None)
            if abs(total - reached) > each.tolerance:
                label = rows[each.total].label or "a total without a label"
                message = f"{label!r} is {total:f}, and its terms add up to {reached:f}"
                issues.append(
                    Issue(code="sum_differs", message=message, row=each.total, period=other)
                )
    return issues
