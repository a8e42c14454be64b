"""Ratios as percentages with one decimal, in exact arithmetic."""

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

_EXACT: Final = Context(prec=200)  # a figure has up to 60 digits
_TENTH: Final = Decimal("0.1")
NOT_MEANINGFUL: Final = "n/m"
NOT_AVAILABLE: Final = "n/a"


def ratio_of(part: Decimal, base: Decimal) -> Decimal:
    """Return a part of a base that is not zero, in per cent."""
    return _EXACT.divide(_EXACT.multiply(part, Decimal(100)), base)


def growth_of(now: Decimal, before: Decimal) -> Decimal:
    """Return by how many per cent a figure is more than one before, which is not zero."""
    return ratio_of(_EXACT.subtract(now, before), before)


def percentage(value: Decimal) -> str:
    """Return a percentage with one decimal; one that is negative stands in parentheses."""
    shown = value.quantize(_TENTH, ROUND_HALF_UP, _EXACT)
    text = f"{shown.copy_abs():,f}%"
    return f"({text})" if shown < 0 else text
