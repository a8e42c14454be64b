"""Which of several media types a client prefers (RFC 9110, 12.5.1)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_RANGE: Final = re.compile(rf"({_NAME})/({_NAME})")
_WEIGHT: Final = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
_ANY: Final = "*"


def preferred(accept: Iterable[str], offered: Sequence[str]) -> str | None:
    """Return the media type that a client likes best; None if it takes none of them.

    Args:
        accept: The values of its `Accept` headers; without one, or with none that can be
            understood, it takes anything.
        offered: In the order in which equally good ones are preferred.
    """
    ranges = [found for each in accept for part in each.split(",") if (found := _range(part))]
    if not ranges:
        return offered[0]
    best = max(offered, key=lambda each: _weight_of(each, ranges))  # the first of equal ones
    return best if _weight_of(best, ranges) > 0 else None


def _range(text: str) -> tuple[str, str, float] | None:
    """Return type, subtype and weight of a media range; None if it is malformed."""
    name, *parameters = (each.strip() for each in text.split(";"))
    match = _RANGE.fullmatch(name)
    if match is None:
        return None
    weight = "1"
    for each in parameters:
        key, _, value = each.partition("=")
        if key.strip().lower() == "q":
            weight = value.strip()
    if not _WEIGHT.fullmatch(weight):
        return None
    return match[1].lower(), match[2].lower(), float(weight)


def _weight_of(media_type: str, ranges: Iterable[tuple[str, str, float]]) -> float:
    """Return the weight of the most specific range that a media type is in; 0 if there is none."""
    kind, _, subtype = media_type.partition("/")
    fitting = [
        ((main != _ANY) + (sub != _ANY), weight)
        for main, sub, weight in ranges
        if main in {kind, _ANY} and sub in {subtype, _ANY}
    ]
    return max(fitting, default=(0, 0.0))[1]
