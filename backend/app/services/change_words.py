"""How a filing states a figure otherwise than the filing before, in words."""

from decimal import Decimal
from fractions import Fraction
from typing import Final

from app.pipeline.compiled import Change
from app.pipeline.statement import RowKind

_LARGEST_PART: Final = 5
_NEAR: Final = Fraction(1, 100)  # figures per share are rounded to cents
_WORDS: Final[dict[Change, str]] = {
    "none": "as before",
    "rounding": "rounded otherwise",
    "restated": "restated",
    "split": "after a split",
    "sign": "with the other sign",
    "reclassified": "reclassified: the sum of its block is the same",
}


def describe_change(
    change: Change, before: Decimal | None, after: Decimal | None, kind: RowKind
) -> str:
    """Return the kind of a change, with the ratio of a split and the difference otherwise.

    Args:
        change: Its kind.
        before: The figure of the older filing.
        after: That of the newer one.
        kind: Of the row: per share, a split divides; in shares, it multiplies.
    """
    if before is None or after is None:
        return "as before" if before == after else "not legible in both"
    if change == "none" and before != after:
        return f"stated otherwise: {_difference(before, after)}"
    words = _WORDS[change]
    if change == "split":
        ratio = _ratio(before, after, kind)
        return f"split {ratio}" if ratio else words
    if change in {"restated", "reclassified"}:
        return f"{words} ({_difference(before, after)})"
    return words


def _difference(before: Decimal, after: Decimal) -> str:
    difference = after - before
    return f"{difference:+,f}"


def _ratio(before: Decimal, after: Decimal, kind: RowKind) -> str | None:
    """Return new shares to old ones, such as 4:1, or 1:10 where shares were joined."""
    if not before or not after:
        return None
    ratio = Fraction(after) / Fraction(before)
    if kind != "shares":
        ratio = 1 / ratio
    for part in range(1, _LARGEST_PART + 1):
        for exact in (Fraction(round(ratio * part), part), _inverse(part, ratio)):
            if exact and abs(exact / ratio - 1) <= _NEAR:
                return f"{exact.numerator}:{exact.denominator}"
    return None


def _inverse(part: int, ratio: Fraction) -> Fraction | None:
    whole = round(part / ratio)
    return Fraction(part, whole) if whole else None
