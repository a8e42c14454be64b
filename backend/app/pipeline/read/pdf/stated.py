"""The unit that a document states for all its figures, and whose an ambiguous sign is."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from app.pipeline.read.pdf.units import Units, find_currency, read_units

_T = TypeVar("_T", str, int)
_FAMILY = {
    "$": {"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "BRL"},
    "\u00a5": {"JPY", "CNY"},
    "kr": {"SEK", "NOK", "DKK", "ISK"},
    "Rs": {"INR", "PKR", "LKR"},
    "R": {"ZAR"},
    "peso": {"MXN", "PHP", "CLP", "COP", "ARS"},
    "won": {"KRW"},
    "pound": {"GBP", "EGP"},
}
_ABOUT_ALL = (
    r"(?:financial )?statements?|(?:all|the|tabular) (?:amounts|figures|values|"
    r"numbers)|amounts (?:are|in)|figures (?:are|in)|"
    r"tabular|(?:konzern|jahres)?abschluss|angaben|(?:alle )?(?:betrage|"
    r"werte)|etats financiers|comptes|"
    r"montants|chiffres|jaarrekening|bedragen|alle cijfers|financial information|financial report"
)
_SAID_IN = (
    r"presented|expressed|stated|shown|rounded|reported|are in|aufgestellt|"
    r"dargestellt|angegeben|gerundet|"
    r"exprim|presente|arrondi|etablis|afgerond|vermeld|luiden|gepresenteerd|opgesteld|weergegeven"
)
_PRESENTED = re.compile(
    rf"(?:{_ABOUT_ALL})[^.;]{{0,80}}(?:{_SAID_IN})[^.;]{{0,90}}"
    r"|(?:presentation(?:al)? currency|reporting currency|berichtswahrung|darstellungswahrung|"
    r"monnaie de presentation|presentatie-?valuta|rapportage-?valuta)[^.;]{0,90}"
    r"|rounded (?:off )?to the nearest[^.;]{0,50}|(?:tabular amounts|"
    r"all amounts|all figures)[^.;]{0,60}"
)
_WHOLE = re.compile(
    r"nearest (?:whole )?(?:[a-z.]+ ){0,2}(?:dollar|pound|euro|rupee|rand|franc|\u00a3|\$|\u20ac)"
    r"|in whole (?:dollars|euros?|pounds|francs|rupees)|auf volle (?:euro|einheiten)|whole units?"
    r"|a l'unite|a l'euro|hele (?:eenheden|euro)"
)


# What is said of tabular amounts in notes need not hold for the statements.
_OF_ALL = re.compile(
    r"(?<!notes to the )financial statements|abschluss|etats financiers|"
    r"comptes (?:consolides|annuels)|"
    r"jaarrekening|(?:^|[^a-z])(?:all|alle|tous|toutes)[^a-z]|rounded (?:off )?to the nearest|"
    r"unless (?:otherwise|stated)|sauf|tenzij|sofern|tabular amounts are in"
)


def document_units(pages: Iterable[str]) -> Units:
    """Return what a document says about all its figures, such as "presented in thousands of".

    Args:
        pages: Folded texts.

    A unit that fewer than three quarters of the sentences agree on is not known.
    """
    currencies: Counter[str] = Counter()
    scales: Counter[int] = Counter()
    for text in pages:
        for found in _PRESENTED.finditer(_whole_sentences(text)):
            said = found.group()
            units = read_units(said)
            if units.currency:
                currencies[units.currency] += 1
            if not _OF_ALL.search(said):
                continue
            if units.scale is not None:
                scales[units.scale] += 1
            elif _WHOLE.search(said):
                scales[0] += 1
    return Units(currency=_clear(currencies), scale=_clear(scales))


def _whole_sentences(text: str) -> str:
    """Return a text without the points that end no sentence, as those of `u.s.`."""
    return text.replace("u.s. ", "us ")


def _clear(counts: Counter[_T]) -> _T | None:
    best = counts.most_common(1)
    return best[0][0] if best and best[0][1] >= 0.75 * counts.total() else None


_CLUES: tuple[tuple[str, str, int], ...] = (
    (r"united states securities and exchange commission", "USD", 2),
    (r"new york stock exchange|nasdaq (?:global|stock)|internal revenue code", "USD", 1),
    (r"accounting principles generally accepted in the united states|u\.s\. gaap", "USD", 2),
    ((
        r"australian securities exchange|(?<![a-z])asx(?![a-z])|"
        r"(?<![a-z])a\.?b\.?n\.? \d|corporations act 2001"
    ), "AUD", 3),
    (r"new zealand exchange|(?<![a-z])nzx(?![a-z])|companies act 1993", "NZD", 3),
    (r"toronto stock exchange|tsx venture|(?<![a-z])tsx(?![a-z])|sedar", "CAD", 1),
    (r"singapore exchange|sgx-st", "SGD", 1),
    (r"tokyo stock exchange|japanese yen|kabushiki", "JPY", 3),
    (r"shanghai stock exchange|shenzhen stock exchange|people's republic of china", "CNY", 2),
    (r"nasdaq stockholm|swedish annual accounts act", "SEK", 3),
    (r"oslo stock exchange|oslo bors|norwegian accounting act", "NOK", 3),
    (r"nasdaq copenhagen|danish financial statements act", "DKK", 3),
    ((
        r"bombay stock exchange|national stock exchange of india|"
        r"companies act, 2013|\bind as\b"
    ), "INR", 3),
    (r"pakistan stock exchange|securities and exchange commission of pakistan", "PKR", 3),
    (r"johannesburg stock exchange|(?<![a-z])jse(?![a-z])", "ZAR", 3),
)  # fmt: skip


_SURE = 3  # votes, and times the votes of any other currency
_FRONT = 30  # pages before the form, in an annual report that holds one


def is_annual_form(pages: Sequence[str]) -> bool:
    """Return whether a document is, or holds, the annual form 10-K of a domestic filer."""
    return any("form 10-k" in text and "washington, d" in text for text in pages[:_FRONT])


def resolve_sign(sign: str | None, pages: Iterable[str]) -> tuple[str | None, str | None]:
    """Return which currency an ambiguous sign is in a document, and how that is known.

    Args:
        sign: Such as $ or kr.
        pages: Folded texts.

    Returns:
        (code, "named") where the document names the currency, (code, "country") where only its
        exchange or its law tells, (None, None) where neither does.
    """
    if sign is None:
        return None, None
    family = _FAMILY[sign]
    pages = list(pages)
    if sign == "$" and is_annual_form(pages):
        return "USD", "named"  # Regulation S-X, rule 3-20, has domestic filers report in it
    if len(family) == 1:
        return next(iter(family)), "named"
    named = Counter(
        code
        for text in pages
        for found in _PRESENTED.finditer(_whole_sentences(text))
        for code in [find_currency(found.group())[0]]
        if code in family
    )
    if (code := _clear(named)) is not None:
        return code, "named"
    code = _of_country(family, pages)
    return code, "country" if code else None


def _of_country(family: Collection[str], pages: Sequence[str]) -> str | None:
    """Return the currency to which a document's exchange and law point, by far the most."""
    clues: Counter[str] = Counter()
    for pattern, code, weight in _CLUES:
        if code in family:
            clues[code] = weight * sum(bool(re.search(pattern, text)) for text in pages)
    first, second = (*clues.most_common(2), ("", 0), ("", 0))[:2]
    return first[0] if first[1] >= max(_SURE, _SURE * second[1]) else None
