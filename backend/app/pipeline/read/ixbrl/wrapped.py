"""Labels over several lines, and texts in the margin, where texts are positioned on a page."""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from app.pipeline.read.ixbrl.layout import Block
from app.pipeline.read.ixbrl.styles import Place

Row = list[tuple[Block, Place]]
"""Texts at one height of a page, from left to right."""
_CLOSE: Final = 0.85
"""Of the distance of rows: lines of one label are nearer to each other."""
_MARGIN: Final = 4
_SAME: Final = 3.0
_FEWEST: Final = 3
_OF_WHICH: Final = re.compile(r"(?:of which|thereof|davon|dont|waarvan|di cui)\b", re.IGNORECASE)
_DANGLING: Final = re.compile(
    r"(?:,|-|/|\b(?:of|and|or|to|the|for|in|by|from|on|at|with|und|oder|der|des|die|aus|von|zu|f\u00fcr|"
    r"auf|bei|de|du|d['\u2019]|et|le|la|les|en|aux?|van|voor|uit|het|y|del|di|e|da))$",
    re.IGNORECASE,
)


def arrange(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of a page with wrapped labels in one, and without its margin.

    Args:
        rows: From top to bottom.
    """
    rows = _without_margin(rows)
    tops = [row[0][1].y for row in rows if _is_stated(row)]
    gaps = [below - above for above, below in pairwise(tops)]
    if len(gaps) < _FEWEST:
        return rows
    return _Arranged(rows, min(gaps)).joined()


class _Arranged:
    """Joins the lines of labels of one page; its nearest rows are some distance apart."""

    def __init__(self, rows: Sequence[Row], distance: float) -> None:
        self.rows = rows
        self.close = distance * _CLOSE
        self.done: list[Row] = []

    def joined(self) -> list[Row]:
        """Return the rows, each with its whole label."""
        for at, row in enumerate(self.rows):
            last = self.done[-1] if self.done else None
            below = self.rows[at + 1] if at + 1 < len(self.rows) else None
            if last is None:
                self.done.append(row)
            elif _is_label(last) and _is_stated(row):
                self._end(last, row, below)
            elif _is_stated(last) and _has_label(last) and _is_label(row) and self._goes_on(at):
                self.done[-1] = _with_label(last, row[0][0], behind=True)
            else:
                self.done.append(row)
        return self.done

    def _end(self, label: Row, row: Row, below: Row | None) -> None:
        """Join a line of a label with the figures beside or below it."""
        between = below is not None and _is_label(below) and not _has_label(row)
        if between and below and _gap(label, below) <= self.close:
            self.done[-1] = [label[0], *row]  # the figures stand beside two lines
        elif _has_label(row) and _gap(label, row) <= self.close:
            self.done[-1] = _with_label(row, label[0][0], behind=False)
        else:
            self.done.append(row)

    def _goes_on(self, at: int) -> bool:
        """Return whether a line without figures goes on with the label above it."""
        above, row = self.done[-1], self.rows[at]
        gap = self.rows[at - 1][0][1].y
        near = row[0][1].y - gap <= self.close
        below = self.rows[at + 1] if at + 1 < len(self.rows) else None
        if below is not None and _is_stated(below) and _gap(row, below) < row[0][1].y - gap:
            return False
        text = row[0][0].text
        if text.endswith(":") or _OF_WHICH.match(text):
            return False
        first = next(block.text for block, _ in above if _is_word(block))
        return near or bool(_DANGLING.search(first)) or text[:1].islower()


def _without_margin(rows: Sequence[Row]) -> list[Row]:
    """Return rows without the texts of a column left of all labels, such as a navigation.

    Right of it the labels begin where those of other rows do; the second word of a label that
    is positioned word by word does not.
    """
    behind: dict[int, set[int]] = defaultdict(set)
    alone: list[int] = []
    for row in filter(_is_stated, rows):
        first = next(number for number, (block, _) in enumerate(row) if block.tags)
        labels = [round(place.x / _SAME) for block, place in row[:first] if _is_word(block)]
        if len(labels) > 1:
            behind[labels[0]].add(labels[1])
        alone += labels if len(labels) == 1 else []
    margin = {
        x
        for x, labels in behind.items()
        if len(alone) >= _FEWEST and labels <= set(alone) and x + _MARGIN < min(alone)
    }
    if not margin:
        return list(rows)
    kept = [[each for each in row if round(each[1].x / _SAME) not in margin] for row in rows]
    return [row for row in kept if row]


def _is_word(block: Block) -> bool:
    return not block.tags and bool(re.search(r"[^\W\d_]{2}", block.text))


def _is_label(row: Row) -> bool:
    """Whether a row is one text of words alone."""
    return len(row) == 1 and _is_word(row[0][0])


def _has_label(row: Row) -> bool:
    return any(_is_word(block) for block, _ in row)


def _is_stated(row: Row) -> bool:
    return any(block.tags for block, _ in row)


def _gap(above: Row, below: Row) -> float:
    return below[0][1].y - above[0][1].y


def _with_label(row: Row, other: Block, *, behind: bool) -> Row:
    """Return a row whose first label has a further line before or behind it."""
    at = next(number for number, (block, _) in enumerate(row) if _is_word(block))
    block, place = row[at]
    first, second = (block, other) if behind else (other, block)
    pieces = [*first.pieces, (" ", None), *second.pieces]
    whole = Block(block.element, table=False, tags=[], pieces=pieces)
    return [*row[:at], (whole, place), *row[at + 1 :]]
