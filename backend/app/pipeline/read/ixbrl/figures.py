"""Printed figures: which runs of a line are figures, their sign, and their number without a tag."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from app.pipeline.read.ixbrl.layout import Run, clean
from app.pipeline.read.transformations import MAX_DIGITS

_CURRENCY: Final = re.compile(
    r"(?:US|C|CA|A|AU|HK|S|NZ|R|NT)?\$|[€£¥₹₩₽₺₪₫฿₦₱]|"
    r"\b(?:AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HKD|HUF|INR|ISK|JPY|KRW|MXN|NOK|NZD|PLN|RMB|RON|"
    r"SEK|SGD|TRY|TWD|USD|ZAR|Rs\.?|kr\.?|Fr\.?)(?![A-Za-z])"
)
_DASH: Final = r"\-\u2010-\u2015\u2212"
_NIL: Final = re.compile(rf"(?:[{_DASH}]\s*)+|nil|none", re.IGNORECASE)
_GROUP: Final = r"[\s.,'\u2019\u00a0]"
_FIGURE: Final = re.compile(
    rf"[(\[]?\s*[{_DASH}+]?\s*[(\[]?\s*(\d(?:{_GROUP}?\d)*|[.,]\d+)\s*[)\]]?\s*[{_DASH}]?(\s*%)?\s*[)\]]?"
    r"(?:\s*[*\u2020]|\s+\((?:\d|[a-z])\))?"
)
_NUMBER_OF_NOTE: Final = r"\d{1,2}(?:\.\d{1,2})? ?[a-zA-Z]?"
_NOTE: Final = re.compile(rf"\(?{_NUMBER_OF_NOTE}\)?(?:\s*[,;/&+-]\s*{_NUMBER_OF_NOTE})*")
_NOTE_IN_WORDS: Final = re.compile(rf"notes?\.? ({_NOTE.pattern})", re.IGNORECASE)
_LETTERS: Final = re.compile(r"[^\W\d_]{2,}")
_OPENING: Final = re.compile(rf"(?:[(\[]\s*|[{_DASH}]\s*)$")


_THOUSANDS: Final = re.compile(
    r"\(?\s*(?:['\u2019]?000|1[\s.,'\u2019]000(?:[\s.,'\u2019]000)?)['\u2019]?s?\)?"
)


def is_unit(text: str, *, alone: bool) -> bool:
    """Return whether a text is the unit of figures, such as "£000" or "(NOK 1 000)".

    Args:
        text: Without tags.
        alone: Whether nothing else stands in its line; else "$1,000" is a figure.
    """
    plain = bare(text)
    match = plain != text.strip() and _THOUSANDS.fullmatch(" ".join(plain.split()))
    return bool(match) and (alone or "1" not in plain)


def bare(text: str) -> str:
    """Return a text without currencies."""
    return _CURRENCY.sub("", text).strip()


def is_label(run: Run) -> bool:
    """Return whether a run has words besides its tags: facts within a label are no figures."""
    text = run.text
    for tag in run.tags:
        text = text.replace(clean(tag.text), " ", 1)
    return bool(_LETTERS.search(_NIL.sub("", bare(text)) if run.tags else bare(text)))


def is_figure(run: Run) -> bool:
    """Return whether a run is a figure: tagged and no label, or digits or a dash and no words."""
    if is_label(run):
        return bool(not run.tags and _NIL.fullmatch(bare(run.text)))
    if run.tags:
        return True
    text = bare(run.text)
    if not text or is_unit(run.text, alone=False):
        return False
    return bool(_FIGURE.fullmatch(text) or _NIL.fullmatch(text))


def is_note(text: str) -> bool:
    """Return whether a text can be the number of a note."""
    return bool(_NOTE.fullmatch(text))


def note_in_words(text: str) -> str | None:
    """Return the numbers of "Note 5" or "Notes 5, 6"."""
    match = _NOTE_IN_WORDS.fullmatch(text)
    return match[1] if match else None


def is_percentage(run: Run) -> bool:
    """Return whether a run is a percentage."""
    return run.text.rstrip(" )").endswith("%")


def is_nil(text: str) -> bool:
    """Return whether a text is a dash, or a word, for nothing."""
    return bool(_NIL.fullmatch(bare(text)))


def is_negative(runs: Sequence[Run], index: int) -> bool:
    """Return whether a figure of a line is printed as negative.

    A parenthesis may stand in the neighbouring cell, and a minus sign on either side.
    """
    run = runs[index]
    text = bare(run.text)
    if _NIL.fullmatch(text):
        return False
    before = bare(runs[index - 1].text) if index else ""
    after = bare(runs[index + 1].text) if index + 1 < len(runs) else ""
    opened, closed = _signs_around(run, text)
    return opened or closed or before in {"(", "["} or bool(re.match(r"[)\]](?!\s*\d)", after))


def _signs_around(run: Run, text: str) -> tuple[bool, bool]:
    """Return whether a sign or a parenthesis stands before a number, and behind it.

    The mark of a footnote, as in "1,234 (1)" or "1,234 1)", is no sign: outside of a tag, a
    parenthesis counts only beside it.
    """
    inner = next((clean(tag.text) for tag in run.tags if tag.number is not None), "")
    before, found, after = text.partition(inner) if inner else ("", "", "")
    if found and re.fullmatch(r"[\d.,\s'\u2019]+", inner):
        before = re.sub(r"[(\[][^()\[\]]*[)\]]", "", before)
        opened = bool(re.search(rf"[(\[{_DASH}]", before))
        return opened, bool(re.match(r"\s*[)\]]", after) or re.fullmatch(rf"\s*[{_DASH}]", after))
    head = re.match(r"[^\d.,]*", text)
    opened = bool(head and re.search(rf"[(\[{_DASH}]", head[0]))
    closed = text.count(")") > text.count("(") or text.count("]") > text.count("[")
    return opened, closed or bool(re.search(rf"\d\s*[{_DASH}]$", text))


def printed_number(text: str, point: str) -> Decimal | None:
    """Return the number of an untagged figure without its sign, None where it is not clear.

    Args:
        text: Such as `(1,234)`.
        point: The decimal separator of the statement, "." or ",".
    """
    text = bare(text)
    if _NIL.fullmatch(text):
        return Decimal(0)
    match = _FIGURE.fullmatch(text)
    if not match:
        return None
    between = rf"[\s'\u2019{',' if point == '.' else '.'}]"
    number = re.fullmatch(
        rf"(\d{{1,3}}(?:{between}\d{{3}})+|\d+)?(?:[{point}](\d+))?",
        match[1].replace("\u00a0", " "),
    )
    if not number or not (number[1] or number[2]) or len(match[1]) > MAX_DIGITS:
        return None
    whole = re.sub(r"\D", "", number[1] or "0")
    return Decimal(f"{whole}.{number[2]}" if number[2] else whole)
