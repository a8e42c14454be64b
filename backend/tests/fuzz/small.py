"""A small company as companyfacts: a sound file to be damaged."""

import json
from typing import Any

# Statement, concept, and its figures of two years.
FIGURES: tuple[tuple[str, str, int, int], ...] = (
    ("income", "Revenue", 96_300, 88_100),
    ("income", "CostOfSales", 61_200, 57_900),
    ("income", "GrossProfit", 35_100, 30_200),
    ("income", "AdministrativeExpense", 20_400, 18_800),
    ("income", "ProfitLossFromOperatingActivities", 14_700, 11_400),
    ("income", "FinanceCosts", 1_250, 1_100),
    ("income", "ProfitLossBeforeTax", 13_450, 10_300),
    ("income", "IncomeTaxExpenseContinuingOperations", 3_250, 2_500),
    ("income", "ProfitLoss", 10_200, 7_800),
    ("balance", "PropertyPlantAndEquipment", 41_000, 39_500),
    ("balance", "NoncurrentAssets", 41_000, 39_500),
    ("balance", "Inventories", 12_700, 11_600),
    ("balance", "TradeAndOtherCurrentReceivables", 15_300, 14_900),
    ("balance", "CashAndCashEquivalents", 9_400, 6_700),
    ("balance", "CurrentAssets", 37_400, 33_200),
    ("balance", "Assets", 78_400, 72_700),
    ("balance", "IssuedCapital", 20_000, 20_000),
    ("balance", "RetainedEarnings", 31_900, 25_200),
    ("balance", "Equity", 51_900, 45_200),
    ("balance", "NoncurrentLiabilities", 14_000, 16_000),
    ("balance", "CurrentLiabilities", 12_500, 11_500),
    ("balance", "Liabilities", 26_500, 27_500),
    ("balance", "EquityAndLiabilities", 78_400, 72_700),
    ("cash", "CashFlowsFromUsedInOperatingActivities", 15_900, 12_300),
    ("cash", "CashFlowsFromUsedInInvestingActivities", -7_700, -6_900),
    ("cash", "CashFlowsFromUsedInFinancingActivities", -5_500, -4_100),
    ("cash", "IncreaseDecreaseInCashAndCashEquivalents", 2_700, 1_300),
)
YEARS = (2022, 2021)


def companyfacts() -> bytes:
    """Return the company as the SEC's companyfacts."""
    concepts: dict[str, Any] = {}
    for statement, concept, *values in FIGURES:
        stated = []
        for year, value in zip(YEARS, values, strict=True):
            period = {} if statement == "balance" else {"start": f"{year}-01-01"}
            stated.append(
                {
                    **period,
                    "end": f"{year}-12-31",
                    "val": value * 1000,
                    "accn": "0000000001-23-000001",
                    "fy": 2022,
                    "fp": "FY",
                    "form": "20-F",
                    "filed": "2023-03-01",
                }
            )
        concepts[concept] = {"label": concept, "description": "", "units": {"EUR": stated}}
    whole = {"cik": 1, "entityName": "Small plc", "facts": {"ifrs-full": concepts}}
    return json.dumps(whole).encode()
