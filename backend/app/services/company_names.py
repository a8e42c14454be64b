"""Whether two names are of one company, whatever their legal form, case and punctuation."""

import re
import unicodedata
from typing import Final

from rapidfuzz import fuzz

from app.pipeline.identifiers import MAX_NAME

# Abbreviated and in full, in the countries whose reports are read; written without punctuation.
_LEGAL_FORMS: Final = frozenset(
    """
    ab abp ag aktiengesellschaft aktiebolag aktieselskab aps as asa bhd bv co company companies corp
    corporation gmbh group gruppe groupe holding holdings inc incorporated kg kgaa kk limited
    limitada llc llp lp ltd ltda mbh nv nyrt oy oyj plc pjsc pt pte public sa sab saa sas se
    sociedad societe spa sarl tbk trust ua zrt
    """.split()  # noqa: SIM905 it stays readable
)
_SMALL: Final = frozenset(
    {"a", "and", "de", "der", "du", "et", "la", "le", "of", "the", "und", "y"}
)
_LETTERS: Final = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "&": " and ", "+": " and "}
)
_STATE: Final = re.compile(r"/[A-Za-z]{2,3}/?\s*$")
"""The SEC adds the state to some names: BANK OF AMERICA CORP /DE/."""
_ABBREVIATED: Final = re.compile(r"\b(?:[a-z]\.){2,}|\b[a-z]/[a-z]\b")  # n.v., s.p.a., a/s
_TYPING_ERROR: Final = 92
"""Of 100: from which on two long names differ as by a slip."""
_LONG: Final = 10
_SHORTEST_INITIALS: Final = 3


def clean_name(text: str | None) -> str | None:
    """Return a name in one line of printable characters; None if nothing is left."""
    if text is None:
        return None
    kept = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(kept.split())[:MAX_NAME].strip() or None


def core_of(name: str) -> tuple[str, ...]:
    """Return the words of a name that tell companies apart, without accents.

    A name of nothing but a legal form and small words, such as "The Limited Company", keeps them.
    """
    folded = _STATE.sub("", name).casefold().translate(_LETTERS)
    folded = _ABBREVIATED.sub(lambda found: re.sub(r"[./]", "", found[0]) + " ", folded)
    decomposed = unicodedata.normalize("NFKD", folded)
    plain = "".join(each for each in decomposed if not unicodedata.combining(each))
    words = re.sub(r"['\N{RIGHT SINGLE QUOTATION MARK}.]", "", plain)
    every = re.findall(r"\w+", words)
    core = [each for each in every if each not in _LEGAL_FORMS and each not in _SMALL]
    return tuple(core or every)


def is_same_name(one: str, other: str) -> bool:
    """Whether two names are of one company; a subsidiary has another name than its parent."""
    first, second = core_of(one), core_of(other)
    joined, others = "".join(first), "".join(second)
    if not joined or not others or joined == others:
        return joined == others
    if _numbers(first) != _numbers(second):
        return False
    if min(len(joined), len(others)) >= _LONG and fuzz.ratio(joined, others) >= _TYPING_ERROR:
        return True
    return _is_abbreviation(first, second) or _is_abbreviation(second, first)


def is_part_of(short: str, name: str) -> bool:
    """Whether the words of a short name are among those of another, as a person says it."""
    return set(core_of(short)) <= set(core_of(name)) or is_same_name(short, name)


def _is_abbreviation(short: tuple[str, ...], name: tuple[str, ...]) -> bool:
    """Whether one name is the initials of the other."""
    initials = "".join(each[0] for each in name)
    return (
        len(short) == 1
        and len(short[0]) >= _SHORTEST_INITIALS
        and len(name) > 1
        and short[0] == initials
    )


def _numbers(words: tuple[str, ...]) -> list[str]:
    return sorted(each for each in words if any(map(str.isdigit, each)))
