"""Pages of a PDF report: text at positions, figures on right edges, running headers and footers."""

import io
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import reportlab
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from tests.filings.layout import THIN_SPACE, Glyphs, Layout, Order
from tests.filings.truth import Box

WIDTH, HEIGHT = 595.0, 842.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 540.0, 775.0, 50.0
_BOLD = {"Helvetica": "Helvetica-Bold", "Times-Roman": "Times-Bold", "Vera": "VeraBd"}


@dataclass(frozen=True, slots=True)
class _Piece:
    """A string that the file draws at once; `start` is where the text that it is of starts."""

    x: float
    y: float
    text: str
    face: str
    size: float
    start: float


def _by_column(pieces: list[_Piece]) -> list[_Piece]:
    return sorted(pieces, key=lambda piece: (piece.start // 60, -piece.y))


_ORDERS: Mapping[Order, Callable[[list[_Piece]], list[_Piece]]] = {
    "rows": list,
    "columns": _by_column,
    "reversed": lambda pieces: pieces[::-1],
}
# What is drawn at once; a thin space is never drawn.
_PIECES: Mapping[Glyphs, re.Pattern[str]] = {
    "strings": re.compile(f"{THIN_SPACE}|[^{THIN_SPACE}]+"),
    "glyphs": re.compile(".", re.DOTALL),
    "gaps": re.compile(f"[{THIN_SPACE} ]|[^{THIN_SPACE} ]+"),
}


def _register() -> None:
    folder = Path(os.fspath(reportlab.__file__)).parent / "fonts"
    for name in ("Vera", "VeraBd"):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))


class Sheet:
    """A PDF that is being drawn, one page after the other.

    Attributes:
        page: Number of the current page, from 1.
        printed: Number that the page's footer prints; it is not the physical one.
        strings: What was drawn: page and text.
        shift: Points that everything is drawn further right: the right half of a spread.
    """

    def __init__(self, layout: Layout, company: str, year: int) -> None:
        _register()
        self.layout, self.company, self.year = layout, company, year
        self.font: str = "Vera" if layout.negative == "minus" else layout.font
        self._buffer = io.BytesIO()
        # `invariant`: the same report has the same bytes.
        self.canvas = Canvas(self._buffer, pagesize=(WIDTH, HEIGHT), invariant=1)
        self.page, self.printed, self.shift = 0, 70, 0.0
        self.strings: list[tuple[int, str]] = []
        self._open = False
        self._pending: list[_Piece] = []

    def begin(self, *, wide: bool = False) -> float:
        """Start a page, twice as wide for a spread; return the baseline of its first line."""
        self.finish_page()
        self.page += 1
        self.printed += 1
        self._open = True
        self.shift = 0.0
        width = WIDTH * 2 if wide else WIDTH
        self.canvas.setPageSize((width, HEIGHT))
        if self.layout.turned:
            # reportlab exchanges width and height of a page that is turned.
            self.canvas.setPageRotation(90)
            self.canvas.transform(0, 1, -1, 0, HEIGHT, 0)
        self._chrome()
        return TOP

    def half(self) -> float:
        """Go to the right half of a spread; return the baseline of its first line."""
        self.shift = WIDTH
        self.printed += 1
        self._chrome()
        return TOP

    def finish_page(self) -> None:
        """End the current page."""
        for piece in _ORDERS[self.layout.order](self._pending):
            self.canvas.setFont(piece.face, piece.size)
            self.canvas.drawString(piece.x, piece.y, piece.text)
        self._pending = []
        if self._open:
            self.canvas.showPage()
        self._open = False

    def data(self) -> bytes:
        """Return the whole file."""
        self.finish_page()
        self.canvas.save()
        return self._buffer.getvalue()

    def face(self, *, bold: bool = False) -> str:
        """Return the name of the font."""
        return _BOLD[self.font] if bold else self.font

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return the width of a text in points; a thin space is a fifth of the size."""
        gaps = text.count(THIN_SPACE)
        solid = text.replace(THIN_SPACE, "")
        return float(pdfmetrics.stringWidth(solid, self.face(bold=bold), size)) + gaps * size / 5

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 9,
        *,
        bold: bool = False,
        align: Literal["left", "right", "centre"] = "left",
    ) -> tuple[float, float]:
        """Draw a text on a baseline; return its left and right edge on the page."""
        width = self.width(text, size, bold=bold)
        left = self.shift + x - {"left": 0, "right": width, "centre": width / 2}[align]
        self._draw(left, y, text, size, bold=bold)
        if bold and self.layout.struck_twice:
            self._draw(left + 0.3, y, text, size, bold=bold)
        self.strings.append((self.page, text))
        return left, left + width

    def _draw(self, x: float, y: float, text: str, size: float, *, bold: bool) -> None:
        """Draw a text in the pieces that the layout asks for, when the page is finished."""
        start = x
        pieces = _PIECES[self.layout.glyphs].findall(text)
        for piece in pieces:
            blank = piece == THIN_SPACE or (piece == " " and self.layout.glyphs == "gaps")
            if not blank:
                self._pending.append(_Piece(x, y, piece, self.face(bold=bold), size, start))
            x += self.width(piece, size, bold=bold)

    def figure(self, right: float, y: float, text: str, size: float, *, bold: bool = False) -> Box:
        """Draw a figure whose last digit ends at a right edge; a parenthesis hangs over it."""
        hang = self.width(")", size, bold=bold) if text.endswith(")") else 0.0
        left, end = self.text(right + hang, y, text, size, bold=bold, align="right")
        return self.page, left, y - 0.2 * size, end, y + 0.8 * size

    def rule(self, x0: float, x1: float, y: float) -> None:
        """Draw a horizontal line."""
        self.canvas.setLineWidth(0.5)
        self.canvas.line(self.shift + x0, y, self.shift + x1, y)

    def wrap(self, text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
        """Return a text in lines that are no wider than given, broken between words."""
        lines = [""]
        for word in text.split(" "):
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and self.width(longer, size, bold=bold) > width:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines

    def _chrome(self) -> None:
        """Draw what every page has: header, footer with its number, text up the margin."""
        if self.layout.running:
            self.text(LEFT, HEIGHT - 30, f"{self.company} Annual Report {self.year}", 7)
            sections = "Strategic report   Governance   Financial statements"
            self.text(RIGHT, HEIGHT - 30, sections, 7, align="right")
            self.text(LEFT, 26, f"Annual Report {self.year} | {self.printed}", 7)
        if self.layout.margin:
            self.canvas.saveState()
            self.canvas.translate(self.shift + WIDTH - 16, 300)
            self.canvas.rotate(90)
            self.canvas.setFont(self.face(), 8)
            words = f"Financial statements {self.year}   Overview 1,234   {self.printed}"
            self.canvas.drawString(0, 0, words)
            self.canvas.restoreState()
