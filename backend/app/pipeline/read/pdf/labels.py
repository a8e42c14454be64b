"""Labels over several lines: which lines of a table belong to one row."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from app.pipeline.read.pdf.lines import Line
from app.pipeline.read.pdf.rows import divides_date, goes_on, is_part, join_label
from app.pipeline.read.pdf.tokens import Token

_TIGHT = 0.84  # of the usual step between rows: lines of one label stand closer than rows do
_FAR = 1.5  # the same, beyond which no label goes on
_SAME_EDGE = 1.5  # points
_GERMAN_WORDS = "und der die das aus von für zur zum vor nach davon im des"
_GERMAN = frozenset(_GERMAN_WORDS.split())
_GERMAN_NOUN = re.compile("[\u00e4\u00f6\u00fc\u00df]|.(?:ung|ungen|keit|keiten|schaften)$")
_MANY = 0.05  # of the words of a page
_LED = 1.7  # the same to the line above, where nothing but dots stands before the figures
_BETWEEN = 0.95  # of the size, between figures and the label line above or below them


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a table, or several that are one row.

    Attributes:
        label: Text, "" for none.
        x0: Left edge of the label's first line.
        x1: Right edge of its last line.
        top: Baseline of the first line.
        bottom: Baseline of the last line.
        first_word: Width of the label's first word, in points.
        figures: Figures by number of their column.
        above: Words over the columns, of a line without figures, such as units.
        led: Whether dots lead to the figures.
    """

    label: str
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    bold: bool
    first_word: float
    lines: tuple[Line, ...]
    figures: dict[int, list[Token]]
    note: str | None = None
    above: str = ""
    led: bool = False


def join_entries(entries: Sequence[Entry]) -> list[Entry]:
    """Return the rows and headings, each with its whole label.

    Args:
        entries: From top to bottom, up to some lines of text behind the last row.
    """
    entries = _around_figures(list(entries))
    page = _Page(entries)
    joined: list[Entry] = []
    index = 0
    while index < len(entries):
        current = entries[index]
        while index + 1 < len(entries) and page.continues(current, entries, index):
            index += 1
            current = _together(current, entries[index])
        joined.append(current)
        index += 1
    return joined


def _together(upper: Entry, lower: Entry) -> Entry:
    label = (
        join_label(upper.label, lower.label)
        if upper.label and lower.label
        else upper.label or lower.label
    )
    return replace(
        upper if upper.label else lower,
        label=label,
        x1=lower.x1 if lower.label else upper.x1,
        top=upper.top,
        bottom=lower.bottom,
        lines=upper.lines + lower.lines,
        figures=upper.figures or lower.figures,
        note=upper.note or lower.note,
    )


def _around_figures(entries: list[Entry]) -> list[Entry]:
    """Join figures with the label lines between which, or just beside which, they stand."""
    index = 0
    while index < len(entries):
        entry = entries[index]
        above = entries[index - 1] if index else None
        below = entries[index + 1] if index + 1 < len(entries) else None
        if entry.label or not entry.figures:
            index += 1
            continue
        reach = (_LED if entry.led else _BETWEEN) * entry.size
        near_above = above is not None and not above.figures and above.bottom - entry.top < reach
        near_below = (
            below is not None
            and not (below.figures or entry.led)
            and entry.bottom - below.top < reach
        )
        if near_above and near_below and above and below:
            entries[index - 1 : index + 2] = [_together(_together(above, entry), below)]
        elif near_above and above:
            entries[index - 1 : index + 1] = [_together(above, entry)]
        elif near_below and below:
            entries[index : index + 2] = [_together(entry, below)]
        else:
            index += 1
    return entries


def _edges(entries: Sequence[Entry]) -> list[tuple[float, bool]]:
    """Return the left edge of each label, and whether the label may only go on there."""
    edges: list[tuple[float, bool]] = []
    goes_on = False
    for upper, lower in pairwise(entries):
        further = upper.x0 < lower.x0 - 1 or (goes_on and abs(upper.x0 - lower.x0) < 1)
        goes_on = bool(upper.label) and not (upper.figures and lower.figures) and further
        if lower.label:
            edges.append((lower.x0, goes_on))
    return edges


def _is_german(word: str) -> bool:
    """Whether a word, in small letters, is one that hardly another language has."""
    return word in _GERMAN or _GERMAN_NOUN.search(word) is not None


class _Page:
    """What the lines of one page have in common."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        steps = [
            one.bottom - other.top
            for one, other in pairwise(entries)
            if one.figures and other.figures and one.bottom > other.top
        ]
        self.step = median(steps) if steps else 0.0
        self.limit = max((entry.x1 for entry in entries if entry.label), default=0.0)
        self.edges = _edges(entries)
        words = re.findall(r"\w+", " ".join(entry.label.lower() for entry in entries))
        # Where nouns have capitals, one at the start of a line says nothing.
        self.german = sum(map(_is_german, words)) > _MANY * len(words)
        self.bold_headings = any(
            one.bold and not one.figures and other.figures and not other.bold
            for one, other in pairwise(entries)
        )

    def continues(self, current: Entry, entries: Sequence[Entry], index: int) -> bool:
        """Whether the entry behind `index` continues the label of the current one."""
        following = entries[index + 1]
        if not self._links(current, following, entries, index + 1):
            return False
        after = entries[index + 2] if index + 2 < len(entries) else None
        if not current.figures or after is None or not after.figures:
            return True
        if not self._links(following, after, entries, index + 2):
            return True
        # A line between two rows that may belong to both.
        lower = (following.label[:1].islower(), after.label[:1].islower())
        if lower[0] != lower[1]:
            return lower[0]
        return current.bottom - following.top <= following.bottom - after.top

    def _links(self, upper: Entry, lower: Entry, entries: Sequence[Entry], index: int) -> bool:
        """Whether two lines, one below the other, look like one label.

        Args:
            upper: A line, or lines that are joined already.
            lower: The line below it.
            entries: All lines.
            index: Of the lower one.
        """
        step = self.step or 1.4 * upper.size
        gap = upper.bottom - lower.top
        apart = gap > _FAR * max(step, 1.15 * upper.size) or abs(upper.size - lower.size) > 1
        if apart or not _can_link(upper, lower):
            return False
        if goes_on(upper.label) or divides_date(upper.label, lower.label):
            return True
        room = self.limit - upper.x1 - 0.3 * upper.size
        fits = lower.first_word < room
        tight = gap < _TIGHT * step
        if lower.label[:1].islower() or (lower.label[:1] == "(" and not upper.figures):
            return tight or not fits or not _is_list(upper, lower, entries, index)
        if fits or lower.x0 < upper.x0 - 0.5 * upper.size:
            return False
        heading = not self.bold_headings or upper.bold or upper.figures
        return tight or self._hangs(lower.x0) or (self.german and not heading)

    def _hangs(self, x0: float) -> bool:
        """Whether no row of the page begins at a left edge, only further lines of labels."""
        return all(goes_on for edge, goes_on in self.edges if abs(edge - x0) < _SAME_EDGE)


def _can_link(upper: Entry, lower: Entry) -> bool:
    """Whether nothing forbids that two lines are one label."""
    if (upper.figures and lower.figures) or not (upper.label and lower.label):
        return False
    if upper.label.endswith(":") or upper.bold != lower.bold:
        return False
    begins = lower.label.endswith(":") and lower.label[:1].isupper()
    if upper.figures and (begins or is_part(lower.label)):
        return False
    return upper.label.isupper() == lower.label.isupper() or goes_on(upper.label)


def _is_list(upper: Entry, lower: Entry, entries: Sequence[Entry], index: int) -> bool:
    """Whether a text is the heading of rows that all begin with small letters."""
    if upper.figures or not lower.figures or index + 1 >= len(entries):
        return False
    after = entries[index + 1]
    return (
        bool(after.figures)
        and after.label[:1].islower()
        and abs(after.x0 - lower.x0) < 1
        and lower.x0 > upper.x0 - 1
    )
