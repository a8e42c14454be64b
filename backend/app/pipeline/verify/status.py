"""The status of a statement: verified only where everything that can be proved is."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from app.pipeline.statement import (
    CheckResult,
    Checks,
    Equation,
    Issue,
    Row,
    Statement,
    Status,
)
from app.pipeline.verify.concepts import is_flow
from app.pipeline.verify.lookup import members, money_rows
from app.pipeline.verify.ties import cash_rows
from app.pipeline.verify.vocabulary import (
    CLOSING,
    COMPREHENSIVE,
    FLOWS,
    LIABILITIES_AND_EQUITY,
    NET_INCOME,
    OF_WHICH,
    OPENING,
    TOTAL_ASSETS,
    normalise,
)

_TAGGED = frozenset({"ixbrl", "xbrl", "xbrl_json", "companyfacts"})
"""Sources that state scale, currency, period and entity of each figure by themselves."""
UNPRINTED = frozenset({"xbrl_json", "companyfacts"})
"""Sources without a printed statement: neither its title nor the order or sign of its rows."""
_CLOSED = 0.6
"""Less of the checkable figures in equations, and the reading is doubtful."""
_HARD = ("balance", "cash", "closing_cash", "net_income", "scale")
_SOFT = ("lines", "identity")
EXPLAINED = frozenset(
    {
        "column_left_out",
        "footnote",
        "header",
        "no_label",
        "note",
        "other_entity_or_scenario",
        "other_table",
        "page_footer",
        "page_header",
        "page_number",
        "running_header",
        "running_text",
        "text",
        "title",
    }
)
"""Reasons for which a printed line with figures is rightly no row of the statement."""
CONTRADICTIONS = frozenset(
    {
        "fact_of_other_period",
        "figure_without_column",
        "inconsistent_duplicates",
        "inconsistent_facts",
        "period_twice",
        "printed_differs_from_fact",
        "scale_differs_from_heading",
        "scales_differ",
    }
)
"""Codes of readers' issues: the file says two things of a figure, a period or a scale."""


def is_checkable(row: Row) -> bool:
    """Whether the figures of a row are money that sums should prove."""
    return row.kind in {"line", "total"} and not OF_WHICH.search(normalise(row.label))


def proofs(equations: Iterable[Equation]) -> dict[tuple[int, str], list[str]]:
    """Return the ids of the equations by row and period."""
    found: dict[tuple[int, str], list[str]] = {}
    for each in equations:
        for row in sorted(members(each)):
            for period in each.diff:
                found.setdefault((row, period), []).append(each.id)
    return found


def check_lines(statement: Statement) -> tuple[CheckResult, list[Issue]]:
    """Check that every printed line with figures is a row, or is skipped for a known reason."""
    issues = [
        Issue(
            code="skipped_line",
            message=f"a line was not read ({each.reason}): {each.text[:80]}",
            page=each.page,
        )
        for each in statement.skipped
        if each.reason not in EXPLAINED
    ]
    return ("fail" if issues else "pass"), issues


def check_identity(
    statement: Statement, others: Iterable[Statement], *, tied: bool
) -> tuple[CheckResult, list[Issue]]:
    """Check that the statement is a group's, or the only one of a company without a group.

    Args:
        statement: Whose title, scope, currency, scale and periods are known or not.
        others: The other statements of its filing, whose newest period ends on the same day.
        tied: Its figures agree with another statement of the filing: then an unknown scope is
            that of a company without a group, and not of a joint venture in the notes.
    """
    issues: list[Issue] = []
    tagged = statement.source.kind in _TAGGED
    if statement.scope == "parent":
        issues.append(
            Issue(code="parent_statement", message="these are figures of the parent alone")
        )
    elif any(each.code == "scope_unknown" for each in statement.issues):
        return "unknown", []
    elif statement.scope is None and not (tied or tagged):
        message = "neither the title nor another statement says which entity this is"
        issues.append(Issue(code="scope_unknown", message=message))
    if content := _other_content(statement):
        issues.append(Issue(code="other_statement", message=content))
    if not statement.title and not tagged:
        issues.append(Issue(code="title_unknown", message="the statement has no title"))
    if statement.currency is None:
        issues.append(Issue(code="currency_unknown", message="the currency is not known"))
    if statement.scale is None:
        issues.append(Issue(code="scale_unknown", message="the scale of the figures is not known"))
    issues += [
        Issue(code="period_unknown", message=f"the end of {p.label!r} is not known", period=p.key)
        for p in statement.periods
        if p.end is None
    ]
    issues += [
        Issue(
            code="period_ends_differ",
            message=f"its newest period ends on {own}, that of the {name} on {end}",
        )
        for each in others
        if (name := each.statement.replace("_", " "))
        and (own := _newest_end(statement))
        and (end := _newest_end(each))
        and own != end
    ]
    if not issues:
        return "pass", []
    return ("fail" if statement.scope == "parent" else "unknown"), issues


def _newest_end(statement: Statement) -> date | None:
    return max((each.end for each in statement.periods if each.end), default=None)


def _other_content(statement: Statement) -> str | None:
    """Return why the rows are those of another statement than the one they were read as."""
    labels = [normalise(row.label) for row in money_rows(statement)]
    if statement.statement == "income_statement":
        if cash_rows(statement, OPENING) and cash_rows(statement, CLOSING):
            return "opening and closing cash are rows of a cash flow statement"
        if any(TOTAL_ASSETS.search(each) or LIABILITIES_AND_EQUITY.search(each) for each in labels):
            return "it has the totals of a balance sheet"
        if labels and NET_INCOME.search(labels[0]) and any(map(COMPREHENSIVE.search, labels[1:])):
            return "it begins with the profit, as a statement of comprehensive income does"
    if statement.statement == "cash_flow_statement":
        kinds = sum(any(map(kind.search, labels)) for kind in FLOWS)
        tagged = any(is_flow(row, kind) for row in money_rows(statement) for kind in range(3))
        if labels and not kinds and not tagged:
            return "no row is a flow from operating, investing or financing activities"
    return None


def count(
    statement: Statement, equations: Sequence[Equation], results: Mapping[str, CheckResult]
) -> Checks:
    """Return the checks of a statement with its status.

    Args:
        statement: As it was read.
        equations: Those that hold.
        results: By the name of the check in the form.
    """
    proved = proofs(equations)
    cells = checkable = verified = 0
    readable = True
    for row, period, cell in statement.cells():
        cells += 1
        readable &= cell.v is not None
        if is_checkable(row):
            checkable += 1
            verified += (row.n, period) in proved and cell.v is not None
    status: Status = "partly"
    if verified < _CLOSED * checkable or "fail" in {results.get(each) for each in _HARD}:
        status = "doubtful"
    elif (
        checkable
        and verified == checkable
        and readable
        and CONTRADICTIONS.isdisjoint(issue.code for issue in statement.issues)
        and statement.source.kind not in UNPRINTED
        and {results.get(each, "not_applicable") for each in _HARD} <= {"pass", "not_applicable"}
        and {results.get(each, "unknown") for each in _SOFT} == {"pass"}
    ):
        status = "verified"
    return Checks(
        cells=cells,
        checkable=checkable,
        verified=verified,
        status=status,
        **results,
    )


def unproved_issues(statement: Statement, equations: Sequence[Equation]) -> list[Issue]:
    """Return an issue for each row, or period of a row, that no equation proves."""
    proved = proofs(equations)
    issues: list[Issue] = []
    for row in statement.rows:
        unread = [period for period, cell in row.cells.items() if cell.v is None]
        issues += [
            Issue(
                code="unreadable_figure",
                message=f"the figure of {row.label!r} cannot be read",
                row=row.n,
                period=period,
            )
            for period in unread
        ]
        if not is_checkable(row) or not row.cells:
            continue
        missing = [each for each in row.cells if (row.n, each) not in proved and each not in unread]
        message = f"no sum proves {row.label!r}"
        if len(missing) == len(row.cells):
            issues.append(Issue(code="not_proved", message=message, row=row.n))
        else:
            issues += [
                Issue(code="not_proved", message=message, row=row.n, period=each)
                for each in missing
            ]
    return [each for each in issues if each.row is not None]
