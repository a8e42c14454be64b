"""What the statements of one filing have to fulfil together: cash, net income, and the scale."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations, islice, product

from app.pipeline.statement import Equation, Issue, OtherRow, Row, Statement
from app.pipeline.verify.concepts import is_cash
from app.pipeline.verify.lookup import (
    figure,
    members,
    money_rows,
    shared_periods,
    totals,
    worth,
)
from app.pipeline.verify.ties import Tie, cash_rows
from app.pipeline.verify.vocabulary import CASH, CLOSING, PROFIT, RECEIPTS, RESTRICTED, normalise

_FIRST_ROWS = 3
"""The cash flow begins with the profit; a line of revenue or a heading's total may precede it."""
_TERMS = 3
"""Rows of the balance sheet that closing cash may consist of: cash, restricted cash, overdrafts."""
_CLOSING = 6
"""Rows of closing cash, and of its reconciliation, that are tried."""
_IMPLAUSIBLE = 10
"""Closing cash so many times the balance sheet's is that of another entity or scale."""


def check_closing_cash(
    flow: Statement, equations: Sequence[Equation], sheet: Statement
) -> tuple[Tie, Tie]:
    """Check closing cash against the balance sheet, or against a reconciliation that is printed.

    Returns:
        The results for the cash flow statement and for the balance sheet.
    """
    periods = shared_periods(flow, sheet)
    closing = cash_rows(flow, CLOSING)[-_CLOSING:]
    cash = [row for row in money_rows(sheet) if CASH.search(normalise(row.label)) or is_cash(row)]
    if not periods or not closing or not cash:
        message = "closing cash was not found in both statements"
        issue = Issue(code="closing_cash_not_found", message=message)
        return Tie("unknown", issues=[issue]), Tie("unknown", issues=[issue])
    candidates = [*closing, *islice(_reconciled(flow, equations, closing), _CLOSING)]
    for row, terms in product(candidates, _cash_terms(cash)):
        if _agrees(flow, row, sheet, terms, periods):
            return _cash_ties(flow, row, sheet, terms, periods)
    return _cash_differs(flow, closing[-1], sheet, cash, periods)


def _reconciled(
    flow: Statement, equations: Sequence[Equation], closing: Sequence[Row]
) -> Iterator[Row]:
    """Yield rows below closing cash that a sum connects with it: the printed reconciliation."""
    last = {row.n for row in closing}
    for row in money_rows(flow):
        if row.n > min(last) and any(
            row.n in members(each) and members(each) & last for each in equations
        ):
            yield row


def _cash_terms(rows: Sequence[Row]) -> Iterator[list[tuple[int, Row]]]:
    """Yield what of the balance sheet may be closing cash: a row, or a few with their signs."""
    for length in range(1, _TERMS + 1):
        for chosen in combinations(rows[:8], length):
            for signs in product((1, -1), repeat=length - 1):
                yield list(zip((1, *signs), chosen, strict=True))


def _agrees(
    flow: Statement,
    row: Row,
    sheet: Statement,
    terms: Sequence[tuple[int, Row]],
    periods: Sequence[tuple[str, str]],
) -> bool:
    compared = 0
    for here, there in periods:
        value = worth(flow, row, here)
        stated = [worth(sheet, term, there) for _, term in terms]
        if value is None or not any(stated):
            continue
        total = sum(
            (sign * (each or 0) for (sign, _), each in zip(terms, stated, strict=True)), Decimal(0)
        )
        if value != total:
            return False
        compared += bool(value)
    return compared > 0


def _cash_ties(
    flow: Statement,
    row: Row,
    sheet: Statement,
    terms: Sequence[tuple[int, Row]],
    periods: Sequence[tuple[str, str]],
) -> tuple[Tie, Tie]:
    first = terms[0][1]
    if len(terms) > 1:
        return Tie("pass"), Tie("pass")
    return (
        Tie("pass", [_tie("closing_cash", row, sheet, first, periods)]),
        Tie("pass", [_tie("closing_cash", first, flow, row, _turned(periods))]),
    )


def _turned(periods: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(there, here) for here, there in periods]


def _tie(
    name: str, row: Row, other: Statement, there: Row, periods: Sequence[tuple[str, str]]
) -> Equation:
    """Return the equality of a row with one of another statement, where both state a figure."""
    return Equation(
        id=name,
        kind="equal",
        rows=[row.n],
        other=OtherRow(statement=other.statement, row=there.n),
        diff={
            own: Decimal(0)
            for own, its in periods
            if None not in (figure(row, own), figure(there, its))
        },
    )


def _cash_differs(
    flow: Statement,
    closing: Row,
    sheet: Statement,
    cash: Sequence[Row],
    periods: Sequence[tuple[str, str]],
) -> tuple[Tie, Tie]:
    """Return that closing cash is not explained, or is that of another entity or scale."""
    issues = []
    implausible = True
    for here, there in periods:
        value = worth(flow, closing, here)
        stated = [abs(each) for row in cash if (each := worth(sheet, row, there))]
        if not value or not stated:
            implausible = False
            continue
        nearest = min(stated, key=lambda each: abs(each - abs(value)))
        implausible &= not nearest < _IMPLAUSIBLE * abs(value) < _IMPLAUSIBLE**2 * nearest
        issues.append(
            Issue(
                code="closing_cash_differs",
                message=f"{closing.label!r} is not in the balance sheet, nor reconciled with it",
                row=closing.n,
                period=here,
            )
        )
    if implausible and issues:
        message = "cash is of another magnitude than closing cash of the cash flow statement"
        own = Issue(code="closing_cash_differs", message=message, row=cash[0].n)
        return Tie("fail", issues=issues), Tie("fail", issues=[own])
    if RESTRICTED.search(normalise(closing.label)):
        # By its own label it is another quantity than any row of the balance sheet.
        return Tie("not_applicable"), Tie("not_applicable")
    message = "no row, and no sum of cash rows, is closing cash of the cash flow statement"
    own = Issue(code="closing_cash_differs", message=message, row=cash[0].n)
    return Tie("unknown", issues=issues), Tie("unknown", issues=[own])


def check_net_income(
    income: Statement, equations: Sequence[Equation], flow: Statement
) -> tuple[Tie, Tie]:
    """Check that the cash flow begins with a profit of the income statement.

    Returns:
        The results for the income statement and for the cash flow statement. A cash flow by the
        direct method begins with receipts, and has nothing to compare.
    """
    periods = shared_periods(income, flow)
    starts = [row for row in money_rows(flow) if any(c.v for c in row.cells.values())][:_FIRST_ROWS]
    profits = _profits(income, equations)
    if starts and all(RECEIPTS.search(normalise(row.label)) for row in starts[:2]):
        return Tie("not_applicable"), Tie("not_applicable")
    partly: list[tuple[Row, Row, str]] = []
    for start, profit in product(starts, profits):
        equal = [
            (worth(income, profit, here) == value, there)
            for here, there in periods
            if (value := worth(flow, start, there)) and worth(income, profit, here) is not None
        ]
        if equal and all(same for same, _ in equal):
            return (
                Tie("pass", [_tie("net_income", profit, flow, start, periods)]),
                Tie("pass", [_tie("net_income", start, income, profit, _turned(periods))]),
            )
        if any(same for same, _ in equal) and PROFIT.search(normalise(start.label)):
            partly += [(start, profit, there) for same, there in equal if not same]
    if partly:
        start, profit, there = partly[0]
        message = f"{start.label!r} is not the {profit.label!r} of the income statement"
        issue = Issue(code="net_income_differs", message=message, row=start.n, period=there)
        own = Issue(code="net_income_differs", message=message, row=profit.n)
        return Tie("fail", issues=[own]), Tie("fail", issues=[issue])
    message = "no profit of the income statement is that of the cash flow statement"
    issue = Issue(code="net_income_not_found", message=message)
    return Tie("unknown", issues=[issue]), Tie("unknown", issues=[issue])


def _profits(income: Statement, equations: Sequence[Equation]) -> list[Row]:
    """Return the results of an income statement: proved rows that are totals, or named so."""
    proved = {row for each in equations for row in members(each)}
    summed = totals(equations)
    return [
        row
        for row in money_rows(income)
        if row.n in summed or (row.n in proved and PROFIT.search(normalise(row.label)))
    ]
