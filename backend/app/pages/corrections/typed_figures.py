"""A figure as an analyst types it, or copies it out of a report."""

import re
from decimal import Decimal
from typing import Final

from app.services.values import parse_value

_DASHES: Final = str.maketrans(
    {"\N{EN DASH}": "-", "\N{HYPHEN}": "-", "\N{NON-BREAKING HYPHEN}": "-"}
)
_GAPS: Final = " \N{NO-BREAK SPACE}\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}\N{FIGURE SPACE}"
_MARKS: Final = "'\N{RIGHT SINGLE QUOTATION MARK}"
_GROUPED: Final = re.compile(
    rf"(?P<before>[-+(\u2212]*)(?P<whole>[1-9][0-9]{{0,2}}(?P<gap>[{_GAPS}]|[{_MARKS}])[0-9]{{3}}"
    rf"(?:(?P=gap)[0-9]{{3}})*)(?P<after>(?:\.[0-9]+)?\)?)"
)
_TWO_MEANINGS: Final = re.compile(r"[-+(\u2212]*[1-9][0-9]{0,2}\.[0-9]{3}\)?")


def parse_typed(text: str) -> Decimal:
    """Return the exact figure of a text, such as 1,234, (1,234), -1,234.5 or 1 234.

    Raises:
        ValueError: It is no figure, or could be two: 1.234 is a thousand in one country, and about
            one in another.
    """
    written = text.strip().translate(_DASHES)
    if _TWO_MEANINGS.fullmatch(written):
        grouped, decimal = written.replace(".", ","), f"{written.rstrip(')')}0"
        decimal += ")" if written.endswith(")") else ""
        raise ValueError(
            f"{written!r} could be two figures: write {grouped} if the point parts thousands, or "
            f"{decimal} if it is a decimal point"
        )
    if grouped_match := _GROUPED.fullmatch(written):
        whole = re.sub(rf"[{_GAPS}{_MARKS}]", "", grouped_match["whole"])
        written = f"{grouped_match['before']}{whole}{grouped_match['after']}"
    return parse_value(written)
