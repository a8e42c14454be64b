"""Draws a whole annual report as PDF, and says what is in it.

What the layout asks for is all that varies: the same company and layout give the same bytes.
"""

import io
from dataclasses import dataclass, replace

import pypdfium2
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from app.pipeline.statement import StatementName
from tests.filings.company import Company, fiscal_year, make_company
from tests.filings.decoys import Decoys
from tests.filings.layout import Layout
from tests.filings.sheet import BOTTOM, Sheet
from tests.filings.statements import company_of, write_statement, write_truth
from tests.filings.table import draw_statement
from tests.filings.truth import STATEMENTS, TrueStatement, Truth


@dataclass(frozen=True, slots=True)
class Report:
    """A generated PDF and its truth.

    Attributes:
        strings: What was drawn, upright: page and text.
    """

    data: bytes
    truth: Truth
    strings: tuple[tuple[int, str], ...]


class _Book:
    """Draws the statements of one company in a row of pages."""

    def __init__(self, sheet: Sheet, company: Company, truth: Truth) -> None:
        self.sheet, self.layout, self.truth = sheet, sheet.layout, truth
        self.company = company
        self.decoys = Decoys(sheet, company, truth)
        self.drawn: dict[StatementName, TrueStatement] = {}

    def place(self, name: StatementName, top: float, bottom: float = BOTTOM) -> float:
        """Draw a whole statement on the current page; return the baseline under it."""
        statement = self.truth.named(name)
        beside = None
        if self.layout.beside:
            beside = write_statement(name, _own(self.company, self.layout), self.layout)
        boxes, y = draw_statement(self.sheet, statement, top, bottom, beside=beside)
        self.drawn[name] = statement.drawn(boxes)
        return y

    def split(self, name: StatementName) -> None:
        """Draw a balance sheet on two pages: assets, and the rest."""
        statement = self.truth.named(name)
        keys = [row.key for row in statement.rows]
        marks = {"H_equity_and_liabilities", "H_capital"}
        at = next(n for n, key in enumerate(keys) if key in marks)
        boxes, _ = draw_statement(self.sheet, statement, self.sheet.begin(), rows=(0, at))
        more, _ = draw_statement(self.sheet, statement, self.sheet.begin(), rows=(at, len(keys)))
        self.drawn[name] = statement.drawn({**boxes, **more})

    def statements(self) -> None:
        """Draw the three statements in the order of most reports."""
        income, balance, cash = STATEMENTS
        layout = self.layout
        if layout.spread:
            self.place(income, self.sheet.begin(wide=True))
            self.place(balance, self.sheet.half())
        elif layout.share_page:
            y = self.place(income, self.sheet.begin(), 500)
            self.place(balance, y - 20)
        else:
            y = self.place(income, self.sheet.begin())
            if layout.comprehensive == "below" and y > BOTTOM + 150:
                self.decoys.comprehensive(y - 20)
            elif layout.comprehensive in {"below", "next_page"}:
                self.decoys.comprehensive()
            if layout.split_balance:
                self.split(balance)
            else:
                self.place(balance, self.sheet.begin())
        if layout.equity_changes:
            self.decoys.equity_changes()
        self.place(cash, self.sheet.begin())


def _own(company: Company, layout: Layout) -> Company:
    """Return the parent alone: other figures of the same years."""
    own = make_company(
        company.seed + 7919,
        variant=layout.variant,
        currency=company.currency,
        scale=layout.scale,
    )
    return replace(own, ends=company.ends, name=company.name)


def _parent(sheet: Sheet, company: Company) -> None:
    """Draw the parent's own statements: other figures, the same rows."""
    own = _own(company, sheet.layout)
    layout = replace(sheet.layout, noncontrolling=False, memo=False, comprehensive="none")
    for name in STATEMENTS:
        statement = write_statement(name, own, layout, parent=True)
        draw_statement(sheet, statement, sheet.begin())


def _scan(data: bytes) -> bytes:
    """Return the report as a scanner makes it: pictures of pages, without text."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    with pypdfium2.PdfDocument(data) as document:
        for page in document:
            width, height = page.get_size()
            picture = page.render(scale=0.8, grayscale=True).to_pil()
            canvas.setPageSize((width, height))
            canvas.drawImage(ImageReader(picture), 0, 0, width, height)
            canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def make_report(seed: int, layout: Layout) -> Report:
    """Return the annual report of a seed in a layout, with its truth."""
    company = company_of(seed, layout)
    return draw_report(company, layout)


def draw_report(company: Company, layout: Layout) -> Report:
    """Return a company's annual report in a layout, with its truth.

    A scanned report has the same truth: a reader must say that there is no text.
    """
    truth = write_truth(company, layout)
    sheet = Sheet(layout, company.name, fiscal_year(company.ends[0]))
    book = _Book(sheet, company, truth)
    decoys = book.decoys
    decoys.cover()
    if layout.contents:
        decoys.contents()
    decoys.review()
    decoys.fill(layout.pages // 2)
    if layout.summary:
        decoys.summary()
    if layout.parent and layout.parent_first:
        _parent(sheet, company)
    book.statements()
    decoys.policies()
    for wanted, draw in (
        (layout.segments, decoys.segments),
        (layout.quarterly, decoys.quarterly),
        (layout.joint_venture, decoys.joint_venture),
    ):
        if wanted:
            draw()
    if layout.parent and not layout.parent_first:
        _parent(sheet, company)
    decoys.fill(layout.pages)
    data = sheet.data()
    truth = replace(truth, statements=tuple(book.drawn[name] for name in STATEMENTS))
    return Report(_scan(data) if layout.scanned else data, truth, tuple(sheet.strings))
