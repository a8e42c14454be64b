"""The glyphs of a PDF page as PDFium places them, upright and in displayed coordinates."""

import ctypes
import math
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from statistics import median

import pypdfium2
import pypdfium2.raw as pdfium

_FONT_WEIGHT_BOLD = 600  # OpenType usWeightClass: 600 semi-bold, 700 bold
_RENDER_INVISIBLE = 3  # ISO 32000-1, table 106: neither fill nor stroke, as under a scan
# PDFium writes a hyphen that divides a word at the end of a line as U+0002 or U+FFFE.
_HYPHENS = (0x02, 0xFFFE, 0xAD, 0x2010, 0x2011, 0x2043)
_MARKS = {0x0: "", 0xFFFF: "", **dict.fromkeys(_HYPHENS, "-")}
_BY_CATEGORY = {
    "Zs": " ",
    "Cc": " ",
    "Cf": "",  # zero-width spaces and joiners
    # Private use and unassigned: a glyph stands there, and it is not known which.
    "Co": "\ufffd",
    "Cs": "\ufffd",
    "Cn": "\ufffd",
}
_TURN = math.pi / 2
_ASKEW = 0.06  # radians, by which the lines of a scan may slope


@dataclass(slots=True)
class Glyph:
    """A character with its origin (x0, y), its advance (to x1), and its box on the page."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    spaced: bool
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Style:
    """What the glyphs of one text object have in common."""

    size: float
    angle: float
    bold: bool
    hidden: bool


@dataclass(frozen=True, slots=True)
class GlyphPage:
    """The glyphs to read of a page, in the order of its content.

    Attributes:
        slope: By which the baselines rise to the right; None where it is not known, as where
            text recognition placed level words on the lines of a crooked scan.
    """

    glyphs: list[Glyph]
    slope: float | None


def read_glyphs(page: pypdfium2.PdfPage) -> GlyphPage:
    """Return the glyphs of a page, turned so that the text of most is upright.

    Left out are glyphs outside the page, text at another angle than most of the page's, and
    hidden text on a page that also has visible text.
    """
    display = Display(page)
    textpage = page.get_textpage()
    try:
        return _visible(_glyphs(textpage.raw, display), display)
    finally:
        textpage.close()


class Display:
    """Turns PDFium's page coordinates into points from the lower left of the page displayed."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self.left, self.bottom, right, top = page.get_bbox()
        self.width, self.height = right - self.left, top - self.bottom
        self.quarters = page.get_rotation() // 90 % 4

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point in PDFium's page coordinates is displayed."""
        return _turned(x - self.left, y - self.bottom, self.width, self.height, self.quarters)

    def on_page(self, x: float, y: float) -> tuple[float, float]:
        """Return a point that is displayed in PDFium's page coordinates: the reverse of `point`."""
        x, y = _turned(x, y, *self.displayed, -self.quarters)
        return x + self.left, y + self.bottom

    def angle(self, angle: float) -> float:
        """Return the direction of text clockwise from the horizontal, in (-pi, pi]."""
        return math.remainder(angle + self.quarters * _TURN, 2 * math.pi)

    @property
    def displayed(self) -> tuple[float, float]:
        """Return width and height as displayed, in points."""
        size = (self.width, self.height)
        return size if self.quarters % 2 == 0 else (size[1], size[0])


def _turned(x: float, y: float, width: float, height: float, quarters: int) -> tuple[float, float]:
    """Return where a point of a page lies after clockwise quarter turns of the page."""
    match quarters % 4:
        case 1:
            return y, width - x
        case 2:
            return width - x, height - y
        case 3:
            return height - y, x
        case _:
            return x, y


def _glyphs(raw: pdfium.FPDF_TEXTPAGE, display: Display) -> list[tuple[Glyph, _Style]]:
    """Return the glyphs in the order of the page's content, in displayed coordinates."""
    rect = pdfium.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    at_rect, at_x, at_y = ctypes.byref(rect), ctypes.byref(x), ctypes.byref(y)
    width, height = display.displayed
    styles: dict[int, _Style] = {}
    bold: dict[int, bool] = {}
    found: list[tuple[Glyph, _Style]] = []
    space: tuple[float, float] | None = None
    for index in range(pdfium.FPDFText_CountChars(raw)):
        text = _character(pdfium.FPDFText_GetUnicode(raw, index))
        handle = pdfium.FPDFText_GetTextObject(raw, index)
        if not text or not handle:
            continue  # PDFium makes up spaces from gaps: the gap itself says more
        if text.isspace():
            pdfium.FPDFText_GetCharOrigin(raw, index, at_x, at_y)
            space = display.point(x.value, y.value)
            continue
        key = ctypes.addressof(handle.contents)
        style = styles.get(key)
        if style is None:
            style = styles[key] = _style(raw, index, handle, display, bold)
        pdfium.FPDFText_GetLooseCharBox(raw, index, at_rect)
        pdfium.FPDFText_GetCharOrigin(raw, index, at_x, at_y)
        origin = display.point(x.value, y.value)
        if not (-1 <= origin[0] <= width + 1 and -1 <= origin[1] <= height + 1):
            continue
        one, other = display.point(rect.left, rect.bottom), display.point(rect.right, rect.top)
        box = (
            min(one[0], other[0]),
            min(one[1], other[1]),
            max(one[0], other[0]),
            max(one[1], other[1]),
        )
        # A space divides the glyphs beside it, not those printed elsewhere after it.
        spaced = space is not None and math.dist(space, origin) < 2 * style.size
        space = None
        glyph = Glyph(text, origin[0], box[2], origin[1], style.size, style.bold, spaced, box)
        found.append((glyph, style))
    return found


def _character(code: int) -> str:
    """Return the text of a code point, "" for one that prints nothing."""
    if 0x20 <= code < 0x7F:  # noqa: PLR2004  # printable ASCII, nearly all of a page
        return chr(code)
    if code in _MARKS:
        return _MARKS[code]
    text = chr(code)
    category = "Zs" if text.isspace() else unicodedata.category(text)
    if 0xFB00 <= code <= 0xFB06 or 0xFF01 <= code <= 0xFF5E:  # noqa: PLR2004  # ligatures, full width
        return unicodedata.normalize("NFKC", text)
    return _BY_CATEGORY.get(category, text)


def _style(
    raw: pdfium.FPDF_TEXTPAGE,
    index: int,
    handle: pdfium.FPDF_PAGEOBJECT,
    display: Display,
    bold: dict[int, bool],
) -> _Style:
    """Return the style of the text object to which a glyph belongs.

    Args:
        raw: The text page.
        index: Of the glyph.
        handle: The text object.
        display: Of the page.
        bold: By address of the font, as far as known; it is completed.
    """
    matrix = pdfium.FS_MATRIX()
    size = pdfium.FPDFText_GetFontSize(raw, index)
    if pdfium.FPDFText_GetMatrix(raw, index, ctypes.byref(matrix)):
        size *= math.hypot(matrix.c, matrix.d)
    font = pdfium.FPDFTextObj_GetFont(handle)
    key = ctypes.addressof(font.contents) if font else 0
    if key not in bold:
        heavy = pdfium.FPDFText_GetFontWeight(raw, index) >= _FONT_WEIGHT_BOLD
        bold[key] = heavy or (bool(font) and "bold" in _font_name(font).lower())
    hidden = pdfium.FPDFTextObj_GetTextRenderMode(handle) == _RENDER_INVISIBLE
    angle = display.angle(pdfium.FPDFText_GetCharAngle(raw, index))
    return _Style(max(size, 0.1), angle, bold[key], hidden)


def _font_name(font: pdfium.FPDF_FONT) -> str:
    buffer = ctypes.create_string_buffer(128)
    pdfium.FPDFFont_GetBaseFontName(font, buffer, len(buffer))
    return buffer.value.decode("latin-1")


def _visible(glyphs: list[tuple[Glyph, _Style]], display: Display) -> GlyphPage:
    """Return the glyphs to read, upright."""
    scanned = 2 * sum(style.hidden for _, style in glyphs) > len(glyphs)
    if not scanned:
        glyphs = [pair for pair in glyphs if not pair[1].hidden]
    turns = Counter(round(style.angle / _TURN) % 4 for _, style in glyphs)
    turn = turns.most_common(1)[0][0] if turns else 0
    found: list[Glyph] = []
    angles: list[float] = []
    for glyph, style in glyphs:
        angle = math.remainder(style.angle - turn * _TURN, 2 * math.pi)
        if abs(angle) > _ASKEW:
            continue  # a margin's title, or a watermark
        angles.append(angle)
        found.append(_upright(glyph, turn, display) if turn else glyph)
    slope = -math.tan(median(angles)) if angles else 0.0
    return GlyphPage(found, None if scanned and not slope else slope)


def _upright(glyph: Glyph, turn: int, display: Display) -> Glyph:
    """Return a glyph of text turned by clockwise quarters as if the page were turned back."""
    size = display.displayed
    x0, y = _turned(glyph.x0, glyph.y, *size, -turn)
    corners = [_turned(x, y, *size, -turn) for x, y in (glyph.box[:2], glyph.box[2:])]
    return replace(glyph, x0=x0, x1=max(x for x, _ in corners), y=y)
