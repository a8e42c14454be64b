"""The concepts by which a statement is told, by their local names, apart from the readers' own."""

from app.pipeline.statement import StatementName

_BEFORE_TAX = (
    "IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest"
)
_CASH_CHANGE = (
    "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalentsPeriodIncreaseDecrease"
    "IncludingExchangeRateEffect"
)
CORE: dict[StatementName, frozenset[str]] = {
    "income_statement": frozenset(
        {
            *("Revenues", "SalesRevenueNet", "SalesRevenueGoodsNet", "Revenue", "CostOfRevenue"),
            "RevenueFromContractWithCustomerExcludingAssessedTax",
            "RevenueFromContractWithCustomerIncludingAssessedTax",
            *("CostOfGoodsAndServicesSold", "CostOfGoodsSold", "CostOfSales", "GrossProfit"),
            *("OperatingExpenses", "OperatingIncomeLoss", "ProfitLossFromOperatingActivities"),
            *("ProfitLossBeforeTax", "IncomeTaxExpenseBenefit"),
            "IncomeTaxExpenseContinuingOperations",
            *("NetIncomeLoss", "ProfitLoss", "EarningsPerShareBasic", "EarningsPerShareDiluted"),
            *("BasicEarningsLossPerShare", "DilutedEarningsLossPerShare"),
            _BEFORE_TAX,
            *("TurnoverRevenue", "OperatingProfitLoss", "ProfitLossOnOrdinaryActivitiesBeforeTax"),
            *("GrossProfitLoss", "AdministrativeExpenses"),
        }
    ),
    "balance_sheet": frozenset(
        {
            *("Assets", "AssetsCurrent", "CurrentAssets", "Liabilities"),
            *("LiabilitiesCurrent", "CurrentLiabilities", "NoncurrentLiabilities"),
            *("LiabilitiesAndStockholdersEquity", "EquityAndLiabilities", "StockholdersEquity"),
            "StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest",
            *("Equity", "NetAssetsLiabilities", "FixedAssets", "TotalAssetsLessCurrentLiabilities"),
            *("NetCurrentAssetsLiabilities", "Creditors", "Debtors", "RetainedEarnings"),
            *("RetainedEarningsAccumulatedDeficit", "CashBankOnHand"),
        }
    ),
    "cash_flow_statement": frozenset(
        {
            "NetCashProvidedByUsedInOperatingActivities",
            "NetCashProvidedByUsedInInvestingActivities",
            "NetCashProvidedByUsedInFinancingActivities",
            "NetCashProvidedByUsedInOperatingActivitiesContinuingOperations",
            "NetCashProvidedByUsedInInvestingActivitiesContinuingOperations",
            "NetCashProvidedByUsedInFinancingActivitiesContinuingOperations",
            "CashFlowsFromUsedInOperatingActivities",
            "CashFlowsFromUsedInOperations",
            "CashFlowsFromUsedInInvestingActivities",
            "CashFlowsFromUsedInFinancingActivities",
            "NetCashFlowsFromUsedInOperatingActivities",
            "NetCashFlowsFromUsedInInvestingActivities",
            "NetCashFlowsFromUsedInFinancingActivities",
            "CashAndCashEquivalentsPeriodIncreaseDecrease",
            _CASH_CHANGE,
            "IncreaseDecreaseInCashAndCashEquivalents",
        }
    ),
}
NEEDED: dict[StatementName, tuple[frozenset[str], ...]] = {
    "income_statement": (
        frozenset({"NetIncomeLoss", "ProfitLoss"}),
        CORE["income_statement"] - {"NetIncomeLoss", "ProfitLoss"},
    ),
    "balance_sheet": (
        frozenset(
            {
                *("LiabilitiesAndStockholdersEquity", "EquityAndLiabilities"),
                *("NetAssetsLiabilities", "Equity", "StockholdersEquity"),
            }
        ),
        frozenset(
            {
                *("Assets", "TotalAssetsLessCurrentLiabilities", "NetCurrentAssetsLiabilities"),
                *("CurrentAssets", "NoncurrentAssets", "FixedAssets"),
            }
        ),
    ),
    "cash_flow_statement": (
        frozenset(each for each in CORE["cash_flow_statement"] if "InOperati" in each),
        frozenset(each for each in CORE["cash_flow_statement"] if "Financing" in each),
    ),
}
"""A statement is there when a concept of each set is."""


def local(concept: str) -> str:
    """Return the name of a concept without its prefix."""
    return concept.rpartition(":")[2]


def is_statement(name: StatementName, concepts: set[str]) -> bool:
    """Whether these local names are of a table that is the statement."""
    return all(needed & concepts for needed in NEEDED[name])
