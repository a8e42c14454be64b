"""Pages of one sheet, drawn for a test and read by the product's own reader."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from io import BytesIO

import pypdfium2
from reportlab.pdfgen.canvas import Canvas

from app.pipeline.read.pdf.lines import Line, read_lines
from app.pipeline.read.pdf.table import Table, read_table
from app.pipeline.read.pdf.text import Word, read_words

Draw = Callable[[Canvas], object]
Size = tuple[float, float]
A4 = (595.0, 842.0)


@contextmanager
def open_page(draw: Draw, size: Size = A4) -> Iterator[pypdfium2.PdfPage]:
    """Give the page that `draw` makes."""
    file = BytesIO()
    canvas = Canvas(file, pagesize=size)
    canvas.setFont("Helvetica", 9)
    draw(canvas)
    canvas.showPage()
    canvas.save()
    document = pypdfium2.PdfDocument(file.getvalue())
    try:
        yield document[0]
    finally:
        document.close()


def words_of(draw: Draw, size: Size = A4) -> list[Word]:
    with open_page(draw, size) as page:
        return read_words(page, 1)


def lines_of(draw: Draw, size: Size = A4) -> list[Line]:
    return read_lines(words_of(draw, size))


def table_of(draw: Draw, size: Size = A4, decimal: str | None = None) -> Table:
    """The table of a page, which must have one."""
    table = read_table(lines_of(draw, size), decimal=decimal)
    assert table is not None
    return table


def figures(table: Table) -> list[tuple[str, list[Decimal | None]]]:
    """Label and figures of each row that has some; None where a figure cannot be read."""
    return [
        (row.label, [row.cells[index].v for index in sorted(row.cells)])
        for row in table.rows
        if row.cells
    ]


def decimals(*texts: str) -> list[Decimal | None]:
    return [Decimal(text) for text in texts]


class Sheet:
    """Draws the lines of a table: a label, and cells whose digits end at the columns' edges."""

    def __init__(
        self, edges: Sequence[float] = (400.0, 480.0), *, step: float = 14.0, size: float = 9.0
    ) -> None:
        self.edges, self.step, self.size = edges, step, size
        self.lines: list[Draw] = []
        self.y = 780.0

    def text(self, x: float, text: str, *, font: str = "Helvetica", size: float = 0) -> "Sheet":
        """Draw text on the current line."""
        y = self.y

        def draw(canvas: Canvas) -> None:
            canvas.setFont(font, size or self.size)
            canvas.drawString(x, y, text)

        self.lines.append(draw)
        return self

    def cells(self, *cells: str, font: str = "Helvetica") -> "Sheet":
        """Draw cells on the current line; parentheses and signs overhang their edge."""
        y = self.y

        def draw(canvas: Canvas) -> None:
            canvas.setFont(font, self.size)
            for edge, cell in zip(self.edges, cells, strict=False):
                width = canvas.stringWidth(cell.rstrip(")% "), font, self.size)
                canvas.drawString(edge - width, y, cell)

        self.lines.append(draw)
        return self

    def row(
        self, label: str, *cells: str, x: float = 50.0, note: str = "", font: str = "Helvetica"
    ) -> "Sheet":
        """Draw a line and go on to the next one."""
        if label:
            self.text(x, label, font=font)
        if note:
            self.text(300, note)
        return self.cells(*cells, font=font).down()

    def down(self, step: float | None = None) -> "Sheet":
        """Go on to the next line."""
        self.y -= self.step if step is None else step
        return self

    def __call__(self, canvas: Canvas) -> None:
        for draw in self.lines:
            draw(canvas)


def usual(sheet: Sheet) -> Sheet:
    """Draw a header and some rows that settle columns and style."""
    return (
        sheet.row("", "2022", "2021")
        .row("Revenue", "12,345", "11,222")
        .row("Cost of sales", "(7,345)", "(6,222)")
        .row("Gross profit", "5,000", "5,000")
    )
