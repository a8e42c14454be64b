"""The headings of a table: which period, currency and scale each column of figures has."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

from app.pipeline.read.pdf import dates, units
from app.pipeline.read.pdf.dates import Length, Stamp
from app.pipeline.read.pdf.language import fold
from app.pipeline.read.pdf.lines import Line
from app.pipeline.read.pdf.titles import Scope
from app.pipeline.read.pdf.units import Units

_NOTES = re.compile(
    r"(?:foot)?notes?(?: ref\w*| no\.?|s)?|see notes?|anhang\w*|annexes?|"
    r"toelichting|ref\.?|"
                    r"anm\.?|erlauterung\w*|ziffer|tz\.?|schedules?")  # fmt: skip
_GROUP = re.compile(r"(?<![a-z])(?:the )?group(?![a-z])|consolidated|konzern|groupe")
_COMPANY = re.compile(
    r"(?<![a-z])(?:the )?(?:company|parent(?: company)?|bank|"
    r"trust)(?![a-z])|mutter(?:unternehmen|gesellschaft)|societe mere|moeder(?:maatschappij|"
    r"vennootschap)"
)
_CHANGE = re.compile(
    r"change|variance|% ?(?:of|chg)|verand(?:erung|\.)|abweichung|variation|"
    r"(?<![a-z])var\.|mutatie|"
    r"increase|^%$"
)
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_LISTED = re.compile(r" (?:and|und|et|en) ")
_BESIDE = 15.0  # points by which a heading's middle may be off its column
_ALIGNED = 4.0  # points between the right edges of a heading and of its column


@dataclass(frozen=True, slots=True)
class Band:
    """Where the figures of a column stand: left and right edge, in points."""

    x0: float
    x1: float


@dataclass(slots=True)
class Column:
    """What is printed above a column of figures, and what follows of it.

    Attributes:
        printed: The heading, its lines joined by spaces.
        year: As printed for the column; `fiscal` where the filing calls it a fiscal year.
        named: Fiscal year that the heading names beside a date: FY2022 (to March 31, 2023).
        month: Of the day of the end, with `day`.
        left_out: Why the column is none of the statement's periods, None where it is one.
    """

    printed: str = ""
    year: int | None = None
    named: int | None = None
    month: int | None = None
    day: int | None = None
    fiscal: bool = False
    length: Length | None = None
    opens: date | None = None
    units: Units = field(default_factory=Units)
    scope: Scope | None = None
    lone_currency: bool = False
    end: date | None = None
    start: date | None = None
    left_out: str | None = None

    @property
    def fiscal_year(self) -> int | None:
        """The year that the filing names, else that of the end."""
        if self.named is not None:
            return self.named
        if self.fiscal and self.year is not None:
            return self.year
        return dates.fiscal_year(self.end) if self.end else self.year


@dataclass(slots=True)
class Header:
    """The headings of a table.

    Attributes:
        stamps: Dates of the title and of the lines beside it, which belong to no column.
        length: Of the periods, as the title says it.
        units: As the title says them.
    """

    columns: list[Column]
    stamps: list[Stamp] = field(default_factory=list)
    length: Length | None = None
    units: Units = field(default_factory=Units)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Words of a line that stand close together."""

    text: str
    x0: float
    x1: float

    @property
    def middle(self) -> float:
        return (self.x0 + self.x1) / 2


def _chunks(line: Line, edges: Sequence[float]) -> list[_Chunk]:
    """Return a line in pieces, parted at wide gaps and at gaps between two columns."""
    pieces: list[list[int]] = []
    words = [word for word in line.words if not word.raised]
    for index, word in enumerate(words):
        if pieces:
            last = words[pieces[-1][-1]]
            gap = word.x0 - last.x1
            middle = (word.x0 + last.x1) / 2
            between = any(abs(middle - edge) < 0.5 * gap + word.size for edge in edges)
            if gap < (0.45 if between else 0.9) * word.size:
                pieces[-1].append(index)
                continue
        pieces.append([index])
    return [
        _Chunk(" ".join(words[index].text for index in piece), words[piece[0]].x0,
               max(words[index].x1 for index in piece))
        for piece in pieces
    ]  # fmt: skip


def read_header(
    bands: Sequence[Band], lines: Sequence[Line], others: Sequence[Band] = ()
) -> Header:
    """Return what the lines above a table say about its columns.

    Args:
        bands: Of the columns of figures, from left to right.
        others: Of the columns of notes, percentages and changes, whose headings are not read.
        lines: From the title to the first line with figures, from top to bottom.
    """
    columns = [Column() for _ in bands]
    header = Header(columns)
    if not bands:
        return header
    edges = _edges(bands)
    texts: list[list[str]] = [[] for _ in bands]
    title: list[str] = []
    for line in lines:
        inside: list[_Chunk] = []
        for chunk, is_title in _placed(line, bands, others):
            if is_title:
                title.append(chunk.text)
            else:
                inside.append(chunk)
        _assign(inside, bands, edges, texts, title)
    for column, parts in zip(columns, texts, strict=True):
        _read_column(column, parts)
    if len(columns) == 1 and _names_two_years(columns[0].printed):
        columns[0].year = columns[0].month = columns[0].day = None
    whole = units.fold_units(" \n ".join(title)) if title else ""
    folded_titles = [units.fold_units(text) for text in title]
    for text in folded_titles:
        header.stamps.extend(dates.find_stamps(text))
    header.length = dates.find_length(whole)
    header.units = _first_units(folded_titles)
    shares = units.read_units(whole).shares  # "… and number of \n shares, which are in thousands"
    if shares is not None:
        header.units = replace(header.units, shares=shares)
    return header


def _placed(
    line: Line, bands: Sequence[Band], others: Sequence[Band]
) -> Iterator[tuple[_Chunk, bool]]:
    """Yield the pieces of a line, and whether each is of the title rather than of a column."""
    edges = _edges(bands)
    chunks = _chunks(line, edges[1:-1])
    # As many years as there are columns are theirs, wherever they stand.
    years = sum(_YEAR.fullmatch(chunk.text) is not None for chunk in chunks)
    shifted = 1 < years == len(bands)
    for chunk in chunks:
        if _NOTES.fullmatch(fold(chunk.text)) or _is_above(chunk, others, bands):
            continue
        of_column = shifted and _YEAR.fullmatch(chunk.text) is not None
        yield chunk, not of_column and _is_left(chunk, bands, edges)


def _is_left(chunk: _Chunk, bands: Sequence[Band], edges: Sequence[float]) -> bool:
    """Return whether words stand left of the columns: they are of the title or of the labels."""
    if chunk.x0 >= edges[0] or chunk.middle >= bands[0].x0:
        return False
    ends_with_column = bands[0].x0 < chunk.x1 <= bands[0].x1 + _ALIGNED
    return not (ends_with_column and chunk.x1 - chunk.x0 < 2 * (bands[0].x1 - edges[0]))


def _is_above(chunk: _Chunk, others: Sequence[Band], bands: Sequence[Band]) -> bool:
    """Return whether a heading stands above another column, nearer than above one of figures."""
    if not others or units.read_units(units.fold_units(chunk.text)).scale is not None:
        return False
    nearest = min(_distance(chunk, band) for band in bands)
    return any(
        band.x0 - _BESIDE < chunk.middle < band.x1 + _BESIDE and _distance(chunk, band) < nearest
        for band in others
    )


def _first_units(texts: Iterable[str]) -> Units:
    found = Units()
    for text in texts:
        here = units.read_units(text)
        if here.scale is not None and found.scale is None:
            found = replace(found, scale=here.scale, shares=here.shares)
            if here.currency or here.sign:
                found = replace(found, currency=here.currency, sign=here.sign)
        if here.currency and found.currency is None and len(text.split()) < 20:  # noqa: PLR2004
            found = replace(found, currency=here.currency)
        if here.sign and found.sign is None and found.currency is None:
            found = replace(found, sign=here.sign)
        if here.whole:
            found = replace(found, whole=True)
        if here.shares is not None and found.shares is None:
            found = replace(found, shares=here.shares)
    return found


def _edges(bands: Sequence[Band]) -> list[float]:
    """Return the limits between columns, one more than there are columns."""
    between = [(one.x1 + other.x0) / 2 for one, other in pairwise(bands)]
    pitches = [other.x1 - one.x1 for one, other in pairwise(bands)]
    reach = min(pitches) if pitches else 110.0
    first = min(bands[0].x0 - 6, bands[0].x1 - 0.92 * reach)
    return [first, *between, bands[-1].x1 + 60]


def _assign(
    chunks: Sequence[_Chunk],
    bands: Sequence[Band],
    edges: Sequence[float],
    texts: Sequence[list[str]],
    title: list[str],
) -> None:
    """Append the chunks of a line to the columns that they stand over."""
    split = list(_split(chunks, bands))
    if not split:
        return
    if len(split) == len(bands):
        for text, chunk in zip(texts, split, strict=True):
            text.append(chunk.text)
        return
    if len(split) == 1:
        _span(split[0], bands, edges, texts, title)
        return
    if len(split) < len(bands):
        _share(split, bands, texts)
        return
    for chunk in split:
        nearest = min(range(len(bands)), key=lambda index: _distance(chunk, bands[index]))
        texts[nearest].append(chunk.text)


def _share(split: Sequence[_Chunk], bands: Sequence[Band], texts: Sequence[list[str]]) -> None:
    """Append to each column the chunk of its group of columns, else the nearest one."""
    if len(split) > 1 and len(bands) % len(split) == 0:
        width = len(bands) // len(split)
        groups = [bands[index : index + width] for index in range(0, len(bands), width)]
        above = all(
            group[0].x0 - _BESIDE <= chunk.middle <= group[-1].x1 + _BESIDE
            for chunk, group in zip(split, groups, strict=True)
        )
        own = any(_is_own(chunk, group) for chunk, group in zip(split, groups, strict=True))
        if above and not own:
            for index, text in enumerate(texts):
                text.append(split[index // width].text)
            return
    pitch = min(other.x1 - one.x1 for one, other in pairwise(bands))
    for text, band in zip(texts, bands, strict=True):
        chunk = min(split, key=lambda each: _distance(each, band))
        if _distance(chunk, band) < 0.5 * pitch:
            text.append(chunk.text)


def _is_own(chunk: _Chunk, group: Sequence[Band]) -> bool:
    """Return whether a date stands right above one column, and not in the middle of a group."""
    middle = (group[0].x0 + group[-1].x1) / 2
    if abs(chunk.middle - middle) < 2 * _ALIGNED or not dates.find_stamps(fold(chunk.text)):
        return False
    return any(abs(chunk.x1 - band.x1) < _ALIGNED for band in group)


def _distance(chunk: _Chunk, band: Band) -> float:
    """Return how far a heading stands from its column, by the nearer of middle and right edge."""
    return min(abs(chunk.middle - (band.x0 + band.x1) / 2), abs(chunk.x1 - band.x1))


def _span(
    chunk: _Chunk,
    bands: Sequence[Band],
    edges: Sequence[float],
    texts: Sequence[list[str]],
    title: list[str],
) -> None:
    """Append the only chunk of a line to all columns, or to the one that it belongs to."""
    folded = fold(chunk.text)
    stamps = dates.find_stamps(folded)
    years = [stamp for stamp in stamps if stamp.year is not None]
    if len(years) > 1 and len(bands) > 1:
        title.append(chunk.text)  # "31 March 2022 and 2021": of the title, not of a column
        return
    own = [index for index in range(len(bands)) if edges[index] <= chunk.middle <= edges[index + 1]]
    plain = not stamps and dates.find_length(folded) is None
    here = units.read_units(units.fold_units(chunk.text))
    aligned = [index for index in own if _stands_over(chunk, bands[index])]
    if plain and (aligned or (here.scale is None and not here.currency and not here.sign)):
        for index in own[:1]:
            texts[index].append(chunk.text)  # "Restated" or "US$" above one column
        return
    if aligned and len(bands) > 1 and aligned[0] in {0, len(bands) - 1}:
        texts[aligned[0]].append(chunk.text)  # its lines start higher than its neighbour's
        if not years:
            title.append(chunk.text)
        return
    if years and len(bands) > 1 and chunk.x1 - chunk.x0 < 0.8 * (edges[-1] - edges[0]):
        title.append(chunk.text)
        for index in own[:1]:
            texts[index].append(chunk.text)
        return
    for text in texts:
        text.append(chunk.text)


def _stands_over(chunk: _Chunk, band: Band) -> bool:
    """Return whether words end where a column does, or have their middle where it has it."""
    middle = abs(chunk.middle - (band.x0 + band.x1) / 2)
    return abs(chunk.x1 - band.x1) < _ALIGNED or middle < _ALIGNED


def _split(chunks: Sequence[_Chunk], bands: Sequence[Band]) -> Iterator[_Chunk]:
    """Yield the chunks; one with a date for each of several columns in as many pieces."""
    found = [dates.find_stamps(fold(chunk.text)) for chunk in chunks]
    counted = len(chunks) < len(bands) == sum(map(len, found)) and all(found)
    for chunk, stamps in zip(chunks, found, strict=True):
        over = sum(band.x1 > chunk.x0 and band.x0 < chunk.x1 for band in bands)
        divides = len(stamps) > 1 and (counted or over >= len(stamps))
        folded = fold(chunk.text)
        if not divides or len(folded) != len(chunk.text) or _LISTED.search(folded):
            yield chunk
            continue
        begin = 0
        each = (chunk.x1 - chunk.x0) / len(chunk.text)
        for stop in [*(stamp.stop for stamp in stamps[:-1]), len(chunk.text)]:
            text = chunk.text[begin:stop].strip()
            yield _Chunk(text, chunk.x0 + each * begin, chunk.x0 + each * stop)
            begin = stop


def _read_column(column: Column, parts: Sequence[str]) -> None:
    column.printed = " ".join(parts)
    folded = units.fold_units(column.printed)
    stamps = dates.find_stamps(folded)
    closing = [stamp for stamp in stamps if not stamp.opens]
    dated = [stamp for stamp in closing if stamp.year is not None]
    days = [stamp for stamp in closing if stamp.month is not None]
    if dated:
        column.year, column.fiscal = dated[-1].year, dated[-1].fiscal
        if dated[-1].month is not None:
            days = [dated[-1]]
    if days:
        column.month, column.day = days[-1].month, days[-1].day
    named = [stamp.year for stamp in closing if stamp.fiscal]
    if named and not column.fiscal:
        column.named = named[-1]
    opening = [stamp.date for stamp in stamps if stamp.opens]
    column.opens = opening[-1] if opening else None
    column.length = dates.find_length(folded)
    column.units = units.read_units(_without_dates(folded, stamps))
    column.lone_currency = any(
        units.is_lone_currency(units.fold_units(part)) for part in parts
    )  # fmt: skip
    if _GROUP.search(folded):
        column.scope = "consolidated"
    elif _COMPANY.search(folded):
        column.scope = "parent"
    if _CHANGE.search(folded):
        column.left_out = "column_of_changes"


def _names_two_years(printed: str) -> bool:
    """Return whether the heading of an only column is that of two: the other cannot be read."""
    stamps = dates.find_stamps(units.fold_units(printed))
    return len({each.year for each in stamps if each.year and not (each.opens or each.fiscal)}) > 1


def _without_dates(folded: str, stamps: Sequence[Stamp]) -> str:
    text = list(folded)
    for stamp in stamps:
        text[stamp.start : stamp.stop] = " " * (stamp.stop - stamp.start)
    return "".join(text)
