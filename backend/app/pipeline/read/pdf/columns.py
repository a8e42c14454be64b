"""The columns of a table: values by the right edges of their last digits, notes, percentages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from app.pipeline.read.pdf.lines import Line
from app.pipeline.read.pdf.text import Word
from app.pipeline.read.pdf.tokens import VALUES, Token

ColumnKind = Literal["value", "note", "percent", "change"]

_NEAR = 0.6  # em between right edges of one column: a parenthesis is a third
_FEW = 0.12  # of the figures of the fullest column: fewer are no column
_MANY = 0.4  # of them: so many dashes are a column that has nothing but nil
_MONEY = 5  # digits
_CLOSE = 0.5  # em between the words of one heading
_LONG = 12.0  # em: no heading of a column, but the labels' heading with it
_NOTE_HEAD = re.compile(
    r"\(?(?:notes?|note\(s\)|anhang|anmerkung(?:en)?|erl\u00e4uterung(?:en)?|ziffer|textziffer|tz\.?"
    r"|toelichting(?:en)?|annexes?|ref\.?|notes?\s*(?:no|nr|n\u00b0)\.?|schedule)\)?[*:]?",
    re.IGNORECASE,
)
_CHANGE_HEAD = re.compile(
    r"change|changes|ind(?:ex|ices|eks)|variance|variation|var\.?|ver\u00e4nderung|abweichung|verschil|mutatie|growth|"
    r"\u0394|increase/\(?decrease\)?|yoy|[+\u00b1]/[-\u2212\u2013]",
    re.IGNORECASE,
)
_PERCENT_HEAD = re.compile(r"\(?(?:in\s*)?%\)?")
_NOTE_CELL = re.compile(
    r"\(?[A-Z]{0,2}-?[0-9]{1,2}(?:\.[0-9]{1,2})*\.?[a-z]?(?:\([a-z0-9]{1,3}\))*\)?|[A-Z]{1,2}"
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures.

    Attributes:
        edge: Where its last digits end, in points.
        x0: Left edge of its widest figure.
        x1: Right edge of its widest figure, with parenthesis or percent sign.
    """

    edge: float
    x0: float
    x1: float
    kind: ColumnKind = "value"
    count: int = 0


@dataclass(slots=True)
class _Cluster:
    tokens: list[tuple[int, Token]] = field(default_factory=list)  # with the number of its line

    @property
    def x0(self) -> float:
        return min(token.x0 for _, token in self.tokens)

    @property
    def x1(self) -> float:
        return max(token.x1 for _, token in self.tokens)

    @property
    def edge(self) -> float:
        edges = sorted(token.edge for _, token in self.tokens if token.kind != "nil")
        edges = edges or sorted(token.edge for _, token in self.tokens)
        return edges[len(edges) // 2]

    @property
    def figures(self) -> int:
        return sum(token.kind != "nil" for _, token in self.tokens)

    @property
    def lines(self) -> set[int]:
        return {number for number, _ in self.tokens}


def find_columns(rows: Sequence[Sequence[Token]], header: Sequence[Line]) -> list[Column]:
    """Return the columns of the rows' figures, from left to right.

    Args:
        rows: The tokens of each line that may be a row, headings of columns left out.
        header: The lines above the first of them, for the headings of columns.
    """
    found = [
        (number, token)
        for number, row in enumerate(rows)
        for token in row
        if token.kind in {"figure", "nil", "note"} and (token.loose or token.kind == "note")
    ]
    clusters = _merged(_clusters(found))
    if not clusters:
        return []
    most = max(len(cluster.tokens) for cluster in clusters)
    few = max(2, _FEW * most)
    clusters = [
        cluster
        for cluster in clusters
        if cluster.figures >= few
        or len(cluster.tokens) - cluster.figures >= max(3, _MANY * most)
        or _only_notes(cluster, clusters, header)
    ]
    clusters.sort(key=lambda cluster: cluster.edge)
    return _with_kinds(clusters, rows, header)


def is_note(text: str) -> bool:
    """Whether a text has the form of a reference to a note, such as 7 or 14a."""
    return _NOTE_CELL.fullmatch(text) is not None


def _clusters(found: list[tuple[int, Token]]) -> list[_Cluster]:
    """Return the figures by right edge; those next to each other differ by a parenthesis."""
    clusters: list[_Cluster] = []
    last = None
    for number, token in sorted(found, key=lambda pair: pair[1].edge):
        if last is None or token.edge - last > _NEAR * token.size:
            clusters.append(_Cluster())
        clusters[-1].tokens.append((number, token))
        last = token.edge
    return clusters


def _merged(clusters: list[_Cluster]) -> list[_Cluster]:
    """Join clusters of one column that is not aligned on the right: they never share a line."""
    merged: list[_Cluster] = []
    for cluster in clusters:
        last = merged[-1] if merged else None
        if last is not None and _overlap(last, cluster) and not last.lines & cluster.lines:
            last.tokens.extend(cluster.tokens)
        else:
            merged.append(cluster)
    return merged


def _overlap(one: _Cluster, other: _Cluster) -> bool:
    shared = min(one.x1, other.x1) - max(one.x0, other.x0)
    return shared > 0.5 * min(one.x1 - one.x0, other.x1 - other.x0)


def _with_kinds(
    clusters: list[_Cluster], rows: Sequence[Sequence[Token]], header: Sequence[Line]
) -> list[Column]:
    columns = [
        Column(cluster.edge, cluster.x0, cluster.x1, count=len(cluster.tokens))
        for cluster in clusters
    ]
    for index, cluster in enumerate(clusters):
        later = clusters[index + 1 :]
        headed = _headed(columns, index, header, _PERCENT_HEAD) and not _large(cluster)
        if _percent(cluster) or headed:
            kind: ColumnKind = "percent"
        elif (later or index) and _notes(cluster, columns, index, later, header):
            kind = "note"
        elif _headed(columns, index, header, _CHANGE_HEAD):
            kind = "change"
        else:
            kind = "value"
        columns[index] = replace(columns[index], kind=kind)
    return [column for column in columns if column.kind != "value" or _holds_values(column, rows)]


def _percent(cluster: _Cluster) -> bool:
    signs = sum("%" in token.text for _, token in cluster.tokens)
    return 2 * signs > len(cluster.tokens)


def _large(cluster: _Cluster) -> bool:
    """Whether most figures are too large for percentages."""
    large = sum(len(re.sub("[^0-9]", "", token.text)) >= _MONEY for _, token in cluster.tokens)
    return 2 * large > len(cluster.tokens)


def _notes(
    cluster: _Cluster,
    columns: list[Column],
    index: int,
    later: list[_Cluster],
    header: Sequence[Line],
) -> bool:
    """Whether a column names notes: its heading says so, or all of it is small and the rest not."""
    small = [
        _NOTE_CELL.fullmatch(token.text) or token.kind == "note" for _, token in cluster.tokens
    ]
    share = sum(map(bool, small)) / len(small)
    if _headed(columns, index, header, _NOTE_HEAD):
        return share > 0.5  # noqa: PLR2004
    if index or share < 0.9:  # noqa: PLR2004
        return False
    values = [token for each in later for _, token in each.tokens]
    large = sum(len(re.sub("[^0-9]", "", token.text)) > 2 for token in values)  # noqa: PLR2004
    return 2 * large > len(values) and len(cluster.tokens) < len(later[0].tokens)


def _only_notes(cluster: _Cluster, clusters: Sequence[_Cluster], header: Sequence[Line]) -> bool:
    """Whether a column of hardly any figures is headed as one of notes."""
    if not all(token.kind == "note" or is_note(token.text) for _, token in cluster.tokens):
        return False
    column = Column(cluster.edge, cluster.x0, cluster.x1)
    return _headed([column], 0, header, _NOTE_HEAD) and any(
        other is not cluster and len(other.tokens) > len(cluster.tokens) for other in clusters
    )


def _headed(
    columns: list[Column], index: int, header: Sequence[Line], heading: re.Pattern[str]
) -> bool:
    """Whether a word above a column, and above no other one, is such a heading."""
    column = columns[index]
    left = columns[index - 1].x1 if index else float("-inf")
    right = columns[index + 1].x0 if index + 1 < len(columns) else float("inf")
    for line in header:
        for position, word in enumerate(line.words):
            if not heading.fullmatch(word.text):
                continue
            x0, x1 = _phrase(line.words, position)
            middle = (word.x0 + word.x1) / 2
            near = column.x0 - 3 * word.size <= middle <= column.x1 + 2 * word.size
            # A phrase that begins beside a column may be all above the next one.
            nearest = min(columns, key=lambda each: _beside(x0, x1, each))
            whole = nearest is column or x1 - x0 > _LONG * word.size
            if near and left <= middle <= right and whole:
                return True
    return False


def _beside(x0: float, x1: float, column: Column) -> float:
    """Return how far words stand from a column, by the nearer of middles and right edges."""
    return min(abs((x0 + x1) - (column.x0 + column.x1)) / 2, abs(x1 - column.x1))


def _phrase(words: Sequence[Word], index: int) -> tuple[float, float]:
    """Return the left and right edge of the words that stand close to one and to each other."""
    first = last = index
    while first and words[first].x0 - words[first - 1].x1 < _CLOSE * words[first].size:
        first -= 1
    while last + 1 < len(words) and (
        words[last + 1].x0 - words[last].x1 < _CLOSE * words[last].size
    ):
        last += 1
    return words[first].x0, words[last].x1


def _holds_values(column: Column, rows: Sequence[Sequence[Token]]) -> bool:
    """Whether hardly any text stands in the column: figures in running text are no column."""
    text = sum(
        any(token.kind == "text" and token.x0 < column.x1 and column.x0 < token.x1 for token in row)
        for row in rows
        if any(token.kind in VALUES for token in row)
    )
    return text <= column.count


def column_of(token: Token, columns: Sequence[Column]) -> int | None:
    """Return the column in which a token stands, None for none.

    Its last digit ends where the column's do, or it overlaps this column and no other one.
    """
    nearest = min(
        range(len(columns)), key=lambda i: abs(columns[i].edge - token.edge), default=None
    )
    if nearest is None:
        return None
    if abs(columns[nearest].edge - token.edge) <= (0.45 if token.loose else 0.2) * token.size:
        return nearest
    over = [
        index
        for index, column in enumerate(columns)
        if min(column.x1 + 0.3 * token.size, token.x1) > max(column.x0, token.x0)
    ]
    return over[0] if len(over) == 1 and token.loose else None
