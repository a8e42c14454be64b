"""The truth of a PDF's statements, of the facts of the same filing and the PDF's text layer.

The facts say what is right, and the text layer, without its geometry, where it is printed, in
which order, under which label and with which sign. A row is a concept whose values follow each
other in the text. Lines whose facts are elsewhere, or not tagged, are not in this truth.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import pypdfium2 as pdfium

from app.pipeline.statement import StatementName
from tests.evaluation.alignment import similarity
from tests.evaluation.concepts import CORE
from tests.evaluation.facts import Axes, Tagged, TaggedFact
from tests.evaluation.truth import STATEMENTS, TruthPeriod, TruthRow, TruthStatement

_SIGNS = r"(?P<open>\(\s?)?(?P<minus>[-−–]\s?)?(?:[$€£]\s?)?(?P<open2>\(\s?)?"  # noqa: RUF001
_GROUPS = r"\d+(?:(?P<group>[.,'’])\d{3}(?:(?P=group)\d{3})*)?"  # noqa: RUF001
_SPACED = r"\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})*"
# Spaces stand between the thousands or between the columns: both are tried.
_NUMBERS = tuple(
    re.compile(
        rf"{_SIGNS}(?P<digits>{digits}(?:[.,]\d+)?)(?![\d%])|(?P<nil>[—–])(?=\s|$)"  # noqa: RUF001
    )
    for digits in (_GROUPS, _SPACED)
)
_CONTINUED = re.compile(r"\s*[,;.)]*\s*[a-z]")  # the label began before this
_BEGINS = re.compile(r"(?<![\w,] )(?<!\w)[A-Z]")  # a label may begin here
_LETTER = re.compile(r"[^\W\d_]")
SCALES = (0, 3, 6)
_LONG = 4  # digits of a figure that is seldom twice on a page by chance
_FOUND = 0.6  # of the core figures, on the page of a statement
_NOTE = 2  # digits of the number of a note, which stands before the figures
_YEARS = 3  # columns at most
_ABOVE = 3  # lines in which a label may have begun
_WITHIN = 5  # numbers within a label
_RELATED = 0.5  # the similarity of two labels of one line
_FLOW_DAYS = (350, 380)


@dataclass(frozen=True, slots=True)
class _Token:
    """A figure or dash of the text layer.

    Attributes:
        label: The text of its line since the figure before it.
        labels: The text between it and the figure before it; where that is the end of a label
            with numbers in it, or of one that began in the line above, also with what is before.
        follows: Whether it stands in a row of figures, without letters since the one before.
        last: Whether no letters follow it in its line.
    """

    digits: str
    negative: bool
    at: int
    labels: tuple[str, ...]
    follows: bool
    last: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """A page that may be a statement's.

    Attributes:
        share: Part of the core figures that are on it.
        cells: Figures in rows that the facts explain.
    """

    share: float
    cells: int
    page: int
    scale: int
    ends: tuple[date, ...]
    tokens: Sequence[_Token]


@dataclass(frozen=True, slots=True)
class _Series:
    """The values of a concept by the day that ends the column."""

    concept: str
    axes: Axes
    unit: str
    labels: tuple[str, ...]
    values: dict[date, Decimal] = field(hash=False)


def read_pages(path: Path) -> list[str]:
    """Return the text layer of each page."""
    document = pdfium.PdfDocument(path)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def statements_of(pages: Sequence[str], tagged: Tagged, end: date) -> list[TruthStatement]:
    """Return the truth of the statements that are found on the pages.

    Args:
        pages: The text layer of each page.
        tagged: Facts of the same filing, or of a later one that repeats its year.
        end: The last day of the PDF's fiscal year.
    """
    found = []
    for name in STATEMENTS:
        truth = _statement(name, pages, tagged, end)
        if truth is not None:
            found.append(truth)
    return found


def _statement(
    name: StatementName, pages: Sequence[str], tagged: Tagged, end: date
) -> TruthStatement | None:
    series = list(_series(name, tagged, end))
    core = [each for each in series if each.concept in CORE[name] and not each.axes]
    best: _Place | None = None
    for scale in SCALES:
        wanted = [digits for each in core if (digits := _long(each, end, scale))]
        for index, page in enumerate(pages if len(wanted) > 1 else ()):
            for tokens in (_tokens(page, number) for number in _NUMBERS):
                there = {each.digits for each in tokens}
                share = sum(each in there for each in wanted) / len(wanted)
                if share < _FOUND:
                    continue
                ends, cells = _columns(series, tokens, scale, end)
                place = _Place(share, cells, index + 1, scale, tuple(ends), tokens)
                if best is None or (share, cells) > (best.share, best.cells):
                    best = place
    if best is None:
        return None
    rows = _rows(series, best.tokens, best.scale, best.ends)
    money = next((each.unit for each in core if "/" not in each.unit), None)
    periods = tuple(TruthPeriod(each, None) for each in best.ends)
    page_numbers = frozenset({best.page})
    return TruthStatement(
        name, page_numbers, periods, rows, tagged.origin, complete=False, currency=money
    )


def _series(name: StatementName, tagged: Tagged, end: date) -> Iterator[_Series]:
    """Yield the concepts with figures in the years that the statement may print."""
    instant = name == "balance_sheet"
    found: dict[tuple[str, Axes, str, bool], dict[date, Decimal]] = defaultdict(dict)
    labels: dict[tuple[str, Axes, str, bool], dict[str, None]] = defaultdict(dict)

    def add(fact: TaggedFact, column: date, *, opening: bool) -> None:
        key = (fact.concept, fact.axes, fact.unit, opening)
        if fact.value is not None:
            found[key].setdefault(column, fact.value)
            labels[key].update(dict.fromkeys(fact.labels))

    starts = {
        fact.start - timedelta(days=1): fact.end
        for fact in tagged.facts
        if fact.start and _is_year(fact.start, fact.end)
    }
    for fact in tagged.facts:
        if fact.start is None:
            if instant or name == "cash_flow_statement":
                add(fact, fact.end, opening=False)
            if name == "cash_flow_statement" and fact.end in starts:
                add(fact, starts[fact.end], opening=True)
        elif not instant and _is_year(fact.start, fact.end):
            add(fact, fact.end, opening=False)
    for key, values in found.items():
        concept, axes, unit, _ = key
        recent = {day: value for day, value in values.items() if day <= end}
        if recent:
            yield _Series(concept, axes, unit, tuple(labels[key]), recent)


def _is_year(start: date, end: date) -> bool:
    return _FLOW_DAYS[0] <= (end - start).days <= _FLOW_DAYS[1]


@lru_cache(maxsize=4096)
def _tokens(page: str, number: re.Pattern[str]) -> tuple[_Token, ...]:
    """Return the figures and dashes of a page, each with the text before it."""
    found: list[_Token] = []
    for line in re.finditer(r"[^\r\n]+", page):
        last, ends = 0, [0]
        above = " ".join(page[: line.start()].splitlines()[-_ABOVE:])
        for match in number.finditer(line[0]):
            between, whole = line[0][last : match.start()], line[0][: match.start()]
            labels = [between, between.rpartition(": ")[2]]  # without the headings before it
            if _CONTINUED.match(between):
                labels += [whole[end:] for end in ends[-_WITHIN:]]
                labels += [f"{above[start.start() :]}{whole}" for start in _BEGINS.finditer(above)]
            negative = bool(match["open"] or match["minus"] or match["open2"])
            found.append(
                _Token(
                    digits="0" if match["nil"] else re.sub(r"\D", "", match["digits"]),
                    negative=negative,
                    at=line.start() + match.start(),
                    labels=tuple(each.strip(" $€£(:") for each in labels),
                    follows=last > 0 and not _LETTER.search(between),
                    last=not _LETTER.search(line[0][match.end() :]),
                )
            )
            last = match.end()
            ends.append(last)
    return tuple(found)


def _digits(value: Decimal, scale: int, unit: str) -> set[str]:
    """Return the digits that a value may be printed with."""
    if "/" in unit:
        return {re.sub(r"\D", "", f"{abs(value):.{places}f}") for places in (2, 3)}
    if "share" in unit.casefold():
        scaled = [abs(value).scaleb(-each) for each in SCALES]
        return {f"{each:.0f}" for each in scaled if each == int(each)} - {"0"}
    scaled_value = abs(value).scaleb(-scale)
    if scaled_value != int(scaled_value):
        return {re.sub(r"\D", "", f"{scaled_value:.1f}")}
    return {f"{scaled_value:.0f}"}


def _long(series: _Series, end: date, scale: int) -> str | None:
    value = series.values.get(end)
    digits = _digits(value, scale, series.unit) if value is not None else set()
    longest = max(digits, key=len, default="")
    return longest if len(longest) >= _LONG else None


def _columns(
    series: Sequence[_Series], page: Sequence[_Token], scale: int, end: date
) -> tuple[list[date], int]:
    """Return the ends of the columns in printed order, and how many figures they explain."""
    money = [each for each in series if "/" not in each.unit]
    days = sorted({day for each in money for day in each.values}, reverse=True)
    yearly = [day for day in days if any(abs((end - day).days - 364 * n) < 16 for n in range(9))]
    by_share: dict[date, int] = {
        day: sum(day in each.values for each in money) for day in yearly[: 2 * _YEARS]
    }
    usual = [day for day in yearly if by_share.get(day, 0) * 8 >= max(by_share.values())]
    best: tuple[list[date], int] = ([end], 0)
    for count in range(1, min(_YEARS, len(usual)) + 1):
        for ends in (usual[:count], usual[:count][::-1]):
            cells = count * len({token.at for _, token in _matches(series, page, scale, ends)})
            if cells > best[1]:
                best = (ends, cells)
    return best


def _matches(
    series: Sequence[_Series], page: Sequence[_Token], scale: int, ends: Sequence[date]
) -> Iterator[tuple[_Series, _Token]]:
    """Yield each series with the first token of each place where its values follow each other."""
    places: dict[str, list[int]] = defaultdict(list)
    for index, token in enumerate(page):
        places[token.digits].append(index)
    for each in series:
        wanted = [
            _digits(value, scale, each.unit) | ({"0"} if value == 0 else set())
            if (value := each.values.get(day)) is not None
            else {"0"}
            for day in ends
        ]
        if not any(each.values.get(day) for day in ends):
            continue
        if len(ends) == 1 and max(len(digits) for digits in wanted[0]) < _LONG:
            continue
        for first in wanted[0]:
            for at in places[first]:
                if _is_row(page, at, wanted):
                    yield each, page[at]


def _is_row(page: Sequence[_Token], at: int, wanted: Sequence[set[str]]) -> bool:
    """Whether a row of figures begins at a token, which may have a note's number before it."""
    tokens = page[at : at + len(wanted)]
    if len(tokens) < len(wanted) or not all(token.follows for token in tokens[1:]):
        return False
    before = page[at - 1] if at and page[at].follows else None
    if before is not None and (before.negative or len(before.digits) > _NOTE):
        return False
    after = page[at + 1 : at + 2]
    if len(wanted) == 1 and not (page[at].last or (after and after[0].follows)):
        return False  # a number within a label
    return all(t.digits in digits for t, digits in zip(tokens, wanted, strict=True))


def _rows(
    series: Sequence[_Series], page: Sequence[_Token], scale: int, ends: Sequence[date]
) -> tuple[TruthRow, ...]:
    by_place: dict[int, list[_Series]] = defaultdict(list)
    for each, token in _matches(series, page, scale, ends):
        by_place[token.at].append(each)
    index = {token.at: number for number, token in enumerate(page)}
    rows = []
    for at in sorted(by_place):
        tokens = page[index[at] : index[at] + len(ends)]
        rows.append(_row(by_place[at], tokens, scale, ends))
    return tuple(rows)


def _row(
    series: Sequence[_Series], tokens: Sequence[_Token], scale: int, ends: Sequence[date]
) -> TruthRow:
    one = max(series, key=lambda each: len(each.values))
    per_share, shares = "/" in one.unit, "share" in one.unit.casefold()
    own = 0 if per_share else _shares_scale(one, tokens, ends) if shares else scale
    values: list[Decimal | None] = []
    for token, day in zip(tokens, ends, strict=True):
        value = one.values.get(day)
        amount = abs(value).scaleb(-own) if value is not None else Decimal(0)
        values.append(-amount if token.negative else amount)
    tagged = dict.fromkeys(label for each in series for label in each.labels)
    texts = [each.lstrip(" ),.;:") for each in tokens[0].labels]
    printed = {each: None for each in texts if _LETTER.search(each)}
    if printed:  # facts with equal figures have other labels
        tagged = {
            label: None
            for label in tagged
            if any(similarity(label, each) > _RELATED for each in printed)
        }
    labels = {**printed, **tagged}
    return TruthRow(
        labels=tuple(labels),
        kind="per_share" if per_share else "shares" if shares else "line",
        values=tuple(values),
        scale=own,
        nil=frozenset(index for index, value in enumerate(values) if not value),
    )


def _shares_scale(series: _Series, tokens: Sequence[_Token], ends: Sequence[date]) -> int:
    for token, day in zip(tokens, ends, strict=True):
        value = series.values.get(day)
        if value:
            for scale in SCALES:
                if f"{abs(value).scaleb(-scale):f}".rstrip("0").rstrip(".") == token.digits or (
                    abs(value) == Decimal(token.digits).scaleb(scale)
                ):
                    return scale
    return 0
