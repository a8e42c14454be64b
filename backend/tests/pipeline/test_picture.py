"""A picture of a page shows a box around each figure, in the colour of its proof."""

import io
import zlib
from decimal import Decimal

import pytest
from reportlab.pdfgen.canvas import Canvas

from app.pipeline.draw import pages as picture
from app.pipeline.draw.pages import PROVED, READ, SCALE, UNREADABLE, draw_pages
from app.pipeline.statement import Cell, Row, Source, Statement

WIDTH, HEIGHT = 300, 400  # points


def report(width: float = WIDTH, height: float = HEIGHT) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(width, height), invariant=1)
    canvas.showPage()
    canvas.drawString(200, 300, "1,234")
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def statement(*cells: Cell, page: int = 2) -> Statement:
    return Statement(
        statement="balance_sheet",
        framework=None,
        scope=None,
        language=None,
        title=None,
        currency=None,
        scale=None,
        source=Source(kind="pdf", reader="test/1", pages=[page]),
        periods=[],
        rows=[
            Row(n=number, label="x", kind="line", cells={"p0": cell})
            for number, cell in enumerate(cells)
        ],
    )


def pixels(image: bytes) -> tuple[int, int, bytes]:
    """Return width, height and the rows of an RGB image without filters."""
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(image[at : at + 4], "big") for at in (16, 20))
    packed = image[image.index(b"IDAT") + 4 : image.rindex(b"IEND") - 8]
    return width, height, zlib.decompress(packed)


def colour_at(image: bytes, x: float, y: float) -> tuple[int, ...]:
    """Return the colour at a point from the lower left."""
    width, height, rows = pixels(image)
    start = (height - 1 - int(y * SCALE)) * (1 + 3 * width) + 1 + 3 * int(x * SCALE)
    return tuple(rows[start : start + 3])


@pytest.mark.parametrize(
    ("cell", "colour"),
    [
        (Cell(v=Decimal(1234), at=(2, 200, 298, 230, 312), by=["e0"]), PROVED),
        (Cell(v=Decimal(1234), at=(2, 200, 298, 230, 312)), READ),
        (Cell(v=None, at=(2, 200, 298, 230, 312)), UNREADABLE),
    ],
)
def test_a_box_has_the_colour_of_its_proof(cell: Cell, colour: tuple[int, int, int]) -> None:
    ((page, image),) = draw_pages(report(), [statement(cell)])
    assert page == 2
    assert pixels(image)[:2] == (WIDTH * SCALE, HEIGHT * SCALE)
    assert colour_at(image, 250, 350) == (255, 255, 255)
    edge = colour_at(image, 199, 305)
    assert all(abs(drawn - wanted) < 60 for drawn, wanted in zip(edge, colour, strict=True))
    inside = colour_at(image, 229, 311)
    assert inside != (255, 255, 255)
    assert all(drawn > wanted for drawn, wanted in zip(inside, edge, strict=True))


def test_a_page_that_claims_to_be_huge_is_drawn_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "MAX_PIXELS", 10_000)
    ((_, image),) = draw_pages(report(14_000, 14_000), [statement()])
    width, height, _ = pixels(image)
    assert 9_000 < width * height <= 10_201


def test_a_figure_of_an_element_has_no_box() -> None:
    ((page, _),) = draw_pages(report(), [statement(Cell(v=None, at="element"), page=1)])
    assert page == 1
