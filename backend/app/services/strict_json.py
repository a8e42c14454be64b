"""Read JSON that may be hostile: one value, each name once, and no text that hides or damages."""

import json
import re
from typing import Any, Final

_LONGEST_NUMBER: Final = 100  # characters
_DEEPEST: Final = 30
_UNWANTED: Final = re.compile(
    "[\0-\x1f\x7f-\x9f"  # control characters
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they turn the direction of text around them
    "\u2028\u2029"  # separators of lines and paragraphs
    "\ud800-\udfff]"  # half a character
)


class BadJsonError(ValueError):
    """The text is no JSON that is taken; the message says why, in one line."""


def read_strict(data: bytes) -> Any:
    """Return the value of a text of JSON in UTF-8.

    Raises:
        BadJsonError: It is no JSON, or nested too deeply; a name is given twice; a number is not
            finite or very long; or a text has control characters, or such as turn its direction.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadJsonError("it is no UTF-8") from None
    try:
        value = json.loads(
            text,
            object_pairs_hook=with_names_once,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_fraction,
        )
    except RecursionError:
        raise BadJsonError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise BadJsonError(f"it is no JSON: {error.msg}, at {error.pos}") from None
    _check(value)
    return value


def with_names_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON: of a name that is given twice, programs take another value.

    Raises:
        BadJsonError: It has such a name.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJsonError("an object has one name twice")
    return found


def _constant(name: str) -> None:
    raise BadJsonError(f"{name} is no number of JSON")


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise BadJsonError(f"a number has more than {_LONGEST_NUMBER} digits")
    return int(text)


def _fraction(text: str) -> float:
    value = float(text) if len(text) <= _LONGEST_NUMBER else float("inf")
    if value in {float("inf"), float("-inf")}:
        raise BadJsonError("a number is too large or too long")
    return value


def _check(value: Any) -> None:
    """Refuse what is nested too deeply, and text with unwanted characters."""
    level = [value]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for each in level:
            if isinstance(each, str):
                if _UNWANTED.search(each):
                    raise BadJsonError("a text has a character that is not printable")
            elif isinstance(each, dict):
                below += each
                below += each.values()
            elif isinstance(each, list):
                below += each
        if not below:
            return
        level = below
    raise BadJsonError("it is nested too deeply")
