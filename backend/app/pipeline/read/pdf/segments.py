"""A page in pieces that each hold one statement at most: cut at gutters and at titles."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2 as pdfium

from app.pipeline.read.pdf import titles
from app.pipeline.read.pdf.aside import lift_aside
from app.pipeline.read.pdf.language import fold
from app.pipeline.read.pdf.lines import Line, read_lines, split_page
from app.pipeline.read.pdf.pages import PageText, line_items, running_form
from app.pipeline.read.pdf.spaced import join_spaced
from app.pipeline.read.pdf.text import read_words
from app.pipeline.read.pdf.titles import Title
from app.pipeline.statement import StatementName

_EDGE_LINES = 4  # lines from the top and the bottom in which running headers stand
_FEWEST_ROWS = 3  # lines with figures without which a title does not head a table
_TITLE_LINES = 3  # lines over which a title may wrap
_LONG_TITLE = 16  # words
_WIDE_GAP = 1.5  # em between pieces of a line that belong to different things
_OPEN_END = re.compile(
    r"(?<![a-z])(?:ended|ending|the|for|years?|at|as|of|and|in|zum|das|fur|"
    r"clos|le|au|per|op|over|voor|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|"
    r"januar|februar|marz|mai|juni|juli|oktober|dezember|[0-3]?\d),?$"
)
_DATE_ONLY = re.compile(
    r"(?:[a-z]{3,10}\.? )?(?:\d{1,2}(?:st|nd|rd|th|\.)?,? )?(?:[a-z]{3,10}\.?,? )?\d{4}"
    r"(?:,? (?:and|und|et|en) .{4,40})?"
)
_HALF = re.compile(r"(?:the )?(?:consolidated|group|company|parent company|konzern|groupe)")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a page.

    Attributes:
        index: Of the piece on its page, from 0.
        title: None where no line of the piece is a title.
        lines: From its title on; the first piece of a page has what is above the title too.
        start: Number of the first line after the title.
    """

    page: int
    index: int
    title: Title | None
    lines: tuple[Line, ...]
    start: int = 0

    @property
    def rows(self) -> int:
        """Return how many lines end with a figure."""
        return sum(_has_figure(line) for line in self.lines)


def _has_figure(line: Line) -> bool:
    words = [word for word in line.words if not word.raised]
    last = words[-1].text if words else ""
    return len(words) > 1 and any(each.isdigit() for each in last) and not last.isalpha()


class PageReader:
    """Reads the pieces of the pages that are asked for, each page once."""

    def __init__(
        self,
        document: pdfium.PdfDocument,
        running: frozenset[str],
        texts: Sequence[PageText] = (),
    ) -> None:
        self._document = document
        self._running = running
        self._texts = texts
        self._read: dict[int, list[Segment]] = {}

    def segments(self, number: int) -> list[Segment]:
        """Return the pieces of a page, from 1, in reading order; none of a page that is not."""
        if number not in self._read:
            self._read[number] = self._segments(number)
        return self._read[number]

    def may_continue(self, number: int, name: StatementName, *, whole: bool) -> bool:
        """Return whether the text of a page can go on with a statement from the page before.

        Args:
            number: Of the page, from 1.
            name: Of the statement.
            whole: Whether it has all its parts already: then the page must say that it goes on.
        """
        if not self._texts:
            return True
        if not 1 <= number <= len(self._texts):
            return False
        folded = self._texts[number - 1].folded
        if titles.says_continued(folded):
            return True
        if whole:
            return False
        return line_items(name, folded) >= 2 or name in titles.mentions(folded)  # noqa: PLR2004

    def _segments(self, number: int) -> list[Segment]:
        if not 1 <= number <= len(self._document):
            return []
        if number <= len(self._texts) and not self._texts[number - 1].text:
            return []  # a picture, or more glyphs than a statement has
        try:
            page = self._document[number - 1]
            words = lift_aside(join_spaced(read_words(page, number)))
            page.close()
        except pdfium.PdfiumError:
            return []
        found: list[Segment] = []
        for part in split_page(words):
            lines = self._without_running(read_lines(part))
            found.extend(cut(lines, number, len(found)))
        return found

    def _without_running(self, lines: list[Line]) -> list[Line]:
        """Return the lines of a page without its running headers and footers."""
        last = len(lines) - _EDGE_LINES
        return [
            line
            for position, line in enumerate(lines)
            if not (
                (position < _EDGE_LINES or position >= last)
                and running_form(line.text) in self._running
            )
        ]


def cut(lines: Sequence[Line], page: int, first: int = 0) -> list[Segment]:
    """Return the lines of a page or of half a page in pieces, one for each title.

    Args:
        lines: From top to bottom.
        page: Physical number, from 1.
        first: Number of the first piece on its page.
    """
    heads = _heads(lines)
    if not heads:
        return [Segment(page, first, None, tuple(lines))] if lines else []
    found: list[Segment] = []
    for position, (index, stop, title) in enumerate(heads):
        begin = 0 if position == 0 and not _table_above(lines[:index]) else index
        end = heads[position + 1][0] if position + 1 < len(heads) else len(lines)
        piece = tuple(lines[begin:end])
        if position == 0 and begin == index > 0:
            found.append(Segment(page, first, None, tuple(lines[:index])))
        found.append(Segment(page, first + len(found), title, piece, stop - begin))
    return found


def _table_above(lines: Sequence[Line]) -> bool:
    return sum(_has_figure(line) for line in lines) > _FEWEST_ROWS


def _heads(lines: Sequence[Line]) -> list[tuple[int, int, Title]]:
    """Return the titles that head something: (first line, line after the last, title)."""
    found: list[tuple[int, int, Title]] = []
    for index in range(len(lines)):
        if found and index < found[-1][1]:
            continue
        title, stop = _title_at(lines, index)
        if title is None:
            continue
        if found:
            between = sum(_has_figure(each) for each in lines[found[-1][1] : index])
            if between < _FEWEST_ROWS:
                found[-1] = _better(found[-1], (index, stop, title))
                continue
        found.append((index, stop, title))
    if len(found) > 1:
        index, _, title = found[-1]
        below = sum(_has_figure(each) for each in lines[index:])
        if below < _FEWEST_ROWS:  # a footer that repeats the title, a signature
            found.pop()
    return found


def _better(one: tuple[int, int, Title], other: tuple[int, int, Title]) -> tuple[int, int, Title]:
    """Return of two titles above one table the one that says more: statements before headers."""
    rank = {"other": 1, "comprehensive": 2}
    first, second = rank.get(one[2].section, 3), rank.get(other[2].section, 3)
    if first > second or (first == second and one[2].section == other[2].section):
        return one[0], max(one[1], other[1]) if first == second else one[1], one[2]
    return one[0], other[1], other[2]


def _title_at(lines: Sequence[Line], index: int) -> tuple[Title | None, int]:
    """Return the title that starts at a line, and the number of the line after it."""
    line = lines[index]
    best: tuple[Title | None, int] = (None, index + 1)
    pieces = line_pieces(line)
    if len(pieces) > 1:
        return _title_beside(pieces), index + 1
    text = ""
    for offset in range(min(_TITLE_LINES, len(lines) - index)):
        here = lines[index + offset]
        if offset and not _goes_on(lines[index + offset - 1], here, line.size):
            break
        if offset and best[0] is None and titles.read_title(here.text) and not _is_half(text):
            break  # what stands above it is the company's name
        text = f"{text} {here.text}".strip()
        title = titles.read_title(text)
        if title is None:
            if best[0] is not None or len(fold(text).split()) > _LONG_TITLE:
                break
            continue
        if best[0] is None and offset and not _belongs(line.text):
            break
        if best[0] is not None and not _adds(best[0], title):
            break
        best = (title, index + offset + 1)
    return best


def _goes_on(last: Line, here: Line, size: float) -> bool:
    """Return whether a line can go on with a title: as large, close below and without figures."""
    close = last.y - here.y <= 2.2 * size
    return close and abs(here.size - size) <= 0.1 * size and not _has_figure(here)


def line_pieces(line: Line) -> list[str]:
    """Return a line in pieces, parted at wide gaps."""
    pieces: list[list[str]] = []
    last = None
    for word in line.words:
        if word.raised:
            continue
        if last is None or word.x0 - last.x1 > _WIDE_GAP * word.size:
            pieces.append([])
        pieces[-1].append(word.text)
        last = word
    return [" ".join(piece) for piece in pieces]


def _title_beside(pieces: Sequence[str]) -> Title | None:
    """Return the title in a line that also has navigation, a page's header or a date."""
    figures = sum(not any(each.isalpha() for each in piece) for piece in pieces)
    if figures > 1:
        return titles.read_title(" ".join(pieces))  # a row, or a title over columns of years
    return next((title for piece in pieces if (title := titles.read_title(piece))), None)


def _is_half(text: str) -> bool:
    """Return whether a line is the start of a title whose rest could be one alone."""
    return bool(_HALF.fullmatch(fold(text)))


def _belongs(first: str) -> bool:
    """Return whether a line can be the first half of a title: "Consolidated statement"."""
    folded = fold(first)
    return any(
        each in folded
        for each in ("statement", "consolidated", "group", "company", "konzern", "etat", "compte",
                     "tableau", "gewinn", "winst", "overzicht", "geconsolideerd", "balance", "cash")
    )  # fmt: skip


def _adds(one: Title, other: Title) -> bool:
    """Return whether the next line goes on with a title, and is no unit below it."""
    if other.section != one.section or other.one_statement != one.one_statement:
        return True
    rest = other.text[len(one.text) :]
    return bool(_OPEN_END.search(fold(one.text)) and _DATE_ONLY.fullmatch(fold(rest)))
