"""Draw pages of a PDF with a box around each figure: green proved, amber read, red unreadable."""

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import pypdfium2
from pypdfium2 import raw

from app.pipeline.statement import Cell, Statement

SCALE: Final = 1.5
"""Pixels per point: 108 dpi, at which 6-point print is legible."""
MAX_PIXELS: Final = 12_000_000
"""A page may claim to be 200 inches wide."""
FILL: Final = 50
"""Opacity of a box, of 255: the figure stays legible."""

Box = Sequence[float]
Colour = tuple[int, int, int]
PROVED: Final[Colour] = (0, 140, 60)
READ: Final[Colour] = (240, 150, 0)
UNREADABLE: Final[Colour] = (220, 0, 0)


def colour_of(cell: Cell) -> Colour:
    """Return the colour of a figure's box."""
    if cell.v is None:
        return UNREADABLE
    return PROVED if cell.by else READ


def draw_pages(data: bytes, statements: Sequence[Statement]) -> Iterator[tuple[int, bytes]]:
    """Yield each page that was used, from 1, as a PNG with the boxes of its figures."""
    boxes: dict[int, list[tuple[Box, Colour]]] = {
        page: [] for statement in statements for page in statement.source.pages
    }
    for statement in statements:
        for _, _, cell in statement.cells():
            if isinstance(cell.at, tuple):
                boxes.setdefault(cell.at[0], []).append((cell.at[1:], colour_of(cell)))
    document = pypdfium2.PdfDocument(data)
    try:
        for number in sorted(boxes):
            page = document[number - 1]
            try:
                for box, colour in boxes[number]:
                    _insert_box(page, box, colour)
                yield number, _render(page)
            finally:
                page.close()
    finally:
        document.close()


def _insert_box(page: pypdfium2.PdfPage, box: Box, colour: Colour) -> None:
    """Add a rectangle to the page in memory, in the page's own coordinates (points)."""
    x0, y0, x1, y1 = box
    rectangle = raw.FPDFPageObj_CreateNewRect(x0 - 1, y0 - 1, x1 - x0 + 2, y1 - y0 + 2)
    raw.FPDFPageObj_SetFillColor(rectangle, *colour, FILL)
    raw.FPDFPageObj_SetStrokeColor(rectangle, *colour, 255)
    raw.FPDFPageObj_SetStrokeWidth(rectangle, 0.8)
    raw.FPDFPath_SetDrawMode(rectangle, raw.FPDF_FILLMODE_WINDING, 1)
    raw.FPDFPage_InsertObject(page, rectangle)


def _render(page: pypdfium2.PdfPage) -> bytes:
    """Return the page as a PNG."""
    width, height = page.get_size()
    scale = min(SCALE, (MAX_PIXELS / max(1.0, width * height)) ** 0.5)
    bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=True)
    pixels = memoryview(bitmap.buffer).cast("B")
    rows = (pixels[y * bitmap.stride :][: bitmap.width * 4] for y in range(bitmap.height))
    image = as_png(bitmap.width, bitmap.height, (_without_padding(row) for row in rows))
    bitmap.close()
    return image


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
