"""Pages drawn for tests: labels on the left, figures right-aligned at the edges of columns."""

import io
from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas

Row = str | tuple[str, ...] | dict[float, str]
LEFT = 60.0
EDGES = (360.0, 450.0, 540.0)


def draw(
    *pages: Sequence[Row],
    edges: Sequence[float] = EDGES,
    size: tuple[float, float] = (595, 842),
    font: float = 9,
    password: str | None = None,
) -> bytes:
    """Return a PDF.

    Args:
        pages: Of rows; a string is a line at the left, a tuple a label and its figures, the last
            of which stands at the last edge; a mapping has the middles of headings.
        edges: Right edges of the columns, in points.
        size: Width and height of the pages, in points.
        font: Size of the text, in points.
        password: Without which the document cannot be opened.
    """
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=size, invariant=1, encrypt=password)
    for rows in pages:
        canvas.setFont("Helvetica", font)
        y = size[1] - 60
        for row in rows:
            if isinstance(row, dict):
                for middle, text in row.items():
                    canvas.drawCentredString(middle, y, text)
                y -= 1.45 * font
                continue
            label, *figures = (row,) if isinstance(row, str) else row
            canvas.drawString(LEFT, y, label)
            for edge, figure in zip(edges[len(edges) - len(figures) :], figures, strict=True):
                canvas.drawRightString(edge, y, figure)
            y -= 1.45 * font
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def income(*heads: Row, rows: Sequence[Row] | None = None) -> list[Row]:
    """Return the page of an income statement under some headings."""
    return [
        *heads,
        *(
            rows
            or [
                ("Revenue", "1,250", "1,180"),
                ("Cost of sales", "(730)", "(705)"),
                ("Gross profit", "520", "475"),
                ("Administrative expenses", "(212)", "(198)"),
                ("Operating profit", "308", "277"),
                ("Finance costs", "(34)", "(31)"),
                ("Profit before tax", "274", "246"),
                ("Income tax expense", "(69)", "(61)"),
                ("Profit for the year", "205", "185"),
                ("Basic earnings per share", "2.05", "1.85"),
            ]
        ),
    ]


def balance(*heads: Row, cash: tuple[str, str] = ("310", "262")) -> list[Row]:
    """Return the page of a balance sheet under some headings."""
    return [
        *heads,
        "Non-current assets",
        ("Property, plant and equipment", "640", "610"),
        ("Intangible assets", "150", "158"),
        ("Total non-current assets", "790", "768"),
        "Current assets",
        ("Inventories", "220", "205"),
        ("Trade receivables", "180", "175"),
        ("Cash and cash equivalents", *cash),
        ("Total current assets", "710", "642"),
        ("Total assets", "1,500", "1,410"),
        "Equity",
        ("Share capital", "100", "100"),
        ("Retained earnings", "685", "560"),
        ("Total equity", "785", "660"),
        "Liabilities",
        ("Borrowings", "450", "500"),
        ("Trade payables", "265", "250"),
        ("Total liabilities", "715", "750"),
        ("Total equity and liabilities", "1,500", "1,410"),
    ]


def flows(*heads: Row) -> list[Row]:
    """Return the page of a cash flow statement under some headings."""
    return [
        *heads,
        "Operating activities",
        ("Profit for the year", "205", "185"),
        ("Depreciation", "62", "58"),
        ("Change in working capital", "(5)", "(11)"),
        ("Net cash from operating activities", "262", "232"),
        "Investing activities",
        ("Purchase of property, plant and equipment", "(84)", "(90)"),
        ("Net cash used in investing activities", "(84)", "(90)"),
        "Financing activities",
        ("Repayment of borrowings", "(50)", "(40)"),
        ("Dividends paid", "(80)", "(75)"),
        ("Net cash used in financing activities", "(130)", "(115)"),
        ("Net increase in cash and cash equivalents", "48", "27"),
        ("Cash and cash equivalents at beginning of year", "262", "235"),
        ("Cash and cash equivalents at end of year", "310", "262"),
    ]
