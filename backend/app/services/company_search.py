"""Which companies the text of a search means: an identifier, a listing, or parts of names."""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.orm import InstrumentedAttribute

from app.db.models import Company
from app.pipeline.identifiers import MAX_NAME, has_check_digits
from app.services.listings import is_listed

_LEI: Final = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
_BEGUN_LEI: Final = re.compile(r"(?=.*[0-9])[A-Z0-9]{6,19}")
_CIK: Final = re.compile(r"[0-9]{1,10}")
_ID: Final = re.compile(r"id\s*:\s*([0-9]{1,18})", re.IGNORECASE | re.ASCII)
_SCHEME: Final = re.compile(r"^(?:lei|cik)\s*[:#]?\s*(?=\S)", re.IGNORECASE)
_EDGES: Final = re.compile(r"^[\W_]+|[\W_]+$")
_MARKS: Final = "[\u0300-\u036f]"
"""Accents after their letters, in the expressions of Python and of PostgreSQL alike."""
_LETTERS: Final = ("øØłŁđĐ\N{RIGHT SINGLE QUOTATION MARK}", "oOlLdD'")
_LIGATURES: Final = (("ß", "ss"), ("æ", "ae"), ("Æ", "AE"), ("œ", "oe"), ("Œ", "OE"))
_SEPARATOR: Final = "\n"
"""Between texts; no word of a search has it."""

EXACT: Final = 0
"""Rank of a company whose name, ticker, listing or identifier the text is."""
BEGINNING: Final = 1
"""Rank of one whose name begins with the text."""
NAMED: Final = 2
"""Rank of one whose name has all words of the text."""
OTHER: Final = 3
"""Rank of one that has some of them elsewhere, such as in its exchange."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search that was understood.

    Attributes:
        text: In one line, without characters that cannot be printed.
        words: In the form that `_folded` gives names; each has to occur. None of marks alone.
        lei: Upper case, whether or not its check digits are right.
        begun_lei: What may be the beginning of one.
        cik: Ten digits.
        listing: What stands left and right of a colon: ticker and exchange, or the reverse.
        number: The id of a company.
    """

    text: str
    words: tuple[str, ...]
    lei: str | None = None
    begun_lei: str | None = None
    cik: str | None = None
    listing: tuple[str, str] | None = None
    number: int | None = None

    @property
    def has_wrong_check_digits(self) -> bool:
        """Whether it is an LEI with a slip in it."""
        return self.lei is not None and not has_check_digits(self.lei)

    @property
    def is_name(self) -> bool:
        """Whether it may be a name with a slip in it."""
        return not (self.lei or self.cik or self.is_too_long)

    @property
    def is_too_long(self) -> bool:
        """Whether no name can contain it."""
        return len(self.text) > MAX_NAME


def understand(text: str) -> Search | None:
    """Return a search; None for a text in which nothing is written."""
    line = _line(text)
    if not line:
        return None
    if len(line) > MAX_NAME:
        return Search(line, ())
    folded = _fold(line)
    words = tuple(dict.fromkeys(filter(None, (_EDGES.sub("", e) for e in folded.split()))))
    value = re.sub(r"[\s-]", "", _SCHEME.sub("", line, count=1)).upper()
    left, colon, right = (each.strip() for each in line.partition(":"))
    number = _ID.fullmatch(line)
    return Search(
        text=line,
        words=words,
        lei=value if _LEI.fullmatch(value) else None,
        begun_lei=value if _BEGUN_LEI.fullmatch(value) else None,
        cik=value.zfill(10) if _CIK.fullmatch(value) else None,
        listing=(left, right) if colon and left and right else None,
        number=int(number[1]) if number else None,
    )


def search_companies(search: Search) -> Select[tuple[int, str, int]]:
    """Return the query of the companies that a search may mean.

    Args:
        search: That was understood.

    Returns:
        Rows of `rank` (the lower, the better a company fits), `key` (its name in lower case) and
        `id`.
    """
    names = _names()
    whole = _lower(_fold(search.text))
    is_exact = or_(names.c.name == whole, *_identified(search, names))
    in_name = func.strpos(names.c.name, whole) > 0
    has_words = _has_all(names.c.name, search.words) if search.words else in_name
    rank: ColumnElement[int] = case(
        (is_exact, EXACT),
        (func.starts_with(names.c.name, whole), BEGINNING),
        (has_words, NAMED),
        else_=OTHER,
    )
    is_meant = [is_exact, has_words]
    if search.words:
        is_meant.append(_has_all(names.c.everything, search.words))
    if search.begun_lei:
        is_meant.append(names.c.lei.startswith(search.begun_lei))
    found = select(rank.label("rank"), names.c.key, names.c.id)
    return found.where(false() if search.is_too_long else or_(*is_meant))


def _line(text: str) -> str:
    """Return text in one line, without invisible characters."""
    visible = "".join(each for each in text if unicodedata.category(each) != "Cf")
    return " ".join("".join(each if each.isprintable() else " " for each in visible).split())


def _fold(text: str) -> str:
    """Return text with plain letters for those with accents; as `_folded`, but for the case."""
    decomposed = unicodedata.normalize("NFKD", text)
    plain = re.sub(_MARKS, "", decomposed).translate(str.maketrans(*_LETTERS))
    for one, several in _LIGATURES:
        plain = plain.replace(one, several)
    return plain


def _folded(column: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[str]:
    """Return a column in lower case with plain letters for those with accents."""
    decomposed = func.normalize(column, literal_column("NFKD"))
    plain = func.translate(func.regexp_replace(decomposed, _MARKS, "", "g"), *_LETTERS)
    for one, several in _LIGATURES:
        plain = func.replace(plain, one, several)
    return func.lower(plain)


def _lower(text: str) -> ColumnElement[str]:
    """Return text in lower case by the rules of the database, which columns get too."""
    return func.lower(cast(text, Text))


def _has_all(column: ColumnElement[str], words: tuple[str, ...]) -> ColumnElement[bool]:
    return and_(*(func.strpos(column, _lower(each)) > 0 for each in words))


def _names() -> Subquery:
    """Return the companies with the texts that are searched, each made once per company."""
    tickers = func.jsonb_path_query_array(Company.tickers, cast("$[*].ticker", JSONPATH))
    with_main = tickers.op("||")(
        func.coalesce(func.to_jsonb(Company.primary_ticker), cast("[]", JSONB))
    )
    exchanges = func.jsonb_path_query_array(Company.tickers, cast("$[*].exchange", JSONPATH))
    made = select(
        *(Company.id, Company.lei, Company.cik),
        func.lower(Company.name).label("key"),
        _folded(Company.name).label("name"),
        func.lower(cast(with_main, Text)).label("tickers"),
        func.lower(cast(exchanges, Text)).label("exchanges"),
    ).offset(0)  # keeps them from being made again wherever they are used
    texts = made.subquery("texts")
    columns = texts.c.name, texts.c.tickers, texts.c.exchanges
    everything = func.concat_ws(_SEPARATOR, *columns).label("everything")
    return select(*texts.c, everything).offset(0).subquery("names")


def _identified(search: Search, names: Subquery) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that the search is an identifier, a ticker or a listing of a company."""
    yield func.strpos(names.c.tickers, _lower(json.dumps(search.text, ensure_ascii=False))) > 0
    if search.lei is not None:
        yield names.c.lei == search.lei
    if search.cik is not None:
        yield names.c.cik == search.cik
    if search.number is not None:
        yield names.c.id == search.number
    if search.listing is not None:
        one, other = search.listing
        listed = select(Company.id).where(or_(is_listed(one, other), is_listed(other, one)))
        yield names.c.id.in_(listed)
