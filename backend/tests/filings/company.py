"""A made-up company whose figures close: sums, ties between statements, and several years."""

import datetime as dt
import random
from dataclasses import dataclass, replace
from decimal import Decimal

_NAMES = ("Norrland Instruments", "Belmont Textiles", "Aare Logistik", "Costa Verde Foods")
_LEGAL = {"us": "Inc.", "en": "Group plc", "uk": "Limited", "de": "AG", "fr": "SA", "nl": "N.V."}
_INCOME_COSTS = ("research", "selling", "administrative", "other_operating")
_INVESTING = (
    ("capex", -0.06),
    ("intangibles_purchase", -0.015),
    ("disposals", 0.01),
    ("acquisitions", -0.02),
    ("interest_received", 0.004),
    ("investing_other", 0.003),
)
_FINANCING = (
    ("loans_raised", 0.05),
    ("loans_repaid", -0.04),
    ("lease_payments", -0.012),
    ("dividends", -0.02),
    ("buybacks", -0.008),
    ("financing_other", -0.002),
)
_NONCURRENT_ASSETS = (
    ("goodwill", 0.2),
    ("intangibles", 0.1),
    ("ppe", 0.3),
    ("rou", 0.06),
    ("investments", 0.05),
    ("deferred_tax_assets", 0.02),
    ("other_noncurrent_assets", 0.01),
)
_CURRENT_ASSETS = (
    ("inventories", 0.15),
    ("receivables", 0.18),
    ("securities", 0.03),
    ("other_current_assets", 0.02),
)
_NONCURRENT_LIABILITIES = (
    ("borrowings", 0.2),
    ("leases", 0.04),
    ("pensions", 0.03),
    ("deferred_tax_liabilities", 0.02),
    ("provisions", 0.01),
    ("other_noncurrent_liabilities", 0.006),
)
_CURRENT_LIABILITIES = (
    ("payables", 0.14),
    ("short_borrowings", 0.05),
    ("short_leases", 0.012),
    ("tax_payable", 0.015),
    ("short_provisions", 0.008),
    ("other_current_liabilities", 0.03),
)
# A year may state none of these, and print a dash.
_MAY_BE_NIL = {
    "acquisitions",
    "intangibles_purchase",
    "securities",
    "buybacks",
    "loans_raised",
    "short_provisions",
    "financing_other",
    "other_operating",
}


@dataclass(frozen=True, slots=True)
class Company:
    """A company and its figures.

    Attributes:
        figures: By key of `labels.txt`, newest year first, in units of the currency: income and
            cash flows with the sign of their effect, assets and liabilities positive.
        ends: Last day of each year, newest first, with one more than `figures` has years.
        eps: Earnings per share by key, in the currency.
        shares: Weighted number of shares by key.
    """

    seed: int
    name: str
    currency: str
    figures: dict[str, tuple[int, ...]]
    ends: tuple[dt.date, ...]
    eps: dict[str, tuple[Decimal, ...]]
    shares: dict[str, tuple[int, ...]]

    @property
    def years(self) -> int:
        """The number of years it has figures of."""
        return len(self.ends) - 1

    def year_before(self) -> "Company":
        """Return the company a year earlier: the report that shares all but its newest year."""
        return replace(
            self,
            figures={key: values[1:] for key, values in self.figures.items()},
            ends=self.ends[1:],
            eps={key: values[1:] for key, values in self.eps.items()},
            shares={key: values[1:] for key, values in self.shares.items()},
        )


def fiscal_year(end: dt.date) -> int:
    """Return the fiscal year of a period's last day: an end in early January is the year before."""
    early = end.month == 1 and end.day <= 7
    return end.year - 1 if early else end.year


def _year_ends(rng: random.Random, years: int, *, weeks: bool) -> tuple[dt.date, ...]:
    newest = rng.randrange(2012, 2026)
    if not weeks:
        month, day = rng.choice(((12, 31), (12, 31), (3, 31), (6, 30), (9, 30)))
        return tuple(dt.date(newest - back, month, day) for back in range(years))
    month, day = rng.choice(((9, 30), (12, 31), (1, 31), (6, 30)))
    ends = []
    for back in range(years):
        nominal = dt.date(newest - back, month, day)
        # The Saturday nearest to the end of the month: 52 or 53 weeks after the one before.
        offset = (nominal.weekday() - 5 + 3) % 7 - 3
        ends.append(nominal - dt.timedelta(days=offset))
    return tuple(ends)


class _Books:
    """Draws the figures of all years, in whole grains."""

    def __init__(self, rng: random.Random, years: int, unit: int, grain: int) -> None:
        self.rng, self.years, self.grain = rng, years, grain
        # Printed revenue of four to seven digits.
        self.size = rng.uniform(4, 9) * 10 ** rng.choice((3, 3, 4, 5, 6)) * unit
        self.figures: dict[str, list[int]] = {}

    def whole(self, amount: float) -> int:
        """Return the amount in whole grains."""
        return round(amount / self.grain) * self.grain

    def walk(self, key: str, share: float) -> None:
        """Draw a figure of each year, oldest last, around a share of the revenue."""
        amount = self.size * share * self.rng.uniform(0.5, 1.6)
        values = []
        for _ in range(self.years):
            nil = key in _MAY_BE_NIL and self.rng.random() < 0.2
            values.append(0 if nil else self.whole(amount))
            amount *= self.rng.uniform(0.78, 1.2)
        self.figures[key] = values

    def total(self, key: str, *terms: str) -> None:
        """State the sum of the terms; one that starts with - is subtracted."""
        self.figures[key] = [
            sum(
                -self.figures[term[1:]][year] if term[0] == "-" else self.figures[term][year]
                for term in terms
            )
            for year in range(self.years)
        ]

    def part(self, key: str, of: str, low: float, high: float) -> None:
        """Draw a figure that is a part of another."""
        self.figures[key] = [
            self.whole(self.figures[of][year] * self.rng.uniform(low, high))
            for year in range(self.years)
        ]


def _income(books: _Books) -> None:
    books.walk("revenue_products", 0.7)
    books.walk("revenue_services", 0.3)
    books.total("revenue", "revenue_products", "revenue_services")
    books.part("of_which", "revenue", 0.02, 0.08)
    books.part("cost_of_sales", "revenue", -0.7, -0.5)
    books.total("gross_profit", "revenue", "cost_of_sales")
    for key, share in zip(_INCOME_COSTS, (-0.06, -0.09, -0.07, 0.01), strict=True):
        books.walk(key, share)
    books.total("operating_expenses", *_INCOME_COSTS)
    books.total("operating_profit", "gross_profit", "operating_expenses")
    for key, share in (
        ("finance_income", 0.006),
        ("finance_costs", -0.015),
        ("associates", 0.005),
        ("other_net", -0.002),
    ):
        books.walk(key, share)
    books.total(
        "profit_before_tax",
        *("operating_profit", "finance_income", "finance_costs", "associates", "other_net"),
    )
    books.part("tax", "profit_before_tax", -0.31, -0.19)
    books.total("profit", "profit_before_tax", "tax")
    books.part("nci", "profit", 0.01, 0.08)
    books.total("owners", "profit", "-nci")
    for key, share in (("oci_translation", -0.01), ("oci_pensions", 0.006), ("oci_hedges", 0.003)):
        books.walk(key, share)
    books.total("oci", "oci_translation", "oci_pensions", "oci_hedges")
    books.total("comprehensive", "profit", "oci")


def _cash_flow(books: _Books) -> None:
    for key, share in (
        ("depreciation", 0.05),
        ("share_based", 0.01),
        ("cf_finance", 0.011),
        ("cf_other", -0.003),
        ("chg_inventories", -0.01),
        ("chg_receivables", -0.015),
        ("chg_payables", 0.012),
        ("interest_paid", -0.012),
        ("tax_paid", -0.02),
        ("fx_effect", -0.003),
        *_INVESTING,
        *_FINANCING,
    ):
        books.walk(key, share)
    books.part("memo_tax", "revenue", 0.02, 0.04)
    books.part("memo_interest", "revenue", 0.01, 0.015)
    books.total("investing_cash", *(key for key, _ in _INVESTING))
    books.total("financing_cash", *(key for key, _ in _FINANCING))


def _close_cash(books: _Books, *, american: bool) -> None:
    """Total the cash flow, and carry the cash from year to year."""
    changes = ("chg_inventories", "chg_receivables", "chg_payables")
    noncash = ("depreciation", "share_based", "cf_finance", "cf_other")
    books.figures["cf_profit"] = books.figures["profit" if american else "profit_before_tax"]
    books.total("generated", "cf_profit", *noncash, *changes)
    paid = () if american else ("interest_paid", "tax_paid")
    books.total("operating_cash", "generated", *paid)
    flows = ("operating_cash", "investing_cash", "financing_cash")
    books.total("net_change", *flows, *(("fx_effect",) if american else ()))
    rise = [
        books.figures["net_change"][year] + (0 if american else books.figures["fx_effect"][year])
        for year in range(books.years)
    ]
    # Enough at the start that no year ends without cash.
    lowest = min(0, *(sum(rise[year:]) for year in range(books.years)))
    cash = books.whole(books.size * books.rng.uniform(0.05, 0.2)) - lowest
    closing: list[int] = []
    for year in reversed(range(books.years)):
        cash += rise[year]
        closing.insert(0, cash)
    books.figures["closing_cash"] = closing
    books.figures["cash"] = closing
    books.figures["opening_cash"] = [
        end - change for end, change in zip(closing, rise, strict=True)
    ]


def _balance(books: _Books) -> None:
    for key, share in (
        *_NONCURRENT_ASSETS,
        *_CURRENT_ASSETS,
        *_NONCURRENT_LIABILITIES,
        *_CURRENT_LIABILITIES,
        ("share_premium", 0.05),
        ("reserves", -0.03),
        ("treasury", -0.02),
        ("nci_equity", 0.02),
    ):
        books.walk(key, share)
    books.part("of_which_pledged", "receivables", 0.05, 0.2)
    capital = books.whole(books.size * 0.04)
    books.figures["share_capital"] = [capital] * books.years
    books.total("noncurrent_assets", *(key for key, _ in _NONCURRENT_ASSETS))
    books.total("current_assets", *(key for key, _ in _CURRENT_ASSETS), "cash")
    books.total("total_assets", "noncurrent_assets", "current_assets")
    books.total("noncurrent_liabilities", *(key for key, _ in _NONCURRENT_LIABILITIES))
    books.total("current_liabilities", *(key for key, _ in _CURRENT_LIABILITIES))
    books.total("total_liabilities", "noncurrent_liabilities", "current_liabilities")
    books.total("total_equity", "total_assets", "-total_liabilities")
    books.total("owners_equity", "total_equity", "-nci_equity")
    stated = ("share_capital", "share_premium", "reserves", "treasury")
    books.total("retained", "owners_equity", *(f"-{key}" for key in stated))
    books.total("equity_and_liabilities", "total_equity", "total_liabilities")


def _small_company(books: _Books) -> None:
    """State the figures of a UK balance sheet, whose creditors are one line each."""
    figures = books.figures
    books.total("fixed_assets", "intangibles", "ppe", "investments")
    books.total("uk_current_assets", "inventories", "receivables", "cash")
    figures["creditors_short"] = [-value for value in figures["current_liabilities"]]
    books.total("net_current_assets", "uk_current_assets", "creditors_short")
    books.total("less_current", "fixed_assets", "net_current_assets")
    figures["creditors_long"] = [-value for value in figures["borrowings"]]
    figures["uk_provisions"] = [-value for value in figures["provisions"]]
    books.total("net_assets", "less_current", "creditors_long", "uk_provisions")
    figures["shareholders_funds"] = figures["net_assets"]
    books.total("uk_retained", "net_assets", "-share_capital", "-share_premium")


def _by_nature(books: _Books) -> None:
    """State the costs of the same operating profit by their nature."""
    for key, share in (
        ("nature_income", 0.02),
        ("materials", -0.3),
        ("personnel", -0.2),
        ("nature_depreciation", -0.04),
    ):
        books.walk(key, share)
    stated = ("revenue", "nature_income", "materials", "personnel", "nature_depreciation")
    books.total("nature_other", "operating_profit", *(f"-{key}" for key in stated))


def _bank(books: _Books) -> None:
    """State the same profit, total assets and equity as a bank does."""
    for key, share in (
        ("interest_income", 0.6),
        ("interest_expense", -0.25),
        ("fee_income", 0.2),
        ("fee_expense", -0.05),
        ("trading", 0.03),
        ("bank_staff", -0.2),
        ("bank_admin", -0.1),
        ("due_from_banks", 0.1),
        ("bank_securities", 0.2),
        ("derivative_assets", 0.03),
        ("bank_other_assets", 0.02),
        ("due_to_banks", 0.08),
        ("debt_issued", 0.1),
        ("derivative_liabilities", 0.03),
        ("bank_other_liabilities", 0.02),
    ):
        books.walk(key, share)
    books.total("net_interest", "interest_income", "interest_expense")
    books.total("net_fees", "fee_income", "fee_expense")
    books.total("total_income", "net_interest", "net_fees", "trading")
    books.total("bank_costs", "bank_staff", "bank_admin")
    books.total("credit_losses", "profit_before_tax", "-total_income", "-bank_costs")
    assets = ("cash", "due_from_banks", "bank_securities", "derivative_assets", "ppe")
    others = (*assets, "intangibles", "bank_other_assets")
    books.total("loans", "total_assets", *(f"-{key}" for key in others))
    owed = ("due_to_banks", "debt_issued", "derivative_liabilities", "bank_other_liabilities")
    books.total("deposits", "total_liabilities", *(f"-{key}" for key in owed))


def _per_share(
    books: _Books,
) -> tuple[dict[str, tuple[Decimal, ...]], dict[str, tuple[int, ...]]]:
    """Return earnings per share and the numbers of shares, of each year."""
    count = max(1000, round(books.size * 0.08 / books.rng.uniform(0.4, 9) / 1000) * 1000)
    basic, diluted = [], []
    for _ in range(books.years):
        basic.append(count)
        diluted.append(count + round(count * books.rng.uniform(0.002, 0.02) / 1000) * 1000)
        count = max(1000, round(count * books.rng.uniform(0.95, 1.06) / 1000) * 1000)
    shares = {"shares_basic": tuple(basic), "shares_diluted": tuple(diluted)}
    eps = {
        f"eps_{name}": tuple(
            (Decimal(profit) / number).quantize(Decimal("0.01"))
            for profit, number in zip(books.figures["owners"], numbers, strict=True)
        )
        for name, numbers in (("basic", basic), ("diluted", diluted))
    }
    return eps, shares


def make_company(
    seed: int,
    *,
    variant: str = "en",
    currency: str = "EUR",
    scale: int = 3,
    exact: bool = True,
    weeks: bool = False,
    years: int = 5,
    finest: int | None = None,
) -> Company:
    """Return the company of a seed: the same seed and options give the same figures.

    Args:
        seed: Any number.
        variant: Of the labels: `us` starts its cash flow with net income.
        currency: ISO 4217.
        scale: Power of ten of the figures that will be printed.
        exact: Whether all amounts are whole in that scale; else printed sums are rounded.
        weeks: Whether years end on a Saturday, after 52 or 53 weeks.
        years: How many have figures.
        finest: Power of ten that all amounts are whole in, where it is less than `scale`.
    """
    rng = random.Random(seed)  # noqa: S311 - nothing is kept secret by it
    unit = 10**scale
    ends = _year_ends(rng, years + 1, weeks=weeks)
    grain = unit if finest is None else 10**finest
    books = _Books(rng, years, unit, grain if exact else 1)
    _income(books)
    _cash_flow(books)
    _close_cash(books, american=variant == "us")
    _balance(books)
    _small_company(books)
    # The figures above are the same whichever business it is in.
    _by_nature(books)
    _bank(books)
    eps, shares = _per_share(books)
    name = f"{rng.choice(_NAMES)} {_LEGAL[variant]}"
    figures = {key: tuple(values) for key, values in books.figures.items()}
    return Company(seed, name, currency, figures, ends, eps, shares)
