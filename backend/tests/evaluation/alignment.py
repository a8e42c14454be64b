"""Which row that was read is which row of the truth: in order, by label and figures."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from difflib import SequenceMatcher
from functools import lru_cache

from app.pipeline.statement import Row, Statement
from tests.evaluation.truth import TruthRow, TruthStatement

SAME_LABEL = 0.75
"""The least similarity of two labels that are held for the same."""
_ALIKE = 0.6
_FIGURES = Decimal("1.5")  # all figures equal weigh more than an equal label
_NOTE = re.compile(r"\((?:note|notes|see|in|note\(s\))\b[^)]*\)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=65536)
def _words(label: str) -> str:
    return " ".join(_WORD.findall(_NOTE.sub(" ", label).casefold()))


@lru_cache(maxsize=262144)
def similarity(left: str, right: str) -> float:
    """Return how alike two labels are, from 0 to 1, without case, punctuation and notes."""
    left, right = _words(left), _words(right)
    return 1.0 if left == right else SequenceMatcher(None, left, right, autojunk=False).ratio()


def label_similarity(truth: TruthRow, row: Row) -> float:
    """Return how alike the label is to the nearest of the right ones; 1 where none is printed.

    Some reports print a group's heading before each of its lines, so that the label with its
    sections counts, too.
    """
    if not truth.labels:
        return 1.0
    own = {row.label, " ".join([*row.section[-1:], row.label])}
    right = {*truth.labels, " ".join([*truth.section[-1:], truth.labels[0]])}
    return max(similarity(each, other) for each in right for other in own)


def scale_of(row: Row, statement: Statement) -> int | None:
    """Return the power of ten of a row's figures, None where it is not known."""
    if row.scale is not None:
        return row.scale
    return 0 if row.kind == "per_share" else statement.scale


def columns(truth: TruthStatement, read: Statement) -> dict[int, str]:
    """Return the key of the period that was read for each column of the truth that has one.

    By the last day, and where a statement does not say it, by the fiscal year.
    """
    found: dict[int, str] = {}
    for index, period in enumerate(truth.periods):
        same = [
            each.key
            for each in read.periods
            if (
                each.end == period.end
                if each.end and period.end
                else each.fiscal_year is not None and each.fiscal_year == period.fiscal_year
            )
        ]
        if same and same[0] not in found.values():
            found[index] = same[0]
    return found


def align(
    truth: TruthStatement, read: Statement, keys: Mapping[int, str]
) -> tuple[dict[int, int], set[int]]:
    """Pair rows of the truth with rows that were read.

    Returns:
        Index in `truth.rows` to index in `read.rows`, and the pairs of it that are out of order.
    """
    rows = [index for index, row in enumerate(read.rows) if row.cells]
    weights = _weights(truth, read, keys, rows)
    pairs = _in_order(len(truth.rows), len(rows), weights)
    found = {left: rows[right] for left, right in pairs.items()}
    moved: set[int] = set()
    free = [index for index in rows if index not in found.values()]
    for left, row in enumerate(truth.rows):
        if left in found:
            continue
        for index in free:
            if (
                label_similarity(row, read.rows[index]) > SAME_LABEL
                and _equal(row, read.rows[index], read, keys) == 1
            ):
                found[left] = index
                moved.add(left)
                free.remove(index)
                break
    return found, moved


def _weights(
    truth: TruthStatement, read: Statement, keys: Mapping[int, str], rows: Sequence[int]
) -> dict[tuple[int, int], Decimal]:
    found: dict[tuple[int, int], Decimal] = {}
    for left, row in enumerate(truth.rows):
        for right, index in enumerate(rows):
            equal = _equal(row, read.rows[index], read, keys)
            alike = label_similarity(row, read.rows[index]) if row.labels else float(equal == 1)
            if alike >= _ALIKE or equal >= Decimal("0.5"):
                sections = _shared_sections(row, read.rows[index])
                found[left, right] = Decimal(f"{alike:.6f}") + _FIGURES * equal + sections
    return found


def _shared_sections(truth: TruthRow, row: Row) -> Decimal:
    """Return a little for rows below alike headings, to tell repeated labels apart."""
    if not truth.section or not row.section:
        return Decimal(0)
    alike = similarity(truth.section[-1], row.section[-1]) > SAME_LABEL
    return Decimal("0.1") if alike else Decimal(0)


def _equal(truth: TruthRow, row: Row, read: Statement, keys: Mapping[int, str]) -> Decimal:
    """Return the part of a row's figures, other than zero, whose digits are the same."""
    scale = scale_of(row, read)
    compared = equal = 0
    for index, value in enumerate(truth.values):
        if not value:
            continue
        compared += 1
        cell = row.cells.get(keys.get(index, ""))
        if cell is None or cell.v is None:
            continue
        same_scale = value.scaleb(truth.scale) == cell.v.scaleb(scale or 0)
        equal += same_scale or abs(value) == abs(cell.v)
    return Decimal(equal) / compared if compared else Decimal(0)


def _in_order(
    lefts: int, rights: int, weights: Mapping[tuple[int, int], Decimal]
) -> dict[int, int]:
    """Return the pairs without crossings whose weights have the largest sum."""
    best = [[Decimal(0)] * (rights + 1) for _ in range(lefts + 1)]
    for left in range(lefts):
        for right in range(rights):
            paired = best[left][right] + weights.get((left, right), Decimal(0))
            best[left + 1][right + 1] = max(best[left][right + 1], best[left + 1][right], paired)
    pairs: dict[int, int] = {}
    left, right = lefts, rights
    while left and right:
        if best[left][right] == best[left - 1][right]:
            left -= 1
        elif best[left][right] == best[left][right - 1]:
            right -= 1
        else:
            left, right = left - 1, right - 1
            pairs[left] = right
    return pairs
