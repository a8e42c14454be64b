"""Read a figure as a person types it, and write one as statements print it."""

import re
from decimal import Decimal
from typing import Final

_LONGEST: Final = 60  # characters
_DIGITS: Final = 40  # before the point, as in the form statement/1
_PLACES: Final = 20
_FIGURE: Final = re.compile(
    r"(?P<open>\()?(?P<sign>[-+\u2212])?"
    r"(?P<whole>[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.(?P<places>[0-9]+))?"
    r"(?P<close>\))?"
)
_EXAMPLES: Final = "write it such as -110, (110) or 1,234.5"


def parse_value(text: str) -> Decimal:
    """Return the exact figure of a text; the point is a decimal point, a comma parts thousands.

    Raises:
        ValueError: It is no figure, or could be two.
    """
    written = text.strip()
    shown = written[:_LONGEST]
    match = _FIGURE.fullmatch(written) if len(written) <= _LONGEST + _DIGITS else None
    if match is None:
        raise ValueError(f"{shown!r} {_objection(written)}: {_EXAMPLES}")
    if bool(match["open"]) != bool(match["close"]) or (match["open"] and match["sign"]):
        message = f"{shown!r} has a sign and parentheses, or half of them: {_EXAMPLES}"
        raise ValueError(message)
    whole, places = match["whole"].replace(",", ""), match["places"] or ""
    if len(whole) > _DIGITS or len(places) > _PLACES:
        message = f"a figure has up to {_DIGITS} digits, and {_PLACES} behind the point"
        raise ValueError(message)
    value = Decimal(f"{whole}.{places}" if places else whole)
    is_negative = match["open"] or match["sign"] in {"-", "\u2212"}
    return value.copy_negate() if is_negative and value else value


def write_value(value: Decimal | None) -> str:
    """Return a figure as statements print it: negative in parentheses, `?` if it is not known."""
    if value is None:
        return "?"
    return f"({abs(value):,f})" if value < 0 else f"{value:,f}"


def _objection(text: str) -> str:
    """Return what is wrong with a text that is no figure."""
    if not text:
        return "is empty"
    if re.fullmatch(r"[-+(\u2212]*[0-9][0-9.,' \u00a0\u2009\u202f]*\)?", text):
        return "is not clear, with these signs between its digits"
    return "is no figure"
