"""Titles in a narrow column beside their table, as in many British reports."""

import re
from collections.abc import Sequence
from dataclasses import replace

from app.pipeline.read.pdf import titles
from app.pipeline.read.pdf.lines import Line, has_labels, read_lines
from app.pipeline.read.pdf.text import Word

_WIDEST = 0.4  # of the width of the text, that the column may take
_NARROWEST = 0.1
_GUTTER = 1.0  # em without a word between the column and the table
_TITLE_LINES = 4  # over which a title in so narrow a column may wrap
_EDGE = 2  # lines at either end of a page that may cross the gap
_ROWS = 6  # lines beside the column's own, at least
_MONEY = re.compile(r"[0-9]{1,3}(?:[.,' ][0-9]{3})+")


def lift_aside(words: Sequence[Word]) -> list[Word]:
    """Return the words of a page, those of a title beside its table moved above it.

    Only their baselines change, which say the order of lines; the boxes stay.
    """
    heights = sorted({round(word.y) for word in words})
    running = {*heights[:_EDGE], *heights[-_EDGE:]}
    for gutter in _gutters([word for word in words if round(word.y) not in running]):
        across = _across(words, gutter)
        column: list[Word] = []
        table: list[Word] = []
        for word in words:
            aside = word.x1 < gutter and round(word.y) not in across
            (column if aside else table).append(word)
        if not column or not has_labels(table):
            continue
        lines = read_lines(column)
        if any(_MONEY.search(line.text) for line in lines) or not _is_titled(lines):
            continue
        beside = {round(word.y) for word in table}
        if len(beside) < _ROWS or _is_titled(read_lines(table)[:_TITLE_LINES]):
            continue
        lift = max(word.y for word in table) - min(word.y for word in column)
        lift += 4 * max(word.size for word in column)
        return [replace(word, y=word.y + lift) for word in column] + table
    return list(words)


def _across(words: Sequence[Word], gutter: float) -> set[int]:
    """Return the heights of lines that go on across the gutter, as running headers do."""
    before: dict[int, Word] = {}
    after: dict[int, Word] = {}
    for word in words:
        height = round(word.y)
        if word.x0 >= gutter:
            after[height] = min(word, after.get(height, word), key=lambda each: each.x0)
        else:
            before[height] = max(word, before.get(height, word), key=lambda each: each.x1)
    return {
        height
        for height, word in before.items()
        if word.x1 > gutter
        or (height in after and after[height].x0 - word.x1 < _GUTTER * word.size)
    }


def _gutters(words: Sequence[Word]) -> list[float]:
    """Return the middles of gaps in the left part of a page that no word touches."""
    if not words:
        return []
    spans = sorted((word.x0, word.x1) for word in words)
    start, end = spans[0][0], max(x1 for _, x1 in spans)
    size = sorted(word.size for word in words)[len(words) // 2]
    found = []
    reach = spans[0][1]
    for x0, x1 in spans:
        share = (reach - start) / max(end - start, 1)
        if x0 - reach > _GUTTER * size and _NARROWEST < share < _WIDEST:
            found.append((reach + x0) / 2)
        reach = max(reach, x1)
    return found


def _is_titled(lines: Sequence[Line]) -> bool:
    """Whether some lines, one below the other, are the title of a primary statement."""
    for first in range(len(lines)):
        for count in range(1, _TITLE_LINES + 1):
            text = " ".join(line.text for line in lines[first : first + count])
            title = titles.read_title(text)
            if title is not None and title.primary and title.section in titles.PRIMARY:
                return True
    return False
