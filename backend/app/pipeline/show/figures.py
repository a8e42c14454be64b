"""The figures and labels of a compiled statement as text: digits, printed signs, nil, units."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from app.pipeline.compiled import CompiledCell, CompiledRow
from app.pipeline.decimals import decimals_of, is_money
from app.pipeline.plain import plain
from app.pipeline.show.marks import UNREADABLE
from app.pipeline.wording import is_nil, scale_name

DEEPEST: Final = 8  # levels that are indented
MOST_DECIMALS: Final = 6
CENTS: Final = 2  # decimals that a figure per share has at least
_EXACT: Final = Context(prec=200)  # a figure has up to 60 digits


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure in parts.

    Attributes:
        digits: Up to the decimal point of a sum of money; else all of them.
        fraction: The decimal point and what follows, of a sum of money; None of others.
        after: The closing parenthesis and the marks.
        is_rounded: Whether digits are left out.
    """

    digits: str
    fraction: str | None = ""
    after: str = ""
    is_rounded: bool = False


def draw_figure(cell: CompiledCell, row: CompiledRow, decimals: int, marks: str) -> Drawn:
    """Return a figure with its printed sign.

    Args:
        cell: The figure.
        row: Its line.
        decimals: The most that are shown.
        marks: Stand behind it.
    """
    if cell.v is None:
        return Drawn(UNREADABLE, after=marks)
    if is_nil(cell.v, cell.printed):
        return Drawn("—", after=marks)
    shown = _rounded(cell.v, decimals)
    opening, closing = ("(", ")") if cell.v < 0 else ("", "")
    least = CENTS if row.kind == "per_share" else 0
    digits = f"{opening}{shown.copy_abs():,.{max(least, _decimals(shown))}f}"
    is_rounded = shown != cell.v
    if not is_money(row):
        return Drawn(digits, None, closing + marks, is_rounded)
    whole, point, fraction = digits.partition(".")
    return Drawn(whole, point + fraction, closing + marks, is_rounded)


def _rounded(value: Decimal, decimals: int) -> Decimal:
    """Return a figure with at most so many decimals."""
    if _decimals(value) <= decimals:
        return value
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _EXACT)


def _decimals(value: Decimal) -> int:
    return min(MOST_DECIMALS, decimals_of(value))


def label_of(row: CompiledRow, scale: int | None) -> str:
    """Return the label of a row, with its unit where that is not the statement's."""
    label = " ".join(plain(row.label).split()) or "(no label)"
    own = scale if row.scale is None else row.scale
    if row.unit is None and own == scale:
        return label
    scaled = scale_name(own or 0)
    unit = plain(row.unit or "")
    return f"{label} [{' '.join(filter(None, [scaled, unit])) or 'units'}]"


def level_of(row: CompiledRow) -> int:
    """Return the levels by which a row is indented."""
    return max(0, min(row.level, DEEPEST))
