"""Numbers of Inline XBRL formats: what the characters in the tag mean, or that it is not known.

Sources: the transformation rules registries 1 to 5 of XBRL International (2010-04-20 to
2022-02-16) and the SEC's registry (2015-08-31).
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

MAX_DIGITS: Final = 30
MAX_SCALE: Final = 18

_REGISTRIES: Final = re.compile(
    r"http://www\.xbrl\.org/(?:\d{4}/)?inlineXBRL/transformation"
    r"|http://www\.sec\.gov/inlineXBRL/transformation",
    re.IGNORECASE,
)
_SPACES: Final = " \t\r\n\u00a0\u2007\u2009\u202f"
_APOSTROPHES: Final = "'`\u00b4\u2018\u2019\u2032\uff07"
# Format without hyphens: what may stand between digits, and the decimal separator.
_SEPARATED: Final[dict[str, tuple[str, str]]] = {
    "numcomma": ("", ","),
    "numcommadot": (",", "."),
    "numdotcomma": (".", ","),
    "numspacecomma": (_SPACES, ","),
    "numspacedot": (_SPACES, "."),
    "numcommadecimal": ("." + _SPACES, ","),
    "numcommadecimalapos": ("." + _SPACES + _APOSTROPHES, ","),
    "numdotdecimal": ("," + _SPACES, "."),
    "numdotdecimalapos": ("," + _SPACES + _APOSTROPHES, "."),
    "numdotdecimalin": ("," + _SPACES, "."),  # Indian grouping: 1,23,456.00
}
_UNITS: Final = re.compile(rf"([0-9.,{_SPACES}{_APOSTROPHES}]*[0-9])[^0-9]+([0-9]{{1,2}})[^0-9]*")
_DASHES: Final = frozenset(
    "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u058a\u05be\ufe58\ufe63\uff0d"
)
_FULL_WIDTH: Final = {ord(each) + 0xFEE0: each for each in "0123456789,."}
_PLAIN: Final = re.compile(r"\d+(?:\.\d*)?|\.\d+")
_NUMBER_WORDS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL: Final = {word: number for number, word in enumerate(_NUMBER_WORDS.split())} | {
    word: 10 * number for number, word in enumerate(_TENS.split(), start=2)
}
_POWERS: Final = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}


def transform(text: str, name: str | None, namespace: str = "") -> Decimal | None:
    """Return the number of a tag's characters, without scale and sign.

    Args:
        text: The characters within `ix:nonFraction`.
        name: Local name of its format, such as `num-dot-decimal`; None where it has none.
        namespace: Of the format, a transformation registry.

    Returns:
        None where the format is unknown or the characters do not fit it.
    """
    text = text.strip(_SPACES).translate(_FULL_WIDTH)
    if name is None:
        return _number(text)
    rule = name.replace("-", "").lower()
    if not _REGISTRIES.match(namespace):
        return None
    if rule in _SEPARATED:
        return _separated(text, *_SEPARATED[rule])
    special = _SPECIAL.get(rule)
    return special(text) if special else None


def apply_scale(number: Decimal, scale: str | None, sign: str | None) -> Decimal | None:
    """Return the value of a fact: a number with the attributes `scale` and `sign` of its tag.

    Returns:
        None where an attribute is no valid one, or the value is beyond any report.
    """
    power = parse_scale(scale)
    if power is None or (sign or "-").strip() != "-":
        return None
    value = number.scaleb(power)
    return -value if sign and value else value


def parse_scale(scale: str | None) -> int | None:
    """Return a power of ten as tagged, 0 where it is absent, None where it is invalid."""
    if scale is None or not scale.strip():
        return 0
    match = re.fullmatch(r"[+-]?\d{1,2}", scale.strip())
    power = int(match[0]) if match else None
    return power if power is not None and abs(power) <= MAX_SCALE else None


def _separated(text: str, between: str, point: str) -> Decimal | None:
    whole, _, fraction = text.partition(point)
    digits = "".join(each for each in whole if each not in between)
    # "1,234" with a decimal comma would be 1.234: a group of digits must be whole digits.
    if whole[:1] in set(between) or not (digits + fraction).isascii():
        return None
    fraction = "".join(each for each in fraction if each not in _SPACES)
    return _number(f"{digits or '0'}.{fraction}" if fraction else digits)


def _with_unit(text: str) -> Decimal | None:
    """Return an amount whose unit stands between its parts, such as "12 Euro 5 Cent"."""
    match = _UNITS.fullmatch(text)
    if not match:
        return None
    whole = re.sub(r"\D", "", match[1])
    return _number(f"{whole}.{match[2].zfill(2)}")


def _dash(text: str) -> Decimal | None:
    return Decimal(0) if text in _DASHES else None


def _number(text: str) -> Decimal | None:
    """Return a plain number with a decimal point, within the digits that any report has."""
    if not _PLAIN.fullmatch(text) or not text.isascii() or len(text) > MAX_DIGITS:
        return None
    return Decimal(text)


def _words(text: str) -> Decimal | None:
    """Return a number that is written in English words, such as "twenty-five"."""
    words = re.sub(r"[\s\u00a0,-]+", " ", text.lower()).split()
    if words in (["no"], ["none"], ["nil"], ["zero"]):
        return Decimal(0)
    total, current, seen = 0, 0, False
    for word in words:
        if word in {"and", "a"} and len(words) > 1:
            current = 1 if word == "a" and not current else current
        elif word in _SMALL:
            current, seen = current + _SMALL[word], True
        elif word == "hundred":
            current, seen = max(current, 1) * 100, True
        elif word in _POWERS:
            total, current, seen = total + max(current, 1) * 10 ** _POWERS[word], 0, True
        elif re.fullmatch(r"\d{1,9}", word):
            return Decimal(word) if len(words) == 1 else None
        else:
            return None
    return Decimal(total + current) if seen else None


_SPECIAL: Final[dict[str, Callable[[str], Decimal | None]]] = {
    "fixedzero": lambda _: Decimal(0),
    "zerodash": _dash,
    "numdash": _dash,
    "numunitdecimal": _with_unit,
    "numunitdecimalapos": _with_unit,
    "numunitdecimalin": _with_unit,
    "numwordsen": _words,
}
