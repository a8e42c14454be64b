"""Rows of a cash flow statement by the concepts of their facts: no label says more of these."""

import re
from collections.abc import Sequence

from app.pipeline.statement import Row

# Names of us-gaap, ifrs-full, the FRC's and Japan's taxonomies.
_FLOWS = tuple(
    re.compile(rf"(?:Net)?Cash(?:Flows?)?[A-Za-z]*(?:{name})Activities(?:ContinuingOperations)?")
    for name in ("Operating", "Investing|Investment", "Financing")
)
_CASH = re.compile(
    r"Cash(?:AndCashEquivalents|CashEquivalents|AndDueFromBanks|BankOnHand|BankInHand|AndBank"
    r"|AndDeposits|$)(?!.*(?:IncreaseDecrease|Effect))\w*"
)

# How the names begin of concepts that are subtracted where they stand; all others are added.
_SUBTRACTED = re.compile(
    r"Payments|Repayments|Purchase|FinanceLeasePrincipal|DividendsPaid|InterestPaid|IncomeTaxesPaid"
    r"|CashFlowsUsedIn|CashAdvances|GainLoss|GainsLosses|AdjustmentsForGain|AdjustmentsForFinanceIncome"
    r"|AdjustmentsForInterestIncome|OtherNoncashIncomeExpense|TreasuryS|UnearnedESOP"
    r"|ExcessTaxBenefitFromShareBasedCompensationOperating|IncomeLossFromEquityMethodInvestments"
    r"|IncreaseDecreaseIn(?:Accounts|Other|Finance|Notes)?Receivable|IncreaseDecreaseInInventor"
    r"|IncreaseDecreaseInPrepaid|IncreaseDecreaseInContractWithCustomerAsset"
    r"|IncreaseDecreaseInOther(?:Current|Noncurrent|Operating)Assets"
    r"|IncreaseDecreaseIn(?:Other)?OperatingCapital"
)


def is_subtracted(row: Row) -> bool:
    """Whether a row of a cash flow statement is tagged positive, and subtracted in its sums."""
    return _SUBTRACTED.match(_name(row)) is not None


def is_flow(row: Row, kind: int) -> bool:
    """Whether the concept of a row is the sum of one kind of cash flows.

    Args:
        row: Of a cash flow statement.
        kind: 0 for operating, 1 for investing, 2 for financing activities.
    """
    return _FLOWS[kind].fullmatch(_name(row)) is not None


def is_cash(row: Row) -> bool:
    """Whether the concept of a row is an amount of cash, not a flow or a change of it."""
    return not row.axes and _CASH.fullmatch(_name(row)) is not None


def cash_by_concept(rows: Sequence[Row], years: Sequence[tuple[str, str]]) -> list[Row]:
    """Return opening and closing cash in this order; nothing where it is not clear.

    Args:
        rows: The money rows of a cash flow statement.
        years: Keys of a period and of the one before.
    """
    found = [row for row in rows if is_cash(row)]
    if len(found) < 2:  # noqa: PLR2004
        return []
    first, last = found[0], found[-1]
    for start, end in ((first, last), (last, first)):
        linked = [
            (start.cells[later].v, end.cells[earlier].v)
            for later, earlier in years
            if later in start.cells and earlier in end.cells
        ]
        if linked and all(one == other for one, other in linked):
            return [start, end]
    return [] if years else [first, last]


def _name(row: Row) -> str:
    return (row.concept or "").rpartition(":")[2]
