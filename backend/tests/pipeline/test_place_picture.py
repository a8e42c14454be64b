"""The picture of a figure's place has its box around the printed digits, however the page lies."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import pypdfium2
import pytest
from PIL import Image, ImageChops
from reportlab.pdfgen.canvas import Canvas

from app.pipeline.draw import place as place_picture
from app.pipeline.draw.pages import PROVED, Box, draw_pages
from app.pipeline.draw.place import Drawn, Place, draw_place
from app.pipeline.draw.size import DETAIL_HEIGHT, DETAIL_WIDTH
from app.pipeline.errors import ReadError
from app.pipeline.read.pdf.text import read_words
from app.pipeline.statement import Cell
from tests.pipeline.test_picture import statement

Draw = Callable[[Canvas], None]
FIGURE = "298,085"
Area = tuple[int, int, int, int]


def pdf(
    draw: Draw, size: tuple[float, float] = (612, 792), **entries: Sequence[int] | int
) -> bytes:
    """Return a PDF of one page, with further entries in the dictionary of the page."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=size, invariant=1, pageCompression=0)
    draw(canvas)
    canvas.showPage()
    canvas.save()
    data = buffer.getvalue()
    for name, value in entries.items():
        number = str(list(value)).replace(",", "") if isinstance(value, Sequence) else str(value)
        data = data.replace(b"/MediaBox", f"/{name} {number} /MediaBox".encode(), 1)
    return data


def line(canvas: Canvas) -> None:
    """Draw a label and its figure in 6-point print."""
    canvas.setFont("Helvetica", 6)
    canvas.drawString(90, 400, "Products")
    canvas.drawString(430, 400, FIGURE)


def sideways(canvas: Canvas) -> None:
    """Draw a line that runs up the page."""
    canvas.translate(300, 100)
    canvas.rotate(90)
    canvas.drawString(0, 0, "Products")
    canvas.drawString(300, 0, FIGURE)


def turned(canvas: Canvas) -> None:
    """Draw a line that runs up a page which is shown turned clockwise: it is seen level."""
    canvas.setPageRotation(90)
    sideways(canvas)


def upside_down(canvas: Canvas) -> None:
    canvas.setPageRotation(180)
    canvas.translate(500, 600)
    canvas.rotate(180)
    line(canvas)


def downwards(canvas: Canvas) -> None:
    canvas.setPageRotation(270)
    canvas.translate(300, 700)
    canvas.rotate(-90)
    line(canvas)


def far_off(canvas: Canvas) -> None:
    """Draw a line on the right half of two pages side by side."""
    canvas.translate(612, 0)
    line(canvas)


PAGES = {
    "level": pdf(line),
    "sideways": pdf(sideways),
    "turned": pdf(turned),
    "upside down": pdf(upside_down),
    "downwards": pdf(downwards),
    "spread": pdf(far_off, (1224, 792)),
    "cropped": pdf(line, CropBox=[60, 100, 560, 700]),
    "cropped and turned": pdf(turned, CropBox=[60, 50, 560, 700]),
    "in units": pdf(line, UserUnit=2),
    "at the edge": pdf(lambda canvas: canvas.drawString(570, 2, FIGURE)),
    "small": pdf(lambda canvas: canvas.drawString(20, 20, FIGURE), (120, 60)),
}


@cache
def drawn_place(name: str) -> Drawn:
    """Return the pictures of the figure of a page."""
    return draw_place(PAGES[name], Place(1, box_of(PAGES[name]), (), "proved"))


@contextmanager
def opened(data: bytes) -> Iterator[pypdfium2.PdfPage]:
    document = pypdfium2.PdfDocument(data)
    page = document[0]
    try:
        yield page
    finally:
        page.close()
        document.close()


def box_of(data: bytes) -> Box:
    """Return the box of the figure, as the reader finds it."""
    with opened(data) as page:
        return next(each.box for each in read_words(page, 1) if each.text == FIGURE)


def edge(image: Image.Image) -> Area:
    """Return the area of the box around a figure: left, top, right, bottom."""
    other = ImageChops.difference(image, Image.new("RGB", image.size, PROVED)).convert("L")
    found = other.point(lambda value: 255 if value == 0 else 0).getbbox()
    assert found is not None
    return found


def ink(image: Image.Image, within: Area) -> int:
    """Return how many dark pixels there are in an area."""
    width, height = image.size
    left, top, right, bottom = within
    part = image.crop((max(left, 0), max(top, 0), min(right, width), min(bottom, height)))
    return sum(part.convert("L").histogram()[:60])


def picture(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


@pytest.mark.parametrize("name", PAGES)
def test_the_box_is_around_the_digits_and_holds_nothing_else(name: str) -> None:
    drawn = drawn_place(name)
    assert drawn.text.strip() == FIGURE
    for png in (drawn.page, drawn.detail):
        assert png is not None
        image = picture(png)
        left, top, right, bottom = edge(image)
        inside = ink(image, (left, top, right, bottom))
        assert inside > 20
        # Only the label is printed beside it.
        near = ink(image, (left - 15, top - 6, right + 15, bottom + 6))
        assert near == inside


@pytest.mark.parametrize("name", PAGES)
def test_the_lines_around_a_figure_are_upright_and_of_a_known_size(name: str) -> None:
    drawn = drawn_place(name)
    assert drawn.detail is not None
    image = picture(drawn.detail)
    assert image.size == (DETAIL_WIDTH, DETAIL_HEIGHT)
    left, top, right, bottom = edge(image)
    assert right - left > 2 * (bottom - top)  # the digits stand side by side
    assert bottom - top >= 16


@pytest.mark.parametrize("name", ["level", "turned", "spread", "cropped", "sideways"])
def test_the_label_of_the_line_is_seen_beside_the_figure(name: str) -> None:
    drawn = drawn_place(name)
    assert drawn.detail is not None
    image = picture(drawn.detail)
    left, top, _, bottom = edge(image)
    assert ink(image, (0, top, left, bottom)) > 20


def test_figures_of_the_same_sum_have_thin_boxes_of_another_colour() -> None:
    box = box_of(PAGES["level"])
    other = (100.0, 200.0, 150.0, 210.0)
    plain, drawn = (
        drawn_place("level"),
        draw_place(PAGES["level"], Place(1, box, (other,), "proved")),
    )
    one, two = picture(plain.page), picture(drawn.page)
    assert edge(one) == edge(two)
    assert one.getpixel((250, 1170)) == (255, 255, 255)
    assert two.getpixel((250, 1170)) != (255, 255, 255)


def test_a_page_without_a_known_place_is_drawn_whole_and_without_a_box() -> None:
    drawn = draw_place(PAGES["level"], Place(1, None, (), "read"))
    assert drawn.detail is None
    red, green, blue = picture(drawn.page).split()
    assert red.tobytes() == green.tobytes() == blue.tobytes()


def test_a_page_that_claims_to_be_huge_gives_pictures_of_bounded_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(place_picture, "MAX_PIXELS", 100_000)
    data = pdf(lambda canvas: canvas.drawString(7000, 7000, FIGURE), (14_000, 14_000))
    drawn = draw_place(data, Place(1, box_of(data), (), "proved"))
    width, height = picture(drawn.page).size
    assert 90_000 < width * height <= 101_000
    assert drawn.detail is not None
    assert picture(drawn.detail).size == (DETAIL_WIDTH, DETAIL_HEIGHT)


@pytest.mark.parametrize(
    ("place", "code"),
    [
        (Place(2, (10, 10, 20, 20), (), "read"), "no_such_page"),
        (Place(0, (10, 10, 20, 20), (), "read"), "no_such_page"),
        (Place(1, (700, 10, 720, 20), (), "read"), "no_such_place"),
        (Place(1, (-30, -30, -20, -10), (), "read"), "no_such_place"),
    ],
)
def test_a_place_that_the_document_has_not_is_refused(place: Place, code: str) -> None:
    with pytest.raises(ReadError) as refused:
        draw_place(PAGES["level"], place)
    assert refused.value.code == code


@pytest.mark.parametrize("name", ["turned", "upside down", "cropped"])
def test_the_pictures_of_the_command_line_have_the_boxes_at_the_same_place(name: str) -> None:
    data = PAGES[name]
    left, bottom, right, top = box_of(data)
    cell = Cell(v=298_085, at=(1, left, bottom, right, top), by=["e0"])
    ((_, png),) = draw_pages(data, [statement(cell, page=1)])
    image = picture(png)
    inside = ink(image, edge(image))
    one, two, three, four = edge(image)
    assert inside > 5
    assert ink(image, (one - 10, two - 4, three + 10, four + 4)) == inside
