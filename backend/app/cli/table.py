"""Tables of text: aligned columns where they fit, else each row in lines of its own."""

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from app.cli.colours import Paint, painter
from app.cli.text import pad, pad_left, plain

GAP: Final = "  "
UNLIMITED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and whether its values are right-aligned, as numbers are."""

    title: str
    is_number: bool = False


def width_of_output() -> int:
    """Return the columns of the terminal; a file or a pipe has no limit."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return UNLIMITED
    return shutil.get_terminal_size().columns


def render(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> str:
    """Return a table.

    Args:
        columns: Those without any value are left out.
        rows: Values, which may come from a hostile file; "" is none.
        width: Of the terminal, in columns.
    """
    texts = [[plain(value) for value in row] for row in rows]
    used = [n for n in range(len(columns)) if any(row[n] for row in texts)]
    columns, texts = [columns[n] for n in used], [[row[n] for n in used] for row in texts]
    widths = [
        max(cell_len(value) for value in (column.title, *(row[n] for row in texts)))
        for n, column in enumerate(columns)
    ]
    paint = painter(sys.stdout)
    if sum(widths) + len(GAP) * (len(widths) - 1) > width:
        return "".join(_block(columns, row, paint) for row in texts)
    header = paint(_line(columns, [each.title for each in columns], widths), "bold")
    return "".join(
        f"{line}\n" for line in [header, *(_line(columns, row, widths) for row in texts)]
    )


def _line(columns: Sequence[Column], row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (
        (pad_left if column.is_number else pad)(value, width)
        for column, value, width in zip(columns, row, widths, strict=True)
    )
    return GAP.join(cells).rstrip()


def _block(columns: Sequence[Column], row: Sequence[str], paint: Paint) -> str:
    """Return the lines of a row that is too wide: the first two values, then one a line."""
    first = paint(GAP.join(value for value in row[:2] if value), "bold")
    others = zip(columns[2:], row[2:], strict=True)
    lines = (f"    {column.title}: {value}" for column, value in others if value)
    return "".join(f"{line}\n" for line in (first, *lines))
