"""Align the rows of a statement in two reports: by order, label, concept and equal figures."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations

from app.pipeline.statement import Row, Statement
from app.pipeline.verify.lookup import worth
from app.pipeline.verify.vocabulary import normalise

_MONEY = frozenset({"line", "total", "memo"})
_SIMILAR = 0.6
"""Share of common words from which on two labels may be of one line."""
_CLEARER = 0.5
"""So much more similar have two pairs of labels to be to weigh more than equal figures."""
_NAME, _FIGURES, _SECTION = 2.0, 2.0, 0.5


def align(
    one: Statement, other: Statement, periods: Sequence[tuple[str, str]]
) -> list[tuple[Row | None, Row | None]]:
    """Return the rows with figures of two statements as pairs; None where a row has no partner.

    Args:
        one: The statement of one report.
        other: That of the other.
        periods: Keys of the periods that both state.
    """
    rows = [row for row in one.rows if row.cells]
    others = [row for row in other.rows if row.cells]
    scores = {
        (i, j): score
        for i, row in enumerate(rows)
        for j, partner in enumerate(others)
        if (score := _score(one, row, other, partner, periods)) > 0
    }
    pairs = _in_order(len(rows), len(others), scores)
    _add_moved(scores, pairs)
    _prefer_names(rows, others, pairs)
    found: list[tuple[Row | None, Row | None]] = [
        (row, others[pairs[i]] if i in pairs else None) for i, row in enumerate(rows)
    ]
    taken = set(pairs.values())
    found += [(None, row) for j, row in enumerate(others) if j not in taken]
    return found


def _score(
    one: Statement,
    row: Row,
    other: Statement,
    partner: Row,
    periods: Sequence[tuple[str, str]],
) -> float:
    """Return how much speaks for two rows being one line; 0 if they cannot be."""
    if row.kind != partner.kind and not {row.kind, partner.kind} <= _MONEY:
        return 0
    label, name = normalise(row.label), normalise(partner.label)
    same = label == name or (
        row.concept is not None and row.concept == partner.concept and row.axes == partner.axes
    )
    score = _NAME if same else 0.0
    if not same and (share := _similarity(label, name)) >= _SIMILAR:
        score = share
    compared = [
        (value, worth(other, partner, there) or Decimal(0))
        for here, there in periods
        if (value := worth(one, row, here))
    ]
    equal = sum(value == stated for value, stated in compared)
    if not score and (not equal or equal < len(compared)):
        return 0
    score += _FIGURES * equal / len(compared) if compared else 0.0
    return score + (_SECTION if row.section == partner.section else 0.0)


def _similarity(label: str, other: str) -> float:
    """Return the share of common words of two normalised labels."""
    words, others = set(label.split()), set(other.split())
    return len(words & others) / len(words | others) if words and others else 0.0


def _overlap(label: str, other: str) -> float:
    """Return the share of common words of the shorter of two labels."""
    words, others = set(label.split()), set(other.split())
    return len(words & others) / min(len(words), len(others)) if words and others else 0.0


def _in_order(rows: int, others: int, scores: dict[tuple[int, int], float]) -> dict[int, int]:
    """Return the pairs of largest score that keep the order of both reports."""
    best = [[0.0] * (others + 1) for _ in range(rows + 1)]
    for i in range(rows):
        above, row = best[i], best[i + 1]
        for j in range(others):
            score = scores.get((i, j))
            skip = max(above[j + 1], row[j])
            row[j + 1] = skip if score is None else max(skip, above[j] + score)
    pairs: dict[int, int] = {}
    i, j = rows, others
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs[i] = j
    return pairs


def _add_moved(scores: dict[tuple[int, int], float], pairs: dict[int, int]) -> None:
    """Add the pairs of rows that stand elsewhere in the other report, by name or figures."""
    taken = set(pairs.values())
    for (i, j), score in sorted(scores.items(), key=lambda each: -each[1]):
        if score >= min(_NAME, _FIGURES) and i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)


def _prefer_names(rows: Sequence[Row], others: Sequence[Row], pairs: dict[int, int]) -> None:
    """Exchange the partners of two rows whose names fit crosswise, though their figures do not.

    So do two lines whose figures were exchanged in one of the reports, when both were renamed.
    """
    labels = [normalise(row.label) for row in rows]
    names = [normalise(row.label) for row in others]
    renamed = [i for i, j in pairs.items() if labels[i] != names[j]]
    for i, k in combinations(renamed, 2):
        straight = _overlap(labels[i], names[pairs[i]]) + _overlap(labels[k], names[pairs[k]])
        across = _overlap(labels[i], names[pairs[k]]) + _overlap(labels[k], names[pairs[i]])
        if across > straight + _CLEARER:
            pairs[i], pairs[k] = pairs[k], pairs[i]
