"""Kinds, frameworks, units and nil figures of statements, in the words that are shown."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from app.pipeline.plain import plain

KINDS: Final = {
    "pdf": "PDF",
    "ixbrl": "iXBRL",
    "xbrl": "XBRL",
    "xbrl_json": "xBRL-JSON",
    "companyfacts": "SEC companyfacts",
    "llm": "language model",
    "manual": "by hand",
}
"""How a statement was read, by method."""
_FRAMEWORKS: Final = {
    "us-gaap": "US GAAP",
    "ifrs": "IFRS",
    "frs-101": "FRS 101",
    "frs-102": "FRS 102",
    "frs-105": "FRS 105",
}
_SCALES: Final = {0: "", 2: "hundred", 3: "thousand", 6: "million", 9: "billion"}


def framework_name(framework: str) -> str:
    """Return the name of an accounting framework."""
    return _FRAMEWORKS.get(framework, plain(framework))


def scale_name(scale: int) -> str:
    """Return a power of ten in words, such as million; nothing for units."""
    return _SCALES.get(scale, f"x 10^{scale}")


def unit_name(unit: str | None, scale: int | None, *, unknown: str = "currency not known") -> str:
    """Return a unit with its scale, such as "USD million".

    Args:
        unit: Such as USD or shares; None where it is not known.
        scale: Power of ten; None where it is not known.
        unknown: Stands for a unit that is not known.
    """
    name = plain(unit) if unit else unknown
    return f"{name}, scale not known" if scale is None else f"{name} {scale_name(scale)}".rstrip()


def year_ranges(years: Iterable[int], to: str = "-") -> str:
    """Return years in ascending order as e.g. `2015-2019, 2021`.

    Args:
        years: Each once, the oldest first.
        to: Stands between the first and the last of a range.
    """
    parts: list[list[int]] = []
    for year in years:
        if parts and year == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], year]
        else:
            parts.append([year])
    return ", ".join(to.join(map(str, part)) for part in parts)


def is_nil(value: Decimal | None, printed: str | None) -> bool:
    """Whether a dash or a word is printed instead of a zero."""
    return value == 0 and bool(printed) and not any(map(str.isdigit, printed or ""))
