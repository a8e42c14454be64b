"""Draw pages of a PDF with boxes around figures: green proved, amber read, red unreadable.

A box is in points from the lower left of the page as it is displayed, whatever its rotation and
crop box; it is drawn on the pixels of the page, whose content is not changed.
"""

import math
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pypdfium2
from pypdfium2 import raw

from app.pipeline.read.pdf.glyphs import Display
from app.pipeline.statement import Cell, Statement

SCALE: Final = 1.5
"""Pixels per point: 108 dpi, at which 6-point print is legible."""
MAX_PIXELS: Final = 12_000_000
"""A page may claim to be 200 inches wide."""
FILL: Final = 50
"""Opacity of a box, of 255: the figure stays legible."""
LINE: Final = 0.8  # points: of the edge of a box
MARGIN: Final = 0.6  # points between a figure and the edge of its box
_WHITE: Final = (255, 255, 255, 255)

Box = Sequence[float]
Colour = tuple[int, int, int]
PROVED: Final[Colour] = (0, 140, 60)
READ: Final[Colour] = (240, 150, 0)
UNREADABLE: Final[Colour] = (220, 0, 0)


@dataclass(frozen=True, slots=True)
class Mark:
    """A box to draw.

    Attributes:
        box: x0, y0, x1, y1 in points from the lower left of the page as displayed.
        line: Width of its edge in points.
        fill: Opacity of its area, of 255; 0 for an edge alone.
    """

    box: Box
    colour: Colour
    line: float = LINE
    fill: int = FILL


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a page, and the pixels that show it.

    Attributes:
        left: Of the part, in points from the left of the page, as are the others.
        top: In points from the top of the page.
        scale: Pixels per point.
        width: In pixels, as is the height.
        turns: Clockwise quarters by which the page is turned before.
    """

    left: float
    top: float
    scale: float
    width: int
    height: int
    turns: int = 0


def colour_of(cell: Cell) -> Colour:
    """Return the colour of a figure's box."""
    if cell.v is None:
        return UNREADABLE
    return PROVED if cell.by else READ


def draw_pages(data: bytes, statements: Sequence[Statement]) -> Iterator[tuple[int, bytes]]:
    """Yield each page that was used, from 1, as a PNG with the boxes of its figures."""
    marks: dict[int, list[Mark]] = {
        page: [] for statement in statements for page in statement.source.pages
    }
    for statement in statements:
        for _, _, cell in statement.cells():
            if isinstance(cell.at, tuple):
                marks.setdefault(cell.at[0], []).append(Mark(cell.at[1:], colour_of(cell)))
    document = pypdfium2.PdfDocument(data)
    try:
        for number in sorted(marks):
            page = document[number - 1]
            try:
                yield number, draw(page, whole(page, SCALE, MAX_PIXELS), marks[number])
            finally:
                page.close()
    finally:
        document.close()


def whole(page: pypdfium2.PdfPage, scale: float, most: int) -> Window:
    """Return the window of a whole page, of so many pixels at most."""
    width, height = page.get_size()
    scale = min(scale, (most / max(1.0, width * height)) ** 0.5)
    return Window(0, 0, scale, max(1, math.ceil(width * scale)), max(1, math.ceil(height * scale)))


def draw(page: pypdfium2.PdfPage, window: Window, marks: Iterable[Mark]) -> bytes:
    """Return a part of a page with boxes, as a PNG; what lies beyond the page is white."""
    bitmap = pypdfium2.PdfBitmap.new_native(
        window.width, window.height, raw.FPDFBitmap_BGRx, rev_byteorder=True
    )
    try:
        bitmap.fill_rect(_WHITE, 0, 0, window.width, window.height)
        size = _displayed(page, window)
        raw.FPDF_RenderPageBitmap(
            bitmap,
            page,
            round(-window.left * window.scale),
            round(-window.top * window.scale),
            max(1, round(size[0] * window.scale)),
            max(1, round(size[1] * window.scale)),
            window.turns % 4,
            raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER,
        )
        pixels = memoryview(bitmap.buffer).cast("B")
        for each in marks:
            _mark(pixels, bitmap.stride, window, each, area_of(page, window, each.box))
        rows = (pixels[y * bitmap.stride :][: window.width * 4] for y in range(window.height))
        return as_png(window.width, window.height, (_without_padding(row) for row in rows))
    finally:
        bitmap.close()


def _displayed(page: pypdfium2.PdfPage, window: Window) -> tuple[float, float]:
    """Return width and height of a page in points, after the turns of a window."""
    width, height = page.get_size()
    return (width, height) if window.turns % 2 == 0 else (height, width)


def turned_box(page: pypdfium2.PdfPage, box: Box, turns: int) -> tuple[float, float, float, float]:
    """Return a box in points from the upper left of a page that is turned by clockwise quarters.

    Returns:
        Left, top, right, bottom.
    """
    width, height = page.get_size()
    left, top, right, bottom = box[0], height - box[3], box[2], height - box[1]
    match turns % 4:
        case 1:
            return height - bottom, left, height - top, right
        case 2:
            return width - right, height - bottom, width - left, height - top
        case 3:
            return top, width - right, bottom, width - left
        case _:
            return left, top, right, bottom


def area_of(page: pypdfium2.PdfPage, window: Window, box: Box) -> tuple[int, int, int, int]:
    """Return the pixels of a box with its margin: left, top, right, bottom, the last two without.

    They may lie beyond the window.
    """
    left, top, right, bottom = turned_box(page, box, window.turns)
    return (
        math.floor((left - MARGIN - window.left) * window.scale),
        math.floor((top - MARGIN - window.top) * window.scale),
        math.ceil((right + MARGIN - window.left) * window.scale),
        math.ceil((bottom + MARGIN - window.top) * window.scale),
    )


def _mark(
    pixels: memoryview, stride: int, window: Window, mark: Mark, area: tuple[int, int, int, int]
) -> None:
    """Colour the area of a box, and its edge around it."""
    left, top, right, bottom = area
    edge = max(1, round(mark.line * window.scale))
    shares = [255 - (255 - part) * mark.fill // 255 for part in mark.colour]
    tint = [bytes(value * share // 255 for value in range(256)) for share in shares]
    solid = [bytes([part]) * 256 for part in mark.colour]
    first, last = max(0, left - edge), min(window.width, right + edge)
    if first >= last:
        return
    for y in range(max(0, top - edge), min(window.height, bottom + edge)):
        row = pixels[y * stride :][: window.width * 4]
        if not top <= y < bottom:
            _recolour(row, first, last, solid)
            continue
        _recolour(row, first, min(left, last), solid)
        _recolour(row, max(right, first), last, solid)
        if mark.fill:
            _recolour(row, max(left, first), min(right, last), tint)


def _recolour(row: memoryview, first: int, last: int, tables: Sequence[bytes]) -> None:
    """Replace the values of the pixels from first to before last, by channel."""
    if first >= last:
        return
    part = bytearray(row[4 * first : 4 * last])
    for channel, table in enumerate(tables):
        part[channel::4] = part[channel::4].translate(table)
    row[4 * first : 4 * last] = part


def direction_of(page: pypdfium2.PdfPage, box: Box) -> int:
    """Return by how many clockwise quarters the text in a box is turned; 0 where none is found."""
    display = Display(page)
    x, y = display.on_page((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    reach = max(box[2] - box[0], box[3] - box[1]) / 2
    text = page.get_textpage()
    try:
        index = raw.FPDFText_GetCharIndexAtPos(text, x, y, reach, reach)
        if index < 0:
            return 0
        angle = display.angle(raw.FPDFText_GetCharAngle(text, index))
    finally:
        text.close()
    return round(angle / (math.pi / 2)) % 4


def text_in(page: pypdfium2.PdfPage, box: Box) -> str:
    """Return the characters that a page shows in a box."""
    display = Display(page)
    (x0, y0), (x1, y1) = display.on_page(*box[:2]), display.on_page(*box[2:])
    text = page.get_textpage()
    try:
        found = text.get_text_bounded(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        return str(found)
    finally:
        text.close()


def _without_padding(row: memoryview) -> bytes:
    """Return a row of RGB from one of RGBx."""
    rgb = bytearray(len(row) // 4 * 3)
    for channel in range(3):
        rgb[channel::3] = row[channel::4]
    return bytes(rgb)


def as_png(width: int, height: int, rows: Iterable[bytes]) -> bytes:
    """Return a PNG of rows of RGB, 8 bits each.

    Source: PNG (ISO/IEC 15948), sections 5.3 (chunks), 11.2.2 (IHDR) and 9.2 (filter 0).
    """
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 6)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
