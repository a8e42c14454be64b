"""The language of a document, and text in the form in which its words are compared."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

_WHITE = re.compile(r"[\s\u00ad\u200b\u2060\ufeff\ufffe]+")
_QUOTES = str.maketrans({"`": "'"})
_ASCII = str.maketrans(
    {**dict.fromkeys("\u2019\u2018\u02bc`\u00b4", "'"),
     **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")}
)  # fmt: skip
_COMBINING = dict.fromkeys(range(0x300, 0x370))
_UNACCENTED = _COMBINING | str.maketrans(
    {"\u0142": "l", "\u00f8": "o", "\u00e6": "ae", "\u0153": "oe", "\u0131": "i",
     "\u2019": "'", "\u2018": "'"}
)  # fmt: skip

# The commonest function words of each language that is read, as fold() writes them.
_FUNCTION_WORDS = {
    "en": (
        "the of and to in for is are on with by was as at from that which be "
        "our this other from cash before assets"
    ),
    "de": (
        "der die das und den von des im mit fur auf ist nicht zum werden eine "
        "dem zur sich aus vor nach sonstige aktie"
    ),
    "fr": (
        "le la les des et du en une dans est au sur par pour aux ont cette ces "
        "leur qui autres total resultat courants"
    ),
    "nl": (
        "de het een van en op voor met zijn aan door bij niet naar wordt deze "
        "ook uit dat overige per activa verplichtingen"
    ),
}
# Those of languages that are not read, to tell them from the ones that are.
_OTHER_WORDS = {
    "es": "el los las del y por con para una como su sus al lo esta ejercicio se que no",
    "it": "il gli della delle dei di che per con sono nel alla al dal una esercizio e del",
    "pt": "os das dos ao pela pelo em uma com para nao foi da do no na e exercicio que",
    "sv": "och att det som av ar till med den for inte har en pa i har om under vid",
    "da": "og af det til den med er for som ikke der en har pa i ved vil kan samt",
    "no": "og av det til den med er for som ikke en har pa i ved kan samt fra eller",
    "fi": "ja on ei oli seka ovat joka tai mukaan yhtion konsernin milj vuoden",
    "pl": "w na z sie jest do nie przez oraz od dla roku spolki zostaly ktore",
}
NAMES = {
    "en": "English", "de": "German", "fr": "French", "nl": "Dutch", "es": "Spanish",
    "it": "Italian", "pt": "Portuguese", "sv": "Swedish", "da": "Danish", "no": "Norwegian",
    "fi": "Finnish", "pl": "Polish",
}  # fmt: skip
_SETS = {
    code: frozenset(words.split()) for code, words in {**_FUNCTION_WORDS, **_OTHER_WORDS}.items()
}
_FEWEST_WORDS = 40
_OTHER_SCRIPT = re.compile(r"[\u0370-\u03ff\u0400-\u052f\u0590-\u06ff\u3040-\u30ff\u4e00-\u9fff"
                           r"\uac00-\ud7af]")  # fmt: skip


def plain(text: str) -> str:
    """Return text in NFKC, with every run of white space (no-break too) as one space."""
    return _WHITE.sub(" ", unicodedata.normalize("NFKC", text)).strip()


def fold(text: str) -> str:
    """Return text for comparison: plain, lower case, without accents, with ASCII ' and -."""
    if text.isascii():
        return " ".join(text.split()).lower().translate(_QUOTES)
    folded = plain(text.translate(_ASCII)).casefold()
    if folded.isascii():
        return folded
    return unicodedata.normalize("NFKD", folded).translate(_UNACCENTED)


def find_language(folded: str, fewest: int = _FEWEST_WORDS) -> str | None:
    """Return the ISO 639-1 code of a text's language, None where it is not told.

    Args:
        folded: As fold() returns it; some thousand words suffice.
        fewest: Function words of the language that the text must have.
    """
    if len(_OTHER_SCRIPT.findall(folded)) > len(folded) * 0.2 > 0:
        return None
    words = Counter(re.findall(r"[a-z]+", folded))
    hits = {code: sum(words[each] for each in known) for code, known in _SETS.items()}
    best, second = sorted(hits, key=lambda code: -hits[code])[:2]
    return best if hits[best] >= max(fewest, hits[second] + 1) else None


def is_read(language: str | None) -> bool:
    """Return whether statements in a language are read; None (not told) is given a try."""
    return language is None or language in _FUNCTION_WORDS


def is_other_script(texts: Sequence[str]) -> bool:
    """Return whether most letters of a document's pages are of no Latin script."""
    sample = "".join(texts)[:200_000]
    letters = sum(each.isalpha() for each in sample)
    return letters > 0 and len(_OTHER_SCRIPT.findall(sample)) > letters * 0.5
