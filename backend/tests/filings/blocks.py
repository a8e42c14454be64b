"""The order of lines, headings and totals in each statement: US GAAP, IFRS and FRS 102."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.pipeline.statement import StatementName
from tests.filings.layout import Layout


@dataclass(frozen=True, slots=True)
class Block:
    """A heading with lines, blocks and a total under it; each part may be missing."""

    heading: str | None
    children: "tuple[str | Block, ...]"
    total: str | None = None


_BY_NATURE = ("nature_income", "materials", "personnel", "nature_depreciation", "nature_other")
_BANK_INCOME = (
    *("interest_income", "interest_expense", "net_interest"),
    *("fee_income", "fee_expense", "net_fees", "trading", "total_income"),
    *("bank_staff", "bank_admin", "bank_costs", "credit_losses"),
)
_BANK_ASSETS = (
    *("cash", "due_from_banks", "loans", "bank_securities", "derivative_assets"),
    *("ppe", "intangibles", "bank_other_assets"),
)
_BANK_LIABILITIES = (
    *("due_to_banks", "deposits", "debt_issued", "derivative_liabilities"),
    "bank_other_liabilities",
)


def _income_blocks(layout: Layout) -> tuple["str | Block", ...]:
    american = layout.variant == "us"
    revenue = Block("H_revenue", ("revenue_products", "revenue_services"), "revenue")
    attributable = Block("H_attributable", ("owners", "nci"))
    oci = Block("H_oci", ("oci_translation", "oci_pensions", "oci_hedges"), "oci")
    costs = ("research", "selling", "administrative", "other_operating")
    parts: list[str | Block] = [revenue] if american else ["revenue"]
    if layout.memo:
        parts.append("of_which")
    if layout.business == "bank":
        parts = list(_BANK_INCOME)
    elif layout.business == "nature":
        parts += _BY_NATURE
    else:
        parts += ["cost_of_sales", "gross_profit"]
        parts += [Block("H_operating_expenses", costs, "operating_expenses")] if american else costs
    if layout.business != "bank":
        parts += ["operating_profit", "finance_income", "finance_costs", "associates", "other_net"]
    parts += ["profit_before_tax", "tax", "profit"]
    if layout.comprehensive == "one":
        parts += [oci, "comprehensive"]
    if layout.noncontrolling:
        parts.append(attributable)
    if layout.variant != "uk":
        parts.append(Block("H_eps", ("eps_basic", "eps_diluted")))
    if layout.shares:
        parts.append(Block("H_shares", ("shares_basic", "shares_diluted")))
    return tuple(parts)


def _equity(layout: Layout) -> Block:
    stated = ("share_capital", "share_premium", "reserves", "treasury", "retained")
    if layout.noncontrolling:
        return Block("H_equity", (*stated, "owners_equity", "nci_equity"), "total_equity")
    return Block("H_equity", (*stated, "nci_equity"), "total_equity")


def _balance_blocks(layout: Layout) -> tuple["str | Block", ...]:
    if layout.variant == "uk":
        capital = ("share_capital", "share_premium", "uk_retained")
        return (
            Block("H_fixed_assets", ("intangibles", "ppe", "investments"), "fixed_assets"),
            Block("H_current_assets", ("inventories", "receivables", "cash"), "uk_current_assets"),
            *("creditors_short", "net_current_assets", "less_current"),
            *("creditors_long", "uk_provisions", "net_assets"),
            Block("H_capital", capital, "shareholders_funds"),
        )
    if layout.business == "bank":
        owed = Block("H_liabilities", _BANK_LIABILITIES, "total_liabilities")
        return (
            Block("H_assets", _BANK_ASSETS, "total_assets"),
            Block("H_equity_and_liabilities", (owed, _equity(layout)), "equity_and_liabilities"),
        )
    receivables = ("receivables", "of_which_pledged") if layout.memo else ("receivables",)
    noncurrent = Block(
        "H_noncurrent_assets",
        (
            "goodwill",
            "intangibles",
            "ppe",
            "rou",
            "investments",
            "deferred_tax_assets",
            "other_noncurrent_assets",
        ),
        "noncurrent_assets",
    )
    liquid = ("securities", "other_current_assets")
    long = Block(
        "H_noncurrent_liabilities",
        (
            "borrowings",
            "leases",
            "pensions",
            "deferred_tax_liabilities",
            "provisions",
            "other_noncurrent_liabilities",
        ),
        "noncurrent_liabilities",
    )
    short = Block(
        "H_current_liabilities",
        (
            "payables",
            "short_borrowings",
            "short_leases",
            "tax_payable",
            "short_provisions",
            "other_current_liabilities",
        ),
        "current_liabilities",
    )
    if layout.variant == "us":
        current = Block(
            "H_current_assets", ("cash", *liquid, *receivables, "inventories"), "current_assets"
        )
        return (
            Block("H_assets", (current, noncurrent), "total_assets"),
            Block(
                "H_equity_and_liabilities",
                (short, long, "total_liabilities", _equity(layout)),
                "equity_and_liabilities",
            ),
        )
    current = Block(
        "H_current_assets", ("inventories", *receivables, *liquid, "cash"), "current_assets"
    )
    liabilities = Block("H_liabilities", (long, short), "total_liabilities")
    return (
        Block("H_assets", (noncurrent, current), "total_assets"),
        Block("H_equity_and_liabilities", (_equity(layout), liabilities), "equity_and_liabilities"),
    )


def _cash_blocks(layout: Layout) -> tuple["str | Block", ...]:
    american = layout.variant == "us"
    noncash = Block("H_adjustments", ("depreciation", "share_based", "cf_finance", "cf_other"))
    working = Block("H_working", ("chg_inventories", "chg_receivables", "chg_payables"))
    paid = () if american else ("generated", "interest_paid", "tax_paid")
    operating = Block("H_operating", ("cf_profit", noncash, working, *paid), "operating_cash")
    investing = Block(
        "H_investing",
        (
            "capex",
            "intangibles_purchase",
            "disposals",
            "acquisitions",
            "interest_received",
            "investing_other",
        ),
        "investing_cash",
    )
    financing = Block(
        "H_financing",
        (
            "loans_raised",
            "loans_repaid",
            "lease_payments",
            "dividends",
            "buybacks",
            "financing_other",
        ),
        "financing_cash",
    )
    if american:
        end: tuple[str, ...] = ("fx_effect", "net_change", "opening_cash", "closing_cash")
    else:
        end = ("net_change", "opening_cash", "fx_effect", "closing_cash")
    parts: list[str | Block] = [operating, investing, financing, *end]
    if layout.memo:
        parts.append(Block("H_supplemental", ("memo_tax", "memo_interest")))
    return tuple(parts)


BLOCKS: Mapping[StatementName, Callable[[Layout], tuple[str | Block, ...]]] = {
    "income_statement": _income_blocks,
    "balance_sheet": _balance_blocks,
    "cash_flow_statement": _cash_blocks,
}


# What each total is the sum of, by the signs of the company's figures. Of two forms of one total
# that reports use, a statement has the one all of whose terms it prints.
SUMS: tuple[tuple[str, str], ...] = (
    ("revenue", "revenue_products revenue_services"),
    ("gross_profit", "revenue cost_of_sales"),
    ("operating_profit", " ".join(("revenue", *_BY_NATURE))),
    ("net_interest", "interest_income interest_expense"),
    ("net_fees", "fee_income fee_expense"),
    ("total_income", "net_interest net_fees trading"),
    ("bank_costs", "bank_staff bank_admin"),
    ("profit_before_tax", "total_income bank_costs credit_losses"),
    ("total_assets", " ".join(_BANK_ASSETS)),
    ("total_liabilities", " ".join(_BANK_LIABILITIES)),
    ("operating_expenses", "research selling administrative other_operating"),
    ("operating_profit", "gross_profit operating_expenses"),
    ("operating_profit", "gross_profit research selling administrative other_operating"),
    (
        "profit_before_tax",
        "operating_profit finance_income finance_costs associates other_net",
    ),
    ("profit", "profit_before_tax tax"),
    ("oci", "oci_translation oci_pensions oci_hedges"),
    ("comprehensive", "profit oci"),
    (
        "noncurrent_assets",
        "goodwill intangibles ppe rou investments deferred_tax_assets other_noncurrent_assets",
    ),
    ("current_assets", "inventories receivables securities other_current_assets cash"),
    ("total_assets", "noncurrent_assets current_assets"),
    ("owners_equity", "share_capital share_premium reserves treasury retained"),
    ("total_equity", "owners_equity nci_equity"),
    ("total_equity", "share_capital share_premium reserves treasury retained nci_equity"),
    (
        "noncurrent_liabilities",
        (
            "borrowings leases pensions deferred_tax_liabilities provisions "
            "other_noncurrent_liabilities"
        ),
    ),
    (
        "current_liabilities",
        (
            "payables short_borrowings short_leases tax_payable short_provisions "
            "other_current_liabilities"
        ),
    ),
    ("total_liabilities", "noncurrent_liabilities current_liabilities"),
    ("equity_and_liabilities", "total_equity total_liabilities"),
    ("fixed_assets", "intangibles ppe investments"),
    ("uk_current_assets", "inventories receivables cash"),
    ("net_current_assets", "uk_current_assets creditors_short"),
    ("less_current", "fixed_assets net_current_assets"),
    ("net_assets", "less_current creditors_long uk_provisions"),
    ("shareholders_funds", "share_capital share_premium uk_retained"),
    (
        "generated",
        (
            "cf_profit depreciation share_based cf_finance cf_other "
            "chg_inventories chg_receivables chg_payables"
        ),
    ),
    ("operating_cash", "generated interest_paid tax_paid"),
    (
        "operating_cash",
        (
            "cf_profit depreciation share_based cf_finance cf_other "
            "chg_inventories chg_receivables chg_payables"
        ),
    ),
    (
        "investing_cash",
        "capex intangibles_purchase disposals acquisitions interest_received investing_other",
    ),
    (
        "financing_cash",
        "loans_raised loans_repaid lease_payments dividends buybacks financing_other",
    ),
)


def sums_of(keys: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Return the terms of each total of a statement that prints these keys."""
    found: dict[str, tuple[str, ...]] = {}
    for total, written in SUMS:
        terms = tuple(written.split())
        if total in keys and keys.issuperset(terms):
            found.setdefault(total, terms)
    return found
