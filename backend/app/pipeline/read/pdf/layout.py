"""Which lines of a page are the rows of its table, which its header, and which its margins."""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from app.pipeline.read.pdf.columns import Column, column_of, find_columns
from app.pipeline.read.pdf.lines import Line
from app.pipeline.read.pdf.numbers import DASHES
from app.pipeline.read.pdf.tokens import MONTHS, VALUES, Token, has_figures, names_unit, read_tokens
from app.pipeline.read.pdf.units import fold_units, read_units

_DIGIT = re.compile("[0-9]")
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_PAGE_NUMBER = re.compile(
    r"[-\u2013|\s]*(?:page|seite|pagina)?\s*[A-Z]?-?[0-9]{1,4}"
    r"(?:\s*(?:\||/|of|von|de)\s*(?:p\s?a\s?g\s?e|[0-9]{1,4}))?[-\u2013|\s]*",
    re.IGNORECASE,
)
_RUNNING = re.compile(
    r"annual report|form 10-k|form 20-f|gesch\u00e4ftsbericht|jahresbericht|rapport annuel"
    r"|document d['\u2019]enregistrement|jaarverslag|\b(?:page|seite|pagina) [0-9]+|\|",
    re.IGNORECASE,
)
# Words of a header that name no section.
_COLUMN_OF_LABELS = re.compile(r"(?:particulars|description|items?|captions?)[: ]*", re.IGNORECASE)
_UNITS = re.compile(
    r"\b(?:in|en|notes?|years?|months?|ended|period|as|at|of|for|millions?|thousands?|billions?"
    r"|crores?|lakhs?|mio|mill|mrd|tsd|tausend|millionen|milliers|duizend|miljoen|unaudited"
    r"|audited|restated|consolidated|company|group|konzern|groupe|groep|stand|jahr|exercice"
    r"|boekjaar|anhang|toelichting|annexes?)\b|[$\u20ac\u00a3\u00a5\u20b9]|(?-i:\b[A-Z]{3}\b)",
    re.IGNORECASE,
)
_SCALE = re.compile(
    r"^[(\[].*[)\]]$|\b(?:in|en)\b.*\b(?:thousands|millions|billions|crores?|lakhs?|tausend|mio|mrd|tsd"
    r"|millionen|milliarden|milliers|duizenden|duizend|miljoen)\b",
    re.IGNORECASE,
)
_COUNT = re.compile(r"(?:[1-4][0-9]|5[0-3]|[1-9])(?:st|nd|rd|th)?|(?:19|20)[0-9]{2}")
_COUNTED = frozenset({*MONTHS, "weeks", "week", "months", "days", "wochen", "monate", "mois"})
_OF_DATES = _COUNTED | {
    "restated", "restated*", "(restated)", "note", "notes", "audited", "unaudited", "ended", "to",
    "year", "years", "period", "as", "at", "from",
}  # fmt: skip
_DAY_DIGITS = 4  # a longer word with figures, other than a date, is of a row
_APART = 0.25  # of the size, from a dash to a figure that it need not belong to
_ALIGNED = 0.3  # of the size, between the right edges of a nil and of the figures above it
_AT_EDGE = 3  # lines at either end of a page that may be running headers and footers
_FAR = 3  # of the size, from the first row to a heading above it
_STEP = 1.6  # of the size, to a line that continues the last row


@dataclass(frozen=True, slots=True)
class Layout:
    """The lines of a page around the columns of its table.

    Attributes:
        tokens: Of each line.
        placed: Of each line, the tokens that stand in a column, by the column's number.
        rows: Whether a line has figures in columns of values and no text among them.
        margins: Lines at the page's edges that are no part of its text, with the reason.
        first: The first row.
        start: Where the body begins: the headings above the first row, or this row.
    """

    lines: Sequence[Line]
    tokens: Sequence[Sequence[Token]]
    columns: Sequence[Column]
    placed: Sequence[Mapping[int, list[Token]]]
    rows: Sequence[bool]
    margins: Mapping[int, str]
    first: int
    start: int

    @property
    def values(self) -> list[int]:
        """Numbers of the columns of values."""
        return [index for index, column in enumerate(self.columns) if column.kind == "value"]

    @property
    def last(self) -> int:
        """The last row."""
        return max(i for i, is_row in enumerate(self.rows) if is_row and i not in self.margins)

    @property
    def area(self) -> float:
        """Left edge of the leftmost column to the right of the labels."""
        return _area(self.columns, self.tokens, self.rows)

    def in_values(self, number: int) -> list[Token]:
        """Return the tokens of a line in columns of values."""
        return [
            token
            for index, tokens in self.placed[number].items()
            if self.columns[index].kind == "value"
            for token in tokens
        ]

    def repeats_header(self, number: int) -> bool:
        """Whether a line below the first row names years or unit of the columns once more."""
        if names_unit(self.lines[number].text):
            return True
        headers = {_years(self.tokens[each]) for each in range(self.first)} - {()}
        if _years(self.tokens[number]) in headers:
            return True
        texts = {token.text for tokens in self.placed[number].values() for token in tokens}
        label = " ".join(word.text for word in self.lines[number].words if word.x1 < self.area)
        named = re.search("[^\\W\\d_]", _UNITS.sub(" ", label)) is not None
        plain = not has_figures(self.lines[number].text) and not named
        return plain and any(set(header) <= texts for header in headers)

    def begins_section(self) -> bool:
        """Whether the lowest line of the header is a heading too: `Assets  Note  2022`."""
        number = self.start - 1
        if number < 0 or number in self.margins:
            return False
        line = self.lines[number]
        label = [word for word in line.words if word.x1 < self.area and not word.raised]
        if not label or len(label) == len(line.words) or label[0] is not line.words[0]:
            return False
        text = " ".join(word.text for word in label)
        level = abs(label[0].x0 - self.lines[self.first].x0) < 2 * line.size
        named = _COLUMN_OF_LABELS.fullmatch(text)
        unit = read_units(fold_units(text))
        says_unit = _UNITS.search(text) or unit.currency or unit.sign or unit.scale is not None
        return level and not (named or says_unit or _DIGIT.search(text))

    def may_go_on(self, number: int) -> bool:
        """Whether a line below the last row may continue its label."""
        last = self.last
        steps = range(last + 1, number + 1)
        return number <= last + 2 and all(
            self.lines[each - 1].y - self.lines[each].y < _STEP * self.lines[each].size
            for each in steps
        )


def lay_out(lines: Sequence[Line]) -> Layout | None:
    """Return the layout of a page or of one half of it; None where no figures stand in columns."""
    tokens = [read_tokens(line) for line in lines]
    edges = sorted(token.edge for row in tokens for token in row if token.kind == "figure")
    tokens = [[part for token in row for part in _parted(token, (), edges)] for row in tokens]
    # A line of years, dates and units is aligned with the columns, and names them.
    dated = _lines_of_dates(lines)
    candidates = [
        row if has_figures(line.text) and number not in dated else []
        for number, (line, row) in enumerate(zip(lines, tokens, strict=True))
    ]
    found = _find(candidates, tokens, lines, 0)
    # Which columns name notes is said by the header, which is known after the columns.
    found = found and _find(candidates, tokens, lines, found.first)
    if found is None:
        return None
    return replace(found, start=_start(lines, found))


def _find(
    candidates: Sequence[Sequence[Token]],
    tokens: Sequence[Sequence[Token]],
    lines: Sequence[Line],
    header: int,
) -> Layout | None:
    """Return the layout, its start at the first row, given the number of lines above it."""
    columns = find_columns(candidates, lines[:header])
    tokens = [[part for token in row for part in _parted(token, columns)] for row in tokens]
    placed = [_place(row, columns) for row in tokens]
    rows = [_is_row(*pair, columns) for pair in zip(tokens, placed, strict=True)]
    margins = _margins(lines, rows, placed, columns)
    units = {number for number, line in enumerate(lines) if names_unit(line.text)}
    first = _first(tokens, rows, placed, {*margins, *units, *_lines_of_dates(lines)}, columns)
    if first is None:
        return None
    return Layout(lines, tokens, columns, placed, rows, margins, first, first)


def _place(row: Sequence[Token], columns: Sequence[Column]) -> dict[int, list[Token]]:
    """Return the tokens in columns; a dash in none of them is the minus of the next figure."""
    found: dict[int, list[Token]] = {}
    minus: Token | None = None
    for token in row:
        if token.kind in VALUES or token.kind == "note":
            index = column_of(token, columns)
            if index is not None and (token.kind != "note" or columns[index].kind == "note"):
                signed = [minus] if minus is not None and token.kind == "figure" else []
                found.setdefault(index, []).extend([*signed, token])
            dash = token.kind == "nil" and token.loose and index is None
            minus = token if dash else None
        elif token.kind != "currency":
            minus = None
    return found


def _parted(token: Token, columns: Sequence[Column], edges: Sequence[float] = ()) -> list[Token]:
    """Return a figure whose minus is the nil of the column before as these two, else as it is.

    Args:
        token: Of any kind.
        columns: In one of which the nil may stand, to the left of the figure.
        edges: Where the last digits of other figures end, ascending, and the nil may too.
    """
    first, *rest = token.words
    if token.kind != "figure" or not rest or first.text not in DASHES:
        return [token]
    if rest[0].x0 - first.x1 < _APART * token.size:
        return [token]
    middle = (first.x0 + first.x1) / 2
    near = bisect_left(edges, first.x1 - _ALIGNED * token.size)
    aligned = near < len(edges) and edges[near] < first.x1 + _ALIGNED * token.size
    within = any(
        column.x0 - token.size <= middle <= column.x1 and column.edge < rest[0].x0
        for column in columns
    )
    if not (aligned or within):
        return [token]
    nil = replace(token, kind="nil", text=first.text, words=(first,), x1=first.x1, edge=first.x1)
    text = token.text.lstrip(DASHES + " ")
    return [nil, replace(token, text=text, words=tuple(rest), x0=rest[0].x0)]


def _is_row(
    row: Sequence[Token], placed: Mapping[int, list[Token]], columns: Sequence[Column]
) -> bool:
    """Whether a line has a figure in a column of values, and no text among the columns."""
    values = {index for index in placed if columns[index].kind == "value"}
    if not any(token.kind in {"figure", "nil"} for index in values for token in placed[index]):
        return False
    return not any(
        token.kind == "text" and token.x0 < column.x1 and column.x0 < token.x1
        for token in row
        for index, column in enumerate(columns)
        if column.kind == "value" and (index in values or token.x0 > column.x0)
    )


def _first(
    tokens: Sequence[Sequence[Token]],
    rows: Sequence[bool],
    placed: Sequence[Mapping[int, list[Token]]],
    others: AbstractSet[int],
    columns: Sequence[Column],
) -> int | None:
    """Return the first row whose figures are not all years or dashes; `others` are no rows."""
    for number, is_row in enumerate(rows):
        if not is_row or number in others:
            continue
        figures = [
            token.text
            for index, tokens in placed[number].items()
            if columns[index].kind == "value"
            for token in tokens
        ]
        dashes = not any(map(_DIGIT.search, figures)) and len(figures) == len(tokens[number])
        if any(not _DIGIT.search(text) or has_figures(text) for text in figures) and not dashes:
            return number
    return None


def _margins(
    lines: Sequence[Line],
    rows: Sequence[bool],
    placed: Sequence[Mapping[int, list[Token]]],
    columns: Sequence[Column],
) -> dict[int, str]:
    found: dict[int, str] = {}
    count, dates = len(lines), _lines_of_dates(lines)
    for numbers in (
        range(min(_AT_EDGE, count)),
        range(count - 1, max(-1, count - 1 - _AT_EDGE), -1),
    ):
        for number in numbers:
            text = lines[number].text
            if rows[number] and not _is_folio(placed[number], columns):
                break
            if number in dates:
                continue
            if _PAGE_NUMBER.fullmatch(text):
                found[number] = "page_number"
            elif _RUNNING.search(text):
                found[number] = "running_header"
            elif rows[number]:
                break
    return found


def _is_folio(placed: Mapping[int, list[Token]], columns: Sequence[Column]) -> bool:
    """Whether the only figure of a line in columns may be the number of its page."""
    figures = [
        token.text
        for index, tokens in placed.items()
        if columns[index].kind == "value"
        for token in tokens
    ]
    return len(figures) == 1 and re.fullmatch("[0-9]{1,3}", figures[0]) is not None


def _lines_of_dates(lines: Sequence[Line]) -> set[int]:
    """Return the lines that hold parts of dates or of weeks, the rest of which is on others.

    Such as `31 31` above `December December`, and `December 31 1 January` between two of these.
    """
    found = set()
    for number, line in enumerate(lines):
        words = [word.strip(".,") for word in line.text.lower().split()]
        long = any(len(word) > _DAY_DIGITS and has_figures(word) for word in words)
        if long and has_figures(line.text):
            break
        if not all(_COUNT.fullmatch(word) or word in _OF_DATES for word in words):
            continue
        beside = [*lines[max(number - 1, 0) : number], *lines[number + 1 : number + 2]]
        near = {word.strip(".,") for each in beside for word in each.text.lower().split()}
        if any(_COUNT.fullmatch(word) for word in words) and {*near, *words} & _COUNTED:
            found.add(number)
    return found


def _area(
    columns: Sequence[Column], tokens: Sequence[Sequence[Token]], rows: Sequence[bool]
) -> float:
    """Return the left edge of the leftmost column, but for one of notes in front of the labels."""
    texts = [
        token
        for row, is_row in zip(tokens, rows, strict=True)
        if is_row
        for token in row
        if token.kind == "text"
    ]
    values = min(column.x0 for column in columns if column.kind == "value")
    return min(
        column.x0
        for column in columns
        if column.kind != "note"
        or 2 * sum(column.x1 <= token.x0 and token.x1 <= values for token in texts) < len(texts)
    )


def _start(lines: Sequence[Line], found: Layout) -> int:
    """Return the first line of the body: headings stand above its first figures."""
    area, margins, number = found.area, found.margins, found.first
    labels = [token.x0 for token in found.tokens[number] if token.kind == "text"]
    left = min(labels, default=lines[number].x0)
    while number and number - 1 not in margins:
        line = lines[number - 1]
        far = line.y - lines[number].y > _FAR * line.size
        aside = line.x1 > area or line.x0 > left + 1
        if far or aside or _DIGIT.search(line.text) or _SCALE.search(line.text):
            break
        number -= 1
    # Without a line above that names the columns, these are the page's titles.
    named = any(
        line.x1 > area and line.y - lines[number].y < (_FAR + 1) * line.size
        for line in lines[:number]
    )
    return number if named else found.first


def _years(row: Sequence[Token]) -> tuple[str, ...]:
    """Return the years that a line says in columns, if it says nothing else there."""
    years = tuple(token.text for token in row if token.kind in VALUES and token.loose)
    return years if years and all(map(_YEAR.fullmatch, years)) else ()
