"""JSON that may be hostile: exact numbers, and one clear line for what cannot be read."""

import json
from decimal import Decimal
from typing import Any, Final

from app.pipeline.errors import ReadError
from app.pipeline.read.xbrl.values import MAX_INTEGER_DIGITS, parse_figure

MAX_BYTES: Final = 256 * 1024 * 1024
_LIMIT: Final = 10**MAX_INTEGER_DIGITS


def parse_json(data: bytes) -> Any:
    """Return a JSON document; numbers with a fraction or exponent, and NaN, stay texts.

    Raises:
        ReadError: It is too large, damaged, or nested too deeply.
    """
    if len(data) > MAX_BYTES:
        raise ReadError(
            "too_large",
            f"The JSON has {len(data) >> 20} MB, more than {MAX_BYTES >> 20}: give a smaller file",
        )
    try:
        return json.loads(data, parse_float=str, parse_constant=str)
    except RecursionError:
        raise ReadError(
            "too_deep", "The JSON is nested too deeply: get the file again from its source"
        ) from None
    except ValueError as error:  # also of bytes that are no text, and of endless integers
        place = " ".join(str(error).split())[:120]
        raise ReadError(
            "not_json", f"The JSON is damaged ({place}): get the file again from its source"
        ) from None


def figure_of(value: object) -> Decimal | None:
    """Return the exact figure of a JSON value, or None if it is none."""
    if type(value) is int:  # and no bool
        return Decimal(value) if -_LIMIT < value < _LIMIT else None
    return parse_figure(value) if isinstance(value, str) else None
