"""Draw the place of a figure: its page with a box, and the lines around it, upright and larger."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pypdfium2

from app.pipeline.draw.pages import (
    PROVED,
    READ,
    UNREADABLE,
    Box,
    Colour,
    Mark,
    Window,
    direction_of,
    draw,
    text_in,
    turned_box,
    whole,
)
from app.pipeline.draw.size import BEHIND, DETAIL_HEIGHT, DETAIL_WIDTH, POINTS
from app.pipeline.errors import ReadError
from app.pipeline.read.pdf.pages import open_document

SCALE: Final = 2.0
"""Pixels per point of a whole page: 144 dpi."""
MAX_PIXELS: Final = 6_000_000
_TYPE: Final = 64.0
"""How many times its height the type of a figure is seen at most in the width of the detail."""
_OTHER: Final[Colour] = (60, 90, 160)
_COLOURS: Final[dict[str, Colour]] = {"proved": PROVED, "read": READ, "unreadable": UNREADABLE}


@dataclass(frozen=True, slots=True)
class Place:
    """What is to be drawn.

    Attributes:
        page: From 1.
        box: Of the figure, in points from the lower left of the page as displayed; None where only
            the page is known.
        others: Boxes of figures in the same sums.
        state: `proved`, `read` or `unreadable`.
    """

    page: int
    box: Box | None
    others: Sequence[Box]
    state: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """The pictures, as PNG, and the characters that the page has in the box.

    Attributes:
        detail: None without a box.
    """

    page: bytes
    detail: bytes | None
    text: str


def draw_place(data: bytes, place: Place) -> Drawn:
    """Return the pictures of a place.

    Raises:
        ReadError: The PDF cannot be opened, or has no such page.
    """
    document = open_document(data)
    try:
        if not 1 <= place.page <= len(document):
            raise ReadError("no_such_page", f"the PDF has no page {place.page}")
        try:
            page = document[place.page - 1]
        except pypdfium2.PdfiumError:
            raise ReadError("damaged_page", f"page {place.page} of the PDF is damaged") from None
        try:
            return _drawn(page, place)
        finally:
            page.close()
    finally:
        document.close()


def _drawn(page: pypdfium2.PdfPage, place: Place) -> Drawn:
    window = whole(page, SCALE, MAX_PIXELS)
    if place.box is None:
        return Drawn(draw(page, window, ()), None, "")
    width, height = page.get_size()
    left, bottom, right, top = place.box
    if not (left < width and bottom < height and right > 0 and top > 0):
        raise ReadError("no_such_place", f"the figure does not lie on page {place.page}")
    others = [Mark(each, _OTHER, line=0.5, fill=18) for each in place.others]
    marks = [*others, Mark(place.box, _COLOURS[place.state], line=1.2, fill=60)]
    return Drawn(
        draw(page, window, marks),
        draw(page, _around(page, place.box), marks),
        text_in(page, place.box),
    )


def _around(page: pypdfium2.PdfPage, box: Box) -> Window:
    """Return the window of the lines around a box, upright."""
    turns = -direction_of(page, box) % 4
    left, top, right, bottom = turned_box(page, box, turns)
    width, height = page.get_size()
    if turns % 2:
        width, height = height, width
    wide = max(POINTS, _TYPE * (bottom - top), 1.5 * (right - left))
    high = wide * DETAIL_HEIGHT / DETAIL_WIDTH
    if width <= wide:
        first = (width - wide) / 2
    else:  # the label stands before the figure
        first = min(max(0.0, right + BEHIND * wide - wide), width - wide)
    above = (top + bottom - high) / 2
    if height > high:
        above = min(max(0.0, above), height - high)
    return Window(first, above, DETAIL_WIDTH / wide, DETAIL_WIDTH, DETAIL_HEIGHT, turns)
