"""Exact figures of XBRL facts, the best of duplicate facts, and concept names spelled out."""

import re
from collections.abc import Sequence
from decimal import Context, Decimal, InvalidOperation

from app.pipeline.read.facts import Fact

_NUMBER = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,60})?|\.\d{1,60})(?:[eE][+-]?\d{1,2})?", re.ASCII)
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_SUFFIX = re.compile(r"(?:Abstract|LineItems|Member|Axis|Domain|Table)$")
_STRUCTURE = re.compile(r"\s*\[[A-Za-z -]{1,24}\]\s*$")
_EXACT = Context(prec=200)  # no figure of the form is rounded: it has up to 60 digits
_ONE = Decimal(1)
_LARGEST_POWER = 9
MAX_INTEGER_DIGITS = 40
MAX_FRACTION_DIGITS = 20


def parse_figure(text: str) -> Decimal | None:
    """Return the exact value of a number as XML Schema or JSON writes it.

    Returns:
        None for what is no number, infinite, or longer than the form's figures.
    """
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return fitting(Decimal(text))
    except InvalidOperation:
        return None


def fitting(value: Decimal) -> Decimal | None:
    """Return a value without superfluous zeros, or None if the form cannot hold it."""
    if value.is_zero():
        return Decimal(0)
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or len(digits) + exponent > MAX_INTEGER_DIGITS:
        return None
    if exponent < -MAX_FRACTION_DIGITS:
        value = value.normalize(_EXACT)
        _, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int) or exponent < -MAX_FRACTION_DIGITS:
            return None
    return value.quantize(_ONE, context=_EXACT) if exponent > 0 else value


def scaled(value: Decimal, scale: int) -> Decimal | None:
    """Return `value / 10^scale` exactly, or None if it has more digits than the form holds."""
    if not scale or value.is_zero():
        return value
    smaller = value.scaleb(-scale, context=_EXACT)
    whole = smaller.to_integral_value(context=_EXACT)
    return whole if whole == smaller else fitting(smaller.normalize(_EXACT))


def negated(value: Decimal) -> Decimal:
    """Return the value with the other sign; zero has none."""
    return value if value.is_zero() else value.copy_negate()


def thousands(value: Decimal) -> int:
    """Return how often a figure can be divided by thousand, times 3: 0, 3, 6 or 9."""
    whole = int(value)
    if whole != value:
        return 0
    power = 0
    while power < _LARGEST_POWER and not whole % 1000:
        whole //= 1000
        power += 3
    return power


def best_of(facts: Sequence[Fact]) -> tuple[Fact, bool]:
    """Return the most precise of duplicate facts, and whether all agree with it.

    They agree if each differs from the best by less than the unit it is rounded or truncated to.
    """
    stated = [fact for fact in facts if fact.value is not None]
    if not stated:
        return facts[0], True
    best = max(stated, key=_accuracy)
    return best, all(_agrees(best, other) for other in stated)


def _accuracy(fact: Fact) -> int:
    return 99 if fact.decimals is None else fact.decimals


def _agrees(best: Fact, other: Fact) -> bool:
    if best.value is None or other.value is None or best.value == other.value:
        return True
    if other.decimals is None or best.decimals == other.decimals:
        return False
    difference = abs(_EXACT.subtract(best.value, other.value))
    return difference < Decimal(1).scaleb(-other.decimals, context=_EXACT)


def spelled_out(concept: str) -> str:
    """Return a concept's name as words: `us-gaap:AssetsCurrent` as "Assets current"."""
    name = _SUFFIX.sub("", concept.rpartition(":")[2])
    words = _WORDS.findall(name) or [name or concept]
    first, *rest = words
    spelled = [word if len(word) > 1 and word.isupper() else word.lower() for word in rest]
    return " ".join([first[:1].upper() + first[1:], *spelled])


def without_structure(label: str) -> str:
    """Return a label on one line, without the "[Abstract]" or "[Member]" of a taxonomy."""
    return _STRUCTURE.sub("", " ".join(label.split()))
