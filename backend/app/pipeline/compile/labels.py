"""Compare the labels of rows: names without amounts and dates, and the words that tell lines apart.

The words are those of financial statements in English, German, French and Dutch.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from rapidfuzz import fuzz

from app.pipeline.verify.vocabulary import CLOSING, FLOWS, OPENING, Words, normalise

SIMILAR, RELATED = 85.0, 60.0
"""Percentages of similarity from which on two labels may be of one line, by themselves or if
figures are equal as well."""
_MONTH = (
    r"(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|déc|fév|avr|juin|juil|août)"
    r"[a-zé]*\.?"
)
_SAME_WORD = 85.0
"""Percentage of similarity of two forms of one word."""
_NEUTRAL = frozenset(
    (
        *("a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "its", "net", "of"),
        *("on", "or", "our", "per", "the", "to", "with", "generated", "provided", "used"),
        *("das", "der", "des", "die", "im", "in", "und", "von", "zu"),
        *("de", "des", "du", "en", "et", "la", "le", "les", "een", "het", "van"),
    )
)
"""Words that change in the label of a line without changing its meaning."""
_NO_LETTER = re.compile(r"[\W_]+")
_YEAR = r"(?:19|20)\d\d"
_DAY = rf"(?:\d{{1,2}}\.?\s+{_MONTH}|{_MONTH}\s+\d{{1,2}})(?:,?\s+{_YEAR})?"
_DATE = re.compile(rf"\b{_DAY}(?:,?\s+(?:and|und|et|en|&)\s+(?:{_DAY}|{_YEAR}))*\b", re.IGNORECASE)
_AMOUNT = re.compile(
    rf"(?<![\w.,])[$€£¥]?(?!{_YEAR}\b)(?:\d(?:[\d.,'\u2019\u00a0]*\d)+|\.\d+)(?![\w%]|\s%)"
)
_FOOTNOTE = re.compile(
    r"(?<=\S)\s*(?:\((?:\d{1,2}|[a-z])\)|[\u00b9\u00b2\u00b3\u2070-\u2079]+|\*+)\s*:?\s*$"
)
"""The mark of a footnote at the end of a label, which the next report may not have."""
_OTHERWISE = re.compile(
    r"/?\s*\((?:or )?(?:net )?(?:loss(?:es)?|income|profits?|gains?|expenses?|costs?|benefits?"
    r"|credits?|charges?|deficit|decrease|increase|used|provided|generated|outflows?|inflows?|reversals?"
    r"|provision|verlust|gewinn|aufwand|ertrag|fehlbetrag|zunahme|abnahme|pertes?|produits?|verlies"
    r"|lasten|baten)\b[^()]{0,20}\)",
    re.IGNORECASE,
)
"""The other sign's word in parentheses: a report without such a year leaves it out."""
_CANONICAL = (
    (re.compile(r"\bnon (?=\w)"), "non"),
    (re.compile(r"\brespectively\b|\b(?:benefit from|provision for)\b"), " "),
    (
        re.compile(
            r"\b(?:increase|decrease|change)s?(?: (?:or |and )?(?:increase|decrease))? in\b"
        ),
        "change in",
    ),
    (re.compile(r"\b(?:(?:provided|used|generated|absorbed)(?: (?:by|in|for|from))? ?)+"), " "),
    (re.compile(r"(?<=\breceivable)(s?) (?:less|net of) (?:an )?allowances?\b.*$"), r"\1 net"),
    (re.compile(r"\b(treasury (?:stock|shares)),? at cost\b"), r"\1"),
)
"""Ways to write one thing, of which a report takes the one that fits the sign of its years, or the
space: with an allowance, or without."""
_SHARES = frozenset(
    (
        *("shares", "share", "authorized", "authorised", "issued", "unissued", "outstanding"),
        *("par", "value", "per", "and", "or", "no", "none", "at", "of", "in", "as"),
    )
)
"""Words that follow the name of a class of shares, with numbers."""
_RESERVES = {
    "earnings": re.compile(
        r"(?:retained (?:earnings|profits?|deficit|loss(?:es)?)"
        r"|accumulated (?:deficit|earnings|profits?|loss(?:es)?)| )+"
    ),
    "comprehensive": re.compile(
        r"accumulated other comprehensive (?:income|loss|earnings|deficit)(?: (?:income|loss))?"
    ),
    "result of the year": re.compile(r"jahresuberschuss|jahresfehlbetrag"),
    "result brought forward": re.compile(r"gewinnvortrag|verlustvortrag"),
    "distributable": re.compile(r"bilanzgewinn|bilanzverlust"),
}
"""Parts of equity whose name says whether they are positive."""

_FAMILIES: Mapping[str, Mapping[str, Words]] = {
    "term": {
        "current": Words(
            r"(?<!non )\bcurrent\b|\bshort ?term\b|\bkurzfristig|(?<!non )\bcourant|\bkortlopend"
            r"|\bvlottend|\bwithin (?:one|1) year\b"
        ),
        "noncurrent": Words(
            r"\bnon ?current\b|\blong ?term\b|\blangfristig|\bnon ?courant|\blanglopend"
            r"|\bvaste activa\b|\bafter (?:more than )?(?:one|1) year\b"
        ),
    },
    "time": {"opening": OPENING, "closing": CLOSING},
    "tax": {
        "before": Words(r"\bbefore\b|\bpre ?tax\b|\bvor\b|\bavant\b|\bvoor\b"),
        "after": Words(r"\bafter\b|\bnach\b|\bapres\b|\bna\b"),
    },
    "flow": dict(zip(("operating", "investing", "financing"), FLOWS, strict=True)),
    "dilution": {
        "basic": Words(r"\bbasic\b|\bunverwassert|\bde base\b|\bgewone\b"),
        "diluted": Words(r"\bdiluted\b|\bdilution\b|\bverwassert|\bdilue|\bverwaterd"),
    },
    "trade": {
        "purchase": Words(
            r"\bpurchas|\bacqui|\bpayments? (?:for|to)\b|\brepay|\brepurchas|\bredem|\badditions?\b"
            r"|\berwerb|\bauszahlung|\btilgung|\brembours|\baflossing|\baankoop|\bspending\b"
        ),
        "sale": Words(
            r"\bsales?\b|\bsold\b|\bdispos|\bproceeds\b|\bmaturit|\bissu|\bverkauf|\bverausserung"
            r"|\beinzahlung|\bcession|\bemission|\bverkoop|\bopbrengst|\bborrowings?\b"
        ),
    },
    "side": {
        "asset": Words(r"\bassets?\b|\breceivables?\b|\bforderung|\bcreances?\b|\bvordering"),
        "liability": Words(r"\bliabilit|\bpayables?\b|\bverbindlich|\bdettes?\b|\bschuld"),
    },
    "result": {
        "income": Words(r"\bincome\b|\brevenues?\b|\bgains?\b|\bertrag|\bproduits?\b|\bbaten\b"),
        "expense": Words(
            r"\bexpenses?\b|\bcosts?\b|\bloss(?:es)?\b|\baufwand|\bcharges?\b|\bkosten\b|\blasten\b"
        ),
    },
    "tangible": {
        "tangible": Words(r"\btangible\b|\bsachanlagen\b|\bcorporel|\bmaterie"),
        "intangible": Words(r"\bintangible|\bimmateriel|\bincorporel"),
    },
    "item": {
        "product": Words(r"\bproducts?\b|\bgoods\b|\bprodukt|\bproduits\b"),
        "service": Words(r"\bservices?\b|\bdienst|\bprestations?\b"),
    },
    "rate": {"gross": Words(r"\bgross\b|\bbrut"), "net": Words(r"\bnet\b|\bnett")},
    "place": {"home": Words(r"\bdomestic\b|\bfederal\b"), "abroad": Words(r"\bforeign\b")},
    "maturity": {"maturity": Words(r"\bmaturit|\bfalligkeit|\becheance|\bvervaldag")},
    "deferral": {"deferred": Words(r"\bdeferred\b|\blatent|\bdiffere|\bunearned\b|\buitgesteld")},
    "wider": {"wider": Words(r"\bcomprehensive\b|\bgesamtergebnis|\bglobal\b|\btotaalresultaat")},
    "others": {"others": Words(r"\bnon ?controlling\b|\bminorit|\bminderheit|\banteile anderer\b")},
    "ended": {"ended": Words(r"\bdiscontinued\b|\baufgegeben|\babandonne|\bbeeindigd")},
    "kept": {"kept": Words(r"\bcontinuing\b|\bfortgefuhrt|\bpoursuivi|\bvoortgezet")},
    "total": {"total": Words(r"\btotal\b|\bsumme\b|\bgesamt\b|\btotaal\b")},
    "other": {"other": Words(r"\bothers?\b|\bsonstig|\bautres?\b|\boverige\b|\bmiscellaneous\b")},
    "paid": {"paid": Words(r"\bpaid\b|\bgezahlt|\bpaye"), "due": Words(r"\baccrued\b|\bdue\b")},
    "restricted": {"restricted": Words(r"\brestrict")},
    "held": {"held": Words(r"\bheld for sale\b|\bzur verausserung gehalten")},
}
_ALWAYS = ("term", "time", "tax", "dilution")
"""Families of which opposite words are of two lines even if their figures are equal: basic and
diluted earnings per share are equal in a year of loss."""


@lru_cache(maxsize=8192)
def name_of(label: str) -> str:
    """Return a label for comparison: normalised, without amounts, dates and marks of footnotes."""
    text = without_footnote(label)
    text = _OTHERWISE.sub(" ", _AMOUNT.sub(" ", _DATE.sub(" ", text)))
    name = _plain(text)
    for pattern, word in _CANONICAL:
        name = pattern.sub(word, name)
    return _without_par_value(" ".join(name.split())) or _plain(label)


def _without_par_value(name: str) -> str:
    """Return the name of a class of shares without its par value and what else is said of it."""
    head, found, tail = name.partition(" par value")
    words = head.split()
    if not found or not _SHARES.issuperset(tail.split()):
        return name
    while len(words) > 1 and words[-1] in _SHARES:
        if words[-1] == "shares" and "stock" not in words:
            break  # they are the name
        words.pop()
    return " ".join(words)


@lru_cache(maxsize=8192)
def reserve_of(name: str) -> str | None:
    """Return the part of equity that a name is of, whatever the sign; None of other names."""
    bare = normalise(name)
    return next((key for key, each in _RESERVES.items() if each.fullmatch(bare)), None)


def without_footnote(label: str) -> str:
    """Return a label without the mark of a footnote at its end."""
    return _FOOTNOTE.sub("", label)


def _plain(label: str) -> str:
    """Return a label in lower case without accents and signs; letters of all scripts are kept."""
    name = normalise(label)
    if label.isascii():
        return name
    text = unicodedata.normalize("NFKC", label).casefold()
    bare = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    if any(each.isalpha() and not each.isascii() for each in bare):
        return " ".join(_NO_LETTER.sub(" ", text).split())
    return name


@lru_cache(maxsize=8192)
def head_words(label: str) -> frozenset[tuple[str, str]]:
    """Return the words of a label that tell lines apart, as (family, word of the family)."""
    text = normalise(_OTHERWISE.sub(" ", label)) or normalise(label)
    return frozenset(
        (family, name)
        for family, words in _FAMILIES.items()
        for name, pattern in words.items()
        if pattern.search(text)
    )


def opposed(
    one: frozenset[tuple[str, str]],
    other: frozenset[tuple[str, str]],
    families: tuple[str, ...] = _ALWAYS,
) -> bool:
    """Whether two sets of head words have opposite words of one of the families."""
    for family in families:
        first = {word for name, word in one if name == family}
        second = {word for name, word in other if name == family}
        if first and second and first.isdisjoint(second):
            return True
    return False


def flow_of(label: str) -> str | None:
    """Return the one kind of activity of a cash flow that a label names; None for several."""
    flows = [word for family, word in head_words(label) if family == "flow"]
    return flows[0] if len(flows) == 1 else None


@lru_cache(maxsize=65536)
def similarity(one: str, other: str) -> float:
    """Return how similar two names are, in percent: of the same words in any order."""
    return float(fuzz.token_sort_ratio(one, other))


def reworded(one: str, other: str) -> bool:
    """Whether a word of one name is another word in the other.

    Similar labels of two lines, such as senior and junior notes, differ in one word only.
    """
    words, others = set(one.split()), set(other.split())
    first, second = words - others - _NEUTRAL, others - words - _NEUTRAL
    return bool(first and second) and not all(_inflected(each, second) for each in first)


def _inflected(word: str, others: set[str]) -> bool:
    """Whether a word is another form, or a misspelling, of one of some words."""
    return any(fuzz.ratio(word, each) >= _SAME_WORD for each in others)
