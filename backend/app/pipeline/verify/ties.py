"""What a statement has to fulfil by itself: the balance, and cash from opening to closing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, product

from app.pipeline.statement import CheckResult, Equation, Issue, Row, Statement
from app.pipeline.verify.concepts import cash_by_concept, is_flow
from app.pipeline.verify.lookup import (
    connected,
    figure,
    following,
    labelled,
    members,
    money_rows,
    totals,
)
from app.pipeline.verify.vocabulary import (
    CASH,
    CHANGE,
    CLOSING,
    EQUITY,
    FLOWS,
    LIABILITIES_AND_EQUITY,
    NET_ASSETS,
    OPENING,
    TOTAL_ASSETS,
    TOTAL_LIABILITIES,
    Words,
    normalise,
)

_EQUITY_CONCEPTS = (
    "StockholdersEquity",
    "StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest",
    "Equity",
    "EquityAttributableToOwnersOfParent",
)


_SIDES = 2
_CANDIDATES = 12
"""Rows of one name that are tried: a statement has two or three."""
_ROUNDING = 3
"""Units of the last digit by which opening, change, exchange effect and closing may differ."""


@dataclass(slots=True)
class Tie:
    """The result of one check of one statement, with the equations and issues that explain it."""

    result: CheckResult
    equations: list[Equation] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


def check_balance(statement: Statement, equations: Sequence[Equation]) -> Tie:
    """Check that assets equal liabilities and equity, or that net assets equal equity.

    The rows are found by their labels, or as the two largest totals; both sides have to be sums
    of other rows, for a name alone proves nothing.
    """
    summed = totals(equations)
    sides = [
        (
            labelled(statement, TOTAL_ASSETS, ["Assets"]),
            labelled(
                statement,
                LIABILITIES_AND_EQUITY,
                ["LiabilitiesAndStockholdersEquity", "EquityAndLiabilities"],
            ),
        ),
        (
            labelled(statement, NET_ASSETS, ["NetAssetsLiabilities"]),
            labelled(statement, EQUITY, _EQUITY_CONCEPTS),
        ),
    ]
    different: list[tuple[Row, Row]] = []
    for left, right in sides:
        for one, other in product(left[:_CANDIDATES], right[:_CANDIDATES]):
            if one.n == other.n or not set(one.cells) & set(other.cells):
                continue
            if _differences(statement, one, other):
                different.append((one, other))
            elif one.n in summed or other.n in summed:
                equality = _equality("balance", statement, one, other)
                if equality.diff:
                    return Tie("pass", [equality])
    sums = (
        _sum_of_liabilities_and_equity(statement)
        or _equal_sides(statement, equations)
        or _micro_entity(statement, equations)
    )
    if sums:
        return Tie("pass", [sums])
    if not different:
        return Tie("unknown", issues=[_issue("balance_not_found", _NO_BALANCE)])
    one, other = min(different, key=lambda pair: len(_differences(statement, *pair)))
    return Tie("fail", issues=_unequal(statement, one, other))


_NO_BALANCE = "no total of assets and no total of equity and liabilities were found"


def _differences(statement: Statement, one: Row, other: Row) -> dict[str, Decimal]:
    """Return by period what two rows differ by, where they do."""
    found: dict[str, Decimal] = {}
    for period in statement.periods:
        left, right = figure(one, period.key), figure(other, period.key)
        if left is not None and right is not None and left != right:
            found[period.key] = left - right
    return found


def _equality(name: str, statement: Statement, one: Row, other: Row) -> Equation:
    both = [
        period.key
        for period in statement.periods
        if None not in (figure(one, period.key), figure(other, period.key))
    ]
    return Equation(
        id=name, kind="equal", rows=[one.n, other.n], diff=dict.fromkeys(both, Decimal(0))
    )


def _unequal(statement: Statement, one: Row, other: Row) -> list[Issue]:
    return [
        Issue(
            code="balance_differs",
            message=f"{one.label!r} and {other.label!r} differ by {abs(diff):f}",
            row=one.n,
            period=period,
        )
        for period, diff in _differences(statement, one, other).items()
    ]


def _sum_of_liabilities_and_equity(statement: Statement) -> Equation | None:
    """Return assets = liabilities + equity, where no row states the sum."""
    candidates = product(
        labelled(statement, TOTAL_ASSETS, ["Assets"])[:_CANDIDATES],
        labelled(statement, TOTAL_LIABILITIES, ["Liabilities"])[:_CANDIDATES],
        labelled(statement, EQUITY, _EQUITY_CONCEPTS)[:_CANDIDATES],
    )
    for assets, liabilities, equity in candidates:
        diff = {
            period: assets.cells[period].v - liabilities.cells[period].v - equity.cells[period].v  # type: ignore[operator]
            for period in assets.cells
            if None not in (figure(row, period) for row in (assets, liabilities, equity))
        }
        if diff and not any(diff.values()) and any(figure(assets, each) for each in diff):
            return Equation(
                id="balance", total=assets.n, terms=[(1, liabilities.n), (1, equity.n)], diff=diff
            )
    return None


def _equal_sides(statement: Statement, equations: Sequence[Equation]) -> Equation | None:
    """Return the equality of the two largest rows, if different rows add up to each of them."""
    rows = money_rows(statement)
    size = {row.n: max((abs(c.v) for c in row.cells.values() if c.v), default=0) for row in rows}
    largest = max(size.values(), default=0)
    top = [row for row in rows if size[row.n] == largest and largest][:_CANDIDATES]
    parts = {
        row.n: [
            {term for _, term in each.terms}
            for each in equations
            if each.total == row.n
            and each.kind == "sum"
            and {sign for sign, _ in each.terms} == {1}
        ]
        for row in top
    }
    for one, other in product(top, top):
        if one.n >= other.n or _differences(statement, one, other):
            continue
        equality = _equality("balance", statement, one, other)
        if equality.diff and any(not a & b for a in parts[one.n] for b in parts[other.n]):
            return equality
    return None


def _micro_entity(statement: Statement, equations: Sequence[Equation]) -> Equation | None:
    """Return the equality of equity and a total above it that has no name of net assets."""
    summed = totals(equations)
    rows = {row.n: row for row in money_rows(statement)}
    named = {row.n for row in labelled(statement, EQUITY, _EQUITY_CONCEPTS)}
    for each in equations:
        if each.kind != "equal" or len(each.rows) != _SIDES:
            continue
        other, equity = (rows[number] for number in sorted(each.rows))
        if equity.n not in named or other.n in named:
            continue
        equality = _equality("balance", statement, other, equity)
        if equality.diff and (other.kind == "total" or other.n in summed):
            return equality
    return None


def cash_rows(statement: Statement, moment: Words) -> list[Row]:
    """Return the rows of a cash flow statement that may be opening or closing cash.

    The heading above may say that it is cash: "End of year" below "Cash and cash equivalents".
    """
    rows = money_rows(statement)
    found = [
        row
        for row in rows
        if moment.search(label := normalise(row.label))
        and CASH.search(" ".join([*map(normalise, row.section[-1:]), label]))
        and not (moment is CLOSING and OPENING.search(label))
        and (not _is_change(label) or (CLOSING if moment is OPENING else OPENING).search(label))
    ]
    if found or statement.statement != "cash_flow_statement":
        return found
    by_concept = cash_by_concept(rows, list(following(statement)))
    return by_concept[:1] if moment is OPENING else by_concept[1:]


def _is_change(label: str) -> bool:
    """Whether a label is that of a change, not of cash "at the end, after the change"."""
    change, cash = CHANGE.search(label), CASH.search(label)
    return change is not None and (cash is None or change.start() < cash.start())


def check_cash(statement: Statement, equations: Sequence[Equation]) -> Tie:
    """Check that opening cash, the flows and the exchange effect add up to closing cash.

    Opening and closing cash are found by their labels, or by the rule that the one of a year is
    the other of the year before; they and the three kinds of flows have to be in connected sums.
    """
    sums = [each for each in equations if each.kind == "sum"]
    opening = cash_rows(statement, OPENING)[-_CANDIDATES:]
    closing = cash_rows(statement, CLOSING)[-_CANDIDATES:]
    for start, end in chain(product(opening, closing), _by_year(statement)):
        if start.n == end.n or not any({start.n, end.n} <= members(each) for each in sums):
            continue
        reached = connected(sums, end.n)
        if _covers_flows(statement, reached, totals(sums)):
            issues = _opening_differs(statement, start, end)
            return Tie("unknown" if issues else "pass", issues=issues)
    if opening and closing:
        return _contradiction(statement, opening, closing)
    message = "opening and closing cash were not found"
    return Tie("unknown", issues=[_issue("cash_not_found", message)])


def _by_year(statement: Statement) -> Iterator[tuple[Row, Row]]:
    """Yield pairs of rows of which the first states a year as the second does the year before."""
    years = list(following(statement))
    rows = money_rows(statement)
    ends: dict[tuple[Decimal | None, ...], list[Row]] = {}
    for row in rows:
        ends.setdefault(tuple(figure(row, earlier) for _, earlier in years), []).append(row)
    for row in rows:
        stated = tuple(figure(row, later) for later, _ in years)
        if stated and all(stated):
            yield from ((row, end) for end in ends.get(stated, []) if end.n != row.n)


def _covers_flows(statement: Statement, reached: set[int], summed: set[int]) -> bool:
    """Whether the connected rows hold the totals of operating, investing and financing flows."""
    rows = [row for row in money_rows(statement) if row.n in summed]
    found = 0
    for number, kind in enumerate(FLOWS):
        of_kind = [row for row in rows if kind.search(normalise(row.label)) or is_flow(row, number)]
        if of_kind and not any(row.n in reached for row in of_kind):
            return False
        found += bool(of_kind)
    money = {row.n for row in money_rows(statement)}
    return found > 0 or 5 * len(reached & money) >= 4 * len(money)


def _opening_differs(statement: Statement, start: Row, end: Row) -> list[Issue]:
    """Return where opening cash is not the closing cash of the year before."""
    return [
        Issue(
            code="opening_cash_differs",
            message=f"{start.label!r} is {figure(start, later):f}, "
            f"and {end.label!r} of the year before {figure(end, earlier):f}",
            row=start.n,
            period=later,
        )
        for later, earlier in following(statement)
        if None not in (figure(start, later), figure(end, earlier))
        and figure(start, later) != figure(end, earlier)
    ]


def _contradiction(statement: Statement, opening: Iterable[Row], closing: Iterable[Row]) -> Tie:
    """Return a failure where the only rows of opening cash, change and closing cash contradict."""
    changes = [
        row
        for row in money_rows(statement)
        if CHANGE.search(label := normalise(row.label)) and CASH.search(label) and _is_change(label)
    ]
    opening, closing = list(opening), list(closing)
    if len(opening) == len(closing) == len(changes) == 1:
        issues = []
        for period in statement.periods:
            start, end, change = (
                figure(rows[0], period.key) for rows in (opening, closing, changes)
            )
            if start is None or end is None or change is None:
                continue
            rest = end - start - change
            if rest and not _is_stated(statement, rest, period.key):
                message = f"closing cash differs from opening cash and the change by {abs(rest):f}"
                issues.append(
                    Issue(code="cash_differs", message=message, row=closing[0].n, period=period.key)
                )
        if issues:
            return Tie("fail", issues=issues)
    return Tie(
        "unknown",
        issues=[_issue("cash_not_proved", "the flows do not add up to the change in cash")],
    )


def _is_stated(statement: Statement, value: Decimal, period: str) -> bool:
    """Whether a row states a figure, such as the exchange effect, with either sign and rounded."""
    return any(
        abs(abs(stated) - abs(value)) <= _ROUNDING
        for row in money_rows(statement)
        if (stated := figure(row, period))
    )


def _issue(code: str, message: str) -> Issue:
    return Issue(code=code, message=message)
