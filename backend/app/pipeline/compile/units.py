"""Units that are a hundredth of a currency, in which some filings state figures per share."""

from typing import Final

_HUNDREDTHS: Final = frozenset(
    ("cent", "cents", "centime", "centimes", "paise", "pence", "penny", "rappen", "öre", "øre")
)


def power_of(unit: str | None) -> int:
    """Return the power of ten of a unit of a row: -2 of cents and pence, else 0.

    Args:
        unit: Such as pence/share or USD/share.
    """
    return -2 if unit and unit.partition("/")[0].casefold() in _HUNDREDTHS else 0
