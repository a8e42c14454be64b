"""The statements of a company as a layout prints them: rows in order, labels, signs, sections."""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from app.pipeline.statement import RowKind, StatementName
from tests.filings.blocks import BLOCKS, Block
from tests.filings.company import Company, fiscal_year, make_company
from tests.filings.labels import BESIDE_TITLES, LABELS, OTHER, PARENT_TITLES, TITLES
from tests.filings.layout import Layout
from tests.filings.truth import STATEMENTS, TruePeriod, TrueRow, TrueStatement, Truth

_THOUSANDS = {"en": "thousands", "de": "in Tausend", "fr": "en milliers", "nl": "in duizenden"}
_COSTS = {
    "cost_of_sales",
    "research",
    "selling",
    "administrative",
    "operating_expenses",
    "materials",
    "personnel",
    "nature_depreciation",
    "nature_other",
    "interest_expense",
    "fee_expense",
    "bank_staff",
    "bank_admin",
    "bank_costs",
    "credit_losses",
    "finance_costs",
    "tax",
}
_OTHERS = {
    "other_noncurrent_assets",
    "other_current_assets",
    "other_noncurrent_liabilities",
    "other_current_liabilities",
    "investing_other",
    "financing_other",
    "cf_other",
    "other_operating",
    "other_net",
}
_NOTED = {"revenue", "cost_of_sales", "tax", "goodwill", "ppe", "inventories", "receivables"} | {
    "cash", "borrowings", "share_capital", "payables", "provisions", "generated", "eps_basic"
}  # fmt: skip


_TOTALS = {
    "gross_profit",
    "net_interest",
    "net_fees",
    "total_income",
    "bank_costs",
    "operating_profit",
    "profit_before_tax",
    "profit",
    "comprehensive",
    "owners_equity",
    "total_liabilities",
    "net_current_assets",
    "less_current",
    "net_assets",
    "generated",
    "net_change",
    "closing_cash",
}
_MEMO = {"of_which", "of_which_pledged", "memo_tax", "memo_interest"}
# Subtotals that reports print without a label, under the rule that closes their block.
_UNLABELLED = {"noncurrent_assets", "current_assets", "fixed_assets", "uk_current_assets"} | {
    "noncurrent_liabilities",
    "current_liabilities",
}


def _kind(key: str, *, closes: bool) -> RowKind:
    if key.startswith("eps_"):
        return "per_share"
    if key.startswith("shares_"):
        return "shares"
    if key in _MEMO:
        return "memo"
    return "total" if closes or key in _TOTALS else "line"


def _note(number: int, layout: Layout) -> str:
    """Return the number of a note as printed."""
    forms = {
        "letters": f"{number} {'abc'[number % 3]})",
        "pairs": f"{number}, {number + 3}" if number % 2 else str(number),
        "decimals": f"{number // 4 + 1}.{number % 4 + 1}",
    }
    return forms.get(layout.note_style, str(number))


class _Writer:
    """Writes the rows of one statement."""

    def __init__(self, company: Company, layout: Layout, columns: Sequence[int]) -> None:
        self.company, self.layout, self.columns = company, layout, columns
        self.labels = {**LABELS[layout.variant], **dict(layout.relabelled)}
        self.notes = 3

    def label(self, key: str) -> str:
        """Return the label of a row in the layout's language."""
        variant = self.layout.variant
        if self.layout.repeat_other and key in _OTHERS:
            return OTHER[self.layout.titles]
        label = self.labels[key]
        if key == "H_shares" and variant != "us" and self.share_scale:
            label += f" ({_THOUSANDS[self.layout.language]})"
        newest = self.company.ends[0]
        return label.replace("31 December", f"{newest.day} {newest:%B}").replace(
            "1 January", f"{(newest + dt.timedelta(1)).day} {newest + dt.timedelta(1):%B}"
        )

    def values(self, key: str) -> tuple[Decimal | None, ...]:
        """Return the printed figures of a row, one a column."""
        company, layout = self.company, self.layout
        if key.startswith("eps_"):
            return tuple(company.eps[key][year] for year in self.columns)
        scale = self.share_scale if key.startswith("shares_") else layout.scale
        amounts = company.shares[key] if key.startswith("shares_") else company.figures[key]
        down = ROUND_DOWN if layout.rounding == "truncated" else ROUND_HALF_UP
        sign = self.sign(key)
        rounded = [
            sign * (Decimal(amounts[year]) / 10**scale).quantize(Decimal(1), down)
            for year in self.columns
        ]
        return tuple(value if value or layout.nil else None for value in rounded)

    @property
    def share_scale(self) -> int:
        """Numbers of shares are in thousands wherever money is in thousands or millions."""
        return min(self.layout.scale, 3)

    def sign(self, key: str) -> int:
        """Return -1 for a figure that is printed with the other sign than that of its effect."""
        positive = self.layout.costs_positive and self.layout.variant != "uk"
        usual = -1 if positive and key in _COSTS else 1
        return -usual if key in self.layout.opposite else usual

    def row(self, key: str, section: tuple[str, ...], label: str, *, closes: bool) -> TrueRow:
        """Return the row of a key."""
        note = None
        if self.layout.notes and key in _NOTED:
            self.notes += 1
            note = _note(self.notes, self.layout)
        kind = _kind(key, closes=closes)
        shares = kind == "shares"
        unit = f"{self.company.currency}/share" if kind == "per_share" else None
        return TrueRow(
            key,
            label,
            kind,
            section,
            self.values(key),
            note,
            scale=self.share_scale if shares else 0 if kind == "per_share" else None,
            unit="shares" if shares else unit,
            natural=self.sign(key),
        )

    def arranged(self, parts: "Sequence[str | Block]") -> "list[str | Block]":
        """Return the parts that are printed, in the order in which they are."""
        printed = [part for part in parts if part not in self.layout.left_out]
        for key, before in self.layout.moved:
            if key in printed and before in printed:
                printed.remove(key)
                printed.insert(printed.index(before) + 1, key)
        return printed

    def write(self, parts: "Sequence[str | Block]", section: tuple[str, ...]) -> Iterator[TrueRow]:
        """Yield the rows of blocks, depth first."""
        for part in self.arranged(parts):
            if isinstance(part, str):
                yield self.row(part, section, self.label(part), closes=False)
                continue
            if part.heading is None or (self.layout.sparse and part.heading in _SPARED):
                yield from self.write(part.children, section)
                if part.total:
                    yield self.row(part.total, section, self.label(part.total), closes=True)
                continue
            heading = self.label(part.heading)
            inside = (*section, heading)
            first = self.layout.totals_first and part.heading in _TOTALS_FIRST
            if first and part.total:
                yield self.row(part.total, section, heading, closes=True)
            else:
                yield TrueRow(part.heading, heading, "heading", section)
            yield from self.write(part.children, inside)
            if part.total and not first:
                blank = self.layout.unlabelled and part.total in _UNLABELLED
                label = "" if blank else self.label(part.total)
                yield self.row(part.total, inside, label, closes=True)


# The headings that reports leave out, whose blocks end with a total all the same.
_SPARED = {
    "H_noncurrent_assets",
    "H_current_assets",
    "H_noncurrent_liabilities",
    "H_current_liabilities",
    "H_fixed_assets",
    "H_revenue",
}
# The blocks of a balance sheet whose total may stand in their heading.
_TOTALS_FIRST = {
    "H_noncurrent_assets",
    "H_current_assets",
    "H_equity",
    "H_noncurrent_liabilities",
    "H_current_liabilities",
    "H_liabilities",
    "H_fixed_assets",
}


def _columns(statement: StatementName, layout: Layout) -> list[int]:
    count = layout.years
    if statement == "balance_sheet" and layout.variant == "us":
        count = min(count, 2)
    return list(range(count))[:: -1 if layout.ascending else 1]


def _periods(
    statement: StatementName, company: Company, columns: Sequence[int]
) -> tuple[TruePeriod, ...]:
    periods = []
    for year in columns:
        end = company.ends[year]
        start = None
        if statement != "balance_sheet":
            start = company.ends[year + 1] + dt.timedelta(days=1)
        periods.append(TruePeriod(end, start, fiscal_year(end)))
    return tuple(periods)


def write_statement(
    statement: StatementName, company: Company, layout: Layout, *, parent: bool = False
) -> TrueStatement:
    """Return one statement as the layout prints it."""
    columns = _columns(statement, layout)
    writer = _Writer(company, layout, columns)
    title = TITLES[layout.titles][statement][layout.title]
    if parent:
        title = PARENT_TITLES[layout.titles][statement]
    elif layout.beside:
        title = BESIDE_TITLES[statement]
    if layout.variant == "uk":
        title = title.replace("Consolidated ", "").replace("CONSOLIDATED ", "").capitalize()
    return TrueStatement(
        statement,
        title,
        layout.framework,
        layout.language,
        "parent" if parent or layout.variant == "uk" else "consolidated",
        company.currency,
        layout.scale,
        _periods(statement, company, columns),
        tuple(writer.write(BLOCKS[statement](layout), ())),
    )


def write_truth(company: Company, layout: Layout) -> Truth:
    """Return the three primary statements, not yet drawn."""
    return Truth(
        company.name,
        layout.framework,
        company.currency,
        tuple(write_statement(each, company, layout) for each in STATEMENTS),
    )


def company_of(seed: int, layout: Layout) -> Company:
    """Return the company of a seed that a layout asks for: its country, currency and year."""
    return make_company(
        seed,
        variant=layout.variant,
        currency=layout.currency,
        scale=layout.scale,
        exact=layout.rounding == "exact",
        weeks=layout.weeks,
    )
