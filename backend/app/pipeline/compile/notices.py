"""What a reader of a compiled statement has to know: gaps, breaks, blocks, and what is proved."""

from collections.abc import Sequence
from typing import Final

from app.pipeline.compile.choose import Choice
from app.pipeline.compile.entry import Entry
from app.pipeline.compile.grid import Grid
from app.pipeline.compile.groups import Group, is_same_filing
from app.pipeline.compile.periods import Column, Columns, missing_years, moved_ends
from app.pipeline.compiled import Break, Compiled, CompiledRow, Gap, YearChecks
from app.pipeline.statement import CheckResult, Issue
from app.pipeline.verify.status import is_checkable

DOUBTFUL: Final = "doubtful_left_out"


def doubtful_issues(doubtful: Sequence[Entry], groups: Sequence[Group]) -> list[Issue]:
    """Return an issue for each file with doubtful statements that are left out.

    One of a filing that is there in a better reading lacks nothing: it is only not compared.
    """
    compiled = [entry for each in groups for entry in each.compiled]
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in doubtful:
        is_there = any(is_same_filing(each, entry) for each in compiled)
        code = "doubtful_not_compared" if is_there else DOUBTFUL
        found.setdefault((entry.reading.sha256, code), []).append(entry)
    return [_doubtful_issue(code, entries) for (_, code), entries in found.items()]


def _doubtful_issue(code: str, entries: Sequence[Entry]) -> Issue:
    """Return the issue for the doubtful filings of one file, which may hold many."""
    named, verb, one = entries[0].named(), "is", True
    if len(entries) > 1:
        one = False
        reading = entries[0].reading
        accessions = ", ".join(each.accession or "without a number" for each in entries)
        named = f"{len(entries)} filings of {reading.file or reading.sha256[:12]} ({accessions})"
        verb = "are"
    if code == DOUBTFUL:
        rest = "was not accepted: it is left out" if one else "were not accepted: left out"
        return Issue(code=code, message=f"{named} {verb} doubtful, and {rest}")
    rest = "another reading of the filing is" if one else "other readings of them are"
    return Issue(code=code, message=f"{named} {verb} doubtful; {rest} compiled")


def gaps_of(columns: Sequence[Column]) -> list[Gap]:
    """Return the fiscal years that no filing states, the newest first."""
    return [Gap(fiscal_year=year, reason="no report") for year in missing_years(columns)]


def breaks_of(columns: Columns) -> list[Break]:
    """Return the years between which the year end moved."""
    return [
        Break(
            between=(older.key, newer.key),
            reason=f"fiscal year to {older.end:%d %B}, then to {newer.end:%d %B}",
        )
        for older, newer in moved_ends(columns.columns)
    ]


def breaks_between(other: Compiled, shown: Compiled) -> Break | None:
    """Return the change from another framework, currency or entity; None if both go side by side.

    Args:
        other: An older statement, which is not shown.
        shown: The one of the newest report.
    """
    oldest = shown.periods[-1]
    before = next((each for each in other.periods if each.end < oldest.end), None)
    if before is None:
        return None
    pairs = (
        ("framework", other.framework, shown.framework),
        ("currency", other.currency, shown.currency),
        ("scope", other.scope, shown.scope),
    )
    reasons = [
        f"{name} {one or 'not known'}, then {two or 'not known'}"
        for name, one, two in pairs
        if one != two
    ] or ["whether the currency is the same is not known"]
    return Break(between=(before.key, oldest.key), reason="; ".join(reasons))


def block_issues(rows: Sequence[CompiledRow], choice: Choice) -> list[Issue]:
    """Return an issue for each block that was taken from an older filing, or does not close."""
    texts = {
        "block_from_older_filing": "and its terms are an older filing's: the newer ones do not add "
        "up to it",
        "block_does_not_close": "is not the sum of its terms, which are of several filings",
    }
    found = {"block_from_older_filing": choice.taken, "block_does_not_close": choice.open}
    return [
        Issue(code=code, message=f"{rows[line].label!r} {text}", row=line, period=column)
        for code, text in texts.items()
        for line, column in sorted(found[code])
    ]


def sign_issues(
    rows: Sequence[CompiledRow], choice: Choice, entries: Sequence[Entry]
) -> list[Issue]:
    """Return an issue for each line and filing, by rank, of which the sign may be another one."""
    return [
        Issue(
            code="sign_not_proved",
            message=f"{rows[line].label!r} may have the other sign in {entries[rank].named()} "
            f"than in newer reports: {', '.join(columns)}",
            row=line,
            period=columns[0],
        )
        for (rank, line), columns in choice.unsigned.items()
    ]


def year_checks(
    rows: Sequence[CompiledRow], grid: Grid, choice: Choice, columns: Columns
) -> dict[str, YearChecks]:
    """Return what is proved of each period."""
    is_money = [is_checkable(line.newest) for line in grid.lines]
    found: dict[str, YearChecks] = {}
    for column in columns.columns:
        cells = [
            (is_money[line], cell)
            for line, row in enumerate(rows)
            if (cell := row.cells.get(column.key)) is not None
        ]
        found[column.key] = YearChecks(
            cells=len(cells),
            checkable=sum(money for money, _ in cells),
            verified=sum(money and cell.verified for money, cell in cells),
            balance=_balance(column, choice),
            cash=_cash(column, choice),
        )
    return found


def _balance(column: Column, choice: Choice) -> CheckResult:
    """Return whether assets equal liabilities and equity among the figures that are shown."""
    entry, _ = column.own[0]
    checks = entry.statement.checks
    result = checks.balance if checks else "unknown"
    if result == "not_applicable":
        return result
    tested = [each for each in choice.sums if each.is_balance and column.key in each.claims]
    if not tested:
        return "unknown" if result == "pass" else result
    holds = any(
        each.id.startswith("balance") and column.key in each.diff for each in choice.equations
    )
    return "pass" if holds else "fail"


def _cash(column: Column, choice: Choice) -> CheckResult:
    """Return whether the year's own report ties its cash, and its sums hold as shown."""
    entry, _ = column.own[0]
    checks = entry.statement.checks
    result = checks.cash if checks else "unknown"
    is_open = any(key == column.key for _, key in choice.open)
    return "unknown" if result == "pass" and is_open else result
