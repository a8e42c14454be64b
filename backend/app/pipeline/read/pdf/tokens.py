"""The tokens of a line: text, figures, and the currency signs and dots between them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from app.pipeline.read.pdf.lines import Line
from app.pipeline.read.pdf.numbers import (
    CURRENCY,
    DASHES,
    MARKS,
    is_absent,
    is_nil,
    is_number,
    normalised,
)
from app.pipeline.read.pdf.text import Word

TokenKind = Literal["text", "figure", "nil", "absent", "note", "currency", "leader"]
VALUES: frozenset[TokenKind] = frozenset({"figure", "nil", "absent"})

_DIGIT = re.compile("[0-9]")
_CURRENCY = re.compile(CURRENCY)
_SIGN = re.compile(rf"[{DASHES}](?:{CURRENCY})?")
_LEADER = re.compile(rf"[{MARKS}]+|[._\u2026\u00b7]{{2,}}|[.\u2026\u00b7]")
_NOTE = re.compile(
    r"\(?[A-Z]{0,2}-?[0-9]{1,2}(?:\.[0-9]{1,2})*\.?[a-z]?(?:\([a-z0-9]{1,3}\))*\)?[,;/&+]?"
    r"|\(?[a-z]\)[,;]?|[A-Z]\)?[,;]?|\([ivx]+\)"
)
# Two numbers without a gap, or a number and the mark of a footnote in the same print.
_GLUED = re.compile(rf"[{DASHES}(]?[0-9][0-9.,'()%{DASHES}]*(?:\([a-z]\))?")
_GLUE = re.compile(r"[0-9)]\(|\)[0-9]")
_MARK = re.compile(r"\(?[a-z]\)")
_CAPITAL = re.compile("[A-Z]{1,2}")
# A number with letters for digits, as text recognition leaves it: a figure that is not read.
_DAMAGED = re.compile(rf"[{DASHES}]?[(]?[0-9OoIl|SB]+(?:[.,'][0-9OoIl|SB]+)+[)]?%?")
_LETTER = re.compile(r"[a-k]\)[,;]?")
_CAPITALS = re.compile("[A-Z]{1,2}[0-9]{0,2}[,;]")
_TORN = re.compile(r"[(]?[-\u2212\u2013]?[.,']?[0-9][0-9.,' ]*[.,']?")
_TORN_REST = re.compile(r"[.,']?[0-9][0-9.,']*[)%]*")
_GROUP_REST = re.compile(r"[0-9]{3}(?:[.,][0-9]+)?[)%]*")
_GROUP_GAP = 0.6  # em, at most, of a space that separates thousands
_OPENED = re.compile(r"[(\[](?:notes?|anhang|anm\.?|ziffer|toelichting)", re.IGNORECASE)
_WORD_GAP = 0.6  # em, the widest space between words
_DATE = re.compile(r"(?:[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2}))+")
_LONGEST_NOTE = 6  # characters, such as 14(a)
_THOUSAND = re.compile(r"(?<![0-9.,'])(?:1[.,' ]?|')?000(?:[.,' ]000)?(?![0-9.,'])")
_UNIT_WORDS = re.compile(
    rf"{CURRENCY}|\b(?:in|en|x|of|notes?|noot|noten|toelichting|anhang|annexe)\b", re.IGNORECASE
)
_TAIL = re.compile(rf"[{DASHES}]\)?|[)%]+|CR|DR|Cr|Dr|(?:bps|pp|pence|cents?|p|c|\u00a2)\)?")

_MONTH_NAMES = (
    "january february march april may june july august september october november december "
    "januar februar m\u00e4rz mai juni juli oktober dezember "
    "janvier f\u00e9vrier mars avril juin juillet ao\u00fbt septembre octobre novembre "
    "d\u00e9cembre januari februari maart mei augustus "
    "jan feb mar apr jun jul aug sep sept oct nov dec okt dez mrt"
)
MONTHS = tuple(_MONTH_NAMES.split())
_MONTH = rf"(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})\b\.?"
_DATES = re.compile(
    rf"""\b[0-9]{{1,2}}[./-][0-9]{{1,2}}[./-](?:[0-9]{{4}}|[0-9]{{2}})\b
    |\b[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}\b
    |\b[0-9]{{1,2}}\.\s?[0-9]{{1,2}}\.(?=\s*(?:[-\u2013]|bis\b))
    |\b[0-9]{{1,2}}(?:st|nd|rd|th|er|\.)?\s*(?:de\s+)?{_MONTH}
    |{_MONTH}\s*[0-9]{{1,2}}(?:st|nd|rd|th)?\b,?
    |\b(?:FY|HY|CY|F)?\s?'?(?:19|20)[0-9]{{2}}(?:\s?[/\u2013-]\s?(?:20)?[0-9]{{2}})?[A-Z*]?\b
    |\b(?:FY|HY|H1|H2|Q[1-4])\s?'?(?:[0-9]{{2}})?\b
    |\b(?:50|51|52|53|26|27|12|9|6|3)[\s-]*(?:weeks?|months?|mois|monate|maanden|weken|days)\b
    |\b36[56]\s+days\b
    |'?000(?:'?s)?(?![0-9.,])
    |\b1[,.' ]000(?:[,.' ]000)?(?=\s*(?:{CURRENCY}|euros?|dollars?|francs?))
    |(?:\bin|\ben|\bin\s+units\s+of|x)\s+{CURRENCY}?\s*1[,.' ]?000(?:[,.' ]000)?\b
    |\b(?:notes?|item|part|annex|schedule|page|note\s+no\.?|anhang|annexe|toelichting|ifrs|ias)
     \s*[0-9]{{1,2}}(?![0-9])(?:\.[0-9]+)?[a-z]?
     (?:\s*(?:,|and|&|to|-)\s*[0-9]{{1,2}}(?![0-9])[a-z]?)*
    |[0-9]{{1,2}}-[kq]\b|20-f\b""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One or more words of a line that are one thing.

    Attributes:
        text: As printed, without the currency sign of a figure.
        edge: Right edge of the last digit of a figure; x1 of all else.
        loose: Whether it stands apart from the text beside it, as a figure in a column does.
    """

    kind: TokenKind
    text: str
    words: tuple[Word, ...]
    x0: float
    x1: float
    edge: float
    size: float
    loose: bool = True


def read_tokens(line: Line) -> list[Token]:
    """Return the tokens of a line, from left to right, without the marks of footnotes."""
    words = [word for word in line.words if not word.raised]
    tokens: list[Token] = []
    index = 0
    while index < len(words):
        kind, count = _next(words, index)
        start = index
        index += count
        if kind == "figure" and tokens and _continues_digits(tokens[-1], words[start]):
            start -= len(tokens.pop().words)
        tokens.append(_token(kind, words[start:index]))
    return _placed(tokens)


def _continues_digits(last: Token, word: Word) -> bool:
    """Whether a number begins just behind text that ends with digits: a part of it is hidden."""
    near = word.x0 - last.x1 < _GROUP_GAP * word.size
    mixed = last.kind == "text" and re.search("[A-Za-z].*[0-9]$", last.text) is not None
    return near and mixed and word.text[0] in "0123456789"


def _next(words: Sequence[Word], index: int) -> tuple[TokenKind, int]:
    """Return the kind of the token that begins at a word, and how many words it takes."""
    text = normalised(words[index].text)
    if _CURRENCY.fullmatch(text):
        return "currency", 1
    if _DATE.fullmatch(text):
        return "text", 1
    count = _figure(words, index)
    if count:
        return ("nil" if is_nil(_joined(words[index : index + count])) else "figure"), count
    listed = _notes(words, index)
    named = _NOTE.fullmatch(text) and _DIGIT.search(text)
    kinds: tuple[tuple[object, TokenKind, int], ...] = (
        (_LEADER.fullmatch(text), "leader", 1),
        (is_nil(text) or _SIGN.fullmatch(text), "nil", 1),
        (is_absent(text), "absent", 1),
        (_is_damaged(text), "figure", 1),
        (named or (_CAPITALS.fullmatch(text) and listed > 1), "note", listed),
    )
    return next(((kind, taken) for found, kind, taken in kinds if found), ("text", 1))


def _is_damaged(text: str) -> bool:
    """Whether a word holds a number that cannot be read: with letters, or two in one."""
    if _DAMAGED.fullmatch(text):
        return _DIGIT.search(text) is not None
    glued = _GLUED.fullmatch(text) and _GLUE.search(text)
    return bool(glued) and len(text) > _LONGEST_NOTE


def _figure(words: Sequence[Word], index: int) -> int:
    """Return how many words from one on are the parts of one figure; 0 if it is none."""
    start = index
    text = normalised(words[index].text)
    opened = _opens(text)
    if opened or _SIGN.fullmatch(text):
        reach = 1.6 if opened else 0.9
        if index + 1 >= len(words) or _gap(words, index) > reach:
            return 0
        index += 1
        following = normalised(words[index].text)
        if opened and len(following) == 1 and following in DASHES and index + 1 < len(words):
            index += 1
            following = normalised(words[index].text)
        if _CURRENCY.fullmatch(following) and index + 1 < len(words):
            index += 1  # a minus or a parenthesis before the sign of the currency
            following = normalised(words[index].text)
        if not re.match(rf"[{DASHES}]?\(?(?:{CURRENCY})?[.,]?[0-9]", following):
            closed = opened and re.fullmatch(rf"[{DASHES}]?\)", following)
            return index - start + 1 if closed else 0
    elif not (is_number(text) or _starts_torn(words, index)):
        return 0
    if _notes_follow(words, index):
        return 0
    index += 1
    while index < len(words) and _goes_on(words, start, index):
        index += 1
    return index - start


def _opens(text: str) -> bool:
    sign = rf"[{DASHES}]?(?:{CURRENCY})?[{DASHES}]?"
    return re.fullmatch(rf"{sign}\((?:{CURRENCY})?", text) is not None


def _starts_torn(words: Sequence[Word], index: int) -> bool:
    """Whether a word is the first part of a number: its parenthesis closes later, say."""
    text = normalised(words[index].text)
    return bool(
        re.fullmatch(
            rf"[{DASHES}]?(?:{CURRENCY})?[(][{DASHES}]?(?:{CURRENCY})?[.,]?[0-9][0-9.,']*", text
        )
        or (
            _TORN.fullmatch(text)
            and index + 1 < len(words)
            and _gap(words, index) < 0.45  # noqa: PLR2004  # em
            and _TORN_REST.fullmatch(normalised(words[index + 1].text))
            and not text.endswith(",")
        )
    )


def _notes_follow(words: Sequence[Word], index: int) -> bool:
    """Whether a small number begins a list of notes, such as 7 and 8."""
    if not re.fullmatch("[0-9]{1,2}", words[index].text) or index + 1 >= len(words):
        return False
    if _LETTER.fullmatch(words[index + 1].text) and _gap(words, index) < 1:
        return True
    if index + 2 >= len(words):
        return False
    joined = words[index + 1].text in {"&", "and", "und", "et", "en", "/"}
    return joined and _NOTE.fullmatch(words[index + 2].text) is not None


def _goes_on(words: Sequence[Word], start: int, index: int) -> bool:
    """Whether a word is a further part of the figure that ends before it."""
    text = normalised(words[index].text)
    before = _joined(words[start:index])
    gap = _gap(words, index - 1)
    if _TAIL.fullmatch(text):
        tail_sign = text[0] in DASHES or text.isalpha()
        if tail_sign and ")" in before:
            return False
        return gap < (0.4 if tail_sign and len(text) < 3 else 1.4)  # noqa: PLR2004  # em
    if ")" in before or _DATE.fullmatch(text) or not _TORN_REST.fullmatch(text):
        return False
    if _GROUP_REST.fullmatch(text) and re.search(
        r"(?:^|[^0-9.,'])[0-9]{1,3}(?: [0-9]{3})*$", before
    ):
        return gap < _GROUP_GAP
    return gap < 0.3  # noqa: PLR2004  # em; a number torn apart, or two that touch


def _gap(words: Sequence[Word], index: int) -> float:
    """Return the gap behind a word in ems."""
    return (words[index + 1].x0 - words[index].x1) / max(words[index].size, 1)


def _notes(words: Sequence[Word], index: int) -> int:
    """Return how many words are one list of notes, such as `7, 14a`."""
    count = 1
    while index + count < len(words):
        text, before = words[index + count].text, words[index + count - 1].text
        listed = before[-1] in ",;/&+" or before in {"and", "und", "et", "en"}
        joins = (
            _LETTER.fullmatch(text)
            or text in {"&", "and", "und", "et", "en", "/"}
            or (listed and _NOTE.fullmatch(text))
        )
        if not joins or _gap(words, index + count - 1) > 1:
            break
        count += 1
    return count


def _joined(words: Sequence[Word]) -> str:
    """Return the parts of a figure as printed; a space only where it separates digits."""
    text = ""
    for word in words:
        part = normalised(word.text)
        apart = text[-1:].isdigit() and part[:1].isdigit()
        text += f" {part}" if apart else part
    return text


def _token(kind: TokenKind, words: Sequence[Word]) -> Token:
    figure = kind in {"figure", "nil"}
    text = _joined(words) if figure else " ".join(word.text for word in words)
    if kind == "figure":
        text = re.sub(rf"^([{DASHES}]?\s*\(?[{DASHES}]?)\s*{CURRENCY}\s*", r"\1", text)
    with_digits = [word for word in words if _DIGIT.search(word.text)]
    edge = with_digits[-1].digits if figure and with_digits else words[-1].x1
    return Token(
        kind,
        text,
        tuple(words),
        words[0].x0,
        max(word.x1 for word in words),
        edge,
        max(word.size for word in words),
    )


def _placed(tokens: list[Token]) -> list[Token]:
    """Return the tokens, those that touch running text on either side as not loose.

    A letter behind a figure is a mark; a capital that stands alone may name a note.
    """
    tokens = [
        replace(token, kind="leader") if index and _is_mark(tokens[index - 1], token) else token
        for index, token in enumerate(tokens)
    ]
    for index, (before, token) in enumerate(pairwise(tokens), start=1):
        near = token.x0 - before.x1 < _WORD_GAP * token.size
        if near and token.kind in {"note", "figure"} and _OPENED.fullmatch(before.text):
            tokens[index] = replace(token, kind="text")  # a reference within a label
    running = [token.kind in {"text", "note"} for token in tokens]
    for _ in range(2):  # text may touch a figure that touches the next one: May 31, 2022 and
        for index in range(len(tokens)):
            if not running[index]:
                running[index] = _touches(tokens, index, running)
    placed: list[Token] = []
    for index, (token, flag) in enumerate(zip(tokens, running, strict=True)):
        if token.kind == "text" and index and _CAPITAL.fullmatch(token.text):
            alone = not _touches(tokens, index, running)
            placed.append(replace(token, kind="note") if alone else token)
        elif token.kind in {"text", "note"}:
            placed.append(replace(token, loose=not _touches(tokens, index, running)))
        else:
            placed.append(replace(token, loose=not flag))
    return placed


def _is_mark(before: Token, token: Token) -> bool:
    near = token.x0 - before.x1 < before.size
    return near and before.kind in VALUES and _MARK.fullmatch(token.text) is not None


def _touches(tokens: list[Token], index: int, running: list[bool]) -> bool:
    token = tokens[index]
    for other in (index - 1, index + 1):
        if 0 <= other < len(tokens) and running[other]:
            gap = max(token.x0 - tokens[other].x1, tokens[other].x0 - token.x1)
            if gap < (0.75 if tokens[other].kind == "text" else 0.5) * token.size:
                return True
    return False


def heading_text(text: str) -> str:
    """Return the text of a line without dates, years, units and numbers of notes."""
    return _DATES.sub(" ", normalised(text))


def names_unit(text: str) -> bool:
    """Whether a line says nothing but the unit of the columns: `x EUR 1.000`, `CHF 1'000`."""
    words = _UNIT_WORDS.sub(" ", normalised(text))
    return _THOUSAND.search(words) is not None and not re.search(
        "[^\\W_]", _THOUSAND.sub(" ", words)
    )


def has_figures(text: str) -> bool:
    """Whether a line says more numbers than dates, years, units and numbers of notes."""
    return _DIGIT.search(heading_text(text)) is not None
