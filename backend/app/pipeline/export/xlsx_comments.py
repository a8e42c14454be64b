"""The comment of a figure: how it changed, which filing said what, and what is not proved."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from app.pipeline.compiled import Compiled, CompiledCell, CompiledRow, Place, Stated
from app.pipeline.export.wording import CHANGES, CHECKABLE, as_read, filing_of, is_unproved
from app.pipeline.export.xlsx_numbers import is_number
from app.pipeline.plain import plain

LONGEST: Final = 2000  # characters; a spreadsheet allows 32,767
UNPROVED: Final = "Not proved: it is in no sum that holds."
REPLACED: Final = "Only older filings state this line: newer ones break its sum down without it."
TOO_LONG: Final = "Text, because it has more than 15 digits: a spreadsheet would round the number."


def are_unproved_rare(compiled: Compiled) -> bool:
    """Return whether most figures are proved: only then does a comment tell the others apart.

    Of companyfacts hardly any figure is proved, and thousands of equal comments say nothing.
    """
    cells = [(row, cell) for row in compiled.rows for cell in row.cells.values()]
    checkable = sum(row.kind in CHECKABLE for row, _ in cells)
    return 2 * sum(is_unproved(row, cell) for row, cell in cells) <= checkable


def comment_of(
    row: CompiledRow, cell: CompiledCell, compiled: Compiled, *, with_unproved: bool
) -> str | None:
    """Return what a reader has to know of a figure; None where it is plain.

    Args:
        row: Of the figure.
        cell: The figure.
        compiled: The statement.
        with_unproved: Whether that a figure is not proved is a reason for a comment.
    """
    said = list(_remarks(row, cell))
    if not said or (said == [UNPROVED] and not with_unproved):
        return None
    lines = [*said, *_history(row, cell, compiled)]
    return _limited("\n".join(lines))


def comment_of_replaced(row: CompiledRow, stated: Sequence[Stated], compiled: Compiled) -> str:
    """Return what only older filings state, where the line has no figure."""
    lines = [REPLACED, *(_line(each, row, compiled) for each in reversed(stated))]
    return _limited("\n".join(lines))


def _limited(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _remarks(row: CompiledRow, cell: CompiledCell) -> Iterator[str]:
    if cell.corrected:
        by, on, because = cell.corrected.by, cell.corrected.on, cell.corrected.because
        yield f"Corrected by {plain(by)} on {on.isoformat()}: {plain(because)}"
        yield f"The figure that was read: {_figure(cell.corrected.was)}"
    if cell.v is None:
        yield "A figure stands here that cannot be read."
    elif not is_number(cell.v):
        yield TOO_LONG
    if cell.change != "none":
        yield f"{CHANGES[cell.change].capitalize()} since it was first reported."
    if cell.turned:
        yield "The sign is that of newer filings; the filing itself states the other one."
    if cell.unadjusted:
        yield f"Not adjusted for the later split of shares {cell.unadjusted}."
    if is_unproved(row, cell):
        yield UNPROVED


def _history(row: CompiledRow, cell: CompiledCell, compiled: Compiled) -> Iterator[str]:
    """Yield each filing with its figure, the one that is shown first."""
    yield f"• {_figure(as_read(cell))}: {_place(cell, compiled)}"
    for stated in reversed(cell.history):
        yield _line(stated, row, compiled)


def _line(stated: Stated, row: CompiledRow, compiled: Compiled) -> str:
    corrected = stated.corrected
    read = f" (corrected; read as {_figure(corrected.was)})" if corrected else ""
    return f"• {_figure(stated.v)}{read}: {_place(stated, compiled)}{_renamed(row, stated)}"


def _place(place: Place, compiled: Compiled) -> str:
    filing = filing_of(compiled.inputs[place.input])
    return f"{filing}, page {place.page}" if place.page else filing


def _renamed(row: CompiledRow, stated: Stated) -> str:
    label = plain(stated.label)
    change = "" if stated.change == "none" else f" ({CHANGES[stated.change]})"
    return f", as “{label}”{change}" if label != plain(row.label) else change


def _figure(v: Decimal | None) -> str:
    if v is None:
        return "unreadable"
    return f"({abs(v):,f})" if v < 0 else f"{v:,f}"
