"""Pages of a report that are no primary statements, and look like them to a careless reader."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from tests.filings.company import Company, fiscal_year
from tests.filings.labels import LABELS, OCI_TITLES, TITLES
from tests.filings.layout import Layout, print_figure
from tests.filings.sheet import BOTTOM, LEFT, RIGHT, Sheet
from tests.filings.table import Line, draw_header, draw_lines, make_grid
from tests.filings.truth import Truth
from tests.filings.words import column_unit, full_date, unit_caption, unit_sentence

_PROSE = (
    (
        "Revenue for 2022 grew by 4.2% to 1,234 million, against 1,184 million in 2021; operating "
        "profit was 142 million (2021: 131 million). Net cash from operating activities, which the "
        "statement of cash flows shows, was 187 million, and cash at the end of it 96 million."
    ),
    (
        "The balance sheet remains strong: total assets of 2,481 million stand against total "
        "liabilities of 1,352 million. Basic earnings per share were 1.47 (2021: 1.32). In the "
        "consolidated income statement the income tax expense was 38 million, a rate of 26.8%."
    ),
)
_SEGMENTS = ("Europe", "Americas", "Asia Pacific")


class Decoys:
    """Draws such pages for one company."""

    def __init__(self, sheet: Sheet, company: Company, truth: Truth) -> None:
        self.sheet, self.company, self.truth = sheet, company, truth
        self.layout: Layout = sheet.layout
        self.labels = LABELS[self.layout.variant]

    def amount(self, value: int) -> str:
        """Return an amount in the report's scale as printed."""
        scaled = Decimal(value) / 10**self.layout.scale
        return print_figure(scaled.quantize(Decimal(1), ROUND_HALF_UP), self.layout)

    def rows(self, keys: Sequence[str], years: Sequence[int]) -> list[Line]:
        """Return lines of the company's own figures."""
        figures = self.company.figures
        return [
            Line(self.labels[key], tuple(self.amount(figures[key][year]) or None for year in years))
            for key in keys
        ]

    def table(
        self, title: str, heads: Sequence[tuple[str, ...]], lines: Sequence[Line], top: float
    ) -> float:
        """Draw a titled table; return the baseline under it."""
        y = top
        for part in self.sheet.wrap(title, RIGHT - LEFT, 11, bold=True):
            self.sheet.text(LEFT, y, part, 11, bold=True)
            y -= 16
        grid = make_grid(heads, width=68 if len(heads) < 4 else 58)
        y = draw_header(self.sheet, grid, y - 6, None)
        _, y = draw_lines(self.sheet, replace(grid, leading=12), lines, y)
        return y - 14

    def prose(self, *paragraphs: str, top: float) -> float:
        """Draw paragraphs across the page; return the baseline under them."""
        y = top
        for paragraph in paragraphs:
            for line in self.sheet.wrap(paragraph, RIGHT - LEFT, 9):
                self.sheet.text(LEFT, y, line, 9)
                y -= 12
            y -= 8
        return y

    def cover(self) -> None:
        """Draw the title page."""
        self.sheet.begin()
        year = fiscal_year(self.company.ends[0])
        self.sheet.text(LEFT, 560, self.company.name, 26, bold=True)
        self.sheet.text(LEFT, 525, f"Annual Report {year}", 18)
        self.sheet.text(LEFT, 500, full_date(self.company.ends[0], self.layout), 11)
        if self.layout.variant == "us":
            commission = "UNITED STATES SECURITIES AND EXCHANGE COMMISSION"
            self.sheet.text(LEFT, 740, commission, 11, bold=True)
            self.sheet.text(LEFT, 724, "Washington, D.C. 20549", 10)
            self.sheet.text(LEFT, 700, "FORM 10-K", 14, bold=True)

    def contents(self) -> None:
        """Draw a table of contents that names the statements, with their pages."""
        y = self.sheet.begin()
        self.sheet.text(LEFT, y, "Contents", 16, bold=True)
        titles = [titles[self.layout.title] for titles in TITLES[self.layout.titles].values()]
        entries = ["Chair's statement", "Remuneration report", "Independent auditor's report"]
        for number, entry in enumerate([*entries, *titles, "Notes to the statements"], 1):
            y -= 18
            self.sheet.text(LEFT, y, f"{entry} " + "." * 30, 10)
            self.sheet.text(RIGHT, y, str(12 * number + 3), 10, align="right")

    def review(self) -> None:
        """Draw prose that is full of the words and figures of statements."""
        y = self.sheet.begin()
        self.sheet.text(LEFT, y, "Financial review", 16, bold=True)
        self.prose(*_PROSE, *_PROSE, *_PROSE, top=y - 26)

    def fill(self, pages: int) -> None:
        """Draw pages until the report has so many: prose, and now and then a note with a table."""
        while self.sheet.page < pages:
            if self.sheet.page % 6 == 5:
                self.segments()
                continue
            y = self.sheet.begin()
            self.sheet.text(LEFT, y, f"Report of the directors ({self.sheet.page})", 12, bold=True)
            self.prose(*_PROSE * 5, top=y - 20)

    def summary(self) -> None:
        """Draw five years of figures out of all three statements."""
        y = self.sheet.begin()
        years = range(self.company.years)
        heads = [(str(end.year), column_unit(self.layout)) for end in self.company.ends[:-1]]
        income = ("revenue", "gross_profit", "operating_profit", "profit_before_tax", "profit")
        balance = ("noncurrent_assets", "current_assets", "total_assets", "total_equity")
        liabilities = ("noncurrent_liabilities", "current_liabilities")
        cash = ("operating_cash", "investing_cash", "financing_cash")
        y = self.table("Five-year summary", heads, self.rows(income, years), y)
        y = self.table(
            "Summary of the balance sheet", heads, self.rows(balance + liabilities, years), y
        )
        self.table("Summary of cash flows", heads, self.rows(cash, years), y)

    def quarterly(self) -> None:
        """Draw the four quarters of the newest year, which add up to it."""
        y = self.sheet.begin()
        lines = []
        for key in ("revenue", "cost_of_sales", "gross_profit", "operating_profit", "profit"):
            year = self.company.figures[key][0]
            unit = 10**self.layout.scale
            part = year // unit // 4 * unit
            quarters = (part, part - unit, part + unit, year - 3 * part)
            lines.append(Line(self.labels[key], tuple(self.amount(each) for each in quarters)))
        heads = [(f"Q{number}",) for number in (1, 2, 3, 4)]
        self.table("Quarterly financial data (unaudited)", heads, lines, y)

    def segments(self) -> None:
        """Draw the note on segments, whose last column is the group."""
        y = self.sheet.begin()
        lines = []
        for key in ("revenue", "cost_of_sales", "gross_profit", "operating_profit"):
            whole = self.company.figures[key][0]
            unit = 10**self.layout.scale
            first, second = whole // unit // 2 * unit, whole // unit // 3 * unit
            parts = (first, second, whole - first - second, whole)
            lines.append(Line(self.labels[key], tuple(self.amount(each) for each in parts)))
        heads = [(name,) for name in (*_SEGMENTS, "Group")]
        self.table("4  Segment information", heads, lines, y)

    def joint_venture(self) -> None:
        """Draw a note with the balance sheet of a joint venture, which closes as the group's."""
        y = self.sheet.begin()
        unit = 10**self.layout.scale
        lines = []
        values: dict[str, list[int]] = {}
        for key in (
            "noncurrent_assets",
            "current_assets",
            "noncurrent_liabilities",
            "current_liabilities",
        ):
            values[key] = [
                abs(self.company.figures[key][year]) // unit // 9 * unit for year in (0, 1)
            ]
        for total, sign in (("total_assets", "assets"), ("total_liabilities", "liabilities")):
            pair = zip(values[f"noncurrent_{sign}"], values[f"current_{sign}"], strict=True)
            values[total] = [sum(each) for each in pair]
        pair = zip(values["total_assets"], values["total_liabilities"], strict=True)
        values["total_equity"] = [assets - owed for assets, owed in pair]
        values["equity_and_liabilities"] = values["total_assets"]
        order: tuple[str, ...] = ("noncurrent_assets", "current_assets", "total_assets")
        order += (
            "total_equity",
            "noncurrent_liabilities",
            "current_liabilities",
            "total_liabilities",
        )
        for key in (*order, "equity_and_liabilities"):
            figures = tuple(self.amount(value) for value in values[key])
            lines.append(Line(self.labels[key], figures))
        ends = self.company.ends[:2]
        heads = [(str(end.year), column_unit(self.layout)) for end in ends]
        text = (
            "14  Investments in joint ventures. The summarised balance sheet of Borealis Joint "
            f"Venture, of which the group holds 50%, at {full_date(ends[0], self.layout)}:"
        )
        y = self.prose(text, top=y)
        self.table("Balance sheet of the joint venture", heads, lines, y)

    def comprehensive(self, top: float | None = None) -> None:
        """Draw the statement of comprehensive income, under another statement or on a page."""
        y = self.sheet.begin() if top is None else top
        columns = self.truth.named("income_statement").periods
        newest = self.company.ends.index
        years = [newest(period.end) for period in columns]
        heads = [(str(period.end.year), column_unit(self.layout)) for period in columns]
        keys = ("profit", "oci_translation", "oci_pensions", "oci_hedges", "oci", "comprehensive")
        self.table(OCI_TITLES[self.layout.titles], heads, self.rows(keys, years), y)

    def equity_changes(self) -> None:
        """Draw the statement of changes in equity, whose columns are parts of equity."""
        y = self.sheet.begin()
        figures = self.company.figures
        keys = ("share_capital", "share_premium", "retained", "total_equity")
        lines = []
        for year in (1, 0):
            values = tuple(self.amount(figures[key][year]) for key in keys)
            lines.append(Line(full_date(self.company.ends[year], self.layout), values, bold=True))
            profit = self.amount(figures["profit"][year])
            lines.append(Line(self.labels["profit"], (None, None, profit, profit)))
        heads = [tuple(self.labels[key].split()[-2:]) for key in keys]
        self.table("Consolidated statement of changes in equity", heads, lines, y)

    def policies(self) -> None:
        """Draw the first page of the notes, which says the unit where no statement does."""
        y = self.sheet.begin()
        y = self.prose("1  Accounting policies", unit_sentence(self.layout), *_PROSE, top=y)
        if y > BOTTOM:
            self.sheet.text(LEFT, y, unit_caption(self.layout), 8)
