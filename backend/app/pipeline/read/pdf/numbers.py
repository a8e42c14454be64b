"""Printed numbers as exact decimals; one that does not fit its table's style is not read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Separator = str
"""One of `,`, `.`, a space and an apostrophe."""

DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"
MARKS = "*\u2020\u2021\u00a7#"  # of footnotes, behind a number
_TRIANGLES = "\u25b2\u25b3"  # Japan's minus

CURRENCY = (
    r"(?:(?:US|A|AU|C|CA|HK|NZ|S|R|NT|MX)?\$|\u20ac|\u00a3|\u00a5|\u20b9|\u20a9|\u20aa|\u20ba|\u20bd|Rs\.?|Ps\.?|Bs\.|S/\.?|RM|\u20a6|\u20b1|\u0e3f|\u20ab|z\u0142|K\u010d|Ft"
    r"|(?:USD|EUR|GBP|CHF|JPY|CAD|AUD|NZD|SEK|NOK|DKK|INR|CNY|RMB|HKD|SGD|ZAR|BRL|MXN|PLN|CZK|HUF"
    r"|ILS|KRW|TWD|THB|TRY|SAR|AED|QAR|KWD|MYR|IDR|PHP|CLP|COP|ARS|PEN|EGP|NGN|KES|RON|ISK|VND|Rp|KSh|GH\u20b5|SFr|Fr|DM|kr|TEUR|TCHF|KEUR|TUSD|KCHF)(?![A-Za-z])\.?)"
)
_UNIT = r"%|bps?|pp|pence|cents?|p|c|\u00a2|x"
_NUMBER = re.compile(
    rf"""(?P<minus>[{DASHES}{_TRIANGLES}+])?\s*(?:{CURRENCY}\s*)?
    (?P<open>\()?\s*(?P<inner>[{DASHES}{_TRIANGLES}])?\s*(?:{CURRENCY}\s*)?
    (?P<body>[.,]?[0-9](?:[0-9.,' ]*[0-9])?)
    \s*(?P<unit>{_UNIT})?\s*(?P<close>\))?\s*(?P<late>{_UNIT})?
    \s*(?P<tail>[{DASHES}]|CR|DR|Cr|Dr|cr|dr)?[{MARKS}]*""",
    re.VERBOSE,
)
_NIL = re.compile(
    rf"\(?\s*(?:{CURRENCY}\s*)?[{DASHES}](?:\s?[{DASHES}])*\s*\)?\s*%?|[{DASHES}]0[{DASHES}]"
)
_NIL_WORDS = {"nil", "nihil", "n\u00e9ant", "zero"}
_ABSENT = {"n/a", "n.a.", "n/a.", "na", "n.m.", "nm", "n/m", "n.a", "k.a.", "n.v.t.", "n.s."}
# A fraction of a per-share figure may have four places, a ratio or an exchange rate six.
_PLACES = 6
_CERTAIN = 6  # figures such as 1,234 that settle, without other evidence, that "," groups
_OUTNUMBERS = 4  # times as many, for one use of a separator against the other


@dataclass(frozen=True, slots=True)
class Style:
    """How one table writes its numbers.

    Attributes:
        group: What separates thousands; None where the table has none, or it is not known.
        decimal: What separates the fraction; None where it is not known.
        indian: Whether lakhs and crores are separated: 12,34,567.
        grouped: Digits of the shortest number that is grouped; one of as many digits without
            a separator is damaged.
        unknown: Separators whose use the table leaves open.
    """

    group: Separator | None = None
    decimal: Separator | None = None
    indian: bool = False
    grouped: int | None = None
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Number:
    """A printed number: its value, None where the digits cannot be trusted, and its own unit."""

    v: Decimal | None
    unit: str | None = None


def normalised(text: str) -> str:
    """Return printed text with one kind of apostrophe and of space."""
    text = re.sub("[\u2018\u2019\u02bc\u00b4`\u2032]", "'", text)
    return re.sub(r"\s+", " ", text).strip()


def is_nil(text: str) -> bool:
    """Whether the text says that there is nothing: a dash, or the word."""
    return _NIL.fullmatch(text) is not None or text.lower() in _NIL_WORDS


def is_absent(text: str) -> bool:
    """Whether the text says that no figure applies, such as n/a."""
    return text.lower().strip("()") in _ABSENT


def is_number(text: str) -> bool:
    """Whether the text has the parts of a number in their order, readable or not."""
    return _NUMBER.fullmatch(normalised(text)) is not None


def body(text: str) -> str | None:
    """Return digits and separators of a printed number; None if it is no number."""
    match = _NUMBER.fullmatch(normalised(text))
    return match["body"] if match else None


def read_number(text: str, style: Style) -> Number | None:
    """Return the number that is printed, or None if the text is no number.

    Args:
        text: One number as printed, such as `(1,234)`, `$ -0.26` or `12.5%`.
        style: That of its table.
    """
    text = normalised(text)
    if is_nil(text):
        return Number(Decimal(0))
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    unit = match["unit"] or match["late"]
    value = _value(match["body"], style)
    tail = match["tail"]
    if value is None or (match["open"] is None) != (match["close"] is None):
        return Number(None, unit)
    signs = [
        match["minus"] not in {None, "+"},
        match["inner"] is not None,
        match["open"] is not None and match["inner"] is None,
        tail is not None,
    ]
    if tail is not None and tail.lower() in {"cr", "dr"}:
        return Number(None, unit)  # whether a credit is negative is not said by the number
    if sum(signs) > 1:
        return Number(None, unit)
    return Number(-value if any(signs) else value, unit)


def _value(digits: str, style: Style) -> Decimal | None:
    """Return the value of digits and separators, None if they do not fit the style."""
    if any(separator in digits for separator in style.unknown):
        return None
    whole, point, fraction = digits, "", ""
    if style.decimal and style.decimal in digits:
        whole, point, fraction = digits.rpartition(style.decimal)
    if point and not re.fullmatch(rf"[0-9]{{1,{_PLACES}}}", fraction):
        return None
    plain = _ungrouped(whole, style) if whole else "0"
    if plain is None or (len(plain) > 1 and plain.startswith("0")):
        return None
    return Decimal(f"{plain}.{fraction}" if point else plain)


def _ungrouped(whole: str, style: Style) -> str | None:
    """Return the digits of a whole number; None if its groups are not of the style."""
    if whole.isdigit():
        too_long = style.grouped is not None and len(whole) >= style.grouped
        return None if too_long else whole
    if style.group is None:
        return None
    mark = re.escape(style.group)
    groups = rf"[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+"
    if style.indian:
        groups = rf"[0-9]{{1,2}}(?:{mark}[0-9]{{2}})*{mark}[0-9]{{3}}"
    return whole.replace(style.group, "") if re.fullmatch(groups, whole) else None


@dataclass(slots=True)
class _Uses:
    """How often a separator is seen in each use."""

    groups: int = 0
    decimals: int = 0
    either: int = 0


def decide_style(
    numbers: Iterable[str], ratios: Iterable[str] = (), hint: Separator | None = None
) -> Style:
    """Return the style that the numbers of a table have in common.

    A single `1.234` may be a thousand or a fraction: what the other numbers say decides, then
    the hint, else the separator stays unknown.

    Args:
        numbers: As printed; text that is no number is passed over.
        ratios: Those whose places say nothing of the others': earnings per share of 1.234.
        hint: The decimal separator of the same report's other tables.
    """
    bodies = [found for found in map(body, numbers) if found]
    apart = [found for found in map(body, ratios) if found]
    uses = _uses(bodies + apart)
    in_money = _uses(bodies)
    damaged = _contradicted(uses)
    group = _most(uses, "groups")
    decimal = _most({mark: uses[mark] for mark in (",", ".")}, "decimals")
    unknown: set[str] = set(damaged)
    if group == decimal and group is not None:
        group, decimal, unknown = _settled(group, uses[group])
    for mark, other in ((",", "."), (".", ",")):
        if mark in {group, decimal, *unknown} or not uses[mark].either:
            continue
        known = _Known(group, decimal, hint if not in_money[other].either else None)
        role = _role(mark, other, known)
        if role is None and group is None and not in_money[other].either:
            role = "group" if _settles_itself(in_money[mark].either, bodies) else None
        if role == "group":
            group = mark
        elif role == "decimal":
            decimal = mark
        else:
            unknown.add(mark)
    return _style(bodies + apart, group, decimal, frozenset(unknown))


def _uses(bodies: Iterable[str]) -> dict[Separator, _Uses]:
    """Return how the numbers use each separator."""
    uses = {separator: _Uses() for separator in (",", ".", " ", "'")}
    for digits in bodies:
        _count(digits, uses)
    single = max(uses[","].either, uses["."].either)
    for mark in (" ", "'"):
        if single >= _OUTNUMBERS * uses[mark].groups:
            uses[mark].groups = 0  # a number that was torn apart, in a table with other groups
    return uses


def _contradicted(uses: dict[Separator, _Uses]) -> set[Separator]:
    """Settle separators of numbers such as 1,234 beside some such as 1,23; return what stays open.

    One of the two kinds is damaged, unless the other separator is known to group.
    """
    opened: set[Separator] = set()
    for mark, other in ((",", "."), (".", ",")):
        single, use = uses[mark].either, uses[mark]
        grouped = uses[other].groups or (uses[other].either and not uses[other].decimals)
        if not (single and use.decimals) or use.groups or grouped:
            continue
        if single >= _OUTNUMBERS * use.decimals:
            use.groups, use.decimals = single, 0
        elif use.decimals < _OUTNUMBERS * single:
            use.decimals = 0
            opened.add(mark)
    return opened


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known when a separator's use is decided."""

    group: Separator | None
    decimal: Separator | None
    hint: Separator | None


def _settled(mark: Separator, uses: _Uses) -> tuple[Separator | None, Separator | None, set[str]]:
    """Return the use of a separator that is seen in both, if one is much the more frequent."""
    other: Separator = "," if mark == "." else "."
    if uses.groups >= _OUTNUMBERS * uses.decimals:
        return mark, other, set()
    if uses.decimals >= _OUTNUMBERS * uses.groups:
        return None, mark, set()
    return None, None, {mark}


def _role(mark: Separator, other: Separator, known: _Known) -> Literal["group", "decimal"] | None:
    """Return the use of a separator that only stands in numbers such as 1,234."""
    if known.decimal == other:
        return "group" if known.group is None else None
    if known.group == other:
        return "decimal"
    if known.group is not None:  # a space groups: then 1,234 is a fraction, or damaged
        return None
    if known.hint is not None:
        return "decimal" if known.hint == mark else "group"
    return None


def _settles_itself(count: int, bodies: list[str]) -> bool:
    """Whether numbers such as 1,234 are so many that "," groups, or stand beside whole numbers.

    A table prints its fractions to one number of places: 1.234 beside 5 is no fraction.
    """
    whole = sum(digits.isdigit() and digits != "0" for digits in bodies)
    return count >= _CERTAIN or (min(count, whole) > 0 and count + whole >= _CERTAIN // 2)


def _most(uses: dict[Separator, _Uses], kind: Literal["groups", "decimals"]) -> Separator | None:
    mark = max(uses, key=lambda separator: getattr(uses[separator], kind))
    return mark if getattr(uses[mark], kind) else None


def _count(digits: str, uses: dict[Separator, _Uses]) -> None:
    """Count how a number uses its separators."""
    for mark, other in ((",", "."), (".", ",")):
        if re.fullmatch(rf"[1-9][0-9]{{0,2}}\{mark}[0-9]{{3}}", digits):
            uses[mark].either += 1
            return
        if re.fullmatch(rf"[0-9]*\{mark}[0-9]+", digits):
            uses[mark].decimals += 1
            return
        lakhs = rf"[0-9]{{1,2}}(?:\{mark}[0-9]{{2}})+\{mark}[0-9]{{3}}"
        thousands = rf"[0-9]{{1,3}}(?:\{mark}[0-9]{{3}})+"
        if found := re.fullmatch(rf"(?:{thousands}|{lakhs})(\{other}[0-9]+)?", digits):
            uses[mark].groups += 1
            uses[other].decimals += found[1] is not None
            return
    for mark in (" ", "'"):
        if found := re.fullmatch(rf"[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+(?:([.,])[0-9]+)?", digits):
            uses[mark].groups += 1
            if found[1]:
                uses[found[1]].decimals += 1


def _style(
    bodies: list[str], group: Separator | None, decimal: Separator | None, unknown: frozenset[str]
) -> Style:
    """Complete a style with what follows from its separators."""
    if decimal is None:
        decimal = {",": ".", ".": ","}.get(group or "")
    if group is None:
        return Style(None, decimal, unknown=unknown)
    mark = re.escape(group)
    whole = [
        digits.rpartition(decimal)[0] if decimal and decimal in digits else digits
        for digits in bodies
    ]
    grouped = [
        digits for digits in whole if re.fullmatch(rf"[0-9]{{1,3}}(?:{mark}[0-9]{{2,3}})+", digits)
    ]
    lakhs = sum(
        re.fullmatch(rf"[0-9]{{1,2}}(?:{mark}[0-9]{{2}})+{mark}[0-9]{{3}}", digits) is not None
        for digits in grouped
    )
    millions = sum(
        re.fullmatch(rf"[0-9]{{1,3}}(?:{mark}[0-9]{{3}}){{2,}}", digits) is not None
        for digits in grouped
    )
    lengths = [len(digits.replace(group, "")) for digits in grouped]
    return Style(group, decimal, lakhs > millions, min(lengths, default=None), unknown)
