"""What the label of a row says: its kind, its unit, its note; in English, German, French, Dutch."""

import re
from collections.abc import Sequence

from app.pipeline.read.pdf.tokens import MONTHS
from app.pipeline.statement import RowKind

_PAR = re.compile(
    r"par value|no par|nominal value|stated value|authori[sz]ed|issued and|nennwert|nominalwert"
    r"|valeur nominale|nominale waarde",
    re.IGNORECASE,
)
_PER_SHARE = re.compile(
    r"\bper (?:[\w-]+ ){0,4}(?:shares?|units?|ads|adr|stock|security)\b|\beps\b|\bearnings per\b"
    r"|\b(?:je|pro) (?:[\w-]+ ){0,2}(?:\w*aktie|\w*anteil|\w*titel)|ergebnis (?:je|pro)\b"
    r"|\bpar (?:action|part|titre)\b|\bper (?:gewoon |gewone )?(?:aandeel|certificaat)\b",
    re.IGNORECASE,
)
_SHARES = re.compile(
    r"(?:weighted|average|number of|shares used)\b[^.;]*\b(?:shares?|stock|units?|ads)\b"
    r"|\b(?:diluted|basic) shares\b|\bshares? (?:outstanding|used)\b"
    r"|(?:gewichtete|durchschnitt|anzahl)\w*\b.*\baktien|\baktien(?:anzahl|zahl)\b"
    r"|nombre\b.*\b(?:d['\u2019 ]?)?actions|(?:gewogen|gemiddeld|aantal)\w*\b.*\baandelen",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"^(?:sub-?)?totals?\b|\btotals?$|^total\w*|^sum(?:me)?\b|^gesamt|^bilanzsumme|^totaal"
    r"|^net (?:cash|assets|income|earnings|profit|loss|sales|revenues?|liabilities|\(?decrease"
    r"|\(?increase|change|result)|^gross (?:profit|margin|loss)"
    r"|^(?:net )?(?:operating|pre-?tax) (?:profit|income|loss|result|earnings)"
    r"|^(?:profit|income|loss|earnings|result|\(loss\))\b.*\b(?:before|after|for the)"
    r"|^(?:profit|income|loss|earnings|result)\b.*\bfrom operations"
    r"|^(?:\(?(?:net |decrease|increase|change)[\w()/ ]*) in (?:net )?cash and\b"
    r"|^cash\b.*\b(?:end|close) of|^cash\b.*\byear-end|^operating cash flows? before"
    r"|^comprehensive (?:income|loss)|^cash (?:generated|flows?) (?:from|used)\b"
    r"|^(?:betriebs|konzern|jahres|perioden|roh)\w*(?:ergebnis|gewinn|verlust|\u00fcberschuss)"
    r"|^(?:brutto|netto)\w*|^ergebnis (?:vor|nach|der)|^(?:mittel|geld|cash)\s?-?(?:zu|ab)?fluss"
    r"|^r\u00e9sultat\b|^marge brute|^chiffre d['\u2019]affaires net"
    r"|^flux (?:net|de tr\u00e9sorerie net)|^capitaux propres$|^(?:bedrijfs|bruto|netto)\w*"
    r"|^resultaat (?:voor|na)|^winst (?:voor|na|over)|^nettokasstroom|^kasstroom uit",
    re.IGNORECASE,
)
_PART = re.compile(
    r"^[-\u2013\u2014*\u2022(]*\s*(?:of which|thereof|including|included in|davon|darin|dont|soit"
    r"|waarvan|inclusief|whereof)\b",
    re.IGNORECASE,
)
_SUPPLEMENT = re.compile(
    r"\bsupplement\w*|\bnon-?\s?cash (?:investing|financing|transactions)\b"
    r"|zus\u00e4tzliche (?:angaben|informationen)|erg\u00e4nzende (?:angaben|informationen)"
    r"|informations? (?:suppl\u00e9mentaires?|compl\u00e9mentaires?)"
    r"|aanvullende (?:informatie|gegevens)",
    re.IGNORECASE,
)
_CHILDLESS = re.compile(
    r"^commitments\b|\bcontingen(?:cies|t liabilities)\b|^see (?:accompanying )?notes|^eventual"
    r"|^engagements hors bilan|^niet in de balans",
    re.IGNORECASE,
)
_INNER = re.compile(
    r"^(?:adjustments?|items not|non-?cash (?:items|adjust)|changes? in|working capital|add|less"
    r"|deduct|attributable|anpassungen|ver\u00e4nderung|ajustements|variations?|aanpassingen"
    r"|mutaties)\b",
    re.IGNORECASE,
)
_SMALL_UNIT = re.compile(
    r"\b(pence|cents?|rappen|centimes?|\u00f8re|\u00f6re|paise)\b|\((p|c|\u00a2)\)", re.IGNORECASE
)
_NOTE_NUMBER = r"[A-Z]?[0-9]{1,2}(?:\.[0-9]{1,2})*[a-z]?(?:\([a-z0-9]+\))*"
_NOTE_AT_END = re.compile(
    r"[,\s]*[\[(]?\s*(?:see\s+)?(?:notes?|anhang|anm\.|anmerkung(?:en)?|ziffer|toelichting|annexe)"
    r"\s*(?:n[o\u00b0r]\.?\s*)?"
    rf"({_NOTE_NUMBER}(?:\s*(?:,|and|und|et|en|&|to|-|\u2013)\s*{_NOTE_NUMBER})*)\s*[\])]?\s*$",
    re.IGNORECASE,
)
_LEADERS = re.compile(r"(?:\s*[.\u2026\u00b7_]){3,}\s*$|\s+\.+\s*$")
# A line that ends with such a word goes on.
_LAST_WORDS = (
    "and or of to for from in on at by with the a an as before after per than through under"
    " related relating attributable due its their which upon into including excluding"
    " und oder von vom zur zum f\u00fcr aus der die das den des dem im mit auf vor nach bei durch"
    " sowie \u00fcber als gegen\u00fcber ohne"
    " et ou de du la le les l\u2019 d\u2019 \u00e0 au aux pour par sur avant"
    " apr\u00e8s avec dans li\u00e9s li\u00e9es"
    " van het een voor met door na uit tot op te aan naar bij inzake"
)
_GOES_ON = frozenset(_LAST_WORDS.split())


def row_kind(label: str, section: Sequence[str]) -> RowKind:
    """Return what kind of figures a row holds, by its label and the headings above it.

    A guess that arithmetic may overrule: `total` says only that the label sounds like one.
    """
    if _PAR.search(label):
        return "line"
    own = _first_of(label)
    if own:
        return own
    inherited = _first_of(section[-1]) if section else None
    if inherited and not label.lower().startswith("total"):
        return inherited
    if _PART.search(label) or any(_SUPPLEMENT.search(heading) for heading in section):
        return "memo"
    return "total" if not label or _TOTAL.search(label) else "line"


def _first_of(text: str) -> RowKind | None:
    """Return per_share or shares by the first mention: "shares used for earnings per share"."""
    per_share, shares = _PER_SHARE.search(text), _SHARES.search(text)
    if _PAR.search(text) or not (per_share or shares):
        return None
    if per_share and (shares is None or per_share.start() < shares.start()):
        return "per_share"
    return "shares"


def row_unit(label: str, section: Sequence[str], printed: Sequence[str | None]) -> str | None:
    """Return the unit that a row's figures or words name, such as %, p or pence."""
    units = {unit for unit in printed if unit}
    if len(units) == 1:
        return units.pop()
    for text in (label, *reversed(section)):
        if (found := _SMALL_UNIT.search(text)) and _first_of(text) == "per_share":
            return next(group for group in found.groups() if group).lower()
    return None


def unit_of(text: str) -> str | None:
    """Return the small unit that the words above columns name, such as pence."""
    found = _SMALL_UNIT.search(text)
    return next(group for group in found.groups() if group).lower() if found else None


def is_inner(heading: str) -> bool:
    """Whether a heading stands under another one: adjustments, within operating activities."""
    return _INNER.search(heading) is not None


def is_part(label: str) -> bool:
    """Whether a label begins an "of which" line."""
    return _PART.search(label) is not None


def is_childless(heading: str) -> bool:
    """Whether a line without figures introduces nothing: commitments and contingencies."""
    return _CHILDLESS.search(heading) is not None


def split_note(label: str) -> tuple[str, str | None]:
    """Return a label without the reference to a note at its end, and the note."""
    found = _NOTE_AT_END.search(label)
    if found is None or found.start() == 0:
        return label, None
    return label[: found.start()].rstrip(" ,"), found[1]


def clean_label(text: str) -> str:
    """Return a label without the dots that lead to its figures."""
    text = _LEADERS.sub("", re.sub(r"\s+", " ", text).strip())
    return text.strip()


def goes_on(text: str) -> bool:
    """Whether a line ends such that the next one must continue it."""
    last = text.rsplit(maxsplit=1)[-1].lower() if text.strip() else ""
    return (
        last in _GOES_ON
        or text.endswith((",", "-", "\u2013", "/", "&", "("))
        or text.count("(") > text.count(")")
    )


def divides_date(first: str, second: str) -> bool:
    """Whether a line ends with a day and the next one begins with its month."""
    day = re.search(r"(?:^|\s)(?:[1-9]|[12][0-9]|3[01])\.?$", first)
    return day is not None and second.split(maxsplit=1)[0].lower().strip(".,") in MONTHS


def join_label(first: str, second: str) -> str:
    """Return the label of two lines; a word divided at the end of the first is made whole."""
    if first.endswith("-") and second[:1].islower() and first[-2:-1].isalpha():
        return first[:-1] + second if _divided(first) else first + second
    return f"{first} {second}".strip()


def _divided(first: str) -> bool:
    """Whether a hyphen at the end of a line divides a word, and is not its own, as in non-."""
    return first.rsplit(maxsplit=1)[-1].lower() not in {
        "non-",
        "short-",
        "long-",
        "pre-",
        "post-",
        "re-",
        "right-of-",
        "held-for-",
        "held-to-",
        "available-for-",
        "mark-to-",
        "year-",
        "third-",
        "share-",
        "interest-",
        "lang-",
        "kurz-",
    }
