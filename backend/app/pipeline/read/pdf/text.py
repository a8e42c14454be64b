"""The words of a PDF page, with their boxes, from the glyphs that PDFium places."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import pypdfium2

from app.pipeline.read.pdf.glyphs import Glyph, read_glyphs

_SUPERSCRIPTS = re.compile("[\u00b9\u00b2\u00b3\u2070-\u2079]+")
_LAST_DIGIT = re.compile(r"[0-9](?=[^0-9]*$)")
_GAP = 0.16  # of the size: the narrowest space between words is a fifth of an em
_SAME = 0.12  # of the size, by which baselines and sizes within a word may differ
_THIN = 0.08  # of the size, between digits: more than kerning, less than a thin space
_NARROW, _TIGHT = 0.1, 0.05  # of the size: a gap between words, and all gaps within, of a run
_DIGITS = frozenset("0123456789")
_OPENING = frozenset("$€£¥(“")
_LEVEL = 0.0005  # a slope that moves no baseline by half a point


@dataclass(frozen=True, slots=True)
class Word:
    """Glyphs of one line without a space between them.

    x and y are points in reading order: x to the right, y upwards, from the lower left of the
    page, turned so that the text of most glyphs is upright. `box` is what a person sees.

    Attributes:
        x1: Right edge of the last glyph's advance width.
        digits: Right edge of the last digit; x1 of a word without one.
        y: The baseline.
        size: Of the font, in points.
        box: x0, y0, x1, y1 in points from the lower left of the page as displayed.
        raised: Whether it is a superscript, such as the mark of a footnote.
        spaced: Whether a space glyph stands before it; otherwise only a gap does.
    """

    text: str
    x0: float
    x1: float
    digits: float
    y: float
    size: float
    page: int
    box: tuple[float, float, float, float]
    bold: bool = False
    raised: bool = False
    spaced: bool = True


def read_words(page: pypdfium2.PdfPage, number: int) -> list[Word]:
    """Return the words of a page, from top to bottom and from left to right.

    Left out are glyphs outside the page, text at another angle than most of the page's, hidden
    text on a page that also has visible text, and glyphs printed twice to look bold. The lines
    of a crooked scan are made level.

    Args:
        page: An open page.
        number: Its physical number from 1, which the words carry.
    """
    found = read_glyphs(page)
    runs = _runs(_once(found.glyphs))
    parts = (part for run in runs for part in _at_narrow_spaces(run))
    words = [_word(part, number) for run in parts for part in _at_thin_spaces(run)]
    words = [part for word in _joined(words) for part in _without_superscripts(word)]
    slope = _slope(words) if found.slope is None else found.slope
    if abs(slope) > _LEVEL:
        words = [_levelled(word, slope) for word in words]
    return sorted(words, key=lambda word: (-word.y, word.x0))


def _slope(words: list[Word]) -> float:
    """Return the slope at which the baselines of words best fall together in lines."""

    def aligned(thousandths: int) -> int:
        lines = Counter(round(word.y - thousandths / 1000 * word.x0) for word in words)
        return sum(count * count for count in lines.values())

    # Of equally good slopes the one next to level.
    return max(sorted(range(-45, 46), key=abs), key=aligned) / 1000


def _levelled(word: Word, slope: float) -> Word:
    """Return a word turned about the page's corner, by a small angle."""
    lift = slope * word.x0
    shift = slope * word.y
    return replace(
        word, x0=word.x0 + shift, x1=word.x1 + shift, digits=word.digits + shift, y=word.y - lift
    )


def _once(glyphs: Iterable[Glyph]) -> Iterator[Glyph]:
    """Yield each glyph once: some programs print text twice, a hair apart, to make it bold."""
    seen: dict[tuple[str, int], list[Glyph]] = defaultdict(list)
    last: Glyph | None = None
    for glyph in glyphs:
        if last is not None and glyph.box == last.box and glyph.text in "fit":
            yield glyph  # of a ligature, whose letters share one box
            continue
        last = glyph
        near = 0.12 * glyph.size
        cell = round(glyph.y)
        if any(
            abs(other.x0 - glyph.x0) < near and abs(other.y - glyph.y) < near
            for row in (cell - 1, cell, cell + 1)
            for other in seen.get((glyph.text, row), ())
        ):
            continue
        seen[glyph.text, cell].append(glyph)
        yield glyph


def _runs(glyphs: Iterable[Glyph]) -> Iterator[list[Glyph]]:
    """Yield the runs of glyphs that follow each other without a gap."""
    run: list[Glyph] = []
    for glyph in glyphs:
        if run and not _continues(run[-1], glyph):
            yield run
            run = []
        run.append(glyph)
    if run:
        yield run


def _at_narrow_spaces(run: list[Glyph]) -> Iterator[list[Glyph]]:
    """Yield the parts of a run at gaps behind letters that stand out clearly from all others.

    The box of a letter that overhangs its advance, as an f does, takes half of the space behind it.
    """
    gaps = [(right.x0 - left.x1) / right.size for left, right in pairwise(run)]
    if any(_TIGHT < gap <= _NARROW for gap in gaps):
        yield run  # set wide, or unevenly: no gap stands out
        return
    start = 0
    for index, gap in enumerate(gaps, start=1):
        begins = run[index].text.isalnum() or run[index].text in _OPENING
        if gap > _NARROW and begins and run[index - 1].text.isalpha():
            yield run[start:index]
            start = index
    yield run[start:]


def _at_thin_spaces(run: list[Glyph]) -> Iterator[list[Glyph]]:
    """Yield the parts of a run between digits that stand wider apart than its others do.

    A thin space that separates thousands may be drawn as a gap of a tenth of an em.
    """
    gaps = {
        index: (right.x0 - left.x1) / right.size
        for index, (left, right) in enumerate(pairwise(run), start=1)
        if left.text in _DIGITS and right.text in _DIGITS
    }
    wide = max(_THIN, median(gaps.values()) + _THIN) if gaps else 0.0
    start = 0
    for index, gap in gaps.items():
        if gap > wide:
            yield run[start:index]
            start = index
    yield run[start:]


def _continues(last: Glyph, glyph: Glyph) -> bool:
    size = max(last.size, glyph.size)
    if glyph.spaced or abs(last.y - glyph.y) > _SAME * size:
        return False
    if abs(last.size - glyph.size) > _SAME * size:
        return False
    gap = glyph.x0 - last.x1
    return -0.35 * size < gap < _GAP * size or glyph.box == last.box  # kerned; of a ligature


def _word(run: list[Glyph], number: int) -> Word:
    """Return the word of a run of glyphs."""
    digits = [glyph.x1 for glyph in run if glyph.text in _DIGITS]
    x1 = max(glyph.x1 for glyph in run)
    return Word(
        text="".join(glyph.text for glyph in run),
        x0=min(glyph.x0 for glyph in run),
        x1=x1,
        digits=digits[-1] if digits else x1,
        y=run[0].y,
        size=run[0].size,
        page=number,
        box=_union([glyph.box for glyph in run]),
        bold=2 * sum(glyph.bold for glyph in run) > len(run),
        spaced=run[0].spaced,
    )


def _union(boxes: list[tuple[float, float, float, float]]) -> tuple[float, float, float, float]:
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def _joined(words: list[Word]) -> Iterator[Word]:
    """Yield words, those joined that abut on the page but not in the order of its content."""
    ordered = sorted(words, key=lambda word: (round(word.y), word.x0))
    current: Word | None = None
    for word in ordered:
        if current is not None and not word.spaced and _abuts(current, word):
            current = join_words(current, word)
            continue
        if current is not None:
            yield current
        current = word
    if current is not None:
        yield current


def _abuts(one: Word, other: Word) -> bool:
    return (
        abs(one.y - other.y) < _SAME * one.size
        and abs(one.size - other.size) < _SAME * one.size
        and abs(other.x0 - one.x1) < 0.05 * one.size
    )


def join_words(one: Word, other: Word, *, between: str = "") -> Word:
    """Return one word of two that stand beside each other."""
    has_digit = re.search("[0-9]", other.text) is not None
    return replace(
        one,
        text=one.text + between + other.text,
        x1=max(one.x1, other.x1),
        digits=other.digits if has_digit or not re.search("[0-9]", one.text) else one.digits,
        box=_union([one.box, other.box]),
    )


def _without_superscripts(word: Word) -> Iterator[Word]:
    """Yield a word apart from superscript digits that follow it: they mark footnotes."""
    mark = _SUPERSCRIPTS.search(word.text)
    if mark is None or mark.end() != len(word.text):
        yield word
        return
    if mark.start() == 0:
        yield replace(word, raised=True)
        return
    share = (word.x1 - word.x0) * mark.start() / len(word.text)
    middle = word.x0 + share
    digits = min(word.digits, middle) if _LAST_DIGIT.search(word.text) else middle
    yield replace(word, text=word.text[: mark.start()], x1=middle, digits=digits)
    yield replace(word, text=mark.group(), x0=middle, digits=word.x1, raised=True, spaced=False)
