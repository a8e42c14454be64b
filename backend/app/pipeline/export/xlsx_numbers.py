"""Figures as a spreadsheet keeps them: binary floats, of which 15 digits are certain."""

from decimal import Decimal
from typing import Final

DIGITS: Final = 15
"""Significant digits that every binary float of 64 bits keeps, and that spreadsheets show."""


def is_number(figure: Decimal) -> bool:
    """Return whether a spreadsheet keeps a figure exactly; another is written as text."""
    _, digits, _ = figure.as_tuple()
    return len("".join(map(str, digits)).strip("0")) <= DIGITS


def as_number(figure: Decimal) -> int | float:
    """Return a figure that is kept exactly as the number that a workbook stores."""
    whole = int(figure)
    return whole if whole == figure else float(figure)


def format_of(decimals: int, *, is_nil: bool = False) -> str:
    """Return a number format: thousands separated, negatives in parentheses, a dash for nil."""
    digits = "#,##0" + ("." + "0" * min(decimals, 20) if decimals else "")
    return f"{digits}_);({digits})" + (';"—"_)' if is_nil else "")
