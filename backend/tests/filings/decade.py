"""Ten annual reports of one made-up company, in which figures change as in those of real ones.

A `Story` says what happens between the reports: a year is restated, shares are split, a line has
another name, a report is not there. `make_decade` writes the reports, and `decade_truth.py` says
what a statement over all years must hold.
"""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from tests.filings.company import Company, fiscal_year, make_company
from tests.filings.esef import write_esef
from tests.filings.inline import Inline
from tests.filings.ixbrl import write_ixbrl
from tests.filings.layout import Layout
from tests.filings.linkbases import Taxonomy
from tests.filings.pdf import draw_report
from tests.filings.truth import Truth
from tests.filings.xbrl import write_instance

Cause = Literal["restated", "reclassified"]
Kind = Literal["pdf", "xhtml", "zip"]
_COLUMNS = 3
# A summary over the years has room for five.
_SHOWN = 5
# Revenue that should not have been recognised, in cash: all that it is part of.
_RESTATED = (
    *("revenue_services", "revenue", "gross_profit", "operating_profit", "profit_before_tax"),
    *("profit", "owners", "comprehensive", "cf_profit", "generated", "operating_cash"),
    *("net_change", "closing_cash", "cash", "current_assets", "total_assets", "retained"),
    *("owners_equity", "total_equity", "equity_and_liabilities", "uk_current_assets"),
    *("net_current_assets", "less_current", "net_assets", "shareholders_funds", "uk_retained"),
    "credit_losses",
)
# From the first to the second: both are lines of one block, whose sum stays as it is.
_RECLASSIFIED = (
    *(("selling", "administrative"), ("materials", "personnel"), ("bank_staff", "bank_admin")),
    *(("receivables", "inventories"), ("payables", "other_current_liabilities")),
    *(("derivative_assets", "bank_other_assets"), ("disposals", "capex")),
)
# Labels of the years before, which the labels of today share few words with.
_FORMER: Mapping[str, dict[str, str]] = {
    "us": {"selling": "Advertising and distribution", "payables": "Trade creditors and accruals"},
    "en": {
        "selling": "Marketing and logistics costs",
        "payables": "Creditors and accrued liabilities",
        "fee_income": "Income from services to customers",
    },
    "uk": {"finance_costs": "Interest on loans and overdrafts", "receivables": "Amounts owed"},
    "de": {
        "selling": "Kosten für Marketing und Versand",
        "payables": "Schulden gegenüber Lieferanten",
    },
    "fr": {"selling": "Dépenses de marketing", "payables": "Dettes envers les vendeurs"},
    "nl": {"selling": "Marketing en distributie", "payables": "Schulden aan leveranciers"},
}
_MOVED = (
    *(("research", "administrative"), ("inventories", "other_current_assets")),
    *(("tax_payable", "other_current_liabilities"), ("dividends", "financing_other")),
)
_TURNED = ("finance_costs", "capex", "fee_expense")
# Lines that old reports have within another one.
_SPLIT_OFF = (
    ("acquisitions", "investing_other"),
    ("short_provisions", "other_current_liabilities"),
)


@dataclass(frozen=True, slots=True)
class Story:
    """What happens over the years. An age is in years before the newest report, whose age is 0.

    Attributes:
        layout: Of the newest report; the scale, too.
        absent: Ages of the reports that are not there. A year is in no report at all where the
            report of the year after it is absent, too.
        reports: How many reports are there.
        three_years: Ages of reports with three columns; the others have two.
        packages: Ages of ESEF packages, or of zips of XBRL for US GAAP and FRS 102.
        documents: Ages of iXBRL documents.
        other_scale: Ages of the reports in the other scale: millions where the layout has
            thousands or units, else thousands.
        restated: Ages of years that the next report restates, with their totals.
        reclassified: Ages of years of which the next report states lines of a block otherwise.
        split: Age of the first report after a split, which restates the years that it repeats.
        ratio: Shares for one, after the split.
        renamed: Age of the first report with the labels of today.
        moved: Age of the first report with the order of today.
        turned: Age of the first report that prints some lines with the sign of today.
        split_off: Age of the first report with lines that were part of others before.
        pages: The least number of pages of a PDF.
    """

    layout: Layout
    absent: tuple[int, ...] = ()
    reports: int = 10
    three_years: tuple[int, ...] = ()
    packages: tuple[int, ...] = ()
    documents: tuple[int, ...] = ()
    other_scale: tuple[int, ...] = ()
    restated: tuple[int, ...] = ()
    reclassified: tuple[int, ...] = ()
    split: int | None = None
    ratio: int = 4
    renamed: int | None = None
    moved: int | None = None
    turned: int | None = None
    split_off: int | None = None
    pages: int = 0

    @property
    def ages(self) -> tuple[int, ...]:
        """Ages of the reports that are there, the newest first."""
        span = range(self.reports + len(self.absent))
        return tuple(age for age in span if age not in self.absent)

    @property
    def scales(self) -> tuple[int, int]:
        """The finer scale, and the coarser one."""
        scale = self.layout.scale
        if not self.other_scale:
            return scale, scale
        return (3, 6) if scale == 6 else (scale, scale + 3 if scale else 6)

    def layout_of(self, age: int) -> Layout:
        """Return how the report of an age prints."""

        def before(change: int | None) -> bool:
            return change is not None and age > change

        fine, coarse = self.scales
        other = fine if self.layout.scale == coarse else coarse
        labels = tuple(_FORMER[self.layout.variant].items())
        return replace(
            self.layout,
            scale=other if age in self.other_scale else self.layout.scale,
            years=_COLUMNS if age in self.three_years else 2,
            restated=age + 1 in self.restated,
            relabelled=self.layout.relabelled + (labels if before(self.renamed) else ()),
            moved=_MOVED if before(self.moved) else (),
            opposite=_TURNED if before(self.turned) else (),
            left_out=tuple(key for key, _ in _SPLIT_OFF) if before(self.split_off) else (),
            pages=self.pages,
        )

    def kind_of(self, age: int) -> Kind:
        """Return the kind of the file of an age."""
        if age in self.packages:
            return "zip"
        return "xhtml" if age in self.documents else "pdf"


@dataclass(frozen=True, slots=True)
class Filed:
    """One report.

    Attributes:
        file: Its name.
        age: In years before the newest report.
        figures: What the company states in it, in units of the currency.
    """

    file: str
    kind: Kind
    age: int
    figures: Company
    layout: Layout
    truth: Truth
    data: bytes = field(repr=False)

    @property
    def fiscal_year(self) -> int:
        """The newest year that it states."""
        return fiscal_year(self.figures.ends[0])

    @property
    def sha256(self) -> str:
        """Of the file, in hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Decade:
    """Reports of one company, the newest first."""

    seed: int
    story: Story
    company: str
    reports: tuple[Filed, ...]


class _Books:
    """The figures of a company as each of its reports states them."""

    def __init__(self, seed: int, story: Story) -> None:
        self.story = story
        fine, coarse = story.scales
        self.coarse = coarse
        self.grain: int = 10**fine
        layout = story.layout
        self.company = make_company(
            seed,
            variant=layout.variant,
            currency=layout.currency,
            scale=coarse,
            weeks=layout.weeks,
            years=max(story.ages) + _SHOWN,
            finest=fine,
        )

    def known(self, age: int) -> Company:
        """Return what the report of an age states of its year and those before."""
        years = slice(age, age + _SHOWN)
        amounts = {key: list(values) for key, values in self.company.figures.items()}
        story = self.story
        for restated in story.restated:
            if age >= restated:
                self._misstate(amounts, restated)
        for reclassified in story.reclassified:
            if age >= reclassified:
                self._misplace(amounts, reclassified)
        if story.split_off is not None and age > story.split_off:
            for key, within in _SPLIT_OFF:
                pairs = zip(amounts[within], amounts[key], strict=True)
                amounts[within] = [sum(pair) for pair in pairs]
        shares = {
            key: [self._counted(number, age) for number in numbers]
            for key, numbers in self.company.shares.items()
        }
        return replace(
            self.company,
            figures={key: tuple(values[years]) for key, values in amounts.items()},
            ends=self.company.ends[age : age + _SHOWN + 1],
            shares={key: tuple(values[years]) for key, values in shares.items()},
            eps={
                f"eps_{name}": tuple(
                    (Decimal(profit) / number).quantize(Decimal("0.01"))
                    for profit, number in zip(
                        amounts["owners"][years], shares[f"shares_{name}"][years], strict=True
                    )
                )
                for name in ("basic", "diluted")
            },
        )

    def _counted(self, number: int, age: int) -> int:
        """Return a number of shares as a report of an age counts them."""
        if self.story.split is None:
            return number
        before = max(1, number // self.story.ratio // 1000) * 1000
        return before if age > self.story.split else before * self.story.ratio

    def _amount(self, of: int, share: int) -> int:
        """Return a part of an amount, of at least three units of the coarser scale."""
        least: int = 3 * 10**self.coarse
        part = abs(of) // share // self.grain * self.grain
        return int(max(part, least)) + 7 * self.grain

    def _misstate(self, amounts: dict[str, list[int]], year: int) -> None:
        """Add what the report of a year states too much of revenue, and all that follows."""
        excess = self._amount(self.company.figures["profit"][year], 6)
        for key in _RESTATED:
            amounts[key][year] += excess

    def _misplace(self, amounts: dict[str, list[int]], year: int) -> None:
        """State an amount in another line of the same block."""
        for source, target in _RECLASSIFIED:
            amount = self._amount(self.company.figures[source][year], 9)
            amounts[source][year] += amount
            amounts[target][year] -= amount


def _zipped(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _written(kind: Kind, company: Company, layout: Layout) -> tuple[bytes, Truth]:
    """Return the file of a kind, and its truth."""
    if kind == "pdf":
        report = draw_report(company, layout)
        return report.data, report.truth
    american = layout.variant == "us"
    inline = Inline(tables="american" if american else "plain")
    if kind == "zip" and layout.framework == "ifrs":
        package = write_esef(company, layout, inline)
        return package.data, package.report.truth
    document = write_ixbrl(company, layout, inline)
    if kind == "xhtml":
        return document.data, document.truth
    base = "ext-20221231"
    members = {
        f"{base}.xml": write_instance(document.truth, layout),
        **Taxonomy(document.truth, base).files(),
    }
    return _zipped(members), document.truth


def make_decade(seed: int, story: Story) -> Decade:
    """Return the reports of a seed: the same seed and story give the same bytes."""
    books = _Books(seed, story)
    reports = []
    for age in story.ages:
        kind, layout, company = story.kind_of(age), story.layout_of(age), books.known(age)
        data, truth = _written(kind, company, layout)
        file = f"annual-report-{fiscal_year(company.ends[0])}.{kind}"
        reports.append(Filed(file, kind, age, company, layout, truth, data))
    return Decade(seed, story, books.company.name, tuple(reports))


def eventful(layout: Layout) -> Story:
    """Return a story in which everything happens, of reports in a layout.

    Years 5 and 10 change by rounding, since reports of other years are in the other scale; there
    is no report of the years 7 and 8, and year 8 is in none.
    """
    return Story(
        layout=layout,
        absent=(7, 8),
        three_years=(1,),
        packages=(2,),
        documents=(6,),
        other_scale=(5, 6, 9, 10, 11),
        restated=(2,),
        reclassified=(4,),
        split=3,
        renamed=5,
        moved=0,
        turned=10,
        split_off=4,
    )


DEMO_SEED = 692
DEMO = eventful(
    Layout(
        scale=6,
        shares=True,
        contents=True,
        relabelled=(("associates", "Share of profit of associates"),),
    )
)
"""The reports of `make demo`: in thousands first, then in millions."""
