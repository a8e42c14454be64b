"""Statements of XBRL filings that several tests read."""

from app.pipeline.read.xbrl import read_xbrl
from app.pipeline.statement import Statement
from tests.pipeline.read.xbrl_builder import BEFORE, STANDARD, YEAR, F, R, package, statement, tree

US = "us-gaap:"


IFRS = "ifrs-full:"


NOW, THEN = YEAR[1], BEFORE[1]


BALANCE = R(
    "http://example.com/role/bs",
    [
        (f"{US}StatementOfFinancialPositionAbstract", f"{US}AssetsAbstract", None),
        (f"{US}AssetsAbstract", f"{US}Cash", STANDARD + "terseLabel"),
        (f"{US}AssetsAbstract", f"{US}Assets", STANDARD + "totalLabel"),
        (f"{US}StatementOfFinancialPositionAbstract", f"{US}StockholdersEquity", None),
        (f"{US}StatementOfFinancialPositionAbstract", f"{US}CommitmentsAndContingencies", None),
    ],
    "0004 - Statement - CONSOLIDATED BALANCE SHEETS",
)


BALANCE_FACTS = [
    F(f"{US}{name}", value, when)
    for when, values in ((NOW, (5, 9, 9)), (THEN, (4, 8, 8)))
    for name, value in zip(
        ("Cash", "Assets", "StockholdersEquity"), (each * 10**6 for each in values), strict=True
    )
]


INCOME_TREE = tree(
    f"{US}IncomeStatementAbstract",
    f"{US}Revenues",
    f"{US}OperatingIncomeLoss",
    f"{US}NetIncomeLoss",
    f"{US}EarningsPerShareBasic",
    f"{US}WeightedAverageNumberOfSharesOutstandingBasic",
)


INCOME = R("http://example.com/role/is", INCOME_TREE, "0002 - Statement - STATEMENTS OF INCOME")


EARNINGS = F(f"{US}EarningsPerShareBasic", "6.10", unit="USD/shares", decimals="2")


def income_facts(*periods: tuple[str, str]) -> list[F]:
    return [
        F(f"{US}{name}", value * 10**6, period)
        for period in periods
        for name, value in (("Revenues", 100), ("OperatingIncomeLoss", 30), ("NetIncomeLoss", 20))
    ]


def read_income(facts: list[F], role: R = INCOME) -> Statement:
    return statement(read_xbrl(package(facts, [role])), "income_statement")


CASH_TREE = tree(
    f"{US}StatementOfCashFlowsAbstract",
    (f"{US}Cash", STANDARD + "periodStartLabel"),
    f"{US}NetCashProvidedByUsedInOperatingActivities",
    f"{US}NetCashProvidedByUsedInFinancingActivities",
    (f"{US}Cash", STANDARD + "periodEndLabel"),
    f"{US}InterestPaid",
)


CASH = R("http://example.com/role/cf", CASH_TREE, "7 - Statement - CASH FLOWS")


def cash_facts(*periods: tuple[str, str]) -> list[F]:
    return [
        F(f"{US}{name}", value * 10**6, period)
        for period in periods
        for name, value in (
            ("NetCashProvidedByUsedInOperatingActivities", 7),
            ("NetCashProvidedByUsedInFinancingActivities", -2),
            ("InterestPaid", 1),
        )
    ]


AXIS, DOMAIN = "srt:ProductOrServiceAxis", "srt:ProductsAndServicesDomain"


BY_PRODUCT = R(
    "by-product",
    [
        (f"{US}IncomeStatementAbstract", f"{US}StatementTable", None),
        (f"{US}StatementTable", AXIS, None),
        (AXIS, DOMAIN, None),
        (DOMAIN, f"{US}ProductMember", None),
        (DOMAIN, f"{US}ServiceMember", None),
        (f"{US}StatementTable", f"{US}StatementLineItems", None),
        *tree(
            f"{US}StatementLineItems",
            f"{US}Revenues",
            f"{US}OperatingIncomeLoss",
            f"{US}NetIncomeLoss",
        ),
    ],
    "1 - Statement - INCOME",
)


def ifrs_income(*names: str, period: tuple[str, str] = YEAR) -> list[F]:
    return [F(f"{IFRS}{name}", 5_000_000, period, "EUR") for name in names]


PROFIT = ("Revenue", "ProfitLossBeforeTax", "IncomeTaxExpenseContinuingOperations", "ProfitLoss")


def doubling(depth: int) -> R:
    """Return a role whose tree has 2^depth paths."""
    arcs = [
        (f"x:N{number}", f"x:N{number + 1}", STANDARD + role)
        for number in range(depth)
        for role in ("label", "terseLabel")
    ]
    return R("r", [*INCOME_TREE, *arcs], "1 - Statement - INCOME")
