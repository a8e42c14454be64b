"""Compares what was read with the truth, figure by figure: worth, label, period, currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from app.pipeline.statement import Row, Statement

DifferenceKind = Literal[
    "absent", "period", "currency", "scale", "scope", "missing", "extra", "wrong", "label"
]
_SIMILAR = 0.8


@dataclass(frozen=True, slots=True)
class Difference:
    """One point in which what was read differs from the truth."""

    kind: DifferenceKind
    text: str

    @property
    def is_wrong(self) -> bool:
        """Whether it states something false; what is absent or not known is not false."""
        return self.kind in {"period", "currency", "scale", "scope", "wrong", "extra", "label"}


def worth(value: Decimal, row: Row, statement: Statement) -> Decimal:
    """Return a figure in units of the currency; in printed units where the scale is not known."""
    scale = row.scale if row.scale is not None else statement.scale
    return value.scaleb(scale or 0)


def normal(label: str) -> str:
    """Return a label without what readers may leave out: case, colon, white space."""
    return " ".join(label.casefold().replace("\u2019", "'").split()).rstrip(" :.")


def likeness(one: str, other: str) -> float:
    """Return how alike two labels are, from 0 to 1."""
    return _ratio(normal(one), normal(other))


@lru_cache(maxsize=262144)
def _ratio(one: str, other: str) -> float:
    return 1.0 if one == other else SequenceMatcher(None, one, other).ratio()


def columns_of(truth: Statement, read: Statement) -> dict[str, str]:
    """Return the read period of each true one: by its last day, else by year, else by order."""
    found = {}
    for at, period in enumerate(truth.periods):
        hits = [each for each in read.periods if each.end == period.end]
        hits = hits or [
            each
            for each in read.periods
            if each.end is None and each.fiscal_year == period.fiscal_year
        ]
        if not hits and len(read.periods) == len(truth.periods):
            hits = [read.periods[at]]
        if hits:
            found[period.key] = hits[0].key
    return found


def _equal(
    true: Row, row: Row, columns: dict[str, str], both: tuple[Statement, Statement]
) -> float:
    """Return the part of a true row's figures that another row has."""
    same = 0
    for key, cell in true.cells.items():
        other = row.cells.get(columns.get(key, ""))
        if cell.v is None or other is None or other.v is None:
            continue
        same += worth(cell.v, true, both[0]) == worth(other.v, row, both[1])
    return same / max(len(true.cells), 1)


def align(truth: Statement, read: Statement, columns: dict[str, str]) -> dict[int, int]:
    """Return the read row of each true row, in order, by the best sum of label and figures."""
    ours = [row for row in truth.rows if row.cells]
    theirs = [row for row in read.rows if row.cells]
    best = [[0.0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for i, true in enumerate(ours, 1):
        for j, row in enumerate(theirs, 1):
            same = _equal(true, row, columns, (truth, read))
            alike = likeness(true.label, row.label)
            score = alike + 1.5 * same if alike > 0.6 or same > 0.5 else 0.0
            best[i][j] = max(best[i - 1][j], best[i][j - 1], best[i - 1][j - 1] + score)
    pairs = {}
    i, j = len(ours), len(theirs)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            pairs[ours[i - 1].n] = theirs[j - 1].n
            i, j = i - 1, j - 1
    return pairs


def compare(truth: Statement, read: Statement | None) -> list[Difference]:
    """Return all differences between a statement and its truth; none for a perfect reading."""
    if read is None:
        return [Difference("absent", f"{truth.statement} was not found")]
    found = _compare_heads(truth, read)
    columns = columns_of(truth, read)
    pairs = align(truth, read, columns)
    theirs = {row.n: row for row in read.rows}
    for true in truth.rows:
        row = theirs.get(pairs.get(true.n, -1))
        for key, cell in true.cells.items():
            other = row.cells.get(columns.get(key, "")) if row else None
            found += _compare_cells(f"{true.label} {key}", true, cell.v, row, other, (truth, read))
        if row and true.label and likeness(true.label, row.label) < _SIMILAR:
            found.append(Difference("label", f"{true.label!r} read as {row.label!r}"))
    for row in read.rows:
        if row.cells and row.n not in pairs.values():
            values = ", ".join(str(cell.v) for cell in row.cells.values())
            found.append(Difference("extra", f"{row.label!r}: {values}"))
    return found


def _compare_heads(truth: Statement, read: Statement) -> list[Difference]:
    found = []
    if read.currency != truth.currency:
        kind: DifferenceKind = "missing" if read.currency is None else "currency"
        found.append(Difference(kind, f"currency {truth.currency} read as {read.currency}"))
    if read.scale != truth.scale:
        kind = "missing" if read.scale is None else "scale"
        found.append(Difference(kind, f"scale {truth.scale} read as {read.scale}"))
    if truth.scope == "consolidated" and read.scope == "parent":
        found.append(Difference("scope", "the group's read as the parent's"))
    ends = [period.end for period in read.periods]
    for period in truth.periods:
        if period.end not in ends:
            known = [end.isoformat() for end in ends if end is not None]
            kind = "period" if len(known) == len(ends) and ends else "missing"
            found.append(Difference(kind, f"period to {period.end} read as {known}"))
    return found


def _compare_cells(
    place: str,
    true: Row,
    value: Decimal | None,
    row: Row | None,
    other: "object | None",
    both: tuple[Statement, Statement],
) -> list[Difference]:
    read = getattr(other, "v", None)
    if value is None:
        return []
    if row is None or read is None:
        # A dash says that there is nothing: a reader may leave it out.
        return [] if value == 0 else [Difference("missing", f"{place}: {value}")]
    if both[1].scale is None and row.scale is None:
        equal = read == value
    else:
        equal = worth(value, true, both[0]) == worth(read, row, both[1])
    return [] if equal else [Difference("wrong", f"{place}: {value} read as {read}")]


def choose(statements: Sequence[Statement], truth: Statement) -> Statement | None:
    """Return the read statement of the truth's kind: the group's, else the only one."""
    same = [each for each in statements if each.statement == truth.statement]
    group = [each for each in same if each.scope != "parent"]
    return next(iter(group or same), None)
