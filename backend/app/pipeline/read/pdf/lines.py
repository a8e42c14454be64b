"""The lines of a PDF page: words on one baseline, and the halves of a page that holds two."""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from app.pipeline.read.pdf.text import Word

_STRIP = 0.6  # points between the baselines of words that were set together
_LARGEST_STEP = 0.42  # of the size, between the baselines of a label and of its numbers
_SMALL = 0.82  # of the size of the word beside it: so small is a mark
_SMALLER = 0.92  # of it, where the mark is raised
_RAISED = 0.12  # of its size, above its baseline
_BAND = 8.0  # points of height in which words are looked up
_MARK_OF = "(?:[0-9]{1,2}|[a-z]|[*\u2020\u2021\u00a7]{1,3})"
_MARK = re.compile(rf"[(\[]?{_MARK_OF}(?:[)\],(]+{_MARK_OF})*[)\]]*[,.]?")  # such as 1 or (1)(2)
_CELL = 4.0  # points, the step in which the gutter is looked for
_NUMBERING = re.compile(r"\(?(?:[IVX]{1,5}|[A-Za-z]|[0-9]{1,2})[.)]")
_LABEL = re.compile(r"^(?!\(?notes?\b).*[^\W\d_]{2}", re.IGNORECASE)  # no reference to a note


@dataclass(frozen=True, slots=True)
class Line:
    """Words that stand beside each other, from left to right.

    Attributes:
        y: The baseline of most of its words.
    """

    words: tuple[Word, ...]
    y: float

    @property
    def text(self) -> str:
        """The words without the raised marks of footnotes, separated by single spaces."""
        return " ".join(word.text for word in self.words if not word.raised)

    @property
    def page(self) -> int:
        """Physical page, from 1."""
        return self.words[0].page

    @property
    def x0(self) -> float:
        """Left edge."""
        return self.words[0].x0

    @property
    def x1(self) -> float:
        """Right edge."""
        return max(word.x1 for word in self.words)

    @property
    def size(self) -> float:
        """The largest size of its words."""
        return max(word.size for word in self.words)


def read_lines(words: Sequence[Word]) -> list[Line]:
    """Return the lines of a page or of one half of it, from top to bottom.

    A label and its numbers may differ by a point or two in height, and be one line as long as
    they stand beside each other.
    """
    strips = _strips(_with_marks(words))
    # From each strip to the next one: how far it is, infinite where the two are not one line.
    distances = [_distance(*pair) for pair in pairwise(strips)]
    while distances and (nearest := min(distances)) < math.inf:
        index = distances.index(nearest)
        strips[index : index + 2] = [strips[index] + strips[index + 1]]
        del distances[index]
        for changed in (index - 1, index):
            if 0 <= changed < len(distances):
                distances[changed] = _distance(strips[changed], strips[changed + 1])
    return [_line(strip) for strip in strips]


def _strips(words: Sequence[Word]) -> list[list[Word]]:
    """Return the words by baseline, from top to bottom."""
    strips: list[list[Word]] = []
    for word in sorted(words, key=lambda word: (-word.y, word.x0)):
        if strips and strips[-1][0].y - word.y <= _STRIP:
            strips[-1].append(word)
        else:
            strips.append([word])
    return strips


def _distance(upper: list[Word], lower: list[Word]) -> float:
    """Return the height between two strips that stand beside each other on one line."""
    distance = upper[0].y - lower[0].y
    size = min(max(word.size for word in upper), max(word.size for word in lower))
    if distance > _LARGEST_STEP * size or _overlap(upper, lower):
        return math.inf
    return distance


def _overlap(upper: list[Word], lower: list[Word]) -> bool:
    """Whether a word of one strip stands above or below one of the other."""
    spans = sorted(
        (word.x0, word.x1, below) for below, strip in enumerate((upper, lower)) for word in strip
    )
    ends = [-math.inf, -math.inf]
    for x0, x1, below in spans:
        if x0 < ends[1 - below] - 0.5:
            return True
        ends[below] = max(ends[below], x1)
    return False


def _line(strip: list[Word]) -> Line:
    ordered = tuple(sorted(strip, key=lambda word: word.x0))
    heights = sorted(word.y for word in strip if not word.raised) or [ordered[0].y]
    return Line(ordered, heights[len(heights) // 2])


def _with_marks(words: Sequence[Word]) -> list[Word]:
    """Return the words, those marked as raised that are small beside another word."""
    largest = max((word.size for word in words), default=0.0)
    bands: dict[int, list[Word]] = defaultdict(list)
    for word in words:
        if not word.raised:
            bands[int(word.y // _BAND)].append(word)
    found = []
    for word in words:
        host = None
        if _MARK.fullmatch(word.text) and word.size <= _SMALLER * largest:
            below = int((word.y - largest) // _BAND)
            above = int((word.y + largest) // _BAND)
            near = (each for band in range(below, above + 1) for each in bands.get(band, ()))
            host = next((each for each in near if _marks(word, each)), None)
        found.append(replace(word, raised=True, y=host.y) if host else word)
    return _with_lists(words, found)


def _with_lists(printed: Sequence[Word], marked: list[Word]) -> list[Word]:
    """Return the words, those marked too that go on with a list of marks: 8, 9."""
    lists = [
        (before, mark)
        for before, mark in zip(printed, marked, strict=True)
        if mark.raised and before.text.endswith(",")
    ]
    for index, word in enumerate(marked):
        if word.raised or not lists or not _MARK.fullmatch(word.text):
            continue
        for before, mark in lists:
            near = 0 <= word.x0 - before.x1 < before.size
            if near and abs(word.y - before.y) < _STRIP and abs(word.size - before.size) < _STRIP:
                marked[index] = replace(word, raised=True, y=mark.y)
                break
    return marked


def _marks(word: Word, host: Word) -> bool:
    """Whether a word is the mark of a footnote on, or in front of, the word beside it."""
    above = (word.y - host.y) / host.size
    raised = above > _RAISED
    if word.size > (_SMALLER if raised else _SMALL) * host.size or not -0.1 < above < 0.7:  # noqa: PLR2004
        return False
    reach = (0.35 if raised else 0.15) * host.size  # what is not raised must touch
    behind = word.x0 - reach < host.x1 < word.x1
    before = word.x0 < host.x0 < word.x1 + reach
    return behind or before


def split_page(words: Sequence[Word]) -> list[list[Word]]:
    """Return the words of a page, or those of its left and of its right half.

    A spread has two pages on one, an account form its assets beside its liabilities: both have
    labels to the right of a gutter that no line crosses. Titles may cross it and stay left.
    """
    for gutter in _gutters(words):
        left: list[Word] = []
        right: list[Word] = []
        for strip in _strips(words):
            across = _crosses(strip, gutter)
            for word in strip:
                (left if across or word.x0 < gutter else right).append(word)
        if has_labels(left) and has_labels(right):
            return [left, right]
    return [list(words)] if words else []


def _crosses(strip: list[Word], gutter: float) -> bool:
    """Whether words go on across the gutter, as those of a title over both halves."""
    before = max((word.x1 for word in strip if word.x0 < gutter), default=None)
    after = min((word.x0 for word in strip if word.x0 >= gutter), default=None)
    return before is not None and (
        before > gutter or (after is not None and after - before < strip[0].size)
    )


def _gutters(words: Sequence[Word]) -> list[float]:
    """Return the middles of bands near the middle that hardly a word touches, widest first."""
    start = min((word.x0 for word in words), default=0.0)
    width = max((word.x1 for word in words), default=0.0) - start
    cells = [0] * (int(width / _CELL) + 2)
    for word in words:
        for cell in range(int((word.x0 - start) / _CELL), int((word.x1 - start) / _CELL) + 1):
            cells[cell] += 1
    allowed = 1 + len(_strips(words)) // 40
    least = max(8, median(word.size for word in words)) if words else 0
    bands: list[tuple[float, float]] = []
    run = 0
    for cell in range(int(0.36 * len(cells)), int(0.64 * len(cells)) + 1):
        if cell < len(cells) and cells[cell] <= allowed:
            run += 1
            continue
        bands.append((run * _CELL, start + (cell - run / 2) * _CELL))
        run = 0
    bands.append((run * _CELL, start + (int(0.64 * len(cells)) + 1 - run / 2) * _CELL))
    return [middle for size, middle in sorted(bands, reverse=True) if size >= least > 0]


def has_labels(words: Sequence[Word]) -> bool:
    """Whether most lines start with a label, as on a page of its own."""
    strips = _strips(words)
    starts = (sorted(strip, key=lambda word: word.x0) for strip in strips)
    firsts = [next((w for w in start if not _NUMBERING.fullmatch(w.text)), start[0])
              for start in starts]  # fmt: skip
    labels = sum(bool(_LABEL.search(word.text)) and not word.text.isupper() for word in firsts)
    return labels >= max(6, 0.5 * len(strips))
