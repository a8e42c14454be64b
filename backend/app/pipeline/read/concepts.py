"""Which concepts stand on which statement, by taxonomy, and what a concept is called in words."""

import re
from collections.abc import Iterable
from typing import Final

from app.pipeline.statement import StatementName

# Concepts of the face of a statement, by the prefix that `concept_name` gives to a taxonomy
# whatever prefix and release the file uses. A statement is recognised by several of them.
_US_GAAP: Final[dict[StatementName, str]] = {
    "income_statement": """
        Revenues RevenueFromContractWithCustomerExcludingAssessedTax SalesRevenueNet
        RevenueFromContractWithCustomerIncludingAssessedTax SalesRevenueGoodsNet
        RevenuesNetOfInterestExpense InterestAndDividendIncomeOperating InterestIncomeExpenseNet
        InterestExpense InterestExpenseNonoperating NoninterestIncome NoninterestExpense
        PremiumsEarnedNet BenefitsLossesAndExpenses CostOfRevenue CostOfGoodsAndServicesSold
        CostsAndExpenses GrossProfit OperatingExpenses OperatingIncomeLoss
        SellingGeneralAndAdministrativeExpense GeneralAndAdministrativeExpense
        ResearchAndDevelopmentExpense NonoperatingIncomeExpense OtherNonoperatingIncomeExpense
        IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest
        IncomeLossFromContinuingOperationsBeforeIncomeTaxesMinorityInterestAndIncomeLossFromEquityMethodInvestments
        IncomeLossFromContinuingOperations IncomeTaxExpenseBenefit NetIncomeLoss ProfitLoss
        NetIncomeLossAvailableToCommonStockholdersBasic EarningsPerShareBasic
        EarningsPerShareDiluted EarningsPerShareBasicAndDiluted
        IncomeLossFromContinuingOperationsPerBasicShare
        IncomeLossFromContinuingOperationsPerDilutedShare
        WeightedAverageNumberOfSharesOutstandingBasic
        WeightedAverageNumberOfDilutedSharesOutstanding
        WeightedAverageNumberOfShareOutstandingBasicAndDiluted""",
    "balance_sheet": """
        Assets AssetsCurrent AssetsNoncurrent Liabilities LiabilitiesCurrent LiabilitiesNoncurrent
        LiabilitiesAndStockholdersEquity StockholdersEquity PartnersCapital MembersEquity
        StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest
        CashAndCashEquivalentsAtCarryingValue CashAndDueFromBanks AccountsReceivableNetCurrent
        InventoryNet OtherAssetsCurrent OtherAssetsNoncurrent Goodwill PropertyPlantAndEquipmentNet
        AccountsPayableCurrent AccruedLiabilitiesCurrent OtherLiabilitiesCurrent Deposits
        LongTermDebtNoncurrent OtherLiabilitiesNoncurrent CommonStockValue
        AdditionalPaidInCapital RetainedEarningsAccumulatedDeficit
        AccumulatedOtherComprehensiveIncomeLossNetOfTax CommitmentsAndContingencies""",
    "cash_flow_statement": """
        NetCashProvidedByUsedInOperatingActivities NetCashProvidedByUsedInInvestingActivities
        NetCashProvidedByUsedInFinancingActivities
        NetCashProvidedByUsedInOperatingActivitiesContinuingOperations
        NetCashProvidedByUsedInInvestingActivitiesContinuingOperations
        NetCashProvidedByUsedInFinancingActivitiesContinuingOperations
        CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalentsPeriodIncreaseDecreaseIncludingExchangeRateEffect
        CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalentsPeriodIncreaseDecreaseExcludingExchangeRateEffect
        CashAndCashEquivalentsPeriodIncreaseDecrease
        CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents
        CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalentsIncludingDisposalGroupAndDiscontinuedOperations
        PaymentsToAcquirePropertyPlantAndEquipment EffectOfExchangeRateOnCashAndCashEquivalents""",
}
_IFRS: Final[dict[StatementName, str]] = {
    "income_statement": """
        Revenue RevenueFromContractsWithCustomers RevenueFromInterest InterestRevenueExpense
        CostOfSales GrossProfit OtherIncome DistributionCosts AdministrativeExpense
        SellingGeneralAndAdministrativeExpense EmployeeBenefitsExpense
        RawMaterialsAndConsumablesUsed DepreciationAndAmortisationExpense OperatingExpense
        OtherExpenseByNature OtherExpenseByFunction ProfitLossFromOperatingActivities FinanceIncome
        FinanceCosts ShareOfProfitLossOfAssociatesAndJointVenturesAccountedForUsingEquityMethod
        ProfitLossBeforeTax IncomeTaxExpenseContinuingOperations ProfitLossFromContinuingOperations
        ProfitLossFromDiscontinuedOperations ProfitLoss ProfitLossAttributableToOwnersOfParent
        ProfitLossAttributableToNoncontrollingInterests BasicEarningsLossPerShare
        DilutedEarningsLossPerShare BasicAndDilutedEarningsLossPerShare
        BasicEarningsLossPerShareFromContinuingOperations
        DilutedEarningsLossPerShareFromContinuingOperations InsuranceServiceResult
        FeeAndCommissionIncomeExpense""",
    "balance_sheet": """
        Assets NoncurrentAssets CurrentAssets Liabilities NoncurrentLiabilities CurrentLiabilities
        EquityAndLiabilities Equity EquityAttributableToOwnersOfParent NoncontrollingInterests
        IssuedCapital RetainedEarnings PropertyPlantAndEquipment Inventories Goodwill
        IntangibleAssetsOtherThanGoodwill IntangibleAssetsAndGoodwill RightofuseAssets
        TradeAndOtherCurrentReceivables CashAndCashEquivalents TradeAndOtherCurrentPayables
        DeferredTaxAssets DeferredTaxLiabilities SharePremium OtherReserves
        NoncurrentAssetsOrDisposalGroupsClassifiedAsHeldForSale AssetsLessCurrentLiabilities
        NetAssetsLiabilities DepositsFromCustomers""",
    "cash_flow_statement": """
        CashFlowsFromUsedInOperatingActivities CashFlowsFromUsedInInvestingActivities
        CashFlowsFromUsedInFinancingActivities CashFlowsFromUsedInOperations
        CashFlowsFromUsedInOperatingActivitiesContinuingOperations
        CashFlowsFromUsedInInvestingActivitiesContinuingOperations
        CashFlowsFromUsedInFinancingActivitiesContinuingOperations
        IncreaseDecreaseInCashAndCashEquivalents
        IncreaseDecreaseInCashAndCashEquivalentsBeforeEffectOfExchangeRateChanges
        EffectOfExchangeRateChangesOnCashAndCashEquivalents
        PurchaseOfPropertyPlantAndEquipmentClassifiedAsInvestingActivities
        PaymentsOfLeaseLiabilitiesClassifiedAsFinancingActivities
        DividendsPaidClassifiedAsFinancingActivities
        IncomeTaxesPaidRefundClassifiedAsOperatingActivities""",
}
_FRC: Final[dict[StatementName, str]] = {
    "income_statement": """
        TurnoverRevenue TurnoverGrossOperatingRevenue CostSales GrossProfitLoss DistributionCosts
        AdministrativeExpenses OtherOperatingIncomeFormat1 OtherOperatingIncomeFormat2
        OperatingProfitLoss RawMaterialsConsumables StaffCostsEmployeeBenefitsExpense
        DepreciationAmortisationImpairmentExpense OtherOperatingExpensesFormat2
        OtherInterestReceivableSimilarIncomeFinanceIncome
        InterestPayableSimilarChargesFinanceCosts ProfitLossOnOrdinaryActivitiesBeforeTax
        TaxTaxCreditOnProfitOrLossOnOrdinaryActivities ProfitLoss ComprehensiveIncomeExpense
        ProfitLossForPeriod IncomeExpenditureBeforeTax""",
    "balance_sheet": """
        FixedAssets PropertyPlantEquipment IntangibleAssets InvestmentsFixedAssets CurrentAssets
        TotalInventories Debtors CashBankOnHand CashBankInHand Creditors
        PrepaymentsAccruedIncomeNotExpressedWithinCurrentAssetSubtotal
        NetCurrentAssetsLiabilities TotalAssetsLessCurrentLiabilities
        ProvisionsForLiabilitiesBalanceSheetSubtotal
        AccruedLiabilitiesNotExpressedWithinCreditorsSubtotal
        AccruedLiabilitiesDeferredIncome NetAssetsLiabilities Equity CalledUpShareCapital
        SharePremium RetainedEarningsAccumulatedLosses TotalAssets TotalLiabilities
        CalledUpShareCapitalNotPaidNotExpressedAsCurrentAsset""",
    "cash_flow_statement": """
        NetCashFlowsFromUsedInOperatingActivities NetCashFlowsFromUsedInInvestingActivities
        NetCashFlowsFromUsedInFinancingActivities NetCashGeneratedFromOperations
        IncreaseDecreaseInCashCashEquivalents
        IncreaseDecreaseInCashCashEquivalentsBeforeForeignExchangeDifferencesChangesInConsolidation
        CashCashEquivalentsCashFlowValue PurchasePropertyPlantEquipment""",
}
_ANCHORS: Final[dict[StatementName, frozenset[str]]] = {
    statement: frozenset(
        f"{prefix}:{name}"
        for prefix, family in (("us-gaap", _US_GAAP), ("ifrs-full", _IFRS), ("frc-core", _FRC))
        for name in family[statement].split()
    )
    for statement in _US_GAAP
}
# Subtotals whose name does not say so; a row with one of them is a total.
_TOTALS: Final = """
    Assets AssetsCurrent AssetsNoncurrent Liabilities LiabilitiesCurrent LiabilitiesNoncurrent
    EquityAttributableToOwnersOfParent CashFlowsFromUsedInOperations
    IncreaseDecreaseInCashAndCashEquivalents IncreaseDecreaseInCashCashEquivalents
    IncreaseDecreaseInCashAndCashEquivalentsBeforeEffectOfExchangeRateChanges
    CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalentsPeriodIncreaseDecreaseIncludingExchangeRateEffect
    LiabilitiesAndStockholdersEquity StockholdersEquity EquityAndLiabilities Equity CurrentAssets
    NoncurrentAssets CurrentLiabilities NoncurrentLiabilities GrossProfit OperatingIncomeLoss
    NetIncomeLoss ProfitLoss ProfitLossFromOperatingActivities ProfitLossBeforeTax
    GrossProfitLoss OperatingProfitLoss ProfitLossOnOrdinaryActivitiesBeforeTax FixedAssets
    NetCurrentAssetsLiabilities TotalAssetsLessCurrentLiabilities NetAssetsLiabilities
    IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest
    IncomeLossFromContinuingOperationsBeforeIncomeTaxesMinorityInterestAndIncomeLossFromEquityMethodInvestments
    NetCashProvidedByUsedInOperatingActivities NetCashProvidedByUsedInInvestingActivities
    NetCashProvidedByUsedInFinancingActivities CashFlowsFromUsedInOperatingActivities
    CashFlowsFromUsedInInvestingActivities CashFlowsFromUsedInFinancingActivities
    NetCashFlowsFromUsedInOperatingActivities NetCashFlowsFromUsedInInvestingActivities
    NetCashFlowsFromUsedInFinancingActivities"""
_TOTAL_NAMES: Final = frozenset(_TOTALS.split())
# What stands at the end of a statement: a statement with one of them is not continued elsewhere.
_LAST: Final[dict[StatementName, frozenset[str]]] = {
    "income_statement": frozenset(
        (
            "us-gaap:NetIncomeLoss",
            "us-gaap:ProfitLoss",
            "ifrs-full:ProfitLoss",
            "frc-core:ProfitLoss",
        )
    ),
    "balance_sheet": frozenset(
        (
            "us-gaap:LiabilitiesAndStockholdersEquity",
            "ifrs-full:EquityAndLiabilities",
            "ifrs-full:NetAssetsLiabilities",
            "frc-core:Equity",
        )
    ),
    "cash_flow_statement": frozenset(
        (
            "us-gaap:NetCashProvidedByUsedInFinancingActivities",
            "ifrs-full:CashFlowsFromUsedInFinancingActivities",
            "frc-core:NetCashFlowsFromUsedInFinancingActivities",
        )
    ),
}
_FRAMEWORKS: Final = {"us-gaap": "us-gaap", "ifrs-full": "ifrs", "frc-core": "frs-102"}
_WORDS: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def anchors(statement: StatementName, concepts: Iterable[str]) -> int:
    """Return how many different concepts are ones of the face of a statement.

    Args:
        statement: Which one.
        concepts: As `concept_name` returns them, such as `ifrs-full:Assets`.
    """
    return len(_ANCHORS[statement].intersection(concepts))


def is_complete(statement: StatementName, concepts: Iterable[str]) -> bool:
    """Return whether concepts hold one that stands at the end of a statement."""
    return not _LAST[statement].isdisjoint(concepts)


def is_comprehensive(concepts: Iterable[str]) -> bool:
    """Return whether concepts hold the total of other comprehensive income."""
    return any("OtherComprehensiveIncome" in each for each in concepts)


def is_total(concept: str) -> bool:
    """Return whether a concept of a standard taxonomy is a total by its definition."""
    prefix, _, name = concept.rpartition(":")
    return prefix in _FRAMEWORKS and name in _TOTAL_NAMES


def framework_of(concepts: Iterable[str]) -> str | None:
    """Return us-gaap, ifrs or frs-102 by the taxonomy of most concepts, None without any.

    The taxonomy of the FRC serves FRS 101, 102 and 105 alike: which one, the entry point says.
    """
    count = dict.fromkeys(_FRAMEWORKS, 0)
    for concept in concepts:
        prefix = concept.partition(":")[0]
        if prefix in count:
            count[prefix] += 1
    prefix = max(count, key=lambda each: count[each])
    return _FRAMEWORKS[prefix] if count[prefix] else None


def humanise(concept: str) -> str:
    """Return the words of a concept's name: `us-gaap:NetIncomeLoss` is "Net income loss"."""
    words = _WORDS.findall(concept.rpartition(":")[2])
    lowered = [word if word.isupper() and len(word) > 1 else word.lower() for word in words]
    text = " ".join(lowered)
    return text[:1].upper() + text[1:]
