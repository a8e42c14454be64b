"""The pictures of the place of a figure on its page: their addresses and sizes, or why none."""

from dataclasses import dataclass
from typing import Final

from app.pages.figure.view import FigureView
from app.pipeline.draw.size import BEHIND, DETAIL_HEIGHT, DETAIL_WIDTH, POINTS
from app.services.errors import NotFoundError
from app.services.place_pictures import PlaceOf
from app.web.place_pictures import Part, PlacePictures

DENSITY: Final = 2
"""Pixels of a picture for one of the page, so that small print is sharp."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The pictures of a place.

    Attributes:
        page: The address of the picture of the whole page.
        detail: That of the lines around the figure; None where only the page is known.
        text: Describes both for those who do not see them.
        reason: Why there are no pictures; the addresses are then None.
        share: Where in the width of the detail the figure is, roughly.
        at: The middle of the figure on the page, in points from the lower left.
        detail_size: Width and height as the page shows it; so `page_size`, if it is known already.
    """

    page: str | None = None
    detail: str | None = None
    text: str = ""
    reason: str | None = None
    share: float = 0.5
    at: tuple[float, float] | None = None
    detail_size: tuple[int, int] = (DETAIL_WIDTH // DENSITY, DETAIL_HEIGHT // DENSITY)
    page_size: tuple[int, int] | None = None


def picture_of(
    view: FigureView, place: PlaceOf | NotFoundError | None, pictures: PlacePictures
) -> Picture | None:
    """Return the pictures of the place of a figure; None where its filing has no pages."""
    if place is None:
        return None
    if isinstance(place, NotFoundError):
        return Picture(reason=str(place))
    if (failure := pictures.failure(place)) is not None:
        return Picture(reason=str(failure))
    origin, box = view.origin, place.asked.box
    printed = origin.place.printed or view.figure
    drawn = pictures.peek(place)
    size = drawn.sizes["page"] if drawn else None

    def address(part: Part) -> str:
        return view.links.picture(origin.line, origin.period, part)

    return Picture(
        page=address("page"),
        detail=address("detail") if box else None,
        text=f"Page {place.asked.page} of {place.file or 'the document'}"
        + (f", with {printed} boxed" if box else ""),
        share=round(min(box[2] / POINTS, 1 - BEHIND), 2) if box else 0.5,
        at=(round((box[0] + box[2]) / 2, 1), round((box[1] + box[3]) / 2, 1)) if box else None,
        page_size=(size[0] // DENSITY, size[1] // DENSITY) if size else None,
    )
