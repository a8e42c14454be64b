"""What tags prove where labels say nothing: languages without words, columns that end together."""

from datetime import date

import pytest

from app.pipeline.statement import Issue, Period, Source, Statement
from app.pipeline.verify import verify
from tests.helpers.accounts import flow, income, sheet

_CONCEPTS = {
    "Net cash from operating activities": "CashFlowsFromUsedInOperatingActivities",
    "Net cash used in investing activities": "CashFlowsFromUsedInInvestingActivities",
    "Net cash used in financing activities": "CashFlowsFromUsedInFinancingActivities",
    "Cash at the beginning of the year": "CashAndCashEquivalents",
    "Cash at the end of the year": "CashAndCashEquivalents",
    "Cash and cash equivalents": "CashAndCashEquivalents",
}


def unnamed(statement: Statement, *, tagged: bool) -> Statement:
    """Return a statement whose rows of cash and flows have labels in no known language."""
    for row in statement.rows:
        if row.label in _CONCEPTS:
            row.concept = f"ifrs-full:{_CONCEPTS[row.label]}" if tagged else None
            row.label = "\u03b1\u03b2\u03b3"
    return statement


def statuses(statements: list[Statement]) -> list[str]:
    return [each.checks.status for each in verify(statements) if each.checks]


def test_cash_and_flows_are_known_by_their_concepts_in_any_language() -> None:
    rows = [income(), unnamed(sheet(), tagged=True), unnamed(flow(), tagged=True)]
    done = verify(rows)[2]

    assert statuses(rows) == ["verified"] * 3
    assert done.checks is not None
    assert (done.checks.cash, done.checks.closing_cash) == ("pass", "pass")
    assert statuses([income(), unnamed(sheet(), tagged=False), unnamed(flow(), tagged=False)]) == [
        "verified",
        "partly",
        "partly",
    ]


def test_a_quarter_that_ends_with_the_year_is_another_period() -> None:
    statement = income()
    quarters = Period(
        key="p2", fiscal_year=2023, label="Q4", start=date(2023, 10, 1), end=date(2023, 12, 31)
    )
    statement.periods.insert(0, quarters)
    for row in statement.rows:
        cell = row.cells["p0"]
        if cell.v is not None and row.kind != "per_share":
            row.cells["p2"] = cell.model_copy(update={"v": cell.v // 1 * 3})

    assert statuses([statement, sheet(), flow()]) == ["verified"] * 3


def test_payments_that_are_tagged_as_positive_are_subtracted_in_sums() -> None:
    payments = {
        "Purchases of property": "PurchaseOfPropertyPlantAndEquipment",
        "Dividends paid": "DividendsPaidClassifiedAsFinancingActivities",
    }
    statement = flow(source=Source(kind="xbrl_json", reader="test/1"))
    for row in statement.rows:
        if row.label in payments:
            row.concept = f"ifrs-full:{payments[row.label]}"
            for cell in row.cells.values():
                cell.v = None if cell.v is None else abs(cell.v)
    done = verify([income(), sheet(), statement])[2]
    signs = {
        row: sign for each in done.equations if each.total in {7, 10} for sign, row in each.terms
    }

    assert done.checks is not None
    assert (done.checks.verified, done.checks.cash) == (done.checks.checkable, "pass")
    assert signs == {5: -1, 6: 1, 9: -1}
    assert done.rows[5].cells["p0"].v == 3301


@pytest.mark.parametrize("code", ["scale_differs_from_heading", "printed_differs_from_fact"])
def test_print_and_tags_that_contradict_each_other_are_not_verified(code: str) -> None:
    issue = Issue(code=code, message="The tags say 10^3, the heading 10^6")

    assert statuses([income(issues=[issue]), sheet(), flow()])[0] == "partly"


def test_no_statement_with_a_failed_sum_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = [Issue(code="sum_differs", message="a sum differs in one year", row=2, period="p1")]
    monkeypatch.setattr("app.pipeline.verify.filing.failed_sums", lambda *_, **__: failed)

    assert statuses([income(), sheet(), flow()]) == ["partly"] * 3
