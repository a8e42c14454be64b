"""The place of a figure in the PDF of a filing, with the places of the figures that prove it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy.orm import Session

from app.pipeline.compiled import Place
from app.pipeline.statement import Cell, Statement
from app.services.answer import AskedPlace
from app.services.document_pages import file_of, get_document
from app.services.errors import NotFoundError
from app.services.origin import rows_of, same_cell
from app.services.place_pictures import PlaceOf
from app.services.why import Traced

PDF: Final = "application/pdf"
MOST_OTHERS: Final = 200
"""Boxes beside that of the figure: a sum has a few dozen terms."""
State = Literal["proved", "read", "unreadable"]


@dataclass(frozen=True, slots=True)
class _Where:
    """Where a reading states a figure.

    Attributes:
        row: By its number in the reading.
        at: Page and box, or the element.
    """

    input: int
    row: int
    period: str
    page: int | None
    at: tuple[int, float, float, float, float] | str | None

    @property
    def number(self) -> int | None:
        """Return the page, if it is known."""
        return self.at[0] if isinstance(self.at, tuple) else self.page

    @classmethod
    def of(cls, place: Place) -> "_Where":
        """Return that of a compiled figure."""
        return cls(place.input, place.row, place.period, place.page, place.at)


def find_place(session: Session, traced: Traced, document: int | None = None) -> PlaceOf:
    """Return the place of a figure in a PDF.

    Args:
        session: Its transaction reads.
        traced: The figure.
        document: Of a filing that states it; by default the one whose figure is shown.

    Raises:
        NotFoundError: It has none: the message says why.
    """
    where = _stated_in(traced, document)
    if where.number is None:
        raise NotFoundError("no_page", "the filing has no pages: its figures are facts")
    kept = traced.kept.get(where.input)
    if kept is None:
        raise NotFoundError("no_file", "the document of the figure was removed")
    file = file_of(get_document(session, kept.document))
    if file is None:
        raise NotFoundError("no_file", "the file of the document is not stored")
    if file.media_type != PDF:
        raise NotFoundError("no_page", "the file is no PDF: it has no pages to draw")
    box = where.at[1:] if isinstance(where.at, tuple) else None
    own = _cell_in(kept.statement, where)
    asked = AskedPlace(
        sha256=file.sha256,
        page=where.number,
        box=box,
        others=list(_others(kept.statement, where, own))[:MOST_OTHERS] if box else [],
        state=_state_of(traced, where, own),
    )
    return PlaceOf(asked, file.path, file.file_name)


def pages_again(traced: Traced) -> dict[int, int]:
    """Return the pages on which second readings of the filing state a figure, by document."""
    found = {}
    for number, kept in traced.kept.items():
        if traced.meant.compiled.inputs[number].role == "second_reading":
            where = _read_again(traced, number)
            if where is not None and where.number is not None:
                found[kept.document] = where.number
    return found


def _read_again(traced: Traced, number: int) -> _Where | None:
    """Return where a second reading states the figure."""
    meant = traced.meant
    same = same_cell(traced.kept[number].statement, meant.found.row, meant.period)
    if same is None:
        return None
    row, period, cell = same
    return _Where(number, row.n, period, None, cell.at)


def _cell_in(statement: Statement, where: _Where) -> Cell | None:
    """Return the cell of a figure in the reading of its filing."""
    row = next((each for each in statement.rows if each.n == where.row), None)
    return row.cells.get(where.period) if row else None


def _stated_in(traced: Traced, document: int | None) -> _Where:
    """Return where a document states a figure.

    Raises:
        NotFoundError: It does not.
    """
    places = [_Where.of(each) for each in (traced.cell, *traced.cell.history)]
    if document is None:
        return places[0]
    for each in places:
        if each.input in traced.kept and traced.kept[each.input].document == document:
            return each
    for number, kept in traced.kept.items():
        if kept.document == document and (again := _read_again(traced, number)):
            return again
    raise NotFoundError("no_figure", f"document {document} does not state this figure")


def _state_of(traced: Traced, where: _Where, own: Cell | None) -> State:
    if where.input == traced.cell.input:
        if traced.cell.v is None:
            return "unreadable"
        return "proved" if traced.cell.verified else "read"
    if own is not None and own.v is None:
        return "unreadable"
    return "proved" if own is not None and own.by else "read"


def _others(
    statement: Statement, where: _Where, own: Cell | None
) -> Iterator[tuple[float, float, float, float]]:
    """Yield the boxes on the page of the figures in those sums of the filing that hold."""
    if own is None:
        return
    positions = {
        row for each in statement.equations if each.id in own.by for row in rows_of(each)
    } - {where.row}
    for row in statement.rows:
        cell = row.cells.get(where.period) if row.n in positions else None
        if cell is not None and isinstance(cell.at, tuple) and cell.at[0] == where.number:
            yield cell.at[1:]
