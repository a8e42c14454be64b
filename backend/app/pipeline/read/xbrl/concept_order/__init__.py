"""The order in which concepts stand on the face of a statement, where a file does not say it.

A line is a concept, with a mark before it if need be: `=` a total; `~` a figure that is a term of
no sum; `<` and `>` the instant that opens and closes the period; `?` the profit that a cash flow
statement starts with. Alternatives are divided by `|`; the first that is stated is taken.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from app.pipeline.read.xbrl.concept_order import ifrs, us_gaap, us_gaap_cash_flow
from app.pipeline.statement import StatementName

Framework = Literal["us-gaap", "ifrs"]
PREFIXES: Final[Mapping[Framework, str]] = {"us-gaap": "us-gaap", "ifrs": "ifrs-full"}
STATEMENTS: Final[tuple[StatementName, ...]] = (
    "income_statement",
    "balance_sheet",
    "cash_flow_statement",
)
_LISTS: Final[Mapping[Framework, Mapping[StatementName, str]]] = {
    "us-gaap": {
        "income_statement": us_gaap.INCOME_STATEMENT,
        "balance_sheet": us_gaap.BALANCE_SHEET,
        "cash_flow_statement": us_gaap_cash_flow.CASH_FLOW_STATEMENT,
    },
    "ifrs": {
        "income_statement": ifrs.INCOME_STATEMENT,
        "balance_sheet": ifrs.BALANCE_SHEET,
        "cash_flow_statement": ifrs.CASH_FLOW_STATEMENT,
    },
}
_MARKS: Final = "=~<>?"
# A cash flow statement that adds income tax back starts with profit after tax, and one that adds
# finance costs back with profit before them.
_ADDS_TAX_BACK: Final = {"ifrs-full:AdjustmentsForIncomeTaxExpense"}
_ADDS_FINANCE_BACK: Final = {
    "ifrs-full:AdjustmentsForFinanceCosts",
    "ifrs-full:AdjustmentsForFinanceIncome",
    "ifrs-full:AdjustmentsForFinanceIncomeCost",
    "ifrs-full:AdjustmentsForInterestExpense",
}
_BEFORE_TAX: Final = "ifrs-full:ProfitLossBeforeTax"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list.

    Attributes:
        concepts: As `prefix:name`; alternatives, the first choice first.
        mark: "" or one of the marks.
    """

    concepts: tuple[str, ...]
    mark: str = ""

    def chosen(self, stated: Collection[str]) -> str | None:
        """Return the concept that a filing states for the line, or None."""
        if len(self.concepts) == 1:
            return self.concepts[0] if self.concepts[0] in stated else None
        if self.mark == "?" and _BEFORE_TAX in self.concepts and _BEFORE_TAX in stated:
            starts = set(stated)
            if starts.isdisjoint(_ADDS_TAX_BACK) and not starts.isdisjoint(_ADDS_FINANCE_BACK):
                return _BEFORE_TAX
        return next((concept for concept in self.concepts if concept in stated), None)


@cache
def order_of(framework: Framework, statement: StatementName) -> tuple[Entry, ...]:
    """Return the lines of a statement in their order."""
    entries = []
    for line in _LISTS[framework][statement].split():
        mark = line[0] if line[0] in _MARKS else ""
        names = line.removeprefix(mark).split("|")
        entries.append(Entry(tuple(f"{PREFIXES[framework]}:{name}" for name in names), mark))
    return tuple(entries)


@cache
def concepts_of(framework: Framework) -> frozenset[str]:
    """Return all concepts that are listed for a framework."""
    return frozenset(
        concept
        for statement in STATEMENTS
        for entry in order_of(framework, statement)
        for concept in entry.concepts
    )


@cache
def statements_of(concept: str) -> frozenset[StatementName]:
    """Return the statements that a concept is listed for."""
    return frozenset(
        statement
        for framework in PREFIXES
        for statement in STATEMENTS
        if any(concept in entry.concepts for entry in order_of(framework, statement))
    )
